//! Businesses, vouchers with their codes and counters, printings, and the status list.

use adapters::table::{Answer, BatchInserted, Claim, ClaimOutcome, Table, TypedCode};
use domain::audit::{Actor, AuditChange, Facts, Operation};
use domain::business::{Business, BusinessProfile};
use domain::campaign::{Batch, BatchRefused, BatchWishes};
use domain::id::{BatchId, BusinessId, TenantId, VoucherId};
use domain::page::PageSize;
use domain::redemption::CodeForm;
use domain::short_code::{ShortCode, StaticCode};
use domain::voucher::{
    Benefit, Design, Limits, Voucher, VoucherChange, VoucherRefused, VoucherStatus, VoucherWishes,
};
use futures::future::join_all;
use jiff::SignedDuration;
use tessera_tests::Platform;

use crate::is_corrupt;
use crate::samples::{noon, tenant};

async fn saved(table: &Table, key: &str) -> (Claim, Answer) {
    let claimed = table.claim(("test", "test", key), key, key.to_owned(), noon()).await.unwrap();
    let ClaimOutcome::Ours(claim) = claimed else { panic!("{key}: {claimed:?}") };
    (claim, Answer { status: 201, body: "{}".to_owned() })
}

fn business(tenant: &TenantId, number: u8, name: &str) -> Business {
    let profile = BusinessProfile { name: name.to_owned(), locations: Vec::new() };
    Business::open(BusinessId::new(noon(), [number; 10]), tenant.clone(), profile, noon())
}

fn voucher(tenant: &TenantId, number: u8, limits: Limits) -> Voucher {
    let wishes = VoucherWishes {
        title: "Free coffee".to_owned(),
        description: String::new(),
        terms: String::new(),
        benefit: Benefit::FreeItem { item: "A coffee".to_owned() },
        valid_from: None,
        expires_at: noon() + SignedDuration::from_hours(24),
        limits,
        claim_required: false,
        rollback_s: None,
        design: Design::default(),
    };
    Voucher {
        id: VoucherId::new(noon(), [number; 10]),
        tenant: tenant.clone(),
        business: BusinessId::new(noon(), [1; 10]),
        terms: wishes.check(noon()).unwrap(),
        status: VoucherStatus::Draft,
        index: u32::from(number),
        short: ShortCode::generate([number; 16]),
        fixed: None,
        zone: "Africa/Lagos".to_owned(),
        limited: Vec::new(),
        created_at: noon() + SignedDuration::from_secs(i64::from(number)),
        version: 1,
    }
}

pub(crate) fn change(of: &Voucher) -> AuditChange {
    AuditChange {
        tenant: of.tenant.clone(),
        at: noon(),
        actor: Actor::System,
        operation: Operation::VoucherStatusChanged,
        subject: of.id.to_string(),
        before: Facts::none(),
        after: Facts::none(),
        note: None,
    }
}

fn batch(of: &Voucher, number: u8, first: u32, limit: Option<u32>) -> Batch {
    let wishes = BatchWishes {
        name: format!("B{number}"),
        count: 10,
        limit,
        days: None,
        layout: None,
        variants: Vec::new(),
        design: None,
    };
    let id = (BatchId::new(noon(), [number; 10]), [number; 16]);
    let whose = (of.tenant.clone(), of.id.clone());
    Batch::order(id, whose, (wishes, first), (noon(), of.terms.expires_at))
}

