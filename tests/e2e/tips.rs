//! A patron tips a guard, with the page's script and without it, once.

use jiff::SignedDuration;
use local::paystack::{ChargeStatus, Fault, FaultKind, Lost, Payment};
use local::{Fault as Broken, Filter};
use reqwest::Method;
use serde_json::{Value, json};
use tessera_tests::{Platform, at_once, wish};

const INITIALIZE: &str = "POST /transaction/initialize";
const VERIFY: &str = "GET /transaction/verify/{reference}";

/// A platform with a guard called Musa, who has a code.
async fn with_guard() -> (Platform, Value, String) {
    let platform = Platform::start().await;
    let guard = platform.owner().hires("Musa", "Adebayo").await;
    let code = platform.owner().prints_code(&guard).await;
    let token = code["token"].as_str().unwrap().to_owned();
    (platform, guard, token)
}

/// How often Paystack was asked to begin a charge.
fn charges(platform: &Platform) -> u64 {
    platform.simulator().calls().get(INITIALIZE).copied().unwrap_or(0)
}

fn pays(platform: &Platform, tip: &Value) -> ChargeStatus {
    platform.simulator().pay(tip["reference"].as_str().unwrap(), Payment::Success).unwrap()
}

/// The next times that Paystack is asked to begin a charge, this goes wrong.
fn breaks(platform: &Platform, times: u32, kind: FaultKind) {
    let fault = Fault { count: Some(times), ..Fault::once(INITIALIZE, kind) };
    platform.simulator().plan(fault).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_is_small_whole_and_the_same_for_everybody_and_costs_one_read() {
    let (platform, _, token) = with_guard().await;
    let patron = platform.patron();
    platform.meter().reset();
    let page = patron.scans(&token).await.is(200);
    assert_eq!(platform.meter().table_requests("tip-page"), 1);
    assert_eq!(platform.meter().count(&Filter::any().function("tip-page")), 1, "nothing else");
    let text = page.text();
    for part in ["Tip Musa A.", "DAO-Bitat", "₦200", "₦500", "₦1,000", "₦2,000", "lang=\"en\""]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(page.body.len() < 10_000, "{} bytes before any compression", page.body.len());
    let policy = page.header("content-security-policy");
    assert!(!policy.contains("unsafe") && policy.contains("form-action 'self' http"), "{policy}");
    assert!(page.header("cache-control").contains("s-maxage=60"));

    let other = patron.scans(&token.to_uppercase()).await.is(200);
    assert_eq!(other.body, page.body, "typed in capitals, by somebody else");
    let known = patron.ask(Method::GET, &format!("/g/{token}"));
    let known = known.header("if-none-match", page.header("etag")).await.is(304);
    assert!(known.body.is_empty());
    let head = patron.ask(Method::HEAD, &format!("/g/{token}")).await.is(200);
    assert_eq!(head.header("etag"), page.header("etag"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_patron_with_javascript_tips_pays_and_sees_it_arrive() {
    let (platform, _, token) = with_guard().await;
    let patron = platform.patron();
    let said = json!({
        "guard_token": token, "amount": 150_050, "currency": "NGN",
        "patron_alias": "Ada", "message": "Thank you!", "email": "ada@example.com",
    });
    let tip = patron.asks_for("one", &said).await.is(201).json();
    assert_eq!(tip["status"], "pending");
    assert!(tip["authorization_url"].as_str().unwrap().starts_with("http"));
    assert!(!tip["access_code"].as_str().unwrap().is_empty());
    let charge = platform.simulator().charge(tip["reference"].as_str().unwrap()).unwrap();
    assert_eq!((&charge["amount"], &charge["currency"]), (&json!(150_050), &json!("NGN")));
    assert_eq!(charge["customer"]["email"], "ada@example.com");
    assert_eq!(charge["metadata"]["tip_id"], tip["tip_id"]);
    assert!(!charge["metadata"].to_string().contains("Ada"), "{charge}");

    let waiting = patron.looks_after(&tip).await;
    assert_eq!((&waiting["status"], &waiting["amount"]), (&json!("pending"), &json!(150_050)));
    let fields: Vec<&String> = waiting.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["amount", "created_at", "currency", "status", "tip_id", "words"]);
    let page = patron.comes_back(&tip).await.is(200).text();
    assert!(page.contains("We are waiting") && page.contains("http-equiv=\"refresh\""), "{page}");

    assert_eq!(pays(&platform, &tip), ChargeStatus::Success);
    platform.quiet().await;
    assert_eq!(patron.looks_after(&tip).await["status"], "succeeded");
    let page = patron.comes_back(&tip).await.is(200).text();
    assert!(page.contains("Your tip has arrived") && !page.contains("refresh"), "{page}");
    assert!(!page.contains("Ada") && !page.contains("Musa"), "nobody is named: {page}");
    // The key still leads to this tip, whoever loads the page again.
    let again = patron.asks_for("one", &said).await.is(201);
    assert_eq!((again.json(), again.header("idempotency-replayed")), (tip, "true"));
    assert_eq!(charges(&platform), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_patron_without_javascript_is_shown_what_is_wrong_and_then_the_tip_again() {
    let (platform, _, token) = with_guard().await;
    let patron = platform.patron();
    let typed =
        [("amount", "other"), ("custom", "1,5"), ("patron_alias", "Ada <3"), ("email", "x")];
    let page = patron.fills_in(&token, &typed).await.is(422);
    let text = page.text();
    for kept in ["value=\"1,5\"", "value=\"Ada &#60;3\"", "value=\"x\"", "aria-invalid", "#custom"]
    {
        assert!(text.contains(kept), "{kept}: {text}");
    }
    assert_eq!(page.header("cache-control"), "no-store");
    let both = [("amount", "20000"), ("custom", "700")];
    let text = patron.fills_in(&token, &both).await.is(422).text();
    assert!(text.contains("You have chosen ₦200 and typed ₦700; which one?"), "{text}");

    platform.meter().reset();
    let typed = [("amount", "other"), ("custom", "₦1,500.50"), ("patron_alias", "Ada <3")];
    let page = patron.fills_in(&token, &typed).await.is(200);
    assert_eq!(platform.meter().write_units("tip-page"), 0.0, "asking writes nothing");
    assert!(page.text().contains("₦1,500.50") && page.text().contains("Musa A."));
    let answer = patron.sends(&page).await.is(303);
    let checkout = answer.header("location").to_owned();
    assert!(checkout.contains("/checkout/"), "{checkout}");
    // Pressed twice: the same page of Paystack's.
    assert_eq!(patron.sends(&page).await.is(303).header("location"), checkout);
    assert_eq!(charges(&platform), 1);
    let fresh = patron.fills_in(&token, &typed).await.is(200);
    assert_ne!(patron.sends(&fresh).await.is(303).header("location"), checkout, "another tip");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_that_is_not_ours_or_too_old_is_shown_again_and_takes_nothing_twice() {
    let (platform, _, token) = with_guard().await;
    let patron = platform.patron();
    let page = patron.fills_in(&token, &[("amount", "20000")]).await.is(200);
    for altered in [("csrf", "AAAA"), ("csrf", ""), ("idempotency_key", "mine")] {
        let again = patron.sends_with(&page, &[altered]).await.is(403);
        assert!(again.text().contains("not one of ours"), "{altered:?}");
    }
    // The tenant takes another currency by now: 20,000 kobo are not 20,000 cents.
    let other = patron.sends_with(&page, &[("currency", "USD")]).await.is(422).text();
    assert!(other.contains("Tips are in naira here; choose the amount again"), "{other}");
    assert!(!other.contains("checked"), "no amount is chosen: {other}");
    assert_eq!(charges(&platform), 0);
    let sent = patron.sends(&page).await.is(303);
    platform.passes(SignedDuration::from_mins(61)).await;
    let again = patron.sends(&page).await.is(409);
    assert!(again.text().contains("open for a long time"));
    // The new page has the old key: what was sent before is not made twice.
    assert_eq!(patron.sends(&again).await.is(303).header("location"), sent.header("location"));
    assert_eq!(charges(&platform), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_at_once_with_one_key_and_three_bodies_make_one_charge() {
    let (platform, _, token) = with_guard().await;
    let patron = platform.patron();
    let asks = (0..64_usize).map(|number| {
        let body = wish(&token, [20_000, 50_000, 100_000][number % 3]);
        let patron = patron.clone();
        async move { (number % 3, patron.asks_for("one key", &body).await) }
    });
    let answers = at_once(64, asks).await;
    let made: Vec<_> = answers.iter().filter(|(_, reply)| reply.status == 201).collect();
    assert!(!made.is_empty(), "somebody was first");
    let (body, first) = (made[0].0, made[0].1.json());
    for (of, reply) in &answers {
        match reply.status {
            201 => assert_eq!((*of, reply.json()), (body, first.clone())),
            409 => drop(reply.problem(409, "idempotency_key_in_use")),
            422 => drop(reply.problem(422, "idempotency_key_reused")),
            other => panic!("{other}: {}", reply.text()),
        }
    }
    assert_eq!(charges(&platform), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_never_makes_a_second_charge() {
    let (platform, _, token) = with_guard().await;
    let (patron, body) = (platform.patron(), wish(&token, 20_000));
    // Nothing has arrived: asked once more, under the same reference.
    breaks(&platform, 1, FaultKind::TimeoutBefore { how: Lost::Close });
    let tip = patron.asks_for("before", &body).await.is(201).json();
    assert_eq!(charges(&platform), 2);
    assert_eq!(pays(&platform, &tip), ChargeStatus::Success);

    // It has happened, and the address of its page is lost for good: this tip ends, the next one begins.
    breaks(&platform, 1, FaultKind::TimeoutAfter { how: Lost::Close });
    let lost = patron.asks_for("after", &body).await;
    lost.problem(502, "payment_not_started");
    let calls = charges(&platform);
    patron.asks_for("after", &body).await.problem(502, "payment_not_started");
    assert_eq!(charges(&platform), calls, "the same answer, without asking again");
    let _ = patron.asks_for("after that", &body).await.is(201);

    // Nobody answers at all: the same key goes on as soon as somebody does.
    breaks(&platform, 2, FaultKind::TimeoutBefore { how: Lost::Close });
    patron.asks_for("silent", &body).await.problem(502, "payment_unclear");
    let tip = patron.asks_for("silent", &body).await.is(201).json();
    assert_eq!(pays(&platform, &tip), ChargeStatus::Success);
    breaks(&platform, 1, FaultKind::RateLimited);
    let busy = patron.asks_for("busy", &body).await.is(429);
    assert!(!busy.header("retry-after").is_empty());
    let _ = patron.asks_for("busy", &body).await.is(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_whose_holder_has_died_is_taken_over_with_the_same_tip() {
    let (platform, _, token) = with_guard().await;
    let (patron, body) = (platform.patron(), wish(&token, 20_000));
    let put = || Filter::any().function("tip-create").operation("PutItem");
    // After the claim and the tip, before Paystack's page is written down.
    platform.meter().break_call(3, put(), Broken::Before, true);
    let died = patron.asks_for("key", &body).await;
    assert!(died.status >= 500, "{}", died.text());
    platform.meter().clear_faults();
    patron.asks_for("key", &body).await.problem(409, "idempotency_key_in_use");
    platform.passes(SignedDuration::from_secs(46)).await;
    // Paystack knows the reference, and nobody knows its page.
    patron.asks_for("key", &body).await.problem(502, "payment_not_started");
    assert_eq!(platform.simulator().calls().get(VERIFY), Some(&1));

    // After the claim, before the tip.
    platform.meter().break_call(2, put(), Broken::Before, true);
    assert!(patron.asks_for("other", &body).await.status >= 500);
    platform.meter().clear_faults();
    platform.passes(SignedDuration::from_secs(46)).await;
    let tip = patron.asks_for("other", &body).await.is(201);
    assert_eq!(tip.header("idempotency-replayed"), "true");
    assert_eq!(patron.looks_after(&tip.json()).await["status"], "pending");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tip_costs_one_read_ten_write_units_and_one_call_of_paystack() {
    let (platform, _, token) = with_guard().await;
    let patron = platform.patron();
    let _warm = patron.tips(&token, 20_000).await;
    platform.meter().reset();
    platform.simulator().forget_calls();
    let said = json!({
        "guard_token": token, "amount": 100_000, "currency": "NGN", "patron_alias": "Ada",
        "message": "Thank you for opening the gate every morning!", "email": "ada@example.com",
    });
    let _ = patron.asks_for("costs", &said).await.is(201);
    let meter = platform.meter();
    let (reads, writes) = (meter.read_units("tip-create"), meter.write_units("tip-create"));
    println!("a tip: {reads} read units, {writes} write units");
    let gets = Filter::any().function("tip-create").operation("GetItem");
    assert_eq!(meter.count(&gets), 1);
    assert!(writes <= 10.0, "{writes} write units");
    assert_eq!(platform.simulator().calls().values().sum::<u64>(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn visits_of_the_page_are_counted_for_the_guard_by_a_beacon() {
    let (platform, guard, token) = with_guard().await;
    let patron = platform.patron();
    let _ = patron.is_counted(&token, "").await.is(204);
    let _ = patron.is_counted(&token, "https://chat.example.com/x?who=me").await.is(204);
    platform.quiet().await;
    let path = format!("{}/analytics", platform.owner().path_of(&guard));
    let counted = platform.owner().get(&path).await.is(200).json();
    assert_eq!(counted["guard_id"], guard["guard_id"]);
    assert_eq!((&counted["total_scans"], &counted["unique_visitors"]), (&json!(2), &json!(1)));
    let redirects = json!([{ "name": "tip_page", "count": 2 }]);
    assert_eq!(counted["redirects"], redirects);
    let stranger = platform.newcomer().await;
    stranger.get(&path).await.problem(404, "guard_unknown");
    patron.is_counted("000000000000", "").await.problem(404, "guard_code_unknown");
    // One address does not count for ever.
    let more = at_once(8, (0..40).map(|_| patron.is_counted(&token, ""))).await;
    assert!(more.iter().any(|reply| reply.status == 429));
}
