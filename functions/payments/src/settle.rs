//! Applies the truth about a charge to its tip: the charge, then refunds and disputes by their ids. What was applied
//! before is left out, so the number and the order of the reasons to ask do not matter.

use adapters::paystack::{DisputeSeen, RefundSeen};
use domain::id::{RefundId, TipId};
use domain::ledger::Reference;
use domain::tip::{DisputeState, Mismatch, Tip, TipRefused, Verdict};

use crate::Deps;
use crate::cases::{self, Odd};
use crate::post::{Entry, Step, Unsettled, take};
use crate::truth::Truth;

/// What is known of the payment once the truth is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It has arrived.
    Paid,
    /// It has not, or not yet.
    Open,
    /// It failed.
    Failed,
    /// A person has to look at it.
    Quarantined,
}

/// Applies all that is new of the truth.
///
/// # Errors
/// [`Unsettled`]; what was applied until then stays, and the next time goes on from there.
pub(crate) async fn apply(deps: &Deps, tip: &Tip, truth: &Truth) -> Result<Outcome, Unsettled> {
    let outcome = charge(deps, tip, truth).await?;
    if outcome != Outcome::Paid {
        return Ok(outcome);
    }
    for refund in truth.refunds.iter().flatten() {
        self::refund(deps, tip, refund).await?;
    }
    for dispute in &truth.disputes {
        self::dispute(deps, tip, dispute).await?;
    }
    if truth.refunds.is_some() {
        // From the tip, not from what was done just now: whoever died in between has opened no case.
        excess(deps, &tip.id).await?;
    }
    Ok(Outcome::Paid)
}

async fn charge(deps: &Deps, tip: &Tip, truth: &Truth) -> Result<Outcome, Unsettled> {
    let verdict = match &truth.charge {
        _ if tip.status().is_paid() => return Ok(Outcome::Paid),
        None => return Ok(Outcome::Open),
        Some(facts) => tip.judge(facts),
    };
    match verdict {
        Verdict::NotYet => Ok(Outcome::Open),
        Verdict::Failed => Ok(Outcome::Failed),
        Verdict::Quarantine(mismatch) => {
            cases::mismatch(deps, tip, truth, mismatch).await?;
            Ok(Outcome::Quarantined)
        }
        Verdict::Credit(credit) => {
            let now = deps.ids.now();
            let paid = |tip: Tip| Ok(Step { tip: tip.succeed(credit, now)?, entry: Entry::Charge });
            if take(deps, &tip.id, paid).await?.is_some() {
                metrics::counter!("tips_succeeded_total").increment(1);
                tracing::info!(event = "tip_succeeded", tip.id = %tip.id, "tip `{}` was paid", tip.id);
            }
            Ok(Outcome::Paid)
        }
    }
}

async fn refund(deps: &Deps, tip: &Tip, seen: &RefundSeen) -> Result<(), Unsettled> {
    let odd = Odd { cause: Reference::refund(seen.id), currency: Some(&seen.currency) };
    let asked = asked_as(seen);
    match seen.status.as_str() {
        "processed" => {
            let Some(amount) = odd.check(deps, tip, Some(seen.amount)).await? else {
                return Ok(());
            };
            give(deps, tip, |tip| tip.refund(seen.id, amount, asked.as_ref())).await
        }
        "failed" => {
            cases::refund_failed(deps, tip, &odd.cause, seen.amount).await?;
            let Some(asked) = asked else { return Ok(()) };
            let dropped = |tip: Tip| tip.drop_refund(&asked).map(Step::plain);
            take(deps, &tip.id, dropped).await.map(drop)
        }
        "needs-attention" => {
            cases::refund_needs_attention(deps, tip, odd.cause.as_str(), seen.amount).await
        }
        // Under way, or in a state that nobody has heard of: an event tells when that changes.
        _ => Ok(()),
    }
}

/// The refund of ours that it is, when it is one.
pub(crate) fn asked_as(seen: &RefundSeen) -> Option<RefundId> {
    seen.merchant_note.as_deref().and_then(|note| RefundId::parse(note).ok())
}

async fn dispute(deps: &Deps, tip: &Tip, seen: &DisputeSeen) -> Result<(), Unsettled> {
    let doubt = |tip: Tip| tip.doubt_dispute(seen.id);
    match DisputeState::of(&seen.status, seen.resolution.as_deref()) {
        DisputeState::Open => give(deps, tip, |tip| tip.dispute(seen.id)).await,
        DisputeState::Won => give(deps, tip, |tip| tip.win_dispute(seen.id)).await,
        DisputeState::Lost => {
            // Lost for nothing: the money stays where it is.
            if seen.refund_amount == Some(0) {
                return give(deps, tip, |tip| tip.win_dispute(seen.id)).await;
            }
            let currency = seen.currency.as_deref();
            let odd = Odd { cause: Reference::dispute(seen.id), currency };
            let Some(amount) = odd.check(deps, tip, seen.refund_amount).await? else {
                return give(deps, tip, doubt).await;
            };
            give(deps, tip, |tip| tip.lose_dispute(seen.id, amount)).await
        }
        DisputeState::Unclear => {
            cases::dispute_unclear(deps, tip, &Reference::dispute(seen.id)).await?;
            give(deps, tip, doubt).await
        }
    }
}

/// A step by which money may go back.
async fn give(
    deps: &Deps,
    tip: &Tip,
    step: impl Fn(Tip) -> Result<Tip, TipRefused>,
) -> Result<(), Unsettled> {
    let with_entry = |tip: Tip| {
        let before = tip.returns.len();
        Ok(Step::returned(step(tip)?, before))
    };
    if let Some(tip) = take(deps, &tip.id, with_entry).await? {
        let status = tip.status();
        tracing::info!(event = "tip_changed", tip.id = %tip.id, %status, "tip `{}` is now {status}", tip.id);
    }
    Ok(())
}

/// Opens a case for each return that wanted more than was left.
async fn excess(deps: &Deps, id: &TipId) -> Result<(), Unsettled> {
    let stored = deps.table.tip(id).await?.ok_or(Unsettled::Gone)?;
    for back in stored.tip.returns.iter().filter(|back| back.excess() > 0) {
        cases::return_exceeds_charge(deps, &stored.tip, back).await?;
    }
    Ok(())
}

/// The mismatch of an event that says "collected" while its verification does not, again and again.
pub(crate) async fn contradiction(deps: &Deps, tip: &Tip, truth: &Truth) -> Result<(), Unsettled> {
    cases::mismatch(deps, tip, truth, Mismatch::Status).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refund_is_ours_by_its_note_alone() {
        let check = |note: Option<&str>, ours: bool| {
            let seen = RefundSeen {
                id: 1,
                status: "pending".to_owned(),
                amount: 1,
                currency: "NGN".to_owned(),
                merchant_note: note.map(str::to_owned),
            };
            assert_eq!(asked_as(&seen).is_some(), ours, "{note:?}");
        };
        check(Some(&format!("rfd_{}", "0".repeat(26))), true);
        check(Some("Refund for transaction 7"), false);
        check(Some(""), false);
        check(None, false);
    }
}
