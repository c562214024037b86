//! POST /api/v1/devices/enrol: a device exchanges its code for a secret of its own. Open to everybody: who has the code
//! proves to be invited, and few are tried.

use axum::Json as Reply;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use domain::access::{fingerprint, hex};
use domain::enrolment::{Enrolment, EnrolmentCode, EnrolmentRefused};
use domain::id::{BusinessId, DeviceId, TenantId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::Problem;
use web::input::Json;
use web::limit::RateLimit;
use web::problem::ProblemBody;

use crate::Deps;

/// Codes that one address may try in a quarter of an hour: the devices of a whole shop share it.
const TRIES_OF_ADDRESS: RateLimit = RateLimit { scope: "enrol", window_s: 900, most: 20 };

/// The code.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EnrolRequest {
    /// As it is shown; case, blanks and dashes do not matter.
    code: String,
}

/// The business that a device works for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeviceBusiness {
    /// Its id.
    #[schema(value_type = String)]
    business_id: BusinessId,
    /// What it is called.
    name: String,
}

/// The tenant whose vouchers it redeems.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeviceTenant {
    /// Its id.
    #[schema(value_type = String)]
    tenant_id: TenantId,
    /// What it is called.
    name: String,
}

/// An enrolled device.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EnrolledResponse {
    /// Its id.
    #[schema(value_type = String)]
    device_id: DeviceId,
    /// Its secret. Shown only now.
    secret: String,
    /// What it sends in the header `Authorization`.
    authorization: String,
    /// For whom it redeems.
    business: DeviceBusiness,
    /// Whose vouchers.
    tenant: DeviceTenant,
}

/// Enrols a device with the code of its invitation, which works once.
#[utoipa::path(
    post,
    path = "/api/v1/devices/enrol",
    tag = "vouchers",
    operation_id = "enrol_device",
    request_body = EnrolRequest,
    responses(
        (status = 201, description = "The device, with its secret", body = EnrolledResponse),
        (status = 404, description = "A code that is wrong, was used, or is too old", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many codes were tried", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn enrol_device(
    State(deps): State<Deps>,
    parts: Parts,
    Json(request): Json<EnrolRequest>,
) -> Result<(StatusCode, Reply<EnrolledResponse>), Problem> {
    let now = deps.ids.now();
    limit(&deps, &parts, now).await?;
    let code = fingerprint(EnrolmentCode::parse(&request.code)?.as_str());
    let invited = deps.table.enrolment_of_code(&code).await?;
    let secret = hex(&deps.ids.bytes::<32>());
    let device = invited.ok_or(EnrolmentRefused::WrongCode)?.enrol(fingerprint(&secret), now)?;
    let reply = reply(&deps, &device, secret).await?;
    deps.table.commit_enrolment(&device, &code).await??;
    tracing::info!(event = "device_enrolled", device.id = %device.id, "enrolled `{}`", device.id);
    Ok((StatusCode::CREATED, Reply(reply)))
}

async fn limit(deps: &Deps, parts: &Parts, now: Timestamp) -> Result<(), Problem> {
    let visitor = deps.visitors.of(parts).await;
    // Without the day's salt there is no hash; a code has 80 random bits all the same.
    if let Some(address) = deps.visitors.address_hash("enrol", &visitor, now).await {
        TRIES_OF_ADDRESS.take(&deps.table, &address.to_string(), now).await?;
    }
    Ok(())
}

async fn reply(
    deps: &Deps,
    device: &Enrolment,
    secret: String,
) -> Result<EnrolledResponse, Problem> {
    let business = deps.table.business(&device.tenant, &device.business).await?;
    let tenant = deps.table.tenant(&device.tenant).await?;
    let business = DeviceBusiness {
        business_id: device.business.clone(),
        name: business.map(|business| business.profile.name).unwrap_or_default(),
    };
    let tenant = DeviceTenant {
        tenant_id: device.tenant.clone(),
        name: tenant.map(|tenant| tenant.settings.name).unwrap_or_default(),
    };
    let authorization = format!("Device {}.{secret}", device.id);
    Ok(EnrolledResponse { device_id: device.id.clone(), secret, authorization, business, tenant })
}
