//! Many at once: scanners on the same codes while answers are lost and writes conflict, customers with too few points,
//! and a reward of which one is left. What was answered is checked against an order in which it could have happened
//! one after the other.
//!
//! `TESSERA_TOKENS` says how many codes are scanned by 64 scanners each; 60 when absent.

use std::sync::atomic::{AtomicU64, Ordering};

use domain::customer::CustomerId;
use domain::id::{ProgrammeId, RestaurantId, TenantId};
use domain::loyalty_token::{LoyaltyToken, Outcome, Retry, TokenHash, Used};
use domain::points::PointsReference;
use jiff::{SignedDuration, Timestamp};
use local::{Fault, Filter};
use serde_json::{Value, json};
use tessera_tests::at_once;

use crate::counter::{Counter, EARN, hash_of, spent};

/// Scanners of each code.
const SCANNERS: usize = 64;
/// Codes that are scanned when the variable says nothing.
const TOKENS: usize = 60;
/// Codes whose scanners are at work together.
const TOGETHER: usize = 4;
/// Requests under way at once.
const AT_ONCE: usize = 64;
/// How often a patient scanner sends its request until it is answered. Every second one sends it once.
const TRIES: usize = 3;

/// What a scanner was told in the end.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Told {
    /// It has used the code.
    Success,
    /// Somebody has.
    Used,
    /// It is over.
    Expired,
    /// Nobody knows.
    Nothing,
    /// What nobody expects.
    Other(String),
}

/// A scanner's request with its repetitions, from the first to the last instant, on a counter that only goes up and on
/// the platform's clock.
#[derive(Debug)]
struct Call {
    key: String,
    began: (u64, Timestamp),
    ended: (u64, Timestamp),
    told: Told,
}

/// Whoever scans a code.
struct Scanner {
    key: String,
    tries: usize,
}

/// Counts beginnings and ends of calls, in the order in which they happen.
static STEPS: AtomicU64 = AtomicU64::new(0);

fn step() -> u64 {
    STEPS.fetch_add(1, Ordering::SeqCst)
}

/// A scanner sends its request, under its own key, until it is answered.
async fn scans(counter: &Counter, code: &Value, over: &Value, scanner: Scanner) -> Call {
    let Scanner { key, tries } = scanner;
    let began = (step(), counter.platform.now());
    let mut told = Told::Nothing;
    for _ in 0..tries {
        let ask = counter.scan(code, over).header("idempotency-key", &key);
        let reply = ask.attempt().await;
        told = match reply {
            Ok(reply) if reply.status == 200 => Told::Success,
            Ok(reply) if reply.status >= 500 => Told::Nothing,
            Ok(reply) => match reply.json()["code"].as_str().unwrap_or_default() {
                "loyalty_token_used" => Told::Used,
                "loyalty_token_expired" => Told::Expired,
                _ => Told::Other(reply.text()),
            },
            Err(_) => Told::Nothing,
        };
        if told != Told::Nothing {
            break;
        }
    }
    Call { key, began, ended: (step(), counter.platform.now()), told }
}

/// What is kept of a key: who sends it, for what, and the key.
fn kept(by: &str, key: &str) -> String {
    use sha2::{Digest, Sha256};
    hex::encode(Sha256::digest(format!("{by}\0loyalty_verify\0{key}")))
}

/// Whether the answers are those of a code that is good once until its end, in some order in which each call happens
/// between its beginning and its end. What nobody was told is read from the table. What is wrong, in words.
fn differences(token: &LoyaltyToken, calls: &[Call]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut say = |call: &Call, what: &str| wrong.push(format!("{what}: {call:?} of {token:?}"));
    let winner = token.used.as_ref().and_then(|used| {
        let request = used.request.as_ref()?;
        calls.iter().find(|call| kept(&used.by, &call.key) == request.key)
    });
    if let (Some(winner), Some(used)) = (winner, &token.used) {
        if !(winner.began.1 <= used.at && used.at <= winner.ended.1) {
            say(winner, "used at another time than that of its call");
        }
        if used.at >= token.expires_at {
            say(winner, "used after its end");
        }
        // A repetition of the winner's own request is told of its success; it cannot be told anything else.
        if !matches!(winner.told, Told::Success | Told::Nothing) {
            say(winner, "has used the code, and was refused");
        }
    }
    for call in calls {
        let is_winner = winner.is_some_and(|winner| winner.key == call.key);
        match &call.told {
            Told::Success if !is_winner => say(call, "a success that the table does not know"),
            // The use happens at the winner's beginning at the earliest.
            Told::Used if winner.is_none_or(|winner| call.ended.0 < winner.began.0) => {
                say(call, "told of a use before it began");
            }
            Told::Used if token.expires_at <= call.began.1 => say(call, "over, and called used"),
            Told::Expired if call.ended.1 < token.expires_at => say(call, "over before its end"),
            Told::Other(_) => say(call, "an answer that nobody expects"),
            Told::Success | Told::Used | Told::Expired | Told::Nothing => {}
        }
    }
    wrong
}

