//! A ledger to be written to, and what is off in it.

use adapters::table::keys::LEDGER_SHARDS;
use adapters::table::{
    GuardBalances, LedgerWrite, Month, Posted, StoreError, StoredPosting, Table,
};
use domain::id::{GuardId, TenantId, TipId};
use domain::ledger::{
    Account, AccountKind, Charge, FeeBearer, PaystackReference, Posting, Record, Reference,
    Transaction, Violation, check,
};
use domain::money::Currency;
use domain::notice::{News, Notice};
use domain::tip::Tip;
use tessera_tests::Platform;

use crate::samples::noon;
use crate::tipping::{bytes, guard, naira};

pub(crate) const NGN: Currency = Currency::Ngn;
/// Tries of somebody who keeps being outrun by 63 others.
const TRIES_MAX: usize = 200;

/// A ledger with one guard.
pub(crate) struct Ledger {
    pub(crate) platform: Platform,
    pub(crate) table: Table,
    pub(crate) tenant: TenantId,
    pub(crate) guard: GuardId,
}

impl Ledger {
    pub(crate) async fn start() -> Self {
        let platform = Platform::start().await;
        let (table, tenant) = (platform.table(), platform.owner().tenant.clone());
        let guard = guard(&tenant, 1).id;
        Self { platform, table, tenant, guard }
    }

    pub(crate) async fn balances(&self) -> GuardBalances {
        self.table.guard_balances(&self.tenant, &self.guard, NGN).await.unwrap()
    }

    pub(crate) async fn writes(
        &self,
        transaction: &Transaction,
        balances: &GuardBalances,
    ) -> Posted {
        self.table.commit_posting(&self.write(transaction, balances)).await.unwrap()
    }

    pub(crate) fn write<'a>(
        &'a self,
        transaction: &'a Transaction,
        balances: &'a GuardBalances,
    ) -> LedgerWrite<'a> {
        LedgerWrite {
            tenant: &self.tenant,
            transaction,
            guard: Some(&self.guard),
            balances,
            tip: None,
            payout: None,
            outbox: None,
            at: noon(),
        }
    }

    pub(crate) fn charge(&self, number: u32) -> Charge {
        Charge {
            reference: PaystackReference::of(&TipId::new(noon(), bytes(number))),
            guard: self.guard.clone(),
            currency: NGN,
            tip: 100_000,
            collected: 100_000,
            psp_fee: 1_500,
            platform_fee: 500,
            bearer: FeeBearer::Guard,
        }
    }

    pub(crate) fn charged(&self, number: u32, receivable: i64) -> Transaction {
        self.charge(number).transaction(receivable).unwrap()
    }

    /// A refund of one charge in full, as the balances allow it.
    pub(crate) fn refunded(&self, id: u64, balances: &GuardBalances) -> Transaction {
        let shares = self.charge(1).shares().unwrap();
        let back = domain::ledger::GiveBack {
            reference: Reference::refund(id),
            guard: self.guard.clone(),
            currency: NGN,
            shares,
            before: 0,
            wanted: 100_000,
            available: -balances.payable,
        };
        domain::ledger::give_back(&back).unwrap().transaction.unwrap()
    }

    /// Builds the transaction anew until it is written.
    pub(crate) async fn insists(&self, build: impl Fn(&GuardBalances) -> Transaction) -> Posted {
        for _ in 0..TRIES_MAX {
            let balances = self.balances().await;
            match self.table.commit_posting(&self.write(&build(&balances), &balances)).await {
                Ok(Posted::Outrun) | Err(StoreError::Throttled(_)) => {}
                other => return other.unwrap(),
            }
        }
        panic!("outrun {TRIES_MAX} times");
    }

    /// Everything that stands in the ledger.
    pub(crate) async fn records(&self) -> Vec<StoredPosting> {
        let mut found = Vec::new();
        for shard in 0..LEDGER_SHARDS {
            let mut from = None;
            loop {
                let month = Month::of(noon());
                let page = self.table.postings_of_month(&self.tenant, month, shard, from.as_ref());
                let page = page.await.unwrap();
                found.extend(page.entries);
                from = page.next;
                if from.is_none() {
                    break;
                }
            }
        }
        found
    }

    /// What is off, once everything is added up.
    pub(crate) async fn violations(&self) -> Vec<Violation> {
        let records: Vec<Record> = self.records().await.into_iter().map(|p| p.record).collect();
        let mut balances = self.table.system_balances(&self.tenant, NGN).await.unwrap();
        let mine = self.balances().await;
        let guard = || self.guard.clone();
        balances.extend([
            (Account::new(AccountKind::Payable(guard()), NGN), mine.payable),
            (Account::new(AccountKind::InTransit(guard()), NGN), mine.in_transit),
            (Account::new(AccountKind::Receivable(guard()), NGN), mine.receivable),
        ]);
        check(&records, &balances)
    }

    pub(crate) async fn counts(&self, postings: &[StoredPosting]) -> usize {
        self.table.count_postings(&named(postings)).await.unwrap()
    }

    pub(crate) async fn system(&self, kind: AccountKind) -> i64 {
        self.table.system_balance(&self.tenant, &Account::new(kind, NGN)).await.unwrap()
    }
}

pub(crate) fn named(postings: &[StoredPosting]) -> Vec<(TenantId, Reference, Vec<Posting>)> {
    let named = |posting: &StoredPosting| {
        let Record { reference, postings } = posting.record.clone();
        (posting.tenant.clone(), reference, postings)
    };
    postings.iter().map(named).collect()
}

pub(crate) fn news(tip: &Tip) -> Notice {
    let alias = Some("Chidi".to_owned());
    let news = News::TipReceived { tip: tip.id.clone(), net: naira(98_000), alias };
    Notice { tenant: tip.tenant.clone(), guard: tip.guard.clone(), at: noon(), news }
}
