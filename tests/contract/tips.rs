//! Tips: claimed, inserted, replaced by version, found when they are due, and small.

use adapters::table::TipClaim;
use adapters::table::keys::DUE_SHARDS;
use domain::id::{RefundId, TenantId, TipId};
use domain::page::{PageSize, Position};
use domain::tip::{POLL_AFTER_S, RefundWanted, Tip, TipStatus};
use jiff::Timestamp;
use local::{Fault, Filter};
use tessera_tests::{Platform, at_once};

use crate::is_corrupt;
use crate::samples::noon;
use crate::tipping::{after, bytes, checkout, guard, paid, tip};

const NAMED: (&str, &str, &str) = ("visitor", "POST /tips", "k");

fn one(platform: &Platform, number: u32) -> Tip {
    let tenant = &platform.owner().tenant;
    tip(tenant, &guard(tenant, 1).id, number, noon())
}

fn wanted(id: RefundId, amount: Option<i64>) -> RefundWanted {
    RefundWanted { id, amount, reason: RefundWanted::reason("Twice").unwrap(), asker: 1 }
}

fn id(number: u32) -> TipId {
    TipId::new(noon(), bytes(number))
}

async fn claims(platform: &Platform, print: &str, tip: u32, now: Timestamp) -> TipClaim {
    let lease = now + jiff::SignedDuration::from_secs(40);
    platform.table().claim_tip(NAMED, print, &id(tip), lease, now).await.unwrap()
}

