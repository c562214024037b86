//! Paystack's spellings, and what each answer means.

use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::json;

use super::*;

fn answer(status: u16, body: &str) -> Answer {
    let status = StatusCode::from_u16(status).unwrap();
    Answer { status, headers: HeaderMap::new(), body: body.to_owned().into() }
}

#[test]
fn a_refusal_is_told_by_its_code_or_by_its_words() {
    let check = |status, body: Value, expected| {
        let error = read(&answer(status, &body.to_string())).unwrap_err();
        assert_eq!(error.reason(), Some(expected), "{body}");
        assert!(!error.may_have_happened(), "{body}");
    };
    let says =
        |message: &str, code: &str| json!({ "status": false, "message": message, "code": code });
    check(401, json!({ "status": false, "message": "Invalid key" }), Reason::Key);
    check(401, says("Invalid key", "invalid_Key"), Reason::Key);
    check(400, says("", "invalid_Key"), Reason::Key);
    check(400, says("Duplicate Transaction Reference", ""), Reason::DuplicateReference);
    check(400, says("", "duplicate_reference"), Reason::DuplicateReference);
    let transfer = "Please provide a unique reference. Reference already exists on a transfer";
    check(400, says(transfer, "duplicate_transfer_reference"), Reason::DuplicateReference);
    check(404, says("Duplicate reference(s) found: a,b", "unknown"), Reason::DuplicateReference);
    check(400, says("Recipient specified is invalid", ""), Reason::Recipient);
    check(400, says("", "invalid_transfer_recipient"), Reason::Recipient);
    check(400, says("Your balance is not enough to fulfil this request", ""), Reason::Balance);
    check(400, says("Your balance is not enough to fulfill this request", ""), Reason::Balance);
    check(400, says("", "insufficient_balance"), Reason::Balance);
    let bulk = "Bulk transfers are only possible when the OTP requirement is disabled";
    check(400, says(bulk, "invalid_params"), Reason::Otp);
    check(404, says("Transfer not found", ""), Reason::Missing);
    check(400, says("Transaction reference not found.", "transaction_not_found"), Reason::Missing);
    check(404, says("Transaction reference not found.", ""), Reason::Missing);
    check(400, says("Invalid Amount Sent", ""), Reason::Amount);
    check(403, says("Currency not supported by merchant", ""), Reason::Currency);
    check(403, says("Forbidden", ""), Reason::Key);
    check(400, says("Email Address is required", "missing_params"), Reason::Other);
    check(422, says("Could not resolve account name.", "invalid_bank_code"), Reason::Other);
    check(200, json!({ "status": false, "message": "no" }), Reason::Other);
    check(400, json!({ "status": "false" }), Reason::Other);
}

#[test]
fn a_code_is_kept_only_where_it_is_one() {
    let check = |code: &str, expected: &str| {
        let body = json!({ "status": false, "code": code }).to_string();
        let Err(PaystackError::Refused(refusal)) = read(&answer(400, &body)) else { panic!() };
        assert_eq!(refusal.code, expected);
    };
    check("invalid_Key", "invalid_Key");
    check("patron@example.com", "");
    check(&"x".repeat(61), "");
}

#[test]
fn everything_else_may_have_happened_or_was_too_much() {
    let outcome =
        |answer: &Answer| read(answer).map_or_else(|error| error.outcome(), |_| "success");
    let check = |status, body, expected| assert_eq!(outcome(&answer(status, body)), expected);
    check(200, r#"{"status":true,"data":{}}"#, "success");
    check(201, r#"{"status":"true"}"#, "success");
    check(200, r#"{"data":{}}"#, "protocol");
    check(200, r#"{"status":1}"#, "protocol");
    check(200, "[]", "protocol");
    check(200, "", "protocol");
    check(200, "<html>", "protocol");
    check(400, "<html>", "protocol");
    check(404, "not here", "protocol");
    check(400, r#"{"status":true}"#, "protocol");
    check(302, r#"{"status":true}"#, "protocol");
    check(302, r#"{"status":false}"#, "protocol");
    check(408, "", "unknown");
    check(500, r#"{"status":false}"#, "unknown");
    check(503, "", "unknown");
    check(429, "", "limited");
}

#[test]
fn a_limit_says_for_how_long_within_reason() {
    let check = |name: &'static str, value: &'static str, expected| {
        let mut limited = answer(429, "");
        limited.headers.insert(name, HeaderValue::from_static(value));
        let Err(PaystackError::Limited { retry_after_s }) = read(&limited) else { panic!() };
        assert_eq!(retry_after_s, expected, "{name}: {value}");
    };
    check("x-ratelimit-reset", "7", 7);
    check("x-ratelimit-reset", "0", 1);
    check("x-ratelimit-reset", "1795000000", 3600);
    check("x-ratelimit-reset", "soon", 60);
    check("retry-after", "9", 9);
    check("x-other", "9", 60);
}

#[test]
fn amounts_and_ids_are_numbers_or_texts_and_never_guessed() {
    let minor = |value: Value, expected: Option<Option<i64>>| {
        let object = json!({ "amount": value });
        let fields = Fields::of(&object).unwrap();
        assert_eq!(fields.minor_if_any("amount").ok(), expected, "{object}");
    };
    minor(json!(20000), Some(Some(20000)));
    minor(json!("20000"), Some(Some(20000)));
    minor(json!(-5), Some(Some(-5)));
    minor(json!(null), Some(None));
    minor(json!(""), Some(None));
    minor(json!(200.5), None);
    minor(json!("200.50"), None);
    minor(json!("1e3"), None);
    minor(json!(9_007_199_254_740_992_i64), None);
    minor(json!(i64::MIN), None);
    minor(json!(u64::MAX), None);
    minor(json!([1]), None);
    minor(json!({}), None);
    let id = |value: Value, expected: Option<u64>| {
        let object = json!({ "transaction": value });
        assert_eq!(Fields::of(&object).unwrap().id_of("transaction").ok(), expected, "{object}");
    };
    id(json!(u64::MAX), Some(u64::MAX));
    id(json!("4099260516"), Some(4_099_260_516));
    id(json!({ "id": 7, "amount": 1 }), Some(7));
    id(json!({ "amount": 1 }), None);
    id(json!(-1), None);
    id(json!(null), None);
}
