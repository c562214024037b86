//! Vouchers from the draft to the end: what changes when, whose they are, their codes and images, and taking codes
//! back.

use domain::short_code::ShortCode;
use domain::voucher_token::{KeySet, Realm, TokenKind, TokenRefused, Verifier};
use serde_json::{Value, json};
use tessera_tests::{Owner, Platform};

/// A business of the tenant.
pub(crate) async fn opens(owner: &Owner, name: &str) -> Value {
    let place = json!({ "name": "Marina", "address": "1 Marina, Lagos" });
    let business = json!({ "name": name, "locations": [place] });
    owner.post_once("/api/v1/businesses").json(&business).await.is(201).json()
}

/// What a free coffee is, with these members over it.
pub(crate) fn coffee(business: &Value, over: &Value) -> Value {
    let mut wishes = json!({
        "business_id": business["business_id"],
        "title": "Free coffee",
        "description": "A cup of our best.",
        "terms": "One a day.",
        "benefit": { "type": "free_item", "item": "A coffee" },
        "expires_at": "2029-12-31T22:59:59Z",
    });
    for (name, value) in over.as_object().unwrap() {
        wishes[name] = value.clone();
    }
    wishes
}

pub(crate) async fn drafts(owner: &Owner, over: &Value) -> Value {
    let business = opens(owner, "Kofi's Café").await;
    owner.post_once("/api/v1/vouchers").json(&coffee(&business, over)).await.is(201).json()
}

pub(crate) fn path_of(voucher: &Value) -> String {
    format!("/api/v1/vouchers/{}", voucher["voucher_id"].as_str().unwrap())
}

/// A voucher that is published.
pub(crate) async fn publishes(owner: &Owner, over: &Value) -> Value {
    let draft = drafts(owner, over).await;
    owner.post(&format!("{}/publish", path_of(&draft))).await.is(200);
    draft
}

/// The code of this type.
pub(crate) fn code(voucher: &Value, form: &str) -> String {
    let codes = voucher["codes"].as_array().unwrap();
    let found = codes.iter().find(|code| code["type"] == form);
    found.unwrap()["code"].as_str().unwrap().to_owned()
}

