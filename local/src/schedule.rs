//! Schedules: the functions that time calls.
//!
//! Time is the stack's [`Clock`]: in a test nothing fires until the clock is moved or the test says so. Deliberately
//! absent: what was missed while the process was down, which EventBridge does not bring back either.

mod timetable;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use adapters::clock::Clock;
use jiff::Timestamp;
use serde_json::{Value, json};

pub use timetable::Timetable;

use crate::queue::DeadLetters;
use crate::registry::BoxError;
use crate::stack::Running;
use crate::template::ScheduleSource;

/// An event that fails is tried so often in all, as Lambda does for asynchronous calls.
const ATTEMPTS_MAX: u32 = 3;
/// How often the clock is looked at.
const TICK: Duration = Duration::from_millis(200);
/// So many due instants of one schedule are made up for after a jump of the clock.
const CATCH_UP_MAX: usize = 100;

/// One schedule of one function.
#[derive(Debug)]
pub(crate) struct Schedule {
    running: Arc<Running>,
    source: ScheduleSource,
    account_id: String,
    region: String,
    due: Mutex<Option<Timestamp>>,
    dead_letters: Option<DeadLetters>,
}

impl Schedule {
    pub(crate) fn new(
        running: Arc<Running>,
        source: ScheduleSource,
        (account_id, region): (String, String),
        now: Timestamp,
        dead_letters: Option<DeadLetters>,
    ) -> Self {
        let due = Mutex::new(source.timetable.next_after(now));
        Self { running, source, account_id, region, due, dead_letters }
    }

    /// The function that it calls.
    pub(crate) fn function(&self) -> &str {
        &self.running.name
    }

    /// When it fires next.
    pub(crate) fn due(&self) -> Option<Timestamp> {
        *self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leaves out what would fire between `now`, when it has just fired, and the last time before `end`.
    pub(crate) fn skip_towards(&self, now: Timestamp, end: Timestamp) {
        let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(next) = *due else { return };
        let last = end.saturating_sub(next.duration_since(now)).unwrap_or(next);
        if last > next {
            *due = self.source.timetable.next_after(last);
        }
    }

    /// Calls the function once, as of `at`.
    pub(crate) async fn fire(&self, at: Timestamp) -> Result<Value, BoxError> {
        self.running.invoke(self.payload(at)?).await
    }

    /// Fires for each instant that has come, the earliest first.
    pub(crate) async fn fire_due(&self, now: Timestamp) {
        for _ in 0..CATCH_UP_MAX {
            let Some(at) = self.take_due(now) else { return };
            self.fire_with_retries(at).await;
        }
        // A longer jump is not worth thousands of calls.
        *self.due.lock().unwrap_or_else(PoisonError::into_inner) =
            self.source.timetable.next_after(now);
    }

    async fn fire_with_retries(&self, at: Timestamp) {
        for attempt in 1..=ATTEMPTS_MAX {
            match self.fire(at).await {
                Ok(_) => return,
                Err(error) => {
                    let name = self.function();
                    tracing::warn!(attempt, "the schedule of `{name}` failed: {error}");
                }
            }
        }
        if let (Some(dead_letters), Ok(payload)) = (&self.dead_letters, self.payload(at)) {
            dead_letters.keep(&payload);
        }
    }

    /// Taken before it fires, so that two who look at the clock at once do not both fire it.
    fn take_due(&self, now: Timestamp) -> Option<Timestamp> {
        let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        let at = (*due).filter(|at| *at <= now)?;
        *due = self.source.timetable.next_after(at);
        Some(at)
    }

    /// The template's own input, else the notice that AWS sends.
    fn payload(&self, at: Timestamp) -> Result<Value, BoxError> {
        let time = at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let (region, account) = (&self.region, &self.account_id);
        if let Some(input) = &self.source.input {
            return Ok(serde_json::from_str(
                &input.replace("<aws.scheduler.scheduled-time>", &time),
            )?);
        }
        let (service, kind) = if self.source.by_scheduler {
            ("scheduler", "schedule/default")
        } else {
            ("events", "rule")
        };
        let arn = format!("arn:aws:{service}:{region}:{account}:{kind}/{}", self.source.name);
        let detail = if self.source.by_scheduler { json!("{}") } else { json!({}) };
        Ok(json!({
            "version": "0",
            "id": format!("{}-{}", self.source.name, at.as_millisecond()),
            "detail-type": "Scheduled Event",
            "source": format!("aws.{service}"),
            "account": account,
            "time": time,
            "region": region,
            "resources": [arn],
            "detail": detail,
        }))
    }
}

/// Fires the schedules as the clock goes on, for ever.
pub(crate) async fn run(schedule: Arc<Schedule>, clock: Clock) {
    loop {
        schedule.fire_due(clock.now()).await;
        tokio::time::sleep(TICK).await;
    }
}
