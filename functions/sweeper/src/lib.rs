//! Finds what is due, every minute, and sends each of it to its queue.
//!
//! Deliberately absent: the work itself, and any mark that something was sent. What is due stays due until the worker
//! has looked at it, so a sweep that dies loses nothing, and one that comes twice only sends twice.

use adapters::clock::Clock;
use adapters::environment::{Environment, EnvironmentError};
use adapters::queue::Queue;
use adapters::table::keys::DUE_SHARDS;
use adapters::table::{DueTips, StoreError, Table};
use domain::failure::chain;
use domain::message::PaymentMessage;
use futures::future::try_join_all;
use serde::Serialize;
use serde_json::Value;
use web::BoxError;

/// The most tips of one shard that a sweep sends: all together 4,000 a minute, more than Paystack answers. The longest
/// due come first, and what is left is found by the next sweep.
const TIPS_MAX: u32 = 500;

/// What the sweep may touch.
#[derive(Clone, Debug)]
pub struct Deps {
    table: Table,
    queue: Queue,
    clock: Clock,
}

impl Deps {
    /// From the function's variables.
    ///
    /// # Errors
    /// [`EnvironmentError`] names the variable that is missing.
    pub fn from_env(env: &Environment) -> Result<Self, EnvironmentError> {
        Ok(Self {
            table: Table::from_env(env)?,
            queue: Queue::from_env(env, "PAYMENTS_QUEUE_URL")?,
            clock: env.clock.clone(),
        })
    }
}

/// What a sweep found.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Tips whose polls were sent.
    pub polls_sent: usize,
    /// How long the longest due one has been waiting, in seconds.
    pub lag_s: i64,
    /// What is due and cannot be read. It stays due until somebody has mended it.
    pub unreadable: usize,
}

/// Sweeps once. The schedule's event says nothing that matters.
///
/// # Errors
/// The table or the queue did not do its work; the next minute tries again.
pub async fn handle(deps: Deps, _event: Value) -> Result<Report, BoxError> {
    let now = deps.clock.now();
    let shards = (0..DUE_SHARDS).map(|shard| deps.table.due_tips(now, shard, TIPS_MAX));
    let (mut due, mut unreadable) = (Vec::new(), Vec::new());
    for DueTips { tips, unreadable: others } in try_join_all(shards).await? {
        due.extend(tips);
        unreadable.extend(others);
    }
    let longest = due.iter().map(|(at, _)| *at).min();
    let lag_s = longest.map_or(0, |at| now.duration_since(at).as_secs());
    let polls: Vec<PaymentMessage> =
        due.into_iter().map(|(_, tip)| PaymentMessage::Poll(tip)).collect();
    deps.queue.send_all(&polls).await?;
    report(&unreadable);
    let polls_sent = polls.len();
    metrics::gauge!("sweeper_lag_seconds").set(u32::try_from(lag_s).unwrap_or(u32::MAX));
    metrics::counter!("sweeper_polls_total").increment(u64::try_from(polls_sent).unwrap_or(0));
    tracing::info!(event = "swept", polls_sent, lag_s, "sent {polls_sent} polls");
    Ok(Report { polls_sent, lag_s, unreadable: unreadable.len() })
}

/// Says once what cannot be read, whatever its number: the first of it says what to look for.
fn report(unreadable: &[StoreError]) {
    let Some(first) = unreadable.first() else { return };
    let (count, error) = (unreadable.len(), chain(first));
    metrics::counter!("sweeper_unreadable_total").increment(u64::try_from(count).unwrap_or(0));
    tracing::error!(event = "due_unreadable", count, error, "{count} due tips cannot be read");
}
