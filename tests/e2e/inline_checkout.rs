//! A tenant whose tip pages open the payment inside themselves (X40): what such a page may load, and what it leads to.

use reqwest::Method;
use serde_json::{Value, json};
use tessera_tests::{Platform, Reply, wish};

/// The guard's code of a platform whose tenant has the switch on.
async fn with_switch(platform: &Platform) -> String {
    let guard = platform.owner().hires("Musa", "Adebayo").await;
    let code = platform.owner().prints_code(&guard).await;
    switches(platform, true).await;
    code["token"].as_str().unwrap().to_owned()
}

async fn switches(platform: &Platform, is_on: bool) {
    let owner = platform.owner();
    let mut settings = owner.get("/api/v1/tenant").await.is(200).json();
    for shown in ["id", "has_logo", "version", "destinations_applied"] {
        settings.as_object_mut().unwrap().remove(shown);
    }
    settings["tips"]["inline_checkout"] = json!(is_on);
    let _ = owner.put("/api/v1/tenant").json(&settings).await.is(200);
}

/// A page's content policy, without the hash of its style.
fn policy(page: &Reply) -> String {
    let policy = page.header("content-security-policy");
    let (before, rest) = policy.split_once("'sha256-").unwrap();
    let (_, after) = rest.split_once('\'').unwrap();
    format!("{before}'hash'{after}")
}

/// The policy of a page of tips that takes these scripts and frames beside what is its own.
fn expected(platform: &Platform, scripts: &str, frames: &str) -> String {
    let variable = |name| platform.environment("tip-page").required(name).unwrap();
    let (images, checkout) = (variable("CDN_BASE_URL"), variable("CHECKOUT_ORIGIN"));
    format!(
        "default-src 'none'; script-src 'self'{scripts}; style-src 'self' 'hash'; \
         img-src 'self' data: {images}; connect-src 'self'; {frames}form-action 'self' {checkout}; \
         base-uri 'none'; frame-ancestors 'none'"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_form_of_a_tenant_with_the_switch_lets_paystack_in_and_only_its_two_hosts() {
    let platform = Platform::start().await;
    let token = with_switch(&platform).await;
    let patron = platform.patron();
    let simulator = platform.environment("tip-page").required("CHECKOUT_ORIGIN").unwrap();
    let script = format!("data-inline=\"{simulator}/v2/inline.js\"");
    let narrow = expected(&platform, "", "");
    let wide = expected(&platform, &format!(" {simulator}"), &format!("frame-src {simulator}; "));

    platform.meter().reset();
    let page = patron.scans(&token).await.is(200);
    assert_eq!(platform.meter().table_requests("tip-page"), 1, "the record carries the switch");
    assert!(page.text().contains(&script), "{}", page.text());
    assert!(!page.text().contains("<script src=\"http"), "nothing foreign is loaded with the page");
    assert_eq!(policy(&page), wide);
    assert!(page.body.len() < 10_000, "{} bytes before any compression", page.body.len());
    let wrong = patron.fills_in(&token, &[("amount", "1")]).await.is(422);
    assert_eq!(policy(&wrong), wide, "the same form");
    // Without JavaScript nothing changes.
    let repeated = patron.fills_in(&token, &[("amount", "20000")]).await.is(200);
    assert_eq!(policy(&repeated), narrow);
    assert!(patron.sends(&repeated).await.is(303).header("location").contains("/checkout/"));

    switches(&platform, false).await;
    let page = patron.scans(&token).await.is(200);
    assert!(!page.text().contains("data-inline"), "{}", page.text());
    assert_eq!(policy(&page), narrow);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_inside_the_page_is_that_of_the_access_code_and_is_made_once() {
    let platform = Platform::start().await;
    let token = with_switch(&platform).await;
    let patron = platform.patron();
    let simulator = platform.environment("tip-page").required("CHECKOUT_ORIGIN").unwrap();
    let script = patron.ask(Method::GET, &format!("{simulator}/v2/inline.js")).await.is(200);
    assert!(script.header("content-type").starts_with("text/javascript"));

    // Tapped twice: the same payment is opened again.
    let tip = patron.asks_for("one", &wish(&token, 20_000)).await.is(201).json();
    let again = patron.asks_for("one", &wish(&token, 20_000)).await.is(201).json();
    assert_eq!(tip, again);
    let popup = format!("{simulator}/popup/{}", tip["access_code"].as_str().unwrap());
    let frame = patron.ask(Method::GET, &popup).await.is(200);
    let ours = format!("frame-ancestors {}", platform.base());
    assert!(frame.header("content-security-policy").ends_with(&ours), "nobody else's page");
    let press = |outcome: &str| {
        let ask = patron.ask(Method::POST, &popup);
        ask.body("application/x-www-form-urlencoded", format!("outcome={outcome}"))
    };
    let says = |page: &Reply, event: &str| {
        assert!(page.text().contains(&format!("data-event=\"{event}\"")), "{}", page.text());
    };
    says(&frame, "loaded:transaction");
    says(&press("declined").await.is(200), "loaded:transaction");
    says(&press("abandon").await.is(200), "close");
    platform.quiet().await;
    assert_eq!(patron.looks_after(&tip).await["status"], "pending", "it can still be paid");
    says(&press("success").await.is(200), "success");
    says(&press("success").await.is(200), "success");

    let charge = platform.simulator().charge(tip["reference"].as_str().unwrap()).unwrap();
    assert_eq!(charge["status"], json!("success"), "{charge}");
    platform.quiet().await;
    assert_eq!(patron.looks_after(&tip).await["status"], "succeeded");
    assert!(patron.comes_back(&tip).await.is(200).text().contains("Your tip has arrived"));
    let invariants = platform.owner().get("/api/v1/ledger/invariants").await.is(200).json();
    assert_eq!(invariants["violations"], Value::Array(Vec::new()));
}
