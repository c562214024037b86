//! Codes of loyalty whose time has been over for two days (L13). The table forgets them by itself as well, when it gets
//! round to it.
//!
//! Deliberately absent: which code is a customer's present one. That is one record for each, and the table forgets it.

use adapters::table::{StoreError, Table};
use domain::id::{RestaurantId, TenantId};
use domain::page::PageSize;
use jiff::Timestamp;

/// The most codes that one clean-up looks at for one restaurant; the next one goes on with what is left.
const TOKENS_MAX: usize = 10_000;

/// Forgets what is long over of every tenant; says how many codes that were.
///
/// # Errors
/// [`StoreError`]; what was forgotten up until then stays so.
pub(crate) async fn forget_all(table: &Table, now: Timestamp) -> Result<usize, StoreError> {
    let (mut forgotten, mut behind) = (0, None);
    loop {
        // Each tenant has a next night.
        let (nights, next) = table.due_nights(Timestamp::MAX, behind).await?;
        for night in nights {
            forgotten += forget_of_tenant(table, &night.tenant, now).await?;
        }
        behind = next;
        if behind.is_none() {
            return Ok(forgotten);
        }
    }
}

async fn forget_of_tenant(
    table: &Table,
    tenant: &TenantId,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let (mut forgotten, mut place) = (0, None);
    loop {
        let page = table.restaurants(tenant, PageSize::largest(), place.as_ref()).await?;
        for restaurant in &page.entries {
            forgotten += forget_of(table, (tenant, &restaurant.id), now).await?;
        }
        place = page.next;
        if place.is_none() {
            return Ok(forgotten);
        }
    }
}

/// Goes through a restaurant's codes from the first one on, and stops at one that is not long over: whatever comes
/// behind it is younger.
async fn forget_of(
    table: &Table,
    whose: (&TenantId, &RestaurantId),
    now: Timestamp,
) -> Result<usize, StoreError> {
    let (mut forgotten, mut place) = (0, None);
    while forgotten < TOKENS_MAX {
        let size = PageSize::largest();
        let page = table.oldest_tokens_of_restaurant(whose, size, place.as_ref()).await?;
        for token in &page.entries {
            if now < token.forgotten_at() {
                return Ok(forgotten);
            }
            table.delete_loyalty_token(&token.hash).await?;
            forgotten += 1;
        }
        place = page.next;
        if place.is_none() {
            break;
        }
    }
    Ok(forgotten)
}
