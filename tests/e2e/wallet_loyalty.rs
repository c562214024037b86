//! The wallet of a customer with points: opened, joined, codes with and without JavaScript, codes given up, and the
//! keys with which a phone signs codes of its own.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::id::MemberKeyId;
use p256::ecdsa::SigningKey;
use reqwest::Method;
use serde_json::{Value, json};
use tessera_tests::{Ask, Bistro, Customer, Reply};

use crate::counter::{Counter, Wallet, hash_of, scan, spent};

/// What the page may have without the code, in bytes.
const PAGE_MAX_BYTES: usize = 30_000;
const FORM: &str = "application/x-www-form-urlencoded";

async fn ada(counter: &Counter) -> Customer {
    Customer::of(counter.platform.base(), counter.owner(), "ada").await
}

fn wallet(bistro: &Bistro) -> String {
    format!("/wallet/{}", bistro.id())
}

/// What stands in an attribute of a page.
fn attribute(page: &Reply, name: &str) -> String {
    let text = page.text();
    let (_, rest) = text.split_once(&format!("{name}=\"")).unwrap();
    rest.split('"').next().unwrap().to_owned()
}

/// A request as the page's script makes it, with the token of the page and these fields.
fn asks(customer: &Customer, page: &Reply, path: &str, fields: &[(&str, &str)]) -> Ask {
    let csrf = attribute(page, "data-csrf");
    let mut body = url::form_urlencoded::Serializer::new(String::new());
    body.append_pair("csrf", &csrf).extend_pairs(fields);
    customer.ask(Method::POST, &format!("{path}?as=json")).body(FORM, body.finish())
}