/// A voucher that is published.
pub(crate) async fn published(table: &Table, number: u8, limits: Limits) -> Voucher {
    let draft = voucher(&tenant(1).id, number, limits);
    let answer = saved(table, draft.id.as_str()).await;
    table.insert_voucher(&draft, answer).await.unwrap().unwrap();
    let voucher = draft.clone().changed(VoucherChange::Publish, noon()).unwrap();
    table.replace_voucher(&voucher, &draft, &change(&voucher)).await.unwrap().unwrap();
    voucher
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_business_is_replaced_by_whoever_has_read_it_last() {
    let platform = Platform::start().await;
    let (table, of) = (platform.table(), tenant(1).id);
    for (number, name) in [(1, "Kofi's"), (2, "ada's"), (3, "Bola's")] {
        let answer = saved(&table, name).await;
        assert!(table.insert_business(&business(&of, number, name), answer).await.unwrap());
    }
    let kofis = business(&of, 1, "Kofi's");
    let again = saved(&table, "again").await;
    assert!(!table.insert_business(&kofis, again).await.unwrap(), "it is there");
    assert_eq!(table.business(&of, &kofis.id).await.unwrap(), Some(kofis.clone()));
    assert_eq!(table.business(&tenant(2).id, &kofis.id).await.unwrap(), None);
    let renamed =
        kofis.clone().described(BusinessProfile { name: "Z".to_owned(), ..kofis.profile.clone() });
    assert!(table.replace_business(&renamed, 1).await.unwrap());
    assert!(!table.replace_business(&renamed, 1).await.unwrap());
    let two = PageSize::parse(Some(2)).unwrap();
    let page = table.businesses(&of, two, None).await.unwrap();
    let names: Vec<&str> = page.entries.iter().map(|it| it.profile.name.as_str()).collect();
    assert_eq!(names, ["ada's", "Bola's"]);
    let rest = table.businesses(&of, two, page.next.as_ref()).await.unwrap();
    assert_eq!(rest.entries, [renamed]);
    platform.spoils(&format!("B#{of}#{}", kofis.id), "META", "business").await;
    is_corrupt(table.business(&of, &kofis.id).await, "business");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_is_one_voucher_s_of_each_tenant() {
    let platform = Platform::start().await;
    let (table, of) = (platform.table(), tenant(1).id);
    let fixed = Some(StaticCode::parse("COFFEE10").unwrap());
    let first = Voucher { fixed: fixed.clone(), ..voucher(&of, 1, Limits::default()) };
    let answer = saved(&table, "first").await;
    table.insert_voucher(&first, answer).await.unwrap().unwrap();
    let second = Voucher { fixed: fixed.clone(), ..voucher(&of, 2, Limits::default()) };
    let answer = saved(&table, "second").await;
    let refused = table.insert_voucher(&second, answer).await.unwrap();
    assert_eq!(refused, Err(VoucherRefused::CodeTaken));
    assert_eq!(table.voucher(&second.id).await.unwrap(), None, "all or nothing");
    let foreign = Voucher { fixed, ..voucher(&tenant(2).id, 3, Limits::default()) };
    let answer = saved(&table, "foreign").await;
    table.insert_voucher(&foreign, answer).await.unwrap().unwrap();
    assert_eq!(table.voucher_of(&of, &foreign.id).await.unwrap(), None);
    let form = |form| TypedCode { voucher: first.id.clone(), form, printed: None };
    for (code, stands_for) in
        [("COFFEE10", CodeForm::Static), (first.short.as_str(), CodeForm::Short)]
    {
        assert_eq!(table.typed_code(&of, code).await.unwrap(), Some(form(stands_for)));
    }
    // A printed code gets a short code that nobody has, and the same again is no change.
    let printed = |place| TypedCode {
        printed: Some((BatchId::new(noon(), [1; 10]), place)),
        ..form(CodeForm::Short)
    };
    let mut insert = Vec::new();
    for (code, place) in [("ABCDEFGH", 5), ("ABCDEFGH", 5), ("ABCDEFGH", 6), ("COFFEE10", 5)] {
        insert.push(table.insert_printed_code(&of, code, &printed(place)).await.unwrap());
    }
    assert_eq!(insert, [true, true, false, false]);
    let list = table.vouchers_of_tenant(&of, PageSize::largest(), None).await.unwrap();
    assert_eq!(list.entries, [first]);
    platform.spoils(&format!("VC#{of}#ABCDEFGH"), "META", "form").await;
    is_corrupt(table.typed_code(&of, "ABCDEFGH").await, "voucher_code");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_voucher_is_changed_by_whoever_has_read_it_last_and_its_limit_is_shared_out() {
    let platform = Platform::start().await;
    let table = platform.table();
    let limits = Limits { total: Some(103), peak_per_second: Some(1_000), ..Limits::default() };
    let voucher = published(&table, 1, limits).await;
    assert_eq!(table.voucher_left(&voucher).await.unwrap(), Some(103));
    let paused = voucher.clone().changed(VoucherChange::Pause, noon()).unwrap();
    let outcomes = join_all((0..4).map(|_| async {
        let (table, change) = (platform.table(), change(&voucher));
        table.replace_voucher(&paused, &voucher, &change).await.unwrap()
    }));
    let outcomes = outcomes.await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
    assert!(outcomes.contains(&Err(VoucherRefused::Changed)));
    let head = table.audit_head(&voucher.tenant).await.unwrap();
    assert_eq!(head.seq, 2, "a record for each change that there was");
    let unlimited = published(&table, 2, Limits::default()).await;
    assert_eq!(table.voucher_left(&unlimited).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_printing_is_found_by_the_place_of_each_of_its_codes() {
    let platform = Platform::start().await;
    let table = platform.table();
    let of = published(&table, 1, Limits::default()).await;
    for (number, first) in [(1, 100), (2, 110), (3, 4_000_000)] {
        let batch = batch(&of, number, first, None);
        let answer = saved(&table, batch.id.as_str()).await;
        let inserted = table.insert_batch(&batch, (&of, &of), answer).await.unwrap();
        assert_eq!(inserted, BatchInserted::Done);
    }
    let found = async |index| {
        let batch = table.batch_of_index(&of.id, index).await.unwrap();
        batch.map(|batch| batch.name)
    };
    for (index, name) in [
        (0, None),
        (99, None),
        (100, Some("B1")),
        (109, Some("B1")),
        (110, Some("B2")),
        (119, Some("B2")),
        (120, None),
        (4_000_009, Some("B3")),
        (16_777_215, None),
    ] {
        assert_eq!(found(index).await.as_deref(), name, "{index}");
    }
    let first = batch(&of, 1, 100, None);
    assert_eq!(table.batch(&of.id, &first.id).await.unwrap(), Some(first.clone()));
    assert_eq!(table.batch_at(&of.id, 110).await.unwrap().unwrap().name, "B2");
    let names = table.batches_of_voucher(&of.id).await.unwrap().into_iter().map(|it| it.name);
    assert_eq!(names.collect::<Vec<_>>(), ["B1", "B2", "B3"]);
    let leased = first.lease(noon()).unwrap();
    assert!(table.replace_batch(&leased, 1).await.unwrap());
    assert!(!table.replace_batch(&leased, 1).await.unwrap(), "one worker has it");
    platform.spoils(&format!("V#{}", of.id), "BA#0000000110", "batch").await;
    is_corrupt(table.batch_of_index(&of.id, 115).await, "batch");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_printing_s_own_limit_comes_out_of_the_voucher_s_and_goes_back_whole() {
    let platform = Platform::start().await;
    let table = platform.table();
    for (number, peak) in [(1, None), (2, Some(1_000))] {
        let limits = Limits { total: Some(10), peak_per_second: peak, ..Limits::default() };
        let before = published(&table, number, limits).await;
        let small = batch(&before, number, 100, Some(9));
        let voucher = before.clone().printing(&small, noon()).unwrap();
        let answer = saved(&table, small.id.as_str()).await;
        let inserted = table.insert_batch(&small, (&voucher, &before), answer).await.unwrap();
        assert_eq!(inserted, BatchInserted::Done);
        assert_eq!(table.voucher_left(&voucher).await.unwrap(), Some(1));
        assert_eq!(table.voucher(&voucher.id).await.unwrap(), Some(voucher.clone()));
        // A second one has not enough, and whoever read the voucher before it was listed reads again.
        let more = batch(&before, 9, 200, Some(2));
        let next = voucher.clone().printing(&more, noon()).unwrap();
        let answer = saved(&table, &format!("more {number}")).await;
        let refused = table.insert_batch(&more, (&next, &voucher), answer).await.unwrap();
        assert_eq!(refused, BatchInserted::Refused(BatchRefused::LimitTooLarge));
        let one = batch(&before, 8, 300, Some(1));
        let late = before.clone().printing(&one, noon()).unwrap();
        let answer = saved(&table, &format!("late {number}")).await;
        let lost = table.insert_batch(&one, (&late, &before), answer).await.unwrap();
        assert_eq!(lost, BatchInserted::Changed);
        assert_eq!(table.voucher_left(&voucher).await.unwrap(), Some(1), "nothing was taken");
        // It cannot be made: everything goes back, once.
        let failed = small.clone().failed("no letters".to_owned(), noon());
        assert!(table.give_up_batch((&failed, 1), &voucher).await.unwrap());
        assert!(!table.give_up_batch((&failed, 1), &voucher).await.unwrap());
        assert_eq!(table.voucher_left(&voucher).await.unwrap(), Some(10));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn places_of_the_status_list_are_taken_once_and_marked_with_their_record() {
    let platform = Platform::start().await;
    let (table, of) = (platform.table(), tenant(1).id);
    let taken =
        join_all((0..8).map(|_| async { platform.table().take_status_places(&of, 1_250).await }));
    let mut taken: Vec<u32> = taken.await.into_iter().map(Result::unwrap).collect();
    taken.sort_unstable();
    assert_eq!(taken, (0..8).map(|number| number * 1_250).collect::<Vec<_>>());
    let voucher = voucher(&of, 1, Limits::default());
    let places: Vec<u32> = (8_000..8_400).collect();
    table.commit_status(&change(&voucher), &places, true).await.unwrap();
    for (place, revoked) in
        [(7_999, false), (8_000, true), (8_192, true), (8_399, true), (8_400, false)]
    {
        assert_eq!(table.is_revoked(&of, place).await.unwrap(), revoked, "{place}");
    }
    let bits = table.status_bits(&of).await.unwrap();
    let ones: u32 = bits.iter().map(|byte| byte.count_ones()).sum();
    assert_eq!((ones, bits.len()), (400, 8_400 / 8));
    table.mark_status(&of, &[8_000, 8_399], false).await.unwrap();
    assert!(!table.is_revoked(&of, 8_000).await.unwrap());
    assert!(!table.is_revoked(&tenant(2).id, 8_001).await.unwrap());
    assert_eq!(table.audit_head(&of).await.unwrap().seq, 1, "one record for two chunks");
}