/// Spreads faults over the writes and reads that are to come.
fn unkind(counter: &Counter, tokens: usize) {
    let meter = counter.platform.meter();
    let of = Filter::any().function("loyalty-tokens");
    let most = u64::try_from(tokens).unwrap();
    let writes = of.clone().operation("TransactWriteItems");
    for nth in (1..=2 * most).step_by(5) {
        meter.break_call(nth, writes.clone(), Fault::LoseReply, nth % 2 == 1);
        meter.break_call(nth + 1, writes.clone(), Fault::transaction_conflict(), false);
        meter.break_call(nth + 2, writes.clone(), Fault::Before, nth % 2 == 0);
        meter.break_call(nth + 3, writes.clone(), Fault::Twice, false);
    }
    let puts = of.clone().operation("PutItem");
    for nth in (1..=most).step_by(4) {
        meter.break_call(nth, puts.clone(), Fault::LoseReply, nth % 8 == 1);
        meter.break_call(nth + 2, puts.clone(), Fault::throttled(), true);
    }
    for nth in (1..=100 * most).step_by(400) {
        meter.break_call(nth, of.clone().operation("GetItem"), Fault::Before, nth % 3 == 0);
    }
}

/// Some codes are scanned at once; during every fifth group the clock moves past their end.
async fn group(counter: &Counter, number: usize) -> Vec<(Value, bool, Vec<Call>)> {
    let mut codes = Vec::new();
    for place in 0..TOGETHER {
        let customer = format!("guest-{place}");
        let code = until_issued(counter, &customer).await;
        codes.push((code, place % 4 != 3));
    }
    let halfway = AtomicU64::new(0);
    let calls = (0..SCANNERS).flat_map(|scanner| {
        let (codes, halfway) = (&codes, &halfway);
        (0..TOGETHER).map(move |place| async move {
            let (code, is_award) = &codes[place];
            let over = if *is_award { spent(1_000) } else { json!({}) };
            let key = format!("{number}-{place}-{scanner}");
            let tries = if scanner % 2 == 0 { 1 } else { TRIES };
            // Before the first codes are used, or among the first who see it.
            let done = halfway.fetch_add(1, Ordering::SeqCst);
            if number % 5 == 4 && done == u64::try_from(number % 40).unwrap() {
                counter.platform.stack().clock().advance(EARN);
            }
            (place, scans(counter, code, &over, Scanner { key, tries }).await)
        })
    });
    let mut told: Vec<Vec<Call>> = (0..TOGETHER).map(|_| Vec::new()).collect();
    for (place, call) in at_once(AT_ONCE, calls).await {
        told[place].push(call);
    }
    let all = codes.into_iter().zip(told);
    all.map(|((code, is_award), calls)| (code, is_award, calls)).collect()
}

