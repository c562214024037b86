//! The ledger's transactions and entries in pages, what they cost, and those that cannot be read.

use std::collections::BTreeMap;

use adapters::table::{GuardBalances, LedgerWrite, Month, Posted};
use domain::ledger::{Account, AccountKind, Posting, Reference, Transaction, settlement};
use domain::page::Position;

use crate::account_book::{Ledger, NGN, news};
use crate::is_corrupt;
use crate::samples::noon;
use crate::tipping::{after, checkout, naira, tip};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn transactions_and_entries_are_read_page_by_page_and_month_by_month() {
    let ledger = Ledger::start().await;
    let (month, next) = (Month::of(noon()), Month::of(after(11 * 86_400)));
    for number in 0..105 {
        // The last few belong to December.
        let at = if number < 102 { after(i64::from(number)) } else { after(11 * 86_400) };
        let balances = ledger.balances().await;
        let charge = ledger.charged(number, 0);
        let write = LedgerWrite { at, ..ledger.write(&charge, &balances) };
        assert_eq!(ledger.table.commit_posting(&write).await.unwrap(), Posted::Posted);
    }
    let read = async |month: Month| {
        let (mut numbers, mut from, mut pages) = (Vec::new(), None, 0);
        loop {
            let (tenant, guard) = (&ledger.tenant, &ledger.guard);
            let page = ledger.table.entries(tenant, guard, NGN, month, from.as_ref()).await;
            let page = page.unwrap();
            numbers.extend(page.entries.into_iter().map(|entry| entry.seq));
            (from, pages) = (page.next, pages + 1);
            if from.is_none() {
                return (numbers, pages);
            }
        }
    };
    assert_eq!(read(month).await, ((1..=102).collect(), 2));
    assert_eq!(read(next).await, ((103..=105).collect(), 1));
    assert_eq!(ledger.records().await.len(), 102);
    assert_eq!(month.to_string(), "2026-11");
    let months: Vec<String> =
        Month::between(noon(), after(80 * 86_400)).map(|m| m.to_string()).collect();
    assert_eq!(months, ["2026-11", "2026-12", "2027-01", "2027-02"]);
    assert_eq!(Month::between(after(80 * 86_400), noon()).count(), 0);
    let nowhere = Position("nowhere".to_owned());
    let page = ledger.table.postings_of_month(&ledger.tenant, month, 0, Some(&nowhere)).await;
    is_corrupt(page, "posting");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_without_a_guard_moves_no_balance_of_one() {
    let ledger = Ledger::start().await;
    let into = domain::ledger::SettledInto::Bank;
    let transaction = settlement(5, into, naira(40_000)).unwrap();
    let zero = GuardBalances::default();
    let write = LedgerWrite { guard: None, ..ledger.write(&transaction, &zero) };
    assert_eq!(ledger.table.commit_posting(&write).await.unwrap(), Posted::Posted);
    assert_eq!(ledger.table.commit_posting(&write).await.unwrap(), Posted::Repeat);
    let records = ledger.records().await;
    assert_eq!(ledger.counts(&records).await, 1);
    let balances: BTreeMap<_, _> = ledger.table.system_balances(&ledger.tenant, NGN).await.unwrap();
    assert_eq!(balances[&Account::new(AccountKind::Bank, NGN)], 40_000);
    assert_eq!((balances.len(), ledger.balances().await), (6, zero));
    assert_eq!(ledger.violations().await, []);
}

/// `charge.success` from the inbox to the ledger, in the usual case and for a guard who owes something.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn applying_a_charge_costs_at_most_twenty_six_write_units() {
    let ledger = Ledger::start().await;
    let meter = ledger.platform.meter();
    let raw = "x".repeat(2_500);
    for (number, owed, most) in [(1, 0, 26.0), (2, 30_000, 30.0)] {
        let unpaid = tip(&ledger.tenant, &ledger.guard, number, noon());
        assert!(ledger.table.insert_tip(&unpaid).await.unwrap());
        let open = unpaid.open(checkout()).unwrap();
        assert!(ledger.table.replace_tip(&open, 1).await.unwrap());
        let paid = open.succeed(domain::tip::Credit { gross: 100_000, fees: 1_500 }, noon());
        let paid = paid.unwrap();
        if owed > 0 {
            let guard = ledger.guard.clone();
            let rows = [
                (AccountKind::Payable(guard.clone()), 98_000),
                (AccountKind::Receivable(guard), owed),
                (AccountKind::Clearing, -98_000 - owed),
            ];
            let rows =
                rows.map(|(kind, minor)| Posting { account: Account::new(kind, NGN), minor });
            let lent = Transaction::build(Reference::refund(1), rows.into()).unwrap();
            let balances = ledger.balances().await;
            assert_eq!(ledger.writes(&lent, &balances).await, Posted::Posted);
        }
        let balances = ledger.balances().await;
        assert_eq!(balances.receivable, owed);
        let transaction = paid.charge().unwrap().transaction(owed).unwrap();
        let notice = news(&paid).into();
        let write = LedgerWrite {
            tip: Some((&paid, 2)),
            outbox: Some(&notice),
            ..ledger.write(&transaction, &balances)
        };
        meter.reset();
        let (tenant, reference) = (&ledger.tenant, paid.reference());
        let kept =
            ledger.table.insert_webhook(tenant, reference.as_str(), "charge.success", &raw, noon());
        assert!(kept.await.unwrap());
        let inbox = meter.write_units("tenants");
        assert_eq!(ledger.table.commit_posting(&write).await.unwrap(), Posted::Posted);
        let posted = meter.write_units("tenants");
        let new: Vec<_> = ledger.records().await.into_iter().filter(|p| !p.counted).collect();
        let count = ledger.counts(&new).await;
        let counted = meter.write_units("tenants");
        println!(
            "owed {owed}: inbox {inbox}, posted {}, {count} counted {} write units",
            posted - inbox,
            counted - posted,
        );
        assert!(posted <= most, "{posted} write units");
    }
}

