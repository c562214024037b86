//! The check of a whole ledger: right while others write, and it names what is off.

use std::collections::BTreeSet;
use std::time::Duration;

use adapters::audit::{Findings, Scope, audit};
use adapters::table::{LedgerWrite, Month, Place, Posted, StoreError, StoredPosting, Table};
use domain::id::{GuardId, TenantId};
use domain::ledger::{Charge, FeeBearer, PaystackReference, Reference, SettledInto, settlement};
use domain::money::Currency;
use futures::future::join;
use jiff::Timestamp;
use local::{Fault, Filter};
use tessera_tests::{Platform, at_once};

use crate::samples::noon;
use crate::tipping::{after, guard, naira};

const NGN: Currency = Currency::Ngn;
const DAY_S: i64 = 86_400;

struct Books {
    platform: Platform,
    table: Table,
    tenant: TenantId,
}

impl Books {
    async fn open() -> Self {
        let platform = Platform::start().await;
        let (table, tenant) = (platform.table(), platform.owner().tenant.clone());
        Self { platform, table, tenant }
    }

    fn guard(&self, number: u32) -> GuardId {
        guard(&self.tenant, number).id
    }

    fn charge(&self, guard: u32, number: u32) -> Charge {
        Charge {
            reference: PaystackReference::parse(&format!("tip-{guard}-{number}")).unwrap(),
            guard: self.guard(guard),
            currency: NGN,
            tip: 100_000,
            collected: 100_000,
            psp_fee: 1_500,
            platform_fee: 500,
            bearer: FeeBearer::Guard,
        }
    }

    /// A tip for a guard, however many others come at the same moment.
    async fn tips(&self, guard: u32, number: u32, at: Timestamp) -> Posted {
        let charge = self.charge(guard, number);
        loop {
            let balances =
                self.table.guard_balances(&self.tenant, &charge.guard, NGN).await.unwrap();
            let transaction = charge.transaction(balances.receivable).unwrap();
            let write = LedgerWrite {
                tenant: &self.tenant,
                transaction: &transaction,
                guard: Some(&charge.guard),
                balances: &balances,
                tip: None,
                payout: None,
                outbox: None,
                at,
            };
            match self.table.commit_posting(&write).await {
                Ok(Posted::Outrun) | Err(StoreError::Throttled(_)) => {}
                other => return other.unwrap(),
            }
        }
    }

    fn scope(&self) -> Scope {
        Scope {
            tenant: self.tenant.clone(),
            since: noon(),
            now: after(DAY_S),
            currencies: BTreeSet::from([NGN]),
            budget: None,
        }
    }

    async fn checks(&self) -> Findings {
        audit(&self.table, &self.scope()).await.unwrap()
    }

    /// Everything in the order of time.
    async fn all(&self) -> Vec<StoredPosting> {
        let mut found = Vec::new();
        for month in Month::between(noon(), after(40 * DAY_S)) {
            let mut place = Some(Place::before(noon()));
            while let Some(from) = place {
                let until = after(40 * DAY_S);
                let stretch = self.table.postings_behind(&self.tenant, month, &from, until);
                let stretch = stretch.await.unwrap();
                found.extend(stretch.postings);
                place = stretch.next;
            }
        }
        found
    }

    /// Adds everything up in the system's accounts.
    async fn counts(&self) -> usize {
        let named = |posting: StoredPosting| {
            (posting.tenant, posting.record.reference, posting.record.postings)
        };
        let postings: Vec<_> = self.all().await.into_iter().map(named).collect();
        self.table.count_postings(&postings).await.unwrap()
    }
}

