//! Events: their bytes, their signatures, and when they come again.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{KEY, bench};
use crate::paystack::webhook::signature;
use crate::paystack::{DeliveryStatus, Fault, FaultKind};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

#[tokio::test]
async fn an_event_is_compact_and_signed_over_its_very_bytes() {
    let bench = bench().await;
    bench.paid("tip-1", 100_000).await;
    bench.simulator.plan(Fault::once("charge.success", FaultKind::Respaced)).unwrap();
    bench.simulator.plan(Fault::once("charge.success", FaultKind::BadSignature)).unwrap();
    bench.receiver.answers(&[401, 401, 200]);
    assert_eq!(bench.simulator.pump().await, 1);
    bench.simulator.plan(Fault::once("charge.success", FaultKind::Respaced)).unwrap();
    for _ in 0..2 {
        assert_eq!(bench.after(HOUR).await, 1);
    }
    let came = bench.receiver.came();
    let is_right: Vec<bool> =
        came.iter().map(|(signed, body)| *signed == signature(KEY, body)).collect();
    assert_eq!(is_right, [false, true, true]);
    let text = String::from_utf8(came[2].1.to_vec()).unwrap();
    assert!(text.starts_with(r#"{"event":"charge.success","data":{"#), "{text}");
    let blank: Vec<bool> = came.iter().map(|(_, body)| body.contains(&b'\n')).collect();
    assert_eq!(blank, [true, true, false]);
    let values: Vec<Value> =
        came.iter().map(|(_, body)| serde_json::from_slice(body).unwrap()).collect();
    assert!(values[0] == values[1] && values[1] == values[2]);
    let charge = &values[2]["data"];
    assert_eq!((&charge["metadata"], &charge["fees"]), (&json!(0), &json!(1_500)));
    assert!(charge.get("requested_amount").is_none(), "the older sample has none");
}

#[tokio::test]
async fn only_200_acknowledges_and_the_test_schedule_gives_up_after_ten_hours() {
    let bench = bench().await;
    bench.paid("tip-1", 100_000).await;
    bench.receiver.answers(&[204, 302, 500, 201]);
    let mut sent = bench.simulator.pump().await;
    assert_eq!(bench.after(HOUR - SignedDuration::from_secs(1)).await, 0);
    sent += bench.after(SignedDuration::from_secs(1)).await;
    for _ in 0..20 {
        sent += bench.after(HOUR).await;
    }
    assert_eq!(sent, 11);
    let event = bench.simulator.webhooks().remove(0);
    assert_eq!(event.status, DeliveryStatus::GivenUp);
    let statuses: Vec<Option<u16>> = event.attempts.iter().map(|a| a.status).take(4).collect();
    assert_eq!(statuses, [Some(204), Some(302), Some(500), Some(201)]);
    // A person can still send it.
    bench.receiver.answers(&[200]);
    bench.simulator.deliver_now(event.id).await.unwrap();
    assert_eq!(bench.simulator.webhooks()[0].status, DeliveryStatus::Delivered);
}

#[tokio::test]
async fn the_live_schedule_is_four_times_three_minutes_and_then_hours() {
    let bench = bench().await;
    bench.settings(|settings| settings.live = true);
    bench.paid("tip-1", 100_000).await;
    bench.receiver.answers(&[500]);
    bench.simulator.pump().await;
    for _ in 0..200 {
        let Some(due) = bench.simulator.next_due() else { break };
        bench.after(due.duration_since(bench.clock.now())).await;
    }
    let attempts = bench.simulator.webhooks().remove(0).attempts;
    let pause = |pair: &[crate::paystack::Attempt]| pair[1].at.duration_since(pair[0].at).as_mins();
    let pauses: Vec<i64> = attempts.windows(2).map(pause).collect();
    assert_eq!(pauses, [vec![3; 4], vec![60; 72]].concat());
}

#[tokio::test]
async fn nobody_listens_and_then_somebody_does() {
    let bench = bench().await;
    let gone = super::merchant(KEY, "http://127.0.0.1:1/hook");
    bench.simulator.ensure_merchant(gone).unwrap();
    bench.paid("tip-1", 100_000).await;
    assert_eq!(bench.simulator.pump().await, 1);
    assert!(bench.simulator.webhooks()[0].attempts[0].error.is_some());
    bench.simulator.ensure_merchant(super::merchant(KEY, &bench.hook)).unwrap();
    assert_eq!(bench.after(HOUR).await, 1);
    assert_eq!(bench.receiver.names(), ["charge.success"]);
    // Acknowledged: nothing more comes.
    assert_eq!(bench.after(HOUR).await, 0);
}

#[tokio::test]
async fn in_the_background_events_go_by_themselves() {
    let bench = bench().await;
    let running = tokio::spawn(bench.simulator.clone().run());
    for number in 0..20 {
        bench.paid(&format!("tip-{number}"), 100_000).await;
    }
    for _ in 0..500 {
        if bench.receiver.came().len() == 20 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    running.abort();
    assert_eq!(bench.receiver.came().len(), 20);
}
