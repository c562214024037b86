//! Vouchers that many people look at and nobody redeems (V42): how many there are, for the alarm.
//!
//! Deliberately absent: a decision. A voucher may be looked at for good reasons.

use adapters::table::{Counted, StoreError, Table};
use domain::id::TenantId;
use domain::page::PageSize;
use domain::scan::CodeSubject;
use domain::tally::{HourKey, fact, name};
use domain::voucher::{Voucher, VoucherState};
use jiff::{SignedDuration, Timestamp};

/// The days that are looked at.
const DAYS: i64 = 7;
/// Fewer scans than this say nothing.
const SCANS_MIN: i64 = 100;
/// Redemptions of a thousand scans below which the conversion is low.
const LOW_PERMILLE: i64 = 10;

/// The number of vouchers, of all tenants, that convert badly.
///
/// # Errors
/// [`StoreError`].
pub(crate) async fn count_low(table: &Table, now: Timestamp) -> Result<u32, StoreError> {
    let (mut low, mut behind) = (0, None);
    loop {
        // Each tenant has a next night.
        let (nights, next) = table.due_nights(Timestamp::MAX, behind).await?;
        for night in nights {
            low += count_of(table, &night.tenant, now).await?;
        }
        behind = next;
        if behind.is_none() {
            return Ok(low);
        }
    }
}

async fn count_of(table: &Table, tenant: &TenantId, now: Timestamp) -> Result<u32, StoreError> {
    let (mut low, mut place) = (0, None);
    loop {
        let page = table.vouchers_of_tenant(tenant, PageSize::largest(), place.as_ref()).await?;
        for voucher in &page.entries {
            if voucher.state(now, None) == VoucherState::Published {
                low += u32::from(is_low(table, voucher, now).await?);
            }
        }
        place = page.next;
        if place.is_none() {
            return Ok(low);
        }
    }
}

async fn is_low(table: &Table, voucher: &Voucher, now: Timestamp) -> Result<bool, StoreError> {
    let since = now.saturating_sub(SignedDuration::from_hours(24 * DAYS)).unwrap_or(now);
    let subject = CodeSubject::Voucher(voucher.id.clone());
    let of = Counted::Code(voucher.tenant.clone(), subject);
    let bounds = [since, now].map(|at| HourKey::of(at).to_string());
    let hours = table.hours(&of, &bounds[0], &bounds[1]).await?;
    let sum = |counter: &str| hours.iter().filter_map(|(_, counts)| counts.get(counter)).sum();
    let (scans, redeemed): (i64, i64) = (sum(name::PEOPLE), sum(fact::REDEEMED));
    let low = scans >= SCANS_MIN && redeemed.saturating_mul(1_000) < scans * LOW_PERMILLE;
    if low {
        let voucher = &voucher.id;
        tracing::warn!(event = "low_conversion", %voucher, scans, redeemed, "few of the visitors of voucher `{voucher}` redeem it");
    }
    Ok(low)
}
