//! What the operators are to hear of: written into the outbox together with what happened, and told once per cause.
//!
//! Deliberately absent: who is told, and names, accounts, addresses or secrets: an alert goes out by mail. Queues and
//! latencies raise alarms of their own, which no record of ours knows.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::device::words;
use crate::id::TenantId;
use crate::notice::Notice;

words! {
    /// What an alert is about: the `detail-type` on the bus behind `alert.`.
    pub enum AlertKind {
        /// A transfer of a payout has failed for good or came back; it is tried again, or is with a person.
        PayoutFailed = "payout_failed",
        /// A payout goes on only when a person decides.
        PayoutNeedsHuman = "payout_needs_human",
        /// Paystack waits for somebody before it carries out a transfer: a one-time password, or an approval.
        TransferWaits = "transfer_waits",
        /// A settlement run could not pay everybody: Paystack's balance does not last.
        BalanceShort = "balance_short",
        /// Money should have been settled by now, and is not.
        SettlementLate = "settlement_late",
        /// What is stored of the ledger does not follow from its postings.
        LedgerViolated = "ledger_violated",
        /// Paystack's books and ours differ: there are new cases.
        BooksDiffer = "books_differ",
        /// Paystack has made a transfer that we have not asked for.
        ForeignTransfer = "foreign_transfer",
        /// A person has stopped all payouts of a tenant.
        PayoutsPaused = "payouts_paused",
    }
}

/// Something that the operators are told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// Whose platform.
    pub tenant: TenantId,
    /// What it is about.
    pub alert: AlertKind,
    /// What tells its cause from others of its kind: a payout and its attempt, a date, a settlement.
    pub subject: String,
    /// When it was noticed.
    pub at: Timestamp,
    /// One sentence for a person that says what it is and what to do, without anything personal.
    pub sentence: String,
}

impl Alert {
    /// The `detail-type` on the bus.
    pub fn detail_type(&self) -> &'static str {
        match self.alert {
            AlertKind::PayoutFailed => "alert.payout_failed",
            AlertKind::PayoutNeedsHuman => "alert.payout_needs_human",
            AlertKind::TransferWaits => "alert.transfer_waits",
            AlertKind::BalanceShort => "alert.balance_short",
            AlertKind::SettlementLate => "alert.settlement_late",
            AlertKind::LedgerViolated => "alert.ledger_violated",
            AlertKind::BooksDiffer => "alert.books_differ",
            AlertKind::ForeignTransfer => "alert.foreign_transfer",
            AlertKind::PayoutsPaused => "alert.payouts_paused",
        }
    }

    /// Paystack has made a transfer that we have not asked for. `reference` is Paystack's.
    pub fn foreign_transfer(tenant: &TenantId, reference: &str, at: Timestamp) -> Self {
        let sentence = format!(
            "Paystack has made a transfer `{reference}` that is no payout: somebody has paid from the balance past us. \
            Ask who has; if nobody knows, change the key and pause payouts."
        );
        let (alert, subject) = (AlertKind::ForeignTransfer, reference.to_owned());
        Self { tenant: tenant.clone(), alert, subject, at, sentence }
    }

    /// What it is told from others of its tenant by: one that was told is not told again.
    pub fn cause(&self) -> String {
        format!("{}:{}", self.alert, self.subject)
    }
}

/// What stands in the outbox of a new record. In the table the two are told apart by their fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Outbox {
    /// A guard is told.
    Notice(Notice),
    /// The operators are told.
    Alert(Alert),
}

impl From<Notice> for Outbox {
    fn from(notice: Notice) -> Self {
        Outbox::Notice(notice)
    }
}

impl From<Alert> for Outbox {
    fn from(alert: Alert) -> Self {
        Outbox::Alert(alert)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::id::{GuardId, TipId};
    use crate::money::{Currency, Money};
    use crate::notice::News;

    fn tenant() -> TenantId {
        TenantId::new(Timestamp::UNIX_EPOCH, [1; 10])
    }

    #[test]
    fn a_kind_is_the_word_on_the_bus() {
        for alert in AlertKind::ALL.iter().copied() {
            let (subject, sentence) = (String::new(), String::new());
            let alert = Alert { tenant: tenant(), alert, subject, at: Timestamp::MIN, sentence };
            assert_eq!(alert.detail_type(), format!("alert.{}", alert.alert));
        }
    }

    #[test]
    fn what_stands_in_an_outbox_is_told_apart_by_its_fields() {
        let check = |outbox: &Outbox, fields: &[&str]| {
            let written = serde_json::to_value(outbox).unwrap();
            let mut names: Vec<_> = written.as_object().unwrap().keys().cloned().collect();
            names.sort();
            assert_eq!(names, fields);
            assert_eq!(&serde_json::from_value::<Outbox>(written).unwrap(), outbox);
        };
        let at = Timestamp::UNIX_EPOCH;
        let (tip, guard) = (TipId::new(at, [2; 10]), GuardId::new(at, [3; 10]));
        let net = Money::new(98_000, Currency::Ngn).unwrap();
        let news = News::TipReceived { tip, net, alias: None };
        let notice = Notice { tenant: tenant(), guard, at, news };
        check(&notice.into(), &["at", "guard", "news", "tenant"]);
        let alert = Alert {
            tenant: tenant(),
            alert: AlertKind::PayoutNeedsHuman,
            subject: "pay_1".to_owned(),
            at,
            sentence: "A payout needs a person.".to_owned(),
        };
        check(&alert.into(), &["alert", "at", "sentence", "subject", "tenant"]);
        assert!(serde_json::from_value::<Outbox>(json!({ "tenant": tenant() })).is_err());
        let foreign = Alert::foreign_transfer(&tenant(), "rent-2026-11", at);
        assert_eq!(foreign.cause(), "foreign_transfer:rent-2026-11");
    }
}
