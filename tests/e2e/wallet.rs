//! A customer's wallet: the link, claiming once, the list, the code of five minutes, and whose all that is.

use domain::voucher_token::{TokenKind, TokenRefused};
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};
use tessera_tests::{Customer, GOOGLEBOT, Owner, Platform, WHATSAPP, at_once, link};

use crate::vouchers::{code, drafts, path_of, publishes, scanner};

fn id_of(voucher: &Value) -> &str {
    voucher["voucher_id"].as_str().unwrap()
}

fn seconds(count: i64) -> SignedDuration {
    SignedDuration::from_secs(count)
}

/// Claims as the tenant, for a customer.
async fn claims_for(owner: &Owner, voucher: &Value, customer: &str) -> Value {
    let ask = owner.post_once(&format!("{}/claim", path_of(voucher)));
    ask.json(&json!({ "customer_id": customer })).await.is(201).json()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_works_once_however_often_its_button_is_pressed_at_once() {
    let platform = Platform::start().await;
    let link = link(platform.owner(), "CUST-1").await;
    let nobody = Customer::nobody(platform.base());
    for _ in 0..3 {
        let page = nobody.get(&link).await.is(200);
        assert!(page.text().contains("Open my vouchers") && page.header("set-cookie").is_empty());
        assert_eq!(page.header("referrer-policy"), "no-referrer");
    }
    nobody.ask(Method::HEAD, &link).await.is(200);
    let foreign = nobody.elsewhere().follows(&link).await;
    assert_eq!(foreign.status, 403, "no other site signs somebody in");
    let answers = at_once(8, (0..8).map(|_| nobody.follows(&link))).await;
    let opened: Vec<_> = answers.iter().filter(|answer| answer.status == 303).collect();
    assert_eq!(opened.len(), 1);
    assert!(answers.iter().all(|answer| [303, 410].contains(&answer.status)), "{answers:?}");
    let cookie = opened[0].header("set-cookie");
    assert!(
        cookie.starts_with("__Host-customer=")
            && cookie.ends_with("Path=/; Max-Age=2592000; Secure; HttpOnly; SameSite=Lax"),
        "{cookie}"
    );
    assert_eq!(opened[0].header("location"), "/my/vouchers");
    assert!(nobody.get(&link).await.is(410).text().contains("does not work"));
    let other = link.replace("/my/link/", "/my/link/0");
    nobody.get(&other).await.is(404);
    let page = nobody.with(opened[0]).get("/my/vouchers").await.is(200);
    assert!(page.text().contains("There are none yet"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_ends_after_ten_minutes_and_a_visit_after_thirty_days() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let (early, late) = (link(owner, "CUST-1").await, link(owner, "CUST-1").await);
    let nobody = Customer::nobody(platform.base());
    platform.passes(seconds(599)).await;
    let answer = nobody.follows(&early).await.is(303);
    platform.passes(seconds(1)).await;
    assert_eq!(nobody.follows(&late).await.status, 410);
    let customer = nobody.with(&answer);
    platform.passes(SignedDuration::from_hours(30 * 24) - seconds(2)).await;
    customer.get("/api/v1/customers/vouchers").await.is(200);
    platform.passes(seconds(1)).await;
    let over = customer.get("/api/v1/customers/vouchers").await;
    over.problem(401, "customer_session_ended");
    assert!(customer.get("/my/vouchers").await.is(200).text().contains("Open your link first"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_64_claims_at_once_one_is_kept_and_the_others_are_told() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let voucher = publishes(owner, &json!({})).await;
    let customer = Customer::of(platform.base(), owner, "CUST-1").await;
    let path = format!("{}/claim", path_of(&voucher));
    let tries = (0..64).map(|number| {
        let (customer, path, owner) = (customer.clone(), path.clone(), owner.clone());
        async move {
            if number % 2 == 0 {
                return customer.ask(Method::POST, &path).await;
            }
            owner.post_once(&path).json(&json!({ "customer_id": "CUST-1" })).await
        }
    });
    let answers = at_once(64, tries).await;
    let (kept, told): (Vec<_>, Vec<_>) = answers.into_iter().partition(|reply| reply.status == 201);
    assert_eq!(kept.len(), 1);
    let claim = kept[0].json();
    assert_eq!((&claim["expiresAt"], &claim["walletPosition"]), (&json!("2029-12-31"), &json!(1)));
    assert!(claim["claimId"].as_str().unwrap().starts_with("clm_"));
    for answer in told {
        answer.problem(409, "voucher_already_claimed");
    }
    let listed = customer.get("/api/v1/customers/vouchers").await.is(200).json();
    let vouchers = listed["vouchers"].as_array().unwrap();
    assert_eq!(vouchers.len(), 1, "{listed}");
    let held = &vouchers[0];
    assert_eq!((&held["claim_id"], &held["state"]), (&claim["claimId"], &json!("claimed")));
    assert_eq!(
        (held["voucher_id"].as_str(), &held["wallet_position"]),
        (Some(id_of(&voucher)), &json!(1))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_claims_once_for_each_idempotency_key_and_names_the_customer() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let voucher = publishes(owner, &json!({})).await;
    let path = format!("{}/claim", path_of(&voucher));
    let wish = json!({ "customer_id": "CUST-1" });
    let claim = |key: &str| owner.post(&path).header("idempotency-key", key).json(&wish);
    let first = claim("one").await.is(201);
    let again = claim("one").await.is(201);
    assert_eq!((again.json(), again.header("idempotency-replayed")), (first.json(), "true"));
    claim("two").await.problem(409, "voucher_already_claimed");
    owner.post(&path).json(&wish).await.problem(400, "idempotency_key_missing");
    owner.post_once(&path).json(&json!({})).await.problem(422, "customer_unnamed");
    let mail = json!({ "customer_id": "ada@example.com" });
    owner.post_once(&path).json(&mail).await.problem(422, "invalid_id");
    owner.get("/api/v1/customers/vouchers").await.problem(422, "customer_unnamed");
    let list = owner.get("/api/v1/customers/vouchers?customer_id=CUST-1").await.is(200).json();
    assert_eq!(list["vouchers"].as_array().unwrap().len(), 1);
    let none = owner.get("/api/v1/customers/vouchers?customer_id=CUST-2").await.is(200).json();
    assert_eq!(none["vouchers"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_of_another_tenant_sees_and_gets_nothing() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let voucher = publishes(owner, &json!({})).await;
    claims_for(owner, &voucher, "CUST-1").await;
    let newcomer = platform.newcomer().await;
    // The same id at another organisation is another person.
    let stranger = Customer::of(platform.base(), &newcomer, "CUST-1").await;
    let list = stranger.get("/api/v1/customers/vouchers").await.is(200).json();
    assert_eq!(list["vouchers"], json!([]));
    let claim = format!("{}/claim", path_of(&voucher));
    stranger.ask(Method::POST, &claim).await.problem(404, "voucher_unknown");
    let held = format!("/api/v1/customers/vouchers/{}", id_of(&voucher));
    stranger.ask(Method::DELETE, &held).await.problem(404, "voucher_not_claimed");
    stranger.get(&format!("{held}/code")).await.problem(404, "voucher_not_claimed");
    let page = stranger.get(&format!("/my/vouchers/{}", id_of(&voucher))).await.is(404).text();
    assert!(!page.contains("Free coffee"), "{page}");
    let theirs = json!({ "customer_id": "CUST-1" });
    newcomer.post_once(&claim).json(&theirs).await.problem(404, "voucher_unknown");
    // A customer acts for nobody else, and only from our own pages.
    let customer = Customer::of(platform.base(), owner, "CUST-2").await;
    let named = customer.get("/api/v1/customers/vouchers?customer_id=CUST-1").await;
    named.problem(403, "customer_other");
    let forged = customer.elsewhere().ask(Method::POST, &claim).await;
    forged.problem(403, "foreign_site");
    Customer::nobody(platform.base())
        .ask(Method::POST, &claim)
        .await
        .problem(401, "api_key_missing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_removed_is_claimed_again_and_what_is_over_is_not() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let voucher = publishes(owner, &json!({ "expires_at": "2026-11-21T12:00:00Z" })).await;
    let second = publishes(owner, &json!({})).await;
    let customer = Customer::of(platform.base(), owner, "CUST-1").await;
    let claim =
        |voucher: &Value| customer.ask(Method::POST, &format!("{}/claim", path_of(voucher)));
    let held = format!("/api/v1/customers/vouchers/{}", id_of(&voucher));
    assert_eq!(claim(&voucher).await.is(201).json()["walletPosition"], 1);
    assert_eq!(claim(&second).await.is(201).json()["walletPosition"], 2);
    customer.ask(Method::DELETE, &held).await.is(204);
    customer.ask(Method::DELETE, &held).await.problem(404, "voucher_not_claimed");
    customer.get(&format!("{held}/code")).await.problem(404, "voucher_not_claimed");
    assert_eq!(claim(&voucher).await.is(201).json()["walletPosition"], 3, "at the end");
    let draft = drafts(owner, &json!({})).await;
    claim(&draft).await.problem(404, "voucher_unknown");
    owner.post(&format!("{}/pause", path_of(&second))).await.is(200);
    let code_of_second = format!("/api/v1/customers/vouchers/{}/code", id_of(&second));
    customer.get(&code_of_second).await.problem(409, "voucher_not_published");
    platform.passes(SignedDuration::from_hours(24) - seconds(1)).await;
    customer.get(&format!("{held}/code")).await.is(200);
    platform.passes(seconds(1)).await;
    customer.get(&format!("{held}/code")).await.problem(410, "voucher_expired");
    let other = Customer::of(platform.base(), owner, "CUST-2").await;
    let late = other.ask(Method::POST, &format!("{}/claim", path_of(&voucher)));
    late.await.problem(410, "voucher_expired");
    let list = customer.get("/api/v1/customers/vouchers").await.is(200).json();
    let states: Vec<_> =
        list["vouchers"].as_array().unwrap().iter().map(|held| held["state"].clone()).collect();
    assert_eq!(states, ["claimed", "expired"], "in the wallet's order: {list}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_wallet_says_what_is_used_up_and_what_was_taken_back() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let customer = Customer::of(platform.base(), owner, "CUST-1").await;
    let gift = json!({ "type": "gift_balance", "minor": 1_000, "currency": "NGN" });
    let one = json!({ "total": 1, "peak_per_second": 60 });
    let used_up = publishes(owner, &json!({ "title": "Gone", "limits": one })).await;
    let opened =
        publishes(owner, &json!({ "title": "Gift", "benefit": gift, "limits": { "total": 1 } }))
            .await;
    let taken_back = publishes(owner, &json!({ "title": "Back" })).await;
    let ready = publishes(owner, &json!({ "title": "Ready", "limits": { "total": 9 } })).await;
    for voucher in [&used_up, &opened, &taken_back, &ready] {
        customer.ask(Method::POST, &format!("{}/claim", path_of(voucher))).await.is(201);
    }
    let redeems = async |voucher: &Value, more: &Value| {
        let mut wish = json!({ "code": code(voucher, "SHORT"), "customer_id": "CUST-1",
            "business_id": voucher["business_id"] });
        wish.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        owner.post_once("/api/v1/redemptions").json(&wish).await.is(201);
    };
    claims_for(owner, &used_up, "CUST-2").await;
    redeems(&used_up, &json!({ "customer_id": "CUST-2" })).await;
    redeems(&opened, &json!({ "amount": 400 })).await;
    let revoked = json!({ "customer_ids": ["CUST-1"] });
    owner.post_once(&format!("{}/revocations", path_of(&taken_back))).json(&revoked).await.is(200);
    let list = customer.get("/api/v1/customers/vouchers").await.is(200).json();
    let of = |held: &Value| {
        json!([held["title"], held["state"], held["voucher_state"], held["revoked"]])
    };
    let seen: Vec<Value> = list["vouchers"].as_array().unwrap().iter().map(of).collect();
    assert_eq!(
        seen,
        [
            json!(["Gone", "claimed", "exhausted", false]),
            json!(["Gift", "claimed", "published", false]),
            json!(["Back", "claimed", "published", true]),
            json!(["Ready", "claimed", "published", false]),
        ],
        "an opened gift has its place in the limit"
    );
    let page = customer.get("/my/vouchers").await.is(200).text();
    for (word, count) in [("all used", 1), ("taken back", 1), ("ready to use", 2)] {
        assert_eq!(page.matches(word).count(), count, "{word}: {page}");
    }
    let own = async |voucher: &Value| {
        let id = id_of(voucher);
        let page = customer.get(&format!("/my/vouchers/{id}")).await.is(200).text();
        (customer.get(&format!("/api/v1/customers/vouchers/{id}/code")).await, page)
    };
    let (none, page) = own(&used_up).await;
    none.problem(409, "voucher_used_up");
    assert!(page.contains("All used"), "{page}");
    let (code, page) = own(&opened).await;
    code.is(200);
    assert!(page.contains("Show this to the cashier") && page.contains("₦6<"), "{page}");
    own(&taken_back).await.0.problem(410, "voucher_token_revoked");
    own(&ready).await.0.is(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_s_code_is_good_for_five_minutes_to_the_second() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let voucher = publishes(owner, &json!({})).await;
    claims_for(owner, &voucher, "CUST-1").await;
    let path = format!("/api/v1/customers/vouchers/{}/code?customer_id=CUST-1", id_of(&voucher));
    let made = owner.get(&path).await.is(200).json();
    let verifier = scanner(&platform).await;
    let token = made["token"].as_str().unwrap();
    let url = made["url"].as_str().unwrap();
    assert_eq!(url, format!("{}/v/{token}", platform.base()));
    assert!(made["svg"].as_str().unwrap().starts_with("<svg"));
    let issued = platform.now();
    let check =
        |after: i64| verifier.verify(url, &[TokenKind::User], None, issued + seconds(after));
    let claims = check(299).unwrap();
    assert_eq!(claims.voucher.as_str(), id_of(&voucher));
    assert!(matches!(check(300), Err(TokenRefused::Expired(_))), "at its end");
    assert!(matches!(check(301), Err(TokenRefused::Expired(_))));
    let standard = verifier.verify(url, &[TokenKind::Standard], None, issued);
    assert_eq!(standard, Err(TokenRefused::WrongKind), "it is no voucher's own code");
    // The page behind it is the voucher's, as long as the code is good.
    let nobody = Customer::nobody(platform.base());
    platform.passes(seconds(299)).await;
    nobody.get(url).await.is(200);
    platform.passes(seconds(1)).await;
    assert!(nobody.get(url).await.is(410).text().contains("time is over"));
    let next = owner.get(&path).await.is(200).json();
    assert_ne!(next["token"], made["token"]);
    let revoked = json!({ "customer_ids": ["CUST-1"] });
    owner.post_once(&format!("{}/revocations", path_of(&voucher))).json(&revoked).await.is(200);
    owner.get(&path).await.problem(410, "voucher_token_revoked");
    assert!(nobody.get(next["url"].as_str().unwrap()).await.is(410).text().contains("taken back"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scan_counts_once_a_minute_and_never_for_machines() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let voucher = publishes(owner, &json!({})).await;
    let path = format!("{}/scan", path_of(&voucher));
    let events = async || {
        let lies = platform.inventory().await;
        lies.items.keys().filter(|(pk, _)| pk.starts_with("E#") && pk.contains("vch_")).count()
    };
    let visitor = platform.visitor();
    let first = visitor.get(&path).await.is(200).json();
    assert!(first["scanId"].as_str().unwrap().starts_with("scn_"));
    assert_eq!(first["canClaim"], true);
    assert_eq!(first["voucher"]["title"], "Free coffee");
    assert_eq!(first["nearbyLocations"][0]["name"], "Marina");
    let again = visitor.post(&path).json(&json!({ "source": "GALLERY" })).await.is(200).json();
    assert_eq!(again["scanId"], first["scanId"]);
    assert_eq!(events().await, 1);
    for agent in [GOOGLEBOT, WHATSAPP] {
        let machine = platform.visitor().agent(agent).get(&path).await.is(200).json();
        assert_eq!(machine["scanId"], Value::Null, "{agent}");
    }
    let preview = visitor.get(&path).header("sec-purpose", "prefetch").await.is(200).json();
    assert_eq!(preview["scanId"], Value::Null);
    visitor.ask(Method::HEAD, &path).await.is(200);
    visitor.get(&format!("{}/details", path_of(&voucher))).await.is(200);
    assert_eq!(events().await, 1);
    platform.passes(seconds(60)).await;
    let later = visitor.get(&path).await.is(200).json();
    assert_ne!(later["scanId"], first["scanId"]);
    platform.visitor().number(2).get(&path).await.is(200);
    assert_eq!(events().await, 3);
    visitor.post(&path).json(&json!({ "source": "SMOKE" })).await.problem(422, "invalid_fields");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scans_are_limited_and_say_when_to_try_again() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let voucher = publishes(owner, &json!({})).await;
    let path = format!("{}/scan", path_of(&voucher));
    let visitor = platform.visitor();
    let answers = at_once(16, (0..61).map(|_| async { visitor.get(&path).await })).await;
    let limited: Vec<_> = answers.iter().filter(|answer| answer.status == 429).collect();
    assert_eq!(limited.len(), 1, "sixty a minute");
    limited[0].problem(429, "too_many_attempts");
    assert!((1..=60).contains(&limited[0].header("retry-after").parse::<u32>().unwrap()));
    platform.passes(seconds(60)).await;
    visitor.get(&path).await.is(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn details_are_for_everybody_and_tell_nothing_of_the_owner_s() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let voucher = publishes(owner, &json!({ "limits": { "total": 7 } })).await;
    let nobody = Customer::nobody(platform.base());
    let path = format!("{}/details", path_of(&voucher));
    let details = nobody.get(&path).await.is(200).json();
    assert_eq!(details["benefit_words"], "Free: A coffee");
    assert_eq!(
        (&details["state"], &details["last_day"]),
        (&json!("published"), &json!("2029-12-31"))
    );
    assert_eq!(details["business"]["name"], "Kofi's Café");
    let text = details.to_string();
    let own = code(&voucher, "SHORT");
    for secret in [own.as_str(), "limits", "codes", "created_at"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    let draft = drafts(owner, &json!({})).await;
    let path = format!("{}/details", path_of(&draft));
    nobody.get(&path).await.problem(404, "voucher_unknown");
}
