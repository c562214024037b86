//! Events: made once, signed over the exact bytes that are sent, and sent until the merchant answers 200.
//!
//! Deliberately absent: an id of the event, an instant in its signature, and any promise about the order; Paystack
//! gives none of them.

mod send;

use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::Sha512;

pub(super) use send::{Addressee, Letter, exchange};

use super::agenda::Task;
use super::fault::FaultKind;
use super::shelf::Record;
use super::state::State;

/// The header of the signature.
pub(super) const SIGNATURE: &str = "x-paystack-signature";
/// A reordered event waits so long for another one.
const REORDER_TIME: SignedDuration = SignedDuration::from_mins(1);
/// Live: so many tries again, this far apart, before it becomes hours.
const LIVE_SOON_MAX: u32 = 4;
const LIVE_SOON: SignedDuration = SignedDuration::from_mins(3);
/// Live: so many hours.
const LIVE_HOURS_MAX: u32 = 72;
/// Test: so many hours.
const TEST_HOURS_MAX: u32 = 10;
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// How far an event has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryStatus {
    /// It will be sent, or sent again.
    Waiting,
    /// It waits for a person or a test.
    Held,
    /// The merchant has answered 200.
    Delivered,
    /// It is never sent: by a fault, or because there is nowhere to send it.
    Dropped,
    /// The merchant has not answered 200 so often that no more is tried.
    GivenUp,
}

/// One attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// When.
    pub at: Timestamp,
    /// What the merchant answered.
    pub status: Option<u16>,
    /// Why nothing was answered, or why the answer does not count.
    pub error: Option<String>,
}

/// An event on its way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Delivery {
    pub(super) id: u64,
    pub(super) integration: u64,
    pub(super) event: String,
    pub(super) reference: String,
    /// The exact text that is sent.
    pub(super) body: String,
    pub(super) status: DeliveryStatus,
    pub(super) created_at: Timestamp,
    pub(super) due_at: Option<Timestamp>,
    /// It comes after the merchant's next event.
    pub(super) behind: bool,
    /// It comes so many more times after it was acknowledged.
    copies: u32,
    /// Attempts that failed, in a row.
    failures: u32,
    pub(super) attempts: Vec<Attempt>,
}

impl Record for Delivery {
    const KIND: &'static str = "delivery";
    const FIRST: u64 = 1;

    fn id(&self) -> u64 {
        self.id
    }
}

/// An event as a test sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Webhook {
    /// Its number here; the event itself has none.
    pub id: u64,
    /// The merchant's number.
    pub integration: u64,
    /// For example `charge.success`.
    pub event: String,
    /// The reference of its charge or transfer.
    pub reference: String,
    /// The exact text that is sent.
    pub body: String,
    /// How far it has come.
    pub status: DeliveryStatus,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it is sent, or sent again.
    pub due_at: Option<Timestamp>,
    /// What the merchant has answered.
    pub attempts: Vec<Attempt>,
}

impl Delivery {
    pub(super) fn shown(&self) -> Webhook {
        Webhook {
            id: self.id,
            integration: self.integration,
            event: self.event.clone(),
            reference: self.reference.clone(),
            body: self.body.clone(),
            status: self.status,
            created_at: self.created_at,
            due_at: self.due_at,
            attempts: self.attempts.clone(),
        }
    }
}

/// Compact, the event first, as Paystack writes it.
#[derive(Serialize)]
struct Envelope<'e> {
    event: &'e str,
    data: &'e Value,
}

/// HMAC-SHA512 of the bytes, as lowercase hexadecimal digits.
pub(super) fn signature(secret_key: &str, bytes: &[u8]) -> String {
    // A key of any length is a key.
    let Ok(mut mac) = Hmac::<Sha512>::new_from_slice(secret_key.as_bytes()) else {
        return String::new();
    };
    mac.update(bytes);
    hex::encode(mac.finalize().into_bytes())
}

/// How long after the `failures`th attempt that failed the next one comes; none when it was the last.
fn pause(live: bool, failures: u32) -> Option<SignedDuration> {
    match (live, failures) {
        (true, 0..=LIVE_SOON_MAX) => Some(LIVE_SOON),
        (true, _) => Some(HOUR).filter(|_| failures <= LIVE_SOON_MAX + LIVE_HOURS_MAX),
        (false, _) => Some(HOUR).filter(|_| failures <= TEST_HOURS_MAX),
    }
}

impl State {
    /// Something has happened that the merchant is to know.
    pub(super) fn emit(&mut self, owner: u64, event: &str, reference: &str, mut content: Value) {
        let faults = self.event_faults(owner, event, reference);
        let has_url = self.integrations.get(owner).is_some_and(|i| !i.webhook_url.is_empty());
        let (mut status, mut due_at) = (DeliveryStatus::Waiting, self.now);
        let (mut behind, mut copies) = (false, 0);
        for fault in &faults {
            let later = |by| self.now.checked_add(by).unwrap_or(Timestamp::MAX);
            match fault {
                FaultKind::Duplicate { times } => copies += times,
                FaultKind::Delay { ms } => due_at = later(SignedDuration::from_millis(*ms)),
                FaultKind::Reorder => {
                    behind = true;
                    due_at = later(REORDER_TIME);
                }
                FaultKind::Drop => status = DeliveryStatus::Dropped,
                FaultKind::Hold => status = DeliveryStatus::Held,
                other => distort(&mut content, other),
            }
        }
        if !has_url && status == DeliveryStatus::Waiting {
            status = DeliveryStatus::Dropped;
        }
        let body = serde_json::to_string(&Envelope { event, data: &content }).unwrap_or_default();
        let due_at = Some(due_at).filter(|_| status == DeliveryStatus::Waiting);
        let id = self.deliveries.next_id();
        self.deliveries.put(Delivery {
            id,
            integration: owner,
            event: event.to_owned(),
            reference: reference.to_owned(),
            body,
            status,
            created_at: self.now,
            due_at,
            behind: behind && due_at.is_some(),
            copies,
            failures: 0,
            attempts: Vec::new(),
        });
        self.agenda.set(Task::Delivery(id), due_at);
        if behind && due_at.is_some() {
            self.index.behind.insert(id);
        }
    }

