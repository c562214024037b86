//! Redemptions, the counters that they are taken from, leases, refusals and wrong tries.

use adapters::table::{AtTill, Attempt, Redeemed, Source};
use domain::customer::CustomerId;
use domain::enrolment::Enrolment;
use domain::id::{DeviceId, KeyId, LeaseId, RedemptionId, ScanId};
use domain::lease::{Lease, LeaseRefused, LeaseStatus};
use domain::page::PageSize;
use domain::redemption::{
    CodeForm, CodeRead, Decided, Found, Offline, RedeemRefused, RedeemedBy, RollbackRefused, Stood,
    Wanted,
};
use domain::voucher::{Limits, Voucher, VoucherChange, VoucherState};
use jiff::Timestamp;
use tessera_tests::{Platform, at_once};

use crate::is_corrupt;
use crate::samples::noon;
use crate::tipping::{after, answered, bytes};
use crate::vouchers::{change, published};

const DAY_S: i64 = 24 * 3_600;

fn wanted(voucher: &Voucher, number: u32, at: Timestamp) -> Wanted {
    Wanted {
        id: RedemptionId::new(noon(), bytes(number)),
        code: CodeRead::Shared(CodeForm::Short),
        business: voucher.business.clone(),
        customer: None,
        amount: None,
        by: RedeemedBy::Key(KeyId::new(noon(), bytes(1))),
        at,
        offline: None,
    }
}

fn decided(voucher: &Voucher, wanted: Wanted) -> Decided {
    let found = Found { voucher: voucher.clone(), batch: None, claim: None, balance: None };
    wanted.decide(found).unwrap()
}

async fn commits(platform: &Platform, voucher: &Voucher, decided: &Decided) -> Redeemed {
    let table = platform.table();
    table
        .commit_redemption(decided, voucher, (None, false), &Source::Limit, |_| None)
        .await
        .unwrap()
}

/// Redeems it anew; says why not.
async fn redeems(
    platform: &Platform,
    voucher: &Voucher,
    number: u32,
    at: Timestamp,
) -> Result<(), RedeemRefused> {
    match commits(platform, voucher, &decided(voucher, wanted(voucher, number, at))).await {
        Redeemed::Done(_) => Ok(()),
        Redeemed::Refused(why) => Err(why),
        other => panic!("{other:?}"),
    }
}

fn lease(voucher: &Voucher, number: u32, count: u32) -> Lease {
    let (expires_at, returns_at) = Lease::ends(noon(), None, voucher.terms.expires_at);
    Lease {
        id: LeaseId::new(noon(), bytes(number)),
        tenant: voucher.tenant.clone(),
        device: DeviceId::new(noon(), bytes(1)),
        business: voucher.business.clone(),
        voucher: voucher.id.clone(),
        batch: None,
        shard: 0,
        granted: count,
        used: 0,
        expires_at,
        returns_at,
        status: LeaseStatus::Open,
        created_at: noon(),
        version: 1,
    }
}

