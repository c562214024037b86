//! What a redemption costs the table: a budget that holds on AWS, because DynamoDB itself says the units.

use serde_json::{Value, json};

use crate::campaigns::{lines, prints};
use crate::shop::Shop;
use crate::vouchers::code;

/// Write units of an unclaimed, unique code.
const UNIQUE_MAX: f64 = 10.0;
/// Write units of a claimed code of a voucher with all limits.
const CLAIMED_MAX: f64 = 18.0;
/// Write units of a part of a gift.
const GIFT_MAX: f64 = 12.0;

async fn costs(shop: &Shop, what: &str, text: &str, over: &Value) -> f64 {
    shop.platform.meter().reset();
    drop(shop.redeems(text, over).await.is(201));
    let meter = shop.platform.meter();
    let (units, reads) = (meter.write_units("redeem"), meter.read_units("redeem"));
    println!("{what}: {units} write units, {reads} read units");
    units
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redemption_costs_what_it_may() {
    let shop = Shop::open().await;
    let limits = json!({ "total": 100, "per_day": 50, "per_customer": 5 });
    let voucher = shop.publishes(&json!({ "limits": limits })).await;
    let done = prints(&shop.platform, &voucher, &json!({ "name": "BATCH2024", "count": 3 })).await;
    let printed = lines(&done).await;
    let none = json!({});
    // The counter comes to this day first.
    drop(shop.redeems(&printed[0][4], &none).await.is(201));
    let unique = costs(&shop, "an unclaimed unique code", &printed[1][3], &none).await;
    assert!(unique <= UNIQUE_MAX, "{unique}");
    let typed = costs(&shop, "the same, typed in", &printed[2][2], &none).await;
    assert!(typed <= UNIQUE_MAX + 2.0, "{typed}");
    shop.claims(&voucher, "ada").await;
    let token = shop.shows(&voucher, "ada").await;
    let claimed = costs(&shop, "a claimed code with caps", &token, &none).await;
    assert!(claimed <= CLAIMED_MAX, "{claimed}");
    let short = code(&voucher, "SHORT");
    let counted = costs(&shop, "a shared code", &short, &json!({ "customer_id": "bob" })).await;
    assert!(counted <= CLAIMED_MAX, "{counted}");
    let benefit = json!({ "type": "gift_balance", "minor": 1_000, "currency": "NGN" });
    let gift = shop.publishes(&json!({ "benefit": benefit, "limits": { "total": 9 } })).await;
    let done = prints(&shop.platform, &gift, &json!({ "name": "GIFTS", "count": 1 })).await;
    let printed = lines(&done).await;
    for what in ["the first part of a gift", "another part"] {
        let part = costs(&shop, what, &printed[0][4], &json!({ "amount": 100 })).await;
        assert!(part <= GIFT_MAX, "{part}");
    }
}
