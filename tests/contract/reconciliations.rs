//! Comparisons with Paystack's books and what the operators are told: once each, and by version.

use std::collections::BTreeSet;

use adapters::table::Table;
use domain::alert::{Alert, AlertKind};
use domain::ledger::{PaystackReference, Reference};
use domain::page::PageSize;
use domain::reconciliation::{Findings, Reconciliation, Step};
use jiff::civil::{Date, date};
use tessera_tests::Platform;

use crate::is_corrupt;
use crate::samples::noon;

const DAY: Date = date(2026, 11, 21);

fn references(from: u32, to: u32) -> BTreeSet<Reference> {
    let one = |number| PaystackReference::parse(&format!("shop-{number}")).unwrap();
    (from..to).map(|number| Reference::charge(&one(number))).collect()
}

async fn begun(platform: &Platform, table: &Table, day: Date) -> Reconciliation {
    let tenant = platform.owner().tenant.clone();
    let state = Reconciliation::begin((tenant, day), noon(), None, noon());
    assert!(table.insert_reconciliation(&state).await.unwrap());
    state
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_comparison_is_added_once_a_day_and_goes_on_only_from_what_was_read() {
    let platform = Platform::start().await;
    let (table, tenant) = (platform.table(), platform.owner().tenant.clone());
    let state = begun(&platform, &table, DAY).await;
    assert!(!table.insert_reconciliation(&state).await.unwrap());
    let found = Findings { counted: 50, matched: 50, ..Findings::default() };
    let next = state.clone().after(Some("2".to_owned()), found, noon());
    let next = Reconciliation { pages: 1, ..next };
    assert!(table.commit_reconciliation(&next, 1, references(0, 50)).await.unwrap());
    assert!(!table.commit_reconciliation(&next, 1, references(0, 50)).await.unwrap());
    assert_eq!(table.reconciliation(&tenant, DAY).await.unwrap(), Some(next.clone()));
    let more = Reconciliation { pages: 2, ..next.after(None, found, noon()) };
    assert_eq!(more.step, Step::Settlements);
    assert!(table.commit_reconciliation(&more, 2, references(40, 90)).await.unwrap());
    let aside = table.references_aside(&tenant, DAY).await.unwrap();
    assert_eq!(aside, references(0, 90), "a reference that is on two pages is one");
    let other = platform.newcomer().await.tenant;
    assert!(table.references_aside(&other, DAY).await.unwrap().is_empty());
    let earlier = begun(&platform, &table, DAY.yesterday().unwrap()).await;
    let size = PageSize::parse(Some(1)).unwrap();
    let page = table.reconciliations_of_tenant(&tenant, size, None).await.unwrap();
    assert_eq!(page.entries, [more], "the latest day first");
    let page = table.reconciliations_of_tenant(&tenant, size, page.next.as_ref()).await.unwrap();
    assert_eq!(page.entries, [earlier]);
    platform.spoils(&format!("REC#{tenant}#{DAY}"), "META", "step").await;
    is_corrupt(table.reconciliation(&tenant, DAY).await, "reconciliation");
    platform.spoils(&format!("REC#{tenant}#{DAY}"), "P#000001", "ttl").await;
    is_corrupt(table.references_aside(&tenant, DAY).await, "reconciliation_page");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postings_are_read_by_reference_more_than_a_batch_at_once() {
    let platform = Platform::start().await;
    let (table, tenant) = (platform.table(), platform.owner().tenant.clone());
    assert!(table.postings_by_reference(&tenant, &BTreeSet::new()).await.unwrap().is_empty());
    assert!(table.postings_by_reference(&tenant, &references(0, 150)).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alert_is_written_once_per_cause_and_forgotten_in_the_end() {
    let platform = Platform::start().await;
    let (table, tenant) = (platform.table(), platform.owner().tenant.clone());
    let alert = |kind, subject: &str| Alert {
        tenant: tenant.clone(),
        alert: kind,
        subject: subject.to_owned(),
        at: noon(),
        sentence: "Look.".to_owned(),
    };
    let first = alert(AlertKind::SettlementLate, "run:2026-11-21");
    assert!(table.insert_alert(&first).await.unwrap());
    assert!(!table.insert_alert(&first).await.unwrap());
    assert!(table.insert_alert(&alert(AlertKind::LedgerViolated, "run:2026-11-21")).await.unwrap());
    // A subject that is longer than a key may be is still a cause of its own.
    let long = "x".repeat(3_000);
    assert!(table.insert_alert(&alert(AlertKind::SettlementLate, &long)).await.unwrap());
    assert!(!table.insert_alert(&alert(AlertKind::SettlementLate, &long)).await.unwrap());
    let inventory = platform.inventory().await;
    assert_eq!(inventory.count("AL#"), 3);
    let ttl = (noon().as_second() + 90 * 24 * 60 * 60).to_string();
    let alerts = inventory.items.values().filter(|item| item["kind"] == "alert");
    assert_eq!(alerts.filter(|item| item["ttl"] == ttl.as_str()).count(), 3);
}
