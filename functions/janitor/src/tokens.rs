//! Codes of loyalty whose time has been over for two days (L13). The table forgets them by itself as well, when it gets
//! round to it.
//!
//! Deliberately absent: which code is a customer's present one. That is one record for each, and the table forgets it.

use adapters::table::{StoreError, Table};
use domain::id::{RestaurantId, TenantId};
use domain::loyalty_token::TokenHash;
use domain::page::PageSize;
use futures::future::try_join_all;
use jiff::Timestamp;

/// The most codes that one clean-up forgets; the next one, and the table itself, go on with what is left.
const TOKENS_MAX: usize = 50_000;
/// Codes that are forgotten at the same time.
const AT_ONCE: usize = 32;

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
            let most = TOKENS_MAX.saturating_sub(forgotten);
            forgotten += forget_of_tenant(table, (&night.tenant, most), now).await?;
        }
        behind = next;
        if behind.is_none() || forgotten >= TOKENS_MAX {
            return Ok(forgotten);
        }
    }
}

async fn forget_of_tenant(
    table: &Table,
    (tenant, most): (&TenantId, usize),
    now: Timestamp,
) -> Result<usize, StoreError> {
    let (mut forgotten, mut place) = (0, None);
    loop {
        let page = table.restaurants(tenant, PageSize::largest(), place.as_ref()).await?;
        for restaurant in &page.entries {
            let most = most.saturating_sub(forgotten);
            forgotten += forget_of(table, (tenant, &restaurant.id), most, now).await?;
        }
        place = page.next;
        if place.is_none() || forgotten >= most {
            return Ok(forgotten);
        }
    }
}

/// Goes through a restaurant's codes from the first one on, and stops at one that is not long over: whatever comes
/// behind it is younger.
async fn forget_of(
    table: &Table,
    whose: (&TenantId, &RestaurantId),
    most: usize,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let (mut forgotten, mut place) = (0, None);
    while forgotten < most {
        let size = PageSize::largest();
        let page = table.oldest_tokens_of_restaurant(whose, size, place.as_ref()).await?;
        let tokens = page.entries.len();
        let old = page.entries.into_iter().take_while(|token| token.forgotten_at() <= now);
        let old: Vec<TokenHash> = old.map(|token| token.hash).collect();
        for some in old.chunks(AT_ONCE) {
            try_join_all(some.iter().map(|hash| table.delete_loyalty_token(hash))).await?;
        }
        forgotten += old.len();
        place = page.next;
        if place.is_none() || old.len() < tokens {
            break;
        }
    }
    Ok(forgotten)
}
