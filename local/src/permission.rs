//! What a function's policy lets it do with the table: locally the same is refused as in the cloud, so a permission
//! that `template.yaml` lacks fails a test and not a customer.
//!
//! Deliberately absent: other services, which `tests/tidy` compares by name, and every element of a policy that none of
//! ours has. A statement that is not understood allows nothing.

use serde_json::Value;

/// The condition that bounds a statement to partitions.
const LEADING_KEYS: [&str; 3] = ["Condition", "ForAllValues:StringLike", "dynamodb:LeadingKeys"];
/// What stands between a table's ARN and the name of an index.
const INDEX: &str = "/index/";

/// What a function may do with the table.
#[derive(Clone, Debug, Default)]
pub(crate) struct TablePermissions(Vec<Statement>);

#[derive(Clone, Debug)]
struct Statement {
    /// Names of operations, without the service.
    actions: Vec<String>,
    /// The indexes; nothing stands for the table itself.
    targets: Vec<Option<String>>,
    /// What the partitions begin with; nothing: all of them.
    partitions: Option<Vec<String>>,
}

/// One thing that a request does.
#[derive(Debug, PartialEq, Eq)]
struct Deed {
    action: String,
    index: Option<String>,
    partitions: Vec<String>,
}

impl TablePermissions {
    /// What the policies of the template allow.
    pub(crate) fn of(policies: &Value) -> Self {
        let policies = policies.as_array().into_iter().flatten();
        let statements = policies.filter_map(|policy| policy["Statement"].as_array()).flatten();
        Self(statements.filter_map(Statement::of).collect())
    }

    /// Why a request is refused; nothing for one that is allowed.
    pub(crate) fn refuse(&self, operation: &str, body: &[u8]) -> Option<String> {
        let Ok(body) = serde_json::from_slice::<Value>(body) else { return None };
        let deeds = deeds(operation, &body);
        let refused = deeds.into_iter().find(|deed| !self.0.iter().any(|s| s.allows(deed)));
        refused.map(|Deed { action, index, partitions }| {
            let place =
                index.map_or_else(|| "the table".to_owned(), |index| format!("index {index}"));
            let begins = |pk: &String| format!("{}#…", pk.split('#').next().unwrap_or_default());
            let mut kinds: Vec<String> = partitions.iter().map(begins).collect();
            kinds.sort();
            kinds.dedup();
            format!("no statement allows dynamodb:{action} on {place} for {}", kinds.join(", "))
        })
    }
}

impl Statement {
    fn of(raw: &Value) -> Option<Self> {
        let actions: Vec<String> = texts(&raw["Action"])
            .into_iter()
            .filter_map(|action| action.strip_prefix("dynamodb:").map(str::to_owned))
            .collect();
        if actions.is_empty() || raw["Effect"] != "Allow" {
            return None;
        }
        let resources = match &raw["Resource"] {
            Value::Array(each) => each.iter().collect(),
            one => vec![one],
        };
        let index = |resource: &&Value| {
            let text = resource.to_string();
            text.split_once(INDEX).map(|(_, name)| name.trim_end_matches(['"', '}']).to_owned())
        };
        let keys = LEADING_KEYS.iter().fold(raw, |value, name| &value[*name]);
        let prefixes = texts(keys).into_iter().map(|key| key.trim_end_matches('*').to_owned());
        let prefixes: Vec<String> = prefixes.collect();
        Some(Self {
            actions,
            targets: resources.iter().map(index).collect(),
            partitions: (raw.get(LEADING_KEYS[0]).is_some()).then_some(prefixes),
        })
    }

    fn allows(&self, deed: &Deed) -> bool {
        let begins = |pk: &String, prefixes: &[String]| prefixes.iter().any(|p| pk.starts_with(p));
        self.actions.contains(&deed.action)
            && self.targets.contains(&deed.index)
            && self
                .partitions
                .as_deref()
                .is_none_or(|prefixes| deed.partitions.iter().all(|pk| begins(pk, prefixes)))
    }
}

/// A text, or a list of them.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    }
}

