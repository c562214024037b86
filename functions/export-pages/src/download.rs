//! GET /desk/exports/{export_id}: leads to the file, whose address is good for five minutes.

use axum::extract::{Path, State};
use axum::response::Response;
use domain::export::{ExportRefused, ExportState};
use domain::id::ExportId;
use web::desk::{Staff, TurnedAway, see};
use web::finance::export_of;
use web::may;

use crate::Deps;

/// Leads to the file of an export; to the list while it is being written.
#[utoipa::path(
    get,
    path = "/desk/exports/{export_id}",
    tag = "desk",
    operation_id = "fetch_export",
    params(("export_id" = String, Path, description = "The export")),
    responses(
        (status = 303, description = "To the file, or to the list while it is being written"),
        (status = 403, description = "The key lacks the scope", content_type = "text/html"),
        (status = 404, description = "No such export", content_type = "text/html"),
    ),
    security(("api_key" = ["finance:read"]))
)]
pub(crate) async fn fetch_export(
    State(deps): State<Deps>,
    staff: Staff<may::FinanceRead>,
    Path(id): Path<String>,
) -> Result<Response, TurnedAway> {
    let id = ExportId::parse(&id).map_err(|_| ExportRefused::Unknown)?;
    let (store, now) = ((&deps.table, &deps.queue), deps.ids.now());
    let export = export_of(store, &staff.who.tenant, &id, now).await?;
    match export.state {
        ExportState::Done => Ok(see(&deps.files.address(&export).await?)),
        ExportState::Requested | ExportState::Running => Ok(see("/desk/exports?done=waits")),
        ExportState::Failed => Ok(see("/desk/exports?done=failed")),
    }
}
