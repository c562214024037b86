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
    let sentence = format!("Payout {id}: {} {next}", trouble.sentence());
    told(payout, kind, trouble.as_str(), (sentence, now))
}

/// Paystack waits for somebody.
pub(crate) fn waits(payout: &Payout, trouble: Trouble, now: Timestamp) -> Alert {
    let sentence = format!("Payout {}: {}", payout.id, trouble.sentence());
    told(payout, AlertKind::TransferWaits, trouble.as_str(), (sentence, now))
}

/// Paystack has had a transfer for hours, and does not say how it ends.
pub(crate) fn slow(payout: &Payout, now: Timestamp) -> Alert {
    let id = &payout.id;
    let sentence = format!(
        "Payout {id}: Paystack has not said for hours how its transfer ends. Look for it in the dashboard; it is asked \
        about again and again."
    );
    told(payout, AlertKind::TransferWaits, "slow", (sentence, now))
}

/// Paystack says that a transfer has succeeded whose money had come back before.
pub(crate) fn paid_after_return(payout: &Payout, attempt: u32, now: Timestamp) -> Alert {
    let id = &payout.id;
    let sentence = format!(
        "Payout {id}: Paystack says that attempt {attempt} has succeeded, after it had come back. The guard may have \
        been paid: look into the case before anything is paid again."
    );
    let cause = format!("success_of_{attempt}");
    told(payout, AlertKind::PayoutNeedsHuman, &cause, (sentence, now))
}

/// Once per attempt and cause.
fn told(
    payout: &Payout,
    alert: AlertKind,
    cause: &str,
    (sentence, at): (String, Timestamp),
) -> Alert {
    let subject = format!("{}-{}:{cause}", payout.id, payout.attempt);
    Alert { tenant: payout.tenant.clone(), alert, subject, at, sentence }
}
