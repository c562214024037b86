//! POST /api/v1/guards/{guard_id}/photo: an address to which a photo is sent, for a quarter of an hour.

use std::time::Duration;

use adapters::images::{Object, UploadAddress};
use axum::Json as Reply;
use axum::extract::State;
use axum::http::StatusCode;
use domain::failure::{FieldError, InvalidFields};
use domain::guard::{Guard, GuardRefused};
use domain::id::{GuardId, PhotoId, TenantId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::input::{GuardPath, Json};
use web::problem::ProblemBody;
use web::{Caller, Problem, may};

use crate::Deps;
use crate::picture::FILE_MAX_BYTES;

/// How long the address is good for.
const VALID_FOR: Duration = Duration::from_secs(15 * 60);

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
pub(crate) enum PhotoType {
    /// JPEG.
    #[serde(rename = "image/jpeg")]
    Jpeg,
    /// PNG.
    #[serde(rename = "image/png")]
    Png,
}

impl PhotoType {
    fn as_str(self) -> &'static str {
        match self {
            PhotoType::Jpeg => "image/jpeg",
            PhotoType::Png => "image/png",
        }
    }
}

/// The file that is going to be sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PhotoRequest {
    /// What it is.
    content_type: PhotoType,
    /// Its exact size; at most 8 MB (8,388,608 bytes).
    bytes: u64,
}

/// Where the file goes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PhotoResponse {
    /// The upload's id, for `…/photo/complete`.
    #[schema(value_type = String)]
    photo_id: PhotoId,
    /// Where the file is sent.
    upload_url: String,
    /// How.
    method: &'static str,
    /// The headers that must be sent with it.
    headers: Vec<PhotoHeader>,
    /// Until when.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// One header of an upload.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PhotoHeader {
    /// Its name.
    name: String,
    /// Its value.
    value: String,
}

/// Answers an address for one photo. Send the file there, then complete it; what is not completed is gone after a day.
#[utoipa::path(
    post,
    path = "/api/v1/guards/{guard_id}/photo",
    tag = "guards",
    operation_id = "begin_photo",
    params(("guard_id" = String, Path, description = "The guard's id")),
    request_body = PhotoRequest,
    responses(
        (status = 201, description = "Where to send the file", body = PhotoResponse),
        (status = 404, description = "No such guard", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The guard is archived", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Neither JPEG nor PNG, or too large", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["guards:write"]))
)]
pub(crate) async fn begin_photo(
    State(deps): State<Deps>,
    caller: Caller<may::GuardsWrite>,
    GuardPath(id): GuardPath,
    Json(request): Json<PhotoRequest>,
) -> Result<(StatusCode, Reply<PhotoResponse>), Problem> {
    check(&request)?;
    let guard = present(&deps, &caller.tenant, &id).await?;
    let photo_id = deps.ids.make(PhotoId::new);
    let object = Object::Upload(&guard.tenant, &guard.id, &photo_id);
    let content_type = request.content_type.as_str();
    let address =
        deps.images.upload_address(&object, content_type, request.bytes, VALID_FOR).await?;
    let valid_for = SignedDuration::try_from(VALID_FOR).unwrap_or_default();
    let expires_at = deps.ids.now().saturating_add(valid_for).unwrap_or(Timestamp::MAX);
    Ok((StatusCode::CREATED, Reply(answer(photo_id, address, expires_at))))
}

fn check(request: &PhotoRequest) -> Result<(), InvalidFields> {
    if (1..=FILE_MAX_BYTES).contains(&request.bytes) {
        return Ok(());
    }
    let detail = format!("bytes is the file's size, 1 to {FILE_MAX_BYTES}");
    Err(InvalidFields(vec![FieldError::new("bytes", "out_of_range", detail)]))
}

fn answer(photo_id: PhotoId, address: UploadAddress, expires_at: Timestamp) -> PhotoResponse {
    let headers = address.headers.into_iter();
    let headers = headers.map(|(name, value)| PhotoHeader { name, value }).collect();
    PhotoResponse { photo_id, upload_url: address.url, method: "PUT", headers, expires_at }
}

/// The guard, unless there is none or it has left.
pub(crate) async fn present(
    deps: &Deps,
    tenant: &TenantId,
    id: &GuardId,
) -> Result<Guard, Problem> {
    let guard = deps.table.guard(tenant, id).await?.ok_or(GuardRefused::Unknown)?;
    Ok(guard.still_here()?)
}