    /// An attempt has ended. `by_hand`: somebody has asked for this one, so the schedule stays as it is.
    pub(super) fn attempted(&mut self, id: u64, attempt: Attempt, by_hand: bool) {
        let now = self.now;
        let Some(delivery) = self.deliveries.get(id) else { return };
        let owner = delivery.integration;
        let live = self.integrations.get(owner).is_some_and(|i| i.settings.live);
        let is_good = attempt.status == Some(200) && attempt.error.is_none();
        let Some(delivery) = self.deliveries.edit(id) else { return };
        delivery.attempts.push(attempt);
        delivery.behind = false;
        self.index.behind.remove(&id);
        if !by_hand {
            let after = if is_good {
                delivery.failures = 0;
                let again = delivery.copies > 0;
                delivery.copies = delivery.copies.saturating_sub(1);
                Some(SignedDuration::ZERO).filter(|_| again)
            } else {
                delivery.failures += 1;
                pause(live, delivery.failures)
            };
            delivery.due_at = after.and_then(|after| now.checked_add(after).ok());
            delivery.status = match (delivery.due_at, is_good) {
                (Some(_), _) => DeliveryStatus::Waiting,
                (None, true) => DeliveryStatus::Delivered,
                (None, false) => DeliveryStatus::GivenUp,
            };
            let due_at = delivery.due_at;
            self.agenda.set(Task::Delivery(id), due_at);
        } else if is_good {
            delivery.status = DeliveryStatus::Delivered;
            delivery.due_at = None;
            self.agenda.set(Task::Delivery(id), None);
        }
        self.let_behind(owner, id);
    }

    /// An event was sent, so those that were to come after it may come.
    fn let_behind(&mut self, owner: u64, sent: u64) {
        // Few wait like this, and there may be many events.
        let older = self.index.behind.range(..sent);
        let is_own = |id: &u64| self.deliveries.get(*id).is_some_and(|d| d.integration == owner);
        let ids: Vec<u64> = older.copied().filter(is_own).collect();
        for id in ids {
            let now = self.now;
            self.index.behind.remove(&id);
            if let Some(delivery) = self.deliveries.edit(id) {
                delivery.behind = false;
                delivery.due_at = Some(now);
                self.agenda.set(Task::Delivery(id), Some(now));
            }
        }
    }
}

/// Says another amount or currency than the right one, or nothing at all.
pub(super) fn distort(content: &mut Value, fault: &FaultKind) {
    match fault {
        FaultKind::WrongAmount { amount } => {
            let field = if content.get("balance").is_some() { "balance" } else { "amount" };
            let Some(right) = content.get(field).cloned() else { return };
            // A currency without money has nothing that could be wrong.
            if right == 0 {
                return;
            }
            let as_text = right.is_string();
            let number = right.as_i64().or_else(|| right.as_str().and_then(|s| s.parse().ok()));
            let wrong = amount.unwrap_or(number.unwrap_or(1) - 1);
            content[field] = if as_text { Value::String(wrong.to_string()) } else { wrong.into() };
            if content.get("requested_amount").is_some() {
                content["requested_amount"] = wrong.into();
            }
        }
        FaultKind::WrongCurrency { currency } => {
            let Some(right) = content.get("currency") else { return };
            let other = if right == "USD" { "GHS" } else { "USD" };
            let wrong = currency.clone().unwrap_or_else(|| other.to_owned());
            content["currency"] = Value::String(wrong);
        }
        FaultKind::Without { field } => {
            if let Some(value) = content.get_mut(field) {
                *value = Value::Null;
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schedule_is_the_documented_one() {
        let times = |live: bool| {
            let pauses = (1..).map_while(|failures| pause(live, failures));
            pauses.map(|pause| pause.as_mins()).collect::<Vec<_>>()
        };
        assert_eq!(times(false), vec![60; 10]);
        assert_eq!(times(true), [vec![3; 4], vec![60; 72]].concat());
    }

    #[test]
    fn a_signature_is_of_the_very_bytes() {
        // Computed with Python's hmac module.
        let expected = "768948449d0b4588281d38a4f5255122";
        let signed = signature("sk_test_key", br#"{"event":"charge.success"}"#);
        assert_eq!(signed.len(), 128);
        assert_ne!(signed, signature("sk_test_key", br#"{"event": "charge.success"}"#));
        assert!(signed.starts_with(expected), "{signed}");
    }

    #[test]
    fn a_wrong_amount_keeps_its_type() {
        for (right, wrong) in [
            (serde_json::json!({"amount": 5}), serde_json::json!({"amount": 4})),
            (serde_json::json!({"amount": "5"}), serde_json::json!({"amount": "4"})),
            (serde_json::json!({"other": 5}), serde_json::json!({"other": 5})),
        ] {
            let mut content = right;
            distort(&mut content, &FaultKind::WrongAmount { amount: None });
            assert_eq!(content, wrong);
        }
    }
}
