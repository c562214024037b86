//! Programmes, restaurants, rewards and customers: who may see and change them, and what is said to odd requests.

use std::io::{self, Write};
use std::sync::Mutex;

use domain::access::Scope;
use serde_json::{Value, json};
use tessera_tests::{Bistro, Owner, Platform, regulars};

const ROOT: &str = "/api/v1/loyalty";
const CUSTOMERS: &str = "/api/v1/loyalty/customers";
const PURCHASES: &str = "/api/v1/loyalty/purchases";

/// One kind of record: its path, its id, what makes one, what replaces it, and its list.
struct Kind {
    path: String,
    id: &'static str,
    make: Value,
    change: Value,
    list: &'static str,
    query: String,
    unknown: &'static str,
    changed: &'static str,
}

fn kinds(bistro: &Bistro) -> Vec<Kind> {
    let programme = bistro.programme_id();
    let kind = |noun: &'static str, id, make, change, list, codes: [&'static str; 2]| Kind {
        path: format!("{ROOT}/{noun}"),
        id,
        make,
        change,
        list,
        query: String::new(),
        unknown: codes[0],
        changed: codes[1],
    };
    let terms = regulars(&json!({ "name": "Visits", "earning": { "per": "visit", "points": 5 } }));
    let other = regulars(&json!({ "name": "Amounts", "daily_points_max": 100 }));
    let reward = json!({ "programme_id": programme, "name": "Cake", "price": 80, "stock": 3 });
    let cheaper = json!({ "name": "Cake", "price": 70, "stock": 4, "withdrawn": true });
    let branch = json!({ "programme_id": programme, "name": "Buka" });
    let named = json!({ "name": "Other" });
    let codes = |noun: &str| match noun {
        "programme" => ["programme_unknown", "programme_changed"],
        "restaurant" => ["restaurant_unknown", "restaurant_changed"],
        "reward" => ["reward_unknown", "reward_changed"],
        _ => ["customer_unknown", "customer_changed"],
    };
    let programmes =
        kind("programmes", "programme_id", terms, other, "programmes", codes("programme"));
    let restaurants = kind(
        "restaurants",
        "restaurant_id",
        branch,
        named.clone(),
        "restaurants",
        codes("restaurant"),
    );
    let rewards = kind("rewards", "reward_id", reward, cheaper, "rewards", codes("reward"));
    let rewards = Kind { query: format!("&programme_id={programme}"), ..rewards };
    let ada = json!({ "name": "Ada", "email": "ada@example.com" });
    let customers = kind("customers", "customer_id", ada, named, "customers", codes("customer"));
    vec![programmes, restaurants, rewards, customers]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_owner_opens_is_made_once_read_listed_and_replaced() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let bistro = Bistro::opens(owner).await;
    for kind in kinds(&bistro) {
        let path = kind.path.as_str();
        let ask = || owner.post(path).header("idempotency-key", "one").json(&kind.make);
        let made = ask().await.is(201).json();
        let again = ask().await.is(201);
        assert_eq!(again.header("idempotency-replayed"), "true", "{path}");
        assert_eq!(again.json(), made, "{path}");
        let own = format!("{path}/{}", made[kind.id].as_str().unwrap());
        let mut read = owner.get(&own).await.is(200).json();
        let totals = json!({ "issued": 0, "redeemed": 0, "expired": 0, "outstanding": 0 });
        let points = read.as_object_mut().unwrap().remove("points");
        assert_eq!(points, (kind.id == "programme_id").then_some(totals), "{path}");
        assert_eq!(read, made, "{path}");

        let mut change = kind.change.clone();
        change["version"] = json!(7);
        owner.put(&own).json(&change).await.problem(409, kind.changed);
        change["version"] = made["version"].clone();
        let changed = owner.put(&own).json(&change).await.is(200).json();
        assert_eq!(changed["version"], 2, "{path}");
        assert_eq!(changed["name"], kind.change["name"], "{path}");
        owner.put(&own).json(&change).await.problem(409, kind.changed);
        let _unnamed = owner.put(&own).json(&kind.change).await.is(200);

        let _second = owner.post_once(path).json(&kind.make).await;
        let all = listed(owner, &kind, 1).await;
        assert!(all.contains(&made[kind.id]), "{path}: {all:?}");
        assert_eq!(all, listed(owner, &kind, 100).await, "{path}");
        owner.post(path).json(&kind.make).await.problem(400, "idempotency_key_missing");
    }
}

