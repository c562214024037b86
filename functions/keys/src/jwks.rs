//! GET /.well-known/jwks.json: the keys that codes are signed with, and those before them (RFC 7517).

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use web::Problem;
use web::problem::ProblemBody;

use crate::Deps;

/// Seconds that a reader may keep the keys. Who finds a key id that it lacks asks again.
const CACHE_CONTROL: &str = "public, max-age=300";

/// The public keys of vouchers' codes.
#[utoipa::path(
    get,
    path = "/.well-known/jwks.json",
    tag = "vouchers",
    operation_id = "read_jwks",
    responses(
        (status = 200, description = "A JWK set with ES256 keys", content_type = "application/json"),
        (status = 503, description = "The keys cannot be read", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn read_jwks(State(deps): State<Deps>) -> Result<Response, Problem> {
    let keys = deps.signer.keys().await?;
    let headers = [(header::CACHE_CONTROL, HeaderValue::from_static(CACHE_CONTROL))];
    Ok((headers, Json(keys.jwks())).into_response())
}
