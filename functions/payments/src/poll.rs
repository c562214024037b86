//! A tip that is due: nobody has told us what became of its payment, or of a refund of it, so we ask.

use adapters::paystack::RefundWish;
use adapters::table::StoredTip;
use domain::id::TipId;
use domain::money::Money;
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
    let truth = Truth::ask(&deps.paystack, &tip, false).await?;
    let outcome = apply(deps, &tip, &truth).await?;
    let lost = mark(deps, id, outcome, &truth).await?;
    for refund in &lost {
        ask_again(deps, &tip, refund).await?;
    }
    give_up(deps, id).await
}

/// Writes down that we have asked; the refunds that were due, and that Paystack does not have, are ours to ask for
/// again, because nobody else has written this down.
async fn mark(
    deps: &Deps,
    id: &TipId,
    outcome: Outcome,
    truth: &Truth,
) -> Result<Vec<RefundAsked>, Unsettled> {
    let now = deps.ids.now();
    let Some(StoredTip { tip, version }) = deps.table.tip(id).await? else {
        return Err(Unsettled::Gone);
    };
    let lost = lost(&tip, truth, now);
    if lost.is_empty() {
        let step = |tip| asked(tip, outcome, now).map(Step::plain);
        take(deps, id, step).await?;
        return Ok(lost);
    }
    // Onto this version only: whoever loses here asks for nothing.
    let asker = u32::from_be_bytes(deps.ids.bytes());
    let again = |tip: Tip, refund: &RefundAsked| tip.ask_refund_again(&refund.id, asker);
    let next = lost.iter().try_fold(tip.polled(now).map_err(Unsettled::Tip)?, again);
    let ours = deps.table.replace_tip(&next.map_err(Unsettled::Tip)?, version).await?;
    Ok(if ours { lost } else { Vec::new() })
}

fn asked(tip: Tip, outcome: Outcome, now: Timestamp) -> Result<Tip, TipRefused> {
    match outcome {
        Outcome::Quarantined => tip.put_off(now),
        // The patron may try another card, so a failed tip is asked about like any other.
        Outcome::Failed => tip.clone().fail().unwrap_or(tip).polled(now),
        Outcome::Open | Outcome::Paid => tip.polled(now),
    }
}

/// The refunds that are due and that Paystack's list does not have.
///
/// `POST /refund` knows no idempotency, so a second one is safe only when the first has never arrived and never will.
/// The list is read to its end, by the charge's own id, and each of our refunds carries its id there; the first look
/// comes a quarter of an hour after the request, whose connection was given up after seconds. A list that cannot be
/// read, or was not asked for, proves nothing. Each look is written down before the request that may follow it, and
/// the next one comes later than the first did; so no two requests for one refund are ever under way together.
fn lost(tip: &Tip, truth: &Truth, now: Timestamp) -> Vec<RefundAsked> {
    let Some(listed) = &truth.refunds else { return Vec::new() };
    let known =
        |asked: &RefundAsked| listed.iter().any(|seen| asked_as(seen).as_ref() == Some(&asked.id));
    let due = |asked: &&RefundAsked| asked.look_at().is_some_and(|at| at <= now);
    tip.refunds_asked.iter().filter(due).filter(|asked| !known(asked)).cloned().collect()
}

async fn ask_again(deps: &Deps, tip: &Tip, refund: &RefundAsked) -> Result<(), Unsettled> {
    let wish = RefundWish {
        transaction: tip.reference(),
        amount: Money { minor: refund.amount, currency: tip.amount.currency },
        merchant_note: refund.id.to_string(),
        customer_note: refund.reason.as_ref().map(|reason| reason.as_str().to_owned()),
    };
    let id = &refund.id;
    match deps.paystack.refund(&tip.tenant, &wish).await {
        Ok(_) => {
            tracing::info!(event = "refund_asked_again", refund.id = %id, "asked for refund `{id}` again");
            Ok(())
        }
        Err(refused) if refused.reason().is_some() => {
            cases::refund_refused(deps, tip, id, refund.amount).await?;
            take(deps, &tip.id, |tip| tip.drop_refund(id).map(Step::plain)).await.map(drop)
        }
        // The next look finds out.
        Err(unknown) => {
            let cause = domain::failure::chain(&unknown);
            tracing::warn!(error = cause, refund.id = %id, "nobody knows whether refund `{id}` was taken");
            Ok(())
        }
    }
}

/// A refund that was looked for the last time is for a person.
async fn give_up(deps: &Deps, id: &TipId) -> Result<(), Unsettled> {
    let Some(StoredTip { tip, .. }) = deps.table.tip(id).await? else {
        return Err(Unsettled::Gone);
    };
    for refund in tip.refunds_asked.iter().filter(|refund| refund.is_given_up()) {
        cases::refund_needs_attention(deps, &tip, refund.id.as_str(), refund.amount).await?;
    }
    Ok(())
}
