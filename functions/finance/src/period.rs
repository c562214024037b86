//! A period that a request names: from the tenant's beginning to now when it says nothing.

use domain::failure::{FieldError, InvalidFields};
use domain::id::TenantId;
use jiff::{SignedDuration, Timestamp};
use web::Problem;

use crate::Deps;
use crate::invariants::tenant;

/// From an instant until before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Period {
    /// The first instant.
    pub from: Timestamp,
    /// The instant at which it ends.
    pub to: Timestamp,
}

impl Period {
    /// The period between two instants.
    ///
    /// # Errors
    /// [`InvalidFields`] where it ends before it begins; the store's failure.
    pub(crate) async fn of(
        deps: &Deps,
        tenant_id: &TenantId,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    ) -> Result<Self, Problem> {
        let since = tenant(&deps.table, tenant_id).await?.created_at;
        let (now, next) = (deps.ids.now(), SignedDuration::from_millis(1));
        // The end is not part of the period, and what was written just now is. Nothing lies in the future, and nothing
        // before the tenant was made.
        let end = now.saturating_add(next).unwrap_or(Timestamp::MAX);
        let (from, to) = (from.unwrap_or(since).max(since.min(end)), to.unwrap_or(end).min(end));
        if from >= to {
            let detail = "the period ends after it begins, and begins in the past";
            return Err(InvalidFields(vec![FieldError::new("to", "out_of_range", detail)]).into());
        }
        Ok(Self { from, to })
    }
}
