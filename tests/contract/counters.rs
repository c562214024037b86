//! Counters: added once per batch, read by total, hour and day.

use std::collections::BTreeMap;

use adapters::table::{
    Addition, Count, CountLost, Counted, CounterSlot, Counting, Marks, Visitors,
};
use domain::id::TenantId;
use tessera_tests::{Platform, at_once};

use crate::samples::{noon, property};

const DAY: &str = "2026-11-20";

fn one_code() -> Counted {
    Counted::Code(TenantId::new(noon(), [1; 10]), property().id.into())
}

fn marks(of: &[(u8, &str)]) -> Marks {
    let mut marks = Marks::default();
    for (shard, sequence) in of {
        marks.advance(*shard, sequence);
    }
    marks
}

fn addition(of: &Counted, hour: Option<&str>, people: i64) -> Addition {
    let add = BTreeMap::from([("people".to_owned(), people), ("c:NG".to_owned(), people)]);
    let (set, keep) = (BTreeMap::new(), BTreeMap::new());
    let slot = hour.map_or(CounterSlot::Total, |hour| CounterSlot::Hour(hour.to_owned()));
    Addition { of: of.clone(), slot, add, set, keep }
}

fn count(code: &Counted, before: Marks, after: Marks, people: i64) -> Count {
    Count {
        code: code.clone(),
        day: DAY.to_owned(),
        before,
        after,
        additions: vec![
            addition(code, None, people),
            addition(code, Some("2026-11-20T12"), people),
        ],
        visitors: Vec::new(),
        now_s: noon().as_second(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_is_added_once_however_often_it_comes() {
    let platform = Platform::start().await;
    let (table, code) = (platform.table(), one_code());
    assert_eq!(table.counting(&code, DAY, &[]).await.unwrap(), Counting::default());
    let batch = count(&code, Marks::default(), marks(&[(0, "100"), (3, "99")]), 5);
    assert_eq!(table.commit_count(&batch).await.unwrap(), Ok(()));
    assert_eq!(table.commit_count(&batch).await.unwrap(), Err(CountLost));
    let read = table.counting(&code, DAY, &[]).await.unwrap().marks;
    assert_eq!(read, batch.after);
    assert!(!read.precede(0, "100") && read.precede(0, "101") && !read.precede(0, "99"));
    assert!(read.precede(0, "1000"), "a longer number is a later one");
    assert!(read.precede(1, "1"), "nothing of this shard is counted");
    let later = count(&code, read, marks(&[(0, "101"), (3, "99")]), 2);
    assert_eq!(table.commit_count(&later).await.unwrap(), Ok(()));
    let totals = table.totals(&code).await.unwrap();
    assert_eq!((totals.scans(), totals.counts["c:NG"]), (7, 7));
    let hours = table.hours(&code, "2026-11-20T00", "2026-11-20T23").await.unwrap();
    assert_eq!(hours.len(), 1);
    assert_eq!((hours[0].0.as_str(), hours[0].1["people"]), ("2026-11-20T12", 7));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_twenty_who_add_the_same_batch_one_does() {
    let platform = Platform::start().await;
    let (table, code) = (platform.table(), one_code());
    let batch = count(&code, Marks::default(), marks(&[(0, "1")]), 1);
    let outcomes = at_once(20, (0..20).map(|_| table.commit_count(&batch))).await;
    let added = outcomes.into_iter().filter(|outcome| matches!(outcome, Ok(Ok(())))).count();
    assert_eq!((added, table.totals(&code).await.unwrap().scans()), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sketch_that_moved_on_undoes_the_whole_batch() {
    let platform = Platform::start().await;
    let (table, code) = (platform.table(), one_code());
    let tenant = Counted::Tenant(TenantId::new(noon(), [1; 10]), 3);
    let with = |before: Marks, after: Marks, revision, sketch: &[u8]| {
        let visitors = Visitors { revision, sketch: sketch.to_vec() };
        let both = [code.clone(), tenant.clone()].map(|owner| (owner, visitors.clone()));
        Count { visitors: both.into(), ..count(&code, before, after, 1) }
    };
    let (first, second) = (marks(&[(0, "1")]), marks(&[(0, "2")]));
    let begun = with(Marks::default(), first.clone(), 0, b"one");
    assert_eq!(table.commit_count(&begun).await.unwrap(), Ok(()));
    let behind = with(first.clone(), second.clone(), 0, b"two");
    assert_eq!(table.commit_count(&behind).await.unwrap(), Err(CountLost));
    assert_eq!(table.totals(&code).await.unwrap().scans(), 1, "nothing half-written");
    let right = with(first, second, 1, b"two");
    assert_eq!(table.commit_count(&right).await.unwrap(), Ok(()));
    let owners = [code.clone(), tenant.clone()];
    let counting = table.counting(&code, DAY, &owners).await.unwrap();
    for owner in &owners {
        let expected = Visitors { revision: 2, sketch: b"two".to_vec() };
        assert_eq!(counting.visitors[owner], expected);
        let days = table.visitors(owner, DAY, DAY).await.unwrap();
        assert_eq!(days, [(DAY.to_owned(), b"two".to_vec())]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_total_keeps_the_first_and_moves_the_last() {
    let platform = Platform::start().await;
    let (table, code) = (platform.table(), one_code());
    let mut before = Marks::default();
    for (sequence, millis) in [("1", 1000), ("2", 3000), ("3", 2000)] {
        let after = marks(&[(0, sequence)]);
        let mut batch = count(&code, before, after.clone(), 1);
        batch.additions[0].keep.insert("first0".to_owned(), millis);
        batch.additions[0].set.insert("last0".to_owned(), millis);
        batch.additions[0].set.insert("last13".to_owned(), 2500);
        assert_eq!(table.commit_count(&batch).await.unwrap(), Ok(()));
        before = after;
    }
    let totals = table.totals(&code).await.unwrap();
    assert_eq!(totals.first_scan.unwrap().as_millisecond(), 1000);
    assert_eq!(totals.last_scan.unwrap().as_millisecond(), 2500, "the latest of all shards");
    assert_eq!(totals.counts.keys().collect::<Vec<_>>(), ["c:NG", "people"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ranges_are_read_with_both_ends_across_pages_and_totals_in_one_go() {
    let platform = Platform::start().await;
    let (table, code, other) = (platform.table(), one_code(), one_code());
    let mut before = Marks::default();
    // Wide hours: together more than the megabyte of one page.
    for hour in 0..30 {
        let after = marks(&[(0, &(hour + 1).to_string())]);
        let mut batch = count(&code, before, after.clone(), 1);
        let name = format!("2026-11-{:02}T{:02}", 20 + hour / 24, hour % 24);
        batch.additions = vec![addition(&code, None, 1), addition(&code, Some(&name), 1)];
        for wide in 0..20 {
            let counter = format!("r:{wide:02}{}", "x".repeat(2000));
            batch.additions[1].add.insert(counter, 1);
        }
        assert_eq!(table.commit_count(&batch).await.unwrap(), Ok(()));
        before = after;
    }
    let read = async |first: &str, last: &str| table.hours(&code, first, last).await.unwrap().len();
    assert_eq!(read("2026-11-20T00", "2026-11-21T23").await, 30);
    assert_eq!(read("2026-11-20T23", "2026-11-21T00").await, 2);
    assert_eq!(read("2026-11-22T00", "2026-11-22T23").await, 0);
    let totals = table.totals_of(&[code.clone(), other.clone()]).await.unwrap();
    assert_eq!(totals[&code].scans(), 30);
    assert!(!totals.contains_key(&other), "nothing was counted of it");
    assert!(table.totals_of(&[]).await.unwrap().is_empty());
    assert_eq!(table.totals(&other).await.unwrap().scans(), 0);
}
