//! POST /api/v1/devices: invites a device of a business. Its code works once, for ten minutes, and is shown once.

use axum::Json as Reply;
use axum::extract::State;
use axum::http::StatusCode;
use domain::access::fingerprint;
use domain::enrolment::{DeviceStatus, Enrolment, EnrolmentCode};
use domain::failure::{Failure, FieldError, InvalidFields, Kind};
use domain::id::{BusinessId, DeviceId};
use domain::render::{Format, RenderSpec};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::idempotency::KeyRefused;
use web::problem::ProblemBody;
use web::till::DeviceKeeper;
use web::{Once, Problem, Stopped};

use crate::Deps;

/// The longest name of a device, in characters.
const NAME_MAX_CHARS: usize = 60;

/// What is wanted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InviteRequest {
    /// Of which business; a key that is bound to one need not say.
    #[serde(default)]
    business_id: Option<String>,
    /// What people call it: 1 to 60 characters.
    name: String,
}

/// An invited device.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InvitedResponse {
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
    /// The code, its address and its picture. Shown only now: the answer to a repetition of the request lacks them.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    shown: Option<CodeResponse>,
}

/// A code with which a device is enrolled.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CodeResponse {
    /// To be typed in.
    code: String,
    /// To be opened on the device.
    enrol_url: String,
    /// That address as a QR code (SVG).
    qr_svg: String,
}

/// The code could not be drawn.
#[derive(Debug, thiserror::Error)]
#[error("the code could not be drawn")]
pub(crate) struct DrawingFailed(#[source] tokio::task::JoinError);

impl Failure for DrawingFailed {
    fn kind(&self) -> Kind {
        Kind::Bug
    }

    fn code(&self) -> &'static str {
        "drawing_failed"
    }
}

/// Invites a device. Needs an `Idempotency-Key`.
#[utoipa::path(
    post,
    path = "/api/v1/devices",
    tag = "vouchers",
    operation_id = "invite_device",
    params(("Idempotency-Key" = String, Header, description = "A value of your own; a repetition invites no second device")),
    request_body = InviteRequest,
    responses(
        (status = 201, description = "The device, with its code", body = InvitedResponse),
        (status = 400, description = "No Idempotency-Key", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such business", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The same request is still running", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A name that is not valid", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["vouchers:write"]))
)]
pub(crate) async fn invite_device(
    State(deps): State<Deps>,
    keeper: DeviceKeeper,
    once: Once<InviteRequest>,
) -> Result<(StatusCode, Reply<InvitedResponse>), Stopped> {
    let name = name_of(&once.request.name)?;
    let business = keeper.business(&deps.table, once.request.business_id.as_deref()).await?;
    let code = EnrolmentCode::generate(deps.ids.bytes());
    let shown = shown(&deps, &business, &code).await?;
    let id = deps.ids.make(DeviceId::new);
    let device = Enrolment::invite(id, (keeper.tenant, business), name, deps.ids.now());
    let reply = InvitedResponse::of(&device);
    // The stored answer has no code: it is shown once, and only to whoever asked first.
    let answer = once.key.saving(StatusCode::CREATED, &reply);
    if !deps.table.insert_enrolment(&device, &fingerprint(code.as_str()), answer).await? {
        return Err(KeyRefused::Running.into());
    }
    tracing::info!(event = "device_invited", device.id = %device.id, "invited `{}`", device.id);
    Ok((StatusCode::CREATED, Reply(InvitedResponse { shown: Some(shown), ..reply })))
}

fn name_of(text: &str) -> Result<String, InvalidFields> {
    let name = text.trim();
    let length = name.chars().count();
    if (1..=NAME_MAX_CHARS).contains(&length) && !name.chars().any(char::is_control) {
        return Ok(name.to_owned());
    }
    let detail = format!("name has 1 to {NAME_MAX_CHARS} printable characters");
    Err(InvalidFields(vec![FieldError::new("name", "invalid_name", detail)]))
}

/// The code in its three forms. What stands behind `#` reaches no server and no log.
async fn shown(
    deps: &Deps,
    business: &BusinessId,
    code: &EnrolmentCode,
) -> Result<CodeResponse, Problem> {
    let base = deps.public_url.0.trim_end_matches('/');
    let enrol_url = format!("{base}/business/{business}#enrol={}", code.as_str());
    let spec = RenderSpec { format: Format::Svg, logo: false, ..RenderSpec::PROPERTY };
    let payload = enrol_url.clone();
    let drawn = tokio::task::spawn_blocking(move || qr::render(&payload, &spec, None)).await;
    let svg = drawn.map_err(DrawingFailed)??.bytes;
    let qr_svg = String::from_utf8_lossy(&svg).into_owned();
    Ok(CodeResponse { code: code.grouped(), enrol_url, qr_svg })
}

impl InvitedResponse {
    fn of(device: &Enrolment) -> Self {
        Self {
            device_id: device.id.clone(),
            business_id: device.business.clone(),
            name: device.name.clone(),
            status: device.status,
            invited_until: device.invited_until,
            shown: None,
        }
    }
}
