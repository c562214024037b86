//! The audit trail and the changes that it tells of: both or neither, in one chain, whoever else writes.

use adapters::table::{AuditFilter, CaseFilter, Month, StoreError, Table};
use domain::audit::{Actor, AuditChange, AuditHead, AuditRecord, Facts, Note, Operation, follow};
use domain::case::{Case, CaseKind, CaseStatus};
use domain::id::{KeyId, TenantId};
use domain::page::PageSize;
use domain::pause::Pause;
use jiff::Timestamp;
use local::{Fault, Filter};
use tessera_tests::{Platform, at_once};

use crate::is_corrupt;
use crate::samples::noon;
use crate::tipping::after;

const HOUR_S: i64 = 3_600;

fn actor(number: u8) -> Actor {
    Actor::Key(KeyId::new(noon(), [number; 10]))
}

fn change(tenant: &TenantId, operation: Operation, subject: &str, at: Timestamp) -> AuditChange {
    AuditChange {
        tenant: tenant.clone(),
        at,
        actor: actor(1),
        operation,
        subject: subject.to_owned(),
        before: Facts::none(),
        after: Facts::of(&serde_json::json!({ "at": at })),
        note: Some(Note::parse("because").unwrap()),
    }
}

fn pause(at: Timestamp) -> Pause {
    Pause { by: actor(1), at, note: Note::parse("a fire").unwrap() }
}

/// A filter that lets everything through.
fn all() -> AuditFilter {
    let (from, to) = (after(-1_000 * HOUR_S), after(10_000 * HOUR_S));
    AuditFilter { from, to, actor: None, subject: None, operation: None }
}

