//! The tip that a path names, as far as the caller may know of it.

use adapters::table::{StoredTip, Table};
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use domain::id::{TenantId, TipId};
use domain::tip::TipUnknown;
use web::Problem;

/// The path part `tip_id`. A text that is no id is a tip that is not there.
#[derive(Debug)]
pub(crate) struct TipPath(pub TipId);

impl<S: Send + Sync> FromRequestParts<S> for TipPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = Path::<String>::from_request_parts(parts, state).await;
        let Path(text) = text.map_err(|_| TipUnknown)?;
        Ok(Self(TipId::parse(&text).map_err(|_| TipUnknown)?))
    }
}

/// The tenant's tip.
///
/// # Errors
/// [`TipUnknown`], or the store's failure.
pub(crate) async fn load(
    table: &Table,
    tenant: &TenantId,
    id: &TipId,
) -> Result<StoredTip, Problem> {
    let stored = table.tip(id).await?.filter(|stored| stored.tip.tenant == *tenant);
    Ok(stored.ok_or(TipUnknown)?)
}
