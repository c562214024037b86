//! What the operators hear: once per cause, in words, at the topic of their own.

use domain::alert::{Alert, AlertKind};
use domain::id::TenantId;
use jiff::SignedDuration;
use tessera_tests::Platform;

/// The template's topic for operators.
const TOPIC: &str = "OpsTopic";

fn alert(platform: &Platform, tenant: &TenantId, subject: &str) -> Alert {
    Alert {
        tenant: tenant.clone(),
        alert: AlertKind::PayoutNeedsHuman,
        subject: subject.to_owned(),
        at: platform.now(),
        sentence: "A payout needs a person.".to_owned(),
    }
}

fn told(platform: &Platform) -> Vec<String> {
    platform.inbox().told(TOPIC).into_iter().map(|message| message.text).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_operators_hear_of_a_cause_once_and_in_words() {
    let platform = Platform::start().await;
    let (table, tenant) = (platform.table(), platform.owner().tenant.clone());
    let first = alert(&platform, &tenant, "pay_1-1");
    assert!(table.insert_alert(&first).await.unwrap());
    platform.quiet().await;
    let sentence = told(&platform);
    assert_eq!(sentence.len(), 1);
    let words = format!(
        "\"A payout needs a person. (payout_needs_human, pay_1-1, tenant {tenant}, {})\"",
        first.at
    );
    assert_eq!(sentence[0], words);
    // The same cause again, later and in other words.
    platform.passes(SignedDuration::from_hours(1)).await;
    let again = Alert { sentence: "Still.".to_owned(), ..alert(&platform, &tenant, "pay_1-1") };
    assert!(!table.insert_alert(&again).await.unwrap());
    platform.quiet().await;
    assert_eq!(told(&platform).len(), 1);
    // Another attempt, and another tenant, are causes of their own.
    let other = platform.newcomer().await.tenant;
    assert!(table.insert_alert(&alert(&platform, &tenant, "pay_1-2")).await.unwrap());
    assert!(table.insert_alert(&alert(&platform, &other, "pay_1-1")).await.unwrap());
    platform.quiet().await;
    assert_eq!(told(&platform).len(), 3);
    assert_eq!(platform.queue("Notices").waiting, 0, "no guard is told");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_that_nobody_takes_ring_once() {
    let platform = Platform::start().await;
    let queue = platform.environment("sweeper").clone();
    let queue = adapters::queue::Queue::from_env(&queue, "RECONCILIATIONS_QUEUE_URL").unwrap();
    queue.send(&"poison").await.unwrap();
    // An hour for each of twelve times, and some more.
    for _ in 0..3 {
        platform.quiet().await;
        platform.passes(SignedDuration::from_hours(7)).await;
    }
    platform.quiet().await;
    assert_eq!(platform.queue("ReconciliationsDead").waiting, 1);
    let rung = platform.inbox().told(TOPIC);
    let subjects: Vec<_> = rung.iter().filter_map(|message| message.subject.as_deref()).collect();
    assert_eq!(subjects, ["ALARM: ReconciliationsDeadAlarm"]);
}
