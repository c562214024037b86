//! Tables as files: asked for, written by a worker that may die, fetched for a few minutes, with totals that equal the
//! ledger's.

use std::collections::BTreeMap;

use local::{Fault, Filter};
use serde_json::{Value, json};
use tessera_tests::Platform;

use crate::payroll::{OWED, Payroll};

/// Asks for an export of everything up to now.
async fn asks(platform: &Platform, kind: &str) -> Value {
    platform.passes(jiff::SignedDuration::from_secs(1)).await;
    let request = json!({ "kind": kind, "from": "2020-01-01T00:00:00Z" });
    platform.owner().post_once("/api/v1/exports").json(&request).await.is(202).json()
}

async fn looks(platform: &Platform, export: &Value) -> Value {
    let path = format!("/api/v1/exports/{}", export["export_id"].as_str().unwrap());
    platform.owner().get(&path).await.is(200).json()
}

/// The rows of an export that is done; each is a list of cells.
async fn fetches(done: &Value) -> Vec<Vec<String>> {
    assert_eq!(done["state"], "done", "{done}");
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let file = client.get(done["url"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(file.status(), 200);
    assert!(file.headers()["content-type"].to_str().unwrap().starts_with("text/csv"));
    let text = file.text().await.unwrap();
    text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

async fn exported(platform: &Platform, kind: &str) -> Vec<Vec<String>> {
    let export = asks(platform, kind).await;
    platform.quiet().await;
    fetches(&looks(platform, &export).await).await
}

/// The last column of this name, of each row but the totals.
fn column(rows: &[Vec<String>], name: &str) -> Vec<i64> {
    let at = rows[0].iter().position(|head| head == name).unwrap();
    let rows = rows[1..].iter().filter(|row| row[0] != "total");
    rows.filter(|row| !row[at].is_empty()).map(|row| row[at].parse().unwrap()).collect()
}

fn total(rows: &[Vec<String>], name: &str) -> i64 {
    let at = rows[0].iter().position(|head| head == name).unwrap();
    let rows = rows.iter().filter(|row| row[0] == "total");
    rows.map(|row| row[at].parse::<i64>().unwrap()).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_of_tips_payouts_and_the_ledger_agree_with_each_other() {
    let payroll = Payroll::of(2).await;
    payroll.runs().await;
    let platform = &payroll.till.platform;
    let unpaid = payroll.till.tips().await;
    let tips = exported(platform, "tips").await;
    assert_eq!(column(&tips, "net_minor").into_iter().sum::<i64>(), 2 * OWED);
    assert_eq!(total(&tips, "net_minor"), 2 * OWED);
    // Of a tip that nobody has paid there are no amounts, not even nothing.
    let row = tips.iter().find(|row| row[0] == unpaid["tip_id"].as_str().unwrap()).unwrap();
    assert!(row[7..].iter().all(String::is_empty), "{row:?}");
    let at = tips[0].iter().position(|head| head == "net").unwrap();
    assert!(tips.iter().any(|row| row[at] == "1960.00"), "{tips:?}");
    let payouts = exported(platform, "payouts").await;
    assert_eq!(total(&payouts, "amount_minor"), 2 * OWED);
    let ledger = exported(platform, "ledger").await;
    assert_eq!(column(&ledger, "amount_minor").into_iter().sum::<i64>(), 0, "postings balance");
    assert_eq!(total(&ledger, "amount_minor"), 0);
    // The totals of the accounts are the balances.
    let totals: BTreeMap<&str, &str> = ledger
        .iter()
        .filter(|row| row[0] == "total")
        .map(|row| (row[2].as_str(), row[5].as_str()))
        .collect();
    assert_eq!((totals["guards:payable"], totals["guards:in_transit"]), ("0", "0"));
    let clearing = payroll.system(domain::ledger::AccountKind::Clearing).await.to_string();
    assert_eq!(totals["psp:clearing"], clearing);
    let list = platform.owner().get("/api/v1/exports").await.is(200).json();
    assert_eq!(list["exports"].as_array().unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_goes_on_after_each_call_that_breaks_and_has_each_row_once() {
    let calls = [
        ("s3", "CreateMultipartUpload"),
        ("s3", "UploadPart"),
        ("s3", "CompleteMultipartUpload"),
        ("dynamodb", "TransactWriteItems"),
    ];
    for (service, operation) in calls {
        for fault in [Fault::Before, Fault::LoseReply] {
            let payroll = Payroll::of(2).await;
            let platform = &payroll.till.platform;
            let of = Filter::any().function("exports").service(service).operation(operation);
            platform.meter().break_call(1, of, fault.clone(), false);
            let export = asks(platform, "tips").await;
            platform.quiet().await;
            platform.passes(jiff::SignedDuration::from_hours(3)).await;
            let rows = fetches(&looks(platform, &export).await).await;
            assert_eq!(rows.len(), 1 + 2 + 1, "{operation} {fault:?}: {rows:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_is_asked_for_once_and_is_its_tenant_s_own() {
    let payroll = Payroll::of(1).await;
    let platform = &payroll.till.platform;
    let request = json!({ "kind": "tips", "from": "2020-01-01T00:00:00Z" });
    let ask = || platform.owner().post("/api/v1/exports").header("idempotency-key", "mine");
    let first = ask().json(&request).await.is(202).json();
    assert_eq!(ask().json(&request).await.is(202).json(), first);
    platform.quiet().await;
    let path = format!("/api/v1/exports/{}", first["export_id"].as_str().unwrap());
    platform.newcomer().await.get(&path).await.problem(404, "export_unknown");
    let other = json!({ "kind": "ledger", "from": "2020-01-01T00:00:00Z" });
    ask().json(&other).await.problem(422, "idempotency_key_reused");
    platform
        .owner()
        .post("/api/v1/exports")
        .json(&request)
        .await
        .problem(400, "idempotency_key_missing");
    // The content network has no such path.
    let done = looks(platform, &first).await;
    let url = done["url"].as_str().unwrap();
    assert!(url.contains("/exports/") && url.contains("X-Amz-Expires=300"), "{url}");
}