/// The ids of a list that is read in pages of this size.
async fn listed(owner: &Owner, kind: &Kind, limit: u32) -> Vec<Value> {
    let first = format!("{}?limit={limit}{}", kind.path, kind.query);
    let (mut path, mut ids) = (first.clone(), Vec::new());
    loop {
        let page = owner.get(&path).await.is(200).json();
        let entries = page[kind.list].as_array().unwrap();
        ids.extend(entries.iter().map(|entry| entry[kind.id].clone()));
        let Some(next) = page["next_cursor"].as_str() else { return ids };
        path = format!("{first}&cursor={next}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_another_tenants_is_not_there() {
    let platform = Platform::start().await;
    let (owner, stranger) = (platform.owner(), platform.newcomer().await);
    let bistro = Bistro::opens(owner).await;
    let _ada = bistro.welcomes("ADA").await;
    let _earned = bistro.gives("ADA", 10, "r-1").await;
    for kind in kinds(&bistro) {
        let made = owner.post_once(&kind.path).json(&kind.make).await.is(201).json();
        let own = format!("{}/{}", kind.path, made[kind.id].as_str().unwrap());
        stranger.get(&own).await.problem(404, kind.unknown);
        stranger.put(&own).json(&kind.change).await.problem(404, kind.unknown);
        for odd in ["x", "prg_0", "a%40b"] {
            owner.get(&format!("{}/{odd}", kind.path)).await.problem(404, kind.unknown);
        }
    }
    let (programme, restaurant) = (bistro.programme_id(), bistro.id());
    for of in [format!("programme_id={programme}"), format!("restaurant_id={restaurant}")] {
        let code = format!("{}_unknown", of.split("_id").next().unwrap());
        stranger.get(&format!("{ROOT}/rewards?{of}")).await.problem(404, &code);
        let history = format!("{CUSTOMERS}/ADA/history?{of}");
        stranger.get(&history).await.problem(404, &code);
        stranger.get(&format!("{CUSTOMERS}/ADA/balance?{of}")).await.problem(404, &code);
        let _own = owner.get(&history).await.is(200);
    }
    let tokens = format!("{ROOT}/tokens?restaurant_id={restaurant}");
    stranger.get(&tokens).await.problem(404, "restaurant_unknown");
    let other = Bistro { owner: stranger.clone(), ..bistro.clone() };
    other.sale("ADA", 10_000, "r-2").await.problem(404, "restaurant_unknown");
    other.reverses("r-1").await.problem(404, "restaurant_unknown");
    for path in ["restaurants", "rewards"] {
        let wish = json!({ "programme_id": programme, "name": "Mine", "price": 1 });
        let mut wish = wish.as_object().unwrap().clone();
        if path == "restaurants" {
            wish.remove("price");
        }
        let ask = stranger.post_once(&format!("{ROOT}/{path}")).json(&json!(wish));
        ask.await.problem(404, "programme_unknown");
    }
    // A cursor is good for the list and the tenant that it was given for.
    let _bola = bistro.welcomes("BOLA").await;
    let page = owner.get(&format!("{CUSTOMERS}?limit=1")).await.is(200).json();
    let cursor = page["next_cursor"].as_str().unwrap();
    let path = format!("{CUSTOMERS}?cursor={cursor}");
    stranger.get(&path).await.problem(422, "invalid_cursor");
    let path = format!("{ROOT}/restaurants?cursor={cursor}");
    owner.get(&path).await.problem(422, "invalid_cursor");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_bound_to_a_restaurant_finds_only_that() {
    let platform = Platform::start().await;
    let bistro = Bistro::opens(platform.owner()).await;
    let branch = bistro.branch("Buka").await;
    let _ada = bistro.welcomes("ADA").await;
    let staff = bistro.employs(&[Scope::LoyaltyRedeem]).await;
    let mut sale = json!({
        "customer_id": "ADA", "reference": "r-1", "amount": { "minor": 30_000, "currency": "NGN" },
    });
    let earned = staff.post(PURCHASES).json(&sale).await.is(201).json();
    assert_eq!(earned["restaurant_id"], json!(bistro.id()));
    sale["restaurant_id"] = json!(branch.id());
    staff.post(PURCHASES).json(&sale).await.problem(404, "restaurant_unknown");
    let reversal = format!("{PURCHASES}/r-2/reversal");
    let _there = branch.gives("ADA", 1, "r-2").await;
    let elsewhere = json!({ "restaurant_id": branch.id() });
    staff.post(&reversal).json(&elsewhere).await.problem(404, "restaurant_unknown");
    staff.post(&reversal).json(&json!({})).await.problem(404, "purchase_unknown");
    let programmes = format!("{ROOT}/programmes");
    staff.get(&programmes).await.problem(404, "not_found");
    staff.get(&format!("{ROOT}/tokens")).await.problem(403, "scope_missing");
    staff.get(&format!("{CUSTOMERS}/ADA")).await.problem(404, "not_found");

    let reader = bistro.employs(&[Scope::LoyaltyRead, Scope::LoyaltyWrite]).await;
    let seen = reader.get(&format!("{ROOT}/restaurants")).await.is(200).json();
    let seen = seen["restaurants"].as_array().unwrap();
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert_eq!(seen[0]["restaurant_id"], json!(bistro.id()));
    let there = format!("{ROOT}/restaurants/{}", branch.id());
    reader.get(&there).await.problem(404, "restaurant_unknown");
    let tokens = format!("{ROOT}/tokens?restaurant_id={}", branch.id());
    reader.get(&tokens).await.problem(404, "restaurant_unknown");
    let none = reader.get(&format!("{ROOT}/tokens")).await.is(200).json();
    assert_eq!(none, json!({ "tokens": [] }));
    reader.put(&there).json(&json!({ "name": "Mine" })).await.problem(404, "not_found");
    reader.post_once(&programmes).json(&regulars(&json!({}))).await.problem(404, "not_found");

    let only_reads = platform.owner().makes_key(&[Scope::LoyaltyRead]).await;
    let refused = only_reads.post(PURCHASES).json(&sale).await.problem(403, "scope_missing");
    assert!(refused["detail"].as_str().unwrap().contains("loyalty:redeem"), "{refused}");
    let other = platform.owner().makes_key(&[Scope::VouchersRead]).await;
    other.get(&programmes).await.problem(403, "scope_missing");
    let nobody = platform.owner().with_key("");
    nobody.get(&programmes).await.problem(401, "api_key_missing");
}

/// Parts of an address that stand nowhere else.
const CANARY: [&str; 2] = ["Canary.Winifred", "canary.winifred"];
/// What was logged with them, and how many lines there were at all.
static LOGGED: Mutex<(Vec<String>, usize)> = Mutex::new((Vec::new(), 0));

/// Looks at each line of the log.
struct Watch;

impl Write for Watch {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        let mut logged = LOGGED.lock().unwrap();
        logged.1 += 1;
        if CANARY.iter().any(|part| text.contains(part)) {
            logged.0.push(text.into_owned());
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_is_found_by_an_address_that_is_kept_nowhere() {
    // Where another test has set up a log, there is none to watch; then this one fails and says so.
    tracing_subscriber::fmt().with_writer(|| Watch).try_init().unwrap();
    let platform = Platform::start().await;
    let owner = platform.owner();
    let bistro = Bistro::opens(owner).await;
    let address = format!("{}@Example.com", CANARY[0]);
    let wish = json!({ "customer_id": "WIN-1", "name": "Winifred", "email": address });
    let made = owner.post_once(CUSTOMERS).json(&wish).await.is(201).json();
    assert_eq!((&made["has_email"], &made["email"]), (&json!(true), &Value::Null));
    let taken = json!({ "customer_id": "WIN-2", "email": address.to_lowercase() });
    owner.post_once(CUSTOMERS).json(&taken).await.problem(409, "customer_email_taken");
    let twice = json!({ "customer_id": "WIN-1" });
    owner.post_once(CUSTOMERS).json(&twice).await.problem(409, "customer_exists");

    let search = format!("{CUSTOMERS}/search");
    let asked = json!({ "email": format!(" {}", address.to_uppercase()) });
    let staff = bistro.employs(&[Scope::LoyaltyRedeem]).await;
    for key in [owner, &staff] {
        let found = key.post(&search).json(&asked).await.is(200).json();
        assert_eq!(found["customer_id"], "WIN-1");
    }
    let stranger = platform.newcomer().await;
    stranger.post(&search).json(&asked).await.problem(404, "customer_unknown");
    let sale = json!({
        "email": address, "reference": "r-1", "amount": { "minor": 30_000, "currency": "NGN" },
    });
    assert_eq!(staff.post(PURCHASES).json(&sale).await.is(201).json()["awarded"], 3);
    let odd = json!({ "email": format!("{}@", CANARY[0]) });
    let refused = owner.post(&search).json(&odd).await.problem(422, "invalid_fields");
    assert!(!refused.to_string().contains(CANARY[0]), "{refused}");

    // An absent address stays, another one takes its place, and `null` takes it away.
    let path = format!("{CUSTOMERS}/WIN-1");
    let change = async |change: Value| owner.put(&path).json(&change).await.is(200).json();
    assert_eq!(change(json!({ "name": "Win" })).await["has_email"], true);
    let _found = owner.post(&search).json(&asked).await.is(200);
    let other = format!("other.{}@example.com", CANARY[1]);
    assert_eq!(change(json!({ "email": other })).await["has_email"], true);
    owner.post(&search).json(&asked).await.problem(404, "customer_unknown");
    let _free = owner.post_once(CUSTOMERS).json(&taken).await.is(201);
    let back = json!({ "email": address });
    owner.put(&path).json(&back).await.problem(409, "customer_email_taken");
    assert_eq!(change(json!({ "email": null })).await["has_email"], false);
    owner.post(&search).json(&json!({ "email": other })).await.problem(404, "customer_unknown");

    platform.quiet().await;
    let items = platform.inventory().await.items;
    let kept = items.iter().map(|(key, item)| format!("{key:?} {item}"));
    let kept: Vec<String> =
        kept.filter(|text| CANARY.iter().any(|part| text.contains(part))).collect();
    assert_eq!(kept, [""; 0]);
    let logged = LOGGED.lock().unwrap();
    assert!(logged.1 > 0, "nothing was logged at all");
    assert_eq!(logged.0, [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_odd_is_refused_in_words() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let bistro = Bistro::opens(owner).await;
    let _ada = bistro.welcomes("ADA").await;
    let naira = |minor: i64| json!({ "minor": minor, "currency": "NGN" });
    let (id, fields) = (bistro.id(), "invalid_fields");
    let sale = json!({
        "restaurant_id": id, "customer_id": "ADA", "amount": naira(10_000), "reference": "odd",
    });
    let over = |name: &str, value: Value| {
        let mut sale = sale.clone();
        sale[name] = value;
        sale
    };
    let long = "r".repeat(65);
    let cases = [
        (over("restaurant_id", json!("rst_x")), 404, "restaurant_unknown"),
        (over("restaurant_id", Value::Null), 422, fields),
        (over("customer_id", json!("NOBODY")), 404, "customer_unknown"),
        (over("customer_id", json!("a b")), 422, "invalid_id"),
        (over("customer_id", Value::Null), 422, fields),
        (over("email", json!("ada@example.com")), 422, fields),
        (over("reference", json!("")), 422, "purchase_reference_invalid"),
        (over("reference", json!("a b")), 422, "purchase_reference_invalid"),
        (over("reference", json!("ü")), 422, "purchase_reference_invalid"),
        (over("reference", json!(long)), 422, "purchase_reference_invalid"),
        (over("amount", naira(0)), 422, "award_amount_invalid"),
        (over("amount", naira(-10_000)), 422, "award_amount_invalid"),
        (over("amount", naira(i64::MAX)), 422, "award_amount_invalid"),
        (over("amount", naira(9_999)), 422, "award_too_small"),
        (
            over("amount", json!({ "minor": 10_000, "currency": "GHS" })),
            422,
            "award_of_another_currency",
        ),
        (over("amount", json!({ "minor": 1.5, "currency": "NGN" })), 422, fields),
        (over("amount", Value::Null), 422, fields),
        (over("visit", json!(true)), 422, fields),
        (over("tip", json!(1)), 422, fields),
        (json!([]), 422, fields),
    ];
    for (request, status, code) in cases {
        owner.post(PURCHASES).json(&request).await.problem(status, code);
    }
    let mut visit = over("visit", json!(true));
    visit["amount"] = Value::Null;
    owner.post(PURCHASES).json(&visit).await.problem(422, "award_of_another_kind");
    owner.post(PURCHASES).body("application/json", "{").await.problem(400, "malformed_json");
    for reference in ["none", "%20", &long] {
        bistro.reverses(reference).await.problem(404, "purchase_unknown");
    }
    let balance = format!("{CUSTOMERS}/ADA/balance");
    owner.get(&balance).await.problem(422, fields);
    let both = format!("?programme_id={}&restaurant_id={id}", bistro.programme_id());
    owner.get(&format!("{balance}{both}")).await.problem(422, fields);
    owner.get(&format!("{ROOT}/tokens")).await.problem(422, fields);
    owner.get(&format!("{CUSTOMERS}?limit=0")).await.problem(422, "invalid_limit");
    let none = json!({ "programme_id": bistro.programme_id(), "balance": 0, "held": 0, "expires_next": null });
    let path = format!("{balance}?restaurant_id={id}");
    assert_eq!(owner.get(&path).await.is(200).json(), none);
    platform.points_agree(&bistro).await;
}
