//! Tips that are older than their tenant keeps patrons' words: alias, message and address go, the money stays.
//!
//! Deliberately absent: scans, refused codes and Paystack's events, which the table itself forgets: the first two when
//! their tenant says, and the events after 180 days.

use adapters::table::{StoreError, Table, TipFilter};
use domain::id::TenantId;
use domain::ledger::Reference;
use domain::page::PageSize;
use domain::tip::{Tip, event_without_patron};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

/// Days of tips that one clean-up goes through for one tenant at most; the next one goes on there.
const DAYS_MAX: usize = 400;
/// How often a tip that changes at this moment is looked at again.
const TRIES_MAX: usize = 8;

/// Clears what is too old of every tenant; says how many tips that were.
///
/// # Errors
/// [`StoreError`]; what was cleared up until then stays so.
pub(crate) async fn clear_all(table: &Table, now: Timestamp) -> Result<usize, StoreError> {
    let (mut cleared, mut behind) = (0, None);
    loop {
        // Each tenant has a next night.
        let (nights, next) = table.due_nights(Timestamp::MAX, behind).await?;
        for night in nights {
            cleared += clear(table, &night.tenant, now).await?;
        }
        behind = next;
        if behind.is_none() {
            return Ok(cleared);
        }
    }
}

async fn clear(table: &Table, id: &TenantId, now: Timestamp) -> Result<usize, StoreError> {
    let Some(tenant) = table.tenant(id).await? else { return Ok(0) };
    let months = i64::from(tenant.settings.payouts.retention_months);
    let kept = now.to_zoned(TimeZone::UTC).checked_sub(months.months());
    let kept = kept.map_or(Timestamp::UNIX_EPOCH, |kept| kept.timestamp());
    let mut from = table.cleared_until(id).await?.unwrap_or(tenant.created_at);
    let mut cleared = 0;
    for _ in 0..DAYS_MAX {
        if from >= kept {
            break;
        }
        let day = from.saturating_add(SignedDuration::from_hours(24)).unwrap_or(kept);
        let to = day.min(kept);
        cleared += clear_between(table, id, (from, to)).await?;
        table.note_cleared(id, to).await?;
        from = to;
    }
    Ok(cleared)
}

async fn clear_between(
    table: &Table,
    tenant: &TenantId,
    (from, to): (Timestamp, Timestamp),
) -> Result<usize, StoreError> {
    let filter = TipFilter { from, to, status: None };
    let (mut cleared, mut place) = (0, None);
    loop {
        let page =
            table.tips_of_tenant(tenant, &filter, PageSize::largest(), place.as_ref()).await?;
        for tip in page.entries.into_iter().filter(Tip::names_patron) {
            forget(table, &tip).await?;
            cleared += 1;
        }
        place = page.next;
        if place.is_none() {
            return Ok(cleared);
        }
    }
}

/// Takes the patron out of a tip. One that changes at this moment is looked at again.
async fn forget(table: &Table, tip: &Tip) -> Result<(), StoreError> {
    let reference = tip.reference();
    table.erase_alias(&tip.tenant, &Reference::charge(&reference)).await?;
    // A late event, of a refund for example, may be younger than the tip.
    table.rewrite_webhooks(&tip.tenant, reference.as_str(), event_without_patron).await?;
    for _ in 0..TRIES_MAX {
        let Some(stored) = table.tip(&tip.id).await? else { return Ok(()) };
        if table.replace_tip(&stored.tip.without_patron(), stored.version).await? {
            return Ok(());
        }
    }
    Err(StoreError::Throttled("a tip changes all the time".into()))
}
