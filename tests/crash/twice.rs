//! What AWS may do without anything being broken: a schedule that fires twice, two workers with one message, batches
//! that come again and in any order, and a run that is cut off by its 900 seconds. The books are the same each time.

use std::collections::BTreeMap;

use domain::ledger::TransferReference;
use domain::page::PageSize;
use domain::payout::PayoutState;
use futures::future::join;
use jiff::SignedDuration;
use local::paystack::{Pace, Settings, TransferStatus};
use local::stream::Deliveries;
use local::{Fault, Script};
use serde_json::{Value, json};
use tessera_tests::{Start, seed};

use crate::books;
use crate::ground::Ground;
use crate::payout::Way;
use crate::rig::{Plan, Story, tell};

/// Guards of the long run: three pages.
const GUARDS: u32 = 250;
/// 2,000 naira, in kobo.
const TIP: i64 = 200_000;

async fn ends_well(story: &Way, ground: &Ground, stage: &<Way as Story>::Stage, name: &str) {
    for _ in 0..4 {
        if ground.waiting().is_empty() && story.unfinished(ground, stage).await.is_empty() {
            break;
        }
        ground.leaps(SignedDuration::from_mins(13)).await;
        ground.sweeps().await;
    }
    let mut wrong = ground.waiting();
    wrong.extend(story.unfinished(ground, stage).await);
    wrong.extend(story.wrong(ground, stage).await);
    wrong.extend(books::differences(ground).await);
    assert_eq!(wrong, [""; 0], "{name}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schedule_that_fires_twice_begins_one_run() {
    let ground = Ground::new().await;
    for at_once in [true, false] {
        let stage = Way::Night.set(&ground).await;
        ground.dusk().await;
        let stack = ground.platform.stack();
        if at_once {
            let (one, other) = join(stack.fire("sweeper"), stack.fire("sweeper")).await;
            assert!(one.is_ok() && other.is_ok(), "{one:?} {other:?}");
        } else {
            stack.fire("sweeper").await.unwrap();
            ground.platform.quiet().await;
            stack.fire("sweeper").await.unwrap();
        }
        ground.platform.quiet().await;
        ends_well(&Way::Night, &ground, &stage, "fired twice").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_workers_with_one_message_pay_once() {
    let ground = Ground::new().await;
    for _ in 0..8 {
        let stage = Way::Paid.set(&ground).await;
        let id = stage.payout.as_ref().unwrap();
        let body = json!({ "work": { "tenant": ground.tenancy.owner.tenant, "payouts": [id] } });
        let stack = ground.platform.stack();
        // The same message is in the queue as well, for a third one.
        let (one, other) =
            join(stack.invoke("payouts", event(&body)), stack.invoke("payouts", event(&body)))
                .await;
        assert!(one.is_ok() && other.is_ok(), "{one:?} {other:?}");
        ground.platform.quiet().await;
        ends_well(&Way::Paid, &ground, &stage, "two workers").await;
    }
}

fn event(body: &Value) -> Value {
    json!({ "Records": [{
        "messageId": "059f36b4-87a3-44ab-83d2-661975830a7d",
        "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
        "body": body.to_string(),
        "attributes": { "ApproximateReceiveCount": "1" },
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:payouts",
        "awsRegion": "eu-west-1",
    }] })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn batches_that_come_again_in_any_order_pay_once() {
    let (percent, seed) = (20, seed());
    let deliveries = Deliveries {
        twice: true,
        split: true,
        shuffle: true,
        fail_before_percent: percent,
        fail_after_percent: percent,
        seed,
    };
    let mut ground = Ground::with(1, Start { deliveries, ..Start::default() }).await;
    for way in [Way::Night, Way::Paid, Way::SecondTry, Way::Back] {
        let told = tell(&way, &ground, &Plan(Vec::new())).await;
        assert_eq!(told.wrong, [""; 0], "{way:?}");
        assert_eq!(books::differences(&ground).await, [""; 0], "{way:?}");
        ground.turns().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_is_cut_off_after_each_page_pays_everybody_once() {
    let ground = Ground::with(GUARDS, Start::default()).await;
    let (town, owner) = (&ground.tenancy.town, &ground.tenancy.owner);
    // Each guard has another amount, so that nobody can be taken for somebody else.
    let amounts: Vec<i64> = (0..i64::from(GUARDS)).map(|n| TIP + n * 100).collect();
    let earned = town.is_tipped(ground.platform.now(), &amounts).await;
    ground.platform.stack().clock().advance(SignedDuration::from_mins(5));
    ground.platform.quiet().await;
    let dry = owner.post("/api/v1/settlements/run?dry_run=true").await.is(200).json();
    let meter = ground.platform.meter();
    // A page of the plan is one transaction; after each of them the process is gone.
    let pages =
        |call: &local::Call| &*call.function == "settle" && call.operation == "TransactWriteItems";
    let script = Script::counting(pages).breaks(1, Fault::NeverReply);
    meter.follow(script.breaks(2, Fault::NeverReply).breaks(3, Fault::NeverReply));
    ground.falls().await;
    for _ in 0..200 {
        if ground.waiting().is_empty() && confirmed(&ground).await.len() == amounts.len() {
            break;
        }
        ground.platform.passes(SignedDuration::from_mins(3)).await;
        ground.platform.quiet().await;
    }
    let trail = meter.unfollow();
    assert_eq!(trail.len(), 3, "three pages, each written once: {trail:?}");
    let paid = confirmed(&ground).await;
    assert_eq!(paid.values().sum::<i64>(), earned);
    assert_eq!(paid.len(), amounts.len(), "each guard once");
    let theirs = books::theirs(&ground).unwrap();
    let mut one: Vec<i64> = theirs.recipients.iter().map(|paid| paid.amount).collect();
    let mut other: Vec<i64> = paid.into_values().collect();
    one.sort_unstable();
    other.sort_unstable();
    assert_eq!(one, other, "Paystack has paid each guard what we think");
    let runs = owner.get("/api/v1/settlements").await.is(200).json();
    let runs = runs["settlements"].as_array().unwrap();
    assert_eq!(runs.len(), 1, "{runs:?}");
    assert_eq!(runs[0]["totals"], dry["totals"], "the dry run has said the same");
    assert_eq!((ground.waiting(), books::differences(&ground).await), (vec![], vec![]));
}

/// What each guard was paid by a payout that is confirmed, in kobo; each has one, or this fails.
async fn confirmed(ground: &Ground) -> BTreeMap<String, i64> {
    let (tenant, mut paid, mut from) = (&ground.tenancy.owner.tenant, BTreeMap::new(), None);
    loop {
        let page = ground.table.payouts_of_tenant(tenant, PageSize::largest(), from.as_ref()).await;
        let page = page.unwrap();
        for payout in page.entries {
            if payout.state == PayoutState::Confirmed {
                let before = paid.insert(payout.guard.to_string(), payout.amount.minor);
                assert_eq!(before, None, "{} is paid twice", payout.guard);
            }
        }
        from = page.next;
        if from.is_none() {
            return paid;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn news_that_comes_again_days_later_is_no_news() {
    let ground = Ground::new().await;
    let stage = Way::Paid.set(&ground).await;
    ground.platform.quiet().await;
    for _ in 0..3 {
        // Paystack says nothing of when an event happened, so none is ever too old to come again.
        ground.leaps(SignedDuration::from_hours(25)).await;
        for event in ground.platform.simulator().webhooks() {
            ground.platform.simulator().deliver_now(event.id).await.unwrap();
        }
        ground.platform.quiet().await;
        ends_well(&Way::Paid, &ground, &stage, "days later").await;
    }
    let cases = ground.tenancy.owner.get("/api/v1/reconciliation/cases").await.is(200).json();
    assert_eq!(cases["cases"], json!([]), "nobody has to look at old news");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transfer_that_takes_hours_is_waited_for() {
    let ground = Ground::new().await;
    let by_hand = Settings { transfers: Some(Pace::ByHand), ..Settings::default() };
    ground.platform.simulator().set_settings(ground.tenancy.merchant, by_hand).unwrap();
    let stage = Way::Paid.set(&ground).await;
    let id = stage.payout.clone().unwrap();
    for _ in 0..5 {
        ground.leaps(SignedDuration::from_mins(61)).await;
        ground.sweeps().await;
        let payout = ground.table.payout(&id).await.unwrap().unwrap().payout;
        assert_eq!((payout.state, payout.attempt), (PayoutState::Sent, 1), "it is under way");
    }
    let reference = TransferReference::of(&id, 1);
    let simulator = ground.platform.simulator();
    simulator.end_transfer(reference.as_str(), TransferStatus::Success).unwrap();
    ground.platform.quiet().await;
    ends_well(&Way::Paid, &ground, &stage, "after hours").await;
}
