//! What a tip and Paystack's events about it say of the patron, and how that is taken out. The money stays.

use serde_json::{Map, Value};

use super::{Patron, Tip};

/// What stays of an event's object: facts about money, none about people. Anything else goes, also what Paystack may
/// add one day.
const KEPT: [&str; 22] = [
    "id",
    "domain",
    "status",
    "reference",
    "amount",
    "requested_amount",
    "currency",
    "fees",
    "channel",
    "created_at",
    "createdAt",
    "paid_at",
    "paidAt",
    "transaction",
    "transaction_reference",
    "refund_reference",
    "refund_amount",
    "resolution",
    "resolved_at",
    "processor",
    "integration",
    "merchant_note",
];

impl Tip {
    /// Whether it still says something of its patron.
    pub fn names_patron(&self) -> bool {
        self.patron != Patron::default() || self.source_ip.is_some()
    }

    /// The tip without alias, message, address, and the hash of where it came from.
    #[must_use]
    pub fn without_patron(self) -> Self {
        Self { patron: Patron::default(), source_ip: None, ..self }
    }
}

/// An event of Paystack with its facts about money only. What cannot be read leaves nothing.
pub fn event_without_patron(raw: &str) -> String {
    let Ok(Value::Object(mut event)) = serde_json::from_str(raw) else { return "{}".to_owned() };
    let mut kept = Map::new();
    if let Some(kind @ Value::String(_)) = event.remove("event") {
        kept.insert("event".to_owned(), kind);
    }
    if let Some(Value::Object(facts)) = event.remove("data") {
        kept.insert("data".to_owned(), Value::Object(facts_of(facts)));
    }
    Value::Object(kept).to_string()
}

fn facts_of(object: Map<String, Value>) -> Map<String, Value> {
    let fact = |(name, value): (String, Value)| {
        let value = match value {
            Value::Object(inner) => Value::Object(facts_of(inner)),
            Value::Array(_) => return None,
            plain => plain,
        };
        KEPT.contains(&name.as_str()).then_some((name, value))
    };
    object.into_iter().filter_map(fact).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_keeps_its_money_and_loses_its_people() {
        let raw = r#"{"event":"charge.success","data":{"id":7,"reference":"tip-1","amount":100000,"currency":"NGN",
            "status":"success","fees":1500,"ip_address":"198.51.100.7","metadata":{"alias":"Zoe"},
            "customer":{"id":1,"email":"zoe@example.com","first_name":"Zoe"},
            "authorization":{"last4":"4081","bin":"408408"},"log":{"history":[{"message":"x"}]},
            "transaction":{"id":9,"reference":"tip-1","customer":{"email":"zoe@example.com"}}}}"#;
        let kept = event_without_patron(raw);
        for gone in ["zoe", "Zoe", "198.51", "4081", "408408", "history"] {
            assert!(!kept.contains(gone), "{gone} is in {kept}");
        }
        for stays in ["charge.success", "\"tip-1\"", "100000", "1500", "NGN"] {
            assert!(kept.contains(stays), "{stays} is not in {kept}");
        }
        assert_eq!(event_without_patron(&kept), kept, "doing it again changes nothing");
        for unreadable in ["", "no JSON", "[1]", "7"] {
            assert_eq!(event_without_patron(unreadable), "{}");
        }
    }
}
