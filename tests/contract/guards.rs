//! Guards, their codes, and how they are told.

use adapters::table::{PUSH_SUBSCRIPTIONS_MAX, PushSubscription, StoredGuardCode};
use domain::guard::{
    Channel, Guard, GuardQrStatus, GuardRefused, GuardStatus, NotificationPreference,
};
use domain::id::TenantId;
use domain::page::{PageSize, Position};
use local::{Fault, Filter};
use tessera_tests::{Platform, at_once};

use crate::is_corrupt;
use crate::samples::noon;
use crate::tipping::{added, after, answered, guard, issued, owner, profile, signed, with_code};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guard_is_added_once_with_an_employee_id_of_its_own() {
    let platform = Platform::start().await;
    let (table, tenant) = (platform.table(), platform.owner().tenant.clone());
    let first = added(&platform, 1).await;
    assert_eq!(table.guard(&tenant, &first.id).await.unwrap(), Some(first.clone()));
    let stranger = TenantId::new(noon(), [9; 10]);
    assert_eq!(table.guard(&stranger, &first.id).await.unwrap(), None);
    let twin = Guard { profile: first.profile.clone(), ..guard(&tenant, 2) };
    let (claim, answer) = answered(&platform, "twin").await;
    let refused = table.insert_guard(&twin, (claim.clone(), answer.clone())).await.unwrap();
    assert_eq!(refused, Err(GuardRefused::EmployeeIdTaken));
    assert_eq!(table.guard(&tenant, &twin.id).await.unwrap(), None, "nothing half-written");
    let elsewhere = Guard { tenant: stranger.clone(), ..twin.clone() };
    table.insert_guard(&elsewhere, (claim.clone(), answer.clone())).await.unwrap().unwrap();
    let late = table.insert_guard(&guard(&tenant, 3), (claim, answer)).await.unwrap();
    assert_eq!(late, Err(GuardRefused::Changed), "the request was answered");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guard_is_replaced_by_whoever_has_read_it_last() {
    let platform = Platform::start().await;
    let (table, tenant) = (platform.table(), platform.owner().tenant.clone());
    let (first, other) = (added(&platform, 1).await, added(&platform, 2).await);
    let renamed = first.clone().update(profile("Ada", "Eze", "E-1")).unwrap();
    assert_eq!(table.replace_guard(&renamed, &first).await.unwrap(), Ok(()));
    let late = first.clone().suspend().unwrap();
    assert_eq!(table.replace_guard(&late, &first).await.unwrap(), Err(GuardRefused::Changed));
    let taken = renamed.clone().update(profile("Ada", "Eze", "E-2")).unwrap();
    let refused = table.replace_guard(&taken, &renamed).await.unwrap();
    assert_eq!(refused, Err(GuardRefused::EmployeeIdTaken));
    let stale = first.clone().update(profile("Ada", "Eze", "E-2")).unwrap();
    let refused = table.replace_guard(&stale, &first).await.unwrap();
    assert_eq!(refused, Err(GuardRefused::Changed), "it is read again first");
    let moved = renamed.clone().update(profile("Ada", "Eze", "E-9")).unwrap();
    assert_eq!(table.replace_guard(&moved, &renamed).await.unwrap(), Ok(()));
    assert_eq!(table.guard(&tenant, &first.id).await.unwrap(), Some(moved));
    let heir = other.clone().update(profile("Obi", "Ike", "E-1")).unwrap();
    assert_eq!(table.replace_guard(&heir, &other).await.unwrap(), Ok(()), "E-1 is free again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_twenty_who_change_a_guard_or_want_an_employee_id_one_does() {
    let platform = Platform::start().await;
    let (table, tenant) = (platform.table(), platform.owner().tenant.clone());
    let first = added(&platform, 1).await;
    let suspended = first.clone().suspend().unwrap();
    let outcomes = at_once(20, (0..20).map(|_| table.replace_guard(&suspended, &first))).await;
    let done = outcomes.into_iter().filter(|outcome| matches!(outcome, Ok(Ok(())))).count();
    assert_eq!(done, 1);
    let mut wanted = Vec::new();
    for number in 10..30 {
        let mut guard = guard(&tenant, number);
        guard.profile.employee_id = "E-same".to_owned();
        wanted.push((guard, answered(&platform, &format!("guard {number}")).await));
    }
    let adding = wanted.into_iter().map(|(guard, answer)| {
        let table = table.clone();
        async move { table.insert_guard(&guard, answer).await.unwrap() }
    });
    let outcomes = at_once(20, adding).await;
    let taken = Err(GuardRefused::EmployeeIdTaken);
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == taken).count(), 19);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guards_are_listed_by_name_page_by_page() {
    let platform = Platform::start().await;
    let (table, tenant) = (platform.table(), platform.owner().tenant.clone());
    let names = [("Zainab", "Abubakar"), ("ada", "obi"), ("Ada", "Eze"), ("Bola", "Obi")];
    for (number, (first, last)) in (0..).zip(names) {
        let employee_id = format!("E-{number}");
        let guard = Guard { profile: profile(first, last, &employee_id), ..guard(&tenant, number) };
        let answer = answered(&platform, &employee_id).await;
        table.insert_guard(&guard, answer).await.unwrap().unwrap();
    }
    let size = PageSize::parse(Some(2)).unwrap();
    let (mut listed, mut from) = (Vec::new(), None);
    loop {
        let page = table.guards_of_tenant(&tenant, size, from.as_ref()).await.unwrap();
        assert!(page.entries.len() <= 2);
        listed.extend(page.entries.into_iter().map(|guard| guard.profile.full_name()));
        from = page.next;
        if from.is_none() {
            break;
        }
    }
    assert_eq!(listed, ["Zainab Abubakar", "Ada Eze", "ada obi", "Bola Obi"]);
    let stranger = TenantId::new(noon(), [9; 10]);
    let page = table.guards_of_tenant(&stranger, size, None).await.unwrap();
    assert_eq!((page.entries, page.next), (Vec::new(), None));
    let nowhere = Position("nowhere".to_owned());
    is_corrupt(table.guards_of_tenant(&tenant, size, Some(&nowhere)).await, "guard");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_code_takes_the_one_before_back_and_leads_to_the_guard() {
    let platform = Platform::start().await;
    let (table, tenant) = (platform.table(), platform.owner().tenant.clone());
    let bare = added(&platform, 1).await;
    assert_eq!(table.guard_codes(&tenant, &bare.id).await.unwrap(), []);
    let (first, code, target) = with_code(&platform, &bare, 1).await;
    assert_eq!(table.tip_target(&code.token).await.unwrap(), Some(target.clone()));
    let stored = StoredGuardCode { code: code.clone(), signed: "signed 1".to_owned() };
    let read = table.guard_code(&tenant, &bare.id, &code.id).await.unwrap();
    assert_eq!(read, Some(stored));
    let (second, newer, _) = with_code(&platform, &first, 2).await;
    let old = table.tip_target(&code.token).await.unwrap().unwrap();
    assert_eq!(old.code_status, GuardQrStatus::Revoked);
    let codes = table.guard_codes(&tenant, &bare.id).await.unwrap();
    let revoked = code.clone().revoke(newer.created_at).unwrap();
    let both: Vec<_> = codes.into_iter().map(|stored| stored.code).collect();
    assert_eq!(both, [revoked, newer.clone()]);
    assert_eq!(table.guard(&tenant, &bare.id).await.unwrap(), Some(second.clone()));
    // Whoever has read the guard before, or takes a token that is there, gets nothing.
    let owner = owner(&platform).await;
    for (before, number) in [(&first, 3), (&second, 1)] {
        let (guard, code, target) = issued(before, &owner, number);
        let answer = answered(&platform, &format!("late {number}")).await;
        let code = signed(&code, "signed");
        let late = table.issue_guard_code((&guard, before), &code, &target, answer).await;
        assert_eq!(late.unwrap(), Err(GuardRefused::Changed));
    }
    assert_eq!(table.guard_codes(&tenant, &bare.id).await.unwrap().len(), 2);
    let shown = table.tip_target(&newer.token).await.unwrap().unwrap();
    assert_eq!(shown.code_status, GuardQrStatus::Active);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_public_about_a_guard_follows_it_in_the_same_write() {
    let platform = Platform::start().await;
    let table = platform.table();
    let (guard, code, _) = with_code(&platform, &added(&platform, 1).await, 1).await;
    let shown = async || {
        let target = table.tip_target(&code.token).await.unwrap().unwrap();
        (target.name, target.guard_status, target.photo)
    };
    let renamed = guard.clone().update(profile("Ngozi", "Eze", "E-7")).unwrap();
    table.replace_guard(&renamed, &guard).await.unwrap().unwrap();
    assert_eq!(shown().await, ("Ngozi E.".to_owned(), GuardStatus::Active, None));
    let pictured = renamed.clone().show("photos/one.jpg".to_owned()).unwrap();
    let pictured = pictured.suspend().unwrap();
    // Two steps in one write.
    table.replace_guard(&pictured, &renamed).await.unwrap().unwrap();
    let photo = Some("photos/one.jpg".to_owned());
    let expected = ("Ngozi E.".to_owned(), GuardStatus::Suspended, photo.clone());
    assert_eq!(shown().await, expected);
    let plain = Guard { photo: None, version: pictured.version + 1, ..pictured.clone() };
    table.replace_guard(&plain, &pictured).await.unwrap().unwrap();
    assert_eq!(shown().await, ("Ngozi E.".to_owned(), GuardStatus::Suspended, None));
    let late = pictured.clone().resume().unwrap();
    let refused = table.replace_guard(&late, &pictured).await.unwrap();
    assert_eq!(refused, Err(GuardRefused::Changed));
    assert_eq!(shown().await.1, GuardStatus::Suspended, "nothing half-written");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenants_settings_reach_the_code_that_works_newest_last() {
    let platform = Platform::start().await;
    let (table, mut tenant) = (platform.table(), owner(&platform).await);
    let bare = added(&platform, 1).await;
    assert!(!table.replace_tip_settings(&tenant, &bare).await.unwrap(), "it has no code");
    let (guard, code, target) = with_code(&platform, &bare, 1).await;
    tenant.version = 7;
    tenant.settings.name = "New name".to_owned();
    tenant.settings.tips.min = 5_000;
    assert!(table.replace_tip_settings(&tenant, &guard).await.unwrap());
    let shown = table.tip_target(&code.token).await.unwrap().unwrap();
    assert_eq!((shown.tenant_name.as_str(), shown.tips.min), ("New name", 5_000));
    assert_eq!((shown.name, shown.code_status), (target.name, target.code_status));
    tenant.version = 6;
    tenant.settings.name = "Old name".to_owned();
    assert!(!table.replace_tip_settings(&tenant, &guard).await.unwrap(), "an older version");
    tenant.id = TenantId::new(noon(), [9; 10]);
    tenant.version = 8;
    assert!(!table.replace_tip_settings(&tenant, &guard).await.unwrap(), "somebody else's");
    let shown = table.tip_target(&code.token).await.unwrap().unwrap();
    assert_eq!(shown.tenant_name, "New name");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_choices_the_later_one_stays() {
    let platform = Platform::start().await;
    let (table, tenant) = (platform.table(), platform.owner().tenant.clone());
    let guard = added(&platform, 1).await.id;
    assert_eq!(table.preferences(&tenant, &guard).await.unwrap(), []);
    let choice = |channel, opted_in, seconds| NotificationPreference {
        channel,
        opted_in,
        updated_at: after(seconds),
    };
    let later = choice(Channel::Sms, false, 10);
    assert!(table.replace_preference(&tenant, &guard, &later).await.unwrap());
    let earlier = choice(Channel::Sms, true, 9);
    assert!(!table.replace_preference(&tenant, &guard, &earlier).await.unwrap());
    let push = choice(Channel::Push, true, 1);
    assert!(table.replace_preference(&tenant, &guard, &push).await.unwrap());
    assert_eq!(table.preferences(&tenant, &guard).await.unwrap(), [push, later]);
    platform.spoils(&format!("G#{tenant}#{guard}"), "NP#sms", "opted_in").await;
    is_corrupt(table.preferences(&tenant, &guard).await, "preference");
}

fn browser(number: u32) -> PushSubscription {
    PushSubscription {
        endpoint: format!("https://push.example/{number}"),
        p256dh: "B".repeat(87),
        auth: "a".repeat(22),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guard_has_at_most_five_browsers_whoever_adds_them() {
    let platform = Platform::start().await;
    let (table, tenant) = (platform.table(), platform.owner().tenant.clone());
    let guard = added(&platform, 1).await.id;
    assert_eq!(table.push_subscriptions(&tenant, &guard).await.unwrap(), []);
    let browsers: Vec<_> = (0..20).map(browser).collect();
    let adding = browsers.iter().map(|b| table.insert_push_subscription(&tenant, &guard, b));
    let outcomes = at_once(20, adding).await;
    let added = outcomes.into_iter().filter(|outcome| matches!(outcome, Ok(true))).count();
    let there = table.push_subscriptions(&tenant, &guard).await.unwrap();
    let most = usize::try_from(PUSH_SUBSCRIPTIONS_MAX).unwrap();
    assert_eq!((added, there.len()), (most, most));
    let renewed = PushSubscription { auth: "b".repeat(22), ..there[0].clone() };
    assert!(table.insert_push_subscription(&tenant, &guard, &renewed).await.unwrap());
    assert_eq!(table.push_subscriptions(&tenant, &guard).await.unwrap()[0], renewed);
    let gone = &renewed.endpoint;
    assert!(table.delete_push_subscription(&tenant, &guard, gone).await.unwrap());
    assert!(!table.delete_push_subscription(&tenant, &guard, gone).await.unwrap());
    let of = Filter::any().function("tenants").operation("UpdateItem");
    platform.meter().break_call(1, of.clone(), Fault::LoseReply, false);
    assert!(table.insert_push_subscription(&tenant, &guard, &browser(50)).await.unwrap());
    assert!(!table.insert_push_subscription(&tenant, &guard, &browser(51)).await.unwrap());
    assert_eq!(table.push_subscriptions(&tenant, &guard).await.unwrap().len(), most);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_reply_or_a_second_delivery_changes_nothing() {
    let platform = Platform::start().await;
    let (table, tenant) = (platform.table(), platform.owner().tenant.clone());
    for (number, fault) in [(1, Fault::LoseReply), (2, Fault::Twice)] {
        let strikes = || {
            let of = Filter::any().function("tenants").operation("TransactWriteItems");
            platform.meter().break_call(1, of, fault.clone(), false);
        };
        let answer = answered(&platform, &format!("faulty {number}")).await;
        let bare = guard(&tenant, number);
        strikes();
        assert_eq!(table.insert_guard(&bare, answer).await.unwrap(), Ok(()));
        let (guard, code, target) = issued(&bare, &owner(&platform).await, number);
        let answer = answered(&platform, &format!("faulty code {number}")).await;
        strikes();
        let code = signed(&code, "signed");
        let issuing = table.issue_guard_code((&guard, &bare), &code, &target, answer);
        assert_eq!(issuing.await.unwrap(), Ok(()));
        let moved = guard.clone().update(profile("A", "B", &format!("M-{number}"))).unwrap();
        strikes();
        assert_eq!(table.replace_guard(&moved, &guard).await.unwrap(), Ok(()));
        assert_eq!(table.guard(&tenant, &bare.id).await.unwrap(), Some(moved));
        assert_eq!(platform.meter().clear_faults(), 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guard_or_a_code_that_cannot_be_read_is_corrupt() {
    let platform = Platform::start().await;
    let (table, tenant) = (platform.table(), platform.owner().tenant.clone());
    let (guard, code, _) = with_code(&platform, &added(&platform, 1).await, 1).await;
    let pk = format!("G#{tenant}#{}", guard.id);
    platform.spoils(&pk, &format!("QR#{}", code.id), "signed").await;
    is_corrupt(table.guard_code(&tenant, &guard.id, &code.id).await, "guard_code");
    is_corrupt(table.guard_codes(&tenant, &guard.id).await, "guard_code");
    platform.spoils(&format!("GT#{}", code.token), "META", "name").await;
    is_corrupt(table.tip_target(&code.token).await, "tip_target");
    platform.spoils(&pk, "META", "profile").await;
    is_corrupt(table.guard(&tenant, &guard.id).await, "guard");
    is_corrupt(table.guards_of_tenant(&tenant, PageSize::largest(), None).await, "guard");
    platform.spoils(&pk, "PS", "s_spoilt").await;
    is_corrupt(table.push_subscriptions(&tenant, &guard.id).await, "push_subscriptions");
}
