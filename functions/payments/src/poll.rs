//! A tip that is due: nobody has told us what became of its payment, or of a refund of it, so we ask.

use adapters::table::StoredTip;
use domain::id::TipId;
use domain::tip::{RefundAsked, Tip, TipRefused};
use jiff::Timestamp;

use crate::Deps;
use crate::cases;
use crate::post::{Step, Unsettled, take};
use crate::settle::{Outcome, apply, asked_as};
use crate::truth::Truth;

/// Asks about a tip, unless somebody has since it was found due.
///
/// # Errors
/// [`Unsettled`]; the tip stays due then.
pub(crate) async fn poll(deps: &Deps, id: &TipId) -> Result<(), Unsettled> {
    let Some(StoredTip { tip, .. }) = deps.table.tip(id).await? else {
        return Err(Unsettled::Gone);
    };
    if tip.poll_at().is_none_or(|at| at > deps.ids.now()) {
        return Ok(());
    }
    match settle(deps, tip).await {
        Ok(()) => Ok(()),
        Err(unsettled) => put_off(deps, id, unsettled).await,
    }
}

async fn settle(deps: &Deps, tip: Tip) -> Result<(), Unsettled> {
    let id = &tip.id;
    let truth = Truth::ask(&deps.paystack, &tip, false).await?;
    let outcome = apply(deps, &tip, &truth).await?;
    let now = deps.ids.now();
    take(deps, id, |tip| asked(tip, outcome, now).map(Step::plain)).await?;
    for refund in missing(&tip, &truth, now) {
        cases::refund_needs_attention(deps, &tip, refund.id.as_str(), refund.amount).await?;
    }
    give_up(deps, id).await
}

/// A tip that nobody can settle by asking again is put off to its next turn, so that it does not stand in the way of
/// the others: its tenant has taken its key away, or Paystack's answer makes no sense.
async fn put_off(deps: &Deps, id: &TipId, unsettled: Unsettled) -> Result<(), Unsettled> {
    if unsettled.passes() {
        return Err(unsettled);
    }
    let now = deps.ids.now();
    take(deps, id, |tip| tip.put_off(now).map(Step::plain)).await?;
    Err(unsettled)
}

fn asked(tip: Tip, outcome: Outcome, now: Timestamp) -> Result<Tip, TipRefused> {
    match outcome {
        Outcome::Quarantined => tip.put_off(now),
        // The patron may try another card, so a failed tip is asked about like any other.
        Outcome::Failed => tip.clone().fail().unwrap_or(tip).polled(now),
        Outcome::Open | Outcome::Paid => tip.polled(now),
    }
}

/// The refunds that are due and that Paystack's list does not have: whether the request never arrived or the list lags
/// or leaves our note out, nobody can tell from here. `POST /refund` knows no idempotency, so it is not sent again; a
/// person looks at Paystack's own pages.
fn missing(tip: &Tip, truth: &Truth, now: Timestamp) -> Vec<RefundAsked> {
    let Some(listed) = &truth.refunds else { return Vec::new() };
    let known =
        |asked: &RefundAsked| listed.iter().any(|seen| asked_as(seen).as_ref() == Some(&asked.id));
    let due = |asked: &&RefundAsked| asked.look_at().is_some_and(|at| at <= now);
    tip.refunds_asked.iter().filter(due).filter(|asked| !known(asked)).cloned().collect()
}

/// A refund that was looked for the last time is for a person, and no longer counts against the rest of the tip.
async fn give_up(deps: &Deps, id: &TipId) -> Result<(), Unsettled> {
    let Some(StoredTip { tip, .. }) = deps.table.tip(id).await? else {
        return Err(Unsettled::Gone);
    };
    for refund in tip.refunds_asked.iter().filter(|refund| refund.is_given_up()) {
        cases::refund_needs_attention(deps, &tip, refund.id.as_str(), refund.amount).await?;
        take(deps, id, |tip| tip.drop_refund(&refund.id).map(Step::plain)).await?;
    }
    Ok(())
}
