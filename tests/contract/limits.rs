//! Rate limits, kept events, cases and deliveries.

use adapters::table::{Delivered, Limited, StoredDelivery, StoredWebhook};
use domain::case::{Case, CaseKind};
use domain::guard::Channel;
use domain::id::{GuardId, GuardQrId, TenantId};
use domain::notice::{News, Notice};
use domain::page::{PageSize, Position};
use local::{Fault, Filter};
use tessera_tests::{Platform, at_once};

use crate::is_corrupt;
use crate::samples::noon;
use crate::tipping::{after, answered, bytes};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_many_tries_in_each_window_and_not_one_more() {
    let platform = Platform::start().await;
    let table = platform.table();
    let tries = (0..30).map(|_| table.take("tip", "k", after(600), 3600, 10));
    let outcomes = at_once(30, tries).await;
    let (taken, refused): (Vec<_>, Vec<_>) =
        outcomes.into_iter().map(Result::unwrap).partition(Result::is_ok);
    assert_eq!((taken.len(), refused.len()), (10, 20));
    assert!(refused.iter().all(|each| *each == Err(Limited { retry_after_s: 3000 })));
    let again = async |scope: &str, key: &str, seconds: i64| {
        table.take(scope, key, after(seconds), 3600, 10).await.unwrap()
    };
    assert_eq!(again("tip", "k", 3599).await, Err(Limited { retry_after_s: 1 }));
    assert_eq!(again("tip", "k", 3600).await, Ok(()), "a new window");
    assert_eq!(again("tip", "l", 600).await, Ok(()), "another key");
    assert_eq!(again("code", "k", 600).await, Ok(()), "another scope");
    let none = table.take("tip", "m", noon(), 60, 0).await.unwrap();
    assert_eq!(none, Ok(()), "the first try has nothing before it");
    let long = "x".repeat(5_000);
    assert_eq!(again("tip", &long, 0).await, Ok(()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_is_kept_once_to_the_byte_whatever_it_calls_itself() {
    let platform = Platform::start().await;
    let (table, tenant) = (platform.table(), platform.owner().tenant.clone());
    let stranger = TenantId::new(noon(), [9; 10]);
    let keep = async |tenant: &TenantId, reference: &str, event: &str, raw: &str, at: i64| {
        table.insert_webhook(tenant, reference, event, raw, after(at)).await.unwrap()
    };
    assert!(keep(&tenant, "r", "charge.success", "{ \"a\": 1 }\n", 0).await);
    assert!(!keep(&tenant, "r", "charge.success", "{ \"a\": 1 }\n", 9).await);
    assert!(keep(&tenant, "r", "charge.success", "{\"a\":1}", 1).await, "other bytes");
    assert!(keep(&tenant, "r", "refund.processed", "{}", 2).await);
    assert!(keep(&stranger, "r", "charge.success", "{}", 3).await);
    let long = "y".repeat(4_000);
    for (reference, event) in [("", ""), (long.as_str(), long.as_str())] {
        assert!(keep(&tenant, reference, event, "{}", 4).await);
        assert_eq!(table.webhooks(&tenant, reference).await.unwrap().len(), 1);
    }
    let kept = table.webhooks(&tenant, "r").await.unwrap();
    assert_eq!(kept.len(), 3);
    let first = StoredWebhook {
        event: "charge.success".to_owned(),
        raw: "{ \"a\": 1 }\n".to_owned(),
        received_at: noon(),
    };
    assert!(kept.contains(&first));
    assert_eq!(table.webhooks(&tenant, "other").await.unwrap(), []);
    let inventory = platform.inventory().await;
    let pk = format!("WH#{tenant}#r");
    let (_, sk) = inventory.items.keys().find(|(found, _)| *found == pk).unwrap();
    platform.spoils(&pk, sk, "raw").await;
    is_corrupt(table.webhooks(&tenant, "r").await, "webhook");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_case_is_opened_once_and_listed_newest_first() {
    let platform = Platform::start().await;
    let (table, tenant) = (platform.table(), platform.owner().tenant.clone());
    let case = |number: i64| {
        let (kind, reference) = (CaseKind::RefundFailed, format!("tip-{number}"));
        Case::open(tenant.clone(), kind, &reference, "7", after(number))
    };
    for number in [3, 1, 4, 0, 2] {
        assert!(table.insert_case(&case(number)).await.unwrap());
    }
    let again = Case { opened_at: after(99), ..case(1) };
    let outcomes = at_once(8, (0..8).map(|_| table.insert_case(&again))).await;
    assert!(outcomes.into_iter().all(|outcome| !outcome.unwrap()));
    let long = "z".repeat(3_000);
    let odd = Case::open(tenant.clone(), CaseKind::UnknownReference, &long, "", after(-1));
    assert!(table.insert_case(&odd).await.unwrap());
    let size = PageSize::parse(Some(2)).unwrap();
    let (mut listed, mut from, mut pages) = (Vec::new(), None, 0);
    loop {
        let page = table.cases(&tenant, size, from.as_ref()).await.unwrap();
        listed.extend(page.entries);
        (from, pages) = (page.next, pages + 1);
        if from.is_none() {
            break;
        }
    }
    let expected: Vec<_> = [4, 3, 2, 1, 0].into_iter().map(case).chain([odd]).collect();
    assert_eq!(listed, expected);
    assert!((3..=4).contains(&pages));
    let stranger = TenantId::new(noon(), [9; 10]);
    assert_eq!(table.cases(&stranger, size, None).await.unwrap().entries, []);
    let nowhere = Position("nowhere".to_owned());
    is_corrupt(table.cases(&tenant, size, Some(&nowhere)).await, "case");
    platform.spoils(&format!("CASE#{tenant}#{}", case(4).id), "META", "case").await;
    is_corrupt(table.cases(&tenant, size, None).await, "case");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_is_claimed_once_settled_once_and_given_back_only_before() {
    let platform = Platform::start().await;
    let table = platform.table();
    let claims = async |channel| table.claim_delivery("tip_1", channel, noon()).await.unwrap();
    assert_eq!(table.delivery("tip_1", Channel::Sms).await.unwrap(), None);
    let outcomes = at_once(20, (0..20).map(|_| claims(Channel::Sms))).await;
    assert_eq!(outcomes.into_iter().filter(|claimed| *claimed).count(), 1);
    assert!(claims(Channel::Email).await, "another channel");
    table.release_delivery("tip_1", Channel::Sms).await.unwrap();
    table.release_delivery("tip_1", Channel::Sms).await.unwrap();
    for fault in [Fault::LoseReply, Fault::Twice] {
        let of = Filter::any().function("tenants").operation("TransactWriteItems");
        platform.meter().break_call(1, of, fault, false);
        assert!(claims(Channel::Sms).await, "the answer was lost, the claim was not");
        assert!(!claims(Channel::Sms).await);
        table.release_delivery("tip_1", Channel::Sms).await.unwrap();
    }
    assert!(claims(Channel::Sms).await);
    let settles =
        async |outcome| table.settle_delivery("tip_1", Channel::Sms, outcome).await.unwrap();
    assert!(settles(Delivered::Sent).await);
    assert!(settles(Delivered::Sent).await, "the same again");
    assert!(!settles(Delivered::Unknown).await, "it was sent");
    table.release_delivery("tip_1", Channel::Sms).await.unwrap();
    assert!(!claims(Channel::Sms).await, "what was sent is not given back");
    let sent = StoredDelivery { claimed_at: noon(), outcome: Some(Delivered::Sent) };
    assert_eq!(table.delivery("tip_1", Channel::Sms).await.unwrap(), Some(sent));
    let unclaimed = table.settle_delivery("tip_2", Channel::Sms, Delivered::Sent).await;
    assert!(!unclaimed.unwrap());
    platform.spoils("NT#tip_1#sms", "META", "claimed_at").await;
    is_corrupt(table.delivery("tip_1", Channel::Sms).await, "delivery");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notice_of_its_own_is_put_out_together_with_the_answer() {
    let platform = Platform::start().await;
    let (table, tenant) = (platform.table(), platform.owner().tenant.clone());
    let notice = |request: &str| Notice {
        tenant: tenant.clone(),
        guard: GuardId::new(noon(), bytes(1)),
        at: noon(),
        news: News::CodeSent {
            code: GuardQrId::new(noon(), bytes(1)),
            request: request.to_owned(),
        },
    };
    let (claim, answer) = answered(&platform, "mail").await;
    let first = notice("one");
    assert!(table.commit_notice(&first, (claim.clone(), answer.clone())).await.unwrap());
    let late = notice("two");
    assert!(!table.commit_notice(&late, (claim, answer)).await.unwrap(), "it was answered");
    let inventory = platform.inventory().await;
    assert_eq!(inventory.count("NT#"), 1);
    let item = &inventory.items[&(format!("NT#{}", first.subject()), "META".to_owned())];
    assert_eq!(item["outbox"]["news"]["request"], "one");
}