/// Added up in groups, a transaction costs its own mark and a small part of the accounts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn adding_up_costs_little_more_than_the_marks() {
    let ledger = Ledger::start().await;
    for number in 0..40 {
        ledger.insists(|now| ledger.charged(number, now.receivable)).await;
    }
    let records = ledger.records().await;
    ledger.platform.meter().reset();
    assert_eq!(ledger.counts(&records).await, 40);
    let each = ledger.platform.meter().write_units("tenants") / 40.0;
    println!("{each} write units a transaction");
    assert!(each <= 3.2, "{each} write units");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_read_of_the_ledger_is_corrupt() {
    let ledger = Ledger::start().await;
    let charge = ledger.charged(1, 0);
    ledger.writes(&charge, &GuardBalances::default()).await;
    let records = ledger.records().await;
    ledger.counts(&records).await;
    let (tenant, guard) = (&ledger.tenant, &ledger.guard);
    let pk = format!("L#{tenant}#{}", charge.reference());
    let spoils = async |pk: &str, sk: &str, name: &str| ledger.platform.spoils(pk, sk, name).await;
    spoils(&pk, "META", "at").await;
    is_corrupt(ledger.table.posting(tenant, charge.reference()).await, "posting");
    spoils(&pk, "E#0", "minor").await;
    let month = Month::of(noon());
    is_corrupt(ledger.table.entries(tenant, guard, NGN, month, None).await, "entry");
    spoils(&format!("AC#{tenant}#guard:{guard}:NGN"), "BAL", "payable").await;
    is_corrupt(ledger.table.guard_balances(tenant, guard, NGN).await, "guard_balances");
    spoils(&format!("AC#{tenant}#psp:clearing:NGN"), "BAL", "balance").await;
    let clearing = Account::new(AccountKind::Clearing, NGN);
    is_corrupt(ledger.table.system_balance(tenant, &clearing).await, "system_balance");
    is_corrupt(ledger.table.system_balances(tenant, NGN).await, "system_balance");
}
