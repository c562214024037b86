//! What tips and payouts came to in a period, read from the ledger's own transactions.
//!
//! Deliberately absent: how it is grouped; whoever reads adds up by day, by guard or by post.

use domain::id::{GuardId, TenantId};
use domain::money::Currency;
use domain::takings::Takings;
use jiff::Timestamp;

use crate::table::{Month, Place, StoreError, StoredPosting, Table};

/// How many stretches of the ledger one report reads at most; each has a hundred transactions or more, so that this is
/// about what a page can wait for.
const STRETCHES_MAX: usize = 400;

/// One transaction that concerns a guard.
#[derive(Clone, Debug)]
pub struct Taking {
    /// The transaction.
    pub posting: StoredPosting,
    /// Whose money it moves.
    pub guard: GuardId,
    /// In what.
    pub currency: Currency,
    /// What it meant.
    pub takings: Takings,
}

/// Reads what was posted since `from` and before `until`, oldest first; answers whether that was all of it. What was
/// written a moment ago may still be missing.
///
/// # Errors
/// [`StoreError`].
pub async fn read(
    table: &Table,
    tenant: &TenantId,
    (from, until): (Timestamp, Timestamp),
    mut each: impl FnMut(Taking),
) -> Result<bool, StoreError> {
    let mut stretches = 0;
    for month in Month::between(from, until) {
        let mut place = Some(Place::before(from));
        while let Some(behind) = place {
            if stretches == STRETCHES_MAX {
                return Ok(false);
            }
            stretches += 1;
            let stretch = table.postings_behind(tenant, month, &behind, until).await?;
            for posting in stretch.postings {
                if let Some((guard, currency, takings)) = Takings::of(&posting.record) {
                    each(Taking { posting, guard, currency, takings });
                }
            }
            place = stretch.next;
        }
    }
    Ok(true)
}
