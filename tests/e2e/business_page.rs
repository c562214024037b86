//! The pages of a business: who may see them, under which policy, and that their figures are those of the API.

use domain::access::Scope;
use jiff::SignedDuration;
use serde_json::json;
use tessera_tests::{Owner, Platform, Reply, Staff};

use crate::desk::says;

const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
    img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// A name that would be more than a name where it is not escaped.
const MARKUP: &str = "<script>alert(1)</script>";

async fn opens_business(owner: &Owner, name: &str) -> String {
    let made = owner.post_once("/api/v1/businesses").json(&json!({ "name": name })).await.is(201);
    made.json()["business_id"].as_str().unwrap().to_owned()
}

/// The id of a published voucher of the business.
async fn offers(platform: &Platform, business: &str, title: &str) -> String {
    let wishes = json!({
        "business_id": business, "title": title,
        "benefit": { "type": "percentage", "basis_points": 1_000 },
        "expires_at": (platform.now() + SignedDuration::from_hours(24)).to_string(),
    });
    let owner = platform.owner();
    let made = owner.post_once("/api/v1/vouchers").json(&wishes).await.is(201).json();
    let id = made["voucher_id"].as_str().unwrap().to_owned();
    let _ =
        owner.post_once(&format!("/api/v1/vouchers/{id}/publish")).json(&json!({})).await.is(200);
    id
}

/// A browser that has signed in on the till's page, with any key.
async fn signed_in(platform: &Platform, key: &str) -> Staff {
    let mut staff = Staff::at(platform);
    staff.opens_session(key).await;
    staff
}

