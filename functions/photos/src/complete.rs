//! POST /api/v1/guards/{guard_id}/photo/complete: what was sent is looked at, made small, published, and deleted.

use adapters::images::{Fetched, Object};
use axum::Json as Reply;
use axum::extract::State;
use domain::access::hex;
use domain::failure::{Failure, Kind};
use domain::guard::{Guard, GuardRefused};
use domain::id::PhotoId;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use web::input::GuardPath;
use web::problem::ProblemBody;
use web::{Caller, Problem, Repeatable, Stopped, may};

use crate::Deps;
use crate::picture::{FILE_MAX_BYTES, PhotoRefused, Published, publish};
use crate::upload::present;

/// How often the guard is read again because somebody else has changed it meanwhile.
const TRIES_MAX: u32 = 4;

/// Which upload is complete.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CompleteRequest {
    /// The upload's id.
    #[schema(value_type = String)]
    photo_id: PhotoId,
}

/// The published photo.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CompleteResponse {
    /// Where everybody sees it.
    photo_url: String,
    /// Width in pixels; at most 512.
    width: u32,
    /// Height in pixels; at most 512.
    height: u32,
    /// Size of the file; at most 60 KB.
    bytes: usize,
}

/// The work itself went wrong.
#[derive(Debug, thiserror::Error)]
#[error("the photo could not be made smaller")]
struct PhotoFailed(#[source] tokio::task::JoinError);

impl Failure for PhotoFailed {
    fn kind(&self) -> Kind {
        Kind::Bug
    }

    fn code(&self) -> &'static str {
        "photo_failed"
    }
}

/// Publishes a photo that was sent: turned upright, at most 512 pixels a side, without anything but the picture.
#[utoipa::path(
    post,
    path = "/api/v1/guards/{guard_id}/photo/complete",
    tag = "guards",
    operation_id = "complete_photo",
    params(
        ("guard_id" = String, Path, description = "The guard's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "With it a repetition gets the same answer"),
    ),
    request_body = CompleteRequest,
    responses(
        (status = 200, description = "The photo", body = CompleteResponse),
        (status = 404, description = "No such guard", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "Nothing was sent yet, or the guard is archived", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Not a photo that can be shown", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["guards:write"]))
)]
pub(crate) async fn complete_photo(
    State(deps): State<Deps>,
    caller: Caller<may::GuardsWrite>,
    GuardPath(id): GuardPath,
    Repeatable(request): Repeatable<CompleteRequest>,
) -> Result<Reply<CompleteResponse>, Stopped> {
    let guard = present(&deps, &caller.tenant, &id).await?;
    let upload = Object::Upload(&guard.tenant, &guard.id, &request.photo_id);
    let file = deps.images.get_bounded(&upload.key(), FILE_MAX_BYTES).await?;
    let Published { width, height, jpeg } = published(file).await?;
    let (sha256, bytes) = (hex(&Sha256::digest(&jpeg)), jpeg.len());
    let photo = Object::Photo(&guard.tenant, &guard.id, &sha256);
    // First the file, then the record that names it, and the original at the end: whatever dies in between, the
    // request can be repeated.
    deps.images.put(&photo, "image/jpeg", jpeg).await?;
    show(&deps, guard.clone(), &photo.key()).await?;
    deps.images.delete(&upload).await?;
    tracing::info!(event = "guard_photo_published", guard.id = %id, "published a photo of `{id}`");
    let photo_url = deps.images.public_url(&photo.key());
    Ok(Reply(CompleteResponse { photo_url, width, height, bytes }))
}

/// Looks at a file and makes it small, away from the thread that answers requests.
async fn published(file: Fetched) -> Result<Published, Problem> {
    let file = match file {
        Fetched::Missing => return Err(PhotoRefused::NotUploaded.into()),
        Fetched::TooLarge => return Err(PhotoRefused::TooLarge.into()),
        Fetched::Bytes(file) => file,
    };
    let published = tokio::task::spawn_blocking(move || publish(&file)).await;
    Ok(published.map_err(PhotoFailed)??)
}

/// Shows the photo from now on, whatever else somebody changes about the guard at this moment.
async fn show(deps: &Deps, mut guard: Guard, photo: &str) -> Result<(), Problem> {
    for _ in 0..TRIES_MAX {
        let shown = guard.clone().show(photo.to_owned())?;
        match deps.table.replace_guard(&shown, &guard).await? {
            Ok(()) => return Ok(()),
            Err(GuardRefused::Changed) => guard = present(deps, &guard.tenant, &guard.id).await?,
            Err(refused) => return Err(refused.into()),
        }
    }
    Err(GuardRefused::Changed.into())
}
