//! Reads the fields of one document under either spelling (P5) and remembers every rule that is broken, so that
//! all errors are told at once.
//!
//! Deliberately absent: what the fields mean. Where both spellings are given, snake_case is read; a different value
//! under the other spelling stays among the unknown fields (Mongoose writes `createdAt` beside a `created_at` of
//! one's own).

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::decimal::{NotScaled, scaled};
use crate::failure::FieldError;

/// The largest whole number that every JSON reader keeps: 2^53 − 1 (X6).
pub(super) const WHOLE_MAX: i64 = 9_007_199_254_740_991;

/// The fields of one (nested) document that are not read yet.
pub(super) struct Fields<'e> {
    map: Map<String, Value>,
    /// What stands before the names in errors, for example `amenities.`.
    prefix: String,
    errors: &'e mut Vec<FieldError>,
}

impl<'e> Fields<'e> {
    pub(super) fn new(
        map: Map<String, Value>,
        prefix: impl Into<String>,
        errors: &'e mut Vec<FieldError>,
    ) -> Self {
        Self { map, prefix: prefix.into(), errors }
    }

    /// The fields of a nested document, reporting to the same list.
    pub(super) fn nested(&mut self, map: Map<String, Value>, name: &str) -> Fields<'_> {
        Fields::new(map, format!("{}{name}.", self.prefix), self.errors)
    }

    /// What was not read: the unknown fields (X39).
    pub(super) fn rest(mut self) -> Map<String, Value> {
        self.take_rest()
    }

    /// As [`Fields::rest`], where errors may still follow.
    pub(super) fn take_rest(&mut self) -> Map<String, Value> {
        std::mem::take(&mut self.map)
    }

    /// How many rules are broken so far.
    pub(super) fn error_count(&self) -> usize {
        self.errors.len()
    }

    /// Remembers a broken rule.
    pub(super) fn refuse(&mut self, name: &str, code: &'static str, detail: impl Into<String>) {
        self.errors.push(FieldError::new(format!("{}{name}", self.prefix), code, detail));
    }

    /// Remembers that a field is missing.
    pub(super) fn require(&mut self, name: &str) {
        self.refuse(name, "required", format!("{name} is required"));
    }

    /// Takes the first of `names` that has a value, each in snake_case or camelCase; null is no value.
    pub(super) fn take(&mut self, names: &[&str]) -> Option<Value> {
        let mut found: Option<Value> = None;
        for name in names.iter().flat_map(|name| [(*name).to_owned(), camel(name)]) {
            let Some(value) = self.map.get(&name) else {
                continue;
            };
            let is_spent = value.is_null() || found.is_none() || found.as_ref() == Some(value);
            if let Some(value) = is_spent.then(|| self.map.remove(&name)).flatten() {
                found = found.or(Some(value).filter(|value| !value.is_null()));
            }
        }
        found
    }

    /// Puts a value back among the unknown fields.
    pub(super) fn leave(&mut self, name: &str, value: Value) {
        self.map.insert(name.to_owned(), value);
    }

    /// A text without blanks around it; a blank one is `None`.
    pub(super) fn text(&mut self, names: &[&str], chars_max: usize) -> Option<String> {
        let text = match self.take(names)? {
            Value::String(text) => text,
            Value::Number(number) => number.to_string(),
            _ => return self.wrong_type(names, "a text"),
        };
        self.bounded(names, text.trim(), chars_max)
    }

    /// True or false.
    pub(super) fn flag(&mut self, names: &[&str]) -> Option<bool> {
        match self.take(names)? {
            Value::Bool(flag) => Some(flag),
            _ => self.wrong_type(names, "true or false"),
        }
    }

    /// A whole number from 0 to [`WHOLE_MAX`]; decimal text and whole doubles are taken (`$numberDecimal`,
    /// `$numberDouble`).
    pub(super) fn whole(&mut self, names: &[&str]) -> Option<i64> {
        let text = match self.take(names)? {
            Value::String(text) => text,
            Value::Number(number) => number.to_string(),
            _ => return self.wrong_type(names, "a whole number"),
        };
        let name = names.first().copied().unwrap_or_default();
        let range = || format!("{name} is 0 to {WHOLE_MAX}");
        match scaled(&text, 0) {
            Err(NotScaled::NotANumber) => return self.wrong_type(names, "a whole number"),
            Err(NotScaled::TooLarge) => self.refuse(name, "out_of_range", range()),
            Ok(number) if !number.is_exact => {
                self.refuse(
                    name,
                    "not_whole",
                    format!("{name} is a whole number, without a fraction"),
                );
            }
            Ok(number) if !(0..=WHOLE_MAX).contains(&number.value) => {
                self.refuse(name, "out_of_range", range());
            }
            Ok(number) => return Some(number.value),
        }
        None
    }

    /// An instant: RFC 3339, or milliseconds since 1970.
    pub(super) fn instant(&mut self, names: &[&str]) -> Option<Timestamp> {
        let parsed = match self.take(names)? {
            Value::String(text) => text.parse().ok(),
            Value::Number(n) => n.as_i64().and_then(|ms| Timestamp::from_millisecond(ms).ok()),
            _ => None,
        };
        parsed.or_else(|| self.wrong_type(names, "an instant such as 2025-04-01T18:32:57Z"))
    }

    /// A nested document.
    pub(super) fn object(&mut self, names: &[&str]) -> Option<Map<String, Value>> {
        match self.take(names)? {
            Value::Object(map) => Some(map),
            _ => self.wrong_type(names, "an object"),
        }
    }

    /// Refuses the type of a field.
    pub(super) fn wrong_type<T>(&mut self, names: &[&str], wanted: &str) -> Option<T> {
        let name = names.first().copied().unwrap_or_default();
        self.refuse(name, "wrong_type", format!("{name} is {wanted}"));
        None
    }

    fn bounded(&mut self, names: &[&str], text: &str, chars_max: usize) -> Option<String> {
        let name = names.first().copied().unwrap_or_default();
        if text.chars().any(char::is_control) {
            self.refuse(name, "control_character", format!("{name} has no control characters"));
            return None;
        }
        if text.chars().count() > chars_max {
            self.refuse(name, "too_long", format!("{name} has at most {chars_max} characters"));
            return None;
        }
        (!text.is_empty()).then(|| text.to_owned())
    }
}

/// `property_name` → `propertyName`. A leading underscore stays: `_id`.
fn camel(snake: &str) -> String {
    let mut parts = snake.split('_');
    let head = match parts.next() {
        Some("") => return snake.to_owned(),
        head => head.unwrap_or_default().to_owned(),
    };
    parts.fold(head, |name, part| {
        let (initial, rest) = part.split_at(part.len().min(1));
        name + &initial.to_ascii_uppercase() + rest
    })
}
