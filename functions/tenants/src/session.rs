//! POST and DELETE /session: a page exchanges a key for a cookie of twelve hours. The cookie holds a random token;
//! only its fingerprint is kept, and it ends with the key.

use adapters::ids::Ids;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::input::Json;
use web::principal::key_of_secret;
use web::problem::ProblemBody;
use web::{Problem, session};

use crate::Deps;

/// What a page signs in with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SessionRequest {
    /// An API key.
    api_key: String,
}

/// The session.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionResponse {
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// Exchanges a key for a cookie.
#[utoipa::path(
    post,
    path = "/session",
    tag = "session",
    operation_id = "open_session",
    request_body = SessionRequest,
    responses(
        (status = 201, description = "The cookie `__Host-session` is set", body = SessionResponse),
        (status = 401, description = "The key is not valid", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn open_session(
    State(deps): State<Deps>,
    Json(request): Json<SessionRequest>,
) -> Result<Response, Problem> {
    key_of_secret(&deps.table, &request.api_key).await?;
    let ids = Ids { clock: deps.clock, random: deps.random };
    let session::Opened { cookie, expires_at } =
        session::open(&deps.table, &ids, &request.api_key).await?;
    let body = axum::Json(SessionResponse { expires_at });
    Ok((StatusCode::CREATED, [(header::SET_COOKIE, cookie)], body).into_response())
}

/// Ends the session of the cookie, if there is one.
#[utoipa::path(
    delete,
    path = "/session",
    tag = "session",
    operation_id = "close_session",
    responses((status = 204, description = "The session has ended"))
)]
pub(crate) async fn close_session(
    State(deps): State<Deps>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let cookie = session::close(&deps.table, &headers).await?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}