fn standing(tip: u32, fingerprint_matches: bool, until: Timestamp) -> TipClaim {
    TipClaim::Standing { tip: id(tip), fingerprint_matches, leased_until: until }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_leads_to_the_tip_of_its_first_request() {
    let platform = Platform::start().await;
    let outcomes = at_once(20, (0..20).map(|tip| claims(&platform, "p", tip, noon()))).await;
    let ours = outcomes.iter().filter(|outcome| **outcome == TipClaim::Ours).count();
    let first = outcomes.iter().find_map(|outcome| match outcome {
        TipClaim::Standing { tip, .. } => Some(tip.clone()),
        TipClaim::Ours => None,
    });
    assert_eq!(ours, 1);
    let lost = TipClaim::Standing {
        tip: first.unwrap(),
        fingerprint_matches: true,
        leased_until: after(40),
    };
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == lost).count(), 19);
    let other = claims(&platform, "other", 30, after(1)).await;
    assert!(matches!(other, TipClaim::Standing { fingerprint_matches: false, .. }));
    let elsewhere = ("visitor", "POST /tips", "l");
    let free = platform.table().claim_tip(elsewhere, "p", &id(31), after(40), noon()).await;
    assert_eq!(free.unwrap(), TipClaim::Ours);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_is_taken_over_once_its_lease_is_over_for_the_same_tip() {
    let platform = Platform::start().await;
    let table = platform.table();
    assert_eq!(claims(&platform, "p", 1, noon()).await, TipClaim::Ours);
    let take = async |holder: u32, tip: u32, now: Timestamp| {
        let lease = now + jiff::SignedDuration::from_secs(40);
        table.take_over_tip_claim(NAMED, &id(tip), &id(holder), lease, now).await.unwrap()
    };
    assert!(!take(2, 1, after(39)).await, "the holder may be at work");
    assert!(!take(2, 9, after(40)).await, "another tip");
    let outcomes = at_once(20, (2..22).map(|holder| take(holder, 1, after(40)))).await;
    assert_eq!(outcomes.into_iter().filter(|taken| *taken).count(), 1);
    assert_eq!(claims(&platform, "p", 30, after(41)).await, standing(1, true, after(80)));
    platform.meter().break_call(
        1,
        Filter::any().function("tenants").operation("UpdateItem"),
        Fault::LoseReply,
        false,
    );
    assert!(take(31, 1, after(80)).await, "the answer was lost, the claim was not");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_is_forgotten_after_two_days_and_known_to_its_holder_before() {
    let platform = Platform::start().await;
    let of = Filter::any().function("tenants").operation("PutItem");
    for (number, fault) in [(1, Fault::LoseReply), (2, Fault::Twice)] {
        let day = after(i64::from(number) * 48 * 3600);
        platform.meter().break_call(1, of.clone(), fault, false);
        assert_eq!(claims(&platform, "p", number, day).await, TipClaim::Ours);
        let last = day + jiff::SignedDuration::from_secs(48 * 3600 - 1);
        assert!(matches!(claims(&platform, "p", 9, last).await, TipClaim::Standing { .. }));
    }
    let inventory = platform.inventory().await;
    let (pk, sk) = inventory.items.keys().find(|(pk, _)| pk.starts_with("I#")).unwrap();
    platform.spoils(pk, sk, "tip").await;
    let again = platform.table().claim_tip(NAMED, "p", &id(3), after(40), noon()).await;
    is_corrupt(again, "tip_claim");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tip_comes_back_as_it_was_written_whatever_has_happened_to_it() {
    let platform = Platform::start().await;
    let table = platform.table();
    let plain = one(&platform, 1);
    let silent = Tip { patron: Default::default(), source_ip: None, ..one(&platform, 2) };
    let refund = RefundId::new(noon(), [1; 10]);
    let rich = paid(one(&platform, 3)).refund(7, 1_000, None).unwrap();
    let rich = rich.ask_refund(wanted(refund, Some(500)), noon()).unwrap().dispute(9).unwrap();
    for tip in [plain, silent, rich] {
        assert_eq!(table.tip(&tip.id).await.unwrap(), None);
        assert!(table.insert_tip(&tip).await.unwrap());
        let read = table.tip(&tip.id).await.unwrap().unwrap();
        assert_eq!((read.tip, read.version), (tip, 1));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tip_is_replaced_by_whoever_has_read_it_last() {
    let platform = Platform::start().await;
    let table = platform.table();
    let first = one(&platform, 1);
    assert!(!table.replace_tip(&first, 1).await.unwrap(), "it is not there");
    assert!(table.insert_tip(&first).await.unwrap());
    let open = first.clone().open(checkout()).unwrap();
    assert!(!table.insert_tip(&open).await.unwrap(), "another one has its id");
    let changes = [open.clone(), first.clone().fail().unwrap(), paid(first.clone())];
    let outcomes = at_once(3, changes.iter().map(|tip| table.replace_tip(tip, 1))).await;
    assert_eq!(outcomes.into_iter().filter(|outcome| *outcome.as_ref().unwrap()).count(), 1);
    assert_eq!(table.tip(&first.id).await.unwrap().unwrap().version, 2);
    let of = Filter::any().function("tenants").operation("PutItem");
    for (read, fault) in [(2, Fault::LoseReply), (3, Fault::Twice)] {
        platform.meter().break_call(1, of.clone(), fault.clone(), false);
        assert!(table.replace_tip(&open, read).await.unwrap());
        let fresh = one(&platform, 10 + u32::try_from(read).unwrap());
        platform.meter().break_call(1, of.clone(), fault, false);
        assert!(table.insert_tip(&fresh).await.unwrap());
        assert_eq!(table.tip(&fresh.id).await.unwrap().unwrap().version, 1);
    }
    assert_eq!(table.tip(&first.id).await.unwrap().unwrap().version, 4);
    assert_eq!(platform.meter().clear_faults(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guards_tips_are_listed_newest_first_page_by_page() {
    let platform = Platform::start().await;
    let (table, tenant) = (platform.table(), platform.owner().tenant.clone());
    let (mine, other) = (guard(&tenant, 1).id, guard(&tenant, 2).id);
    for number in [3, 1, 4, 0, 2] {
        let tip = tip(&tenant, &mine, number, after(i64::from(number)));
        assert!(table.insert_tip(&tip).await.unwrap());
    }
    assert!(table.insert_tip(&tip(&tenant, &other, 9, noon())).await.unwrap());
    let size = PageSize::parse(Some(2)).unwrap();
    let (mut listed, mut from, mut pages) = (Vec::new(), None, 0);
    loop {
        let page = table.tips_of_guard(&tenant, &mine, size, from.as_ref()).await.unwrap();
        listed.extend(page.entries.into_iter().map(|tip| tip.created_at));
        (from, pages) = (page.next, pages + 1);
        if from.is_none() {
            break;
        }
    }
    assert_eq!((listed, pages), ([4, 3, 2, 1, 0].map(after).to_vec(), 3));
    let stranger = TenantId::new(noon(), [9; 10]);
    let page = table.tips_of_guard(&stranger, &mine, size, None).await.unwrap();
    assert_eq!((page.entries, page.next), (Vec::new(), None));
    let nowhere = Position("nowhere".to_owned());
    is_corrupt(table.tips_of_guard(&tenant, &mine, size, Some(&nowhere)).await, "tip");
}

async fn due(platform: &Platform, now: Timestamp) -> Vec<TipId> {
    let mut found = Vec::new();
    for shard in 0..DUE_SHARDS {
        let due = platform.table().due_tips(now, shard, 100).await.unwrap().tips;
        assert!(due.iter().all(|(at, _)| *at <= now) && due.is_sorted_by_key(|(at, _)| *at));
        found.extend(due.into_iter().map(|(_, tip)| tip));
    }
    found.sort();
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tip_is_due_exactly_while_somebody_has_to_ask_about_it() {
    let platform = Platform::start().await;
    let table = platform.table();
    let open = one(&platform, 1).open(checkout()).unwrap();
    assert!(table.insert_tip(&open).await.unwrap());
    let mine = [open.id.clone()];
    assert_eq!(due(&platform, after(POLL_AFTER_S[0] - 1)).await, []);
    assert_eq!(due(&platform, after(POLL_AFTER_S[0])).await, mine);
    let polled = open.polled(after(300)).unwrap();
    assert!(table.replace_tip(&polled, 1).await.unwrap());
    assert_eq!(due(&platform, after(899)).await, []);
    assert_eq!(due(&platform, after(900)).await, mine);
    let paid = paid(Tip { checkout: None, payment: domain::tip::Payment::Initiated, ..polled });
    assert!(table.replace_tip(&paid, 2).await.unwrap());
    let never = after(400 * 86_400);
    assert_eq!(due(&platform, never).await, []);
    let disputed = paid.clone().dispute(9).unwrap();
    assert!(table.replace_tip(&disputed, 3).await.unwrap());
    assert_eq!(due(&platform, after(86_399)).await, []);
    assert_eq!(due(&platform, after(86_400)).await, mine);
    let refund = RefundId::new(noon(), [1; 10]);
    let asked = paid.ask_refund(wanted(refund.clone(), None), noon()).unwrap();
    let look = asked.poll_at().unwrap();
    assert!(table.replace_tip(&asked, 4).await.unwrap());
    assert_eq!(due(&platform, look).await, mine);
    let done = asked.refund(5, 100_000, Some(&refund)).unwrap();
    assert_eq!(done.status(), TipStatus::Refunded);
    assert!(table.replace_tip(&done, 5).await.unwrap());
    assert_eq!(due(&platform, never).await, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_due_is_spread_and_found_longest_due_first() {
    let platform = Platform::start().await;
    let (table, tenant) = (platform.table(), platform.owner().tenant.clone());
    let mine = guard(&tenant, 1).id;
    let mut all = Vec::new();
    for number in 0..64 {
        let tip = tip(&tenant, &mine, number, after(i64::from(64 - number)));
        assert!(table.insert_tip(&tip).await.unwrap());
        all.push(tip.id);
    }
    all.sort();
    assert_eq!(due(&platform, after(1_000)).await, all);
    for shard in 0..DUE_SHARDS {
        let shard = table.due_tips(after(1_000), shard, 100).await.unwrap().tips;
        assert!((1..=24).contains(&shard.len()), "{} of 64 in one of eight", shard.len());
        assert!(shard.is_sorted(), "ids sort by their instant");
    }
    let some = table.due_tips(after(1_000), 0, 1).await.unwrap().tips;
    assert_eq!(some, table.due_tips(after(1_000), 0, 100).await.unwrap().tips[..1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_due_and_cannot_be_read_hides_nothing_else() {
    let platform = Platform::start().await;
    let table = platform.table();
    let open = one(&platform, 1).open(checkout()).unwrap();
    assert!(table.insert_tip(&open).await.unwrap());
    let other = TipId::new(noon(), [9; 10]);
    for shard in 0..DUE_SHARDS {
        let nobody = (format!("TIP#nobody{shard}"), "000000000000000#nobody");
        // A blank comes before each digit, so it is due; but since when?
        for (pk, since) in [nobody, (format!("TIP#{other}"), " soon")] {
            platform.plants(&pk, "META", "GSI3PK", &format!("DUE#tip#{shard}")).await;
            platform.plants(&pk, "META", "GSI3SK", since).await;
        }
        let due = table.due_tips(after(301), shard, 100).await.unwrap();
        assert_eq!(due.unreadable.len(), 2, "{due:?}");
    }
    assert_eq!(due(&platform, after(301)).await, [open.id]);
}

/// The way of `POST /tips` through the table: at most ten write units.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tip_costs_at_most_ten_write_units_until_the_patron_can_pay() {
    let platform = Platform::start().await;
    let (table, meter) = (platform.table(), platform.meter());
    let tip = one(&platform, 1);
    meter.reset();
    for scope in ["tip_address", "tip_code"] {
        table.take(scope, "0123456789abcdef", noon(), 3600, 30).await.unwrap().unwrap();
    }
    let named = ("anonymous", "POST /tips", "8c1c0b0e-5e5f-4d5e-8a0e-3f1f5f2d9a11");
    let print = "0".repeat(64);
    table.claim_tip(named, &print, &tip.id, after(40), noon()).await.unwrap();
    let claimed = meter.write_units("tenants");
    assert!(table.insert_tip(&tip).await.unwrap());
    let inserted = meter.write_units("tenants");
    let open = tip.open(checkout()).unwrap();
    assert!(table.replace_tip(&open, 1).await.unwrap());
    let all = meter.write_units("tenants");
    println!("limits and claim {claimed}, inserted {inserted}, opened {all} write units");
    assert!(all <= 10.0, "{all} write units");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tip_that_cannot_be_read_is_corrupt() {
    let platform = Platform::start().await;
    let (table, tenant) = (platform.table(), platform.owner().tenant.clone());
    let tip = one(&platform, 1);
    assert!(table.insert_tip(&tip).await.unwrap());
    platform.spoils(&format!("TIP#{}", tip.id), "META", "terms").await;
    is_corrupt(table.tip(&tip.id).await, "tip");
    let listed = table.tips_of_guard(&tenant, &tip.guard, PageSize::largest(), None).await;
    is_corrupt(listed, "tip");
}
