//! Event patterns: which records a function wants to see (`FilterCriteria`), and which events a rule lets pass.
//!
//! Deliberately absent: `numeric` and `wildcard`. A pattern that uses them is refused at start, not ignored.

use serde_json::{Map, Value};

/// Whether a pattern can be used here.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check_pattern(pattern: &Value) -> Result<(), String> {
    let object = pattern.as_object().ok_or("a pattern must be a JSON object")?;
    for (name, wanted) in object {
        match wanted {
            Value::Array(alternatives) if name == "$or" => {
                alternatives.iter().try_for_each(check_pattern)?;
            }
            Value::Object(_) => check_pattern(wanted)?,
            Value::Array(rules) if !rules.is_empty() => rules.iter().try_for_each(check_rule)?,
            _ => return Err(format!("`{name}` must hold a list or an object")),
        }
    }
    Ok(())
}

/// Whether the record, or the event of a bus, fits the pattern.
pub(crate) fn matches(pattern: &Value, record: &Value) -> bool {
    pattern.as_object().is_some_and(|object| object_matches(object, Some(record)))
}

fn object_matches(pattern: &Map<String, Value>, value: Option<&Value>) -> bool {
    pattern.iter().all(|(name, wanted)| {
        let inner = value.and_then(|value| value.get(name));
        match wanted {
            Value::Array(alternatives) if name == "$or" => alternatives
                .iter()
                .filter_map(Value::as_object)
                .any(|alternative| object_matches(alternative, value)),
            Value::Array(rules) => rules.iter().any(|rule| leaf_matches(rule, inner)),
            Value::Object(deeper) => object_matches(deeper, inner),
            _ => false,
        }
    })
}

fn leaf_matches(rule: &Value, value: Option<&Value>) -> bool {
    // A list fits when one of its items does.
    if let Some(Value::Array(items)) = value
        && rule.get("exists").is_none()
    {
        return items.iter().any(|item| rule_matches(rule, Some(item)));
    }
    rule_matches(rule, value)
}

fn rule_matches(rule: &Value, value: Option<&Value>) -> bool {
    let Some((name, argument)) = rule.as_object().and_then(|rule| rule.iter().next()) else {
        return value == Some(rule);
    };
    if name == "exists" {
        return argument == &Value::Bool(value.is_some());
    }
    let Some(value) = value else { return false };
    let both = value.as_str().zip(argument.as_str());
    match name.as_str() {
        "prefix" => both.is_some_and(|(value, prefix)| value.starts_with(prefix)),
        "suffix" => both.is_some_and(|(value, suffix)| value.ends_with(suffix)),
        "equals-ignore-case" => {
            both.is_some_and(|(value, other)| value.eq_ignore_ascii_case(other))
        }
        "anything-but" => match argument {
            Value::Array(refused) => !refused.contains(value),
            Value::Object(_) => !rule_matches(argument, Some(value)),
            refused => refused != value,
        },
        _ => false,
    }
}

fn check_rule(rule: &Value) -> Result<(), String> {
    let Value::Object(rule) = rule else {
        return Ok(());
    };
    let known = ["exists", "prefix", "suffix", "equals-ignore-case", "anything-but"];
    match rule.keys().next() {
        Some(name) if rule.len() == 1 && known.contains(&name.as_str()) => Ok(()),
        Some(name) => Err(format!("the rule `{name}` is not supported here")),
        None => Err("an empty rule fits nothing".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_record_passes_when_every_field_fits_one_of_its_rules() {
        let record = json!({
            "eventName": "INSERT",
            "dynamodb": {"NewImage": {"kind": {"S": "scan_event"}, "tags": ["a", "b"]}},
        });
        let cases = [
            (json!({"eventName": ["INSERT"]}), true),
            (json!({"eventName": ["MODIFY", "INSERT"]}), true),
            (json!({"eventName": ["REMOVE"]}), false),
            (json!({"dynamodb": {"NewImage": {"kind": {"S": ["scan_event"]}}}}), true),
            (json!({"dynamodb": {"NewImage": {"kind": {"S": [{"prefix": "scan"}]}}}}), true),
            (json!({"dynamodb": {"NewImage": {"kind": {"S": [{"suffix": "scan"}]}}}}), false),
            (json!({"dynamodb": {"NewImage": {"kind": {"S": [{"anything-but": ["x"]}]}}}}), true),
            (json!({"dynamodb": {"NewImage": {"tags": ["b"]}}}), true),
            (json!({"dynamodb": {"OldImage": {"kind": {"S": [{"exists": false}]}}}}), true),
            (json!({"dynamodb": {"OldImage": {"kind": {"S": ["scan_event"]}}}}), false),
            (json!({"$or": [{"eventName": ["X"]}, {"eventName": ["INSERT"]}]}), true),
            (json!({}), true),
        ];
        for (pattern, expected) in cases {
            assert_eq!(check_pattern(&pattern), Ok(()), "{pattern}");
            assert_eq!(matches(&pattern, &record), expected, "{pattern}");
        }
    }

    #[test]
    fn a_pattern_that_would_be_ignored_is_refused() {
        for pattern in
            [json!([]), json!({"a": "b"}), json!({"a": [{"numeric": [">", 1]}]}), json!({"a": []})]
        {
            assert!(check_pattern(&pattern).is_err(), "{pattern}");
        }
    }
}