/// The whole trail, oldest first.
async fn trail(table: &Table, tenant: &TenantId) -> Vec<AuditRecord> {
    let (mut records, mut place) = (Vec::new(), None);
    loop {
        let (found, next) = table.audit_records(tenant, &all(), 3, place).await.unwrap();
        assert!(found.len() <= 3);
        records.extend(found);
        place = next;
        if place.is_none() {
            records.reverse();
            return records;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn payouts_are_stopped_once_and_each_switch_leaves_its_record() {
    let platform = Platform::start().await;
    let (table, tenant) = (platform.table(), platform.owner().tenant.clone());
    let stop = change(&tenant, Operation::PayoutsPaused, tenant.as_str(), noon());
    let resume = change(&tenant, Operation::PayoutsResumed, tenant.as_str(), after(2));
    assert_eq!(table.payouts_paused(&tenant).await.unwrap(), None);
    assert!(!table.resume_payouts(&resume).await.unwrap());
    let first = pause(noon());
    let stops = at_once(8, (0..8).map(|_| table.pause_payouts(&first, &stop))).await;
    assert_eq!(stops.into_iter().filter(|stopped| *stopped.as_ref().unwrap()).count(), 1);
    assert!(!table.pause_payouts(&pause(after(1)), &stop).await.unwrap());
    assert_eq!(table.payouts_paused(&tenant).await.unwrap(), Some(first));
    assert!(table.resume_payouts(&resume).await.unwrap());
    assert_eq!(table.payouts_paused(&tenant).await.unwrap(), None);
    let records = trail(&table, &tenant).await;
    let done: Vec<_> = records.iter().map(|record| record.change.operation).collect();
    assert_eq!(done, [Operation::PayoutsPaused, Operation::PayoutsResumed]);
    let end = follow(AuditHead::default(), &records).unwrap();
    assert_eq!(table.audit_head(&tenant).await.unwrap(), end);
    let stranger = TenantId::new(noon(), [9; 10]);
    assert_eq!(table.audit_head(&stranger).await.unwrap(), AuditHead::default());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_at_once_follow_each_other_in_one_chain() {
    let platform = Platform::start().await;
    let (table, tenant) = (platform.table(), platform.owner().tenant.clone());
    let case = |number: i64| {
        let reference = format!("tip-{number}");
        Case::open(tenant.clone(), CaseKind::RefundFailed, &reference, "", after(number))
    };
    let work = (0..24).map(|number| {
        let (table, tenant, case) = (&table, &tenant, case(number));
        async move {
            assert!(table.insert_case(&case).await.unwrap());
            let assigned = case.clone().assign(actor(2)).unwrap();
            let change = change(tenant, Operation::CaseAssigned, &case.id, after(number));
            assert!(table.replace_case(&assigned, 1, &change).await.unwrap());
            assert!(
                !table.replace_case(&assigned, 1, &change).await.unwrap(),
                "it was read before"
            );
        }
    });
    at_once(12, work).await;
    let records = trail(&table, &tenant).await;
    assert_eq!(records.len(), 24, "one for each change, and none for a change that was not made");
    let end = follow(AuditHead::default(), &records).unwrap();
    assert_eq!(table.audit_head(&tenant).await.unwrap(), end);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_reply_leaves_one_record_and_a_broken_write_none() {
    let platform = Platform::start().await;
    let (table, tenant) = (platform.table(), platform.owner().tenant.clone());
    let of = Filter::any().function("tenants").operation("TransactWriteItems");
    let stop = change(&tenant, Operation::PayoutsPaused, tenant.as_str(), noon());
    platform.meter().break_call(1, of.clone(), Fault::LoseReply, false);
    assert!(table.pause_payouts(&pause(noon()), &stop).await.unwrap());
    let resume = change(&tenant, Operation::PayoutsResumed, tenant.as_str(), noon());
    platform.meter().break_call(1, of, Fault::Before, true);
    let broken = table.resume_payouts(&resume).await;
    assert!(matches!(broken, Err(StoreError::Unavailable(_))), "{broken:?}");
    assert_eq!(trail(&table, &tenant).await.len(), 1);
    assert!(table.payouts_paused(&tenant).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_are_filtered_and_listed_over_months_newest_first() {
    let platform = Platform::start().await;
    let (table, tenant) = (platform.table(), platform.owner().tenant.clone());
    // Every fifth day over four months, by two keys.
    for number in 0..24_u8 {
        let at = after(i64::from(number) * 5 * 24 * HOUR_S);
        let operation =
            if number % 2 == 0 { Operation::PayoutsPaused } else { Operation::PayoutsResumed };
        let change = AuditChange {
            actor: actor(number % 3),
            ..change(&tenant, operation, tenant.as_str(), at)
        };
        let done = match operation {
            Operation::PayoutsPaused => table.pause_payouts(&pause(at), &change).await,
            _ => table.resume_payouts(&change).await,
        };
        assert!(done.unwrap());
    }
    let records = trail(&table, &tenant).await;
    let numbers: Vec<u64> = records.iter().map(|record| record.seq).collect();
    assert_eq!(numbers, (1..=24).collect::<Vec<_>>());
    let found = async |filter: AuditFilter| {
        let (records, next) = table.audit_records(&tenant, &filter, 100, None).await.unwrap();
        assert_eq!(next, None);
        records.into_iter().map(|record| record.seq).collect::<Vec<_>>()
    };
    let by_two = AuditFilter { actor: Some(actor(2)), ..all() };
    assert_eq!(found(by_two).await, [24, 21, 18, 15, 12, 9, 6, 3]);
    let paused = AuditFilter { operation: Some(Operation::PayoutsPaused), ..all() };
    assert_eq!(found(paused).await.len(), 12);
    let nothing = AuditFilter { subject: Some("cas_1".to_owned()), ..all() };
    assert_eq!(found(nothing).await.len(), 0);
    let (from, to) = (records[4].change.at, records[9].change.at);
    assert_eq!(found(AuditFilter { from, to, ..all() }).await, [9, 8, 7, 6, 5]);
    // Month by month, as a check follows them.
    let mut head = AuditHead::default();
    for month in Month::between(noon(), records[23].change.at) {
        let behind = table.audit_behind(&tenant, month, head.seq).await.unwrap();
        head = follow(head, &behind).unwrap();
    }
    assert_eq!(head, table.audit_head(&tenant).await.unwrap());
    platform.spoils(&format!("AU#{tenant}#2026-11"), "000000000001", "seq").await;
    is_corrupt(table.audit_records(&tenant, &all(), 100, None).await, "audit");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cases_are_read_and_found_by_what_they_are() {
    let platform = Platform::start().await;
    let (table, tenant) = (platform.table(), platform.owner().tenant.clone());
    for number in 0..30 {
        let kind = CaseKind::ALL[usize::try_from(number).unwrap() % 3];
        let case = Case::open(tenant.clone(), kind, &number.to_string(), "", after(number));
        assert!(table.insert_case(&case).await.unwrap());
        let change = change(&tenant, Operation::CaseAssigned, &case.id, after(number));
        if number % 5 == 0 {
            let done = case.resolve(actor(1), Note::parse("so").unwrap(), after(99)).unwrap();
            assert!(table.replace_case(&done, 1, &change).await.unwrap());
            assert_eq!(table.case(&tenant, &done.id).await.unwrap(), Some(done));
        } else if number % 2 == 0 {
            let given = case.assign(actor(2)).unwrap();
            assert!(table.replace_case(&given, 1, &change).await.unwrap());
        }
    }
    let size = PageSize::parse(Some(4)).unwrap();
    let count = async |filter: CaseFilter| {
        let (mut found, mut from) = (0, None);
        loop {
            let page = table.cases_where(&tenant, &filter, size, from.as_ref()).await.unwrap();
            assert!(page.entries.len() <= 4);
            found += page.entries.len();
            from = page.next;
            if from.is_none() {
                return found;
            }
        }
    };
    assert_eq!(count(CaseFilter::default()).await, 30);
    let resolved = CaseFilter { status: Some(CaseStatus::Resolved), ..CaseFilter::default() };
    assert_eq!(count(resolved).await, 6);
    let open = CaseFilter { status: Some(CaseStatus::Open), ..CaseFilter::default() };
    assert_eq!(count(CaseFilter { assignee: Some(actor(2)), ..open.clone() }).await, 12);
    assert_eq!(count(CaseFilter { assignee: Some(actor(3)), ..open }).await, 0);
    let kind = CaseFilter { kind: Some(CaseKind::ALL[1]), ..CaseFilter::default() };
    assert_eq!(count(kind).await, 10);
    assert_eq!(table.case(&tenant, "cas_0").await.unwrap(), None);
}
