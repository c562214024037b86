//! The second lock: Paystack asks about each transfer at an address that only it knows, and nothing but a payout that
//! is under way is let through.

use domain::payout::PayoutState;
use jiff::SignedDuration;
use local::paystack::{Pace, Settings, TransferStatus};
use serde_json::{Value, json};

use crate::payroll::{OWED, Payroll};

/// A payout whose transfer Paystack has and has not ended.
async fn under_way() -> Payroll {
    let payroll = Payroll::of(1).await;
    payroll.behaves(Settings { transfers: Some(Pace::ByHand), ..Settings::default() });
    payroll.runs().await;
    payroll.passes_s(6).await;
    let state = payroll.payout(0).await.state;
    assert!([PayoutState::Reserved, PayoutState::Sent].contains(&state), "{state}");
    payroll
}

fn approval_url(payroll: &Payroll) -> String {
    payroll.till.platform.stack().approval_url(payroll.tenant()).unwrap()
}

/// Asks as Paystack does; says the status of the answer.
async fn asks(payroll: &Payroll, url: &str, kind: &str, body: String) -> u16 {
    payroll.till.platform.owner().post(url).body(kind, body).await.status
}

async fn asks_about(payroll: &Payroll, question: &Value) -> u16 {
    asks(payroll, &approval_url(payroll), "application/json", question.to_string()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_payout_that_is_under_way_may_go_and_only_as_it_was_reserved() {
    let payroll = under_way().await;
    let payout = payroll.payout(0).await;
    let reference = payout.reference().unwrap().to_string();
    let question = |changes: Value| {
        let mut question = json!({
            "event": "transfer.approve",
            "data": { "reference": reference, "amount": OWED, "recipient": { "recipient_code": payout.recipient } },
        });
        for (name, value) in changes.as_object().unwrap() {
            question["data"][name] = value.clone();
        }
        question
    };
    let before = payroll.till.platform.inventory().await;
    assert_eq!(asks_about(&payroll, &question(json!({}))).await, 200);
    for wrong in [
        json!({ "amount": OWED + 1 }),
        json!({ "amount": null }),
        json!({ "recipient": "RCP_somebody" }),
        json!({ "currency": "GHS" }),
        json!({ "reference": format!("{}-2", payout.id) }),
        json!({ "reference": "pay_01m7yzmhg0e40r2081040g2081-1" }),
        json!({ "reference": "rent-2026-11-of-the-gate" }),
        json!({ "reference": null }),
    ] {
        assert_eq!(asks_about(&payroll, &question(wrong.clone())).await, 400, "{wrong}");
    }
    let form = format!("reference={reference}&amount={OWED}");
    for (kind, body, status) in [
        ("application/x-www-form-urlencoded", form.clone(), 200),
        ("text/plain", form, 200),
        ("application/json", String::new(), 400),
        ("application/octet-stream", "\u{0}\u{7f}garbage".to_owned(), 400),
        ("application/json", "[".repeat(5_000), 400),
        ("application/json", format!("\"{}\"", "x".repeat(9_000)), 413),
    ] {
        let answered = asks(&payroll, &approval_url(&payroll), kind, body.clone()).await;
        assert_eq!(answered, status, "{kind} {}", body.chars().take(80).collect::<String>());
    }
    payroll.till.platform.inventory().await.is_still(&before, "a question writes nothing");
    payroll.ends(&payout, TransferStatus::Success);
    payroll.passes_s(1).await;
    assert_eq!(payroll.payout(0).await.state, PayoutState::Confirmed);
    assert_eq!(asks_about(&payroll, &question(json!({}))).await, 400, "it is over");
    payroll.balances().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_heard_who_does_not_know_the_address() {
    let payroll = under_way().await;
    let payout = payroll.payout(0).await;
    let reference = payout.reference().unwrap();
    let question = json!({ "reference": reference, "amount": OWED }).to_string();
    let url = approval_url(&payroll);
    let (door, secret) = url.rsplit_once('/').unwrap();
    assert_eq!(secret.len(), 64, "256 bits");
    let other = payroll.till.platform.newcomer().await.tenant;
    let at_other = url.replace(payroll.tenant().as_str(), other.as_str());
    let of_other = payroll.till.platform.stack().approval_url(&other).unwrap();
    for (wrong, status) in [
        (format!("{door}/{}", "0".repeat(64)), 404),
        (format!("{door}/{}", &secret[1..]), 404),
        (format!("{door}/{secret}0"), 404),
        (format!("{door}/{}", secret.to_uppercase()), 404),
        (at_other, 404),
        (url.replace(payroll.tenant().as_str(), "tnt_nobody"), 404),
        // Another tenant's own address knows nothing of this payout.
        (of_other, 400),
    ] {
        let answered = asks(&payroll, &wrong, "application/json", question.clone()).await;
        assert_eq!(answered, status);
    }
    assert_eq!(asks(&payroll, &url, "application/json", question).await, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_the_lock_on_payouts_go_and_what_is_made_in_the_dashboard_does_not() {
    let payroll = Payroll::of(2).await;
    payroll.till.platform.stack().ask_before_transfers(payroll.tenant(), true).unwrap();
    payroll.runs().await;
    payroll.passes_s(60).await;
    for guard in 0..2 {
        assert_eq!(payroll.payout(guard).await.state, PayoutState::Confirmed, "guard {guard}");
    }
    payroll.balances().await;
    let before = payroll.money().balance;
    let wish = payroll.foreign_wish(&payroll.payout(0).await.recipient, 50_000);
    let paystack = payroll.paystack();
    paystack.transfer(payroll.tenant(), &wish).await.unwrap();
    payroll.till.platform.quiet().await;
    let seen = paystack.verify_transfer(payroll.tenant(), &wish.reference).await.unwrap().unwrap();
    assert_eq!(seen.status, "rejected");
    assert_eq!(payroll.money().balance, before, "the money is back");
    payroll.till.platform.passes(SignedDuration::from_mins(1)).await;
    payroll.balances().await;
}
