//! The codes of loyalty: what they are worth, when they end, what they are refused with, and what nobody ever sees.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use domain::access::Scope;
use domain::id::RestaurantId;
use domain::loyalty_token::{Payload, TokenSecret};
use jiff::SignedDuration;
use serde_json::{Value, json};
use tessera_tests::{Bistro, Start};
use tracing_subscriber::util::SubscriberInitExt;

use crate::counter::{
    Counter, EARN, ELSEWHERE, EXPIRED, TOKENS, UNKNOWN, USED, VERIFY, hash_of, is_refused, plain,
    refused, scan, spent,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_says_who_shows_it_and_gives_its_points_in_each_spelling() {
    let counter = Counter::open().await;
    let mut balance = 0;
    for (format, spelling) in [("code", "payload"), ("code", "token"), ("legacy", "payload")] {
        let code = counter.asks("ada", &json!({ "format": format })).await.is(201).json();
        assert!(code["svg"].as_str().unwrap().contains("224"), "{code}");
        let url = code["url"].as_str().unwrap();
        assert!(url.ends_with(&format!("/L/{}", code["token"].as_str().unwrap())), "{url}");
        assert_eq!(code["expires_at"], "2026-11-20T12:05:00Z", "{code}");
        let payload = code[spelling].as_str().unwrap();
        let done = scan(counter.owner(), &counter.bistro, payload, &spent(1_000)).await;
        let done = done.is(200).json();
        balance += 10;
        assert_eq!((&done["valid"], &done["awarded"]), (&json!(true), &json!(10)), "{done}");
        assert_eq!((&done["balance"], &done["customer"]["id"]), (&json!(balance), &json!("ada")));
        let said = &done["payload"];
        let restaurant = json!(counter.bistro.id());
        assert_eq!((&said["customerId"], &said["restaurantId"]), (&json!("ada"), &restaurant));
        assert_eq!(said["timestamp"], counter.platform.now().as_millisecond());
        assert_eq!((said.get("type"), said.get("token")), (None, None), "{said}");
    }
    // Only identified.
    let code = counter.shows("ada").await;
    let lower = code["url"].as_str().unwrap().to_lowercase();
    let done = scan(counter.owner(), &counter.bistro, &lower, &plain()).await.is(200).json();
    assert_eq!((done.get("awarded"), &done["balance"]), (None, &json!(balance)), "{done}");
    assert_eq!(counter.purse().await, (balance, 0));
    counter.platform.points_agree(&counter.bistro).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codes_are_refused_in_their_order_with_their_words_and_stay_good() {
    let counter = Counter::open().await;
    let branch = counter.bistro.branch("Mama Put II").await;
    is_refused(&counter, "hello", UNKNOWN).await;
    is_refused(&counter, &TokenSecret::new([7; 32]).code(), UNKNOWN).await;
    let code = counter.shows("ada").await;
    let payload = code["payload"].as_str().unwrap();
    // Another restaurant's attempts leave it good.
    for _ in 0..3 {
        let reply = scan(counter.owner(), &branch, payload, &spent(1_000)).await;
        refused(&reply, ELSEWHERE);
    }
    assert_eq!(counter.purse().await, (0, 0));
    drop(counter.scans(&code, &spent(1_000)).await.is(200));
    is_refused(&counter, payload, USED).await;
    // Used comes before the restaurant, and the end before both.
    let reply = scan(counter.owner(), &branch, payload, &plain()).await;
    refused(&reply, USED);
    counter.platform.passes(EARN).await;
    let reply = scan(counter.owner(), &branch, payload, &plain()).await;
    refused(&reply, EXPIRED);
    assert_eq!(counter.purse().await, (10, 0));
    // What somebody has changed in the older payload is no code.
    let legacy = counter.asks("ada", &json!({ "format": "legacy" })).await.is(201).json();
    let changed = changed(legacy["payload"].as_str().unwrap(), "customerId", "bob");
    is_refused(&counter, &changed, UNKNOWN).await;
    drop(counter.scans(&legacy, &plain()).await.is(200));
}

/// The older payload with another value.
fn changed(payload: &str, member: &str, value: &str) -> String {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    let mut json: Value = serde_json::from_slice(&STANDARD.decode(payload).unwrap()).unwrap();
    json[member] = json!(value);
    STANDARD.encode(json.to_string())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_is_good_to_its_last_millisecond_and_not_at_its_end_nor_later() {
    let counter = Counter::open().await;
    let almost = EARN - SignedDuration::from_millis(1);
    let code = counter.shows("ada").await;
    counter.platform.passes(almost).await;
    drop(counter.scans(&code, &spent(1_000)).await.is(200));
    let code = counter.shows("ada").await;
    counter.platform.passes(EARN).await;
    is_refused(&counter, code["payload"].as_str().unwrap(), EXPIRED).await;
    counter.platform.passes(SignedDuration::from_hours(48)).await;
    let kept = counter.platform.table().loyalty_token(&hash_of(&code)).await.unwrap();
    assert!(kept.is_some(), "the table has it still");
    is_refused(&counter, code["payload"].as_str().unwrap(), EXPIRED).await;
    assert_eq!(counter.purse().await, (10, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_is_sent_again_gets_the_same_success() {
    let counter = Counter::open().await;
    let code = counter.shows("ada").await;
    let ask = |key: &str, over: &Value| counter.scan(&code, over).header("idempotency-key", key);
    let first = ask("one", &spent(1_000)).await.is(200);
    assert_eq!(first.header("idempotency-replayed"), "");
    for later in [0, 60, 600] {
        counter.platform.passes(SignedDuration::from_secs(later)).await;
        let again = ask("one", &spent(1_000)).await.is(200);
        assert_eq!((again.header("idempotency-replayed"), again.json()), ("true", first.json()));
    }
    let other = ask("one", &spent(2_000)).await;
    assert_eq!(other.problem(422, "loyalty_key_reused")["valid"], false);
    let other = ask("two", &spent(1_000)).await;
    refused(&other, EXPIRED);
    // Another member of the staff has keys of their own.
    let waiter = counter.bistro.employs(&[Scope::LoyaltyRedeem]).await;
    let payload = code["payload"].as_str().unwrap();
    let theirs = scan(&waiter, &counter.bistro, payload, &spent(1_000));
    let theirs = theirs.header("idempotency-key", "one").await;
    refused(&theirs, EXPIRED);
    assert_eq!(counter.purse().await, (10, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_code_ends_the_one_before_and_what_was_used_was_used() {
    let counter = Counter::open().await;
    let branch = counter.bistro.branch("Mama Put II").await;
    let (old, new) = (counter.shows("ada").await, counter.shows("ada").await);
    for over in [plain(), spent(1_000)] {
        let reply = counter.scans(&old, &over).await;
        refused(&reply, EXPIRED);
    }
    let reply = scan(counter.owner(), &branch, old["payload"].as_str().unwrap(), &plain()).await;
    refused(&reply, EXPIRED);
    drop(counter.scans(&new, &spent(1_000)).await.is(200));
    let newest = counter.shows("ada").await;
    let reply = counter.scans(&new, &plain()).await;
    refused(&reply, USED);
    // Another customer's code, and one for another restaurant, end nothing.
    counter.bistro.welcomes("bob").await;
    drop(counter.shows("bob").await);
    let there = json!({ "restaurant_id": branch.id() });
    drop(counter.asks("ada", &there).await.is(201));
    drop(counter.scans(&newest, &plain()).await.is(200));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_points_of_a_reward_are_held_spent_given_up_and_free_at_the_end() {
    let counter = Counter::open().await;
    let coffee = counter.bistro.offers(&json!({})).await;
    let few = counter.asks_for("ada", &coffee).await;
    few.problem(409, "points_not_enough");
    counter.bistro.gives("ada", 100, "sale-1").await;
    let code = counter.shows_for("ada", &coffee).await;
    assert_eq!((&code["balance"], counter.purse().await), (&json!(50), (50, 50)));
    assert_eq!(code["expires_at"], "2026-11-20T12:10:00Z");
    let with_award = counter.scans(&code, &spent(1_000)).await;
    assert_eq!(with_award.problem(422, "loyalty_award_for_reward")["valid"], false);
    let done = counter.scans(&code, &plain()).await.is(200).json();
    let reward = json!({ "id": coffee["reward_id"], "name": "Coffee", "price": 50 });
    assert_eq!((&done["reward"], &done["balance"]), (&reward, &json!(50)), "{done}");
    let said = (&done["payload"]["type"], &done["payload"]["rewardId"]);
    assert_eq!(said, (&json!("redemption"), &coffee["reward_id"]), "{done}");
    counter.releases(&code).await.problem(409, "loyalty_token_used");
    // Given up: its points are free, it is over, and asking again changes nothing.
    let code = counter.shows_for("ada", &coffee).await;
    assert_eq!(counter.purse().await, (0, 50));
    for _ in 0..2 {
        assert_eq!(counter.releases(&code).await.is(200).json(), json!({ "balance": 50 }));
    }
    let reply = counter.scans(&code, &plain()).await;
    refused(&reply, EXPIRED);
    // Over: its points are free in the very request that wants them.
    let code = counter.shows_for("ada", &coffee).await;
    counter.asks_for("ada", &coffee).await.problem(409, "points_not_enough");
    counter.platform.passes(SignedDuration::from_millis(599_999)).await;
    counter.asks_for("ada", &coffee).await.problem(409, "points_not_enough");
    counter.platform.passes(SignedDuration::from_millis(1)).await;
    let next = counter.shows_for("ada", &coffee).await;
    let reply = counter.scans(&code, &plain()).await;
    refused(&reply, EXPIRED);
    drop(counter.scans(&next, &plain()).await.is(200));
    assert_eq!(counter.purse().await, (0, 0));
    let earn = counter.shows("ada").await;
    counter.releases(&earn).await.problem(409, "points_not_held");
    counter.platform.points_agree(&counter.bistro).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_award_that_gives_nothing_leaves_the_code_good_and_one_that_did_can_be_reversed() {
    let most = json!({ "daily_points_max": 25 });
    let counter = Counter::open_with(Start::default(), &most).await;
    let code = counter.shows("ada").await;
    let cases = [
        (json!({ "award": {} }), 422, "invalid_fields"),
        (json!({ "award": { "visit": true } }), 422, "award_of_another_kind"),
        (spent(99), 422, "award_too_small"),
        (
            json!({ "award": { "amount": { "minor": 100_000, "currency": "GHS" } } }),
            422,
            "award_of_another_currency",
        ),
    ];
    for (over, status, reason) in &cases {
        let problem = counter.scans(&code, over).await.problem(*status, reason);
        assert_eq!((&problem["valid"], &problem["error"]), (&json!(false), &problem["detail"]));
    }
    drop(counter.bistro.sale("ada", 100_000, "sale-1").await.is(201));
    let mut taken = spent(1_000);
    taken["award"]["reference"] = json!("sale-1");
    counter.scans(&code, &taken).await.problem(409, "purchase_counted");
    taken["award"]["reference"] = json!("sale-2");
    let done = counter.scans(&code, &taken).await.is(200).json();
    assert_eq!((&done["purchase_reference"], &done["balance"]), (&json!("sale-2"), &json!(20)));
    // Five are left of the day; then there are none, and the code stays good.
    let code = counter.shows("ada").await;
    let done = counter.scans(&code, &spent(1_000)).await.is(200).json();
    assert_eq!((&done["awarded"], &done["balance"]), (&json!(5), &json!(25)), "{done}");
    let own = done["purchase_reference"].as_str().unwrap();
    assert_eq!(own, hash_of(&code).as_str());
    let code = counter.shows("ada").await;
    counter.scans(&code, &spent(1_000)).await.problem(409, "points_daily_max");
    drop(counter.scans(&code, &plain()).await.is(200));
    for reference in ["sale-2", own] {
        drop(counter.bistro.reverses(reference).await.is(200));
    }
    assert_eq!(counter.purse().await, (10, 0));
    counter.platform.points_agree(&counter.bistro).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn foreign_tenants_and_bound_keys_find_what_is_theirs() {
    let counter = Counter::open().await;
    let branch = counter.bistro.branch("Mama Put II").await;
    let other = Bistro::opens(&counter.platform.newcomer().await).await;
    let code = counter.shows("ada").await;
    let payload = code["payload"].as_str().unwrap();
    let reply = scan(&other.owner, &other, payload, &plain()).await;
    refused(&reply, UNKNOWN);
    let reply = scan(&other.owner, &counter.bistro, payload, &plain()).await;
    assert_eq!(reply.problem(404, "restaurant_unknown")["valid"], false);
    let foreign = json!({ "restaurant_id": counter.bistro.id(), "customer_id": "ada" });
    other.owner.post(TOKENS).json(&foreign).await.problem(404, "restaurant_unknown");
    let theirs = json!({ "payload": payload });
    let release = format!("{TOKENS}/release");
    other.owner.post(&release).json(&theirs).await.problem(404, "loyalty_token_unknown");
    let nobody = counter.asks("nobody", &plain()).await;
    nobody.problem(404, "customer_unknown");
    // Staff of the branch: their own restaurant only, which they need not name.
    let waiter = branch.employs(&[Scope::LoyaltyRedeem]).await;
    let reply = scan(&waiter, &counter.bistro, payload, &plain()).await;
    reply.problem(404, "restaurant_unknown");
    let reply = waiter.post(VERIFY).json(&theirs).await;
    refused(&reply, ELSEWHERE);
    waiter.post(TOKENS).json(&foreign).await.problem(403, "scope_missing");
    let unnamed = counter.owner().post(VERIFY).json(&theirs).await;
    unnamed.problem(422, "invalid_fields");
    let reader = counter.owner().makes_key(&[Scope::LoyaltyRead]).await;
    let reply = scan(&reader, &counter.bistro, payload, &plain()).await;
    assert_eq!(reply.problem(403, "scope_missing")["valid"], false);
    let waiter = counter.bistro.employs(&[Scope::LoyaltyRedeem]).await;
    drop(waiter.post(VERIFY).json(&theirs).await.is(200));
    let nowhere = RestaurantId::from_bytes([1; 16]);
    let ghost = counter.asks("ada", &json!({ "restaurant_id": nowhere })).await;
    ghost.problem(404, "restaurant_unknown");
}

/// What was logged.
#[derive(Clone, Default)]
struct Logged(Arc<Mutex<Vec<u8>>>);

impl Write for Logged {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

// On one thread, so that its log is this test's alone.
#[tokio::test]
async fn neither_table_nor_log_has_anything_that_could_be_shown_as_a_code() {
    let logged = Logged::default();
    let writer = logged.clone();
    let log = tracing_subscriber::fmt().with_writer(move || writer.clone()).finish();
    // A single log would be asked on whatever thread comes by a line first, and there it is none.
    let _other = tracing_subscriber::fmt().finish().set_default();
    let _guard = log.set_default();
    let counter = Counter::open().await;
    counter.bistro.gives("ada", 100, "sale-1").await;
    let coffee = counter.bistro.offers(&json!({})).await;
    let codes = [counter.shows("ada").await, counter.shows_for("ada", &coffee).await];
    let legacy = counter.asks("ada", &json!({ "format": "legacy" })).await.is(201).json();
    for code in &codes {
        let used = counter.scan(code, &plain()).header("idempotency-key", "k").await;
        assert!([200, 410].contains(&used.status), "{}", used.text());
    }
    let mut secrets: Vec<String> = Vec::new();
    for code in codes.iter().chain([&legacy]) {
        let token = code["token"].as_str().unwrap();
        secrets.push(token.to_owned());
        secrets.push(code["payload"].as_str().unwrap().to_owned());
        let Ok(Payload::Token(secret)) = Payload::parse(token) else { panic!("{code}") };
        secrets.push(secret.hex());
    }
    counter.platform.quiet().await;
    let inventory = counter.platform.inventory().await;
    assert!(inventory.count("QT#") >= 3);
    for (key, item) in &inventory.items {
        let text = format!("{key:?} {item}").to_lowercase();
        let found = secrets.iter().find(|secret| text.contains(&secret.to_lowercase()));
        assert_eq!(found, None, "{key:?}");
    }
    let lines = String::from_utf8(logged.0.lock().unwrap().clone()).unwrap().to_lowercase();
    assert!(lines.contains("loyalty_token_issued") && lines.contains("loyalty_token_verified"));
    let found = secrets.iter().find(|secret| lines.contains(&secret.to_lowercase()));
    assert_eq!(found, None, "in the log");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_that_cannot_be_drawn_is_none_and_holds_no_points() {
    let variables = [("PUBLIC_URL".to_owned(), format!("https://{}.example", "a".repeat(3_000)))];
    let start = Start { variables: variables.into(), ..Start::default() };
    let counter = Counter::open_with(start, &json!({})).await;
    counter.bistro.gives("ada", 100, "sale-1").await;
    let coffee = counter.bistro.offers(&json!({})).await;
    for reply in [counter.asks("ada", &plain()).await, counter.asks_for("ada", &coffee).await] {
        let problem = reply.problem(503, "loyalty_token_not_drawn");
        assert_eq!(problem["detail"], "Failed to generate QR");
    }
    assert_eq!(counter.purse().await, (100, 0));
}
