//! Whose turn it is to make a tenant's transfers.

use adapters::table::{SLOT_STEP_S, Slot};
use tessera_tests::{Platform, at_once};

use crate::tipping::after;

/// For how long a holder has it, in seconds.
const LEASE_S: i64 = 150;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_has_it_and_the_others_stand_in_line_five_seconds_apart() {
    let platform = Platform::start().await;
    let (table, tenant) = (platform.table(), platform.owner().tenant.clone());
    let take = async |now: i64, latest: i64| {
        let until = (after(now + LEASE_S), after(now + latest));
        table.take_transfer_slot(&tenant, until, after(now)).await.unwrap()
    };
    let slots = at_once(1, (0..4).map(|_| take(0, 900))).await;
    let line = |seconds: i64| Slot::Line { until: after(seconds) };
    assert_eq!(slots, [Slot::Ours, line(5), line(10), line(15)]);
    assert_eq!(take(0, 19).await, Slot::Full, "the next place is behind what we want to wait");
    assert_eq!(take(0, 20).await, line(20));
    // Whoever has it gives it back, and Paystack wants a rest.
    let release = async |lease: i64, free: i64| {
        table.release_transfer_slot(&tenant, after(lease), after(free)).await.unwrap();
    };
    release(LEASE_S + 1, 3).await;
    assert_eq!(take(2, 900).await, line(25), "it was somebody else's");
    release(LEASE_S, 2 + SLOT_STEP_S).await;
    assert_eq!(take(6, 900).await, line(30));
    assert_eq!(take(7, 900).await, Slot::Ours);
    release(LEASE_S, 9).await;
    assert_eq!(take(9, 900).await, line(35), "an old lease gives nothing back");
    // A holder that dies loses it.
    assert_eq!(take(7 + LEASE_S - 1, 900).await, line(7 + LEASE_S - 1 + SLOT_STEP_S));
    assert_eq!(take(7 + LEASE_S, 900).await, Slot::Ours);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_at_once_exactly_one_has_it_and_each_tenant_has_its_own() {
    let platform = Platform::start().await;
    let (table, tenant) = (platform.table(), platform.owner().tenant.clone());
    let until = (after(LEASE_S), after(900));
    let all = (0..20).map(|_| table.take_transfer_slot(&tenant, until, after(0)));
    let slots = at_once(20, all).await;
    let ours = slots.iter().filter(|slot| matches!(slot, Ok(Slot::Ours))).count();
    assert_eq!(ours, 1, "{slots:?}");
    let other = platform.newcomer().await.tenant;
    let slot = table.take_transfer_slot(&other, until, after(0)).await.unwrap();
    assert_eq!(slot, Slot::Ours);
}
