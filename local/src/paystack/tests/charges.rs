//! Charges: initialized, paid on the page, verified and listed.

use serde_json::{Value, json};

use super::{Bench, OTHER_KEY, bench};
use crate::paystack::{ChargeStatus, Payment};

/// Presses a button of the checkout page: the status and the place that it leads to.
async fn press(bench: &Bench, access_code: &str, form: &str) -> (u16, String) {
    let what = format!("POST /checkout/{access_code}");
    let answer = bench.ask(&what, Value::String(form.to_owned())).await;
    let place = answer.headers.get("location").map(|place| place.to_str().unwrap().to_owned());
    (answer.status, place.unwrap_or(answer.text))
}

#[tokio::test]
async fn a_charge_is_abandoned_until_it_is_paid_and_then_says_everything() {
    let bench = bench().await;
    let made = bench.charge("tip-1", 250_000).await;
    let code = made["access_code"].as_str().unwrap();
    assert_eq!(made["reference"], "tip-1");
    assert_eq!(made["authorization_url"], format!("http://127.0.0.1:9100/checkout/{code}"));
    let before = bench.verified("tip-1").await;
    assert_eq!((&before["status"], &before["paid_at"]), (&json!("abandoned"), &Value::Null));
    assert_eq!(before["metadata"], "");
    assert_eq!(before["authorization"], json!({}));

    assert_eq!(bench.simulator.pay("tip-1", Payment::Success).unwrap(), ChargeStatus::Success);
    let after = bench.verified("tip-1").await;
    assert!(after["id"].as_u64().unwrap() > u64::from(u32::MAX));
    for (name, value) in [
        ("status", json!("success")),
        ("amount", json!(250_000)),
        ("requested_amount", json!(250_000)),
        ("fees", json!(13_750)),
        ("currency", json!("NGN")),
        ("domain", json!("test")),
        ("paid_at", json!("2026-11-21T09:00:00.000Z")),
        ("paidAt", json!("2026-11-21T09:00:00.000Z")),
        ("createdAt", json!("2026-11-21T09:00:00.000Z")),
    ] {
        assert_eq!(after[name], value, "{name}");
    }
    assert_eq!(after["authorization"]["last4"], "4081");
    let fetched = bench.get(&format!("/transaction/{}", after["id"])).await;
    assert_eq!(fetched.json()["message"], "Transaction retrieved");
    assert_eq!(fetched.content()["reference"], "tip-1");
    // Another merchant does not see it.
    let hidden = bench.ask_as(OTHER_KEY, "GET /transaction/verify/tip-1", Value::Null).await;
    assert_eq!(hidden.status, 400);
}

#[tokio::test]
async fn forms_and_texts_are_taken_as_well_as_json() {
    let bench = bench().await;
    let form = "email=a%40b.example&amount=20000&currency=GHS&metadata=%7B%22tip%22%3A%22t%22%7D";
    let made = bench.ask("POST /transaction/initialize", json!(form)).await.content();
    let charge = bench.verified(made["reference"].as_str().unwrap()).await;
    assert_eq!(charge["currency"], "GHS");
    assert_eq!(charge["metadata"], json!({"tip": "t"}));
    let body = json!({"email": "a@b.example", "amount": "20000", "metadata": {"a": [1]}});
    let made = bench.ask("POST /transaction/initialize", body).await.content();
    let charge = bench.verified(made["reference"].as_str().unwrap()).await;
    assert_eq!(charge["metadata"], json!({"a": [1]}));
}

#[tokio::test]
async fn the_page_needs_nothing_from_elsewhere_and_leads_back() {
    let bench = bench().await;
    let made = bench.charge("tip-2", 100_000).await;
    let code = made["access_code"].as_str().unwrap();
    let page = bench.get(&format!("/checkout/{code}")).await;
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("form-action 'self' https://tips.example.com"), "{policy}");
    assert!(!policy.contains("unsafe") && !policy.contains("script"), "{policy}");
    assert!(page.text.contains("1,000.00 NGN") && page.text.contains("Bitat Guards"));
    for refused in ["<script", "style=", "src=\"http", "href=\"http"] {
        assert!(!page.text.contains(refused), "{refused}");
    }
    let back = "https://tips.example.com/done?x=1&trxref=tip-2&reference=tip-2".to_owned();
    for (form, status) in [
        ("outcome=abandon", "abandoned"),
        ("outcome=declined", "failed"),
        ("outcome=insufficient", "failed"),
        ("card=4084 0800 0000 5408", "failed"),
        ("card=1", "failed"),
        // Neither is the end of it.
        ("outcome=success", "success"),
        // And twice is once.
        ("outcome=success", "success"),
        ("outcome=declined", "success"),
    ] {
        assert_eq!(press(&bench, code, form).await, (303, back.clone()), "{form}");
        assert_eq!(bench.verified("tip-2").await["status"], status, "{form}");
    }
    assert_eq!(bench.money().patrons_paid, 100_000);
    bench.simulator.pump().await;
    assert_eq!(bench.receiver.names(), ["charge.success"]);
    assert!(bench.get(&format!("/checkout/{code}")).await.text.contains("Nothing is left to do"));
    assert_eq!(bench.get("/checkout/unknown").await.status, 404);
}