/// The page without the code in it.
fn without_code(page: &Reply) -> usize {
    let text = page.text();
    match text.split_once("<svg ") {
        Some((before, rest)) => before.len() + rest.split_once("</svg>").unwrap().1.len(),
        None => text.len(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_has_no_cookie_is_told_how_to_get_in_and_gets_no_code() {
    let counter = Counter::open().await;
    let nobody = Customer::nobody(counter.platform.base());
    let path = wallet(&counter.bistro);
    let door = nobody.get(&path).await.is(200);
    assert!(door.text().contains("Open your link first"), "{}", door.text());
    assert!(!door.text().contains("Mama Put") && door.header("cache-control") == "no-store");
    for of in ["code", "rewards/rwd_1/code", "release", "keys"] {
        let ask = nobody.ask(Method::POST, &format!("{path}/{of}?as=json"));
        ask.body(FORM, "csrf=x").await.problem(401, "customer_not_signed_in");
    }
    nobody.get(&format!("{path}/state")).await.problem(401, "customer_not_signed_in");
    assert_eq!(nobody.get(&format!("{path}/code")).await.status, 401);
    assert_eq!(counter.purse().await, (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_opens_the_wallet_joins_and_sees_points_rewards_and_what_has_happened() {
    let counter =
        Counter::open_with(Default::default(), &json!({ "points_live_months": 12 })).await;
    let (platform, bistro) = (&counter.platform, &counter.bistro);
    let path = wallet(bistro);
    let bob = Customer::of(platform.base(), counter.owner(), "bob").await;
    counter.owner().get("/api/v1/loyalty/customers/bob").await.problem(404, "customer_unknown");
    let page = bob.get(&path).await.is(200);
    counter.owner().get("/api/v1/loyalty/customers/bob").await.is(200);
    bob.get(&path).await.is(200);
    for part in [
        "Regulars",
        "Mama Put",
        ">0</strong> points",
        "Show QR to Earn Points",
        "There are none yet",
    ] {
        assert!(page.text().contains(part), "{part}: {}", page.text());
    }
    let policy = page.header("content-security-policy");
    let hash = policy.split("'sha256-").nth(1).unwrap().split('\'').next().unwrap();
    let expected = format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'sha256-{hash}'; \
         img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    assert_eq!(policy, expected);
    assert_eq!(page.header("cache-control"), "no-store");
    bistro.gives("bob", 60, "sale-1").await;
    bistro.offers(&json!({ "description": "Black or white." })).await;
    bistro.offers(&json!({ "name": "Jollof for two", "price": 200 })).await;
    bistro.offers(&json!({ "name": "Gone", "price": 1, "withdrawn": true })).await;
    let page = bob.get(&path).await.is(200);
    for part in [
        ">60</strong> points",
        "60 points are good until 30 November 2027.",
        "Black or white.",
        "140 more to go",
        "Get it: Coffee",
        "+60",
        "Earned",
    ] {
        assert!(page.text().contains(part), "{part}: {}", page.text());
    }
    for part in ["Get it: Jollof", "Gone"] {
        assert!(!page.text().contains(part), "{part}: {}", page.text());
    }
    assert!(page.body.len() < PAGE_MAX_BYTES, "{} bytes", page.body.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_for_earning_comes_without_javascript_too_and_renews_itself() {
    let counter = Counter::open().await;
    let (ada, path) = (ada(&counter).await, wallet(&counter.bistro));
    let page = ada.get(&path).await.is(200);
    let code = format!("{path}/code");
    let other = Customer::of(counter.platform.base(), counter.owner(), "eve").await;
    assert_eq!(other.presses(&page, &code).await.status, 403, "another customer's form");
    assert_eq!(ada.elsewhere().presses(&page, &code).await.status, 403, "another site");
    assert_eq!(ada.ask(Method::POST, &code).await.status, 403, "no token");
    let shown = ada.presses(&page, &code).await.is(200);
    for part in [
        "<svg ",
        "Valid for 5 minutes, until 13:05:00.",
        "Refresh QR Code",
        &format!("http-equiv=\"refresh\" content=\"240;url={code}\""),
    ] {
        assert!(shown.text().contains(part), "{part}: {}", shown.text());
    }
    assert_eq!(shown.header("cache-control"), "no-store");
    assert!(without_code(&shown) < PAGE_MAX_BYTES, "{} bytes", without_code(&shown));
    let again = ada.get(&code).await.is(200);
    assert!(again.text().contains("<svg ") && again.text() != shown.text());
    let elsewhere = ada.elsewhere().get(&code).await.is(303);
    assert_eq!(elsewhere.header("location"), path, "no code for another site's link");
    let ahead = ada.get(&code).header("sec-purpose", "prefetch").await.is(303);
    assert_eq!(ahead.header("location"), path, "no code in advance");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_learns_what_has_become_of_its_code() {
    let counter = Counter::open().await;
    let (ada, path) = (ada(&counter).await, wallet(&counter.bistro));
    let page = ada.get(&path).await.is(200);
    let first = asks(&ada, &page, &format!("{path}/code"), &[]).await.is(200).json();
    assert_eq!((&first["life_s"], &first["renew_s"]), (&json!(300), &json!(240)), "{first}");
    let state = async |id: &Value| -> Value {
        let query = format!("{path}/state?code={}", id.as_str().unwrap());
        ada.get(&query).await.is(200).json()
    };
    assert_eq!(state(&first["id"]).await["code"], json!({ "state": "active" }));
    let code = counter.shows("ada").await;
    let id = json!(hash_of(&code).as_str());
    assert_eq!(state(&first["id"]).await["code"]["state"], "expired", "there is a newer one");
    counter.scans(&code, &spent(1_000)).await.is(200);
    let used = state(&id).await;
    assert_eq!(
        used,
        json!({ "balance": 10, "version": 1, "code": { "state": "used", "awarded": 10 } })
    );
    // Somebody else's code is nobody's.
    let eve = Customer::of(counter.platform.base(), counter.owner(), "eve").await;
    let query = format!("{path}/state?code={}", id.as_str().unwrap());
    assert_eq!(eve.get(&query).await.is(200).json(), json!({ "balance": 0, "version": 0 }));
    let elsewhere = ada.elsewhere().get(&format!("{path}/state")).await;
    elsewhere.problem(403, "foreign_site");
    let none = ada.get(&format!("{path}/state?code=hello")).await.is(200).json();
    assert_eq!(none, json!({ "balance": 10, "version": 1 }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reward_s_code_holds_its_points_until_it_is_given_up() {
    let counter = Counter::open().await;
    let (ada, path) = (ada(&counter).await, wallet(&counter.bistro));
    let reward = counter.bistro.offers(&json!({})).await;
    let get = format!("{path}/rewards/{}/code", reward["reward_id"].as_str().unwrap());
    let page = ada.get(&path).await.is(200);
    asks(&ada, &page, &get, &[]).await.problem(409, "points_not_enough");
    counter.bistro.gives("ada", 120, "sale-1").await;
    let code = asks(&ada, &page, &get, &[]).await.is(200).json();
    assert_eq!((&code["life_s"], &code["reward"]), (&json!(600), &json!("Coffee")), "{code}");
    assert_eq!(code.get("renew_s"), None);
    assert_eq!(counter.purse().await, (70, 50));
    let id = code["id"].as_str().unwrap();
    let release = format!("{path}/release");
    let released = asks(&ada, &page, &release, &[("hold", id)]).await.is(200).json();
    assert_eq!(released, json!({ "balance": 120 }));
    let again = asks(&ada, &page, &release, &[("hold", id)]).await.is(200).json();
    assert_eq!(again, released, "the answer was lost");
    asks(&ada, &page, &release, &[("hold", "none")]).await.problem(409, "points_not_held");
    let eve = Customer::of(counter.platform.base(), counter.owner(), "eve").await;
    let hers = eve.get(&path).await.is(200);
    asks(&eve, &hers, &release, &[("hold", id)]).await.problem(404, "loyalty_token_unknown");
    // The same with forms.
    let shown = ada.presses(&page, &get).await.is(200);
    let text = shown.text();
    for part in
        ["<svg ", "Valid for 10 minutes, until 13:10:00.", "Open codes", "50 points, until 13:10"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("http-equiv=\"refresh\""), "another code would hold more");
    assert!(without_code(&shown) < PAGE_MAX_BYTES, "{} bytes", without_code(&shown));
    assert_eq!(counter.purse().await, (70, 50));
    assert_eq!(ada.presses(&shown, &release).await.is(303).header("location"), path);
    assert_eq!(counter.purse().await, (120, 0));
    asks(&ada, &page, &format!("{path}/rewards/rwd_1/code"), &[])
        .await
        .problem(404, "reward_unknown");
    counter.platform.points_agree(&counter.bistro).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_with_many_rewards_and_long_texts_is_light_all_the_same() {
    for char in ["a", "<", "飯"] {
        let counter = Counter::open().await;
        let (ada, path) = (ada(&counter).await, wallet(&counter.bistro));
        counter.bistro.gives("ada", 100, "sale-1").await;
        let mut first = None;
        for price in 1..=40 {
            let name = format!("{price:02}{}", char.repeat(78));
            let terms = json!({ "name": name, "description": char.repeat(300), "price": price });
            let made = counter.bistro.offers(&terms).await;
            first.get_or_insert(made);
        }
        let id = first.unwrap()["reward_id"].as_str().unwrap().to_owned();
        let page = ada.get(&path).await.is(200);
        let get = format!("{path}/rewards/{id}/code");
        // As many open codes and lines as there may be.
        for _ in 0..9 {
            asks(&ada, &page, &get, &[]).await.is(200);
        }
        let shown = ada.presses(&page, &get).await.is(200);
        let rewards = shown.text().matches("Get it: ").count();
        let bytes = without_code(&shown);
        assert!(bytes < PAGE_MAX_BYTES, "{char}: {bytes} bytes, {rewards} rewards");
        assert!(shown.text().contains("Get it: 01") && !shown.text().contains("Get it: 31"));
        assert!(rewards >= if char == "a" { 15 } else { 1 }, "{char}: {rewards}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_organisation_s_restaurant_is_not_there() {
    let counter = Counter::open().await;
    let ada = ada(&counter).await;
    let newcomer = counter.platform.newcomer().await;
    let foreign = Bistro::opens(&newcomer).await;
    let own = ada.get(&wallet(&counter.bistro)).await.is(200);
    for path in [wallet(&foreign), "/wallet/rst_1".to_owned(), "/wallet/%FF".to_owned()] {
        let page = ada.get(&path).await.is(404);
        assert!(!page.text().contains("Show QR"), "{}", page.text());
    }
    asks(&ada, &own, &format!("{}/code", wallet(&foreign)), &[])
        .await
        .problem(404, "restaurant_unknown");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_enrols_its_key_and_the_oldest_makes_room() {
    let counter = Counter::open().await;
    let (ada, path) = (ada(&counter).await, wallet(&counter.bistro));
    let page = ada.get(&path).await.is(200);
    let keys = format!("{path}/keys");
    asks(&ada, &page, &keys, &[("public_key", "AA")]).await.problem(422, "customer_key_invalid");
    let mut wallets = Vec::new();
    for byte in 1..=11_u8 {
        let key = SigningKey::from_slice(&[byte; 32]).unwrap();
        let point = key.verifying_key().to_sec1_point(false);
        let point = URL_SAFE_NO_PAD.encode(point.as_bytes());
        let made = asks(&ada, &page, &keys, &[("public_key", &point)]).await.is(200).json();
        let id = MemberKeyId::parse(made["key_id"].as_str().unwrap()).unwrap();
        wallets.push(Wallet { id, customer: "ada".to_owned(), key });
        counter.platform.passes(jiff::SignedDuration::from_secs(1)).await;
    }
    let page = ada.get(&path).await.is(200);
    assert_eq!(attribute(&page, "data-keys").split(' ').count(), 10);
    let now = counter.platform.now();
    let verify = async |wallet: &Wallet| -> Reply {
        let code = wallet.signs(&counter.bistro.id(), now, 7);
        scan(counter.owner(), &counter.bistro, &code, &spent(1_000)).await
    };
    assert_eq!(verify(&wallets[0]).await.status, 404, "the oldest is forgotten");
    assert_eq!(verify(&wallets[10]).await.is(200).json()["awarded"], 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_says_to_everybody_else_that_it_is_for_the_till() {
    let counter = Counter::open().await;
    let nobody = Customer::nobody(counter.platform.base());
    counter.platform.meter().reset();
    let page = nobody.get("/L/0123456789ABC").await.is(200);
    assert!(page.text().contains("This code is for the scanner at the till"), "{}", page.text());
    assert!(page.header("cache-control").contains("s-maxage=60"));
    assert_eq!(nobody.get("/l/other").await.is(200).body, page.body);
    let shell = nobody.get("/wallet/offline").await.is(200);
    assert!(shell.text().contains("Connection error, retry"), "{}", shell.text());
    assert!(shell.body.len() < PAGE_MAX_BYTES, "{} bytes", shell.body.len());
    let worker = nobody.get("/wallet/worker.js").await.is(200);
    assert!(worker.header("content-type").starts_with("text/javascript"));
    assert_eq!(counter.platform.meter().write_units("loyalty-pages"), 0.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_owner_writes_is_text_and_never_markup_on_a_wallet() {
    let evil = "<script>alert(1)</script>\"'><img src=x onerror=1>";
    let counter = Counter::open_with(Default::default(), &json!({ "name": evil })).await;
    let branch = counter.bistro.branch(evil).await;
    branch.offers(&json!({ "name": evil, "description": evil, "price": 1 })).await;
    let ada = ada(&counter).await;
    branch.gives("ada", 5, "sale-1").await;
    let page = ada.get(&wallet(&branch)).await.is(200).text();
    assert!(page.contains("&#60;script&#62;alert(1)"), "{page}");
    assert!(
        !page.contains("<script>") && !page.contains("<img") && !page.contains("\"'>"),
        "{page}"
    );
}
