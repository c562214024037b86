//! Points: given once for a purchase, at most as many as a day allows, taken back with it, and gone at the end of
//! their life.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use serde_json::{Value, json};
use tessera_tests::{Bistro, Platform, at_once};

async fn open(over: &Value) -> (Platform, Bistro) {
    let platform = Platform::start().await;
    let bistro = Bistro::opens_with(platform.owner(), over).await;
    let _ada = bistro.welcomes("ADA").await;
    (platform, bistro)
}

/// The kinds of all lines with their points, the last in front.
async fn lines(bistro: &Bistro) -> Vec<(String, i64)> {
    let line = |line: &Value| {
        (line["kind"].as_str().unwrap().to_owned(), line["points"].as_i64().unwrap())
    };
    bistro.history("ADA").await.iter().map(line).collect()
}

fn line(kind: &str, points: i64) -> (String, i64) {
    (kind.to_owned(), points)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_64_requests_with_one_reference_one_is_counted() {
    let (platform, bistro) = open(&json!({})).await;
    let _bola = bistro.welcomes("BOLA").await;
    let asks = (0..64).map(|_| async { bistro.sale("ADA", 259_999, "till-1.4711").await });
    let replies = at_once(64, asks).await;
    let first = replies.iter().filter(|reply| reply.status == 201).count();
    let again = replies.iter().filter(|reply| reply.status == 200).count();
    assert_eq!((first, again), (1, 63));
    let answers: BTreeSet<String> = replies.iter().map(|reply| reply.text()).collect();
    assert_eq!(answers.len(), 1, "{answers:?}");
    for reply in &replies {
        assert_eq!(reply.header("idempotency-replayed") == "true", reply.status == 200);
    }
    assert_eq!(bistro.balance("ADA").await["balance"], 25);
    let other = bistro.sale("ADA", 260_000, "till-1.4711").await;
    other.problem(409, "purchase_counted");
    let hers = bistro.sale("BOLA", 259_999, "till-1.4711").await;
    hers.problem(409, "purchase_counted");
    // Another till may call another purchase the same.
    let branch = bistro.branch("Buka").await;
    let _there = branch.gives("ADA", 5, "till-1.4711").await;
    let history = bistro.history("ADA").await;
    assert_eq!(history.len(), 2, "{history:?}");
    assert_eq!(history[0]["restaurant_id"], json!(branch.id()));
    assert_eq!(history[1]["purchase_reference"], "till-1.4711");
    assert_eq!(history[1]["amount"], json!({ "minor": 259_999, "currency": "NGN" }));
    assert_eq!((&history[1]["balance"], &history[0]["balance"]), (&json!(25), &json!(30)));
    platform.points_agree(&bistro).await;
    let path = format!("/api/v1/loyalty/programmes/{}", bistro.programme_id());
    let programme = bistro.owner.get(&path).await.is(200).json();
    let points = json!({ "issued": 30, "redeemed": 0, "expired": 0, "outstanding": 30 });
    assert_eq!(programme["points"], points);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn visits_give_points_and_terms_count_from_the_next_purchase_on() {
    let visits = json!({ "earning": { "per": "visit", "points": 7 } });
    let (platform, bistro) = open(&visits).await;
    let visit = |reference: &str| {
        bistro.owner.post("/api/v1/loyalty/purchases").json(&json!({
            "restaurant_id": bistro.id(), "customer_id": "ADA", "visit": true,
            "reference": reference,
        }))
    };
    let first = visit("v-1").await.is(201).json();
    assert_eq!((&first["awarded"], &first["balance"]), (&json!(7), &json!(7)));
    let path = format!("/api/v1/loyalty/programmes/{}", bistro.programme_id());
    let terms = tessera_tests::regulars(&json!({}));
    let _amounts = bistro.owner.put(&path).json(&terms).await.is(200);
    // What was counted stays as it was answered, whatever there are points for now.
    assert_eq!(visit("v-1").await.is(200).json(), first);
    visit("v-2").await.problem(422, "award_of_another_kind");
    assert_eq!(bistro.gives("ADA", 3, "r-1").await["balance"], 10);
    platform.points_agree(&bistro).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_most_of_a_day_is_never_exceeded() {
    let (platform, bistro) = open(&json!({ "daily_points_max": 100 })).await;
    let asks = (0..64).map(|number| {
        let reference = format!("r-{number}");
        let bistro = &bistro;
        async move {
            // A till that is told to try again does so.
            for _ in 0..20 {
                let reply = bistro.sale("ADA", 70_000, &reference).await;
                if reply.status != 503 {
                    return (reference, reply);
                }
            }
            panic!("{reference} was never counted");
        }
    });
    let replies = at_once(64, asks).await;
    let mut awarded = 0;
    for (_, reply) in &replies {
        match reply.status {
            201 => awarded += reply.json()["awarded"].as_i64().unwrap(),
            _ => drop(reply.problem(409, "points_daily_max")),
        }
    }
    assert_eq!(awarded, 100, "all that there is, and no more");
    assert_eq!(bistro.balance("ADA").await["balance"], 100);
    // What was counted is answered again although there are no more points today.
    let (counted, first) = replies.iter().find(|(_, reply)| reply.status == 201).unwrap();
    let again = bistro.sale("ADA", 70_000, counted).await.is(200);
    assert_eq!(again.json(), first.json());
    bistro.sale("ADA", 80_000, counted).await.problem(409, "purchase_counted");
    // It is one o'clock in Lagos: the day has eleven hours more.
    platform.passes(SignedDuration::from_mins(11 * 60 - 1)).await;
    bistro.sale("ADA", 70_000, "late").await.problem(409, "points_daily_max");
    platform.passes(SignedDuration::from_mins(1)).await;
    assert_eq!(bistro.sale("ADA", 70_000, "late").await.is(201).json()["awarded"], 7);
    // Another customer has a day of their own.
    let _bola = bistro.welcomes("BOLA").await;
    assert_eq!(bistro.gives("BOLA", 60, "b-1").await["awarded"], 60);
    let reply = bistro.sale("BOLA", 600_000, "b-2").await.is(201).json();
    assert_eq!(reply["awarded"], 40, "as many as are left of the day");
    platform.points_agree(&bistro).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_purchase_that_is_reversed_takes_its_points_back_once() {
    let (platform, bistro) = open(&json!({})).await;
    let _stays = bistro.gives("ADA", 5, "r-0").await;
    let _goes = bistro.gives("ADA", 30, "r-1").await;
    let asks = (0..64).map(|_| async { bistro.reverses("r-1").await.is(200) });
    let replies = at_once(64, asks).await;
    let answers: BTreeSet<String> = replies.iter().map(|reply| reply.text()).collect();
    assert_eq!(answers.len(), 1, "{answers:?}");
    let replayed = replies.iter().filter(|reply| reply.header("idempotency-replayed") == "true");
    assert_eq!(replayed.count(), 63);
    let back = replies[0].json();
    assert_eq!((&back["taken_back"], &back["missing"]), (&json!(30), &json!(0)));
    assert_eq!((&back["balance"], &back["customer_id"]), (&json!(5), &json!("ADA")));
    // The purchase stays counted, and its reference taken.
    let again = bistro.sale("ADA", 300_000, "r-1").await.is(200).json();
    assert_eq!(again["awarded"], 30);
    assert_eq!(
        lines(&bistro).await,
        [line("taken_back", 30), line("earned", 30), line("earned", 5)]
    );
    platform.points_agree(&bistro).await;
}

/// A code for the reward, of a customer who has the points for it.
async fn code_for(bistro: &Bistro, reward: &Value) -> Value {
    let wish = json!({
        "restaurant_id": bistro.id(), "customer_id": "ADA", "reward_id": reward["reward_id"],
    });
    let ask = bistro.owner.post_once("/api/v1/loyalty/tokens/redemption").json(&wish);
    json!({ "restaurant_id": bistro.id(), "payload": ask.await.is(201).json()["payload"] })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reversal_goes_below_zero_as_far_as_the_programme_allows() {
    let (platform, bistro) = open(&json!({ "overdraft_points_max": 20 })).await;
    let reward = bistro.offers(&json!({})).await;
    let _earned = bistro.gives("ADA", 50, "r-1").await;
    let code = code_for(&bistro, &reward).await;
    let held = bistro.balance("ADA").await;
    assert_eq!((&held["balance"], &held["held"]), (&json!(0), &json!(50)));
    let _given = bistro.owner.post("/api/v1/loyalty/verify").json(&code).await.is(200);
    let back = bistro.reverses("r-1").await.is(200).json();
    assert_eq!((&back["taken_back"], &back["missing"]), (&json!(20), &json!(30)));
    assert_eq!(back["balance"], -20);
    platform.points_agree(&bistro).await;
    // What is earned next pays the debt first.
    assert_eq!(bistro.gives("ADA", 15, "r-2").await["balance"], -5);
    assert_eq!(bistro.gives("ADA", 55, "r-3").await["balance"], 50);
    platform.points_agree(&bistro).await;
    // A code that was not used in time holds nothing any more, whoever tidies up and when.
    let _unused = code_for(&bistro, &reward).await;
    platform.passes(SignedDuration::from_secs(600)).await;
    let free = bistro.balance("ADA").await;
    assert_eq!((&free["balance"], &free["held"]), (&json!(50), &json!(0)));
    platform.points_agree(&bistro).await;
    let _swept = platform.invokes("sweeper", json!({})).await;
    assert_eq!(lines(&bistro).await[0], line("released", 50));
    platform.points_agree(&bistro).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_code_holds_goes_back_with_its_purchase_and_the_code_is_good_for_nothing() {
    let (platform, bistro) = open(&json!({ "overdraft_points_max": 20 })).await;
    let reward = bistro.offers(&json!({})).await;
    let _earned = bistro.gives("ADA", 50, "r-1").await;
    let code = code_for(&bistro, &reward).await;
    let back = bistro.reverses("r-1").await.is(200).json();
    assert_eq!((&back["taken_back"], &back["missing"]), (&json!(50), &json!(0)));
    assert_eq!(back["balance"], 0);
    let shown = bistro.owner.post("/api/v1/loyalty/verify").json(&code).await;
    shown.problem(409, "points_not_held");
    assert_eq!(bistro.balance("ADA").await["held"], 0);
    platform.points_agree(&bistro).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn points_that_are_not_spent_in_time_are_gone_at_that_instant() {
    let (platform, bistro) = open(&json!({ "points_live_months": 1 })).await;
    let _november = bistro.gives("ADA", 10, "r-1").await;
    let end: jiff::Timestamp = "2026-12-31T23:00:00Z".parse().unwrap();
    let next = bistro.balance("ADA").await["expires_next"].clone();
    assert_eq!(next, json!({ "at": end.to_string(), "points": 10 }));
    platform.passes(SignedDuration::from_hours(24 * 20)).await;
    let _december = bistro.gives("ADA", 4, "r-2").await;
    let before = end - SignedDuration::from_millis(1);
    platform.passes(before.duration_since(platform.now())).await;
    assert_eq!(bistro.balance("ADA").await["balance"], 14);
    platform.passes(SignedDuration::from_millis(1)).await;
    let left = bistro.balance("ADA").await;
    let later = json!({ "at": "2027-01-31T23:00:00Z", "points": 4 });
    assert_eq!((&left["balance"], &left["expires_next"]), (&json!(4), &later));
    platform.points_agree(&bistro).await;
    let _swept = platform.invokes("sweeper", json!({})).await;
    let swept = platform.invokes("sweeper", json!({})).await;
    assert_eq!(swept["purses_tidied"], 0, "once is enough");
    let all = [line("expired", 10), line("earned", 4), line("earned", 10)];
    assert_eq!(lines(&bistro).await, all);
    platform.points_agree(&bistro).await;
    // Whatever is gone does not come back with a reversal, and is not taken twice.
    let back = bistro.reverses("r-1").await.is(200).json();
    assert_eq!((&back["taken_back"], &back["missing"]), (&json!(4), &json!(6)));
    platform.points_agree(&bistro).await;
    let totals = format!("/api/v1/loyalty/programmes/{}", bistro.programme_id());
    let points = bistro.owner.get(&totals).await.is(200).json()["points"].clone();
    let all = json!({ "issued": 10, "redeemed": 0, "expired": 10, "outstanding": 0 });
    assert_eq!(points, all);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn purchases_and_reversals_of_many_customers_agree() {
    let (platform, bistro) = open(&json!({ "overdraft_points_max": 10 })).await;
    let branch = bistro.branch("Buka").await;
    let names: Vec<String> = (0..8).map(|number| format!("C-{number}")).collect();
    for name in &names {
        let _member = bistro.welcomes(name).await;
    }
    let steps = (0..96_usize).map(|step| {
        let (at, name) = (if step % 3 == 0 { &branch } else { &bistro }, &names[step % 8]);
        async move {
            let reference = format!("s-{}", step / 2);
            let points = i64::try_from(step % 7 + 1).unwrap();
            match step % 5 {
                4 => drop(at.reverses(&reference).await),
                _ => drop(at.sale(name, points * 10_000, &reference).await),
            }
        }
    });
    let _done = at_once(16, steps).await;
    platform.points_agree(&bistro).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codes_are_listed_and_forgotten_two_days_after_their_end() {
    let (platform, bistro) = open(&json!({})).await;
    let _bola = bistro.welcomes("BOLA").await;
    let issue = async |customer: &str| {
        let wish = json!({ "restaurant_id": bistro.id(), "customer_id": customer });
        let ask = bistro.owner.post_once("/api/v1/loyalty/tokens").json(&wish);
        ask.await.is(201).json()
    };
    let (first, _second, _hers) = (issue("ADA").await, issue("ADA").await, issue("BOLA").await);
    let path = format!("/api/v1/loyalty/tokens?restaurant_id={}", bistro.id());
    let list = async || bistro.owner.get(&path).await.is(200);
    let states = |list: &Value| -> Vec<String> {
        let tokens = list["tokens"].as_array().unwrap().iter();
        let state = |token: &Value| format!("{} {}", token["customer_id"], token["state"]);
        let mut states: Vec<String> = tokens.map(|token| state(token).replace('"', "")).collect();
        // All were issued at one instant.
        states.sort();
        states
    };
    let shown = list().await;
    let now = states(&shown.json());
    assert_eq!(now, ["ADA active", "ADA expired", "BOLA active"], "a new code ends the old one");
    for part in ["token", "payload"] {
        let code = first[part].as_str().unwrap();
        assert!(!shown.text().contains(code), "{part} is shown");
    }
    let hash = shown.json()["tokens"][0]["hash_prefix"].as_str().unwrap().to_owned();
    assert_eq!(hash.len(), 12);
    platform.passes(SignedDuration::from_secs(300 + 48 * 3_600 - 1)).await;
    let swept = platform.invokes("janitor", json!({})).await;
    assert_eq!(swept["tokens_forgotten"], 0);
    assert_eq!(states(&list().await.json()), ["ADA expired", "ADA expired", "BOLA expired"]);
    platform.passes(SignedDuration::from_secs(1)).await;
    let swept = platform.invokes("janitor", json!({})).await;
    assert_eq!(swept["tokens_forgotten"], 3);
    assert_eq!(list().await.json(), json!({ "tokens": [] }));
}
