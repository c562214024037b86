//! Purses in which something has run out: points at the end of their life, and what a code held that was not used in
//! time (X32). Both count as gone or free from that instant on, whoever looks; this only writes it down.

use adapters::table::keys::PURSE_SHARDS;
use domain::failure::chain;
use futures::future::try_join_all;
use jiff::Timestamp;
use web::BoxError;
use web::loyalty::points::tidy;

use crate::Deps;

/// The most purses of one shard that a sweep tidies; the next sweep finds the rest.
const PURSES_MAX: u32 = 100;

/// Clears away what is due, and tells in how many purses.
pub(crate) async fn sweep(deps: &Deps, now: Timestamp) -> Result<usize, BoxError> {
    let shards = (0..PURSE_SHARDS).map(|shard| of_shard(deps, shard, now));
    Ok(try_join_all(shards).await?.into_iter().sum())
}

async fn of_shard(deps: &Deps, shard: u8, now: Timestamp) -> Result<usize, BoxError> {
    let mut tidied = 0;
    for due in deps.table.due_purses(shard, now, PURSES_MAX).await? {
        match tidy(&deps.table, &due, now).await {
            Ok(cleared) => tidied += usize::from(cleared),
            // It stays due, and the others are tidied all the same.
            Err(error) => {
                let (cause, programme) = (chain(&error), &due.programme);
                tracing::warn!(error = cause, programme.id = %programme, "a purse is tidied later");
            }
        }
    }
    Ok(tidied)
}
