//! The ledger's transactions of a batch, added up in the accounts of the system: a guard's accounts are changed with
//! the transaction itself, the system's would be hot items there.
//!
//! Deliberately absent: marks. Each transaction bears its own, which is set where it is added.

use adapters::table::StoredPosting;
use domain::failure::chain;

use crate::{Deps, Sequenced};

/// Adds transactions up, each once; the first record of those that could not be, to come again.
pub(crate) async fn count_postings(
    deps: &Deps,
    postings: Vec<Sequenced<StoredPosting>>,
) -> Option<String> {
    // In the stream's order: what fails is named by the first.
    let first = postings.first()?.sequence.clone();
    let of = |Sequenced { item, .. }: Sequenced<StoredPosting>| {
        (item.tenant, item.record.reference, item.record.postings)
    };
    let postings: Vec<_> = postings.into_iter().map(of).collect();
    match deps.table.count_postings(&postings).await {
        Ok(_) => None,
        Err(error) => {
            let cause = chain(&error);
            tracing::warn!(error = cause, "a batch of the ledger will be added up later");
            Some(first)
        }
    }
}
