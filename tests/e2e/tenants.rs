//! Tenants, their keys and their sessions.

use domain::access::Scope;
use jiff::SignedDuration;
use serde_json::{Value, json};
use tessera_tests::{Ask, Owner, Platform, Reply, at_once, house, houses};

async fn settings(owner: &Owner) -> Value {
    let mut tenant = owner.get("/api/v1/tenant").await.is(200).json();
    for shown in ["id", "has_logo", "version", "destinations_applied"] {
        assert!(tenant.as_object_mut().unwrap().remove(shown).is_some(), "{shown}");
    }
    tenant
}

async fn keys(owner: &Owner) -> Vec<Value> {
    let page = owner.get("/api/v1/api-keys").await.is(200).json();
    page["api_keys"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_never_leads_to_a_host_that_is_not_allowed() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let before = platform.inventory().await;
    let fine = settings(owner).await;
    let foreign = [
        ("property_base", "https://evil.example/"),
        ("property_base", "http://www.daobitat.xyz/"),
        ("property_base", "https://www.daobitat.xyz@evil.example/"),
        ("property_base", "javascript:alert(1)//"),
        ("explorer_base", "https://basescan.org.evil.example/"),
        ("explorer_base", "//basescan.org/"),
    ];
    for (field, base) in foreign {
        let mut changed = fine.clone();
        changed["destinations"][field] = json!(base);
        let problem =
            owner.put("/api/v1/tenant").json(&changed).await.problem(422, "invalid_fields");
        assert_eq!(problem["errors"][0]["field"], format!("destinations.{field}"), "{base}");
    }
    let mut unknown = fine.clone();
    unknown["colour"] = json!("red");
    owner.put("/api/v1/tenant").json(&unknown).await.problem(422, "invalid_fields");
    platform.inventory().await.is_still(&before, "the refusals");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn printed_codes_follow_their_tenant_to_new_destinations() {
    let platform = Platform::start().await;
    let (owner, other) = (platform.owner(), platform.newcomer().await);
    let (houses, theirs) = (houses(120), house());
    owner.imports(&houses).await;
    let _made = owner.generates_all(&houses).await.is(200);
    other.imports(std::slice::from_ref(&theirs)).await;
    other.generates(&theirs).await;
    let visitor = platform.visitor();
    for house in [&houses[0], &houses[119], &theirs] {
        assert!(visitor.scans(house).await.is(200).text().contains(&house.page_url()));
    }
    let mut moved = settings(owner).await;
    moved["destinations"] = json!({
        "property_base": "https://homes.example/p/", "explorer_base": "https://sepolia.basescan.org/address/",
        "allowed_hosts": ["homes.example", "sepolia.basescan.org"],
    });
    let tenant = owner.put("/api/v1/tenant").json(&moved).await.is(200).json();
    assert_eq!((&tenant["destinations_applied"], &tenant["version"]), (&true.into(), &2.into()));
    assert_eq!(settings(owner).await, moved);
    platform.passes(SignedDuration::from_secs(60)).await;
    for house in [&houses[0], &houses[60], &houses[119]] {
        let html = visitor.scans(house).await.is(200).text();
        assert!(html.contains(&format!("https://homes.example/p/{}", house.id)), "{html}");
        assert!(html.contains("https://sepolia.basescan.org/address/0x"), "{html}");
        assert!(!html.contains("daobitat.xyz"), "{html}");
    }
    assert!(visitor.scans(&theirs).await.is(200).text().contains(&theirs.page_url()));
    // A code that is made afterwards leads there too.
    let late = house();
    owner.imports(std::slice::from_ref(&late)).await;
    owner.generates(&late).await;
    assert!(visitor.scans(&late).await.is(200).text().contains("https://homes.example/p/"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_shown_once_and_a_repetition_makes_no_second_one() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let wanted = json!({ "name": "till 1", "scopes": ["codes:read"] });
    let before = platform.inventory().await;
    owner.post("/api/v1/api-keys").json(&wanted).await.problem(400, "idempotency_key_missing");
    for wrong in [
        json!({ "name": "", "scopes": ["codes:read"] }),
        json!({ "name": "x", "scopes": [] }),
        json!({ "name": "x", "scopes": ["everything"] }),
        json!({ "name": "x", "scopes": ["admin", "admin"] }),
        json!({ "scopes": ["admin"] }),
    ] {
        owner.asks_for_key(&wrong, "refused").await.problem(422, "invalid_fields");
    }
    platform.inventory().await.is_still(&before, "a refusal gives its key back");

    let made = owner.asks_for_key(&wanted, "refused").await.is(201);
    assert_eq!(made.header("idempotency-replayed"), "");
    let secret = made.json()["api_key"].as_str().unwrap().to_owned();
    let again = owner.asks_for_key(&wanted, "refused").await.is(201);
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.json()["api_key"], Value::Null);
    assert_eq!(again.json()["id"], made.json()["id"]);
    let other = json!({ "name": "till 2", "scopes": ["codes:read"] });
    owner.asks_for_key(&other, "refused").await.problem(422, "idempotency_key_reused");
    assert_eq!(keys(owner).await.len(), 2);
    let listed = owner.get("/api/v1/api-keys").await.is(200).text();
    assert!(!listed.contains(&secret) && !listed.contains("tsk_"), "{listed}");
    let inventory = format!("{:?}", platform.inventory().await);
    assert!(!inventory.contains(&secret), "the secret is kept somewhere");

    let till = owner.with_key(&secret);
    let _list = till.get("/api/v1/qr/list").await.is(200);
    till.get("/api/v1/tenant").await.problem(403, "scope_missing");
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let _deleted = owner.delete(&format!("/api/v1/api-keys/{id}")).await.is(204);
    till.get("/api/v1/qr/list").await.problem(401, "api_key_unknown");
    owner.delete(&format!("/api/v1/api-keys/{id}")).await.problem(404, "not_found");
    owner.delete("/api/v1/api-keys/nonsense").await.problem(404, "not_found");
    let own = keys(owner).await[0]["id"].as_str().unwrap().to_owned();
    owner.delete(&format!("/api/v1/api-keys/{own}")).await.problem(409, "own_api_key");
    // Another tenant's key is not there either, and its idempotency keys are its own.
    let stranger = platform.newcomer().await;
    stranger.delete(&format!("/api/v1/api-keys/{own}")).await.problem(404, "not_found");
    assert!(stranger.asks_for_key(&other, "refused").await.is(201).json()["api_key"].is_string());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixteen_who_ask_at_once_with_one_idempotency_key_get_one_api_key() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let wanted = json!({ "name": "till", "scopes": ["codes:read"] });
    let replies = at_once(16, (0..16).map(|_| owner.asks_for_key(&wanted, "one"))).await;
    let secrets: Vec<_> = replies.iter().filter(|r| r.json()["api_key"].is_string()).collect();
    assert_eq!(secrets.len(), 1, "exactly one sees the secret");
    for reply in &replies {
        assert!([201, 409].contains(&reply.status), "{}", reply.text());
        if reply.status == 409 {
            reply.problem(409, "idempotency_key_in_use");
            assert!(!reply.header("retry-after").is_empty());
        }
    }
    assert_eq!(keys(owner).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_is_repeated_for_two_days_and_then_the_idempotency_key_is_new() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let wanted = json!({ "name": "till", "scopes": ["codes:read"] });
    let first = owner.asks_for_key(&wanted, "k").await.is(201).json();
    platform.passes(SignedDuration::from_secs(48 * 3600 - 1)).await;
    let again = owner.asks_for_key(&wanted, "k").await.is(201);
    assert_eq!((again.header("idempotency-replayed"), &again.json()["id"]), ("true", &first["id"]));
    platform.passes(SignedDuration::from_secs(1)).await;
    let fresh = owner.asks_for_key(&wanted, "k").await.is(201);
    assert!(fresh.header("idempotency-replayed").is_empty() && fresh.json()["id"] != first["id"]);

    // The same holds where the header is optional: the body comes back to the byte.
    let house = house();
    owner.imports(std::slice::from_ref(&house)).await;
    let generate = |settings: Value| {
        let path = format!("/api/v1/qr/generate/{}", house.id);
        owner.post(&path).header("idempotency-key", "g").json(&settings)
    };
    let made = generate(json!({})).await.is(201);
    let replayed = generate(json!({})).await.is(201);
    assert_eq!((replayed.header("idempotency-replayed"), &replayed.body), ("true", &made.body));
    generate(json!({ "size": 300 })).await.problem(422, "idempotency_key_reused");
}

async fn signs_in(platform: &Platform, key: &str) -> String {
    let session =
        platform.visitor().post("/session").json(&json!({ "api_key": key })).await.is(201);
    let cookie = session.header("set-cookie").to_owned();
    for rule in ["__Host-session=", "Path=/", "Secure", "HttpOnly", "SameSite=Lax", "Max-Age=43200"]
    {
        assert!(cookie.contains(rule), "{rule} is not in {cookie}");
    }
    cookie.split(';').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_lasts_twelve_hours_on_our_own_pages_and_ends_with_its_key() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let short = owner.makes_key(&[Scope::CodesRead, Scope::PropertiesWrite]).await;
    platform
        .visitor()
        .post("/session")
        .json(&json!({ "api_key": "x" }))
        .await
        .problem(401, "api_key_unknown");
    let cookie = signs_in(&platform, &short.key).await;
    let bare = owner.with_key("");
    let list = || bare.get("/api/v1/qr/list").header("cookie", &cookie);
    let import =
        || bare.post("/api/v1/properties/import").header("cookie", &cookie).body("text/plain", "");
    let _list = list().await.is(200);
    bare.get("/api/v1/tenant").header("cookie", &cookie).await.problem(403, "scope_missing");

    let host = platform.base().strip_prefix("http://").unwrap();
    let foreign: [&[(&str, &str)]; 5] = [
        &[],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site"), ("origin", platform.base())],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
    ];
    let with = |headers: &[(&str, &str)]| -> Ask {
        headers.iter().fold(import(), |ask, (name, value)| ask.header(name, value))
    };
    let before = platform.inventory().await;
    for headers in foreign {
        with(headers).await.problem(403, "foreign_site");
    }
    platform.inventory().await.is_still(&before, "the refusals");
    let _own = with(&[("sec-fetch-site", "same-origin")]).await.is(200);
    let _own = with(&[("origin", &format!("https://{host}"))]).await.is(200);

    platform.passes(SignedDuration::from_secs(12 * 3600 - 1)).await;
    let _list = list().await.is(200);
    platform.passes(SignedDuration::from_secs(1)).await;
    list().await.problem(401, "session_ended");

    let cookie = signs_in(&platform, &short.key).await;
    let list = || bare.get("/api/v1/qr/list").header("cookie", &cookie);
    let _list = list().await.is(200);
    let listed = keys(owner).await;
    let id = listed.iter().find(|key| key["name"] == "another").unwrap()["id"].as_str().unwrap();
    let _deleted = owner.delete(&format!("/api/v1/api-keys/{id}")).await.is(204);
    list().await.problem(401, "session_ended");

    let cookie = signs_in(&platform, &owner.key).await;
    let list = || bare.get("/api/v1/qr/list").header("cookie", &cookie);
    let _list = list().await.is(200);
    let out: Reply = bare.delete("/session").header("cookie", &cookie).await.is(204);
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    list().await.problem(401, "session_ended");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_bound_to_one_record_finds_nothing_else() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let house = house();
    owner.imports(std::slice::from_ref(&house)).await;
    owner.generates(&house).await;
    let id = "grd_01m7yzmhg0e40r2081040g2081";
    let bound = |kind: &str| {
        let bound_to = json!({ "kind": kind, "id": id });
        json!({ "name": "guard", "scopes": Scope::ALL, "bound_to": bound_to })
    };
    let other = owner.asks_for_key(&bound("business"), "other kind").await;
    other.problem(422, "invalid_fields");
    let request = bound("guard");
    let made = owner.asks_for_key(&request, "bound").await.is(201).json();
    assert_eq!(made["bound_to"], request["bound_to"]);
    let guard = owner.with_key(made["api_key"].as_str().unwrap());
    let before = platform.inventory().await;
    for path in [
        format!("/api/v1/qr/{}", house.id),
        format!("/api/v1/qr/{}/analytics", house.id),
        format!("/api/v1/properties/{}", house.id),
        "/api/v1/qr/list".to_owned(),
        "/api/v1/analytics/system".to_owned(),
        "/api/v1/tenant".to_owned(),
        "/api/v1/api-keys".to_owned(),
    ] {
        guard.get(&path).await.problem(404, "not_found");
    }
    guard.deletes(&house).await.problem(404, "not_found");
    guard.generates_with(&house, &json!({})).await.problem(404, "not_found");
    guard
        .asks_for_key(&json!({ "name": "x", "scopes": ["admin"] }), "y")
        .await
        .problem(404, "not_found");
    platform.inventory().await.is_still(&before, "the refusals");
}
