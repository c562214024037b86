//! What is done once a day: destroying the salts of visitor hashes that are older than two days, clearing tips of what
//! their patrons said once that is older than its tenant keeps it, forgetting codes of loyalty that are long over, and
//! looking for vouchers that nobody redeems.

mod conversion;
mod retention;
mod tokens;

use adapters::clock::Clock;
use adapters::environment::{Environment, EnvironmentError};
use adapters::salts::Salts;
use adapters::table::Table;
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
    table: Table,
    clock: Clock,
}

impl Deps {
    /// From the function's variables.
    ///
    /// # Errors
    /// [`EnvironmentError`] names the variable that is missing.
    pub fn from_env(env: &Environment) -> Result<Self, EnvironmentError> {
        let (salts, table) = (Salts::from_env(env)?, Table::from_env(env)?);
        Ok(Self { salts, table, clock: env.clock.clone() })
    }
}

/// What was cleaned up.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Salts that were destroyed.
    pub salts_destroyed: usize,
    /// Tips that say nothing of their patrons any more.
    pub tips_cleared: usize,
    /// Codes of loyalty that were forgotten.
    pub tokens_forgotten: usize,
    /// Vouchers with many scans of the last week and hardly a redemption.
    pub vouchers_low: u32,
}

/// Cleans up. The schedule's event says nothing that matters.
///
/// # Errors
/// The store of the salts or the table did not do its work; the schedule tries again.
pub async fn handle(deps: Deps, _event: Value) -> Result<Report, BoxError> {
    let now = deps.clock.now();
    let today = now.to_zoned(TimeZone::UTC).date();
    let first_kept = today.checked_sub(DAYS_KEPT.days())?;
    let salts_destroyed = deps.salts.destroy_before(first_kept).await?;
    tracing::info!(event = "salts_destroyed", salts_destroyed, "destroyed {salts_destroyed} salts");
    let tips_cleared = retention::clear_all(&deps.table, now).await?;
    tracing::info!(
        event = "tips_cleared",
        tips_cleared,
        "cleared {tips_cleared} tips of their patrons"
    );
    let vouchers_low = conversion::count_low(&deps.table, now).await?;
    metrics::gauge!("vouchers_low_conversion").set(vouchers_low);
    // Last: it is only tidy, and the table does it as well.
    let tokens_forgotten = tokens::forget_all(&deps.table, now).await?;
    tracing::info!(event = "tokens_forgotten", tokens_forgotten, "forgot {tokens_forgotten} codes");
    Ok(Report { salts_destroyed, tips_cleared, tokens_forgotten, vouchers_low })
}
