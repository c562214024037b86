//! Programmes, restaurants, rewards, customers and the keys of their wallets.

use adapters::table::{Answer, Claim, ClaimOutcome, Table};
use domain::contact::Email;
use domain::customer::CustomerId;
use domain::id::{MemberKeyId, ProgrammeId, RestaurantId, RewardId, TenantId};
use domain::member::{EmailHash, Member, MemberKey, MemberRefused};
use domain::page::{PageSize, Position};
use domain::programme::{Earning, Programme, ProgrammeTerms};
use domain::restaurant::{Restaurant, RestaurantProfile};
use domain::reward::{Reward, RewardTerms};
use tessera_tests::{Platform, at_once};

use crate::is_corrupt;
use crate::samples::{noon, tenant};

/// A claim on a key, and the answer that is kept for it.
async fn saved(table: &Table, key: &str) -> (Claim, Answer) {
    let named = ("key_1", "POST /api/v1/loyalty", key);
    let claimed = table.claim(named, "print", "one".to_owned(), noon()).await.unwrap();
    let ClaimOutcome::Ours(claim) = claimed else { panic!("{key}: {claimed:?}") };
    (claim, Answer { status: 201, body: "{}".to_owned() })
}

fn whose() -> TenantId {
    tenant(1).id
}

fn two() -> PageSize {
    PageSize::parse(Some(2)).unwrap()
}

fn programme(number: u8) -> Programme {
    let terms = ProgrammeTerms {
        name: format!("Programme {number}"),
        earning: Earning::Visit { points: 1 },
        points_live_months: None,
        daily_points_max: None,
        overdraft_points_max: 0,
        time_zone: "UTC".to_owned(),
    };
    Programme::open(ProgrammeId::new(noon(), [number; 10]), whose(), terms, noon())
}

fn restaurant(number: u8) -> Restaurant {
    let profile = RestaurantProfile { name: format!("Restaurant {number}") };
    let of = (whose(), programme(1).id);
    Restaurant::open(RestaurantId::new(noon(), [number; 10]), of, profile, noon())
}

fn reward(number: u8, price: i64, stock: Option<u32>) -> Reward {
    let terms = RewardTerms {
        name: "Coffee".to_owned(),
        description: None,
        price,
        stock,
        starts_at: None,
        ends_at: None,
        withdrawn: false,
    };
    Reward::offer(RewardId::new(noon(), [number; 10]), (whose(), programme(1).id), terms, noon())
}

fn member(id: &str, email: Option<&str>) -> Member {
    let joined = Member::join(whose(), CustomerId::parse(id).unwrap(), noon());
    Member { email: email.map(hash), ..joined }
}

fn hash(email: &str) -> EmailHash {
    EmailHash::of(&whose(), &Email::parse(email).unwrap())
}

fn key(number: u8) -> MemberKey {
    MemberKey {
        id: MemberKeyId::new(noon(), [number; 10]),
        tenant: whose(),
        customer: CustomerId::parse("ADA").unwrap(),
        point: "04".repeat(65),
        created_at: noon(),
    }
}

