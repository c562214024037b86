//! A simulator that is started again on the same folder goes on where the last one was.

use adapters::random::Random;
use jiff::SignedDuration;
use serde_json::json;

use super::{bench, merchant};
use crate::paystack::{Fault, FaultKind, SettleTo, Simulator};

#[tokio::test]
async fn what_was_answered_is_there_after_a_restart() {
    let mut bench = bench().await;
    bench.receiver.answers(&[500]);
    bench.paid("paid", 100_000).await;
    bench.charge("open", 100_000).await;
    bench.ask("POST /refund", json!({"transaction": "paid", "amount": 10_000})).await.content();
    bench.simulator.settle(None, None, SettleTo::Balance).unwrap();
    bench.simulator.raise_dispute("paid", Some(5_000)).unwrap();
    bench.simulator.plan(Fault::always("charge.success", FaultKind::Hold)).unwrap();
    bench.simulator.pump().await;
    let shown = |simulator: &Simulator| {
        let charges = [simulator.charge("paid"), simulator.charge("open")];
        (simulator.money(), simulator.webhooks(), simulator.faults(), charges, simulator.next_due())
    };
    let before = shown(&bench.simulator);
    // Nothing is closed or flushed: the file alone has to be enough.
    let (old, clock) = (bench.simulator.clone(), bench.clock.clone());
    bench.simulator = Simulator::open(bench.folder.path(), clock, Random::system()).unwrap();
    assert_eq!(shown(&bench.simulator), before);
    drop(old);
    let first = bench.simulator.ensure_merchant(merchant(super::KEY, &bench.hook)).unwrap();
    assert_eq!(first, bench.first, "the same key is the same merchant");
    assert_eq!(bench.charge("next", 100_000).await["reference"], "next");
    let again = json!({"email": "a@b.example", "amount": 10_000, "reference": "paid"});
    assert_eq!(bench.ask("POST /transaction/initialize", again).await.status, 400);
    bench.receiver.answers(&[200]);
    bench.after(SignedDuration::from_hours(1)).await;
    bench.after(SignedDuration::from_hours(1)).await;
    let names = bench.receiver.names();
    for name in ["charge.success", "refund.processed", "charge.dispute.create"] {
        assert!(names.contains(&name.to_owned()), "{name} in {names:?}");
    }
}
