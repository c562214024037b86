//! How often something may be done (T47): counters in the table, per window of time. What they are keyed by is an id
//! of ours or a keyed hash, never an address.

use adapters::table::Table;
use jiff::Timestamp;

use crate::problem::Problem;

/// A limit with its name in the table.
#[derive(Clone, Copy, Debug)]
pub struct RateLimit {
    /// Keeps its counters apart from others'.
    pub scope: &'static str,
    /// How long a window is, in seconds.
    pub window_s: i64,
    /// How many tries a window has.
    pub most: u32,
}

impl RateLimit {
    /// Takes one try of the key's.
    ///
    /// # Errors
    /// 429 with `Retry-After` when there is none left, or the store's failure.
    pub async fn take(&self, table: &Table, key: &str, now: Timestamp) -> Result<(), Problem> {
        let taken = table.take(self.scope, key, now, self.window_s, self.most).await?;
        taken.inspect_err(|_| {
            metrics::counter!("requests_limited_total", "scope" => self.scope).increment(1);
        })?;
        Ok(())
    }
}
