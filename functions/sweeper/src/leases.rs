//! Leases of devices whose time is over: what was not used goes back to the limit that it was taken from (X27). And
//! how many devices have not brought theirs although they should have: the alarm for redemptions that do not sync
//! (V43).

use adapters::table::DueLease;
use adapters::table::keys::LEASE_SHARDS;
use domain::failure::chain;
use domain::lease::LEASE_GRACE_S;
use futures::future::try_join_all;
use jiff::{SignedDuration, Timestamp};
use web::BoxError;

use crate::Deps;

/// The most leases of one shard that a sweep gives back; the next sweep finds the rest.
const LEASES_MAX: u32 = 100;
/// After how many seconds without signal a device whose lease has ended is missed: six hours.
const MISSED_AFTER_S: i64 = 6 * 3_600;

/// Gives back what is due, and tells how many leases that were.
pub(crate) async fn sweep(deps: &Deps, now: Timestamp) -> Result<usize, BoxError> {
    let due = at_most(deps, now).await?;
    let mut returned = 0;
    for lease in &due {
        match give_back(deps, lease).await {
            Ok(given) => returned += usize::from(given),
            // It stays due, and the others are given back all the same.
            Err(error) => {
                let cause = chain(&*error);
                tracing::warn!(error = cause, lease.id = %lease.id, "a lease is given back later");
            }
        }
    }
    // A lease goes back this long after its end, so one that ended six hours ago is due in the rest of that time.
    let missed = SignedDuration::from_secs(LEASE_GRACE_S - MISSED_AFTER_S);
    let missed = at_most(deps, now.saturating_add(missed).unwrap_or(now)).await?;
    let mut unsynced: u32 = 0;
    for due in &missed {
        let lease = deps.table.lease((&due.tenant, &due.device), &due.id).await?;
        unsynced += u32::from(lease.is_some_and(|lease| lease.left() > 0));
    }
    metrics::gauge!("leases_unsynced").set(unsynced);
    Ok(returned)
}

async fn at_most(deps: &Deps, until: Timestamp) -> Result<Vec<DueLease>, BoxError> {
    let shards = (0..LEASE_SHARDS).map(|shard| deps.table.due_leases(shard, until, LEASES_MAX));
    Ok(try_join_all(shards).await?.into_iter().flatten().collect())
}

/// Gives one lease back; `false` where somebody was faster.
async fn give_back(deps: &Deps, due: &DueLease) -> Result<bool, BoxError> {
    let whose = (&due.tenant, &due.device);
    let Some(lease) = deps.table.lease(whose, &due.id).await? else { return Ok(false) };
    let voucher = deps.table.voucher(&lease.voucher).await?;
    let total = voucher.and_then(|voucher| voucher.terms.limits.total);
    let limited = lease.batch.is_some() || total.is_some();
    Ok(deps.table.return_lease(lease, limited).await?.is_ok())
}
