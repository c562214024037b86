//! Transfers: alone and in bulk, with a password, with an approval, paid, failed and taken back.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{Bench, KEY, bench, merchant};
use crate::paystack::{Fault, FaultKind, Pace, TransferStatus};

const AMOUNT: i64 = 600_000;
const FEE: i64 = 2_500;

fn body(recipient: &str, reference: &str) -> Value {
    json!({"source": "balance", "amount": AMOUNT, "recipient": recipient, "reference": reference, "reason": "tips"})
}

async fn transfer(bench: &Bench, reference: &str) -> Value {
    let recipient = bench.recipient().await;
    bench.ask("POST /transfer", body(&recipient, reference)).await.content()
}

async fn status(bench: &Bench, reference: &str) -> String {
    let content = bench.get(&format!("/transfer/verify/{reference}")).await.content();
    content["status"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn in_test_mode_a_transfer_is_paid_in_its_answer() {
    let bench = bench().await;
    bench.top_up(1_000_000);
    let made = transfer(&bench, "payout-1").await;
    assert_eq!((&made["status"], &made["transferred_at"]), (&json!("success"), &Value::Null));
    assert!(made["recipient"].is_u64() && made["transfersessionid"] == json!([]));
    let money = bench.money();
    assert_eq!(
        (money.balance, money.paid_out, money.fees),
        (1_000_000 - AMOUNT - FEE, AMOUNT, FEE)
    );
    assert_eq!(money.recipients[0].account_number, "0123456789");
    let seen = bench.get("/transfer/verify/payout-1").await.content();
    assert_eq!(seen["fee_charged"], FEE);
    assert_eq!(seen["recipient"]["details"]["bank_code"], "058");
    for named in [seen["id"].to_string(), seen["transfer_code"].as_str().unwrap().to_owned()] {
        assert_eq!(
            bench.get(&format!("/transfer/{named}")).await.content()["reference"],
            "payout-1"
        );
    }
    bench.simulator.pump().await;
    let event = bench.receiver.last("transfer.success");
    assert!(event["createdAt"].is_string() && event["integration"]["is_live"] == false);
    let recipient = bench.recipient().await;
    let again = bench.ask("POST /transfer", body(&recipient, "payout-1")).await;
    assert_eq!(
        (again.status, &again.json()["code"]),
        (400, &json!("duplicate_transfer_reference"))
    );
    let ledger = bench.get("/balance/ledger").await.content();
    assert_eq!(
        (&ledger[0]["difference"], &ledger[0]["model_responsible"]),
        (&json!(-(AMOUNT + FEE)), &json!("Transfer"))
    );
    assert_eq!(
        bench.get("/balance").await.content()[0],
        json!({"currency": "NGN", "balance": 1_000_000 - AMOUNT - FEE})
    );
}

#[tokio::test]
async fn in_live_mode_it_takes_a_while_and_success_is_not_the_end() {
    let bench = bench().await;
    bench.settings(|settings| settings.live = true);
    bench.top_up(1_000_000);
    assert_eq!(transfer(&bench, "payout-1").await["status"], "pending");
    let money = bench.money();
    assert_eq!((money.balance, money.in_transit), (1_000_000 - AMOUNT - FEE, AMOUNT), "at once");
    bench.after(SignedDuration::from_secs(30)).await;
    assert_eq!(status(&bench, "payout-1").await, "success");
    bench.simulator.end_transfer("payout-1", TransferStatus::Reversed).unwrap();
    assert!(bench.simulator.end_transfer("payout-1", TransferStatus::Success).is_err());
    bench.simulator.pump().await;
    assert_eq!(bench.receiver.names(), ["transfer.success", "transfer.reversed"]);
    let event = bench.receiver.last("transfer.reversed");
    assert!(event["created_at"].is_string() && event.get("createdAt").is_none());
    assert!(event["transferred_at"].is_string() && event["session"]["provider"] == "nip");
    let money = bench.money();
    assert_eq!((money.balance, money.paid_out, money.fees), (1_000_000, 0, 0));
}

#[tokio::test]
async fn outcomes_are_planned_and_said_by_hand() {
    let bench = bench().await;
    bench.top_up(10_000_000);
    for (reference, planned, is) in [
        ("a", TransferStatus::Failed, "failed"),
        ("b", TransferStatus::Reversed, "reversed"),
        ("c", TransferStatus::Pending, "pending"),
    ] {
        bench
            .simulator
            .plan(Fault::once("transfer", FaultKind::Transfer { status: planned }))
            .unwrap();
        transfer(&bench, reference).await;
        assert_eq!(status(&bench, reference).await, is);
    }
    assert_eq!(bench.money().in_transit, AMOUNT);
    bench.after(SignedDuration::from_hours(1)).await;
    bench.simulator.end_transfer("c", TransferStatus::Success).unwrap();
    bench.settings(|settings| settings.transfers = Some(Pace::ByHand));
    assert_eq!(transfer(&bench, "d").await["status"], "pending");
    bench.simulator.end_transfer("d", TransferStatus::Failed).unwrap();
    bench.simulator.pump().await;
    let names = ["transfer.failed", "transfer.reversed", "transfer.success", "transfer.failed"];
    assert_eq!(bench.receiver.names(), names);
    assert!(bench.receiver.last("transfer.failed")["transferred_at"].is_null());
    assert_eq!((bench.money().in_transit, bench.money().paid_out), (0, AMOUNT));
}

#[tokio::test]
async fn a_password_may_be_asked_for() {
    let bench = bench().await;
    bench.settings(|settings| settings.otp = true);
    bench.top_up(10_000_000);
    let recipient = bench.recipient().await;
    let made = bench.ask("POST /transfer", body(&recipient, "right")).await;
    assert_eq!(made.json()["message"], "Transfer requires OTP to continue");
    let made = made.content();
    assert!(made["status"] == "otp" && made.get("transfersessionid").is_none());
    let finalize = async |transfer: &Value, otp: &str| {
        let body = json!({"transfer_code": transfer["transfer_code"], "otp": otp});
        bench.ask("POST /transfer/finalize_transfer", body).await.status
    };
    assert_eq!(finalize(&made, "123456").await, 200);
    assert_eq!(status(&bench, "right").await, "success");
    let wrong = transfer(&bench, "wrong").await;
    assert_eq!(finalize(&wrong, "000000").await, 400);
    assert_eq!(status(&bench, "wrong").await, "failed");
    transfer(&bench, "late").await;
    bench.after(SignedDuration::from_mins(30)).await;
    assert_eq!(status(&bench, "late").await, "abandoned");
    assert_eq!(bench.money().in_transit, 0);
    let bulk = json!({"source": "balance", "transfers": [body(&recipient, "x")]});
    assert_eq!(bench.ask("POST /transfer/bulk", bulk).await.status, 400);
}

#[tokio::test]
async fn the_merchant_approves_rejects_or_says_nothing() {
    let bench = bench().await;
    bench.top_up(10_000_000);
    let asked = super::Receiver::default();
    let url = asked.start().await;
    let with =
        |url: String| super::Merchant { approval_url: Some(url), ..merchant(KEY, &bench.hook) };
    bench.simulator.ensure_merchant(with(url)).unwrap();
    for (reference, answer, is) in
        [("a", 200, "success"), ("b", 400, "rejected"), ("c", 500, "blocked")]
    {
        asked.answers(&[answer]);
        assert_eq!(transfer(&bench, reference).await["status"], "received");
        bench.simulator.pump().await;
        assert_eq!(status(&bench, reference).await, is);
    }
    assert_eq!(asked.events()[0]["reference"], "a");
    bench.simulator.ensure_merchant(with("http://127.0.0.1:1/".to_owned())).unwrap();
    transfer(&bench, "d").await;
    bench.simulator.pump().await;
    assert_eq!(status(&bench, "d").await, "blocked");
    assert_eq!((bench.money().in_transit, bench.money().paid_out), (0, AMOUNT));
}

#[tokio::test]
async fn bulk_is_all_or_nothing_a_hundred_and_once_in_five_seconds() {
    let bench = bench().await;
    bench.top_up(100 * (AMOUNT + FEE));
    let recipient = bench.recipient().await;
    let bulk = async |references: &[String]| {
        bench.clock.advance(SignedDuration::from_secs(5));
        let items: Vec<Value> = references.iter().map(|r| body(&recipient, r)).collect();
        bench
            .ask(
                "POST /transfer/bulk",
                json!({"source": "balance", "currency": "NGN", "transfers": items}),
            )
            .await
    };
    let named = |count: usize| (0..count).map(|n| format!("payout-{n}")).collect::<Vec<_>>();
    assert_eq!(bulk(&named(101)).await.status, 400);
    let twice = bulk(&["a".to_owned(), "b".to_owned(), "a".to_owned()]).await;
    let expected = json!({
        "status": false, "message": "Duplicate reference(s) found: a", "type": "api_error",
        "code": "unknown", "meta": {"nextStep": "Try again later"},
    });
    assert_eq!((twice.status, twice.json()), (404, expected));
    let done = bulk(&named(100)).await;
    assert_eq!(done.json()["message"], "100 transfers queued.");
    assert_eq!(done.content()[99]["recipient"], json!(recipient));
    assert_eq!((bench.money().balance, bench.money().paid_out), (0, 100 * AMOUNT));
    let one = json!({"source": "balance", "transfers": [body(&recipient, "b")]});
    let soon = bench.ask("POST /transfer/bulk", one).await;
    assert_eq!((soon.status, soon.headers["x-ratelimit-reset"].to_str().unwrap()), (429, "5"));
    assert_eq!(
        bulk(&["b".to_owned()]).await.json()["message"],
        "Your balance is not enough to fulfil this request"
    );
    assert_eq!(bulk(&named(1)).await.json()["message"], "Duplicate reference(s) found: payout-0");
    bench.simulator.pump().await;
    assert_eq!(bench.receiver.names(), vec!["transfer.success"; 100]);
}

#[tokio::test]
async fn an_account_is_one_recipient_however_often_it_is_made() {
    let bench = bench().await;
    let first = bench.recipient().await;
    assert_eq!(bench.recipient().await, first);
    let body =
        json!({"type": "nuban", "name": "x", "account_number": "0123456789", "bank_code": "058"});
    assert_eq!(bench.ask("POST /transferrecipient", body).await.status, 201);
    let seen = bench.get(&format!("/transferrecipient/{first}")).await.content();
    assert_eq!(
        (&seen["type"], &seen["details"]["bank_name"]),
        (&json!("nuban"), &json!("Guaranty Trust Bank"))
    );
    let resolved =
        bench.get("/bank/resolve?account_number=0123456789&bank_code=058").await.content();
    assert_eq!(resolved["account_name"], seen["details"]["account_name"]);
    let ghana = bench.get("/bank?country=ghana&type=mobile_money").await.content();
    assert_eq!(
        ghana.as_array().unwrap().iter().map(|b| b["code"].as_str().unwrap()).collect::<Vec<_>>(),
        ["ATL", "MTN", "VOD"]
    );
    assert_eq!(
        bench.ask(&format!("DELETE /transferrecipient/{first}"), Value::Null).await.status,
        200
    );
    bench.top_up(10_000_000);
    let gone = bench.ask("POST /transfer", super::transfers::body(&first, "x")).await;
    assert_eq!(gone.json()["code"], "invalid_transfer_recipient");
}
