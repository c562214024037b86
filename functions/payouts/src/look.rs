//! What Paystack says of a transfer, and what follows from it. Events, due looks and doubts all end here, so neither
//! the order nor the number of them can matter.

use adapters::paystack::{PaystackError, TransferSeen};
use adapters::table::StoredPayout;
use domain::id::{PayoutId, TenantId};
use domain::ledger::{Reference, TransferNews, TransferReference};
use domain::message::PayoutMessage;
use domain::payout::{Payout, PayoutRefused, PayoutState, Trouble};
use domain::tip::Mismatch;
use jiff::SignedDuration;

use crate::step::{Step, Unsettled, again, take};
use crate::{Deps, alert, cases};

/// Pages of the balance's movements that are read for the fee of a transfer that came back.
const PAGES_MAX: usize = 20;
/// A transfer takes a few seconds to a few minutes; after so long somebody has to ask Paystack.
const SLOW: SignedDuration = SignedDuration::from_hours(6);
/// What the balance's movements call a transfer.
const MODEL: &str = "Transfer";

/// What a transfer's status means (paystack.com/docs/transfers/how-transfers-work).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// It is paid; it may still come back.
    Paid,
    /// It is not paid, or not any more.
    Back(Trouble),
    /// It waits for somebody.
    Waits(Trouble),
    /// It is under way, or in a state that nobody has heard of.
    UnderWay,
}

impl Fate {
    fn of(status: &str) -> Self {
        match status {
            "success" => Fate::Paid,
            "failed" => Fate::Back(Trouble::TransferFailed),
            "reversed" => Fate::Back(Trouble::TransferReversed),
            "abandoned" => Fate::Back(Trouble::TransferAbandoned),
            "blocked" => Fate::Back(Trouble::TransferBlocked),
            "rejected" => Fate::Back(Trouble::TransferRejected),
            "otp" => Fate::Waits(Trouble::Otp),
            "received" => Fate::Waits(Trouble::Approval),
            _ => Fate::UnderWay,
        }
    }
}

/// There is news of a transfer: asks Paystack what, and applies it.
///
/// # Errors
/// [`Unsettled`]: the message has to come again.
pub(crate) async fn news(
    deps: &Deps,
    tenant: &TenantId,
    reference: &TransferReference,
) -> Result<(), Unsettled> {
    let seen = match deps.paystack.verify_transfer(tenant, reference).await {
        Ok(Some(seen)) => seen,
        Ok(None) => {
            tracing::warn!(%tenant, %reference, "Paystack does not know the transfer `{reference}`");
            return Ok(());
        }
        Err(PaystackError::Limited { retry_after_s }) => {
            let (tenant, reference) = (tenant.clone(), reference.clone());
            let message = PayoutMessage::Look { tenant, reference };
            let delay_s = u32::try_from(retry_after_s).unwrap_or(u32::MAX);
            return Ok(deps.queue.send_after(&message, delay_s).await?);
        }
        Err(error) => return Err(error.into()),
    };
    let Some((id, attempt)) = Payout::of_reference(reference) else {
        return cases::unknown_reference(deps, tenant, &seen).await;
    };
    match deps.table.payout(&id).await? {
        // Another tenant's payout is as unknown here as one that never was.
        Some(stored) if stored.payout.tenant == *tenant => {
            apply(deps, stored, attempt, &seen).await
        }
        _ => cases::unknown_reference(deps, tenant, &seen).await,
    }
}

/// Applies what Paystack says of an attempt's transfer.
///
/// # Errors
/// [`Unsettled`]; nothing was written then, or all of it.
pub(crate) async fn apply(
    deps: &Deps,
    stored: StoredPayout,
    attempt: u32,
    seen: &TransferSeen,
) -> Result<(), Unsettled> {
    if let Some(mismatch) = stored.payout.mismatch(attempt, &seen.shown())
        && !is_explained(deps, &stored.payout, seen).await?
    {
        let found = Some(seen);
        cases::mismatch(deps, &stored.payout, &seen.reference, mismatch, found).await?;
        return wait(deps, stored, attempt, Trouble::Mismatch).await;
    }
    match Fate::of(&seen.status) {
        Fate::Paid => paid(deps, stored, attempt, seen).await,
        Fate::Back(trouble) => back(deps, stored, attempt, trouble, Some(seen)).await,
        Fate::Waits(trouble) => wait(deps, stored, attempt, trouble).await,
        Fate::UnderWay => under_way(deps, stored, attempt).await,
    }
}

