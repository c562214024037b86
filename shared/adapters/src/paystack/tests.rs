//! Charges, lies and silence, against a server that says what it is told to say.

mod lists;
mod transfers;

use std::time::Duration;

use domain::contact::Email;
use domain::failure::chain;
use domain::id::TipId;
use domain::ledger::PaystackReference;
use domain::money::{Currency, Money};
use jiff::Timestamp;
use serde_json::json;

use super::*;
use crate::clock::Clock;
use crate::liar::{Heard, Liar, Says, environment, secrets};

const SECRET: &str = "sk_test_never_printed";

fn tenant() -> TenantId {
    TenantId::new(Timestamp::UNIX_EPOCH, [1; 10])
}

fn reference() -> PaystackReference {
    PaystackReference::of(&TipId::new(Timestamp::UNIX_EPOCH, [2; 10]))
}

fn naira(minor: i64) -> Money {
    Money { minor, currency: Currency::Ngn }
}

/// Paystack as `answer` plays it.
async fn paystack(answer: impl Fn(&Heard) -> Says + Send + Sync + 'static) -> (Liar, Paystack) {
    let clock = Clock::system();
    let server = Liar::start(answer).await;
    let text = format!(r#"{{"secret_key":"{SECRET}"}}"#);
    let known = format!("{}", tenant());
    let vault = secrets(move |id, stage| {
        (id.ends_with(&known) && stage == "AWSCURRENT").then(|| text.clone())
    });
    let aws = Liar::start(vault).await;
    let url = format!("{}/", server.url);
    let variables = [("PAYSTACK_URL", &*url), ("PAYSTACK_SECRET_PREFIX", "p/")];
    let paystack = Paystack::from_env(&environment(&aws, &clock, &variables)).unwrap();
    (server, paystack)
}

/// Paystack that always says the same.
async fn saying(status: u16, body: &Value) -> (Liar, Paystack) {
    let body = body.to_string();
    paystack(move |_| Says::json(status, &body)).await
}

fn ok(data: &Value) -> Value {
    json!({ "status": true, "message": "ok", "data": data })
}

fn no(message: &str, code: &str) -> Value {
    json!({ "status": false, "message": message, "type": "validation_error", "code": code })
}

fn charge() -> Initialize {
    Initialize {
        reference: reference(),
        email: Email::parse("patron@example.com").unwrap(),
        amount: naira(150_000),
        callback_url: "https://tips.example.com/back".to_owned(),
        metadata: json!({ "tip": "1" }),
    }
}

fn wish() -> RefundWish {
    let (merchant_note, customer_note) = ("rfd_1".to_owned(), None);
    RefundWish { transaction: reference(), amount: naira(500), merchant_note, customer_note }
}

fn recipient() -> RecipientWish {
    RecipientWish {
        kind: RecipientKind::Nuban,
        name: "Ada Obi".to_owned(),
        account_number: "0123456789".to_owned(),
        bank_code: "058".to_owned(),
        currency: Currency::Ngn,
    }
}

#[test]
fn only_a_confidential_address_is_called() {
    let check = |url: &str, expected: Option<&str>| {
        assert_eq!(base_url("PAYSTACK_URL", url).ok().as_deref(), expected, "{url}");
    };
    check("https://api.paystack.co", Some("https://api.paystack.co"));
    check("https://api.paystack.co/", Some("https://api.paystack.co"));
    check("http://127.0.0.1:9000/v1/", Some("http://127.0.0.1:9000/v1"));
    check("http://[::1]:9000", Some("http://[::1]:9000"));
    check("http://localhost", Some("http://localhost"));
    check("http://api.paystack.co", None);
    check("http://localhost.example.com", None);
    check("http://10.0.0.1", None);
    check("https://name@api.paystack.co", None);
    check("https://api.paystack.co?x=1", None);
    check("ftp://localhost", None);
    check("api.paystack.co", None);
}

#[tokio::test]
async fn a_charge_is_begun_with_the_tenants_key() {
    let data = json!({
        "authorization_url": "https://checkout.paystack.com/abc",
        "access_code": "abc",
        "reference": reference().as_str(),
    });
    let (server, paystack) = saying(200, &ok(&data)).await;
    let checkout = paystack.initialize(&tenant(), &charge()).await.unwrap();
    assert_eq!(checkout.authorization_url, "https://checkout.paystack.com/abc");
    assert_eq!(checkout.access_code, "abc");
    let heard = server.heard().remove(0);
    assert_eq!(heard.line, "POST /transaction/initialize");
    for header in ["authorization: bearer sk_test_", "content-type: application/json", "tessera/"] {
        assert!(heard.headers.contains(header), "{header}");
    }
    let expected = json!({
        "reference": reference().as_str(),
        "email": "patron@example.com",
        "amount": 150_000,
        "currency": "NGN",
        "callback_url": "https://tips.example.com/back",
        "metadata": { "tip": "1" },
    });
    assert_eq!(heard.json(), expected);
}

#[tokio::test]
async fn a_checkout_that_leads_elsewhere_is_not_handed_out() {
    let check = async |url: &str, theirs: &str, expected: bool| {
        let data = json!({ "authorization_url": url, "access_code": "a", "reference": theirs });
        let (_, paystack) = saying(200, &ok(&data)).await;
        let outcome = paystack.initialize(&tenant(), &charge()).await;
        assert_eq!(outcome.is_ok(), expected, "{url} {theirs}");
        let protocol = matches!(outcome, Ok(_) | Err(PaystackError::Protocol(_)));
        assert!(protocol, "{url} {theirs}");
    };
    let ours = reference();
    check("https://checkout.paystack.com/a", ours.as_str(), true).await;
    check("https://checkout.paystack.com/a", "", true).await;
    check("http://127.0.0.1:4000/pay/a", ours.as_str(), true).await;
    check("http://checkout.paystack.com/a", ours.as_str(), false).await;
    check("javascript:alert(1)", ours.as_str(), false).await;
    check("//checkout.paystack.com/a", ours.as_str(), false).await;
    check("", ours.as_str(), false).await;
    check("https://checkout.paystack.com/a", "tip-other", false).await;
}

#[tokio::test]
async fn what_is_known_of_a_charge_is_read_in_all_its_spellings() {
    let check = async |data: Value, expected: Option<Verified>| {
        let (server, paystack) = saying(200, &ok(&data)).await;
        let seen = paystack.verify(&tenant(), &reference()).await;
        match expected {
            Some(expected) => assert_eq!(seen.unwrap(), Some(expected), "{data}"),
            None => assert!(matches!(seen, Err(PaystackError::Protocol(_))), "{data}"),
        }
        let line = format!("GET /transaction/verify/{}", reference());
        assert_eq!(server.heard().remove(0).line, line);
    };
    let facts = domain::tip::ChargeFacts {
        reference: reference().as_str().to_owned(),
        status: "success".to_owned(),
        currency: "NGN".to_owned(),
        amount: 40_333,
        requested_amount: Some(30_050),
        fees: Some(10_283),
    };
    let full = Verified {
        facts,
        id: 4_099_260_516,
        paid_at: Some("2024-08-22T09:15:02Z".parse().unwrap()),
        channel: Some("card".to_owned()),
        gateway_response: Some("Successful".to_owned()),
    };
    let text = json!({
        "id": "4099260516", "reference": reference().as_str(), "status": "success",
        "currency": "NGN", "amount": "40333", "requested_amount": 30050, "fees": "10283",
        "paidAt": "2024-08-22T09:15:02.000Z", "channel": "card", "metadata": 0, "plan": null,
        "gateway_response": "Successful", "log": [], "new": { "field": [1] },
    });
    let both = json!({
        "id": 4_099_260_516_u64, "reference": reference().as_str(), "status": "success",
        "currency": "NGN", "amount": 40333, "requested_amount": "30050", "fees": 10283,
        "paid_at": "2024-08-22T09:15:02.000Z", "paidAt": "2024-08-22T09:15:02.000Z",
        "channel": "card", "metadata": "", "gateway_response": "Successful",
    });
    check(text.clone(), Some(full.clone())).await;
    check(both, Some(full.clone())).await;
    let bare = json!({
        "id": 1, "reference": "x", "status": "abandoned", "currency": "NGN", "amount": 5,
        "fees": null, "paid_at": null, "paidAt": "yesterday", "metadata": null,
    });
    let mut open = Verified { id: 1, paid_at: None, channel: None, gateway_response: None, ..full };
    open.facts.reference = "x".to_owned();
    open.facts.status = "abandoned".to_owned();
    (open.facts.amount, open.facts.requested_amount, open.facts.fees) = (5, None, None);
    check(bare, Some(open)).await;
    for name in ["id", "reference", "status", "currency", "amount"] {
        let mut broken = text.clone();
        broken[name] = json!(null);
        check(broken, None).await;
    }
    for (name, value) in [("amount", json!(1.5)), ("fees", json!("1.5")), ("id", json!({}))] {
        let mut broken = text.clone();
        broken[name] = value;
        check(broken, None).await;
    }
    check(json!([]), None).await;
    check(json!(null), None).await;
}

#[tokio::test]
async fn a_reference_that_is_not_known_is_no_error() {
    let check = async |status, body: Value| {
        let (_, paystack) = saying(status, &body).await;
        assert_eq!(paystack.verify(&tenant(), &reference()).await.unwrap(), None);
    };
    check(400, no("Transaction reference not found.", "transaction_not_found")).await;
    check(404, no("Transaction reference not found.", "")).await;
    let (server, paystack) = saying(200, &ok(&json!({}))).await;
    let dots = PaystackReference::parse("..").unwrap();
    assert_eq!(paystack.verify(&tenant(), &dots).await.unwrap(), None);
    assert!(server.heard().is_empty());
}

#[tokio::test]
async fn lies_and_silence_are_told_apart_and_only_questions_are_repeated() {
    let check = async |says: Says, outcome: &str, [asked, posted]: [usize; 2]| {
        let said = says.clone();
        let (server, mut paystack) = paystack(move |_| said.clone()).await;
        paystack.https.call_timeout = Duration::from_millis(300);
        let error = paystack.verify(&tenant(), &reference()).await.unwrap_err();
        assert_eq!((error.outcome(), server.heard().len()), (outcome, asked), "{says:?}");
        let error = paystack.refund(&tenant(), &wish()).await.unwrap_err();
        assert_eq!((error.outcome(), server.heard().len()), (outcome, posted), "{says:?}");
        assert_eq!(error.may_have_happened(), outcome == "unknown" || outcome == "protocol");
    };
    let huge = vec![b' '; 10 * 1024 * 1024];
    check(Says::json(200, "junk"), "protocol", [1, 1]).await;
    check(Says::Whole(200, "", huge), "protocol", [1, 1]).await;
    check(Says::Whole(302, "location: /bank\r\n", Vec::new()), "protocol", [1, 1]).await;
    check(Says::Whole(429, "x-ratelimit-reset: 9\r\n", Vec::new()), "limited", [1, 1]).await;
    check(Says::json(401, &no("Invalid key", "invalid_Key").to_string()), "refused", [1, 1]).await;
    check(Says::json(500, "oh"), "unknown", [2, 1]).await;
    check(Says::Drip, "unknown", [2, 1]).await;
    check(Says::Reset, "unknown", [2, 1]).await;
}

#[tokio::test]
async fn a_question_is_answered_at_the_second_try() {
    let tries = std::sync::atomic::AtomicUsize::new(0);
    let body = no("Transaction reference not found.", "transaction_not_found").to_string();
    let (_, paystack) =
        paystack(move |_| match tries.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
            0 => Says::Reset,
            _ => Says::json(404, &body),
        })
        .await;
    assert_eq!(paystack.verify(&tenant(), &reference()).await.unwrap(), None);
}

