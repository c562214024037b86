//! What is counted of a voucher: scans, claims, redemptions and refusals, each once, and how long people wait.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::shop::Shop;
use crate::vouchers::{code, path_of};

async fn numbers(shop: &Shop, voucher: &Value) -> Value {
    shop.platform.quiet().await;
    let path = format!("{}/analytics", path_of(voucher));
    shop.owner().get(&path).await.is(200).json()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_becomes_of_a_voucher_is_counted_once_and_told_in_words() {
    let shop = Shop::open().await;
    let voucher = shop.publishes(&json!({ "expires_at": "2030-01-01T00:00:00Z" })).await;
    let fresh = numbers(&shop, &voucher).await;
    assert_eq!(fresh["totalScans"], 0);
    assert_eq!(fresh["claimRate"], Value::Null, "nobody was there yet");
    assert_eq!(fresh["averageTimeToRedeem"], Value::Null);
    let scan = format!("{}/scan", path_of(&voucher));
    for number in 1..=4 {
        let visitor = shop.platform.visitor().number(number);
        visitor.from("NG").city("Lagos").get(&scan).await.is(200);
    }
    shop.claims(&voucher, "ada").await;
    shop.claims(&voucher, "ben").await;
    shop.platform.passes(SignedDuration::from_hours(84)).await;
    let shown = shop.shows(&voucher, "ada").await;
    let redeemed = shop.redeems(&shown, &json!({})).await.is(201).json();
    shop.redeems(&shown, &json!({})).await.problem(409, "voucher_already_redeemed");

    let seen = numbers(&shop, &voucher).await;
    assert_eq!(seen["totalScans"], 4);
    assert_eq!(seen["uniqueUsers"], 4);
    assert_eq!(seen["claimRate"], 0.5, "two of four visitors");
    assert_eq!(seen["redemptionRate"], 0.5, "one of two claims");
    assert_eq!(seen["averageTimeToRedeem"], "3.5 days");
    assert_eq!(seen["averageTimeToRedeemIso"], "P3DT12H");
    assert_eq!(seen["numbers"]["refused"], 1);
    assert_eq!(seen["numbers"]["refusals"][0]["name"], "voucher_already_redeemed");
    assert_eq!(seen["numbers"]["forms"], json!([{ "name": "user", "count": 1 }]));
    assert_eq!(seen["scans"]["countries"][0], json!({ "name": "NG", "count": 4 }));
    assert_eq!(seen["cities"][0], json!({ "name": "NG Lagos", "count": 4 }));

    shop.rolls_back(&redeemed).await.is(200);
    let after = numbers(&shop, &voucher).await;
    assert_eq!(after["numbers"]["redemptions"], 0);
    assert_eq!(after["numbers"]["rolled_back"], 1);
    assert_eq!(after["numbers"]["claims"], 2, "a changed claim is no new one");
    let csv = format!("{}/analytics?format=csv", path_of(&voucher));
    let csv = shop.owner().get(&csv).await.is(200).text();
    assert!(csv.contains("\ntotal,claims,2\r\n") || csv.contains("\ntotal,claims,2\n"), "{csv}");
    shop.owner().get("/api/v1/vouchers/vch_none/analytics").await.problem(404, "voucher_unknown");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_voucher_that_many_see_and_nobody_redeems_is_told_once_a_day() {
    let shop = Shop::open().await;
    let voucher = shop.publishes(&json!({})).await;
    let scan = format!("{}/scan", path_of(&voucher));
    for number in 0..100 {
        shop.platform.visitor().number(number).get(&scan).await.is(200);
        if number == 50 {
            shop.platform.passes(SignedDuration::from_mins(1)).await;
        }
    }
    shop.platform.quiet().await;
    let report = shop.platform.invokes("janitor", json!({})).await;
    assert_eq!(report["vouchers_low"], 1, "a hundred scans and no redemption");
    let short = code(&voucher, "SHORT");
    shop.redeems(&short, &json!({})).await.is(201);
    shop.platform.quiet().await;
    let report = shop.platform.invokes("janitor", json!({})).await;
    assert_eq!(report["vouchers_low"], 0, "one in a hundred is enough");
}
