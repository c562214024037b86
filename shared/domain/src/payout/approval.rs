//! Whether a transfer that Paystack asks about is one of ours: the question's body is not documented, so it is read
//! from whatever comes, and decided by our own record alone.
//!
//! Deliberately absent: trust in the body. It can only name a transfer that we have reserved, and contradict it.

use serde_json::Value;
use url::form_urlencoded;

use super::Payout;
use crate::id::TenantId;
use crate::ledger::TransferReference;

/// A number above this is no amount of a transfer and not read, so that no text becomes an endless one.
const AMOUNT_MAX_DIGITS: usize = 18;

/// What a question says about a transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferQuestion {
    /// Which transfer.
    pub reference: TransferReference,
    /// Each amount that it names, in minor units; `None` for one that is no whole number.
    pub amounts: Vec<Option<i64>>,
    /// Each currency that it names.
    pub currencies: Vec<String>,
    /// Each recipient that it names by a code.
    pub recipients: Vec<String>,
}

/// Why a transfer is not approved. The reasons are for our log alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApprovalRefused {
    /// The body names no transfer, or more than one.
    #[error("the question names no transfer, or more than one")]
    NoReference,
    /// The reference is not one that we give out.
    #[error("the reference is not one of ours")]
    Foreign,
    /// There is no payout for it, or it is another tenant's.
    #[error("there is no payout for this reference")]
    Unknown,
    /// Its money is not set aside: the transfer is over, or was never begun.
    #[error("the payout is not under way")]
    NotUnderWay,
    /// It is an earlier attempt, which is over, or a later one.
    #[error("the reference is of another attempt")]
    OtherAttempt,
    /// The amount is missing or another one.
    #[error("the amount is not what was set aside")]
    Amount,
    /// The currency is another one.
    #[error("the currency is another one")]
    Currency,
    /// The recipient is another one.
    #[error("the recipient is another one")]
    Recipient,
}

impl TransferQuestion {
    /// Reads a question from JSON of any shape, or from a form.
    ///
    /// # Errors
    /// [`ApprovalRefused::NoReference`].
    pub fn read(body: &[u8]) -> Result<Self, ApprovalRefused> {
        let mut found = Found::default();
        match serde_json::from_slice::<Value>(body) {
            Ok(value) => found.walk(&value),
            Err(_) => found.form(body),
        }
        found.references.sort_unstable();
        found.references.dedup();
        let [reference] = found.references.as_slice() else {
            return Err(ApprovalRefused::NoReference);
        };
        Ok(Self {
            reference: reference.clone(),
            amounts: found.amounts,
            currencies: found.currencies,
            recipients: found.recipients,
        })
    }
}

impl Payout {
    /// Whether the transfer may go: its money is set aside at this moment for this very attempt, and nothing that the
    /// question says is otherwise.
    ///
    /// # Errors
    /// [`ApprovalRefused`].
    pub fn approve(
        &self,
        tenant: &TenantId,
        question: &TransferQuestion,
    ) -> Result<(), ApprovalRefused> {
        if self.tenant != *tenant {
            return Err(ApprovalRefused::Unknown);
        }
        if !self.state.is_in_transit() {
            return Err(ApprovalRefused::NotUnderWay);
        }
        if self.reference().as_ref() != Some(&question.reference) {
            return Err(ApprovalRefused::OtherAttempt);
        }
        let right = |amount: &Option<i64>| *amount == Some(self.amount.minor);
        if question.amounts.is_empty() || !question.amounts.iter().all(right) {
            return Err(ApprovalRefused::Amount);
        }
        if question.currencies.iter().any(|code| code != self.amount.currency.code()) {
            return Err(ApprovalRefused::Currency);
        }
        if question.recipients.iter().any(|code| *code != self.recipient) {
            return Err(ApprovalRefused::Recipient);
        }
        Ok(())
    }
}

/// What a body says, wherever it says so.
#[derive(Default)]
struct Found {
    references: Vec<TransferReference>,
    amounts: Vec<Option<i64>>,
    currencies: Vec<String>,
    recipients: Vec<String>,
}

