//! What the operators are told of a payout, in words without a name or an account.

use domain::alert::{Alert, AlertKind};
use domain::payout::{Payout, PayoutState, Trouble};
use jiff::Timestamp;

/// An attempt has failed, or its money came back later.
pub(crate) fn failed(payout: &Payout, trouble: Trouble, now: Timestamp) -> Alert {
    let (kind, next) = match payout.state {
        PayoutState::NeedsHuman => {
            (AlertKind::PayoutNeedsHuman, "It was tried often enough: retry or cancel it.")
        }
        PayoutState::Reversed => (AlertKind::PayoutFailed, "The next run pays it again."),
        _ => (AlertKind::PayoutFailed, "It is tried again."),
    };
    let id = &payout.id;
    told(payout, kind, now, format!("Payout {id}: {} {next}", trouble.sentence()))
}

/// Paystack waits for somebody.
pub(crate) fn waits(payout: &Payout, trouble: Trouble, now: Timestamp) -> Alert {
    let sentence = format!("Payout {}: {}", payout.id, trouble.sentence());
    told(payout, AlertKind::TransferWaits, now, sentence)
}

/// Once per attempt.
fn told(payout: &Payout, alert: AlertKind, at: Timestamp, sentence: String) -> Alert {
    let subject = format!("{}-{}", payout.id, payout.attempt);
    Alert { tenant: payout.tenant.clone(), alert, subject, at, sentence }
}