#[tokio::test]
async fn without_a_key_nothing_is_sent() {
    let (server, paystack) = saying(200, &ok(&json!({}))).await;
    let stranger = TenantId::new(Timestamp::UNIX_EPOCH, [9; 10]);
    let error = paystack.refund(&stranger, &wish()).await.unwrap_err();
    assert!(matches!(error, PaystackError::NotConnected));
    assert!(server.heard().is_empty());
}

#[tokio::test]
async fn no_error_repeats_what_was_sent() {
    let leak = "sk_test_never_printed patron@example.com 0123456789";
    for (status, code) in [(400, ""), (422, leak), (404, "x"), (500, ""), (200, "")] {
        let (_, paystack) = saying(status, &no(leak, code)).await;
        let begun = paystack.initialize(&tenant(), &charge()).await.unwrap_err();
        let resolved = paystack.resolve(&tenant(), "0123456789", "058").await.unwrap_err();
        let made = paystack.create_recipient(&tenant(), &recipient()).await.unwrap_err();
        for error in [begun, resolved, made] {
            let text = format!("{error:?} {}", chain(&error));
            for secret in ["sk_test", "patron@", "0123456789"] {
                assert!(!text.contains(secret), "{text}");
            }
        }
    }
    let printed = format!("{:?} {:?}", recipient(), charge());
    assert!(!printed.contains("0123456789") && !printed.contains("patron@"), "{printed}");
}