fn said(found: &Findings) -> Vec<String> {
    found.violations.iter().map(ToString::to_string).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn transactions_are_read_in_the_order_of_time_across_shards_and_months() {
    let books = Books::open().await;
    let at = |number: u32| after(i64::from(number / 3) * DAY_S / 4);
    let writes = (0..240).map(|number| books.tips(number % 7, number, at(number)));
    assert!(at_once(8, writes).await.iter().all(|posted| *posted == Posted::Posted));
    let all = books.all().await;
    assert_eq!(all.len(), 240);
    let place = |posting: &StoredPosting| (posting.recorded_at, posting.record.reference.clone());
    assert!(all.is_sorted_by_key(place));
    // Behind each of them comes the next one, and nothing is at or behind the end.
    for pair in all.windows(2) {
        let [one, two] = pair else { continue };
        let place = Place { at: one.recorded_at, behind: Some(one.record.reference.clone()) };
        let month = Month::of(one.recorded_at);
        let until = after(40 * DAY_S);
        let next = books.table.postings_behind(&books.tenant, month, &place, until).await.unwrap();
        if Month::of(two.recorded_at) == month {
            assert_eq!(next.postings.first(), Some(two));
        } else {
            assert_eq!((next.postings.first(), next.next), (None, None));
        }
        let end = books.table.postings_behind(&books.tenant, month, &place, one.recorded_at);
        assert_eq!(end.await.unwrap().postings, []);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_that_is_right_is_found_right_while_others_write() {
    let books = Books::open().await;
    assert_eq!(said(&books.checks().await), Vec::<String>::new());
    let writing = async {
        for round in 0..4 {
            let tips = (0..24).map(|number| books.tips(number % 3, round * 24 + number, after(1)));
            at_once(6, tips).await;
            books.counts().await;
        }
    };
    let checking = async {
        for _ in 0..6 {
            assert_eq!(said(&books.checks().await), Vec::<String>::new());
        }
    };
    join(writing, checking).await;
    books.tips(1, 1_000, after(2)).await;
    let found = books.checks().await;
    assert_eq!(said(&found), Vec::<String>::new());
    // Unless the stream was faster than we are.
    assert!(found.complete && found.transactions == 97 && found.waiting <= 1, "{found:?}");
    books.counts().await;
    let found = books.checks().await;
    // Three guards, four of whose accounts nobody has used, and six accounts of the system.
    assert!(found.complete && found.waiting == 0, "{found:?}");
    assert_eq!(found.accounts, 3 * 3 + 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_off_is_named() {
    let books = Books::open().await;
    for number in 0..3 {
        books.tips(1, number, noon()).await;
    }
    books.counts().await;
    assert_eq!(said(&books.checks().await), Vec::<String>::new());
    let (tenant, guard) = (&books.tenant, books.guard(1));

    let purse = format!("AC#{tenant}#guard:{guard}:NGN");
    books.platform.forges(&purse, "BAL", "payable", -294_001).await;
    let off = format!("guard:{guard}:payable:NGN: -294001 is stored, its entries sum to -294000");
    assert_eq!(said(&books.checks().await), [off]);
    books.platform.forges(&purse, "BAL", "payable", -294_000).await;

    let clearing = format!("AC#{tenant}#psp:clearing:NGN");
    books.platform.forges(&clearing, "BAL", "balance", 7).await;
    let off = "psp:clearing:NGN: 7 is stored, its entries sum to 295500";
    assert_eq!(said(&books.checks().await), [off]);
    books.platform.forges(&clearing, "BAL", "balance", 295_500).await;
    assert_eq!(said(&books.checks().await), Vec::<String>::new());

    // A transaction that lost its postings is empty, and the balances know better than it.
    let reference = Reference::charge(&books.charge(1, 2).reference);
    books.platform.spoils(&format!("L#{tenant}#{reference}"), "META", "postings").await;
    let found = said(&books.checks().await);
    let names = |text: &str| found.iter().any(|line| line.contains(text));
    assert!(names(&format!("{reference}: it has no postings")), "{found:?}");
    assert!(names(&format!("guard:{guard}:payable:NGN: -294000 is stored")), "{found:?}");
    assert!(names("psp:clearing:NGN: 295500 is stored, its entries sum to 197000"), "{found:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_without_time_says_so_and_accuses_nobody() {
    let books = Books::open().await;
    books.tips(1, 1, noon()).await;
    let scope = Scope { budget: Some(Duration::ZERO), ..books.scope() };
    let found = audit(&books.table, &scope).await.unwrap();
    assert!(!found.complete && found.violations.is_empty(), "{found:?}");
    // What is off is looked at for two seconds before it counts as off.
    let purse = format!("AC#{}#guard:{}:NGN", books.tenant, books.guard(1));
    books.platform.forges(&purse, "BAL", "payable", -1).await;
    let scope = Scope { budget: Some(Duration::from_millis(200)), ..books.scope() };
    let found = audit(&books.table, &scope).await.unwrap();
    assert!(!found.complete && found.violations.is_empty(), "{found:?}");

    let away = Filter::any().function("tenants").service("dynamodb");
    books.platform.meter().break_call(1, away, Fault::Before, true);
    assert!(audit(&books.table, &books.scope()).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_settlement_has_no_guard_and_is_checked_all_the_same() {
    let books = Books::open().await;
    books.tips(1, 1, noon()).await;
    let settled = settlement(7, SettledInto::Bank, naira(98_500)).unwrap();
    let nobody = adapters::table::GuardBalances::default();
    let write = LedgerWrite {
        tenant: &books.tenant,
        transaction: &settled,
        guard: None,
        balances: &nobody,
        tip: None,
        payout: None,
        outbox: None,
        at: after(1),
    };
    assert_eq!(books.table.commit_posting(&write).await.unwrap(), Posted::Posted);
    books.counts().await;
    let found = books.checks().await;
    assert!(found.complete && found.violations.is_empty(), "{found:?}");
}
