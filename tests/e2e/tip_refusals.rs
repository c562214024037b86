//! What a tip is refused for, and what a patron is told: amounts, codes, guards, and too many at once.

use adapters::table::TipClaim;
use domain::id::TipId;
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};
use tessera_tests::{Platform, at_once, wish};

const INITIALIZE: &str = "POST /transaction/initialize";

/// A platform with a guard called Musa, who has a code.
async fn with_guard() -> (Platform, Value, String) {
    let platform = Platform::start().await;
    let guard = platform.owner().hires("Musa", "Adebayo").await;
    let code = platform.owner().prints_code(&guard).await;
    let token = code["token"].as_str().unwrap().to_owned();
    (platform, guard, token)
}

fn with(mut wish: Value, field: &str, value: Value) -> Value {
    wish[field] = value;
    wish
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_wrong_field_is_named_and_nothing_is_written() {
    let (platform, _, token) = with_guard().await;
    let patron = platform.patron();
    let fine = || wish(&token, 20_000);
    let amount = |value: Value| (with(fine(), "amount", value), "amount");
    let cases = [
        amount(json!(0)),
        amount(json!(-20_000)),
        amount(json!(9_999)),
        amount(json!(10_000_001)),
        amount(json!(200.5)),
        amount(json!(20_000.0)),
        amount(json!("20000")),
        amount(json!(null)),
        amount(json!(i64::MAX)),
        amount(json!(u64::MAX)),
        (with(fine(), "currency", json!("USD")), "currency"),
        (with(fine(), "currency", json!("BTC")), "currency"),
        (with(fine(), "email", json!("nobody")), "email"),
        (with(fine(), "patron_alias", json!("x".repeat(41))), "patron_alias"),
        (with(fine(), "message", json!("x".repeat(201))), "message"),
        (with(fine(), "message", json!("turned \u{202e}around")), "message"),
        (with(fine(), "guard_token", json!("short")), "guard_token"),
        (with(fine(), "tip", json!(1)), "tip"),
    ];
    platform.meter().reset();
    for (body, field) in cases {
        let refused = patron.asks_for("a key", &body).await;
        let problem = refused.problem(422, "invalid_fields");
        assert_eq!(problem["errors"][0]["field"], field, "{body}: {problem}");
    }
    let two = with(with(fine(), "amount", json!(1)), "email", json!("x"));
    let problem = patron.asks_for("a key", &two).await.problem(422, "invalid_fields");
    assert_eq!(problem["errors"].as_array().unwrap().len(), 2);
    assert_eq!(problem["errors"][0]["detail"], "the smallest tip is ₦100");
    assert_eq!(platform.meter().write_units("tip-create"), 0.0);
    assert_eq!(platform.simulator().calls().get(INITIALIZE), None);
    // What was refused has not used the key up.
    let _ = patron.asks_for("a key", &fine()).await.is(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn json_needs_a_key_and_the_key_stands_for_one_wish() {
    let (platform, _, token) = with_guard().await;
    let patron = platform.patron();
    let ask = || patron.ask(Method::POST, "/tips");
    let body = wish(&token, 20_000);
    ask().json(&body).await.problem(400, "idempotency_key_missing");
    let long = "x".repeat(256);
    let keyed = ask().header("idempotency-key", &long).json(&body).await;
    keyed.problem(400, "idempotency_key_invalid");
    let text = ask().header("idempotency-key", "k").body("text/plain", body.to_string()).await;
    text.problem(400, "body_not_json");
    let broken = ask().header("idempotency-key", "k").body("application/json", "{").await;
    broken.problem(400, "malformed_json");

    let first = patron.asks_for("k", &body).await.is(201).json();
    let spaced = with(body.clone(), "message", json!("  "));
    let again = patron.asks_for("k", &spaced).await.is(201);
    assert_eq!(again.json(), first, "blanks say nothing");
    let other = wish(&token, 50_000);
    patron.asks_for("k", &other).await.problem(422, "idempotency_key_reused");
    // Partners have an address of their own, and the same keys.
    let partner = patron.ask(Method::POST, "/api/v1/tips").header("idempotency-key", "k");
    assert_eq!(partner.json(&body).await.is(201).json(), first);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_that_takes_no_tips_says_so_and_takes_none_at_once() {
    let (platform, guard, token) = with_guard().await;
    let (patron, owner) = (platform.patron(), platform.owner());
    let page = patron.fills_in(&token, &[("amount", "20000")]).await.is(200);
    let change = async |what: &str| {
        let path = format!("{}/{what}", owner.path_of(&guard));
        let _ = owner.post(&path).await.is(200);
    };
    let body = wish(&token, 20_000);

    change("suspend").await;
    let resting = patron.scans(&token).await.is(200).text();
    assert!(resting.contains("cannot take tips at the moment") && !resting.contains("<form"));
    patron.asks_for("one", &body).await.problem(409, "guard_suspended");
    assert_eq!(patron.sends(&page).await.status, 409);
    change("resume").await;
    let _ = patron.scans(&token).await.is(200);

    let second = owner.prints_code(&guard).await;
    let gone = patron.scans(&token).await.is(410);
    assert!(gone.text().contains("replaced by a new one"));
    assert!(gone.header("cache-control").contains("s-maxage=60"), "gone everywhere in a minute");
    patron.asks_for("two", &body).await.problem(410, "guard_code_revoked");
    assert_eq!(patron.sends(&page).await.status, 410);
    assert_eq!(patron.fills_in(&token, &[("amount", "20000")]).await.status, 410);

    change("archive").await;
    let token = second["token"].as_str().unwrap();
    let left = patron.scans(token).await.is(410).text();
    assert!(left.contains("does not work here any more"));
    let body = wish(token, 20_000);
    patron.asks_for("three", &body).await.problem(410, "guard_archived");

    for nowhere in ["000000000000", "short", "%ff", "uuuuuuuuuuuu"] {
        let page = patron.scans(nowhere).await.is(404);
        assert!(page.text().contains("leads nowhere"), "{nowhere}");
        assert_eq!(page.header("cache-control"), "no-store");
    }
    patron.asks_for("four", &wish("000000000000", 20_000)).await.problem(404, "guard_code_unknown");
    let status = patron.ask(Method::GET, "/tips/tip_unknown").await;
    status.problem(404, "tip_unknown");
    assert_eq!(patron.ask(Method::GET, "/tips/tip_unknown/status").await.status, 404);
    assert_eq!(platform.simulator().calls().get(INITIALIZE), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_tips_too_often_waits_for_the_next_minute() {
    let (platform, _, token) = with_guard().await;
    let patron = platform.patron();
    let page = patron.fills_in(&token, &[("amount", "20000")]).await.is(200);
    let body = wish(&token, 20_000);
    let asks = (0..100).map(|number| {
        let (patron, body) = (patron.clone(), body.clone());
        async move { patron.asks_for(&format!("key {number}"), &body).await.status }
    });
    assert_eq!(at_once(8, asks).await, [201; 100]);
    let refused = patron.asks_for("one more", &body).await;
    refused.problem(429, "too_many_attempts");
    let wait: i64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    // The form comes back with all that was typed, and with the same wait.
    let again = patron.sends(&page).await.is(429);
    assert!(again.text().contains("₦200") && !again.header("retry-after").is_empty());
    platform.passes(SignedDuration::from_secs(wait)).await;
    let _ = patron.asks_for("one more", &body).await.is(201);
    let _ = patron.sends(&page).await.is(303);
    // No address is kept: a tip has a hash of it, and a limit is counted by another one.
    for ((pk, _), item) in &platform.inventory().await.items {
        assert!(!pk.contains("127.0.0.1"), "{pk}");
        if pk.starts_with("TIP#") {
            assert_eq!(item["from"].as_str().unwrap().len(), 16, "{item}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_paystack_refuses_can_be_tried_again() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let guard = owner.hires("Ada", "Obi").await;
    let code = owner.prints_code(&guard).await;
    let token = code["token"].as_str().unwrap();
    let patron = platform.patron();
    // Another key at Paystack than ours: nothing that we ask for is done.
    let (simulator, mut numbers) = (platform.simulator(), 1..1_000_000);
    let merchant = numbers.find(|number| simulator.settings(*number).is_some()).unwrap();
    simulator.rotate_key(merchant, "sk_test_another").unwrap();
    let body = wish(token, 20_000);
    patron.asks_for("one", &body).await.problem(502, "payment_not_started");
    patron.asks_for("one", &body).await.problem(502, "payment_not_started");
    let page = patron.fills_in(token, &[("amount", "20000"), ("message", "Hi")]).await.is(200);
    let again = patron.sends(&page).await.is(502);
    assert!(again.text().contains("nothing was taken") && again.text().contains("Hi"));
    assert_ne!(again.text(), page.text(), "with a key of its own");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_tenant_without_paystack_it_is_said_why_nobody_can_be_tipped() {
    let platform = Platform::start().await;
    let owner = platform.newcomer_without_paystack().await;
    let guard = owner.hires("Ada", "Obi").await;
    let code = owner.prints_code(&guard).await;
    let token = code["token"].as_str().unwrap();
    let patron = platform.patron();
    let body = wish(token, 20_000);
    patron.asks_for("one", &body).await.problem(409, "paystack_not_connected");
    // That tip is over; the answer to its key is that of any tip without a page.
    patron.asks_for("one", &body).await.problem(502, "payment_not_started");
    let page = patron.fills_in(token, &[("amount", "20000")]).await.is(200);
    let again = patron.sends(&page).await.is(409);
    assert!(again.text().contains("has not connected its Paystack account"), "{}", again.text());
    assert_eq!(patron.sends(&again).await.status, 409, "with a key of its own");
    assert_eq!(platform.simulator().calls().get(INITIALIZE), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_new_after_two_days() {
    let platform = Platform::start().await;
    let (table, now) = (platform.table(), platform.now());
    let claims = async |number: u8, hours: i64| {
        let (id, at) = (TipId::new(now, [number; 10]), now + SignedDuration::from_hours(hours));
        table.claim_tip(("patron", "token", "key"), "said", &id, at, at).await.unwrap()
    };
    assert_eq!(claims(1, 0).await, TipClaim::Ours);
    assert!(matches!(claims(2, 47).await, TipClaim::Standing { .. }));
    assert_eq!(claims(3, 49).await, TipClaim::Ours);
}
