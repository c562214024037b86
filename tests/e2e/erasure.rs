//! What a patron has said is forgotten: when the patron asks, and when the tenant keeps it no longer. The money stays.

use adapters::table::Attempt;
use domain::id::{BusinessId, DeviceId, ScanId};
use domain::redemption::RedeemedBy;
use jiff::SignedDuration;
use serde_json::{Value, json};
use tessera_tests::Platform;

use crate::till::{NET, Till};

const WORDS: [&str; 3] = ["Zebedee", "splendid evening", "zebedee@example.com"];

/// A paid tip of a patron who has said much.
async fn earns(till: &Till) -> Value {
    let request = json!({
        "guard_token": till.token, "amount": 100_000, "currency": "NGN",
        "patron_alias": WORDS[0], "message": WORDS[1], "email": WORDS[2],
    });
    let tip = till.platform.patron().asks_for("with words", &request).await.is(201).json();
    till.pays(&tip, local::paystack::Payment::Success);
    till.platform.quiet().await;
    tip
}

/// Which of the words stand where, beside what is kept for two days for a repetition.
async fn found(platform: &Platform) -> Vec<String> {
    let items = platform.inventory().await.items;
    let items = items.iter().filter(|((pk, _), _)| !pk.starts_with("I#"));
    let mut found = Vec::new();
    for ((pk, sk), item) in items {
        let text = item.to_string();
        found.extend(
            WORDS.iter().filter(|word| text.contains(**word)).map(|w| format!("{pk} {sk}: {w}")),
        );
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_patron_who_asks_is_forgotten_and_the_money_stays() {
    let till = Till::open().await;
    let tip = earns(&till).await;
    assert!(!found(&till.platform).await.is_empty());
    let path = format!("/api/v1/tips/{}/erasure", tip["tip_id"].as_str().unwrap());
    let owner = till.platform.owner();
    let note = json!({ "note": "Asked by mail" });
    let done = owner.post(&path).json(&note).await.is(200).json();
    assert_eq!(done["erased"], true);
    assert_eq!(found(&till.platform).await, Vec::<String>::new());
    assert_eq!(owner.post(&path).json(&note).await.is(200).json()["erased"], false);
    assert_eq!(till.purse().await.payable, -NET);
    till.balances().await;
    let trail = owner.get("/api/v1/audit?operation=patron_erased").await.is(200).json();
    assert_eq!(trail["records"].as_array().unwrap().len(), 1, "{trail}");
    assert_eq!(trail["records"][0]["before"]["email"], true);
    till.platform.newcomer().await.post(&path).json(&note).await.problem(404, "tip_unknown");
    owner.post(&path).json(&json!({ "note": "" })).await.problem(422, "invalid_fields");
}

/// The tenant keeps something for so long from now on.
async fn keeps(till: &Till, what: &[(&str, u16)]) {
    let mut settings = till.platform.owner().get("/api/v1/tenant").await.is(200).json();
    for field in ["id", "has_logo", "version", "destinations_applied"] {
        settings.as_object_mut().unwrap().remove(field);
    }
    for (field, long) in what {
        settings["payouts"][field] = (*long).into();
    }
    let _set = till.platform.owner().put("/api/v1/tenant").json(&settings).await.is(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_older_than_the_tenant_keeps_it_goes_by_itself() {
    let till = Till::open().await;
    keeps(&till, &[("retention_months", 1)]).await;
    let _tip = earns(&till).await;
    let clean = async |cleared: u64| {
        let report = till.platform.invokes("janitor", json!({})).await;
        assert_eq!(report["tips_cleared"], cleared, "{report}");
    };
    clean(0).await;
    till.platform.passes(SignedDuration::from_hours(20 * 24)).await;
    clean(0).await;
    assert!(!found(&till.platform).await.is_empty());
    till.platform.passes(SignedDuration::from_hours(12 * 24)).await;
    let _report = till.platform.invokes("janitor", json!({})).await;
    assert_eq!(found(&till.platform).await, Vec::<String>::new());
    clean(0).await;
    till.balances().await;
}

/// After how many days the table forgets each item whose key begins so.
async fn forgotten_after(till: &Till, prefix: &str) -> Vec<i64> {
    till.platform.quiet().await;
    let items = till.platform.inventory().await.items;
    let mine = items.into_iter().filter(|((pk, _), _)| pk.starts_with(prefix));
    let now = till.platform.now().as_second();
    let ttl = |item: &Value| item["ttl"].as_str().unwrap().parse::<i64>().unwrap();
    mine.map(|(_, item)| (ttl(&item) - now + 3_600) / 86_400).collect()
}

/// Somebody's code is refused at a till, and somebody scans a guard's code.
async fn visits(till: &Till, number: u8) {
    let (platform, now) = (&till.platform, till.platform.now());
    let attempt = Attempt {
        id: ScanId::new(now, [number; 10]),
        tenant: platform.owner().tenant.clone(),
        business: BusinessId::new(now, [1; 10]),
        voucher: None,
        form: None,
        by: RedeemedBy::Device(DeviceId::new(now, [1; 10])),
        reason: "code_unknown".to_owned(),
        at: now,
    };
    platform.table().append_attempt(&attempt).await.unwrap();
    let _counted = platform.patron().is_counted(&till.token, "").await.is(204);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scans_and_refused_codes_are_kept_as_long_as_the_tenant_says() {
    let till = Till::open().await;
    visits(&till, 1).await;
    assert_eq!(forgotten_after(&till, "E#").await, [90]);
    assert_eq!(forgotten_after(&till, "RA#").await, [180]);
    // From then on; what was written before keeps its time.
    keeps(&till, &[("retention_scan_days", 7), ("retention_attempt_days", 365)]).await;
    visits(&till, 2).await;
    let sorted = |mut days: Vec<i64>| {
        days.sort_unstable();
        days
    };
    assert_eq!(sorted(forgotten_after(&till, "E#").await), [7, 90]);
    assert_eq!(sorted(forgotten_after(&till, "RA#").await), [180, 365]);
}
