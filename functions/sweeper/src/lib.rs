//! Finds what is due, every minute, and sends each of it to its queue.
//!
//! Deliberately absent: the work itself but that of leases and purses (one write each, for which no queue is worth
//! it), and any mark that a poll or a payout was sent. Those stay due until the worker has looked at them, so a sweep
//! that dies loses nothing, and one that comes twice only sends twice.

mod leases;
mod nights;
mod payouts;
mod purses;
mod tips;

use adapters::clock::Clock;
use adapters::environment::{Environment, EnvironmentError};
use adapters::queue::Queue;
use adapters::table::Table;
use serde::Serialize;
use serde_json::Value;
use web::BoxError;

/// What the sweep may touch.
#[derive(Clone, Debug)]
pub struct Deps {
    table: Table,
    queues: Queues,
    clock: Clock,
}

/// Where what is due goes.
#[derive(Clone, Debug)]
pub(crate) struct Queues {
    payments: Queue,
    payouts: Queue,
    settlements: Queue,
    reconciliations: Queue,
}

impl Deps {
    /// From the function's variables.
    ///
    /// # Errors
    /// [`EnvironmentError`] names the variable that is missing.
    pub fn from_env(env: &Environment) -> Result<Self, EnvironmentError> {
        let queues = Queues {
            payments: Queue::from_env(env, "PAYMENTS_QUEUE_URL")?,
            payouts: Queue::from_env(env, "PAYOUTS_QUEUE_URL")?,
            settlements: Queue::from_env(env, "SETTLEMENTS_QUEUE_URL")?,
            reconciliations: Queue::from_env(env, "RECONCILIATIONS_QUEUE_URL")?,
        };
        Ok(Self { table: Table::from_env(env)?, queues, clock: env.clock.clone() })
    }
}

/// What was found of one kind.
#[derive(Clone, Copy, Debug, Default)]
struct Found {
    /// What was sent.
    sent: usize,
    /// How long the longest due one has been waiting, in seconds.
    lag_s: i64,
    /// What cannot be read.
    unreadable: usize,
}

/// What a sweep found.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Tips whose polls were sent.
    pub polls_sent: usize,
    /// Payouts that were sent to their worker.
    pub payouts_sent: usize,
    /// Tenants whose night has begun.
    pub nights_sent: usize,
    /// Leases of devices that were given back.
    pub leases_returned: usize,
    /// Purses in which something had run out that was cleared away.
    pub purses_tidied: usize,
    /// How long the longest due one has been waiting, in seconds.
    pub lag_s: i64,
    /// What is due and cannot be read. It stays due until somebody has mended it.
    pub unreadable: usize,
}

/// Sweeps once. The schedule's event says nothing that matters.
///
/// # Errors
/// The table or a queue did not do its work; the next minute tries again. What is of another kind is swept all the
/// same.
pub async fn handle(deps: Deps, _event: Value) -> Result<Report, BoxError> {
    let now = deps.clock.now();
    let (polls, payouts, nights, leases, purses) = tokio::join!(
        tips::sweep(&deps, now),
        payouts::sweep(&deps, now),
        nights::sweep(&deps, now),
        leases::sweep(&deps, now),
        purses::sweep(&deps, now),
    );
    let (polls, payouts, nights) = (polls?, payouts?, nights?);
    let lag_s = polls.lag_s.max(payouts.lag_s).max(nights.lag_s);
    let report = Report {
        polls_sent: polls.sent,
        payouts_sent: payouts.sent,
        nights_sent: nights.sent,
        leases_returned: leases?,
        purses_tidied: purses?,
        lag_s,
        unreadable: polls.unreadable.saturating_add(payouts.unreadable),
    };
    metrics::gauge!("sweeper_lag_seconds").set(u32::try_from(lag_s).unwrap_or(u32::MAX));
    count("sweeper_polls_total", report.polls_sent);
    count("sweeper_payouts_total", report.payouts_sent);
    count("sweeper_nights_total", report.nights_sent);
    count("sweeper_leases_total", report.leases_returned);
    count("sweeper_purses_total", report.purses_tidied);
    let (polls, payouts) = (report.polls_sent, report.payouts_sent);
    tracing::info!(event = "swept", lag_s, polls, payouts, "sent {polls} polls, {payouts} payouts");
    Ok(report)
}

fn count(name: &'static str, number: usize) {
    metrics::counter!(name).increment(u64::try_from(number).unwrap_or(0));
}
