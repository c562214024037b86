//! The capacity that DynamoDB names in an answer.

use serde_json::Value;

/// Read and write units.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Units {
    pub(super) read: f64,
    pub(super) write: f64,
}

/// What the answer says was used; none when the function did not ask for it.
pub(super) fn read(operation: &str, body: &[u8]) -> Option<Units> {
    // Most answers do not name it, and reading JSON costs more than looking for the word.
    let word = b"\"ConsumedCapacity\"";
    if !body.windows(word.len()).any(|window| window == word) {
        return None;
    }
    let answer: Value = serde_json::from_slice(body).ok()?;
    let consumed = answer.get("ConsumedCapacity")?;
    let each = match consumed {
        Value::Array(tables) => tables.as_slice(),
        one => std::slice::from_ref(one),
    };
    let total: f64 = each.iter().filter_map(|table| table.get("CapacityUnits")?.as_f64()).sum();
    let writes = matches!(
        operation,
        "PutItem" | "UpdateItem" | "DeleteItem" | "BatchWriteItem" | "TransactWriteItems"
    );
    Some(if writes {
        Units { write: total, ..Units::default() }
    } else {
        Units { read: total, ..Units::default() }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_named_units_count_as_what_the_operation_does() {
        let cases = [
            ("GetItem", r#"{"ConsumedCapacity":{"CapacityUnits":0.5}}"#, Some((0.5, 0.0))),
            ("PutItem", r#"{"ConsumedCapacity":{"CapacityUnits":3}}"#, Some((0.0, 3.0))),
            (
                "TransactWriteItems",
                r#"{"ConsumedCapacity":[{"CapacityUnits":2},{"CapacityUnits":4.0}]}"#,
                Some((0.0, 6.0)),
            ),
            ("GetItem", r#"{"Item":{}}"#, None),
            ("GetItem", r#"{"ConsumedCapacity":"#, None),
        ];
        for (operation, body, expected) in cases {
            let expected = expected.map(|(read, write)| Units { read, write });
            assert_eq!(super::read(operation, body.as_bytes()), expected, "{operation} {body}");
        }
    }
}
