//! Scan events, and the limit that some of them use up.

use adapters::table::Uses;
use domain::code::{Lifetime, PropertyCode, ScanRefused};
use domain::scan::{OutcomeEvent, RedirectOutcome};
use domain::tenant::Tenant;
use jiff::SignedDuration;
use tessera_tests::{Platform, at_once};

use crate::is_corrupt;
use crate::samples::{code, next, noon, scan, tenant_with_property};

async fn limited_to(platform: &Platform, max_scans: u64) -> (Tenant, PropertyCode) {
    let (tenant, property) = tenant_with_property(platform).await;
    let lifetime = Lifetime { max_scans: Some(max_scans), expires_at: None };
    let code = PropertyCode { lifetime, ..code(&tenant.id, &property.id, noon()) };
    platform.table().commit_code(&code, &tenant, Uses::Kept).await.unwrap().unwrap();
    (tenant, code)
}

async fn used(platform: &Platform, code: &PropertyCode) -> u64 {
    let target = platform.table().scan_target(&code.property).await.unwrap().unwrap();
    target.code.unwrap().scans_used
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_twenty_scans_at_once_three_get_the_last_three() {
    let platform = Platform::start().await;
    let (table, (_, code)) = (platform.table(), limited_to(&platform, 5).await);
    for number in 0..2 {
        table.commit_limited_scan(scan(&code, noon(), number)).await.unwrap().unwrap();
    }
    let scans = (2..22).map(|number| table.commit_limited_scan(scan(&code, noon(), number)));
    let outcomes = at_once(20, scans).await;
    let (won, lost): (Vec<_>, Vec<_>) =
        outcomes.into_iter().map(Result::unwrap).partition(Result::is_ok);
    assert_eq!((won.len(), lost.len()), (3, 17));
    assert!(lost.iter().all(|lost| *lost == Err(ScanRefused::UsedUp)), "{lost:?}");
    assert_eq!(used(&platform, &code).await, 5);
    assert_eq!(platform.inventory().await.count("E#"), 5, "one event for each that was used");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limited_scan_of_a_version_that_is_gone_uses_nothing() {
    let platform = Platform::start().await;
    let (table, (tenant, first)) = (platform.table(), limited_to(&platform, 1).await);
    let second = next(&first, first.lifetime);
    table.commit_code(&second, &tenant, Uses::Kept).await.unwrap().unwrap();
    let lost = Err(ScanRefused::Deleted);
    assert_eq!(table.commit_limited_scan(scan(&first, noon(), 1)).await.unwrap(), lost);
    table.commit_deletion(&second.clone().delete()).await.unwrap().unwrap();
    assert_eq!(table.commit_limited_scan(scan(&second, noon(), 2)).await.unwrap(), lost);
    assert_eq!(used(&platform, &first).await, 0);
    assert_eq!(platform.inventory().await.count("E#"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scan_is_one_event_however_often_it_is_appended() {
    let platform = Platform::start().await;
    let (tenant, property) = tenant_with_property(&platform).await;
    let (table, code) = (platform.table(), code(&tenant.id, &property.id, noon()));
    for _ in 0..3 {
        table.append_scan(scan(&code, noon(), 1)).await.unwrap();
    }
    assert_eq!(platform.inventory().await.count("E#"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_about_a_scan_is_taken_once_and_is_no_scan() {
    let platform = Platform::start().await;
    let (tenant, property) = tenant_with_property(&platform).await;
    let (table, code) = (platform.table(), code(&tenant.id, &property.id, noon()));
    let scan = scan(&code, noon(), 1);
    table.append_scan(scan.clone()).await.unwrap();
    let report = |outcome| OutcomeEvent {
        scan_id: scan.scan_id.clone(),
        property_id: property.id.clone(),
        tenant_id: tenant.id.clone(),
        at: noon(),
        outcome,
    };
    assert!(table.append_outcome(report(RedirectOutcome::Single)).await.unwrap());
    assert!(!table.append_outcome(report(RedirectOutcome::Single)).await.unwrap());
    assert!(!table.append_outcome(report(RedirectOutcome::BothOpened)).await.unwrap());
    let day = "2026-11-20".parse().unwrap();
    assert_eq!(table.latest_scans(&tenant.id, &property.id, day, 10).await.unwrap(), [scan]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_latest_scans_of_a_day_are_shown_newest_first() {
    let platform = Platform::start().await;
    let (tenant, property) = tenant_with_property(&platform).await;
    let (table, code) = (platform.table(), code(&tenant.id, &property.id, noon()));
    let midnight = "2026-11-20T23:59:59.999Z".parse().unwrap();
    let mut scans: Vec<_> = (0..30)
        .map(|number| scan(&code, noon() + SignedDuration::from_mins(i64::from(number)), number))
        .collect();
    scans.push(scan(&code, midnight, 30));
    for scan in &scans {
        table.append_scan(scan.clone()).await.unwrap();
    }
    table.append_scan(scan(&code, midnight + SignedDuration::from_millis(1), 31)).await.unwrap();
    let day = "2026-11-20".parse().unwrap();
    let latest =
        async |count| table.latest_scans(&tenant.id, &property.id, day, count).await.unwrap();
    scans.reverse();
    assert_eq!(latest(100).await, scans);
    assert_eq!(latest(4).await, scans[..4]);
    let inventory = platform.inventory().await;
    let (pk, sk) = inventory.items.keys().find(|(pk, _)| pk.contains("#2026-11-20#")).unwrap();
    platform.spoils(pk, sk, "event").await;
    is_corrupt(table.latest_scans(&tenant.id, &property.id, day, 100).await, "scan_event");
}