/// Takes note of a transfer that has just been made. How it ends is asked for: its answer may say "success" of what is
/// only begun, and one that waits for the approval address waits for a moment as a rule.
///
/// # Errors
/// [`Unsettled`]; it is asked about again.
pub(crate) async fn made(
    deps: &Deps,
    stored: StoredPayout,
    seen: &TransferSeen,
) -> Result<(), Unsettled> {
    let attempt = stored.payout.attempt;
    match Fate::of(&seen.status) {
        Fate::Waits(Trouble::Otp) => wait(deps, stored, attempt, Trouble::Otp).await,
        _ => under_way(deps, stored, attempt).await,
    }
}

/// Whether a person has confirmed the payout with a transfer of more: what was too much stands beside it in the ledger.
async fn is_explained(
    deps: &Deps,
    payout: &Payout,
    seen: &TransferSeen,
) -> Result<bool, Unsettled> {
    match (payout.state, seen.id) {
        (PayoutState::Confirmed, Some(id)) => {
            Ok(deps.table.posting(&payout.tenant, &Reference::foreign(id)).await?.is_some())
        }
        _ => Ok(false),
    }
}

async fn paid(
    deps: &Deps,
    stored: StoredPayout,
    attempt: u32,
    seen: &TransferSeen,
) -> Result<(), Unsettled> {
    let now = deps.ids.now();
    let before = stored.payout.clone();
    let news = Some(TransferNews::Success { fee: seen.fee.unwrap_or(0) });
    let confirm =
        |payout: Payout| Ok(Step { payout: payout.confirm(attempt, now)?, news, alert: None });
    match take(deps, stored, confirm).await {
        Ok(Some(confirmed)) => {
            changed(&confirmed.payout);
            Ok(())
        }
        Ok(None) => Ok(()),
        Err(Unsettled::Payout(PayoutRefused::NoWay { .. })) => {
            cases::success_after_return(deps, &before, seen).await?;
            deps.table.insert_alert(&alert::paid_after_return(&before, attempt, now)).await?;
            halt(deps, &before.id).await
        }
        Err(unsettled) => Err(unsettled),
    }
}

/// The guard may have been paid by an attempt that had failed: no other one begins by itself.
async fn halt(deps: &Deps, id: &PayoutId) -> Result<(), Unsettled> {
    let now = deps.ids.now();
    let stored = again(deps, id).await?;
    take(deps, stored, |payout| payout.halt(now).map(Step::plain)).await.map(drop)
}

/// The attempt is over, and its money is the guard's again. `seen` is nothing where no transfer exists.
///
/// # Errors
/// [`Unsettled`].
pub(crate) async fn back(
    deps: &Deps,
    stored: StoredPayout,
    attempt: u32,
    trouble: Trouble,
    seen: Option<&TransferSeen>,
) -> Result<(), Unsettled> {
    let now = deps.ids.now();
    let is_reversal = stored.payout.state == PayoutState::Confirmed;
    let fee_back = match seen.filter(|_| is_reversal && stored.payout.attempt == attempt) {
        Some(seen) => fee_back(deps, &stored.payout, seen).await?,
        None => 0,
    };
    let give_back = |payout: Payout| {
        // What its fee is was asked for one that had been paid, or was not.
        if (payout.state == PayoutState::Confirmed) != is_reversal {
            return Err(PayoutRefused::Changed);
        }
        let payout = payout.give_back(attempt, trouble, now)?;
        let alert = Some(alert::failed(&payout, trouble, now));
        Ok(Step { payout, news: Some(TransferNews::Returned { fee_back }), alert })
    };
    if let Some(returned) = take(deps, stored, give_back).await? {
        changed(&returned.payout);
    }
    Ok(())
}

/// What of its fee came back with a transfer that had been paid: the movement of the balance has both in one. Nothing
/// where there is no such movement; then the comparison of the books finds what is missing.
async fn fee_back(deps: &Deps, payout: &Payout, seen: &TransferSeen) -> Result<i64, Unsettled> {
    let (tenant, since, mut place) = (&payout.tenant, payout.changed_at, None);
    let Some(id) = seen.id else { return Ok(0) };
    for _ in 0..PAGES_MAX {
        let page = deps.paystack.balance_ledger(tenant, since, place.as_ref()).await?;
        let returned = page.rows.iter().find(|row| {
            row.model == MODEL && row.model_row == Some(id) && row.difference >= seen.amount
        });
        if let Some(row) = returned {
            return Ok(row.difference.saturating_sub(seen.amount));
        }
        place = page.next;
        if place.is_none() {
            break;
        }
    }
    Ok(0)
}