/// What a request does, in IAM's words: a transaction is allowed write by write.
fn deeds(operation: &str, body: &Value) -> Vec<Deed> {
    let deed = |action: &str, partitions: Vec<String>| Deed {
        action: action.to_owned(),
        index: body["IndexName"].as_str().map(str::to_owned),
        partitions,
    };
    match operation {
        "TransactWriteItems" => {
            let items = body["TransactItems"].as_array().into_iter().flatten();
            items
                .filter_map(|item| item.as_object()?.iter().next())
                .map(|(kind, write)| {
                    deed(&format!("{kind}Item"), pks([&write["Item"], &write["Key"]]))
                })
                .collect()
        }
        "BatchGetItem" => {
            let tables = body["RequestItems"].as_object().into_iter().flatten();
            let keys = tables.filter_map(|(_, asked)| asked["Keys"].as_array()).flatten();
            vec![deed(operation, pks(keys))]
        }
        "BatchWriteItem" => {
            let tables = body["RequestItems"].as_object().into_iter().flatten();
            let writes = tables.filter_map(|(_, asked)| asked.as_array()).flatten();
            let items = writes
                .flat_map(|write| [&write["PutRequest"]["Item"], &write["DeleteRequest"]["Key"]]);
            vec![deed(operation, pks(items))]
        }
        "Query" => {
            let condition = body["KeyConditionExpression"].as_str().unwrap_or_default();
            let name = condition.split_once("= ").map_or("", |(_, rest)| rest);
            let name = name.split_whitespace().next().unwrap_or_default();
            let pk = body["ExpressionAttributeValues"][name]["S"].as_str();
            vec![deed(operation, pk.map(str::to_owned).into_iter().collect())]
        }
        _ => vec![deed(operation, pks([&body["Key"], &body["Item"]]))],
    }
}

/// The partitions of items and keys.
fn pks<'v>(items: impl IntoIterator<Item = &'v Value>) -> Vec<String> {
    let pk = |item: &Value| item["PK"]["S"].as_str().map(str::to_owned);
    items.into_iter().filter_map(pk).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn permissions() -> TablePermissions {
        let table = json!({ "Fn::GetAtt": ["Table", "Arn"] });
        let index = json!({ "Fn::Sub": "${Table.Arn}/index/GSI1" });
        let only =
            |keys: &[&str]| json!({ "ForAllValues:StringLike": { "dynamodb:LeadingKeys": keys } });
        TablePermissions::of(&json!([{ "Statement": [
            { "Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": table },
            { "Effect": "Allow", "Action": ["dynamodb:PutItem", "dynamodb:BatchGetItem"],
              "Resource": [table], "Condition": only(&["A#*", "B#*"]) },
            { "Effect": "Allow", "Action": "dynamodb:Query", "Resource": index,
              "Condition": only(&["T#*"]) },
            { "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*" },
        ] }]))
    }

    #[test]
    fn what_no_statement_allows_is_refused() {
        let check = |operation: &str, body: Value, allowed: bool| {
            let refused = permissions().refuse(operation, body.to_string().as_bytes());
            assert_eq!(refused.is_none(), allowed, "{operation} {body}: {refused:?}");
        };
        let key = |pk: &str| json!({ "PK": { "S": pk }, "SK": { "S": "META" } });
        check("GetItem", json!({ "Key": key("Z#1") }), true);
        check("DeleteItem", json!({ "Key": key("A#1") }), false);
        check("PutItem", json!({ "Item": key("A#1") }), true);
        check("PutItem", json!({ "Item": key("C#1") }), false);
        let batch = |pks: &[&str]| {
            let keys: Vec<Value> = pks.iter().map(|pk| key(pk)).collect();
            json!({ "RequestItems": { "t": { "Keys": keys } } })
        };
        check("BatchGetItem", batch(&["A#1", "B#2"]), true);
        check("BatchGetItem", batch(&["A#1", "C#2"]), false);
        let write = |kind: &str, part: &str, pk: &str| json!({ kind: { part: key(pk) } });
        let transaction = |writes: Vec<Value>| json!({ "TransactItems": writes });
        check("TransactWriteItems", transaction(vec![write("Put", "Item", "A#1")]), true);
        let both = vec![write("Put", "Item", "A#1"), write("Update", "Key", "A#1")];
        check("TransactWriteItems", transaction(both), false);
        let query = |index: Option<&str>, pk: &str| {
            json!({
                "IndexName": index,
                "KeyConditionExpression": "GSI1PK = :pk AND GSI1SK > :sk",
                "ExpressionAttributeValues": { ":pk": { "S": pk } },
            })
        };
        check("Query", query(Some("GSI1"), "T#1"), true);
        check("Query", query(Some("GSI1"), "A#1"), false);
        check("Query", query(Some("GSI2"), "T#1"), false);
        check("Query", query(None, "T#1"), false);
    }
}
