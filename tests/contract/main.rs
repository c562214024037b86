//! Each method of the table on a fresh one: what it does, what it says when a condition is lost, where a page ends,
//! and that an item that nobody can read is [`StoreError::Corrupt`] and no panic.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail by panicking")]

mod account_book;
mod audit;
mod claims;
mod codes;
mod counters;
mod customers;
mod desk;
mod enrolments;
mod guards;
mod keys;
mod ledger;
mod limits;
mod points;
mod postings;
mod programmes;
mod properties;
mod reconciliations;
mod redemptions;
mod samples;
mod scans;
mod slots;
mod tenants;
mod tipping;
mod tips;
mod trail;
mod vouchers;
mod wallets;

use adapters::table::StoreError;

/// Says that the item cannot be read, and which kind it is.
#[track_caller]
fn is_corrupt<T: std::fmt::Debug>(outcome: Result<T, StoreError>, kind: &str) {
    match outcome {
        Err(StoreError::Corrupt { what, .. }) => assert_eq!(what, kind),
        other => panic!("{kind} is not corrupt: {other:?}"),
    }
}

/// A store that cannot be reached says so, and does not say what it cannot know.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_is_busy_or_away_is_told_from_one_that_says_no() {
    use local::{Fault, Filter};
    let platform = tessera_tests::Platform::start().await;
    let table = platform.table();
    table.probe().await.unwrap();
    let of = Filter::any().function("tenants").service("dynamodb");
    platform.meter().break_call(1, of.clone(), Fault::throttled(), true);
    assert!(matches!(table.probe().await, Err(StoreError::Throttled(_))));
    platform.meter().break_call(1, of.clone(), Fault::Before, true);
    assert!(matches!(table.probe().await, Err(StoreError::Unavailable(_))));
    platform.meter().break_call(1, of, Fault::LoseReply, false);
    table.probe().await.unwrap();
}
