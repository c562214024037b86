//! GET /assets/{hash}/{name}: a file that pages load, kept for ever by whoever gets it.

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use domain::failure::{Failure, Kind};
use web::Problem;
use web::assets::Asset;
use web::problem::ProblemBody;

/// There is no such file, or not in this state.
#[derive(Debug, thiserror::Error)]
#[error("there is no such file")]
struct NoAsset;

impl Failure for NoAsset {
    fn kind(&self) -> Kind {
        Kind::Missing
    }

    fn code(&self) -> &'static str {
        "not_found"
    }
}

/// A file that pages load.
#[utoipa::path(
    get,
    path = "/assets/{hash}/{name}",
    tag = "site",
    operation_id = "read_asset",
    params(
        ("hash" = String, Path, description = "The beginning of the file's SHA-256"),
        ("name" = String, Path, description = "The file's name"),
    ),
    responses(
        (status = 200, description = "The file"),
        (status = 404, description = "No such file", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn read_asset(
    path: Result<Path<(String, String)>, PathRejection>,
) -> Result<Response, Problem> {
    let Path((hash, name)) = path.map_err(|_| NoAsset)?;
    let asset = Asset::find(&hash, &name).ok_or(NoAsset)?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type)),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
    ];
    let policy = asset
        .content_policy()
        .map(|policy| [(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy))]);
    Ok((headers, policy, asset.bytes).into_response())
}
