//! Each refusal: its status, its words, its type and its code.

use serde_json::{Value, json};

use super::{KEY, bench};
use crate::paystack::Payment;

#[tokio::test]
async fn refusals_are_worded_as_paystack_words_them() {
    let bench = bench().await;
    bench.charge("used", 100_000).await;
    bench.paid("paid", 100_000).await;
    let rcp = bench.recipient().await;
    let charge = |more: Value| {
        let mut body = json!({"email": "a@b.example", "amount": 10_000});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let transfer = |more: Value| {
        let mut body = json!({"source": "balance", "amount": 10_000, "recipient": rcp,
            "reference": "payout-0123456789abcdef"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let initialize = "POST /transaction/initialize";
    for (what, body, status, message, code) in [
        (initialize, json!({"amount": 5}), 400, "Email Address is required", "missing_params"),
        (
            initialize,
            charge(json!({"email": "x"})),
            400,
            "Invalid Email Address Passed",
            "invalid_email_address",
        ),
        (
            initialize,
            charge(json!({"amount": 4_999})),
            400,
            "Invalid Amount Sent",
            "invalid_amount",
        ),
        (
            initialize,
            charge(json!({"amount": "1.5"})),
            400,
            "Invalid Amount Sent",
            "invalid_amount",
        ),
        (
            initialize,
            charge(json!({"amount": 1_000_000_001})),
            400,
            "Amount limit exceeded",
            "amount_limit_exceeded",
        ),
        (
            initialize,
            charge(json!({"reference": "a_b"})),
            400,
            "Invalid character in reference",
            "invalid_reference",
        ),
        (
            initialize,
            charge(json!({"reference": "used"})),
            400,
            "Duplicate Transaction Reference",
            "duplicate_reference",
        ),
        (
            initialize,
            charge(json!({"currency": "USD"})),
            403,
            "Currency not supported by merchant",
            "",
        ),
        (
            "GET /transaction/verify/none",
            Value::Null,
            400,
            "Transaction reference not found.",
            "transaction_not_found",
        ),
        (
            "GET /transaction/abc",
            Value::Null,
            400,
            "Transaction ID passed must be numeric",
            "invalid_params",
        ),
        ("GET /transaction/1", Value::Null, 404, "Transaction not found", ""),
        ("POST /refund", json!({}), 400, "Transaction is required", "missing_params"),
        ("POST /refund", json!({"transaction": "none"}), 404, "Transaction not found", ""),
        (
            "POST /refund",
            json!({"transaction": "used"}),
            400,
            "Only successful transactions can be refunded",
            "invalid_transaction",
        ),
        (
            "POST /refund",
            json!({"transaction": "paid", "amount": 100_001}),
            400,
            "Refund amount cannot be more than the amount left of the transaction",
            "invalid_amount",
        ),
        ("GET /refund/1", Value::Null, 404, "Refund not found", ""),
        (
            "GET /bank/resolve?account_number=0123456789&bank_code=059",
            Value::Null,
            400,
            "Unknown bank code: 059",
            "invalid_params",
        ),
        (
            "GET /bank/resolve?account_number=123&bank_code=058",
            Value::Null,
            422,
            "Could not resolve account name. Check parameters or try again.",
            "invalid_bank_code",
        ),
        (
            "GET /bank/resolve?account_number=9999000000&bank_code=058",
            Value::Null,
            422,
            "Could not resolve account name. Check parameters or try again.",
            "invalid_bank_code",
        ),
        (
            "POST /transfer",
            transfer(json!({"recipient": "RCP_none"})),
            400,
            "Recipient specified is invalid",
            "invalid_transfer_recipient",
        ),
        (
            "POST /transfer",
            transfer(json!({"reference": "Tip 1"})),
            400,
            "Your reference contains illegal special characters",
            "invalid_params",
        ),
        (
            "POST /transfer",
            transfer(json!({})),
            400,
            "Your balance is not enough to fulfil this request",
            "insufficient_balance",
        ),
        (
            "POST /transfer/finalize_transfer",
            json!({"transfer_code": "TRF_x", "otp": "1"}),
            400,
            "Transfer code is invalid",
            "invalid_params",
        ),
        ("GET /transfer/verify/none", Value::Null, 404, "Transfer not found", ""),
        ("GET /dispute/1", Value::Null, 404, "Dispute not found", ""),
        ("GET /settlement/1/transactions", Value::Null, 404, "Settlement not found", ""),
        ("GET /nothing", Value::Null, 404, "Route not found", ""),
    ] {
        let answer = bench.ask(what, body.clone()).await;
        let said = answer.json();
        assert_eq!(
            (answer.status, said["message"].as_str().unwrap()),
            (status, message),
            "{what} {body}"
        );
        assert_eq!(said["code"].as_str().unwrap_or_default(), code, "{what} {body}");
        assert_eq!(said["status"], false);
        assert!(said.get("data").is_none());
        if !code.is_empty() {
            assert!(said["meta"]["nextStep"].is_string() && said["type"].is_string(), "{said}");
        }
    }
    // What was refused does not exist.
    let reference = "GET /transfer/verify/payout-0123456789abcdef";
    assert_eq!(bench.ask(reference, Value::Null).await.status, 404);
}

#[tokio::test]
async fn a_key_is_needed_and_its_capital_is_theirs() {
    let bench = bench().await;
    for key in ["", "sk_test_wrong", "pk_test_x"] {
        let answer = bench.ask_as(key, "GET /balance", Value::Null).await;
        let expected = json!({
            "status": false, "message": "Invalid key", "type": "validation_error", "code": "invalid_Key",
            "meta": {"nextStep": "Ensure that you provide the correct authorization key for the request"},
        });
        assert_eq!((answer.status, answer.json()), (401, expected), "{key}");
    }
    bench.simulator.rotate_key(bench.first, "sk_test_new").unwrap();
    assert_eq!(bench.ask_as(KEY, "GET /balance", Value::Null).await.status, 401);
    assert_eq!(bench.ask_as("sk_test_new", "GET /balance", Value::Null).await.status, 200);
}

#[tokio::test]
async fn a_reference_that_was_paid_is_used_for_ever() {
    let bench = bench().await;
    bench.charge("once", 100_000).await;
    bench.simulator.pay("once", Payment::Success).unwrap();
    let body = json!({"email": "a@b.example", "amount": 10_000, "reference": "once"});
    let again = bench.ask("POST /transaction/initialize", body).await;
    assert_eq!(again.json()["message"], "Duplicate Transaction Reference");
}

#[tokio::test]
async fn limits_count_where_they_are_switched_on() {
    let bench = bench().await;
    bench.settings(|settings| settings.rate_limits = true);
    for left in [99, 98] {
        let answer = bench.get("/balance").await;
        assert_eq!(answer.headers["x-ratelimit-remaining"], left.to_string().as_str());
    }
    for _ in 0..98 {
        assert_eq!(bench.get("/balance").await.status, 200);
    }
    let refused = bench.get("/balance").await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.json()["message"], "Rate limit exceeded!");
    assert_eq!(refused.json()["code"], "rate_limited");
    for (name, value) in [("limit", "100"), ("remaining", "0"), ("reset", "60")] {
        assert_eq!(refused.headers[format!("x-ratelimit-{name}").as_str()], value);
    }
    assert!(refused.headers.get("retry-after").is_none());
}
