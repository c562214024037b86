//! Phones of a business: invited, enrolled once, listed, revoked.

use domain::access::Scope;
use jiff::SignedDuration;
use serde_json::{Value, json};
use tessera_tests::at_once;

use crate::shop::Shop;
use crate::vouchers::{code, opens};

async fn invites(shop: &Shop, name: &str) -> Value {
    let wish = json!({ "business_id": shop.id(), "name": name });
    shop.owner().post_once("/api/v1/devices").json(&wish).await.is(201).json()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_enrols_one_device_however_many_try_it_at_once() {
    let shop = Shop::open().await;
    let invited = invites(&shop, "Till 1").await;
    let (typed, url) = (invited["code"].as_str().unwrap(), invited["enrol_url"].as_str().unwrap());
    let plain = typed.replace('-', "");
    let page = format!("{}/business/{}#enrol={plain}", shop.platform.base(), shop.id());
    assert_eq!((url, invited["status"].as_str()), (page.as_str(), Some("invited")));
    assert!(invited["qr_svg"].as_str().unwrap().starts_with("<svg"), "{invited}");
    assert_eq!(invited["invited_until"], "2026-11-20T12:10:00Z");
    let enrol = |code: &str| {
        let ask = shop.platform.visitor().post("/api/v1/devices/enrol");
        ask.json(&json!({ "code": code }))
    };
    let codes = [typed.to_owned(), plain.to_lowercase(), format!(" {plain} ")];
    let tries = (0..12_usize).map(|number| {
        let ask = enrol(&codes[number % 3]);
        async move { ask.await }
    });
    let replies = at_once(12, tries).await;
    let done: Vec<_> = replies.iter().filter(|reply| reply.status == 201).collect();
    assert_eq!(done.len(), 1);
    for reply in replies.iter().filter(|reply| reply.status != 201) {
        reply.problem(404, "enrolment_code_wrong");
    }
    let device = done[0].json();
    assert_eq!(device["business"]["name"], "Kofi's Café");
    assert_eq!(device["tenant"]["tenant_id"], shop.owner().tenant.as_str());
    let inventory = shop.platform.inventory().await;
    for secret in [&plain, device["secret"].as_str().unwrap()] {
        let kept = inventory.items.values().any(|item| item.to_string().contains(secret));
        assert!(!kept, "only hashes are kept");
    }
    let late = invites(&shop, "Till 2").await;
    shop.platform.passes(SignedDuration::from_mins(10)).await;
    enrol(late["code"].as_str().unwrap()).await.problem(404, "enrolment_code_wrong");
    enrol("no code").await.problem(404, "enrolment_code_wrong");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_tries_twenty_codes_in_a_quarter_of_an_hour() {
    let shop = Shop::open().await;
    let enrol = async || {
        let ask = shop.platform.visitor().post("/api/v1/devices/enrol");
        ask.json(&json!({ "code": "0000-0000-0000-0000" })).await
    };
    for _ in 0..20 {
        enrol().await.problem(404, "enrolment_code_wrong");
    }
    enrol().await.problem(429, "too_many_attempts");
    shop.platform.passes(SignedDuration::from_mins(15)).await;
    enrol().await.problem(404, "enrolment_code_wrong");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_invitation_shows_no_code() {
    let shop = Shop::open().await;
    let ask = || {
        let wish = json!({ "business_id": shop.id(), "name": "Till" });
        shop.owner().post("/api/v1/devices").header("idempotency-key", "one").json(&wish)
    };
    let first = ask().await.is(201).json();
    let again = ask().await.is(201).json();
    assert_eq!(again["device_id"], first["device_id"]);
    assert_eq!(
        (again.get("code"), again.get("qr_svg"), again.get("enrol_url")),
        (None, None, None)
    );
    let path = format!("/api/v1/devices?business_id={}", shop.id());
    let listed = shop.owner().get(&path).await.is(200).json();
    assert_eq!(listed["devices"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_device_does_nothing_more_and_a_foreign_one_is_not_there() {
    let shop = Shop::open().await;
    let (owner, voucher) = (shop.owner(), shop.publishes(&json!({})).await);
    let short = code(&voucher, "SHORT");
    let phone = shop.enrols("Till 1").await;
    let done = phone.redeems(&short, "a").await.is(201).json();
    assert_eq!(done["by"]["device"], phone.id.as_str());
    let named = shop.redeems(&short, &json!({ "device_id": phone.id })).await.is(201).json();
    assert_eq!(named["by"]["device"], phone.id.as_str());
    let unknown = json!({ "device_id": "dev_00000000000000000000000000" });
    shop.redeems(&short, &unknown).await.problem(404, "device_unknown");
    for wrong in ["Device x", "Device .", &format!("Device {}.00", phone.id)] {
        let ask = shop.platform.visitor().get("/api/v1/redemptions");
        ask.header("authorization", wrong).await.problem(401, "device_not_enrolled");
    }
    let path = format!("/api/v1/devices/{}", phone.id);
    let stranger = shop.platform.newcomer().await;
    stranger.delete(&path).await.problem(404, "device_unknown");
    let other = opens(owner, "Another").await;
    let elsewhere =
        format!("/api/v1/devices?business_id={}", other["business_id"].as_str().unwrap());
    assert_eq!(owner.get(&elsewhere).await.is(200).json()["devices"], json!([]));
    let till = owner.makes_key(&[Scope::RedemptionsWrite]).await;
    till.delete(&path).await.problem(403, "scope_missing");
    let wish = json!({ "name": "till", "scopes": ["redemptions:write"],
        "bound_to": { "kind": "business", "id": shop.id() } });
    let bound = owner.asks_for_key(&wish, "bound").await.is(201).json();
    let bound = owner.with_key(bound["api_key"].as_str().unwrap());
    let seen = bound.get("/api/v1/devices").await.is(200).json();
    assert_eq!(seen["devices"][0]["seen_at"], "2026-11-20T12:00:00Z");
    shop.platform.passes(SignedDuration::from_mins(14)).await;
    drop(phone.get("/api/v1/redemptions").await.is(200));
    let seen = bound.get("/api/v1/devices").await.is(200).json();
    assert_eq!(seen["devices"][0]["seen_at"], "2026-11-20T12:00:00Z", "not yet");
    shop.platform.passes(SignedDuration::from_mins(1)).await;
    drop(phone.get("/api/v1/redemptions").await.is(200));
    let seen = bound.get("/api/v1/devices").await.is(200).json();
    assert_eq!(seen["devices"][0]["seen_at"], "2026-11-20T12:15:00Z");
    assert_eq!(bound.delete(&path).await.status, 204);
    assert_eq!(bound.delete(&path).await.status, 204);
    phone.redeems(&short, "b").await.problem(401, "device_not_enrolled");
    phone.get("/api/v1/redemptions/snapshot").await.problem(401, "device_not_enrolled");
    let seen = owner.get(&format!("/api/v1/devices?business_id={}", shop.id())).await.json();
    assert_eq!(seen["devices"][0]["status"], "revoked");
}