#[tokio::test]
async fn a_card_may_ask_for_its_password() {
    let bench = bench().await;
    for (reference, password, status) in [("a", "123456", "success"), ("b", "1", "failed")] {
        let made = bench.charge(reference, 100_000).await;
        let code = made["access_code"].as_str().unwrap();
        let (asked, page) = press(&bench, code, "card=5060666666666666666").await;
        assert!(asked == 200 && page.contains("one-time-code"), "{page}");
        assert_eq!(bench.verified(reference).await["status"], "ongoing");
        assert_eq!(press(&bench, code, &format!("password={password}")).await.0, 303);
        assert_eq!(bench.verified(reference).await["status"], status);
    }
}

#[tokio::test]
async fn who_cancels_goes_where_the_merchant_says_and_who_has_no_callback_stays() {
    let bench = bench().await;
    let body = json!({
        "email": "a@b.example", "amount": 20_000, "reference": "c",
        "metadata": {"cancel_action": "https://tips.example.com/cancelled"},
    });
    let made = bench.ask("POST /transaction/initialize", body).await.content();
    let code = made["access_code"].as_str().unwrap();
    let cancelled = press(&bench, code, "outcome=abandon").await;
    assert_eq!(cancelled, (303, "https://tips.example.com/cancelled".to_owned()));
    let (status, page) = press(&bench, code, "outcome=success").await;
    assert!(status == 200 && page.contains("Nothing is left to do"), "{page}");
}

#[tokio::test]
async fn a_patron_may_bear_the_fee() {
    let bench = bench().await;
    bench.settings(|settings| settings.fees_on_customer = true);
    let charge = bench.paid("tip-3", 100_000).await;
    assert_eq!(
        (&charge["amount"], &charge["requested_amount"]),
        (&json!(101_500), &json!(100_000))
    );
    let money = bench.money();
    assert_eq!((money.clearing, money.fees, money.patrons_paid), (100_000, 1_500, 101_500));
}

#[tokio::test]
async fn lists_have_filters_and_two_ways_to_turn_pages() {
    let bench = bench().await;
    for number in 0..5 {
        bench.charge(&format!("r{number}"), 10_000 + number).await;
    }
    bench.simulator.pay("r3", Payment::Success).unwrap();
    for (query, references) in [
        ("", &["r4", "r3", "r2", "r1", "r0"][..]),
        ("?status=success", &["r3"]),
        ("?amount=10001", &["r1"]),
        ("?perPage=2&page=2", &["r2", "r1"]),
        ("?per_page=2&page=3", &["r0"]),
        ("?customer=nobody", &[]),
        ("?from=2026-11-21&to=2026-11-21&perPage=1", &["r4"]),
        ("?to=2026-11-20", &[]),
    ] {
        let answer = bench.get(&format!("/transaction{query}")).await;
        let items = answer.content();
        let found: Vec<&str> =
            items.as_array().unwrap().iter().map(|i| i["reference"].as_str().unwrap()).collect();
        assert_eq!(found, references, "{query}");
    }
    let meta = bench.get("/transaction?perPage=2").await.json()["meta"].clone();
    let expected = json!({
        "total": 5, "skipped": 0, "perPage": 2, "page": 1, "pageCount": 3, "total_volume": 50_010,
    });
    assert_eq!(meta, expected);
    let cursor = bench.get("/transaction?use_cursor=true&perPage=4").await.json()["meta"].clone();
    let next = cursor["next"].as_str().unwrap().replace('=', "%3D");
    let rest = bench.get(&format!("/transaction?perPage=4&next={next}")).await.json();
    assert_eq!(rest["data"][0]["reference"], "r0");
    assert!(rest["meta"]["next"].is_null());
}