async fn leases(
    platform: &Platform,
    voucher: &Voucher,
    number: u32,
    count: u32,
) -> Result<Lease, LeaseRefused> {
    let (claim, answer) = answered(platform, &format!("lease {number}")).await;
    let table = platform.table();
    let reply = |_: &Lease| (claim.clone(), answer.clone());
    table.insert_lease(&lease(voucher, number, count), voucher, reply).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_in_all_is_kept_by_one_counter_and_by_several() {
    for peak in [None, Some(900)] {
        let platform = Platform::start().await;
        let limits = Limits { total: Some(10), peak_per_second: peak, ..Limits::default() };
        let voucher = published(&platform.table(), 1, limits).await;
        let all = (0..40).map(|number| redeems(&platform, &voucher, number, noon()));
        let outcomes = at_once(40, all).await;
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 10, "{peak:?}");
        assert!(outcomes.contains(&Err(RedeemRefused::LimitReached)));
        assert_eq!(platform.table().voucher_left(&voucher).await.unwrap(), Some(0));
        let way = platform.table().limit_stands_in_the_way(&voucher, None, noon()).await.unwrap();
        assert_eq!(way, Some(RedeemRefused::LimitReached));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_begins_where_the_voucher_is_and_has_its_own_limit() {
    let platform = Platform::start().await;
    let limits = Limits { per_day: Some(2), ..Limits::default() };
    let voucher = published(&platform.table(), 1, limits).await;
    // Midnight in Lagos is eleven hours after noon in UTC.
    let midnight = 11 * 3_600;
    let redeems = async |number, second| redeems(&platform, &voucher, number, after(second)).await;
    let full = Err(RedeemRefused::DayLimitReached);
    assert_eq!(redeems(1, 0).await, Ok(()));
    assert_eq!(redeems(2, midnight - 1).await, Ok(()));
    assert_eq!(redeems(3, midnight - 1).await, full);
    let table = platform.table();
    let way = async |second| table.limit_stands_in_the_way(&voucher, None, after(second)).await;
    assert_eq!(way(midnight - 1).await.unwrap(), Some(RedeemRefused::DayLimitReached));
    assert_eq!(way(midnight).await.unwrap(), None);
    let next = (10..30).map(|number| redeems(number, midnight));
    let outcomes = at_once(20, next).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 2);
    assert_eq!(redeems(40, midnight - 1).await, full, "another clock is behind");
    assert_eq!(table.voucher_left(&voucher).await.unwrap(), None, "there is no limit in all");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_voucher_without_limits_is_open_or_says_why_not() {
    let platform = Platform::start().await;
    let voucher = published(&platform.table(), 1, Limits::default()).await;
    let (table, end) = (platform.table(), DAY_S);
    assert_eq!(redeems(&platform, &voucher, 1, after(end - 1)).await, Ok(()));
    let paused = voucher.clone().changed(VoucherChange::Pause, noon()).unwrap();
    table.replace_voucher(&paused, &voucher, &change(&paused)).await.unwrap().unwrap();
    // Who has read it before the change hears of it in the write.
    let refused = redeems(&platform, &voucher, 2, noon()).await;
    assert_eq!(refused, Err(RedeemRefused::NotPublished(VoucherState::Paused)));
    let way = table.limit_stands_in_the_way(&voucher, None, noon()).await.unwrap();
    assert_eq!(way, refused.err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_unique_code_is_redeemed_once_and_again_after_it_was_taken_back() {
    let platform = Platform::start().await;
    let limits = Limits { total: Some(5), per_day: Some(3), ..Limits::default() };
    let voucher = published(&platform.table(), 1, limits).await;
    let customer = CustomerId::parse("ada").unwrap();
    let code = CodeRead::User { customer, issued_at: noon(), index: 1 };
    let id = code.redemption(&voucher.id).unwrap();
    let mut first = decided(&voucher, wanted(&voucher, 1, noon()));
    first.unique = true;
    first.redemption.id = id.clone();
    let tries = (0..20).map(|_| commits(&platform, &voucher, &first));
    let outcomes = at_once(20, tries).await;
    let done = outcomes.iter().filter(|outcome| matches!(outcome, Redeemed::Done(_))).count();
    assert_eq!(done, 1, "{outcomes:?}");
    let refused = Redeemed::Refused(RedeemRefused::AlreadyRedeemed { at: noon() });
    assert!(outcomes.contains(&refused), "{outcomes:?}");
    let table = platform.table();
    let left = async || table.voucher_left(&voucher).await.unwrap();
    let back = async |key: &str, second| {
        let redemption = table.redemption(&voucher.tenant, &id).await.unwrap().unwrap();
        let stood = Stood { redemption, voucher: voucher.clone(), claim: None, balance: None };
        let back = stood.take_back(after(second)).unwrap();
        let answer = answered(&platform, key).await;
        table.commit_rollback(&back, &voucher, after(second), answer).await.unwrap()
    };
    assert_eq!(left().await, Some(4));
    assert_eq!(back("one", 1).await, Ok(()));
    assert_eq!(left().await, Some(5));
    let again = commits(&platform, &voucher, &first).await;
    assert!(matches!(again, Redeemed::Done(_)), "{again:?}");
    // The day has got its one back too: two more of three, and no third.
    assert_eq!(redeems(&platform, &voucher, 2, noon()).await, Ok(()));
    assert_eq!(redeems(&platform, &voucher, 3, noon()).await, Ok(()));
    let full = Err(RedeemRefused::DayLimitReached);
    assert_eq!(redeems(&platform, &voucher, 4, noon()).await, full);
    // What was read before is not what is there.
    let redemption = table.redemption(&voucher.tenant, &id).await.unwrap().unwrap();
    let stood = Stood { redemption, voucher: voucher.clone(), claim: None, balance: None };
    let stale = stood.take_back(after(2)).unwrap();
    assert_eq!(back("two", 2).await, Ok(()));
    let answer = answered(&platform, "three").await;
    let late = table.commit_rollback(&stale, &voucher, after(2), answer).await.unwrap();
    assert_eq!(late, Err(RollbackRefused::Changed));
    assert_eq!(left().await, Some(3));
    platform.spoils(&format!("R#{}#{id}", voucher.tenant), "META", "redemption").await;
    is_corrupt(table.redemption(&voucher.tenant, &id).await, "redemption");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_device_brings_again_stands_even_after_it_was_taken_back() {
    let platform = Platform::start().await;
    let voucher =
        published(&platform.table(), 1, Limits { total: Some(5), ..Limits::default() }).await;
    let offline =
        |named: &str| Some(Offline { named: named.to_owned(), lease: None, synced_at: noon() });
    let mut first =
        decided(&voucher, Wanted { offline: offline("a"), ..wanted(&voucher, 1, noon()) });
    first.unique = true;
    assert!(matches!(commits(&platform, &voucher, &first).await, Redeemed::Done(_)));
    assert!(matches!(commits(&platform, &voucher, &first).await, Redeemed::Stands(_)));
    let table = platform.table();
    let redemption = first.redemption.clone();
    let stood = Stood { redemption, voucher: voucher.clone(), claim: None, balance: None };
    let back = stood.take_back(after(1)).unwrap();
    let answer = answered(&platform, "back").await;
    table.commit_rollback(&back, &voucher, after(1), answer).await.unwrap().unwrap();
    let again = commits(&platform, &voucher, &first).await;
    assert!(matches!(again, Redeemed::Stands(_)), "{again:?}");
    assert_eq!(table.voucher_left(&voucher).await.unwrap(), Some(5));
    let mut other = first.clone();
    other.redemption.offline = offline("b");
    assert!(matches!(commits(&platform, &voucher, &other).await, Redeemed::Done(_)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leases_and_redemptions_together_never_exceed_the_limit() {
    let platform = Platform::start().await;
    let limits = Limits { total: Some(10), per_day: Some(8), ..Limits::default() };
    let voucher = published(&platform.table(), 1, limits).await;
    let table = platform.table();
    let taken = at_once(6, (0..6).map(|number| leases(&platform, &voucher, number, 3))).await;
    let granted: u32 = taken.iter().flatten().map(|lease| lease.granted).sum();
    assert_eq!(granted, 8, "{taken:?}");
    assert!(taken.contains(&Err(LeaseRefused::NothingLeft)));
    let held = taken.iter().flatten().find(|lease| lease.granted == 3).unwrap().clone();
    let full = Err(RedeemRefused::DayLimitReached);
    assert_eq!(redeems(&platform, &voucher, 1, noon()).await, full);
    let of = decided(&voucher, wanted(&voucher, 2, noon()));
    let spends = async |lease: Lease, decided: &Decided| {
        let source = Source::Lease(Box::new(lease.spend().unwrap()));
        table.commit_redemption(decided, &voucher, (None, false), &source, |_| None).await.unwrap()
    };
    assert!(matches!(spends(held.clone(), &of).await, Redeemed::Done(_)));
    let other = decided(&voucher, wanted(&voucher, 3, noon()));
    assert_eq!(
        spends(held.clone(), &other).await,
        Redeemed::Changed,
        "it was spent from meanwhile"
    );
    let whose = (&voucher.tenant, &held.device);
    let now = table.lease(whose, &held.id).await.unwrap().unwrap();
    assert_eq!((now.used, now.left()), (1, 2));
    let due = async |at| {
        let mut all = Vec::new();
        for shard in 0..adapters::table::keys::LEASE_SHARDS {
            all.extend(table.due_leases(shard, at, 10).await.unwrap());
        }
        all
    };
    let opened = taken.iter().flatten().count();
    assert_eq!(due(after(DAY_S)).await, []);
    assert_eq!(due(after(2 * DAY_S)).await.len(), opened);
    let returned = table.return_lease(now.clone(), true).await.unwrap().unwrap();
    assert_eq!((returned.status, returned.left()), (LeaseStatus::Returned, 0));
    assert_eq!(table.return_lease(now, true).await.unwrap(), Err(LeaseRefused::Changed));
    assert_eq!(table.return_lease(returned, true).await.unwrap(), Err(LeaseRefused::Returned));
    assert_eq!(due(after(2 * DAY_S)).await.len(), opened - 1);
    assert_eq!(table.voucher_left(&voucher).await.unwrap(), Some(4));
    let all = table.leases_of_device(&voucher.tenant, &held.device).await.unwrap();
    assert_eq!(all.len(), opened);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_device_takes_no_lease_and_those_it_has_are_due() {
    let platform = Platform::start().await;
    let limits = Limits { total: Some(9), ..Limits::default() };
    let voucher = published(&platform.table(), 1, limits).await;
    let (table, tenant) = (platform.table(), &voucher.tenant);
    let held = leases(&platform, &voucher, 1, 2).await.unwrap();
    let back = leases(&platform, &voucher, 2, 2).await.unwrap();
    let back = table.return_lease(back, true).await.unwrap().unwrap();
    let whose = (tenant.clone(), voucher.business.clone());
    let device = Enrolment::invite(held.device.clone(), whose, "Till 1".to_owned(), noon());
    let answer = answered(&platform, "device").await;
    assert!(table.insert_enrolment(&device, "c", answer).await.unwrap());
    table.commit_revocation(&device.revoke()).await.unwrap().unwrap();
    assert_eq!(leases(&platform, &voucher, 3, 2).await, Err(LeaseRefused::Revoked));
    assert_eq!(table.voucher_left(&voucher).await.unwrap(), Some(7));
    let recalled = Lease { returns_at: after(60), version: 2, ..held.clone() };
    for second in [60, 90] {
        table.recall_leases((tenant, &held.device), after(second)).await.unwrap();
        let all = table.leases_of_device(tenant, &held.device).await.unwrap();
        assert_eq!(all, [recalled.clone(), back.clone()]);
    }
    let nobody = DeviceId::new(noon(), bytes(2));
    table.recall_leases((tenant, &nobody), noon()).await.unwrap();
    platform.spoils(&format!("LE#{tenant}#{}", held.device), held.id.as_str(), "lease").await;
    is_corrupt(table.recall_leases((tenant, &held.device), noon()).await, "lease");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_business_sees_redemptions_and_refusals_newest_first() {
    let platform = Platform::start().await;
    let voucher = published(&platform.table(), 1, Limits::default()).await;
    let (table, tenant) = (platform.table(), voucher.tenant.clone());
    for number in 0..4 {
        let second = i64::from(number) * 2;
        redeems(&platform, &voucher, number, after(second)).await.unwrap();
        let attempt = Attempt {
            id: ScanId::new(noon(), bytes(number)),
            tenant: tenant.clone(),
            business: voucher.business.clone(),
            voucher: (number > 1).then(|| voucher.id.clone()),
            form: None,
            by: RedeemedBy::Device(DeviceId::new(noon(), bytes(1))),
            reason: "code_unknown".to_owned(),
            at: after(second + 1),
        };
        table.append_attempt(&attempt).await.unwrap();
        table.append_attempt(&attempt).await.unwrap();
    }
    let (whose, size) = ((&tenant, &voucher.business), PageSize::parse(Some(5)).unwrap());
    let first = table.at_till(whose, None, size, None).await.unwrap();
    let rest = table.at_till(whose, None, size, first.next.as_ref()).await.unwrap();
    assert_eq!((first.entries.len(), rest.entries.len()), (5, 3));
    let refused = |line: &AtTill| matches!(line, AtTill::Refused(_));
    let turns: Vec<bool> = first.entries.iter().chain(&rest.entries).map(refused).collect();
    assert_eq!(turns, [true, false, true, false, true, false, true, false]);
    let of = table.at_till(whose, Some(&voucher.id), PageSize::largest(), None).await.unwrap();
    assert_eq!(of.entries.len(), 6, "two refusals are of no voucher that is known");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_tries_are_taken_at_once_and_right_ones_given_back() {
    let platform = Platform::start().await;
    let voucher = published(&platform.table(), 1, Limits::default()).await;
    let (table, whose) = (platform.table(), (&voucher.tenant, &voucher.business));
    let taken = at_once(20, (0..20).map(|_| table.take_try(whose, noon()))).await;
    let taken: Vec<_> = taken.into_iter().flat_map(Result::unwrap).collect();
    assert_eq!(taken.len(), 5);
    let many = table.take_try(whose, noon()).await.unwrap();
    assert_eq!(many, Err(RedeemRefused::CodesBusy { retry_after_s: 1 }), "they are under way");
    for (number, one) in taken.into_iter().enumerate() {
        table.end_try(whose, one, number < 2).await.unwrap();
    }
    for _ in 0..2 {
        let one = table.take_try(whose, after(899)).await.unwrap().unwrap();
        table.end_try(whose, one, false).await.unwrap();
    }
    let over = table.take_try(whose, after(899)).await.unwrap();
    assert_eq!(over, Err(RedeemRefused::TooManyTries { retry_after_s: 1 }));
    assert!(table.take_try(whose, after(900)).await.unwrap().is_ok(), "a new quarter of an hour");
}
