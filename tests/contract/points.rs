//! Points: purses and the lines of what happened to them, and the totals of their programmes.

use std::collections::BTreeSet;

use adapters::table::keys::PURSE_SHARDS;
use adapters::table::{DuePurse, PointsPosted, PointsTotals, PointsWrite, StoredPoints, Table};
use domain::customer::CustomerId;
use domain::id::{ProgrammeId, RestaurantId, TenantId};
use domain::page::PageSize;
use domain::points::{
    LineKind, Movement, PointsReference, PointsTransaction, PurchaseReference, Purse,
};
use domain::programme::Award;
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use tessera_tests::{Platform, at_once};

use crate::is_corrupt;
use crate::samples::{noon, tenant};

/// A customer in a programme, and the restaurant where it happens.
struct Regular {
    tenant: TenantId,
    programme: ProgrammeId,
    customer: CustomerId,
    restaurant: RestaurantId,
}

impl Regular {
    fn ada() -> Self {
        Self {
            tenant: tenant(1).id,
            programme: ProgrammeId::new(noon(), [1; 10]),
            customer: CustomerId::parse("ADA").unwrap(),
            restaurant: RestaurantId::new(noon(), [1; 10]),
        }
    }

    fn purchase(&self, name: &str) -> (PointsReference, PurchaseReference) {
        let purchase = PurchaseReference::parse(name).unwrap();
        (PointsReference::purchase(&self.restaurant, &purchase), purchase)
    }

    /// Writes a change of the purse, for a purchase of this name.
    async fn commits(&self, table: &Table, moved: &Movement, name: &str) -> PointsPosted {
        let (reference, purchase) = self.purchase(name);
        let (customer, lines) = (self.customer.clone(), moved.lines.clone());
        let transaction = PointsTransaction { reference, customer, lines };
        let write = PointsWrite {
            tenant: &self.tenant,
            programme: &self.programme,
            transaction: &transaction,
            purse: &moved.purse,
            restaurant: Some(&self.restaurant),
            purchase: Some(&purchase),
            award: Some(Award::Visit),
            at: noon(),
        };
        table.commit_points(&write, None).await.unwrap()
    }

    async fn purse(&self, table: &Table) -> Purse {
        table.purse(&self.tenant, &self.programme, &self.customer).await.unwrap()
    }

    /// Up to so many lines at a time, until there are no more.
    async fn history(&self, table: &Table, most: u32) -> Vec<StoredPoints> {
        let whose = (&self.tenant, &self.programme, &self.customer);
        let size = PageSize::parse(Some(most)).unwrap();
        let (mut all, mut from) = (Vec::new(), None);
        loop {
            let page = table.points_of_customer(whose, size, from.as_ref()).await.unwrap();
            assert!(page.entries.len() <= most as usize);
            all.extend(page.entries);
            from = page.next;
            if from.is_none() {
                return all;
            }
        }
    }

    async fn totals(&self, table: &Table) -> PointsTotals {
        table.points_totals(&self.tenant, &self.programme).await.unwrap()
    }
}

