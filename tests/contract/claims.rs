//! Claims of an `Idempotency-Key`.

use adapters::table::{Answer, Claim, ClaimOutcome};
use jiff::{SignedDuration, Timestamp};
use tessera_tests::{Platform, at_once};

use crate::is_corrupt;
use crate::samples::noon;

const NAMED: (&str, &str, &str) = ("key_1", "POST /x", "k");

async fn claims(platform: &Platform, print: &str, holder: &str, now: Timestamp) -> ClaimOutcome {
    platform.table().claim(NAMED, print, holder.to_owned(), now).await.unwrap()
}

#[track_caller]
fn ours(outcome: ClaimOutcome) -> Claim {
    match outcome {
        ClaimOutcome::Ours(claim) => claim,
        other => panic!("not ours: {other:?}"),
    }
}

fn answer(body: &str) -> Answer {
    Answer { status: 201, body: body.to_owned() }
}

fn after(seconds: i64) -> Timestamp {
    noon() + SignedDuration::from_secs(seconds)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_held_by_one_answered_once_and_repeated_to_the_byte() {
    let platform = Platform::start().await;
    let held = ours(claims(&platform, "p", "one", noon()).await);
    assert_eq!(claims(&platform, "p", "two", noon()).await, ClaimOutcome::Running);
    assert_eq!(claims(&platform, "other", "two", noon()).await, ClaimOutcome::OtherRequest);
    platform.table().insert_answer(&held, &answer("{\"a\": 1 }\n")).await.unwrap();
    platform.table().insert_answer(&held, &answer("late")).await.unwrap();
    let done = ClaimOutcome::Done(answer("{\"a\": 1 }\n"));
    assert_eq!(claims(&platform, "p", "two", noon()).await, done);
    assert_eq!(claims(&platform, "other", "two", noon()).await, ClaimOutcome::OtherRequest);
    platform.table().delete_claim(&held).await.unwrap();
    assert_eq!(claims(&platform, "p", "two", noon()).await, done, "an answer is not given back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn principals_operations_and_keys_do_not_meet() {
    let platform = Platform::start().await;
    let names = [
        ("key_1", "POST /x", "k"),
        ("key_2", "POST /x", "k"),
        ("key_1", "POST /y", "k"),
        ("key_1", "POST /x", "l"),
    ];
    for named in names {
        ours(platform.table().claim(named, "p", "one".to_owned(), noon()).await.unwrap());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_twenty_who_claim_at_once_one_holds_the_key() {
    let platform = Platform::start().await;
    let holders: Vec<String> = (0..20).map(|number| number.to_string()).collect();
    let outcomes =
        at_once(20, holders.iter().map(|holder| claims(&platform, "p", holder, noon()))).await;
    let held = outcomes.iter().filter(|outcome| matches!(outcome, ClaimOutcome::Ours(_))).count();
    let waiting = outcomes.iter().filter(|outcome| **outcome == ClaimOutcome::Running).count();
    assert_eq!((held, waiting), (1, 19));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_holders_claim_is_taken_over_after_forty_seconds_by_the_same_request_only() {
    let platform = Platform::start().await;
    let table = platform.table();
    let dead = ours(claims(&platform, "p", "dead", noon()).await);
    assert_eq!(claims(&platform, "p", "two", after(39)).await, ClaimOutcome::Running);
    assert_eq!(claims(&platform, "q", "two", after(40)).await, ClaimOutcome::OtherRequest);
    let heir = ours(claims(&platform, "p", "two", after(40)).await);
    assert_eq!(claims(&platform, "p", "three", after(79)).await, ClaimOutcome::Running);
    // The one that was thought dead neither answers nor gives back what is not its own any more.
    table.insert_answer(&dead, &answer("dead")).await.unwrap();
    table.delete_claim(&dead).await.unwrap();
    assert_eq!(claims(&platform, "p", "three", after(41)).await, ClaimOutcome::Running);
    table.insert_answer(&heir, &answer("heir")).await.unwrap();
    assert_eq!(
        claims(&platform, "p", "three", after(80)).await,
        ClaimOutcome::Done(answer("heir"))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_was_given_back_may_stand_for_another_request() {
    let platform = Platform::start().await;
    let held = ours(claims(&platform, "p", "one", noon()).await);
    platform.table().delete_claim(&held).await.unwrap();
    platform.table().delete_claim(&held).await.unwrap();
    ours(claims(&platform, "q", "two", noon()).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_two_days_a_key_is_new_though_its_item_is_still_there() {
    let platform = Platform::start().await;
    let held = ours(claims(&platform, "p", "one", noon()).await);
    platform.table().insert_answer(&held, &answer("old")).await.unwrap();
    let two_days = 48 * 3600;
    let done = ClaimOutcome::Done(answer("old"));
    assert_eq!(claims(&platform, "p", "two", after(two_days - 1)).await, done);
    let fresh = ours(claims(&platform, "q", "two", after(two_days)).await);
    platform.table().insert_answer(&fresh, &answer("new")).await.unwrap();
    let done = ClaimOutcome::Done(answer("new"));
    assert_eq!(claims(&platform, "q", "three", after(two_days + 1)).await, done);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_that_cannot_be_read_is_corrupt() {
    let platform = Platform::start().await;
    ours(claims(&platform, "p", "one", noon()).await);
    let inventory = platform.inventory().await;
    let (pk, sk) = inventory.items.keys().find(|(pk, _)| pk.starts_with("I#")).unwrap();
    platform.spoils(pk, sk, "fingerprint").await;
    let again = platform.table().claim(NAMED, "p", "two".to_owned(), noon()).await;
    is_corrupt(again, "idempotency");
}
