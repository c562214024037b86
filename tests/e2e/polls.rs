//! Nobody tells of a payment that failed, or that nobody made, and an event may be lost: so we ask.

use adapters::table::keys::DUE_SHARDS;
use local::paystack::{Fault, FaultKind, Payment};

use crate::till::{NET, Till};

const VERIFY: &str = "GET /transaction/verify/{reference}";

fn asked(till: &Till) -> u64 {
    till.platform.simulator().calls().get(VERIFY).copied().unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_event_is_found_after_five_minutes() {
    let till = Till::open().await;
    till.breaks(Fault::once("charge.success", FaultKind::Drop));
    let tip = till.earns().await;
    assert_eq!(till.status(&tip).await, "pending");
    till.passes(4).await;
    assert_eq!(till.status(&tip).await, "pending");
    till.passes(2).await;
    assert_eq!(till.status(&tip).await, "succeeded");
    assert_eq!(till.purse().await.payable, -NET);
    let before = asked(&till);
    till.passes(20).await;
    assert_eq!(asked(&till), before, "nobody asks about a tip that has arrived");
    till.balances().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_due_and_cannot_be_read_stops_no_sweep() {
    let till = Till::open().await;
    till.breaks(Fault::once("charge.success", FaultKind::Drop));
    let tip = till.earns().await;
    for shard in 0..DUE_SHARDS {
        let pk = format!("TIP#nobody{shard}");
        till.platform.plants(&pk, "META", "GSI3PK", &format!("DUE#tip#{shard}")).await;
        till.platform.plants(&pk, "META", "GSI3SK", "000000000000000#nobody").await;
    }
    till.passes(6).await;
    assert_eq!(till.status(&tip).await, "succeeded");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_that_failed_is_known_after_five_minutes_and_may_still_succeed() {
    let till = Till::open().await;
    let tip = till.tips().await;
    till.pays(&tip, Payment::Declined);
    till.passes(6).await;
    assert_eq!(till.status(&tip).await, "failed");
    till.pays(&tip, Payment::Success);
    till.platform.quiet().await;
    assert_eq!(till.status(&tip).await, "succeeded");
    assert_eq!(till.purse().await.payable, -NET);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tip_that_nobody_pays_is_asked_about_five_times_and_then_abandoned() {
    let till = Till::open().await;
    let tip = till.tips().await;
    let before = asked(&till);
    for (minutes, questions) in [(4, 0), (2, 1), (10, 2), (45, 3), (300, 4)] {
        till.passes(minutes).await;
        assert_eq!(asked(&till) - before, questions, "after {minutes} more minutes");
        assert_eq!(till.status(&tip).await, "pending");
    }
    till.passes(24 * 60 - 360).await;
    assert_eq!((asked(&till) - before, till.status(&tip).await), (5, "abandoned".to_owned()));
    // The checkout page was still open.
    till.pays(&tip, Payment::Success);
    till.platform.quiet().await;
    assert_eq!(till.status(&tip).await, "succeeded");
    till.balances().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_paystack_a_poll_comes_every_minute_and_none_piles_up() {
    let till = Till::open().await;
    let tip = till.tips().await;
    till.pays(&tip, Payment::Declined);
    till.breaks(Fault::always(VERIFY, FaultKind::Error500));
    till.passes(12).await;
    let queue = till.platform.queue("Payments");
    assert_eq!((queue.waiting, queue.in_flight, queue.dead), (0, 0, Some(0)), "{queue:?}");
    till.platform.simulator().clear_faults().unwrap();
    till.passes(1).await;
    assert_eq!(till.status(&tip).await, "failed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_charge_that_a_person_looks_at_is_never_called_abandoned() {
    let till = Till::open().await;
    till.breaks(Fault::always(VERIFY, FaultKind::WrongCurrency { currency: None }));
    let tip = till.earns().await;
    till.passes(400).await;
    assert_eq!(till.status(&tip).await, "pending", "its money may have been taken");
    assert_eq!(till.cases().await, ["charge_mismatch currency"]);
}
