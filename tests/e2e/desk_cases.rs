//! What does not fit is in somebody's hands until it is explained, once.

use domain::access::Scope;
use domain::case::{Case, CaseKind};
use serde_json::{Value, json};
use tessera_tests::{Owner, Platform, at_once};

const LIST: &str = "/api/v1/reconciliation/cases";

/// A platform with a case of each of two kinds.
async fn with_cases() -> (Platform, [String; 2]) {
    let platform = Platform::start().await;
    let kinds = [CaseKind::RefundFailed, CaseKind::UnknownReference];
    let mut ids = Vec::new();
    for kind in kinds {
        let tenant = platform.owner().tenant.clone();
        let case = Case::open(tenant, kind, "tip-1:2/3", "a b", platform.now());
        assert!(platform.table().insert_case(&case).await.unwrap());
        ids.push(case.id);
    }
    (platform, ids.try_into().unwrap())
}

async fn found(owner: &Owner, query: &str) -> usize {
    let page = owner.get(&format!("{LIST}{query}")).await.is(200).json();
    page["cases"].as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_case_is_given_to_somebody_and_explained_once() {
    let (platform, [case, other]) = with_cases().await;
    let ada = platform.owner().makes_key(&[Scope::FinanceWrite, Scope::FinanceRead]).await;
    let assign = format!("{LIST}/{case}/assign");
    let given = ada.post(&assign).json(&json!({ "version": 1 })).await.is(200).json();
    let who = given["assignee"].as_str().unwrap().to_owned();
    assert_eq!((&given["status"], &given["version"]), (&json!("open"), &json!(2)));
    // The same again changes nothing; a version that is gone is refused.
    let again = ada.post(&assign).json(&json!({})).await.is(200).json();
    assert_eq!(again, given);
    let elsewhere = json!({ "assignee": "system", "version": 1 });
    platform.owner().post(&assign).json(&elsewhere).await.problem(409, "case_changed");
    assert_eq!(found(&ada, &format!("?assignee={who}")).await, 1);
    assert_eq!(found(&ada, "?kind=unknown_reference&status=open").await, 1);
    assert_eq!(found(&ada, "?status=resolved").await, 0);

    let resolve = format!("{LIST}/{case}/resolve");
    ada.post(&resolve).json(&json!({ "note": "" })).await.problem(422, "invalid_fields");
    let note = json!({ "note": "The patron was paid back in cash." });
    let done = ada.post(&resolve).json(&note).await.is(200).json();
    assert_eq!((&done["status"], &done["note"]), (&json!("resolved"), &note["note"]));
    assert_eq!(done["resolved_by"].as_str().unwrap(), who);
    let again = ada.post(&resolve).json(&note).await.is(200).json();
    assert_eq!(again, done, "whoever repeats it gets the same");
    let late = json!({ "note": "Something else." });
    platform.owner().post(&resolve).json(&late).await.problem(409, "case_resolved");
    ada.post(&assign).json(&json!({})).await.problem(409, "case_resolved");
    assert_eq!((found(&ada, "?status=resolved").await, found(&ada, "").await), (1, 2));

    let trail = platform.owner().get(&format!("/api/v1/audit?subject={case}")).await.is(200).json();
    let trail = trail["records"].as_array().unwrap().clone();
    assert_eq!(trail.len(), 2, "one record for each change");
    assert_eq!(
        (&trail[0]["note"], &trail[0]["after"]["status"]),
        (&note["note"], &json!("resolved"))
    );
    // Another tenant has no such case, and who may only read changes none.
    let stranger = platform.newcomer().await;
    stranger.post(&assign).json(&json!({})).await.problem(404, "case_unknown");
    let reader = platform.owner().makes_key(&[Scope::FinanceRead]).await;
    let path = format!("{LIST}/{other}/resolve");
    reader.post(&path).json(&note).await.problem(403, "scope_missing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_explain_a_case_at_once_one_does() {
    let (platform, [case, _]) = with_cases().await;
    let path = format!("{LIST}/{case}/resolve");
    let owner = platform.owner();
    let explains = |number: usize| {
        let note = json!({ "note": format!("Explanation {number}") });
        let ask = owner.post(&path).json(&note);
        async move { ask.await.status }
    };
    let statuses = at_once(8, (0..8).map(explains)).await;
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 409).count(), 7, "{statuses:?}");
    let check: Value = owner.get("/api/v1/audit/check").await.is(200).json();
    assert_eq!((&check["ok"], &check["seq"]), (&json!(true), &json!(1)));
}
