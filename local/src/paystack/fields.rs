//! What a caller sent: JSON or a form, with numbers that may be text, as Paystack takes both.

use serde_json::{Map, Value};
use url::form_urlencoded;

/// Brackets in one name of a form, at most: `transfers[0][recipient]` has two.
const BRACKETS_MAX: usize = 4;

/// Named values.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    /// A query or a form; a PHP client writes lists as `name[0][part]`.
    pub(super) fn form(text: &str) -> Self {
        let mut all = Value::Object(Map::new());
        for (name, value) in form_urlencoded::parse(text.as_bytes()) {
            let path: Vec<&str> = name.split('[').map(|part| part.trim_end_matches(']')).collect();
            if path.len() <= BRACKETS_MAX {
                put(&mut all, &path, Value::String(value.into_owned()));
            }
        }
        match all {
            Value::Object(fields) => Self(fields),
            _ => Self::default(),
        }
    }

    /// A body: a JSON object, else a form. Nothing when it is neither.
    pub(super) fn body(bytes: &[u8]) -> Option<Self> {
        if bytes.trim_ascii().is_empty() {
            return Some(Self::default());
        }
        if bytes.trim_ascii_start().first() == Some(&b'{') {
            return serde_json::from_slice(bytes).ok().map(Self);
        }
        std::str::from_utf8(bytes).ok().map(Self::form)
    }

    /// All members, with numbers and yes or no where a form has only their text; what is empty is not there.
    pub(super) fn with_numbers(&self) -> Value {
        let plain = |value: &Value| match value.as_str() {
            Some(text) => match (text.parse::<i64>(), text.parse::<bool>()) {
                (Ok(number), _) => number.into(),
                (_, Ok(flag)) => flag.into(),
                _ => value.clone(),
            },
            None => value.clone(),
        };
        let is_there = |value: &Value| value.as_str() != Some("");
        let members = self.0.iter().filter(|(_, value)| is_there(value));
        // A reference may be all digits and is text.
        let read = |(name, value): (&String, &Value)| match name.as_str() {
            "reference" => (name.clone(), value.clone()),
            _ => (name.clone(), plain(value)),
        };
        Value::Object(members.map(read).collect())
    }

    /// An object inside.
    pub(super) fn of(value: &Value) -> Self {
        Self(value.as_object().cloned().unwrap_or_default())
    }

    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// A text that is not empty; a number counts as its digits.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let text = match self.value(name)? {
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        Some(text).filter(|text| !text.is_empty())
    }

    /// A whole number, also when it is written as text.
    pub(super) fn number(&self, name: &str) -> Option<i64> {
        match self.value(name)? {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.text(name).is_some_and(|text| text == "true" || text == "1")
            || self.value(name) == Some(&Value::Bool(true))
    }

    /// A list; a form's list is an object with numbers for names.
    pub(super) fn list(&self, name: &str) -> Option<Vec<Value>> {
        match self.value(name)? {
            Value::Array(items) => Some(items.clone()),
            Value::Object(items) => Some(items.values().cloned().collect()),
            _ => None,
        }
    }
}

fn put(place: &mut Value, path: &[&str], value: Value) {
    let Some((name, rest)) = path.split_first() else {
        *place = value;
        return;
    };
    if !place.is_object() {
        *place = Value::Object(Map::new());
    }
    if let Some(fields) = place.as_object_mut() {
        // `name[]` has no number: the next one.
        let next = if name.is_empty() { fields.len().to_string() } else { (*name).to_owned() };
        put(fields.entry(next).or_insert(Value::Null), rest, value);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_and_forms_say_the_same() {
        let check = |bytes: &str, amount: Option<i64>, email: Option<&str>| {
            let fields = Fields::body(bytes.as_bytes()).unwrap();
            assert_eq!(fields.number("amount"), amount, "{bytes}");
            assert_eq!(fields.text("email").as_deref(), email, "{bytes}");
        };
        check(r#"{"amount": 20000, "email": "a@b.c"}"#, Some(20000), Some("a@b.c"));
        check(r#"{"amount": "20000"}"#, Some(20000), None);
        check("amount=20000&email=a%40b.c", Some(20000), Some("a@b.c"));
        check(r#"{"amount": 200.5, "email": ""}"#, None, None);
        check("", None, None);
        assert!(Fields::body(b"{oops").is_none());
        let nested = "transfers[0][amount]=5&transfers[1][amount]=6&list[]=a&list[]=b";
        let fields = Fields::form(nested);
        let list = fields.list("transfers").unwrap();
        assert_eq!(list, [json!({"amount": "5"}), json!({"amount": "6"})]);
        assert_eq!(fields.list("list").unwrap(), ["a", "b"]);
    }
}
