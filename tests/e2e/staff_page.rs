//! The page of a restaurant's staff: the same for everybody and without a word about the restaurant, under the policy
//! of pages that scan, and small; what it asks for, whoever works there is told.

use adapters::table::{Answer, Claim, ClaimOutcome, Table};
use domain::access::Scope;
use domain::id::{ProgrammeId, RestaurantId, TenantId};
use domain::programme::{Earning, Programme, ProgrammeTerms};
use domain::restaurant::{Restaurant, RestaurantProfile};
use reqwest::Method;
use serde_json::{Value, json};
use tessera_tests::{Owner, Platform, Reply, Staff};

use crate::desk::says;

const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
    img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// All that a scanner takes from the network before its first scan, in bytes.
const PAGE_MAX_BYTES: usize = 1_000_000;

/// An answer that is kept with what it is the answer to.
async fn saved(platform: &Platform, table: &Table, key: &str) -> (Claim, Answer) {
    let of = ("staff_page", "seed", key);
    let claimed = table.claim(of, key, key.to_owned(), platform.now()).await.unwrap();
    let ClaimOutcome::Ours(claim) = claimed else { panic!("{key}: {claimed:?}") };
    (claim, Answer { status: 201, body: "{}".to_owned() })
}

/// A restaurant of the platform's owner that gives points for visits.
async fn opens_restaurant(platform: &Platform, number: u8, name: &str) -> RestaurantId {
    let (table, now) = (platform.table(), platform.now());
    let tenant = platform.owner().get("/api/v1/tenant").await.is(200).json();
    let tenant = TenantId::parse(tenant["id"].as_str().unwrap()).unwrap();
    let terms: ProgrammeTerms = serde_json::from_value(
        json!({ "name": "Regulars", "earning": { "per": "visit", "points": 10 } }),
    )
    .unwrap();
    assert_eq!(terms.earning, Earning::Visit { points: 10 });
    let id = ProgrammeId::new(now, [number; 10]);
    let programme = Programme::open(id, tenant.clone(), terms, now);
    let kept = saved(platform, &table, &format!("programme {number}")).await;
    assert!(table.insert_programme(&programme, kept).await.unwrap());
    let profile = RestaurantProfile { name: name.to_owned() };
    let id = RestaurantId::new(now, [number; 10]);
    let restaurant = Restaurant::open(id.clone(), (tenant, programme.id), profile, now);
    let kept = saved(platform, &table, &format!("restaurant {number}")).await;
    assert!(table.insert_restaurant(&restaurant, kept).await.unwrap());
    id
}

/// A browser that has signed in on the page, with any key.
async fn signed_in(platform: &Platform, key: &str) -> Staff {
    let mut staff = Staff::at(platform);
    staff.opens_session(key).await;
    staff
}

/// What the page is told of its programme.
async fn told(staff: &Staff, restaurant: &RestaurantId) -> Reply {
    staff.ask(Method::GET, &format!("/staff/{restaurant}/programme")).await
}

/// A key of the owner that is bound to a restaurant.
async fn bound_key(owner: &Owner, restaurant: &RestaurantId, scopes: &[&str]) -> String {
    let wishes = json!({
        "name": "till", "scopes": scopes,
        "bound_to": { "kind": "restaurant", "id": restaurant.to_string() },
    });
    let made = owner.asks_for_key(&wishes, &restaurant.to_string()).await.is(201).json();
    made["api_key"].as_str().unwrap().to_owned()
}

/// The paths of the files that the page names.
fn files(page: &str) -> Vec<String> {
    let quoted = page.split('"').filter(|text| text.starts_with("/assets/"));
    quoted.map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_scanner_is_the_same_for_everybody_and_at_most_a_megabyte() {
    let platform = Platform::start().await;
    let restaurant = opens_restaurant(&platform, 1, "Mama Put").await;
    let mut nobody = Staff::at(&platform);
    let page = nobody.opens(&format!("/staff/{restaurant}")).await.is(200);
    assert_eq!(page.header("content-security-policy"), POLICY);
    assert_eq!(page.header("permissions-policy"), "camera=(self), geolocation=(), microphone=()");
    let text = page.text();
    assert!(text.contains("Scan Customer QR") && !text.contains("Mama Put"));
    assert!(!text.contains("style=") && !text.contains("onclick"));
    // Whoever has signed in gets the same, and so does whoever asks for a restaurant that is not there.
    let mut staff = signed_in(&platform, &platform.owner().key).await;
    assert_eq!(staff.opens(&format!("/staff/{restaurant}")).await.is(200).text(), text);
    let unknown = "rst_01m7yzmhg0e40r2081040g2081";
    let other = nobody.opens(&format!("/staff/{unknown}")).await.is(200);
    assert_eq!(other.text().replace(unknown, restaurant.as_str()), text);
    says(&nobody.opens("/staff/nothing").await, 404, "There is no such restaurant");

    let files = files(&text);
    let mut bytes = text.len();
    for path in &files {
        let file = nobody.opens(path).await.is(200);
        assert_eq!(file.header("cache-control"), "public, max-age=31536000, immutable", "{path}");
        bytes += file.body.len();
    }
    assert!(files.len() >= 7, "{files:?}");
    assert!(bytes <= PAGE_MAX_BYTES, "{bytes}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_works_there_is_told_for_what_there_are_points_and_nobody_else() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let restaurant = opens_restaurant(&platform, 1, "Mama Put").await;
    let neighbour = opens_restaurant(&platform, 2, "Next door").await;
    let wanted = json!({
        "restaurant": "Mama Put", "programme": "Regulars",
        "earning": { "per": "visit", "points": 10 },
    });
    let code = |reply: &Reply| -> Value { reply.json()["code"].clone() };
    let nobody = told(&Staff::at(&platform), &restaurant).await.is(401);
    assert_eq!(code(&nobody), "api_key_missing");
    let own = bound_key(owner, &restaurant, &["loyalty:redeem"]).await;
    let own = signed_in(&platform, &own).await;
    assert_eq!(told(&own, &restaurant).await.is(200).json(), wanted);
    assert_eq!(code(&told(&own, &neighbour).await.is(404)), "restaurant_unknown");
    let all = owner.makes_key(&[Scope::LoyaltyRedeem]).await;
    let all = signed_in(&platform, &all.key).await;
    assert_eq!(told(&all, &restaurant).await.is(200).json(), wanted);
    let reader = owner.makes_key(&[Scope::LoyaltyRead]).await;
    let reader = signed_in(&platform, &reader.key).await;
    assert_eq!(code(&told(&reader, &restaurant).await.is(403)), "scope_missing");
    let stranger = platform.newcomer().await;
    let stranger = signed_in(&platform, &stranger.key).await;
    assert_eq!(code(&told(&stranger, &restaurant).await.is(404)), "restaurant_unknown");
}
