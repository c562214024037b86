//! What is done once a day: destroying the salts of visitor hashes that are older than two days.

use adapters::clock::Clock;
use adapters::environment::{Environment, EnvironmentError};
use adapters::salts::Salts;
use jiff::ToSpan;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::Value;
use web::BoxError;

/// Days before today whose salts are kept: a salt lives at most 48 hours beyond its first moment's day.
const DAYS_KEPT: i64 = 1;

/// What the clean-up may touch.
#[derive(Clone, Debug)]
pub struct Deps {
    salts: Salts,
    clock: Clock,
}

impl Deps {
    /// From the function's variables.
    ///
    /// # Errors
    /// [`EnvironmentError`] names the variable that is missing.
    pub fn from_env(env: &Environment) -> Result<Self, EnvironmentError> {
        Ok(Self { salts: Salts::from_env(env)?, clock: env.clock.clone() })
    }
}

/// What was cleaned up.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Salts that were destroyed.
    pub salts_destroyed: usize,
}

/// Cleans up. The schedule's event says nothing that matters.
///
/// # Errors
/// The store of the salts did not do its work; the schedule tries again.
pub async fn handle(deps: Deps, _event: Value) -> Result<Report, BoxError> {
    let today = deps.clock.now().to_zoned(TimeZone::UTC).date();
    let first_kept = today.checked_sub(DAYS_KEPT.days())?;
    let salts_destroyed = deps.salts.destroy_before(first_kept).await?;
    tracing::info!(event = "salts_destroyed", salts_destroyed, "destroyed {salts_destroyed} salts");
    Ok(Report { salts_destroyed })
}
