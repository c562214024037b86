//! Sets the money of a payout's next attempt aside, in one transaction with the attempt's reference: from then on the
//! attempt is either seen to its end or given back.

use adapters::table::{GuardBalances, StoredPayout};
use domain::ledger::payout_start;
use domain::payout::{Payout, PayoutRefused, PayoutState, Trouble};
use jiff::Timestamp;

use crate::Deps;
use crate::funds::funds;
use crate::step::{Patience, Step, Unsettled, again, post, take};

/// Begins a payout's next attempt. `None` where somebody else is at it, it is not its time, or it is given up because
/// it cannot be paid any more: then the money waits for the next run.
///
/// # Errors
/// [`Unsettled`]; it may have been written, and is asked about at the next look.
pub(crate) async fn reserve(
    deps: &Deps,
    mut stored: StoredPayout,
) -> Result<Option<StoredPayout>, Unsettled> {
    let mut patience = Patience::new();
    loop {
        let payout = &stored.payout;
        let currency = payout.amount.currency;
        let balances = deps.table.guard_balances(&payout.tenant, &payout.guard, currency).await?;
        let now = deps.ids.now();
        if let Some(trouble) = obstacle(deps, payout, &balances, now).await? {
            cancel(deps, stored, trouble).await?;
            return Ok(None);
        }
        let funds = funds(deps, payout, &balances).await?;
        let reserved = match payout.clone().reserve(funds, now) {
            Ok(reserved) => reserved,
            Err(PayoutRefused::NotAvailable) => {
                cancel(deps, stored, Trouble::NotAvailable).await?;
                return Ok(None);
            }
            Err(_) => return Ok(None),
        };
        let start = payout_start(&reserved.id, reserved.attempt, &reserved.guard, reserved.amount)?;
        let version = stored.version.saturating_add(1);
        if post(deps, &stored, &Step::plain(reserved.clone()), &start).await? {
            return Ok(Some(StoredPayout { payout: reserved, version }));
        }
        patience.wait(deps).await?;
        stored = again(deps, &stored.payout.id).await?;
    }
}

/// What has come between the plan and the payment.
async fn obstacle(
    deps: &Deps,
    payout: &Payout,
    balances: &GuardBalances,
    now: Timestamp,
) -> Result<Option<Trouble>, Unsettled> {
    if !matches!(payout.state, PayoutState::Planned | PayoutState::Returned) {
        return Ok(None);
    }
    if balances.payout.as_ref().is_some_and(|open| *open != payout.id) {
        return Ok(Some(Trouble::OtherOpen));
    }
    let guard = deps.table.guard(&payout.tenant, &payout.guard).await?.ok_or(Unsettled::Gone)?;
    let account = guard.payout_account.as_ref();
    if account.is_none_or(|account| account.recipient_code != payout.recipient) {
        return Ok(Some(Trouble::AccountChanged));
    }
    let is_held = guard.payout_hold_until.is_some_and(|until| until > now);
    Ok(is_held.then_some(Trouble::AccountHeld))
}

/// Gives a payout up of which nothing is set aside.
async fn cancel(deps: &Deps, stored: StoredPayout, trouble: Trouble) -> Result<(), Unsettled> {
    let now = deps.ids.now();
    tracing::info!(
        event = "payout_cancelled", payout.id = %stored.payout.id, trouble = trouble.as_str(),
        "payout `{}` is given up: {}", stored.payout.id, trouble.sentence(),
    );
    metrics::counter!("payouts_total", "state" => PayoutState::Cancelled.as_str()).increment(1);
    if stored.payout.state == PayoutState::Planned {
        let cancel = |payout: Payout| payout.cancel(trouble, now).map(Step::plain);
        return match take(deps, stored, cancel).await {
            Err(Unsettled::Payout(PayoutRefused::NoWay { .. })) => Ok(()),
            outcome => outcome.map(drop),
        };
    }
    release(deps, stored, trouble, now).await
}

/// The same for one that holds its guard: both are let go together.
async fn release(
    deps: &Deps,
    mut stored: StoredPayout,
    trouble: Trouble,
    now: Timestamp,
) -> Result<(), Unsettled> {
    let mut patience = Patience::new();
    while let Ok(cancelled) = stored.payout.clone().cancel(trouble, now) {
        let payout = &stored.payout;
        let currency = payout.amount.currency;
        let balances = deps.table.guard_balances(&payout.tenant, &payout.guard, currency).await?;
        let read = stored.version;
        if deps.table.release_payout(&cancelled, read, &balances, Vec::new()).await? {
            return Ok(());
        }
        patience.wait(deps).await?;
        stored = again(deps, &stored.payout.id).await?;
    }
    Ok(())
}
