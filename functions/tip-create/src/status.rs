//! GET /tips/{tip_id}: where a tip stands, for whoever has its id. Nothing about the patron, the guard or the account.

use axum::Json as Reply;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use domain::id::TipId;
use domain::money::Currency;
use domain::tip::{Tip, TipStatus, TipUnknown};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use web::Problem;
use web::problem::ProblemBody;

use crate::Deps;

/// Where a tip stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TipStatusResponse {
    /// The tip's id.
    #[schema(value_type = String)]
    tip_id: TipId,
    /// Where it stands.
    status: TipStatus,
    /// The same for a person.
    words: &'static str,
    /// What the guard is to get, in minor units.
    amount: i64,
    /// The currency.
    currency: Currency,
    /// When it was begun.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// The path part of a tip.
pub(crate) type TipPath = Result<Path<String>, PathRejection>;

/// Where a tip stands. It changes only by what Paystack tells us, not by who visits.
#[utoipa::path(
    get,
    path = "/tips/{tip_id}",
    tag = "tips",
    operation_id = "tip_status",
    params(("tip_id" = String, Path, description = "The tip's id")),
    responses(
        (status = 200, description = "Where it stands", body = TipStatusResponse),
        (status = 404, description = "No such tip", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn tip_status(
    State(deps): State<Deps>,
    id: TipPath,
) -> Result<Reply<TipStatusResponse>, Problem> {
    shown(&deps, id).await
}

/// Where a tip stands, for partners with pages of their own.
#[utoipa::path(
    get,
    path = "/api/v1/tips/{tip_id}",
    tag = "tips",
    operation_id = "tip_status_for_partner",
    params(("tip_id" = String, Path, description = "The tip's id")),
    responses(
        (status = 200, description = "Where it stands", body = TipStatusResponse),
        (status = 404, description = "No such tip", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn tip_status_for_partner(
    State(deps): State<Deps>,
    id: TipPath,
) -> Result<Reply<TipStatusResponse>, Problem> {
    shown(&deps, id).await
}

async fn shown(deps: &Deps, id: TipPath) -> Result<Reply<TipStatusResponse>, Problem> {
    let tip = tip_of(deps, id).await?;
    let status = tip.status();
    Ok(Reply(TipStatusResponse {
        tip_id: tip.id,
        status,
        words: status.words(),
        amount: tip.amount.minor,
        currency: tip.amount.currency,
        created_at: tip.created_at,
    }))
}

/// The tip. A text that is no id is a tip that is not there.
pub(crate) async fn tip_of(deps: &Deps, id: TipPath) -> Result<Tip, Problem> {
    let Path(text) = id.map_err(|_| TipUnknown)?;
    let id = TipId::parse(&text).map_err(|_| TipUnknown)?;
    Ok(deps.table.tip(&id).await?.ok_or(TipUnknown)?.tip)
}