/// What a scanner knows that has asked for the keys.
pub(crate) async fn scanner(platform: &Platform) -> Verifier {
    let jwks = platform.visitor().get("/.well-known/jwks.json").await.is(200);
    let realm = Realm::new(platform.base(), platform.owner().tenant.clone());
    Verifier::new(KeySet::parse(&jwks.text()).unwrap(), realm)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_voucher_is_a_draft_then_published_then_paused_then_ended() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let draft = drafts(owner, &json!({ "limits": { "total": 10 } })).await;
    let path = path_of(&draft);
    let turns = |to: &str| owner.post(&format!("{path}/{to}"));
    assert_eq!((draft["state"].as_str(), draft.get("left")), (Some("draft"), None));
    for count in ["scan_count", "claim_count", "impressions"] {
        assert_eq!(draft[count], 0, "{count}");
    }
    turns("pause").await.problem(409, "voucher_status");
    let published = turns("publish").await.is(200).json();
    assert_eq!((&published["state"], &published["left"]), (&json!("published"), &json!(10)));
    let twice = turns("publish").await.problem(409, "voucher_status");
    assert!(twice["detail"].as_str().unwrap().contains("published already"), "{twice}");
    assert_eq!(turns("pause").await.is(200).json()["state"], "paused");
    assert_eq!(turns("publish").await.is(200).json()["state"], "published");
    assert_eq!(turns("end").await.is(200).json()["state"], "ended");
    for to in ["publish", "pause", "end"] {
        turns(to).await.problem(409, "voucher_status");
    }
    let read = owner.get(&path).await.is(200).json();
    assert_eq!((read["state"].as_str(), read["version"].as_u64()), (Some("ended"), Some(5)));
    // Each change stands in the trail, which has no gap.
    let trail = owner.get("/api/v1/audit").await.is(200).json();
    let records = trail["records"].as_array().unwrap();
    let ours = records.iter().filter(|it| it["operation"] == "voucher_status_changed");
    assert_eq!(ours.count(), 4, "{trail}");
    owner.get("/api/v1/audit/check").await.is(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_rules_of_a_voucher_stay_once_somebody_may_know_them() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let draft = drafts(owner, &json!({ "limits": { "total": 10 } })).await;
    let path = path_of(&draft);
    let mut wishes = coffee(&json!({}), &json!({ "limits": { "total": 20 } }));
    wishes.as_object_mut().unwrap().remove("business_id");
    // Everything of a draft changes.
    wishes["version"] = json!(1);
    assert_eq!(owner.put(&path).json(&wishes).await.is(200).json()["limits"]["total"], 20);
    owner.put(&path).json(&wishes).await.problem(409, "voucher_changed");
    wishes.as_object_mut().unwrap().remove("version");
    owner.post(&format!("{path}/publish")).await.is(200);
    wishes["title"] = json!("Free flat white");
    wishes["expires_at"] = json!("2030-12-31T22:59:59Z");
    let changed = owner.put(&path).json(&wishes).await.is(200).json();
    assert_eq!(changed["title"], "Free flat white");
    for (name, value) in [
        ("limits", json!({ "total": 21 })),
        ("expires_at", json!("2030-12-31T22:59:58Z")),
        ("benefit", json!({ "type": "percentage", "basis_points": 1000 })),
        ("claim_required", json!(true)),
        ("valid_from", json!("2026-01-01T00:00:00Z")),
    ] {
        let mut other = wishes.clone();
        other[name] = value;
        owner.put(&path).json(&other).await.problem(409, "voucher_rules_fixed");
    }
    let mut odd = wishes.clone();
    odd["colour"] = json!("red");
    owner.put(&path).json(&odd).await.is(422);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wish_of_the_wrong_type_is_named() {
    let platform = Platform::start().await;
    let business = opens(platform.owner(), "Kofi's Café").await;
    for (field, wrong) in [
        ("title", json!(7)),
        ("claim_required", json!("yes")),
        ("limits.total", json!({ "total": "many" })),
        ("expires_at", json!("tomorrow")),
    ] {
        let member = field.split('.').next().unwrap();
        let wishes = coffee(&business, &json!({ member: wrong }));
        let ask = platform.owner().post_once("/api/v1/vouchers").json(&wishes);
        let problem = ask.await.problem(422, "invalid_fields");
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_voucher_comes_with_all_its_codes_and_nobody_else_has_them() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let business = opens(owner, "Kofi's Café").await;
    let wishes = coffee(&business, &json!({ "static_code": "coffee10" }));
    let ask = || owner.post("/api/v1/vouchers").header("idempotency-key", "mine").json(&wishes);
    let voucher = ask().await.is(201).json();
    assert_eq!(ask().await.is(201).json(), voucher, "a repetition makes no second one");
    assert_eq!(code(&voucher, "STATIC"), "COFFEE10");
    ShortCode::parse(&code(&voucher, "SHORT")).unwrap();
    let token = code(&voucher, "QR");
    let verifier = scanner(&platform).await;
    let claims = verifier.verify(&token, &[TokenKind::Standard], None, platform.now()).unwrap();
    assert_eq!(claims.voucher.as_str(), voucher["voucher_id"]);
    let url = voucher["codes"][0]["url"].as_str().unwrap();
    assert!(verifier.verify(url, &[TokenKind::Standard], None, platform.now()).is_ok());
    // A year later the voucher shows another token, and the old one's time is over.
    let year = jiff::SignedDuration::from_hours(366 * 24);
    platform.passes(year).await;
    let expired = verifier.verify(&token, &[TokenKind::Standard], None, platform.now());
    assert!(matches!(expired, Err(TokenRefused::Expired(_))), "{expired:?}");
    let read = owner.get(&path_of(&voucher)).await.is(200).json();
    let fresh = code(&read, "QR");
    verifier.verify(&fresh, &[TokenKind::Standard], None, platform.now()).unwrap();
    // The fixed code is taken, for this tenant only.
    let again = owner.post_once("/api/v1/vouchers").json(&wishes).await;
    again.problem(409, "voucher_code_taken");
    let newcomer = platform.newcomer().await;
    let other = drafts(&newcomer, &json!({ "static_code": "COFFEE10" })).await;
    assert_eq!(code(&other, "STATIC"), "COFFEE10");
    owner.get(&path_of(&other)).await.problem(404, "voucher_unknown");
    let theirs = coffee(&json!({ "business_id": business["business_id"] }), &json!({}));
    newcomer.post_once("/api/v1/vouchers").json(&theirs).await.problem(404, "business_unknown");
    for path in ["/publish", "/pause", "/end"] {
        let path = format!("{}{path}", path_of(&voucher));
        newcomer.post(&path).await.problem(404, "voucher_unknown");
    }
    newcomer.get(&format!("{}/code.svg", path_of(&voucher))).await.problem(404, "voucher_unknown");
    let list = owner.get("/api/v1/vouchers").await.is(200).json();
    assert_eq!(list["vouchers"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_image_of_a_code_leads_to_the_page_or_holds_the_token_alone() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let colors = json!({ "dark": "#1a365d", "light": "#fff5e0" });
    let voucher = drafts(owner, &json!({ "design": { "colors": colors, "logo": true } })).await;
    let image = |query: &str| owner.get(&format!("{}/code.{query}", path_of(&voucher)));
    let read = |png: &[u8]| qr::decode(png).unwrap();
    let png = image("png?size=600").await.is(200);
    assert_eq!(png.header("content-type"), "image/png");
    assert_eq!(read(&png.body), voucher["codes"][0]["url"].as_str().unwrap());
    let png = image("png?payload=jwt&size=600").await.is(200);
    assert_eq!(read(&png.body), code(&voucher, "QR"));
    let svg = image("svg").await.is(200).text();
    assert!(svg.contains("#1a365d") && svg.contains("#fff5e0"), "{svg}");
    image("png?size=64").await.problem(422, "qr_too_small");
    image("png?payload=pdf").await.is(422);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codes_are_taken_back_and_made_good_again() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let voucher = publishes(owner, &json!({ "static_code": "COFFEE10" })).await;
    let path = format!("{}/revocations", path_of(&voucher));
    let revokes = |request: Value| owner.post(&path).json(&request);
    let table = platform.table();
    let verifier = scanner(&platform).await;
    let token = code(&voucher, "QR");
    let place = verifier.verify(&token, &[TokenKind::Standard], None, platform.now()).unwrap();
    let place = place.index.get();
    for form in ["QR", "SHORT", "STATIC"] {
        let request = json!({ "codes": [code(&voucher, form)], "note": "lost at the printer" });
        assert_eq!(revokes(request).await.is(200).json()["codes"], 1);
        assert!(table.is_revoked(&owner.tenant, place).await.unwrap(), "{form}");
        let request = json!({ "codes": [code(&voucher, form).to_lowercase()], "restore": true });
        if form != "QR" {
            assert_eq!(revokes(request).await.is(200).json()["restored"], true);
            assert!(!table.is_revoked(&owner.tenant, place).await.unwrap(), "{form}");
        }
    }
    let foreign = drafts(owner, &json!({})).await;
    let request = json!({ "codes": [code(&voucher, "SHORT"), code(&foreign, "QR")] });
    revokes(request).await.problem(404, "voucher_code_unknown");
    revokes(json!({ "customer_ids": ["nobody"] })).await.problem(404, "voucher_not_claimed");
    let batch = "bat_01kah1aze0000000000000000z";
    revokes(json!({ "batch_id": batch })).await.problem(404, "batch_unknown");
    revokes(json!({})).await.is(422);
    revokes(json!({ "codes": [], "batch_id": batch })).await.is(422);
    assert!(!table.is_revoked(&owner.tenant, place).await.unwrap(), "nothing was changed");
    owner.get("/api/v1/audit/check").await.is(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_business_is_its_tenant_s_and_a_key_that_is_bound_to_it_sees_no_other() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let (ours, other) = (opens(owner, "Kofi's Café").await, opens(owner, "Ada's Bar").await);
    let path = |of: &Value| format!("/api/v1/businesses/{}", of["business_id"].as_str().unwrap());
    let names = owner.get("/api/v1/businesses").await.is(200).json();
    let names = names["businesses"].as_array().unwrap().iter().map(|it| it["name"].as_str());
    assert_eq!(names.collect::<Vec<_>>(), [Some("Ada's Bar"), Some("Kofi's Café")]);
    let mut profile = json!({ "name": "Kofi's", "version": 1 });
    assert_eq!(owner.put(&path(&ours)).json(&profile).await.is(200).json()["name"], "Kofi's");
    owner.put(&path(&ours)).json(&profile).await.problem(409, "business_changed");
    profile["name"] = json!("");
    owner.put(&path(&ours)).json(&profile).await.is(422);
    let newcomer = platform.newcomer().await;
    newcomer.get(&path(&ours)).await.problem(404, "business_unknown");
    let bound = json!({
        "name": "till 1",
        "scopes": ["vouchers:read"],
        "bound_to": { "kind": "business", "id": ours["business_id"] },
    });
    let key = owner.asks_for_key(&bound, "till").await.is(201).json();
    let till = owner.with_key(key["api_key"].as_str().unwrap());
    till.get(&path(&ours)).await.is(200);
    till.get(&path(&other)).await.problem(404, "business_unknown");
    owner.post_once("/api/v1/vouchers").json(&coffee(&other, &json!({}))).await.is(201);
    let mine = owner.post_once("/api/v1/vouchers").json(&coffee(&ours, &json!({}))).await.is(201);
    let seen = till.get("/api/v1/vouchers").await.is(200).json();
    let seen: Vec<&Value> = seen["vouchers"].as_array().unwrap().iter().collect();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0]["voucher_id"], mine.json()["voucher_id"]);
}
