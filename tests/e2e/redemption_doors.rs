//! Who may redeem, and how often somebody may guess.

use domain::access::Scope;
use domain::id::BusinessId;
use jiff::SignedDuration;
use serde_json::{Value, json};
use tessera_tests::{Platform, at_once};

use crate::redemptions::{plain, token_of};
use crate::shop::Shop;
use crate::vouchers::{code, opens, path_of};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_wrong_codes_in_a_quarter_of_an_hour_and_no_sixth() {
    let shop = Shop::open().await;
    let voucher = shop.publishes(&plain()).await;
    let short = code(&voucher, "SHORT");
    let mut mistyped = short.clone().into_bytes();
    mistyped[0] = if mistyped[0] == b'A' { b'B' } else { b'A' };
    let mistyped = String::from_utf8(mistyped).unwrap();
    for _ in 0..9 {
        shop.redeems(&mistyped, &plain()).await.problem(422, "short_code_mistyped");
        drop(shop.redeems(&short, &plain()).await.is(201));
    }
    let wrong = async |number: u32| shop.redeems(&format!("NOSUCH-{number}0"), &plain()).await;
    let replies = at_once(20, (0..20).map(wrong)).await;
    let unknown = replies.iter().filter(|reply| reply.status == 404).count();
    assert_eq!(unknown, 5, "the others are too many, right away");
    let problem = shop.redeems(&short, &plain()).await.problem(429, "code_too_many_tries");
    assert!(problem["detail"].as_str().unwrap().contains("scan the code"));
    let seen = shop.validates(&short, &plain()).await;
    assert_eq!(seen["reason"]["code"], "code_too_many_tries");
    drop(shop.redeems(&token_of(&voucher), &plain()).await.is(201));
    shop.platform.passes(SignedDuration::from_mins(15)).await;
    drop(shop.redeems(&short, &plain()).await.is(201));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn right_codes_at_once_are_never_called_wrong_ones() {
    let shop = Shop::open().await;
    let voucher = shop.publishes(&plain()).await;
    let (table, now) = (shop.platform.table(), shop.platform.now());
    let business = BusinessId::parse(shop.id()).unwrap();
    let till = (&shop.owner().tenant, &business);
    let mut others = Vec::new();
    for _ in 0..5 {
        others.push(table.take_try(till, now).await.unwrap().unwrap());
    }
    let ask = || {
        let ask = shop.owner().post("/api/v1/redemptions").header("idempotency-key", "the-sixth");
        ask.json(&shop.order(&code(&voucher, "SHORT"), &plain()))
    };
    let sixth = ask().await;
    sixth.problem(429, "code_busy");
    assert_eq!(sixth.header("retry-after"), "1");
    let looks = shop.owner().post("/api/v1/redemptions/validate");
    let order = shop.order(&code(&voucher, "SHORT"), &plain());
    looks.json(&order).await.problem(429, "code_busy");
    for other in others {
        table.end_try(till, other, true).await.unwrap();
    }
    drop(ask().await.is(201));
    assert_eq!(shop.reasons().await, [""; 0], "nothing was wrong with any code");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_taken_back_is_not_redeemed_by_way_of_another_code() {
    let shop = Shop::open().await;
    let voucher =
        shop.publishes(&json!({ "static_code": "COFFEE10", "claim_required": true })).await;
    let taken_back = |request: Value| {
        shop.owner().post(&format!("{}/revocations", path_of(&voucher))).json(&request)
    };
    shop.claims(&voucher, "ada").await;
    shop.claims(&voucher, "ben").await;
    taken_back(json!({ "customer_ids": ["ada"] })).await.is(200);
    let (short, by) = (code(&voucher, "SHORT"), |id: &str| json!({ "customer_id": id }));
    shop.redeems(&short, &by("ada")).await.problem(410, "code_revoked");
    shop.redeems(&short, &by("ben")).await.is(201);
    // The token, the short code and the fixed one are one.
    taken_back(json!({ "codes": [token_of(&voucher)] })).await.is(200);
    shop.claims(&voucher, "eve").await;
    for typed in [short.as_str(), "COFFEE10"] {
        shop.redeems(typed, &by("eve")).await.problem(410, "code_revoked");
    }
    taken_back(json!({ "codes": [token_of(&voucher)], "restore": true })).await.is(200);
    shop.redeems("COFFEE10", &by("eve")).await.is(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_redeems_what_it_is_bound_to_and_nothing_else() {
    let shop = Shop::open().await;
    let (owner, voucher) = (shop.owner(), shop.publishes(&plain()).await);
    let other = opens(owner, "Another").await;
    let bound = async |kind: &str, id: &Value, scope: Scope| {
        let wish =
            json!({ "name": "till", "scopes": [scope], "bound_to": { "kind": kind, "id": id } });
        let key = format!("{kind}{id}{}", scope.as_str());
        let made = owner.asks_for_key(&wish, &key).await.is(201).json();
        owner.with_key(made["api_key"].as_str().unwrap())
    };
    let own = bound("business", &shop.business["business_id"], Scope::RedemptionsWrite).await;
    let foreign = bound("business", &other["business_id"], Scope::RedemptionsWrite).await;
    let guard =
        bound("guard", &json!("grd_01m7yzmhg0e40r2081040g2081"), Scope::RedemptionsWrite).await;
    let reader = bound("business", &shop.business["business_id"], Scope::VouchersRead).await;
    let order = shop.order(&code(&voucher, "SHORT"), &plain());
    let ask = |owner: &tessera_tests::Owner| owner.post_once("/api/v1/redemptions").json(&order);
    let done = ask(&own).await.is(201).json();
    ask(&foreign).await.problem(404, "business_unknown");
    ask(&guard).await.problem(404, "not_found");
    ask(&reader).await.problem(403, "scope_missing");
    ask(&owner.with_key("")).await.problem(401, "api_key_missing");
    let path = format!("/api/v1/redemptions/{}/rollback", done["redemption_id"].as_str().unwrap());
    let back = |owner: &tessera_tests::Owner| owner.post_once(&path).json(&json!({}));
    back(&foreign).await.problem(404, "redemption_unknown");
    let stranger = shop.platform.newcomer().await;
    back(&stranger).await.problem(404, "redemption_unknown");
    ask(&stranger).await.problem(404, "business_unknown");
    let list = format!("/api/v1/redemptions?business_id={}", shop.id());
    foreign.get(&list).await.problem(404, "business_unknown");
    drop(own.get("/api/v1/redemptions").await.is(200));
    owner.get("/api/v1/redemptions").await.problem(422, "invalid_fields");
    drop(back(&own).await.is(200));
    // A token of another tenant is no code here.
    let platform: &Platform = &shop.platform;
    let shops = opens(&stranger, "Elsewhere").await;
    let wish = json!({ "code": token_of(&voucher), "business_id": shops["business_id"] });
    let reply = stranger.post_once("/api/v1/redemptions").json(&wish).await;
    reply.problem(422, "voucher_token_of_others");
    assert!(platform.base().starts_with("http"));
}

/// How often a code was refused in this process, as the alarm counts it.
async fn refused(shop: &Shop) -> u64 {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let metrics = client.get(format!("{}/metrics", shop.platform.base())).send().await.unwrap();
    let metrics = metrics.text().await.unwrap();
    let line = metrics.lines().find_map(|line| line.strip_prefix("voucher_refused_total "));
    line.map_or(0, |count| count.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_tries_codes_out_by_looking_at_them_rings_the_alarm_too() {
    let shop = Shop::open().await;
    let before = refused(&shop).await;
    for number in 0..3 {
        let seen = shop.validates(&format!("not.a.token{number}"), &plain()).await;
        assert_eq!(seen["reason"]["code"], "voucher_token_unreadable", "{seen}");
    }
    // Other stories of this process may count as well.
    assert!(refused(&shop).await >= before + 3);
    assert_eq!(shop.lines().await, Vec::<Value>::new(), "nobody has tried to redeem");
}
