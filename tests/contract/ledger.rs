//! The ledger: each reference once, balances that no race can bend, and system accounts that are added up once.

use std::collections::BTreeSet;

use adapters::table::{GuardBalances, LedgerWrite, Month, Posted, StoreError, StoredPosting};
use domain::id::TenantId;
use domain::ledger::{AccountKind, Record, Reference};
use domain::tip::Tip;
use local::{Fault, Filter};
use tessera_tests::at_once;

use crate::account_book::{Ledger, NGN, named, news};
use crate::is_corrupt;
use crate::samples::noon;
use crate::tipping::{guard, paid, tip};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_charge_moves_the_tip_the_guard_and_the_outbox_together() {
    let ledger = Ledger::start().await;
    let unpaid = tip(&ledger.tenant, &ledger.guard, 1, noon());
    assert!(ledger.table.insert_tip(&unpaid).await.unwrap());
    let (paid, zero) = (paid(unpaid.clone()), GuardBalances::default());
    assert_eq!(ledger.balances().await, zero);
    let transaction = paid.charge().unwrap().transaction(0).unwrap();
    let notice = news(&paid).into();
    let write = LedgerWrite {
        tip: Some((&paid, 1)),
        outbox: Some(&notice),
        ..ledger.write(&transaction, &zero)
    };
    assert_eq!(ledger.table.commit_posting(&write).await.unwrap(), Posted::Posted);
    let read = ledger.table.tip(&paid.id).await.unwrap().unwrap();
    let placed = Tip { seq: Some(1), ..paid.clone() };
    assert_eq!((&read.tip, read.version), (&placed, 2));
    let balances = ledger.balances().await;
    let owed = GuardBalances { payable: -98_000, seq: 1, since: Some(noon()), turn: 1, ..zero };
    assert_eq!(balances, owed);
    let zero = GuardBalances::default();
    let stored = StoredPosting {
        tenant: ledger.tenant.clone(),
        record: Record {
            reference: transaction.reference().clone(),
            postings: transaction.postings().to_vec(),
        },
        recorded_at: noon(),
        tip: Some(paid.id.clone()),
        outbox: Some(notice),
        counted: false,
    };
    let read = ledger.table.posting(&ledger.tenant, transaction.reference()).await.unwrap();
    assert_eq!(read, Some(stored.clone()));
    assert_eq!(ledger.records().await, [stored]);
    // The same again, with whatever was read: it is a repetition, and the tip stays.
    for (balances, version) in [(zero, 1), (owed.clone(), 2), (owed, 9)] {
        let write = LedgerWrite {
            tip: Some((&unpaid, version)),
            balances: &balances,
            ..ledger.write(&transaction, &balances)
        };
        assert_eq!(ledger.table.commit_posting(&write).await.unwrap(), Posted::Repeat);
    }
    assert_eq!(ledger.table.tip(&paid.id).await.unwrap().unwrap().version, 2);
    assert_eq!(ledger.balances().await, balances);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_on_old_balances_or_an_old_tip_is_outrun() {
    let ledger = Ledger::start().await;
    let zero = GuardBalances::default();
    assert_eq!(ledger.writes(&ledger.charged(1, 0), &zero).await, Posted::Posted);
    assert_eq!(ledger.writes(&ledger.charged(2, 0), &zero).await, Posted::Outrun);
    let balances = ledger.balances().await;
    // Built on less than the guard has: it would lend while something is still available.
    let poor = GuardBalances { payable: -50_000, ..balances.clone() };
    let lending = ledger.refunded(7, &poor);
    assert_eq!(ledger.writes(&lending, &balances).await, Posted::Outrun);
    assert_eq!(
        ledger.writes(&lending, &poor).await,
        Posted::Posted,
        "the sequence is the condition"
    );
    let tip = tip(&ledger.tenant, &ledger.guard, 3, noon());
    assert!(ledger.table.insert_tip(&tip).await.unwrap());
    let (balances, third) = (ledger.balances().await, ledger.charged(3, 0));
    let write = LedgerWrite { tip: Some((&tip, 5)), ..ledger.write(&third, &balances) };
    assert_eq!(ledger.table.commit_posting(&write).await.unwrap(), Posted::Outrun);
    assert_eq!(ledger.balances().await, balances);
    assert_eq!(ledger.records().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guard_who_owes_is_charged_first_and_lent_last() {
    let ledger = Ledger::start().await;
    let empty = ledger.balances().await;
    let lent = ledger.refunded(1, &empty);
    assert_eq!(ledger.writes(&lent, &empty).await, Posted::Posted);
    let owes = ledger.balances().await;
    assert_eq!((owes.payable, owes.receivable, owes.seq), (0, 98_000, 1));
    // As if nothing were owed: the charge does not fit what was read.
    let repaid = ledger.charged(1, owes.receivable - 1);
    assert_eq!(ledger.writes(&repaid, &owes).await, Posted::Outrun);
    let repaid = ledger.charged(1, owes.receivable);
    assert_eq!(ledger.writes(&repaid, &owes).await, Posted::Posted);
    let even = ledger.balances().await;
    assert_eq!((even.payable, even.receivable, even.seq), (0, 0, 2));
    let other = guard(&ledger.tenant, 2).id;
    let charge = ledger.charged(2, 0);
    for named in [None, Some(&other)] {
        let write = LedgerWrite { guard: named, ..ledger.write(&charge, &even) };
        is_corrupt(ledger.table.commit_posting(&write).await, "posting");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_sixty_four_who_post_one_reference_one_does() {
    let ledger = Ledger::start().await;
    let charge = ledger.charged(1, 0);
    let posting = (0..64).map(|_| ledger.insists(|_| charge.clone()));
    let outcomes = at_once(64, posting).await;
    let count = |wanted| outcomes.iter().filter(|outcome| **outcome == wanted).count();
    assert_eq!((count(Posted::Posted), count(Posted::Repeat)), (1, 63));
    let balances = ledger.balances().await;
    assert_eq!((balances.payable, balances.seq), (-98_000, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn charges_and_refunds_of_one_guard_at_once_bend_no_balance() {
    let ledger = Ledger::start().await;
    let work = (0..40_u32).map(|number| {
        let ledger = &ledger;
        async move {
            let posted = if number % 2 == 0 {
                ledger.insists(|now| ledger.charged(number, now.receivable)).await
            } else {
                ledger.insists(|now| ledger.refunded(u64::from(number), now)).await
            };
            assert_eq!(posted, Posted::Posted);
        }
    });
    at_once(16, work).await;
    let balances = ledger.balances().await;
    assert_eq!((balances.payable, balances.receivable, balances.in_transit), (0, 0, 0));
    let records = ledger.records().await;
    let of_guard = records.iter().flat_map(|p| &p.record.postings);
    let of_guard = of_guard.filter(|posting| posting.account.guard().is_some()).count();
    assert_eq!((records.len(), balances.seq), (40, of_guard as u64));
    assert_eq!(ledger.counts(&records).await, 40);
    assert_eq!(ledger.violations().await, []);
    // The entries have every sequence number once.
    let month = Month::of(noon());
    let page = ledger.table.entries(&ledger.tenant, &ledger.guard, NGN, month, None).await.unwrap();
    let numbers: Vec<u64> = page.entries.iter().map(|entry| entry.seq).collect();
    assert_eq!(numbers, (1..=balances.seq).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn system_accounts_are_added_up_once_however_often_the_stream_says_so() {
    let ledger = Ledger::start().await;
    for number in 0..50 {
        ledger.insists(|now| ledger.charged(number, now.receivable)).await;
    }
    let records = ledger.records().await;
    assert_eq!(records.len(), 50);
    assert_eq!(ledger.counts(&[]).await, 0);
    assert_eq!(ledger.counts(&records[..5]).await, 5);
    // Twice at once, with those that are counted already among them, and some twice in one batch.
    let twice = [records.as_slice(), &records[10..20]].concat();
    let counted = at_once(4, (0..4).map(|_| ledger.counts(&twice))).await;
    assert_eq!(counted.into_iter().sum::<usize>(), 45);
    assert_eq!(ledger.counts(&records).await, 0);
    assert_eq!(ledger.system(AccountKind::Clearing).await, 50 * 98_500);
    assert_eq!(ledger.system(AccountKind::PlatformFees).await, -50 * 500);
    assert_eq!(ledger.system(AccountKind::Bank).await, 0);
    assert_eq!(ledger.violations().await, []);
    assert!(ledger.records().await.iter().all(|posting| posting.counted));
    let stranger = TenantId::new(noon(), [9; 10]);
    let theirs = ledger.table.system_balances(&stranger, NGN).await.unwrap();
    assert_eq!(theirs.values().collect::<BTreeSet<_>>(), BTreeSet::from([&0]));
    // What is not in the ledger is not counted.
    let mut absent = named(&records[..1]);
    absent[0].1 = Reference::refund(999);
    assert_eq!(ledger.table.count_postings(&absent).await.unwrap(), 0);
    assert_eq!(ledger.system(AccountKind::Clearing).await, 50 * 98_500);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_reply_or_a_second_delivery_changes_nothing() {
    let ledger = Ledger::start().await;
    let of = Filter::any().function("tenants").operation("TransactWriteItems");
    for (number, fault) in [(1, Fault::LoseReply), (2, Fault::Twice)] {
        let balances = ledger.balances().await;
        ledger.platform.meter().break_call(1, of.clone(), fault.clone(), false);
        let posted = ledger.writes(&ledger.charged(number, 0), &balances).await;
        assert_eq!(posted, Posted::Posted);
        let records = ledger.records().await;
        let new: Vec<_> = records.into_iter().filter(|posting| !posting.counted).collect();
        ledger.platform.meter().break_call(1, of.clone(), fault, false);
        assert_eq!(ledger.counts(&new).await, 1);
        assert_eq!(ledger.platform.meter().clear_faults(), 0);
    }
    assert_eq!(ledger.balances().await.payable, -2 * 98_000);
    assert_eq!(ledger.violations().await, []);
    // A conflict is tried again; a process that dies in between leaves all or nothing.
    let balances = ledger.balances().await;
    ledger.platform.meter().break_call(1, of.clone(), Fault::transaction_conflict(), false);
    assert_eq!(ledger.writes(&ledger.charged(3, 0), &balances).await, Posted::Posted);
    let balances = ledger.balances().await;
    ledger.platform.meter().break_call(1, of, Fault::Before, true);
    let charge = ledger.charged(4, 0);
    let broken = ledger.table.commit_posting(&ledger.write(&charge, &balances)).await;
    assert!(matches!(broken, Err(StoreError::Unavailable(_))));
    assert_eq!(ledger.balances().await, balances);
}
