//! Who changed what: each change of finance leaves its record, and a trail that somebody has touched says where.

use domain::access::Scope;
use serde_json::{Value, json};
use tessera_tests::Owner;

use crate::till::Till;

async fn records(owner: &Owner, query: &str) -> Vec<Value> {
    let page = owner.get(&format!("/api/v1/audit{query}")).await.is(200).json();
    page["records"].as_array().unwrap().clone()
}

async fn checks(owner: &Owner) -> Value {
    owner.get("/api/v1/audit/check").await.is(200).json()
}

/// Finance does this and that.
async fn works(till: &Till) {
    let owner = till.platform.owner();
    let note = json!({ "note": "=HYPERLINK(\"x\")" });
    let _stopped = owner.post("/api/v1/payouts/pause").json(&note).await.is(200);
    let _again = owner.post("/api/v1/payouts/pause").json(&note).await.is(200);
    let _on = owner.post("/api/v1/payouts/resume").json(&note).await.is(200);
    let guard = format!("/api/v1/guards/{}", till.guard);
    let _rests = owner.post(&format!("{guard}/suspend")).await.is(200);
    let _works = owner.post(&format!("{guard}/resume")).await.is(200);
    let tip = till.earns().await;
    let _asked = till.refunds(&tip, "once", &json!({ "amount": 1_000 })).await.is(202);
    let _repeat = till.refunds(&tip, "once", &json!({ "amount": 1_000 })).await.is(202);
    let mut settings = owner.get("/api/v1/tenant").await.is(200).json();
    for field in ["id", "has_logo", "version", "destinations_applied"] {
        settings.as_object_mut().unwrap().remove(field);
    }
    let _same = owner.put("/api/v1/tenant").json(&settings).await.is(200);
    settings["payouts"]["threshold"] = 12_345.into();
    let _changed = owner.put("/api/v1/tenant").json(&settings).await.is(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_change_leaves_one_record_and_a_repetition_none() {
    let till = Till::open().await;
    works(&till).await;
    let owner = till.platform.owner();
    let mut done: Vec<String> =
        records(owner, "").await.iter().map(|r| text(r, "operation")).collect();
    done.reverse();
    let expected = [
        "payouts_paused",
        "payouts_resumed",
        "guard_status_changed",
        "guard_status_changed",
        "refund_asked",
        "payout_settings_changed",
    ];
    assert_eq!(done, expected);
    let [refund] = records(owner, "?operation=refund_asked").await.try_into().unwrap();
    assert_eq!(refund["after"]["under_way"][0]["amount"], 1_000, "{refund}");
    let guard = records(owner, &format!("?subject={}", till.guard)).await;
    assert_eq!(guard.len(), 2);
    assert_eq!(
        (&guard[1]["before"]["status"], &guard[1]["after"]["status"]),
        (&json!("active"), &json!("suspended"))
    );
    let [settings] = records(owner, "?operation=payout_settings_changed").await.try_into().unwrap();
    assert_eq!(settings["after"]["threshold"], 12_345);
    let actor = text(&settings, "actor");
    assert_eq!(records(owner, &format!("?actor={actor}")).await.len(), 6);
    let nobody = owner.makes_key(&[Scope::CodesRead]).await;
    nobody.get("/api/v1/audit").await.problem(403, "scope_missing");
    let check = checks(owner).await;
    assert_eq!(
        (&check["ok"], &check["complete"], &check["seq"]),
        (&json!(true), &json!(true), &json!(6))
    );
    // Page by page it is the same.
    let first = owner.get("/api/v1/audit?limit=4").await.is(200).json();
    let path = format!("/api/v1/audit?limit=4&cursor={}", first["next_cursor"].as_str().unwrap());
    let second = owner.get(&path).await.is(200).json();
    assert_eq!(second["records"].as_array().unwrap().len(), 2);
    // In a spreadsheet a note is text.
    let table = owner.get("/api/v1/audit.csv").await.is(200).text();
    assert_eq!(table.lines().count(), 7, "{table}");
    assert!(table.contains("\"'=HYPERLINK(\"\"x\"\")\""), "{table}");
    // Somebody else's trail is another one.
    let other = till.platform.newcomer().await;
    assert_eq!(
        (records(&other, "").await.len(), checks(&other).await["seq"].as_u64()),
        (0, Some(0))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trail_that_somebody_has_touched_says_where() {
    for (attribute, kind, seq) in [("actor", "altered", 3), ("previous", "detached", 3)] {
        let till = Till::open().await;
        works(&till).await;
        let owner = till.platform.owner();
        let pk = format!("AU#{}#{}", owner.tenant, till.platform.now().strftime("%Y-%m"));
        let text = if attribute == "actor" { "system".to_owned() } else { "0".repeat(64) };
        till.platform.plants(&pk, "000000000003", attribute, &text).await;
        let check = checks(owner).await;
        assert_eq!(check["ok"], false, "{attribute}");
        assert_eq!(check["broken"], json!({ "kind": kind, "seq": seq }), "{check}");
        assert_eq!(check["seq"], 2, "up to there it is whole");
    }
}

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap().to_owned()
}
