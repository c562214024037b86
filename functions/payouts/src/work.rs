//! Payouts that are due: those under way are looked at, and the others wait for the tenant's turn.

use adapters::queue::DELAY_MAX_S;
use adapters::table::{SLOT_STEP_S, Slot, StoredPayout};
use domain::id::{PayoutId, TenantId};
use domain::message::PayoutMessage;
use domain::payout::PayoutState;
use futures::stream::{StreamExt, iter};
use jiff::{SignedDuration, Timestamp};

use crate::look;
use crate::pause::is_paused;
use crate::send::Sent;
use crate::step::Unsettled;
use crate::turn::turn;
use crate::{AT_ONCE, Deps};

/// For how long the slot is taken; longer than the function may run, so that nobody else is at it meanwhile.
const LEASE_S: i64 = 150;
/// What is due stays due, so the next minute's sweep brings it again: it stands in line for no longer than that.
const DUE_LINE_S: i64 = 60;

/// Takes each of the payouts on, as far as it goes now.
///
/// # Errors
/// [`Unsettled`]: the message has to come again. What was written until then stays.
pub(crate) async fn work(
    deps: &Deps,
    tenant: &TenantId,
    ids: &[PayoutId],
) -> Result<(), Unsettled> {
    let now = deps.ids.now();
    let stored = deps.table.payouts_by_id(ids).await?.into_iter();
    let mine = stored.filter(|stored| stored.payout.tenant == *tenant);
    let (under_way, others): (Vec<_>, Vec<_>) =
        mine.partition(|stored| stored.payout.state == PayoutState::Sent);
    let due = under_way.into_iter().filter(|stored| is_due(stored, now));
    let looks = iter(due).map(|stored| look::after(deps, stored)).buffer_unordered(AT_ONCE);
    let mut failed: Vec<Unsettled> =
        looks.filter_map(|outcome| async { outcome.err() }).collect().await;
    // What nobody can tell now is asked for again by the next sweep.
    failed.retain(|unsettled| !matches!(unsettled, Unsettled::Paystack(_)));
    let ready: Vec<_> = others.into_iter().filter(|stored| is_ready(stored, now)).collect();
    if !ready.is_empty() {
        failed.extend(in_turn(deps, tenant, ready, now).await?);
    }
    all(failed)
}

fn is_due(stored: &StoredPayout, now: Timestamp) -> bool {
    stored.payout.due_at.is_some_and(|due| due <= now)
}

/// Whether something may have to be sent.
fn is_ready(stored: &StoredPayout, now: Timestamp) -> bool {
    match stored.payout.state {
        PayoutState::Planned | PayoutState::Reserved => true,
        PayoutState::Returned => is_due(stored, now),
        PayoutState::Sent
        | PayoutState::Confirmed
        | PayoutState::NeedsHuman
        | PayoutState::Cancelled
        | PayoutState::Reversed => false,
    }
}

/// Takes the slot and what is ready a turn on, or stands in line for it.
async fn in_turn(
    deps: &Deps,
    tenant: &TenantId,
    ready: Vec<StoredPayout>,
    now: Timestamp,
) -> Result<Vec<Unsettled>, Unsettled> {
    let comes_again = ready.iter().all(|stored| is_due(stored, now));
    let line_s = if comes_again { DUE_LINE_S } else { i64::from(DELAY_MAX_S) };
    let lease = after(now, LEASE_S);
    let ids = || ready.iter().map(|stored| stored.payout.id.clone()).collect();
    match deps.table.take_transfer_slot(tenant, (lease, after(now, line_s)), now).await? {
        Slot::Line { until } => later(deps, tenant, ids(), seconds(now, until)).await?,
        Slot::Full if comes_again => {}
        Slot::Full => later(deps, tenant, ids(), DELAY_MAX_S).await?,
        Slot::Ours => return with_slot(deps, tenant, ready, lease).await,
    }
    Ok(Vec::new())
}

async fn with_slot(
    deps: &Deps,
    tenant: &TenantId,
    ready: Vec<StoredPayout>,
    lease: Timestamp,
) -> Result<Vec<Unsettled>, Unsettled> {
    let sent = match is_paused(deps, tenant).await {
        Ok(is_paused) => turn(deps, tenant, ready, is_paused).await,
        Err(error) => Sent { failed: vec![error], ..Sent::default() },
    };
    let rest_s = sent.limited_s.map_or(0, |seconds| i64::try_from(seconds).unwrap_or(i64::MAX));
    let rest_s = if sent.bulk { rest_s.max(SLOT_STEP_S) } else { rest_s };
    let now = deps.ids.now();
    deps.table.release_transfer_slot(tenant, lease, after(now, rest_s)).await?;
    if !sent.left.is_empty() {
        let delay_s = u32::try_from(rest_s).unwrap_or(u32::MAX);
        later(deps, tenant, sent.left, delay_s).await?;
    }
    Ok(sent.failed)
}

/// Sends what is left anew, to arrive when it is worth trying.
async fn later(
    deps: &Deps,
    tenant: &TenantId,
    payouts: Vec<PayoutId>,
    delay_s: u32,
) -> Result<(), Unsettled> {
    let message = PayoutMessage::Work { tenant: tenant.clone(), payouts };
    Ok(deps.queue.send_after(&message, delay_s).await?)
}

fn after(now: Timestamp, seconds: i64) -> Timestamp {
    now.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}

/// Whole seconds from one instant to another, rounded up.
fn seconds(from: Timestamp, to: Timestamp) -> u32 {
    let ms = to.duration_since(from).as_millis().max(0);
    u32::try_from(ms.saturating_add(999) / 1000).unwrap_or(u32::MAX)
}

/// Names one of the failures, and how many there are.
fn all(failed: Vec<Unsettled>) -> Result<(), Unsettled> {
    let count = failed.len();
    match failed.into_iter().next() {
        None => Ok(()),
        Some(only) if count == 1 => Err(only),
        Some(first) => Err(Unsettled::Several { count, first: Box::new(first) }),
    }
}
