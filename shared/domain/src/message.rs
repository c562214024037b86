//! What the workers are asked to do, as it travels in their queues.
//!
//! Deliberately absent: what an event says. The worker asks Paystack itself; an event is only a reason to ask.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::id::{ExportId, PayoutId, TenantId, TipId, VoucherId};
use crate::ledger::TransferReference;

/// A message in the queue of `payments`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentMessage {
    /// Paystack has sent an event.
    Webhook(SignedEvent),
    /// The tip is due: look what has become of it. Harmless when it was looked at before.
    Poll(TipId),
}

/// A message in the queue of `settle`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SettlementMessage {
    /// A tenant's night has come: begin its run of this day, where it is one on which guards are paid.
    Night(Day),
    /// A run was asked for, or was cut off: go on with it. Harmless when it is through.
    Run(Day),
}

/// A message in the queue of `reconcile`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReconciliationMessage {
    /// A tenant's night has come, or a comparison was cut off: compare, or go on. Harmless when it is done.
    Compare(Day),
}

/// A day of a tenant, in its time zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// Whose day.
    pub tenant: TenantId,
    /// Which one.
    pub date: Date,
}

/// A message in the queue of `payouts`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PayoutMessage {
    /// These payouts are due: take each as far as it goes. Harmless when that was done.
    Work {
        /// Whose payouts.
        tenant: TenantId,
        /// At most [`PAYOUTS_MAX`].
        payouts: Vec<PayoutId>,
    },
    /// Something has happened to a transfer: ask what.
    Look {
        /// Whose transfer.
        tenant: TenantId,
        /// Its reference.
        reference: TransferReference,
    },
}

/// Payouts in one message: as many as Paystack takes in one bulk call.
pub const PAYOUTS_MAX: u32 = 100;

/// A message in the queue of `exports`: go on with this one. Harmless when it is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportMessage {
    /// Whose export.
    pub tenant: TenantId,
    /// Which one.
    pub export: ExportId,
}

/// A message in the queue of `printing`: go on with this one. Harmless when it is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrintingMessage {
    /// Of which voucher.
    pub voucher: VoucherId,
    /// The place of its first code in the status list, under which it is found.
    pub first: u32,
}

/// An event whose signature was right.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedEvent {
    /// Whose key it was signed with.
    pub tenant: TenantId,
    /// When it arrived.
    pub received_at: Timestamp,
    /// The body as it arrived, whatever it says.
    pub event: String,
}

impl std::fmt::Debug for SignedEvent {
    /// The body holds a patron's name and address, which are not for logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SignedEvent({}, {} bytes)", self.tenant, self.event.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_written_the_same_everywhere() {
        let check = |message: &PaymentMessage, text: &str| {
            assert_eq!(serde_json::to_string(message).unwrap(), text);
            assert_eq!(&serde_json::from_str::<PaymentMessage>(text).unwrap(), message);
        };
        let at = Timestamp::UNIX_EPOCH;
        let tenant = TenantId::new(at, [1; 10]);
        let event = "{\"event\":\"charge.success\"}\n".to_owned();
        let text = format!(
            r#"{{"webhook":{{"tenant":"{tenant}","received_at":"1970-01-01T00:00:00Z","event":"{{\"event\":\"charge.success\"}}\n"}}}}"#,
        );
        check(&PaymentMessage::Webhook(SignedEvent { tenant, received_at: at, event }), &text);
        let tip = TipId::new(at, [2; 10]);
        check(&PaymentMessage::Poll(tip.clone()), &format!(r#"{{"poll":"{tip}"}}"#));
        assert!(serde_json::from_str::<PaymentMessage>(r#"{"poll":"tip_x"}"#).is_err());
    }
}