impl Found {
    /// Goes through all members of JSON, whose depth the parser has bounded. Only an object that names a transfer is
    /// asked for its amount: a fee or a session has amounts of its own.
    fn walk(&mut self, value: &Value) {
        match value {
            Value::Object(members) => {
                let reference = members.get("reference").and_then(Value::as_str);
                if let Some(reference) = reference.and_then(|t| TransferReference::parse(t).ok()) {
                    self.references.push(reference);
                    members.iter().for_each(|(name, value)| self.member(name, value));
                }
                members.values().for_each(|member| self.walk(member));
            }
            Value::Array(items) => items.iter().for_each(|item| self.walk(item)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    /// A member beside the reference.
    fn member(&mut self, name: &str, value: &Value) {
        match (name, value) {
            ("amount", Value::Number(number)) => self.amounts.push(number.as_i64()),
            ("amount", Value::String(text)) => self.amounts.push(whole(text)),
            ("amount", _) => self.amounts.push(None),
            ("currency", Value::String(code)) => self.currencies.push(code.clone()),
            // A number is Paystack's inner id, which we do not know.
            ("recipient" | "recipient_code", Value::String(code)) => {
                self.recipients.push(code.clone());
            }
            ("recipient", Value::Object(recipient)) => {
                let code = recipient.get("recipient_code").and_then(Value::as_str);
                self.recipients.extend(code.map(str::to_owned));
            }
            _ => {}
        }
    }

    /// A form: the last part of each name counts, as in `data[reference]`.
    fn form(&mut self, body: &[u8]) {
        for (name, value) in form_urlencoded::parse(body) {
            let last = name.trim_end_matches(']').rsplit(['[', '.']).next().unwrap_or_default();
            match last {
                "reference" => self.references.extend(TransferReference::parse(&value).ok()),
                "amount" => self.amounts.push(whole(&value)),
                "currency" => self.currencies.push(value.into_owned()),
                "recipient_code" => self.recipients.push(value.into_owned()),
                // As in JSON, a number is Paystack's inner id.
                "recipient" if whole(&value).is_none() => self.recipients.push(value.into_owned()),
                _ => {}
            }
        }
    }
}

/// A whole number in digits; nothing for anything else.
fn whole(text: &str) -> Option<i64> {
    let digits = (1..=AMOUNT_MAX_DIGITS).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;
    use crate::id::{GuardId, PayoutId};
    use crate::money::{Currency, Money};
    use crate::payout::PayoutState;

    fn tenant(last: u8) -> TenantId {
        TenantId::new(Timestamp::UNIX_EPOCH, [last; 10])
    }

    fn payout(state: PayoutState, attempt: u32) -> Payout {
        let at = Timestamp::UNIX_EPOCH;
        Payout {
            id: PayoutId::new(at, [2; 10]),
            tenant: tenant(1),
            guard: GuardId::new(at, [3; 10]),
            run: date(2026, 11, 21),
            amount: Money::new(98_000, Currency::Ngn).unwrap(),
            recipient: "RCP_abc".to_owned(),
            state,
            attempt,
            failures: 0,
            trouble: None,
            from_seq: 1,
            to_seq: 1,
            part: 0,
            back_seq: None,
            since: at,
            created_at: at,
            changed_at: at,
            due_at: None,
        }
    }

    fn reserved() -> Payout {
        payout(PayoutState::Reserved, 2)
    }

    fn answer(payout: &Payout, body: &str) -> Result<(), ApprovalRefused> {
        let reference = payout.reference().map(|reference| reference.to_string());
        let body = body.replace("REF", &reference.unwrap_or_default());
        payout.approve(&tenant(1), &TransferQuestion::read(body.as_bytes())?)
    }

    #[test]
    fn a_reserved_transfer_is_approved_whatever_the_body_looks_like() {
        let bodies = [
            r#"{"reference":"REF","amount":98000}"#,
            r#"{"reference":"REF","amount":"98000","currency":"NGN","recipient":"RCP_abc"}"#,
            r#"{"event":"transfer.approve","data":{"reference":"REF","amount":98000,"recipient":{"recipient_code":"RCP_abc"},"fee":{"amount":25}}}"#,
            r#"{"data":{"transfer":{"reference":"REF","amount":98000,"recipient":4711}}}"#,
            r#"[{"reference":"REF","amount":98000},{"reference":"short","amount":1}]"#,
            r#"{"reference":"not one: it has blanks","data":{"reference":"REF","amount":98000}}"#,
            "reference=REF&amount=98000&recipient=RCP_abc",
            "data%5Breference%5D=REF&data[amount]=98000&data[recipient]=4711",
            "transfer.reference=REF&transfer.amount=98000&transfer.recipient.recipient_code=RCP_abc",
        ];
        for body in bodies {
            for state in [PayoutState::Reserved, PayoutState::Sent] {
                assert_eq!(answer(&payout(state, 2), body), Ok(()), "{body}");
            }
        }
    }

    #[test]
    fn whatever_contradicts_our_record_is_refused() {
        use ApprovalRefused::{Amount, Currency, NoReference, OtherAttempt, Recipient};
        let other = TransferReference::of(&reserved().id, 1);
        let check = |body: &str, expected| {
            assert_eq!(answer(&reserved(), body), Err(expected), "{body}");
        };
        check("", NoReference);
        check("\u{0}\u{1}garbage", NoReference);
        check("{}", NoReference);
        check("null", NoReference);
        check(r#"{"reference":12,"amount":98000}"#, NoReference);
        check(r#"{"reference":"REF","data":{"reference":"another-reference-1"}}"#, NoReference);
        check(&format!(r#"{{"reference":"{other}","amount":98000}}"#), OtherAttempt);
        check(r#"{"reference":"REF"}"#, Amount);
        check(r#"{"reference":"REF","amount":98001}"#, Amount);
        check(r#"{"reference":"REF","amount":98000.0}"#, Amount);
        check(r#"{"reference":"REF","amount":"980.00"}"#, Amount);
        check(r#"{"reference":"REF","amount":null}"#, Amount);
        check(r#"{"reference":"REF","amount":98000,"x":{"reference":"REF","amount":1}}"#, Amount);
        check("reference=REF&amount=9800000000000000000000000", Amount);
        check(r#"{"reference":"REF","amount":98000,"currency":"GHS"}"#, Currency);
        check(r#"{"reference":"REF","amount":98000,"recipient":"RCP_other"}"#, Recipient);
        let nested = r#"{"reference":"REF","amount":98000,"recipient":{"recipient_code":"RCP_o"}}"#;
        check(nested, Recipient);
        check("reference=REF&amount=98000&recipient=RCP_other", Recipient);
    }

    #[test]
    fn only_the_attempt_that_is_under_way_is_approved_and_only_for_its_tenant() {
        let body = r#"{"reference":"REF","amount":98000}"#;
        for state in PayoutState::ALL.iter().copied().filter(|state| !state.is_in_transit()) {
            let refused = Err(ApprovalRefused::NotUnderWay);
            assert_eq!(answer(&payout(state, 2), body), refused, "{state}");
        }
        let reference = reserved().reference().unwrap();
        let body = format!(r#"{{"reference":"{reference}","amount":98000}}"#);
        let question = TransferQuestion::read(body.as_bytes()).unwrap();
        assert_eq!(reserved().approve(&tenant(9), &question), Err(ApprovalRefused::Unknown));
        let later = payout(PayoutState::Reserved, 3);
        assert_eq!(later.approve(&tenant(1), &question), Err(ApprovalRefused::OtherAttempt));
    }

    proptest! {
        #[test]
        fn no_body_breaks_the_reader(body in proptest::collection::vec(any::<u8>(), 0..300)) {
            // Whatever it says, it says so in good order.
            let _ = TransferQuestion::read(&body);
        }
    }
}