/// Somebody has to act before the transfer goes on: the operators are told once.
async fn wait(
    deps: &Deps,
    stored: StoredPayout,
    attempt: u32,
    trouble: Trouble,
) -> Result<(), Unsettled> {
    let now = deps.ids.now();
    let waits = |payout: Payout| payout.wait_for(attempt, trouble, now);
    if let Ok((payout, true)) = waits(stored.payout.clone()) {
        // Before the payout is written, so that whoever dies in between tells it again, which is told once.
        deps.table.insert_alert(&alert::waits(&payout, trouble, now)).await?;
    }
    take(deps, stored, |payout| Ok(Step::plain(waits(payout)?.0))).await.map(drop)
}

/// Nothing is decided: a transfer that was in doubt is not any more, and one that is under way is looked at again.
async fn under_way(deps: &Deps, stored: StoredPayout, attempt: u32) -> Result<(), Unsettled> {
    let now = deps.ids.now();
    let look_again = |payout: Payout| {
        if payout.attempt != attempt || !payout.state.is_in_transit() {
            return Err(PayoutRefused::Repeated);
        }
        match payout.state {
            PayoutState::Reserved => payout.sent(attempt, now).map(Step::plain),
            _ => Ok(Step::plain(payout.look_again(now))),
        }
    };
    let Some(looked) = take(deps, stored, look_again).await? else { return Ok(()) };
    if now.duration_since(looked.payout.changed_at) >= SLOW {
        deps.table.insert_alert(&alert::slow(&looked.payout, now)).await?;
    }
    Ok(())
}

/// Looks at a transfer that Paystack has taken and that is due.
///
/// # Errors
/// [`Unsettled`]; the payout stays due.
pub(crate) async fn after(deps: &Deps, stored: StoredPayout) -> Result<(), Unsettled> {
    let attempt = stored.payout.attempt;
    let reference = TransferReference::of(&stored.payout.id, attempt);
    match deps.paystack.verify_transfer(&stored.payout.tenant, &reference).await? {
        Some(seen) => apply(deps, stored, attempt, &seen).await,
        // A person has looked, and it is still gone.
        None if stored.payout.is_decided() => lost(deps, stored).await,
        // It was taken and is gone: nothing is sent again, a person has to ask Paystack.
        None => {
            let (payout, status) = (&stored.payout, Mismatch::Status);
            cases::mismatch(deps, payout, &reference, status, None).await?;
            wait(deps, stored, attempt, Trouble::Mismatch).await
        }
    }
}

/// A transfer that Paystack has taken is gone, and a person has decided what follows.
async fn lost(deps: &Deps, stored: StoredPayout) -> Result<(), Unsettled> {
    let (attempt, now) = (stored.payout.attempt, deps.ids.now());
    let news = Some(TransferNews::Returned { fee_back: 0 });
    let lose = |payout: Payout| Ok(Step { payout: payout.lose(attempt, now)?, news, alert: None });
    if let Some(lost) = take(deps, stored, lose).await? {
        changed(&lost.payout);
    }
    Ok(())
}

fn changed(payout: &Payout) {
    let state = payout.state.as_str();
    metrics::counter!("payouts_total", "state" => state).increment(1);
    tracing::info!(
        event = "payout_changed", payout.id = %payout.id, state,
        "payout `{}` is now {state}", payout.id,
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_words_that_are_known_decide_anything() {
        let check = |status: &str, expected: Fate| assert_eq!(Fate::of(status), expected);
        check("success", Fate::Paid);
        check("failed", Fate::Back(Trouble::TransferFailed));
        check("reversed", Fate::Back(Trouble::TransferReversed));
        check("abandoned", Fate::Back(Trouble::TransferAbandoned));
        check("blocked", Fate::Back(Trouble::TransferBlocked));
        check("rejected", Fate::Back(Trouble::TransferRejected));
        check("otp", Fate::Waits(Trouble::Otp));
        check("received", Fate::Waits(Trouble::Approval));
        for status in ["pending", "processing", "queued", "", "Success"] {
            check(status, Fate::UnderWay);
        }
    }
}