/// What stands in the cell of this id.
fn cell(page: &Reply, id: &str) -> String {
    let text = page.text();
    let from = text.split(&format!("id=\"{id}\">")).nth(1).unwrap_or_else(|| panic!("no {id}"));
    from.split('<').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_till_is_there_for_its_own_people_and_says_nothing_to_others() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let business = opens_business(owner, MARKUP).await;
    let path = format!("/business/{business}");
    let mut nobody = Staff::at(&platform);
    let page = nobody.opens(&path).await.is(200);
    assert_eq!(page.header("content-security-policy"), POLICY);
    assert_eq!(page.header("permissions-policy"), "camera=(self), geolocation=(), microphone=()");
    assert!(!page.text().contains("alert(1)"), "the name is nobody's business");
    assert!(!page.text().contains("style=") && !page.text().contains("onclick"));
    // One that is not there looks the same, but for its id; what is no id is nothing.
    let unknown = "biz_01m7yzmhg0e40r2081040g2081";
    let other = nobody.opens(&format!("/business/{unknown}")).await.is(200);
    assert_eq!(other.text().replace(unknown, &business), page.text());
    says(&nobody.opens("/business/nothing").await, 404, "There is no such business");

    let mut staff = signed_in(&platform, &owner.key).await;
    let page = staff.opens(&path).await.is(200);
    assert!(page.text().contains("&#60;script&#62;alert(1)"), "{}", page.text());
    assert!(!page.text().contains(MARKUP));
    says(&staff.opens(&format!("/business/{unknown}")).await, 404, "There is no such business");
    let reader = owner.makes_key(&[Scope::VouchersRead]).await;
    let mut reader = signed_in(&platform, &reader.key).await;
    says(&reader.opens(&path).await, 403, "The API key needs the scope redemptions:write.");
    let stranger = platform.newcomer().await;
    let mut stranger = signed_in(&platform, &stranger.key).await;
    says(&stranger.opens(&path).await, 404, "There is no such business");
    // A key that is bound to a business sees that one.
    let neighbour = opens_business(owner, "Next door").await;
    let bound = json!({
        "name": "till", "scopes": ["redemptions:write", "vouchers:read"],
        "bound_to": { "kind": "business", "id": neighbour },
    });
    let bound = owner.asks_for_key(&bound, "bound").await.is(201).json();
    let mut till = signed_in(&platform, bound["api_key"].as_str().unwrap()).await;
    says(&till.opens(&format!("/business/{neighbour}")).await, 200, "Next door");
    says(&till.opens(&path).await, 404, "There is no such business");
    says(&till.opens(&format!("/business/{neighbour}/analytics")).await, 200, "no vouchers yet");
    says(&till.opens(&format!("{path}/analytics")).await, 404, "There is no such business");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_worker_is_served_below_the_pages_that_it_is_for() {
    let platform = Platform::start().await;
    let worker = Staff::at(&platform).opens("/business/worker.js").await.is(200);
    assert_eq!(worker.header("content-type"), "text/javascript; charset=utf-8");
    assert_eq!(
        worker.header("content-security-policy"),
        "default-src 'none'; connect-src 'self'; base-uri 'none'"
    );
    assert_eq!(worker.header("cache-control"), "no-cache");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_figures_are_those_of_the_api() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let business = opens_business(owner, "Café One").await;
    let voucher = offers(&platform, &business, "Ten percent").await;
    let read = owner.get(&format!("/api/v1/vouchers/{voucher}")).await.is(200).json();
    let codes = read["codes"].as_array().unwrap().clone();
    let short = codes.iter().find(|code| code["type"] == "SHORT").unwrap()["code"].clone();
    for _ in 0..3 {
        let wanted = json!({ "code": short, "business_id": business });
        let _ = owner.post_once("/api/v1/redemptions").json(&wanted).await.is(201);
    }
    platform.quiet().await;

    let path = format!("/business/{business}/analytics");
    let mut nobody = Staff::at(&platform);
    let led = nobody.opens(&path).await.is(303);
    assert_eq!(led.header("location"), format!("/business/{business}"));
    let mut staff = signed_in(&platform, &owner.key).await;
    let page = staff.opens(&format!("{path}?voucher_id={voucher}&days=7")).await.is(200);
    assert!(!page.header("content-security-policy").contains("wasm"));
    assert!(!page.text().contains("style=") && !page.text().contains("<script"));
    let zone = owner.get("/api/v1/tenant").await.is(200).json();
    let zone = zone["payouts"]["time_zone"].as_str().unwrap_or("UTC").to_owned();
    let today = platform.now().to_zoned(jiff::tz::TimeZone::get(&zone).unwrap()).date();
    let from = today.checked_sub(jiff::Span::new().days(6)).unwrap();
    let query = format!("from={from}&to={today}&tz={}", zone.replace('/', "%2F"));
    let api = owner.get(&format!("/api/v1/vouchers/{voucher}/analytics?{query}")).await.is(200);
    let api = api.json();
    assert_eq!(api["numbers"]["redemptions"], 3);
    for (id, pointer) in [
        ("scans", "/totalScans"),
        ("visitors", "/uniqueUsers"),
        ("claims", "/numbers/claims"),
        ("redemptions", "/numbers/redemptions"),
        ("rolled-back", "/numbers/rolled_back"),
        ("refused", "/numbers/refused"),
    ] {
        assert_eq!(cell(&page, id), api.pointer(pointer).unwrap().to_string(), "{id}");
    }
    let week = api["numbers"]["redemptions_by_weekday"].as_array().unwrap();
    let hours = week.iter().flat_map(|day| day.as_array().unwrap());
    let all: i64 = hours.map(|count| count.as_i64().unwrap()).sum();
    assert_eq!(all, 3);
    assert_eq!(page.text().matches(": 3</title>").count(), 1, "one hour has all of them");
    // Another business's voucher is not there.
    let neighbour = opens_business(owner, "Next door").await;
    let foreign = offers(&platform, &neighbour, "Theirs").await;
    let asked = format!("{path}?voucher_id={foreign}");
    says(&staff.opens(&asked).await, 404, "There is no such voucher");
}