fn earning(purse: &Purse, points: i64, expires_at: Option<Timestamp>) -> Movement {
    let day = (date(2026, 11, 20), None);
    purse.earning(points, day, (None, expires_at), noon()).unwrap().0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_changes_of_one_purse_one_is_written_at_a_time() {
    let platform = Platform::start().await;
    let (table, ada) = (platform.table(), Regular::ada());
    assert_eq!(ada.purse(&table).await, Purse::default());
    let moved = earning(&Purse::default(), 10, None);
    let names: Vec<String> = (0..8).map(|number| format!("r-{number}")).collect();
    let posted = at_once(8, names.iter().map(|name| ada.commits(&table, &moved, name))).await;
    let done = posted.iter().filter(|posted| **posted == PointsPosted::Posted).count();
    let outrun = posted.iter().filter(|posted| **posted == PointsPosted::Outrun).count();
    assert_eq!((done, outrun), (1, 7), "{posted:?}");
    assert_eq!(ada.purse(&table).await, moved.purse);
    let history = ada.history(&table, 100).await;
    assert_eq!(history.len(), 1, "nothing half-written: {history:?}");
    let counted = history[0].purchase.as_ref().unwrap().as_str().to_owned();
    // The same reference again is a repetition, whatever the purse is by then.
    for purse in [Purse::default(), moved.purse.clone()] {
        let again = ada.commits(&table, &earning(&purse, 5, None), &counted).await;
        assert_eq!(again, PointsPosted::Repeat);
    }
    let next = earning(&moved.purse, 5, None);
    assert_eq!(ada.commits(&table, &next, "next").await, PointsPosted::Posted);
    assert_eq!(ada.commits(&table, &next, "late").await, PointsPosted::Outrun);
    assert_eq!(ada.purse(&table).await.free(noon()), 15);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_purchase_is_found_by_its_restaurant_and_reference() {
    let platform = Platform::start().await;
    let (table, ada) = (platform.table(), Regular::ada());
    let moved = earning(&Purse::default(), 10, None);
    assert_eq!(ada.commits(&table, &moved, "r-1").await, PointsPosted::Posted);
    let (reference, purchase) = ada.purchase("r-1");
    let of = (&ada.tenant, &ada.programme);
    let found = table.purchase(of, (&ada.restaurant, &purchase)).await.unwrap().unwrap();
    assert_eq!((found.award, found.balance, found.at), (Some(Award::Visit), 10, noon()));
    assert_eq!(found.transaction.customer, ada.customer);
    assert_eq!(table.points_transaction(of, &reference).await.unwrap(), Some(found));
    let elsewhere = RestaurantId::new(noon(), [2; 10]);
    assert_eq!(table.purchase(of, (&elsewhere, &purchase)).await.unwrap(), None);
    let stranger = tenant(2).id;
    let of = (&stranger, &ada.programme);
    assert_eq!(table.purchase(of, (&ada.restaurant, &purchase)).await.unwrap(), None);
    assert_eq!(table.points_transaction(of, &reference.reversed()).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_history_is_read_page_by_page_the_last_in_front() {
    let platform = Platform::start().await;
    let (table, ada) = (platform.table(), Regular::ada());
    let mut purse = Purse::default();
    for number in 0..7 {
        let moved = earning(&purse, 1, None);
        let name = format!("r-{number}");
        assert_eq!(ada.commits(&table, &moved, &name).await, PointsPosted::Posted);
        purse = moved.purse;
    }
    for most in [1, 3, 7, 100] {
        let history = ada.history(&table, most).await;
        let balances: Vec<i64> = history.iter().map(|stored| stored.balance).collect();
        // All within a millisecond: one after the other as the purse has changed.
        assert_eq!(balances, [7, 6, 5, 4, 3, 2, 1], "{most}");
    }
    let other = Regular { customer: CustomerId::parse("BOLA").unwrap(), ..Regular::ada() };
    assert_eq!(other.history(&table, 100).await, []);
    let stranger = Regular { tenant: tenant(2).id, ..Regular::ada() };
    assert_eq!(stranger.history(&table, 100).await, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_runs_out_makes_a_purse_due_until_it_is_tidied() {
    let platform = Platform::start().await;
    let (table, ada) = (platform.table(), Regular::ada());
    let end = noon() + SignedDuration::from_hours(1);
    let moved = earning(&Purse::default(), 10, Some(end));
    assert_eq!(ada.commits(&table, &moved, "r-1").await, PointsPosted::Posted);
    let due = async |at: Timestamp| -> Vec<DuePurse> {
        let mut all = Vec::new();
        for shard in 0..PURSE_SHARDS {
            all.extend(table.due_purses(shard, at, 10).await.unwrap());
        }
        all
    };
    assert_eq!(due(end - SignedDuration::from_millis(1)).await, []);
    let own = DuePurse {
        tenant: ada.tenant.clone(),
        programme: ada.programme.clone(),
        customer: ada.customer.clone(),
    };
    assert_eq!(due(end).await, std::slice::from_ref(&own));
    let before = end - SignedDuration::from_millis(1);
    assert!(!web::loyalty::points::tidy(&table, &own, before).await.unwrap());
    let tries = (0..8).map(|_| web::loyalty::points::tidy(&table, &own, end));
    let tidied = at_once(8, tries).await.into_iter().map(Result::unwrap);
    assert_eq!(tidied.filter(|tidied| *tidied).count(), 1);
    assert_eq!(due(end).await, []);
    let history = ada.history(&table, 100).await;
    assert_eq!(history[0].transaction.points_of(LineKind::Expired), 10);
    assert_eq!((history.len(), history[0].balance), (2, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn totals_count_each_change_once_however_often_it_comes() {
    let platform = Platform::start().await;
    let (table, ada) = (platform.table(), Regular::ada());
    let other = Regular { programme: ProgrammeId::new(noon(), [2; 10]), ..Regular::ada() };
    assert_eq!(ada.totals(&table).await, PointsTotals::default());
    let mut all = Vec::new();
    for (number, of) in [&ada, &ada, &other].into_iter().enumerate() {
        let moved = earning(&of.purse(&table).await, 10, None);
        let name = format!("r-{number}");
        assert_eq!(of.commits(&table, &moved, &name).await, PointsPosted::Posted);
    }
    for of in [&ada, &other] {
        all.extend(of.history(&table, 100).await);
    }
    // The platform's own stream may be at it as well.
    let twice: Vec<StoredPoints> = all.iter().chain(&all).cloned().collect();
    let tries = (0..8).map(|_| table.count_points(&twice));
    let counted: BTreeSet<bool> =
        at_once(8, tries).await.into_iter().map(|counted| counted.is_ok()).collect();
    assert_eq!(counted, BTreeSet::from([true]));
    platform.quiet().await;
    let issued = |issued| PointsTotals { issued, redeemed: 0, expired: 0 };
    assert_eq!(ada.totals(&table).await, issued(20));
    assert_eq!(other.totals(&table).await, issued(10));
    assert_eq!(table.count_points(&all).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spoiled_points_are_told() {
    let platform = Platform::start().await;
    let (table, ada) = (platform.table(), Regular::ada());
    let moved = earning(&Purse::default(), 10, None);
    assert_eq!(ada.commits(&table, &moved, "r-1").await, PointsPosted::Posted);
    platform.quiet().await;
    let Regular { tenant, programme, customer, restaurant } = &ada;
    platform.plants(&format!("PU#{tenant}#{programme}#{customer}"), "META", "purse", "?").await;
    is_corrupt(table.purse(tenant, programme, customer).await, "purse");
    let (reference, purchase) = ada.purchase("r-1");
    platform.spoils(&format!("PT#{tenant}#{programme}#{reference}"), "META", "balance").await;
    let of = (tenant, programme);
    is_corrupt(table.purchase(of, (restaurant, &purchase)).await, "points");
    is_corrupt(table.points_transaction(of, &reference).await, "points");
    let whose = (tenant, programme, customer);
    is_corrupt(table.points_of_customer(whose, PageSize::largest(), None).await, "points");
    platform.spoils(&format!("PR#{tenant}#{programme}"), "BAL", "issued").await;
    is_corrupt(table.points_totals(tenant, programme).await, "points_totals");
}
