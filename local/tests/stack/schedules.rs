//! Schedules obey the stack's clock.

use adapters::clock::Clock;
use jiff::SignedDuration;
use local::{Options, Stack};

use crate::toy::{self, calls};

#[tokio::test]
async fn a_schedule_fires_when_the_clock_passes_it_and_when_it_is_told_to() {
    let clock = Clock::manual("2026-01-01T02:00:00Z".parse().unwrap());
    let options = Options { clock: clock.clone(), ..toy::options("nights") };
    let stack = Stack::start(options).await.unwrap();
    let times = || -> Vec<String> {
        let time = |call: &serde_json::Value| call["time"].as_str().unwrap().to_owned();
        calls("nights", "nightly").iter().map(time).collect()
    };
    stack.advance(SignedDuration::from_mins(59)).await;
    assert!(times().is_empty());
    stack.advance(SignedDuration::from_mins(1)).await;
    assert_eq!(times(), ["2026-01-01T03:00:00Z"]);
    stack.advance(SignedDuration::from_hours(50)).await;
    assert_eq!(times()[1..], ["2026-01-02T03:00:00Z", "2026-01-03T03:00:00Z"]);
    assert_eq!(clock.now(), "2026-01-03T05:00:00Z".parse().unwrap());
    stack.fire("nightly").await.unwrap();
    assert_eq!(times()[3..], ["2026-01-03T05:00:00Z"]);
    let notice = &calls("nights", "nightly")[0];
    assert_eq!(notice["source"], "aws.scheduler");
    assert_eq!(notice["detail-type"], "Scheduled Event");
    assert!(stack.fire("echo").await.is_err());
}
