//! MongoDB Extended JSON v2, canonical and relaxed, to plain JSON: what `mongoexport` writes (P46, X35).
//!
//! Deliberately absent: the way back, and an opinion about wrappers that are malformed or mean nothing outside MongoDB
//! (`$minKey`, `$ref`): they stay as they are, and whoever wanted a number or a text there says so.

use jiff::Timestamp;
use serde_json::{Map, Number, Value};

/// The value without wrappers: `{"$oid": "…"}` is a text, `{"$numberLong": "5"}` a number, `{"$date": …}` RFC 3339.
///
/// A `$numberDecimal` becomes a text, because a JSON number may lose its digits. Recursion is bounded by the caller's
/// check of the depth.
pub(super) fn simplify(value: &Value) -> Value {
    match value {
        Value::Object(map) => unwrap(map).unwrap_or_else(|| {
            let plain = map.iter().map(|(name, value)| (name.clone(), simplify(value)));
            Value::Object(plain.collect())
        }),
        Value::Array(values) => Value::Array(values.iter().map(simplify).collect()),
        plain => plain.clone(),
    }
}

/// Whether arrays and objects are nested at most `levels` deep.
pub(super) fn fits_depth(value: &Value, levels: usize) -> bool {
    let fits = |inner: &Value| levels > 0 && fits_depth(inner, levels - 1);
    match value {
        Value::Object(map) => levels > 0 && map.values().all(fits),
        Value::Array(values) => levels > 0 && values.iter().all(fits),
        _ => true,
    }
}

/// The plain form of a wrapper; `None` for anything else.
fn unwrap(map: &Map<String, Value>) -> Option<Value> {
    if let (2, Some(scope)) = (map.len(), map.get("$scope")) {
        return map.get("$code").filter(|code| code.is_string() && scope.is_object()).cloned();
    }
    let (name, inner) = map.iter().next().filter(|_| map.len() == 1)?;
    match (name.as_str(), inner) {
        ("$oid" | "$uuid" | "$symbol" | "$code" | "$numberDecimal", Value::String(_)) => {
            Some(inner.clone())
        }
        ("$numberInt" | "$numberLong", Value::String(text)) => {
            text.parse::<i64>().ok().map(Value::from)
        }
        ("$numberDouble", Value::String(text)) => Some(double(text)),
        ("$date", _) => date(inner),
        ("$timestamp", Value::Object(parts)) => {
            instant(Timestamp::from_second(parts.get("t")?.as_i64()?).ok()?)
        }
        ("$binary", Value::Object(parts)) => parts.get("base64").filter(|b| b.is_string()).cloned(),
        ("$regularExpression", Value::Object(parts)) => {
            let pattern = parts.get("pattern")?.as_str()?;
            Some(Value::String(format!("/{pattern}/{}", parts.get("options")?.as_str()?)))
        }
        ("$undefined", _) => Some(Value::Null),
        _ => None,
    }
}

/// A number where JSON has one, else the text (`NaN`, `Infinity`).
fn double(text: &str) -> Value {
    text.parse::<Number>().map_or_else(|_| Value::String(text.to_owned()), Value::Number)
}

/// RFC 3339 from a text, milliseconds, or wrapped milliseconds.
fn date(inner: &Value) -> Option<Value> {
    match simplify(inner) {
        Value::String(text) => text.parse().ok().and_then(instant),
        Value::Number(millis) => instant(Timestamp::from_millisecond(millis.as_i64()?).ok()?),
        _ => None,
    }
}

fn instant(at: Timestamp) -> Option<Value> {
    Some(Value::String(at.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn wrappers_become_plain_json() {
        let check =
            |wrapped: Value, plain: Value| assert_eq!(simplify(&wrapped), plain, "{wrapped}");
        let id = "67ec31596333aba221e84df8";
        let day = "2025-04-01T18:32:57.123Z";
        check(json!({ "$oid": id }), json!(id));
        check(json!({ "$date": "2025-04-01T18:32:57.123Z" }), json!(day));
        check(json!({ "$date": "2025-04-01T19:32:57.123+01:00" }), json!(day));
        check(json!({ "$date": "2025-04-01T19:32:57.123+0100" }), json!(day));
        check(json!({ "$date": { "$numberLong": "1743532377123" } }), json!(day));
        check(json!({ "$date": 1_743_532_377_123_i64 }), json!(day));
        check(json!({ "$numberInt": "-5" }), json!(-5));
        check(json!({ "$numberLong": "9007199254740993" }), json!(9_007_199_254_740_993_i64));
        check(json!({ "$numberDouble": "1.5" }), json!(1.5));
        check(json!({ "$numberDouble": "NaN" }), json!("NaN"));
        check(json!({ "$numberDecimal": "0.10" }), json!("0.10"));
        check(
            json!({ "$uuid": "c8edabc3-f738-4ca3-b68d-ab92a91478a3" }),
            json!("c8edabc3-f738-4ca3-b68d-ab92a91478a3"),
        );
        check(json!({ "$binary": { "base64": "AQ==", "subType": "00" } }), json!("AQ=="));
        check(
            json!({ "$timestamp": { "t": 1_743_532_377, "i": 1 } }),
            json!("2025-04-01T18:32:57Z"),
        );
        check(json!({ "$regularExpression": { "pattern": "a", "options": "i" } }), json!("/a/i"));
        check(json!({ "$undefined": true }), Value::Null);
        check(json!({ "$code": "f()", "$scope": {} }), json!("f()"));
        check(
            json!({ "a": [{ "$numberInt": "1" }, { "b": { "$oid": id } }] }),
            json!({ "a": [1, { "b": id }] }),
        );
    }

    #[test]
    fn what_is_no_wrapper_stays_as_it_is() {
        for value in [
            json!({ "$numberInt": 5 }),
            json!({ "$numberLong": "many" }),
            json!({ "$date": "yesterday" }),
            json!({ "$date": 9_223_372_036_854_775_807_i64 }),
            json!({ "$oid": "a", "other": 1 }),
            json!({ "$ref": "owners", "$id": "x" }),
            json!({ "$minKey": 1 }),
            json!({}),
            json!([null, true, "text", 1, 0.5]),
        ] {
            assert_eq!(simplify(&value), value);
        }
    }

    #[test]
    fn depth_is_counted_in_arrays_and_objects() {
        let check = |value: Value, levels: usize, fits: bool| {
            assert_eq!(fits_depth(&value, levels), fits, "{value} in {levels}");
        };
        check(json!(1), 0, true);
        check(json!([]), 0, false);
        check(json!([]), 1, true);
        check(json!([{ "a": 1 }]), 1, false);
        check(json!([{ "a": 1 }]), 2, true);
    }
}
