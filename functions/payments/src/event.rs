//! What an event of Paystack's is about, as far as it matters: its name and the reference to ask about. What it says of
//! amounts and states is not even read.

use domain::ledger::{PaystackReference, TransferReference};
use domain::payout::Payout;
use serde_json::Value;

/// The longest name of an event that is taken for one, in bytes.
const NAME_MAX_BYTES: usize = 64;
/// What stands for a name or a reference where there is none.
const NONE: &str = "none";

/// An event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    /// Its name, for example `charge.success`; `none` where it has none that could be one.
    pub name: String,
    /// The reference that it is kept under; `none` where it names none.
    pub reference: String,
    /// What it is about.
    pub about: About,
}

/// What an event is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum About {
    /// Something has happened to a charge.
    Charge(PaystackReference, News),
    /// Something has happened to this transfer of ours.
    Transfer(TransferReference),
    /// Something has happened to a transfer that we did not make.
    ForeignTransfer,
    /// Nothing that anybody acts on; it is kept.
    Nothing,
    /// It cannot be read, or it is about a charge or a transfer and does not say which.
    Unreadable,
}

/// What has happened to a charge, according to an event. Only a reason to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// It was collected.
    Success,
    /// A refund has moved on.
    Refund,
    /// A dispute has moved on.
    Dispute,
}

impl Event {
    /// Reads what was signed, whatever it is.
    pub(crate) fn read(text: &str) -> Self {
        let json: Value = serde_json::from_str(text).unwrap_or_default();
        let Some(name) = json["event"].as_str().filter(|name| is_name(name)) else {
            let (name, reference) = (NONE.to_owned(), NONE.to_owned());
            return Self { name, reference, about: About::Unreadable };
        };
        let at = |path: &str| json.pointer(path).and_then(Value::as_str);
        let (news, named) = match name {
            "charge.success" => (Some(News::Success), at("/data/reference")),
            _ if name.starts_with("charge.dispute.") => {
                let named = at("/data/transaction/reference");
                (Some(News::Dispute), named.or_else(|| at("/data/transaction_reference")))
            }
            _ if name.starts_with("refund.") => {
                (Some(News::Refund), at("/data/transaction_reference"))
            }
            _ => (None, at("/data/reference")),
        };
        let about = match (news, named.map(PaystackReference::parse)) {
            (None, _) if name.starts_with("transfer.") => of_transfer(named),
            (None, _) => About::Nothing,
            (Some(news), Some(Ok(reference))) => About::Charge(reference, news),
            (Some(_), _) => About::Unreadable,
        };
        let reference = named.filter(|text| is_reference(text)).unwrap_or(NONE);
        Self { name: name.to_owned(), reference: reference.to_owned(), about }
    }
}

/// Ours have a payout's id and an attempt; others are made on Paystack's dashboard.
fn of_transfer(named: Option<&str>) -> About {
    let Some(named) = named.filter(|text| is_reference(text)) else { return About::Unreadable };
    match TransferReference::parse(named) {
        Ok(reference) if Payout::of_reference(&reference).is_some() => About::Transfer(reference),
        Ok(_) | Err(_) => About::ForeignTransfer,
    }
}

fn is_name(text: &str) -> bool {
    let fine = |byte: u8| byte.is_ascii_lowercase() || b"._-".contains(&byte);
    (1..=NAME_MAX_BYTES).contains(&text.len()) && text.bytes().all(fine)
}

/// A reference becomes part of a key, so it has to look like one.
fn is_reference(text: &str) -> bool {
    PaystackReference::parse(text).is_ok() || TransferReference::parse(text).is_ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(text: &str, name: &str, reference: &str, about: Option<News>) {
        let event = Event::read(text);
        assert_eq!((&*event.name, &*event.reference), (name, reference), "{text}");
        match (event.about, about) {
            (About::Charge(named, news), Some(expected)) => {
                assert_eq!((named.as_str(), news), (reference, expected), "{text}");
            }
            (About::Nothing, None) => {}
            (about, expected) => panic!("{about:?} for {expected:?}: {text}"),
        }
    }

    #[test]
    fn an_event_says_what_to_ask_about() {
        let charge = r#"{"event":"charge.success","data":{"reference":"tip-1","amount":"x"}}"#;
        check(charge, "charge.success", "tip-1", Some(News::Success));
        let dispute = r#"{"event":"charge.dispute.create",
            "data":{"transaction_reference":null,"transaction":{"reference":"tip-2"}}}"#;
        check(dispute, "charge.dispute.create", "tip-2", Some(News::Dispute));
        let refund = r#"{"event":"refund.needs-attention","data":{"transaction_reference":"a=b"}}"#;
        check(refund, "refund.needs-attention", "a=b", Some(News::Refund));
        check(r#"{"event":"invoice.update","data":[]}"#, "invoice.update", "none", None);
        check(
            r#"{"event":"paymentrequest.success","data":{"reference":"a#b"}}"#,
            "paymentrequest.success",
            "none",
            None,
        );
    }

    #[test]
    fn an_event_of_a_transfer_is_about_ours_or_about_somebody_else_s() {
        let payout = domain::id::PayoutId::new(jiff::Timestamp::UNIX_EPOCH, [3; 10]);
        let check = |reference: &str, expected: &About| {
            let text = json!({ "event": "transfer.failed", "data": { "reference": reference } });
            assert_eq!(&Event::read(&text.to_string()).about, expected, "{reference}");
        };
        let ours = TransferReference::of(&payout, 2);
        check(ours.as_str(), &About::Transfer(ours.clone()));
        check(&format!("{payout}-02"), &About::ForeignTransfer);
        check(&format!("{payout}-0"), &About::ForeignTransfer);
        check(payout.as_str(), &About::ForeignTransfer);
        check("1976435206", &About::ForeignTransfer);
        check("acv_9ee55786-2323-4760-98e2-6380c9cb3f67", &About::ForeignTransfer);
        check("a reference", &About::Unreadable);
        check("", &About::Unreadable);
    }

    #[test]
    fn what_names_nothing_is_for_a_person() {
        for text in [
            "",
            "[",
            "null",
            "\u{fffd}",
            "{}",
            r#"{"event":7}"#,
            r#"{"event":"Charge Success"}"#,
            r#"{"event":"charge.success"}"#,
            r#"{"event":"transfer.success","data":{}}"#,
            r#"{"event":"charge.success","data":{"reference":7}}"#,
            r#"{"event":"charge.success","data":{"reference":"a b"}}"#,
            r#"{"event":"refund.processed","data":{"reference":"tip-1"}}"#,
            r#"{"event":"charge.dispute.create","data":[]}"#,
            &"[".repeat(1_000),
        ] {
            assert_eq!(Event::read(text).about, About::Unreadable, "{text}");
        }
        assert_eq!(Event::read(&format!(r#"{{"event":"{}"}}"#, "x".repeat(65))).name, "none");
    }
}
