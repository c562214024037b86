//! What finance reads and decides: tips of a tenant by day, payouts by what they are, exports that one worker goes on
//! with.

use adapters::files::{Files, PART_BYTES_MIN};
use adapters::table::{Answer, ClaimOutcome, PayoutFilter, Table, TipFilter};
use domain::audit::{Actor, AuditChange, Facts, Operation};
use domain::export::{Export, ExportKind, ExportState, Progress};
use domain::id::{ExportId, KeyId, PayoutId, TenantId};
use domain::money::Currency;
use domain::page::PageSize;
use domain::payout::{Payout, PayoutState, Planned, Trouble};
use domain::tip::TipStatus;
use jiff::Timestamp;
use tessera_tests::{Platform, at_once};

use crate::is_corrupt;
use crate::samples::noon;
use crate::tipping::{after, guard, paid, tip};

const DAY_S: i64 = 86_400;

fn all() -> TipFilter {
    TipFilter { from: after(-40 * DAY_S), to: after(40 * DAY_S), status: None }
}

async fn listed(table: &Table, tenant: &TenantId, filter: &TipFilter, size: u32) -> Vec<String> {
    let size = PageSize::parse(Some(size)).unwrap();
    let (mut found, mut from) = (Vec::new(), None);
    loop {
        let page = table.tips_of_tenant(tenant, filter, size, from.as_ref()).await.unwrap();
        assert!(page.entries.len() <= size.get() as usize);
        found.extend(page.entries.into_iter().map(|tip| tip.id.to_string()));
        from = page.next;
        if from.is_none() {
            return found;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tips_of_all_guards_are_listed_over_days_each_once() {
    let platform = Platform::start().await;
    let (table, tenant) = (platform.table(), platform.owner().tenant.clone());
    let mut made = Vec::new();
    // Three guards, five instants on four days, two tips at each.
    for (number, at) in (0..).zip([-3 * DAY_S, -DAY_S, -DAY_S + 1, 0, 1].map(after)) {
        for twin in 0..2 {
            let who = guard(&tenant, number % 3).id;
            let tip = tip(&tenant, &who, number * 2 + twin, at);
            assert!(table.insert_tip(&tip).await.unwrap());
            made.push((at, tip.id.to_string()));
        }
    }
    made.sort_by(|one, next| next.cmp(one));
    let expected: Vec<String> = made.iter().map(|(_, id)| id.clone()).collect();
    for size in [1, 3, 100] {
        assert_eq!(listed(&table, &tenant, &all(), size).await, expected, "{size} at once");
    }
    let of = |from, to| TipFilter { from: after(from), to: after(to), status: None };
    assert_eq!(listed(&table, &tenant, &of(-DAY_S, 1), 2).await.len(), 6, "the end is not in it");
    assert_eq!(listed(&table, &tenant, &of(2, 3), 2).await, Vec::<String>::new());
    let stranger = TenantId::new(noon(), [9; 10]);
    assert_eq!(listed(&table, &stranger, &all(), 2).await, Vec::<String>::new());
    // A tip that changes stays where it is, with its new status.
    let who = guard(&tenant, 1).id;
    let first = table.tips_of_guard(&tenant, &who, PageSize::largest(), None).await.unwrap();
    let first = first.entries[0].clone();
    assert!(table.replace_tip(&paid(first.clone()), 1).await.unwrap());
    let succeeded = TipFilter { status: Some(TipStatus::Succeeded), ..all() };
    assert_eq!(listed(&table, &tenant, &succeeded, 2).await, [first.id.to_string()]);
    let of_guard = table
        .tips_of_guard_where((&tenant, &who), &succeeded, PageSize::largest(), None)
        .await
        .unwrap();
    assert_eq!(of_guard.entries.len(), 1);
    platform.spoils(&format!("TIP#{}", first.id), "META", "amount").await;
    let around = of(-4 * DAY_S, 2 * DAY_S);
    is_corrupt(table.tips_of_tenant(&tenant, &around, PageSize::largest(), None).await, "tip");
}

fn payout(tenant: &TenantId, number: u8, at: Timestamp) -> Payout {
    let planned = Planned {
        guard: guard(tenant, u32::from(number % 2)).id,
        amount: 1_000,
        recipient: "RCP_1".to_owned(),
        since: at,
    };
    let id = PayoutId::new(at, [number; 10]);
    let run = "2026-11-20".parse().unwrap();
    Payout::plan((id, tenant.clone(), run), planned, Currency::Ngn, at)
}

fn change(tenant: &TenantId, operation: Operation) -> AuditChange {
    AuditChange {
        tenant: tenant.clone(),
        at: noon(),
        actor: Actor::Key(KeyId::new(noon(), [1; 10])),
        operation,
        subject: "pay_1".to_owned(),
        before: Facts::none(),
        after: Facts::none(),
        note: None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn payouts_are_found_by_what_they_are_and_decided_about_once() {
    let platform = Platform::start().await;
    let (table, tenant) = (platform.table(), platform.owner().tenant.clone());
    for number in 0..6 {
        let state = if number < 2 { PayoutState::NeedsHuman } else { PayoutState::Planned };
        let payout = Payout { state, ..payout(&tenant, number, after(i64::from(number))) };
        assert!(table.insert_payout(&payout).await.unwrap());
    }
    let filter = PayoutFilter { from: after(0), to: after(10), state: None, guard: None };
    let count = async |filter: PayoutFilter| {
        let page = table.payouts_where(&tenant, &filter, PageSize::largest(), None).await.unwrap();
        page.entries.len()
    };
    assert_eq!(count(filter.clone()).await, 6);
    let stuck = PayoutFilter { state: Some(PayoutState::NeedsHuman), ..filter.clone() };
    assert_eq!(count(stuck).await, 2);
    let guarded = PayoutFilter { guard: Some(guard(&tenant, 1).id), ..filter.clone() };
    assert_eq!(count(guarded).await, 3);
    assert_eq!(count(PayoutFilter { to: after(4), ..filter }).await, 4);

    let stuck = table.payout(&PayoutId::new(after(0), [0; 10])).await.unwrap().unwrap();
    let again = stuck.payout.clone().retry(noon()).unwrap();
    let retried = change(&tenant, Operation::PayoutRetried);
    let retries = (0..8).map(|_| table.retry_payout(&again, stuck.version, &retried));
    let done = at_once(8, retries).await;
    assert_eq!(done.into_iter().filter(|done| *done.as_ref().unwrap()).count(), 1);
    assert_eq!(table.audit_head(&tenant).await.unwrap().seq, 1);
    let planned = table.payout(&PayoutId::new(after(5), [5; 10])).await.unwrap().unwrap();
    let given_up = planned.payout.clone().cancel(Trouble::GivenUp, noon()).unwrap();
    let who = &planned.payout.guard;
    let balances = table.guard_balances(&tenant, who, Currency::Ngn).await.unwrap();
    let cancelled = change(&tenant, Operation::PayoutCancelled);
    assert!(table.cancel_payout(&given_up, planned.version, &balances, &cancelled).await.unwrap());
    assert!(!table.cancel_payout(&given_up, planned.version, &balances, &cancelled).await.unwrap());
    assert_eq!(table.audit_head(&tenant).await.unwrap().seq, 2);
}

fn export(tenant: &TenantId) -> Export {
    Export {
        id: ExportId::new(noon(), [1; 10]),
        tenant: tenant.clone(),
        kind: ExportKind::Ledger,
        from: after(-DAY_S),
        to: noon(),
        by: Actor::System,
        state: ExportState::Requested,
        rows: 0,
        created_at: noon(),
        finished_at: None,
        progress: Progress::default(),
        version: 1,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_is_replaced_by_whoever_has_read_it_last() {
    let platform = Platform::start().await;
    let (table, tenant) = (platform.table(), platform.owner().tenant.clone());
    let export = export(&tenant);
    let claimed = table.claim(("p", "o", "k"), "f", "h".to_owned(), noon()).await.unwrap();
    let ClaimOutcome::Ours(claim) = claimed else { panic!("{claimed:?}") };
    let answer = || (claim.clone(), Answer { status: 202, body: "{}".to_owned() });
    assert!(table.insert_export(&export, answer()).await.unwrap());
    assert!(!table.insert_export(&export, answer()).await.unwrap(), "the claim is used up");
    let ours = export.clone().claim(noon()).unwrap();
    let claims = at_once(8, (0..8).map(|_| table.replace_export(&ours, 1))).await;
    assert_eq!(claims.into_iter().filter(|done| *done.as_ref().unwrap()).count(), 1);
    assert_eq!(table.export(&tenant, &export.id).await.unwrap(), Some(ours.clone()));
    let page = table.exports(&tenant, PageSize::largest(), None).await.unwrap();
    assert_eq!(page.entries, [ours]);
    let stranger = TenantId::new(noon(), [9; 10]);
    assert_eq!(table.export(&stranger, &export.id).await.unwrap(), None);
    platform.spoils(&format!("X#{tenant}#{}", export.id), "META", "export").await;
    is_corrupt(table.export(&tenant, &export.id).await, "export");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_made_of_its_parts_in_their_order_and_completed_once() {
    let platform = Platform::start().await;
    let files = Files::from_env(platform.environment("exports")).unwrap();
    let export = export(&platform.owner().tenant);
    let upload = files.begin(&export).await.unwrap();
    let (first, second) = (vec![b'a'; PART_BYTES_MIN], b"the end\r\n".to_vec());
    let _early = files.send_part(&export, &upload, 1, vec![b'x'; PART_BYTES_MIN]).await.unwrap();
    // Whoever died before that was written down sends it again, and the new one counts.
    let one = files.send_part(&export, &upload, 1, first.clone()).await.unwrap();
    let two = files.send_part(&export, &upload, 2, second.clone()).await.unwrap();
    let tags = [one, two];
    files.complete(&export, &upload, &tags).await.unwrap();
    files.complete(&export, &upload, &tags).await.unwrap();
    let address = files.address(&export).await.unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let fetched = client.get(&address).send().await.unwrap();
    let disposition = fetched.headers()["content-disposition"].to_str().unwrap().to_owned();
    assert!(disposition.starts_with("attachment; filename=\"ledger-exp_"), "{disposition}");
    assert_eq!(fetched.bytes().await.unwrap(), [first, second].concat());
    // Without the signature nobody gets it.
    let (plain, _) = address.split_once('?').unwrap();
    assert_eq!(client.get(plain).send().await.unwrap().status(), 403);
}
