//! The pages of vouchers: what everybody sees, and a customer's own.

use adapters::signer::VoucherSigner;
use domain::id::VoucherId;
use domain::voucher_token::{Claims, Form, PRINT_TTL, PrintBatch, TokenIndex};
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};
use tessera_tests::{Customer, Platform};

use crate::vouchers::{code, drafts, path_of, publishes};

fn id_of(voucher: &Value) -> &str {
    voucher["voucher_id"].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_voucher_s_page_is_the_same_for_everybody_and_strict() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let voucher = publishes(owner, &json!({})).await;
    let nobody = Customer::nobody(platform.base());
    let customer = Customer::of(platform.base(), owner, "CUST-1").await;
    let path = format!("/v/{}", id_of(&voucher));
    platform.meter().reset();
    let page = nobody.get(&path).await.is(200);
    assert_eq!(platform.meter().write_units("voucher-page"), 0.0, "looking writes nothing");
    let text = page.text();
    for part in [
        "Free coffee",
        "Free: A coffee",
        "A cup of our best.",
        "One a day.",
        "DAO-Bitat",
        "Kofi&#39;s Café",
        "https://www.google.com/maps/dir/?api=1&#38;destination=Marina",
        "Add to My Vouchers",
        "until 31 December 2029, 23:59",
        "lang=\"en\"",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(page.body.len() < 10_000, "{} bytes before any compression", page.body.len());
    let policy = page.header("content-security-policy");
    let hash = policy.split("'sha256-").nth(1).unwrap().split('\'').next().unwrap();
    let expected = format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'sha256-{hash}'; img-src 'self' data:; \
         connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    assert_eq!(policy, expected);
    assert!(page.header("cache-control").contains("s-maxage=60"));
    assert_eq!(page.header("x-robots-tag"), "noindex, nofollow");
    assert_eq!(customer.get(&path).await.is(200).body, page.body, "a cookie changes nothing");
    let known = nobody.get(&path).header("if-none-match", page.header("etag")).await.is(304);
    assert!(known.body.is_empty());
    nobody.ask(Method::HEAD, &path).await.is(200);
    // The voucher's own signed code leads to the same page; what can be guessed leads nowhere.
    let by_token = nobody.get(&format!("/v/{}", code(&voucher, "QR"))).await.is(200);
    assert_eq!(by_token.body, page.body);
    let revoked = json!({ "codes": [code(&voucher, "QR")] });
    owner.post_once(&format!("{}/revocations", path_of(&voucher))).json(&revoked).await.is(200);
    let gone = nobody.get(&format!("/v/{}", code(&voucher, "QR"))).await.is(410).text();
    assert!(gone.contains("was taken back"), "{gone}");
    nobody.get(&path).await.is(200);
    for guessed in
        [code(&voucher, "SHORT"), "vch_0".to_owned(), "%FF".to_owned(), "a.b.c".to_owned()]
    {
        nobody.get(&format!("/v/{guessed}")).await.is(404);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_printed_code_in_capitals_leads_to_the_page_until_it_is_taken_back_or_forged() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let voucher = publishes(owner, &json!({})).await;
    let nobody = Customer::nobody(platform.base());
    let signer = VoucherSigner::from_env(platform.environment("voucher-page")).unwrap();
    let batch = PrintBatch { code: "BATCH2024".to_owned(), limit: 5 };
    let id = VoucherId::parse(id_of(&voucher)).unwrap();
    let form = Form::Print { batch: Some(batch) };
    let index = TokenIndex::new(9_000).unwrap();
    let claims = Claims::new(form, id, index, platform.now(), PRINT_TTL);
    let compact = signer.compact(&claims, &owner.tenant).await.unwrap();
    nobody.get(&format!("/V/{compact}")).await.is(200);
    nobody.get(&format!("/v/{compact}")).await.is(200);
    let first = compact.chars().last().unwrap();
    let forged = format!("{}{}", &compact[..136], if first == '0' { '1' } else { '0' });
    let answer = nobody.get(&format!("/V/{forged}")).await;
    assert!([404, 422].contains(&answer.status), "{}", answer.status);
    let newcomer = platform.newcomer().await;
    let foreign = signer.compact(&claims, &newcomer.tenant).await.unwrap();
    nobody.get(&format!("/V/{foreign}")).await.is(422);
    platform.passes(SignedDuration::from_hours(30 * 24)).await;
    assert!(nobody.get(&format!("/V/{compact}")).await.is(410).text().contains("code is over"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_state_is_said_in_words() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let nobody = Customer::nobody(platform.base());
    let at = async |voucher: &Value, status: u16, words: &str| {
        let page = nobody.get(&format!("/v/{}", id_of(voucher))).await.is(status).text();
        assert!(page.contains(words), "{words}: {page}");
        let offered = page.contains("Add to My Vouchers");
        assert_eq!(offered, status == 200 && !words.contains("paused"), "{words}");
    };
    let draft = drafts(owner, &json!({})).await;
    at(&draft, 404, "leads nowhere").await;
    let voucher = publishes(owner, &json!({ "expires_at": "2026-11-21T23:00:00Z" })).await;
    at(&voucher, 200, "tomorrow is the last day").await;
    owner.post(&format!("{}/pause", path_of(&voucher))).await.is(200);
    at(&voucher, 200, "has paused this voucher").await;
    owner.post(&format!("{}/publish", path_of(&voucher))).await.is(200);
    platform.passes(SignedDuration::from_hours(35)).await;
    at(&voucher, 410, "The last day of this voucher was 21 November 2026").await;
    let other = publishes(owner, &json!({ "valid_from": "2027-01-01T00:00:00Z" })).await;
    at(&other, 200, "can be used from 1 January 2027 on").await;
    owner.post(&format!("{}/end", path_of(&other))).await.is(200);
    at(&other, 410, "has ended this voucher").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_owner_writes_is_text_and_never_markup() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>";
    let over = json!({ "title": evil, "terms": evil, "description": evil,
        "benefit": { "type": "free_item", "item": evil } });
    let voucher = publishes(owner, &over).await;
    let customer = Customer::of(platform.base(), owner, "CUST-1").await;
    let mine = format!("/my/vouchers/{}", id_of(&voucher));
    let add = customer.get(&mine).await.is(200);
    customer.presses(&add, &mine).await.is(303);
    let pages = [format!("/v/{}", id_of(&voucher)), mine, "/my/vouchers".to_owned()];
    for path in pages {
        let page = customer.get(&path).await.is(200).text();
        assert!(page.contains("&#60;script&#62;alert(1)"), "{page}");
        assert!(!page.contains("<script>") && !page.contains("<img"), "{page}");
        assert!(!page.contains("\"'>"), "{page}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_adds_shows_and_removes_a_voucher_without_javascript() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let voucher = publishes(owner, &json!({})).await;
    let path = format!("/my/vouchers/{}", id_of(&voucher));
    let nobody = Customer::nobody(platform.base());
    let door = nobody.get(&path).await.is(200);
    assert!(
        door.text().contains("Open your link first") && door.header("cache-control") == "no-store"
    );
    let customer = Customer::of(platform.base(), owner, "CUST-1").await;
    let page = customer.get(&path).await.is(200);
    assert!(page.text().contains("Add to My Vouchers"), "{}", page.text());
    // The form is this session's, and sent from our own page.
    let other = Customer::of(platform.base(), owner, "CUST-2").await;
    assert_eq!(other.presses(&page, &path).await.status, 403, "another customer's form");
    assert_eq!(customer.elsewhere().presses(&page, &path).await.status, 403, "another site");
    let bare = customer.ask(Method::POST, &path).await;
    assert_eq!(bare.status, 403, "no token");
    assert_eq!(customer.presses(&page, &path).await.is(303).header("location"), path);
    assert_eq!(
        customer.presses(&page, &path).await.is(303).header("location"),
        path,
        "pressed twice"
    );
    let shown = customer.get(&path).await.is(200);
    let text = shown.text();
    for part in [
        "<svg ",
        "Show this to the cashier",
        "http-equiv=\"refresh\" content=\"225\"",
        "Good until 13:05:00",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(shown.header("cache-control"), "no-store");
    assert!(shown.body.len() < 30_000, "{} bytes", shown.body.len());
    let list = customer.get("/my/vouchers").await.is(200).text();
    assert!(list.contains("Free coffee") && list.contains("ready to use"), "{list}");
    let removed = customer.presses(&shown, &format!("{path}/remove")).await.is(303);
    assert_eq!(removed.header("location"), "/my/vouchers");
    assert!(customer.get("/my/vouchers").await.is(200).text().contains("There are none yet"));
    let page = customer.get("/my/vouchers").await;
    let left = customer.presses(&page, "/my/sign-out").await.is(303);
    assert!(left.header("set-cookie").contains("Max-Age=0"));
    let after = customer.get("/my/vouchers").await.is(200).text();
    assert!(after.contains("Open your link first"), "{after}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_printed_code_of_a_voucher_that_still_runs_says_that_another_one_is_to_be_had() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let voucher = publishes(owner, &json!({})).await;
    let codes = voucher["codes"].as_array().unwrap();
    let ends: Vec<_> = codes.iter().map(|code| (&code["type"], &code["expires_at"])).collect();
    let year = json!("2027-11-20T12:00:00Z");
    assert_eq!(ends, [(&json!("QR"), &year), (&json!("SHORT"), &Value::Null)]);
    let token = code(&voucher, "QR");
    let nobody = Customer::nobody(platform.base());
    platform.passes(SignedDuration::from_hours(365 * 24) - SignedDuration::from_secs(1)).await;
    nobody.get(&format!("/v/{token}")).await.is(200);
    platform.passes(SignedDuration::from_secs(1)).await;
    let page = nobody.get(&format!("/v/{token}")).await.is(410).text();
    assert!(page.contains("This printed code is over"), "{page}");
    assert!(page.contains("ask for a new one") && !page.contains("date beside it"), "{page}");
    let wish = json!({ "code": token, "business_id": voucher["business_id"] });
    let seen = owner.post("/api/v1/redemptions/validate").json(&wish).await.is(200).json();
    assert_eq!(
        (&seen["reason"]["code"], &seen["form"]),
        (&json!("code_expired"), &json!("standard"))
    );
    platform.passes(SignedDuration::from_hours(3 * 365 * 24)).await;
    let page = nobody.get(&format!("/v/{token}")).await.is(410).text();
    assert!(page.contains("The last day of this voucher was"), "{page}");
}