/// A customer asks for a code until the platform has one.
async fn until_issued(counter: &Counter, customer: &str) -> Value {
    for _ in 0..20 {
        let reply = counter.asks(customer, &json!({})).await;
        if reply.status == 201 {
            return reply.json();
        }
    }
    panic!("no code for {customer}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_sixty_four_scanners_of_a_code_at_most_one_succeeds_whatever_is_lost() {
    let given = std::env::var_os("TESSERA_TOKENS");
    let given = given.and_then(|given| given.into_string().ok()?.parse().ok());
    let tokens: usize = given.unwrap_or(TOKENS);
    let started = std::time::Instant::now();
    let counter = Counter::open().await;
    for place in 0..TOGETHER {
        counter.bistro.welcomes(&format!("guest-{place}")).await;
    }
    unkind(&counter, tokens);
    let mut history = Vec::new();
    for number in 0..tokens.div_ceil(TOGETHER) {
        history.extend(group(&counter, number).await);
    }
    let left = counter.platform.meter().clear_faults();
    let (mut used, mut unknown, mut wrong) = (0, 0, Vec::new());
    for (code, is_award, calls) in &history {
        let hash = hash_of(code);
        let token = counter.platform.table().loyalty_token(&hash).await.unwrap().unwrap();
        wrong.extend(differences(&token, calls));
        let has_points = has_points(&counter, &hash).await;
        if has_points != (token.used.is_some() && *is_award) {
            wrong.push(format!("points: {has_points}, {token:?}"));
        }
        used += usize::from(token.used.is_some());
        unknown += calls.iter().filter(|call| call.told == Told::Nothing).count();
    }
    let calls = history.len() * SCANNERS;
    let took = started.elapsed();
    println!("{calls} calls for {} codes in {took:?}: {used} used", history.len());
    println!("{unknown} never answered, {left} faults did not strike");
    assert!(wrong.is_empty(), "{} wrong, the first: {}", wrong.len(), wrong[0]);
    assert!(used * 10 >= history.len() * 8, "most are used: {used}");
    assert!(used < history.len() && unknown > 0, "{unknown}: some are over, some are not answered");
    counter.platform.points_agree(&counter.bistro).await;
}

/// Whether a code has given points.
async fn has_points(counter: &Counter, hash: &TokenHash) -> bool {
    let of = (&counter.owner().tenant, &counter.bistro.programme_id());
    let reference = PointsReference::earned_by(hash);
    counter.platform.table().points_transaction(of, &reference).await.unwrap().is_some()
}

/// The statuses of all of them, each sent again while the platform is busy.
async fn statuses<F: Future<Output = (u16, Value)>>(
    all: impl IntoIterator<Item = impl Fn() -> F>,
) -> Vec<(u16, Value)> {
    let patient = all.into_iter().map(|ask| async move {
        for _ in 0..20 {
            let (status, body) = ask().await;
            if status != 503 {
                return (status, body);
            }
        }
        panic!("busy for ever")
    });
    at_once(AT_ONCE, patient).await
}

fn count(all: &[(u16, Value)], status: u16, code: &str) -> usize {
    all.iter()
        .filter(|(is, body)| (*is, body["code"].as_str().unwrap_or_default()) == (status, code))
        .count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_sixty_four_redemptions_with_points_for_three_exactly_three_succeed() {
    let counter = Counter::open().await;
    let coffee = counter.bistro.offers(&json!({})).await;
    counter.bistro.gives("ada", 150, "sale-1").await;
    let asks = (0..64).map(|_| {
        || async {
            let reply = counter.asks_for("ada", &coffee).await;
            (reply.status, reply.json())
        }
    });
    let replies = statuses(asks).await;
    let counts = (count(&replies, 201, ""), count(&replies, 409, "points_not_enough"));
    assert_eq!(counts, (3, 61), "{replies:?}");
    assert_eq!(counter.purse().await, (0, 150));
    for (_, code) in replies.iter().filter(|(status, _)| *status == 201) {
        drop(counter.scans(code, &json!({})).await.is(200));
    }
    assert_eq!(counter.purse().await, (0, 0));
    counter.platform.points_agree(&counter.bistro).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_reward_of_which_one_is_left_exactly_one_is_given() {
    let counter = Counter::open().await;
    let coffee = counter.bistro.offers(&json!({ "stock": 1 })).await;
    let guests = (0..64).map(|number| {
        let (counter, coffee) = (&counter, &coffee);
        async move {
            let name = format!("guest-{number}");
            counter.bistro.welcomes(&name).await;
            counter.bistro.gives(&name, 50, &name).await;
            counter.shows_for(&name, coffee).await
        }
    });
    let codes = at_once(8, guests).await;
    let scans = codes.iter().map(|code| {
        || async {
            let reply = counter.scans(code, &json!({})).await;
            (reply.status, reply.json())
        }
    });
    let replies = statuses(scans).await;
    let counts = (count(&replies, 200, ""), count(&replies, 409, "reward_sold_out"));
    assert_eq!(counts, (1, 63), "{replies:?}");
    counter.platform.points_agree(&counter.bistro).await;
    // What nobody got is free again when the codes are over.
    counter.platform.passes(SignedDuration::from_mins(10)).await;
    let mut free = 0;
    for number in 0..64 {
        let balance = counter.bistro.balance(&format!("guest-{number}")).await;
        free += balance["balance"].as_i64().unwrap();
    }
    assert_eq!(free, 63 * 50);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_is_given_up_or_used_and_never_both() {
    let counter = Counter::open().await;
    let coffee = counter.bistro.offers(&json!({})).await;
    counter.bistro.gives("ada", 400, "sale-1").await;
    let mut spent = 0;
    for round in 0..8 {
        let code = counter.shows_for("ada", &coffee).await;
        let asks = (0..16).map(|number| {
            let (counter, code) = (&counter, &code);
            async move {
                if (number + round) % 2 == 0 {
                    ("release", counter.releases(code).await.status)
                } else {
                    ("use", counter.scans(code, &json!({})).await.status)
                }
            }
        });
        let replies = at_once(16, asks).await;
        let count = |what: &str| replies.iter().filter(|reply| **reply == (what, 200)).count();
        let (released, used) = (count("release"), count("use"));
        assert!((used == 1 && released == 0) || (used == 0 && released > 0), "{replies:?}");
        spent += 50 * i64::try_from(used).unwrap();
    }
    assert_eq!(counter.purse().await, (400 - spent, 0));
    counter.platform.points_agree(&counter.bistro).await;
}

/// A history of a code that ends a second after its beginning: the winner's call, and another one's.
#[test]
fn the_checker_knows_what_cannot_have_happened() {
    let at = |millis: i64| Timestamp::from_millisecond(1_800_000_000_000 + millis).unwrap();
    let call = |key: &str, (began, ended): (u64, u64), told: Told| {
        let instant = |step: u64| at(i64::try_from(step).unwrap() * 100);
        let key = key.to_owned();
        Call { key, began: (began, instant(began)), ended: (ended, instant(ended)), told }
    };
    let id = [1; 16];
    let of = (TenantId::from_bytes(id), RestaurantId::from_bytes(id), ProgrammeId::from_bytes(id));
    let customer = CustomerId::parse("ada").unwrap();
    let fresh = LoyaltyToken::issue(TokenHash::of(&id), of, customer, None, at(0));
    let fresh = LoyaltyToken { expires_at: at(1_000), ..fresh };
    let request = Some(Retry { key: kept("key", "one"), body: String::new() });
    let outcome = Outcome::default();
    let used = Some(Used { at: at(300), by: "key".to_owned(), request, outcome });
    let used = LoyaltyToken { used, ..fresh.clone() };
    let check = |token: &LoyaltyToken, other: (u64, u64, Told), fine: bool| {
        let told = if token.used.is_some() { Told::Success } else { Told::Nothing };
        let (began, ended, other) = other;
        let calls = [call("one", (3, 5), told), call("two", (began, ended), other)];
        assert_eq!(differences(token, &calls).is_empty(), fine, "{calls:?}");
    };
    check(&used, (0, 4, Told::Used), true);
    check(&used, (0, 2, Told::Used), false);
    check(&used, (4, 6, Told::Success), false);
    check(&used, (4, 6, Told::Expired), false);
    check(&used, (4, 11, Told::Expired), true);
    check(&used, (11, 12, Told::Used), false);
    check(&used, (4, 6, Told::Nothing), true);
    check(&used, (4, 6, Told::Other(String::new())), false);
    check(&fresh, (4, 6, Told::Used), false);
    check(&fresh, (4, 6, Told::Success), false);
    check(&fresh, (11, 12, Told::Expired), true);
    let late = used.used.clone().map(|used| Used { at: at(1_000), ..used });
    check(&LoyaltyToken { used: late, ..used }, (4, 6, Told::Nothing), false);
}
