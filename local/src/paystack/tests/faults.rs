//! Faults on demand: with events, with routes, and with the connections of both.

use jiff::SignedDuration;
use serde_json::json;

use super::{Bench, KEY, bench};
use crate::client::Client;
use crate::embedded::{listen, url_of};
use crate::paystack::{DeliveryStatus, Fault, FaultKind, Lost};

async fn with(kind: FaultKind) -> Bench {
    let bench = bench().await;
    bench.simulator.plan(Fault::once("charge.success", kind)).unwrap();
    bench
}

fn references(bench: &Bench) -> Vec<String> {
    let events = bench.receiver.events();
    events.iter().map(|event| event["data"]["reference"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_event_may_come_twice_late_last_or_never() {
    for (kind, at_once, after_a_minute) in [
        (FaultKind::Duplicate { times: 1 }, &["a", "a", "b"][..], &["a", "a", "b"][..]),
        (FaultKind::Delay { ms: 60_000 }, &["b"], &["b", "a"]),
        (FaultKind::Reorder, &["b", "a"], &["b", "a"]),
        (FaultKind::Drop, &["b"], &["b"]),
        (FaultKind::Hold, &["b"], &["b"]),
    ] {
        let bench = with(kind.clone()).await;
        bench.paid("a", 100_000).await;
        bench.paid("b", 100_000).await;
        bench.simulator.pump().await;
        let came = |bench: &Bench| {
            let mut came = references(bench);
            // A second copy comes after whatever was due with the first one.
            if matches!(kind, FaultKind::Duplicate { .. }) {
                came.sort();
            }
            came
        };
        assert_eq!(came(&bench), at_once, "{kind:?}");
        bench.after(SignedDuration::from_mins(1)).await;
        assert_eq!(came(&bench), after_a_minute, "{kind:?}");
    }
}

#[tokio::test]
async fn a_reordered_event_does_not_wait_for_ever() {
    let bench = with(FaultKind::Reorder).await;
    bench.paid("a", 100_000).await;
    assert_eq!(bench.simulator.pump().await, 0);
    assert_eq!(bench.after(SignedDuration::from_mins(1)).await, 1);
}

#[tokio::test]
async fn held_events_are_delivered_by_hand_as_often_as_one_likes() {
    let bench = bench().await;
    bench.simulator.plan(Fault::always("*", FaultKind::Hold)).unwrap();
    bench.paid("a", 100_000).await;
    bench.paid("b", 100_000).await;
    assert_eq!(bench.simulator.pump().await, 0);
    let held = bench.simulator.held();
    bench.simulator.deliver_now(held[1].id).await.unwrap();
    bench.simulator.deliver_now(held[0].id).await.unwrap();
    let attempt = bench.simulator.deliver_now(held[0].id).await.unwrap();
    assert_eq!(attempt.status, Some(200));
    assert_eq!(references(&bench), ["b", "a", "a"]);
    assert!(bench.simulator.held().is_empty());
    assert!(bench.simulator.deliver_now(99).await.is_err());
}

#[tokio::test]
async fn a_late_answer_does_not_count() {
    let bench = with(FaultKind::Slow).await;
    bench.paid("a", 100_000).await;
    assert_eq!(bench.simulator.pump().await, 1);
    assert_eq!(bench.simulator.webhooks()[0].status, DeliveryStatus::Waiting);
    assert_eq!(bench.after(SignedDuration::from_hours(1)).await, 1);
    assert_eq!(references(&bench), ["a", "a"]);
    assert_eq!(bench.simulator.webhooks()[0].status, DeliveryStatus::Delivered);
}

#[tokio::test]
async fn amounts_and_currencies_may_be_wrong_in_events_and_answers() {
    let bench = bench().await;
    let on = |on: &str, kind| bench.simulator.plan(Fault::once(on, kind)).unwrap();
    on("charge.success", FaultKind::WrongAmount { amount: Some(5) });
    on("charge.success", FaultKind::WrongCurrency { currency: None });
    bench.paid("a", 100_000).await;
    bench.simulator.pump().await;
    let event = bench.receiver.last("charge.success");
    assert_eq!((&event["amount"], &event["currency"]), (&json!(5), &json!("USD")));
    let verify = "GET /transaction/verify/{reference}";
    let only = Fault {
        reference: Some("a".to_owned()),
        ..Fault::once(verify, FaultKind::WrongAmount { amount: None })
    };
    bench.simulator.plan(only).unwrap();
    bench.paid("b", 100_000).await;
    let wrong = bench.verified("a").await;
    assert_eq!((&wrong["amount"], &wrong["requested_amount"]), (&json!(99_999), &json!(99_999)));
    assert_eq!(bench.verified("a").await["amount"], 100_000);
    // The money is right whatever is said.
    assert_eq!(bench.money().patrons_paid, 200_000);
}

#[tokio::test]
async fn a_route_may_be_ill_before_or_after_its_effect() {
    let bench = bench().await;
    let route = "POST /transaction/initialize";
    let body =
        |reference: &str| json!({"email": "a@b.example", "amount": 10_000, "reference": reference});
    for (reference, kind, status, exists) in [
        ("a", FaultKind::Error500, 500, false),
        ("e", FaultKind::Missing, 404, false),
        ("b", FaultKind::RateLimited, 429, false),
        ("c", FaultKind::TimeoutBefore { how: Lost::Close }, 502, false),
        ("d", FaultKind::TimeoutAfter { how: Lost::Close }, 502, true),
    ] {
        let fault = Fault { skip: 1, ..Fault::once(route, kind) };
        bench.simulator.plan(fault).unwrap();
        assert_eq!(bench.ask(route, body(&format!("{reference}0"))).await.status, 200);
        assert_eq!(bench.ask(route, body(reference)).await.status, status, "{reference}");
        assert_eq!(bench.simulator.charge(reference).is_some(), exists, "{reference}");
        let again = bench.ask(route, body(reference)).await.status;
        assert_eq!(again, if exists { 400 } else { 200 }, "{reference}");
    }
    assert!(bench.simulator.faults().is_empty());
    assert_eq!(bench.simulator.calls()[route], 15);
}

#[tokio::test]
async fn a_lost_reply_is_no_reply_on_a_real_connection() {
    let bench = bench().await;
    let listener = listen(0).unwrap();
    let url = url_of(&listener).unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(bench.simulator.clone().serve(listener, async {
        let _gone = stopped.await;
    }));
    let client = Client::plain();
    let ask = async |path: &str| {
        let request = http::Request::get(format!("{url}{path}"))
            .header("authorization", format!("Bearer {KEY}"))
            .body(http_body_util::Full::default());
        client.send(request.unwrap()).await.map(|answer| answer.status().as_u16())
    };
    assert_eq!(ask("/balance/").await.unwrap(), 200, "a slash at the end does not matter");
    let close = FaultKind::TimeoutAfter { how: Lost::Close };
    bench.simulator.plan(Fault::once("GET /balance", close)).unwrap();
    assert!(ask("/balance").await.is_err());
    let hang = FaultKind::TimeoutBefore { how: Lost::Hang };
    bench.simulator.plan(Fault::once("GET /balance", hang)).unwrap();
    let soon = std::time::Duration::from_millis(50);
    assert!(tokio::time::timeout(soon, ask("/balance")).await.is_err());
    assert_eq!(ask("/balance").await.unwrap(), 200);
    // The controls are for this machine: a page elsewhere cannot press its buttons.
    assert_eq!(ask("/_simulator/money").await.unwrap(), 200);
    let request = http::Request::post(format!("{url}/_simulator/pump"))
        .header("origin", "http://evil.example")
        .body(http_body_util::Full::default());
    assert_eq!(client.send(request.unwrap()).await.unwrap().status(), 404);
    stop.send(()).unwrap();
    serving.await.unwrap();
}
