//! What a patron has said is forgotten: when the patron asks, and when the tenant keeps it no longer. The money stays.

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_older_than_the_tenant_keeps_it_goes_by_itself() {
    let till = Till::open().await;
    let mut settings = till.platform.owner().get("/api/v1/tenant").await.is(200).json();
    for field in ["id", "has_logo", "version", "destinations_applied"] {
        settings.as_object_mut().unwrap().remove(field);
    }
    settings["payouts"]["retention_months"] = 1.into();
    let _set = till.platform.owner().put("/api/v1/tenant").json(&settings).await.is(200);
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