/// All entries of a list, two at a time, and the number of pages.
macro_rules! all {
    ($from:ident => $read:expr) => {{
        let (mut entries, mut place, mut pages) = (Vec::new(), None::<Position>, 0);
        loop {
            let $from = place.as_ref();
            let page = $read.await.unwrap();
            assert!(page.entries.len() <= 2);
            entries.extend(page.entries);
            pages += 1;
            place = page.next;
            if place.is_none() {
                break (entries, pages);
            }
        }
    }};
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn programmes_are_added_replaced_by_version_and_listed_by_name() {
    let platform = Platform::start().await;
    let (table, tenant) = (platform.table(), whose());
    for number in [3, 1, 2] {
        let answer = saved(&table, &format!("p{number}")).await;
        assert!(table.insert_programme(&programme(number), answer.clone()).await.unwrap());
        assert!(!table.insert_programme(&programme(number), answer).await.unwrap(), "once");
    }
    let (found, pages) = all!(from => table.programmes(&tenant, two(), from));
    assert_eq!((found, pages), (vec![programme(1), programme(2), programme(3)], 2));
    let changed = programme(1).changed(programme(9).terms);
    assert!(table.replace_programme(&changed, 1).await.unwrap());
    assert!(!table.replace_programme(&changed, 1).await.unwrap(), "the version has moved on");
    assert!(!table.replace_programme(&programme(8), 1).await.unwrap(), "there is none");
    assert_eq!(table.programme(&tenant, &changed.id).await.unwrap(), Some(changed.clone()));
    let stranger = crate::samples::tenant(2).id;
    assert_eq!(table.programme(&stranger, &changed.id).await.unwrap(), None);
    assert_eq!(table.programmes(&stranger, two(), None).await.unwrap().entries, []);
    platform.spoils(&format!("PR#{tenant}#{}", changed.id), "META", "programme").await;
    is_corrupt(table.programme(&tenant, &changed.id).await, "programme");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn restaurants_are_added_replaced_by_version_and_listed_by_name() {
    let platform = Platform::start().await;
    let (table, tenant) = (platform.table(), whose());
    for number in [3, 1, 2] {
        let answer = saved(&table, &format!("r{number}")).await;
        assert!(table.insert_restaurant(&restaurant(number), answer.clone()).await.unwrap());
        assert!(!table.insert_restaurant(&restaurant(number), answer).await.unwrap(), "once");
    }
    let (found, pages) = all!(from => table.restaurants(&tenant, two(), from));
    assert_eq!((found, pages), (vec![restaurant(1), restaurant(2), restaurant(3)], 2));
    let changed = restaurant(1).described(restaurant(9).profile);
    assert!(table.replace_restaurant(&changed, 1).await.unwrap());
    assert!(!table.replace_restaurant(&changed, 1).await.unwrap(), "the version has moved on");
    assert!(!table.replace_restaurant(&restaurant(8), 1).await.unwrap(), "there is none");
    assert_eq!(table.restaurant(&tenant, &changed.id).await.unwrap(), Some(changed.clone()));
    let stranger = crate::samples::tenant(2).id;
    assert_eq!(table.restaurant(&stranger, &changed.id).await.unwrap(), None);
    platform.spoils(&format!("RS#{tenant}#{}", changed.id), "META", "restaurant").await;
    is_corrupt(table.restaurant(&tenant, &changed.id).await, "restaurant");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_given_of_a_reward_is_never_overwritten() {
    let platform = Platform::start().await;
    let (table, tenant) = (platform.table(), whose());
    for (number, price) in [(1, 50), (2, 9), (3, 1_000)] {
        let reward = reward(number, price, Some(2));
        let answer = saved(&table, &format!("w{number}")).await;
        assert!(table.insert_reward(&reward, answer.clone()).await.unwrap());
        assert!(!table.insert_reward(&reward, answer).await.unwrap(), "once");
    }
    let of = (&tenant, &programme(1).id);
    let (found, pages) = all!(from => table.rewards(of, two(), from));
    let prices: Vec<i64> = found.iter().map(|reward| reward.terms.price).collect();
    assert_eq!((prices, pages), (vec![9, 50, 1_000], 2));

    // One is given between the reading of the terms and their change.
    let read = table.reward(&tenant, &reward(1, 50, None).id).await.unwrap().unwrap();
    platform.forges(&format!("RW#{tenant}#{}", read.id), "META", "given", 1).await;
    let changed = read.clone().changed(reward(1, 60, None).terms);
    assert!(table.replace_reward(&changed, read.version).await.unwrap());
    let found = table.reward(&tenant, &read.id).await.unwrap().unwrap();
    assert_eq!((found.given, found.terms.price, found.terms.stock), (1, 60, None));
    assert!(!table.replace_reward(&changed, read.version).await.unwrap(), "moved on");
    let back = found.changed(reward(1, 60, Some(5)).terms);
    assert!(table.replace_reward(&back, 2).await.unwrap());
    let found = table.reward(&tenant, &read.id).await.unwrap().unwrap();
    assert_eq!((found.given, found.terms.stock), (1, Some(5)));
    assert!(!table.replace_reward(&reward(8, 1, None), 1).await.unwrap(), "there is none");
    let (listed, _) = all!(from => table.rewards(of, two(), from));
    let prices: Vec<i64> = listed.iter().map(|reward| reward.terms.price).collect();
    assert_eq!(prices, [9, 60, 1_000], "it has moved in the list");
    platform.spoils(&format!("RW#{tenant}#{}", read.id), "META", "reward").await;
    is_corrupt(table.reward(&tenant, &read.id).await, "reward");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_belongs_to_one_customer_at_a_time() {
    let platform = Platform::start().await;
    let (table, tenant) = (platform.table(), whose());
    let ada = member("ADA", Some("ada@example.com"));
    let answer = saved(&table, "m1").await;
    table.insert_member(&ada, Some(answer.clone())).await.unwrap().unwrap();
    let refused = async |member: &Member| table.insert_member(member, None).await.unwrap();
    assert_eq!(refused(&ada).await, Err(MemberRefused::Exists));
    let taken = member("BOLA", Some("ADA@example.com"));
    assert_eq!(refused(&taken).await, Err(MemberRefused::EmailTaken));
    assert_eq!(table.member(&tenant, &taken.id).await.unwrap(), None, "nothing half-written");
    let lost = table.insert_member(&member("CHI", None), Some(answer)).await.unwrap();
    assert_eq!(lost, Err(MemberRefused::Changed), "the claim is spent");

    let bola = member("BOLA", Some("bola@example.com"));
    assert_eq!(refused(&bola).await, Ok(()));
    let found = async |email: &str| {
        let found = table.member_by_email(&tenant, &hash(email)).await.unwrap();
        found.map(|member| member.id.to_string())
    };
    assert_eq!(found("ada@example.com").await.as_deref(), Some("ADA"));
    let wants = |email: Option<&str>, version| Member { version, ..member("BOLA", email) };
    let replace =
        async |new: &Member, read: &Member| table.replace_member(new, read).await.unwrap();
    let hers = wants(Some("ada@example.com"), 2);
    assert_eq!(replace(&hers, &bola).await, Err(MemberRefused::EmailTaken));
    let none = wants(None, 2);
    assert_eq!(replace(&none, &bola).await, Ok(()));
    assert_eq!(replace(&none, &bola).await, Err(MemberRefused::Changed));
    assert_eq!(found("bola@example.com").await, None);
    let back = wants(Some("bola@example.com"), 3);
    assert_eq!(replace(&back, &none).await, Ok(()));
    assert_eq!(found("bola@example.com").await.as_deref(), Some("BOLA"));
    let stranger = crate::samples::tenant(2).id;
    assert_eq!(table.member(&stranger, &bola.id).await.unwrap(), None);
    let elsewhere = table.member_by_email(&stranger, &hash("bola@example.com")).await;
    assert_eq!(elsewhere.unwrap(), None);
    platform.spoils(&format!("LM#{tenant}#ADA"), "META", "member").await;
    is_corrupt(table.member(&tenant, &ada.id).await, "member");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_want_one_address_one_gets_it_and_all_are_listed() {
    let platform = Platform::start().await;
    let (table, tenant) = (platform.table(), whose());
    let many: Vec<Member> =
        (0..8).map(|number| member(&format!("C-{number}"), Some("one@example.com"))).collect();
    let joined = at_once(8, many.iter().map(|member| table.insert_member(member, None))).await;
    let joined: Vec<_> = joined.into_iter().map(Result::unwrap).collect();
    assert_eq!(joined.iter().filter(|joined| joined.is_ok()).count(), 1, "{joined:?}");
    let taken = |joined: &&Result<(), MemberRefused>| **joined == Err(MemberRefused::EmailTaken);
    assert_eq!(joined.iter().filter(taken).count(), 7, "{joined:?}");
    for number in 0..4 {
        table.insert_member(&member(&format!("D-{number}"), None), None).await.unwrap().unwrap();
    }
    let (listed, pages) = all!(from => table.members(&tenant, two(), from));
    assert_eq!((listed.len(), pages), (5, 3));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_has_at_most_ten_keys() {
    let platform = Platform::start().await;
    let (table, tenant) = (platform.table(), whose());
    let ada = member("ADA", None);
    table.insert_member(&ada, None).await.unwrap().unwrap();
    let keys: Vec<MemberKey> = (1..=12).map(key).collect();
    let added = at_once(12, keys.iter().map(|key| table.insert_member_key(key))).await;
    let added: Vec<_> = added.into_iter().map(Result::unwrap).collect();
    assert_eq!(added.iter().filter(|added| added.is_ok()).count(), 10, "{added:?}");
    let held = table.member_keys(&tenant, &ada.id).await.unwrap();
    assert_eq!(held.len(), 10);
    let first = held[0].clone();
    let again = table.insert_member_key(&first).await.unwrap();
    assert_eq!(again, Err(MemberRefused::TooManyKeys));
    assert_eq!(table.member_key(&tenant, &first.id).await.unwrap(), Some(first.clone()));
    let stranger = crate::samples::tenant(2).id;
    assert_eq!(table.member_key(&stranger, &first.id).await.unwrap(), None);
    let bola = CustomerId::parse("BOLA").unwrap();
    assert!(!table.delete_member_key(&tenant, &bola, &first.id).await.unwrap(), "not hers");
    assert!(table.delete_member_key(&tenant, &ada.id, &first.id).await.unwrap());
    assert!(!table.delete_member_key(&tenant, &ada.id, &first.id).await.unwrap());
    assert_eq!(table.member_key(&tenant, &first.id).await.unwrap(), None);
    table.insert_member_key(&first).await.unwrap().unwrap();
    let again = table.insert_member_key(&key(20)).await.unwrap();
    assert_eq!(again, Err(MemberRefused::TooManyKeys));
}
