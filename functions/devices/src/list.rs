//! GET /api/v1/devices and DELETE /api/v1/devices/{device_id}: a business's devices, when they were last heard of, and
//! taking one's right away.

use axum::Json as Reply;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use domain::enrolment::{DeviceStatus, Enrolment, EnrolmentRefused};
use domain::id::{BusinessId, DeviceId};
use domain::page::PageSize;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::Problem;
use web::input::Params;
use web::problem::ProblemBody;
use web::till::DeviceKeeper;

use crate::Deps;

/// What the cursors of this list are sealed for.
const LIST: &str = "devices";
/// How often a device is read again because it was changed.
const READS_MAX: u32 = 5;

/// A device of a business.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeviceResponse {
    /// Its id.
    #[schema(value_type = String)]
    device_id: DeviceId,
    /// Of which business.
    #[schema(value_type = String)]
    business_id: BusinessId,
    /// What people call it.
    name: String,
    /// Whether it may redeem.
    status: DeviceStatus,
    /// Until when its code works.
    #[schema(value_type = String, format = DateTime)]
    invited_until: Timestamp,
    /// When it was last heard of, to the quarter of an hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    seen_at: Option<Timestamp>,
    /// When it was invited.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// A page of devices.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DevicesResponse {
    /// The devices, oldest first.
    devices: Vec<DeviceResponse>,
    /// For the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct DevicesParams {
    /// Of which business; a key that is bound to one need not say.
    business_id: Option<String>,
    /// The cursor that the page before gave.
    cursor: Option<String>,
    /// How many devices, 1 to 100.
    limit: Option<u32>,
}

/// The path part `device_id`. A text that is no id is a device that is not there.
#[derive(Debug)]
pub(crate) struct DevicePath(DeviceId);

impl<S: Send + Sync> FromRequestParts<S> for DevicePath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = Path::<String>::from_request_parts(parts, state).await;
        let Path(text) = text.map_err(|_| EnrolmentRefused::Unknown)?;
        Ok(Self(DeviceId::parse(&text).map_err(|_| EnrolmentRefused::Unknown)?))
    }
}

/// The devices of a business.
#[utoipa::path(
    get,
    path = "/api/v1/devices",
    tag = "vouchers",
    operation_id = "list_devices",
    params(DevicesParams),
    responses(
        (status = 200, description = "A page of devices", body = DevicesResponse),
        (status = 404, description = "No such business", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A limit or cursor that is not valid", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["vouchers:write"]))
)]
pub(crate) async fn list_devices(
    State(deps): State<Deps>,
    keeper: DeviceKeeper,
    Params(params): Params<DevicesParams>,
) -> Result<Reply<DevicesResponse>, Problem> {
    let size = PageSize::parse(params.limit)?;
    let business = keeper.business(&deps.table, params.business_id.as_deref()).await?;
    let (owner, list) = (keeper.tenant.as_str(), format!("{LIST} {business}"));
    let from = deps.seal.position(owner, &list, params.cursor.as_deref()).await?;
    let page = deps.table.enrolments((&keeper.tenant, &business), size, from.as_ref()).await?;
    let next_cursor = match &page.next {
        Some(next) => Some(deps.seal.cursor(owner, &list, next).await?),
        None => None,
    };
    let devices = page.entries.iter().map(DeviceResponse::from).collect();
    Ok(Reply(DevicesResponse { devices, next_cursor }))
}

/// Takes a device's right away, at once and for ever. What it has brought stays redeemed; what it has taken along and
/// not brought goes back within minutes.
#[utoipa::path(
    delete,
    path = "/api/v1/devices/{device_id}",
    tag = "vouchers",
    operation_id = "revoke_device",
    params(("device_id" = String, Path, description = "The device")),
    responses(
        (status = 204, description = "It may not redeem any more"),
        (status = 404, description = "No such device", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The device was changed at the same moment", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["vouchers:write"]))
)]
pub(crate) async fn revoke_device(
    State(deps): State<Deps>,
    keeper: DeviceKeeper,
    DevicePath(id): DevicePath,
) -> Result<StatusCode, Problem> {
    for _ in 0..READS_MAX {
        let device = deps.table.enrolment(&id).await?.ok_or(EnrolmentRefused::Unknown)?;
        if device.tenant != keeper.tenant || !keeper.may_see(&device.business) {
            return Err(EnrolmentRefused::Unknown.into());
        }
        let again = device.status == DeviceStatus::Revoked;
        if again || deps.table.commit_revocation(&device.revoke()).await?.is_ok() {
            // Also of one that is revoked: whoever did that may not have come as far as this.
            deps.table.recall_leases((&keeper.tenant, &id), deps.ids.now()).await?;
            tracing::info!(event = "device_revoked", device.id = %id, "revoked `{id}`");
            return Ok(StatusCode::NO_CONTENT);
        }
    }
    Err(EnrolmentRefused::Changed.into())
}

impl From<&Enrolment> for DeviceResponse {
    fn from(device: &Enrolment) -> Self {
        Self {
            device_id: device.id.clone(),
            business_id: device.business.clone(),
            name: device.name.clone(),
            status: device.status,
            invited_until: device.invited_until,
            seen_at: device.seen_at,
            created_at: device.created_at,
        }
    }
}
