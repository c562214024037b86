//! Refunds: their steps, their shapes, and the money.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::bench;
use crate::paystack::{Payment, RefundStatus};

const STEP: SignedDuration = SignedDuration::from_secs(5);

#[tokio::test]
async fn a_refund_goes_its_way_by_the_clock_and_is_told_at_each_step() {
    let bench = bench().await;
    let charge = bench.paid("tip-1", 100_000).await;
    let made = bench.ask("POST /refund", json!({"transaction": "tip-1"})).await;
    assert_eq!(made.json()["message"], "Refund has been queued for processing");
    let made = made.content();
    assert_eq!(made["transaction"]["id"], charge["id"], "an object here");
    assert_eq!((&made["amount"], &made["status"]), (&json!(100_000), &json!("pending")));
    let money = bench.money();
    // What is not settled goes below zero by the fee that Paystack keeps.
    assert_eq!((money.clearing, money.refunded, money.fees), (-1_500, 100_000, 1_500));
    assert_eq!(bench.verified("tip-1").await["status"], "success");
    bench.simulator.pump().await;
    bench.after(STEP).await;
    bench.after(STEP).await;
    assert_eq!(bench.verified("tip-1").await["status"], "reversed");
    let names = ["charge.success", "refund.pending", "refund.processing", "refund.processed"];
    assert_eq!(bench.receiver.names(), names);
    let pending = bench.receiver.last("refund.pending");
    assert_eq!(
        (&pending["amount"], &pending["refund_reference"]),
        (&json!("100000"), &Value::Null)
    );
    assert_eq!(pending["transaction_reference"], "tip-1");
    assert!(pending.get("id").is_none());
    let processed = bench.receiver.last("refund.processed");
    assert!(processed["refund_reference"].is_string());
    let id = &made["id"];
    let fetched = bench.get(&format!("/refund/{id}")).await.content();
    assert_eq!((&fetched["transaction"], &fetched["status"]), (&charge["id"], &json!("processed")));
    assert!(fetched["createdAt"].is_string() && fetched["fully_deducted"] == true);
    let again = bench.ask("POST /refund", json!({"transaction": "tip-1"})).await;
    assert_eq!(again.json()["message"], "Transaction has been fully reversed");
}

#[tokio::test]
async fn parts_are_listed_by_charge_and_bounded_by_it() {
    let bench = bench().await;
    let charge = bench.paid("tip-1", 100_000).await;
    bench.paid("tip-2", 100_000).await;
    for (amount, status) in [(json!("30000"), 200), (json!(70_000), 200), (json!(1), 400)] {
        let body = json!({"transaction": charge["id"], "amount": amount});
        assert_eq!(bench.ask("POST /refund", body).await.status, status);
    }
    for query in ["transaction=tip-1".to_owned(), format!("transaction={}", charge["id"])] {
        let listed = bench.get(&format!("/refund?{query}")).await;
        let items = listed.content();
        let amounts: Vec<&Value> = items.as_array().unwrap().iter().map(|r| &r["amount"]).collect();
        assert_eq!(amounts, [70_000, 30_000]);
        assert!(items[0]["created_at"].is_string() && items[0]["fully_deducted"].is_null());
        assert_eq!(listed.json()["meta"]["perPage"], "50");
    }
    assert_eq!(bench.get("/refund?transaction=tip-2").await.content(), json!([]));
    assert_eq!(bench.get("/refund?transaction=none").await.content(), json!([]));
    assert_eq!(bench.get("/refund?perPage=1").await.content().as_array().unwrap().len(), 1);
    // The charge is reversed when all of it is gone.
    let listed = bench.get("/refund").await.content();
    let (second, first) = (listed[0]["id"].as_u64().unwrap(), listed[1]["id"].as_u64().unwrap());
    bench.simulator.move_refund(first, RefundStatus::Processed).unwrap();
    assert_eq!(bench.verified("tip-1").await["status"], "success");
    bench.simulator.move_refund(second, RefundStatus::Processed).unwrap();
    assert_eq!(bench.verified("tip-1").await["status"], "reversed");
    assert!(bench.simulator.move_refund(second, RefundStatus::Failed).is_err());
}

#[tokio::test]
async fn test_cards_decide_what_becomes_of_a_refund() {
    for (card, end) in [
        ("4084080000671803", "refund.failed"),
        ("4084080000671902", "refund.needs-attention"),
        ("4084084084084081", "refund.processed"),
    ] {
        let bench = bench().await;
        bench.charge("tip-1", 100_000).await;
        bench.simulator.pay("tip-1", Payment::Card(card.to_owned())).unwrap();
        let id = bench.ask("POST /refund", json!({"transaction": "tip-1"})).await.content()["id"]
            .clone();
        for _ in 0..3 {
            bench.after(STEP).await;
        }
        assert_eq!(bench.receiver.names().last().unwrap(), end);
        let event = bench.receiver.last(end);
        let retry = format!("POST /refund/retry_with_customer_details/{id}");
        let details = json!({"refund_account_details": {"currency": "NGN", "account_number": "1", "bank_id": "9"}});
        let retried = bench.ask(&retry, details).await;
        match end {
            "refund.failed" => {
                assert_eq!(event["amount"], json!(100_000), "a number here");
                assert_eq!((bench.money().refunded, bench.money().clearing), (0, 98_500));
                assert_eq!(retried.status, 422);
            }
            "refund.needs-attention" => {
                assert_eq!(event["id"], json!(id.to_string()));
                assert!(event.get("processor").is_none());
                assert_eq!(retried.status, 200);
                bench.after(STEP).await;
                assert_eq!(bench.receiver.names().last().unwrap(), "refund.processed");
            }
            _ => {
                let message = "Invalid Refund state, refund status should be \"needs-attention\"";
                assert_eq!(retried.json()["message"], message);
            }
        }
        assert_eq!(bench.money().sum, 0);
    }
}

#[tokio::test]
async fn refunds_move_by_hand_where_a_test_wants_it() {
    let bench = bench().await;
    bench.settings(|settings| {
        settings.refunds_by_hand = true;
        settings.partial_refund_reverses = true;
    });
    bench.paid("tip-1", 100_000).await;
    // From the dashboard: nobody has asked for it by the API.
    let id = bench.simulator.refund("tip-1", Some(40_000)).unwrap();
    bench.after(SignedDuration::from_hours(9)).await;
    assert_eq!(bench.receiver.names(), ["charge.success", "refund.pending"]);
    bench.simulator.move_refund(id, RefundStatus::Processing).unwrap();
    bench.after(SignedDuration::from_hours(9)).await;
    bench.simulator.move_refund(id, RefundStatus::Processed).unwrap();
    bench.simulator.pump().await;
    assert_eq!(bench.receiver.names().len(), 4);
    assert_eq!(bench.verified("tip-1").await["status"], "reversed");
}
