//! How often something may be done within a window of time: one conditional write per try. An answer that was lost
//! counts a try twice, which errs on the safe side.

use domain::failure::{Failure, Kind};
use jiff::Timestamp;

use super::{Item, StoreError, Table, keys, number, text};

const KIND: &str = "rate_limit";

/// It was done as often as it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many attempts; try again later")]
pub struct Limited {
    /// When the next window begins, in seconds from now.
    pub retry_after_s: u64,
}

impl Failure for Limited {
    fn kind(&self) -> Kind {
        Kind::Limited
    }

    fn code(&self) -> &'static str {
        "too_many_attempts"
    }

    fn retry_after_s(&self) -> Option<u64> {
        Some(self.retry_after_s)
    }
}

impl Table {
    /// Takes one of `most` tries that `key` has of `scope` in each window of `window_s` seconds.
    ///
    /// # Errors
    /// [`StoreError`]; inside, [`Limited`].
    pub async fn take(
        &self,
        scope: &str,
        key: &str,
        now: Timestamp,
        window_s: i64,
        most: u32,
    ) -> Result<Result<(), Limited>, StoreError> {
        let window_s = window_s.max(1);
        let window = now.as_second().div_euclid(window_s);
        let end = window.saturating_add(1).saturating_mul(window_s);
        let values = Item::from([
            (":one".to_owned(), number(1)),
            (":most".to_owned(), number(most)),
            (":ttl".to_owned(), number(end)),
            (":kind".to_owned(), text(KIND)),
        ]);
        let taken = self
            .update_if(
                &keys::rate_limit(scope, key, window),
                "SET #ttl = :ttl, #kind = :kind ADD n :one",
                "attribute_not_exists(n) OR n < :most",
                values,
            )
            .await?;
        let left = u64::try_from(end.saturating_sub(now.as_second())).unwrap_or(1);
        Ok(if taken { Ok(()) } else { Err(Limited { retry_after_s: left.max(1) }) })
    }
}
