//! POST and DELETE /session: a page exchanges a key for a cookie of twelve hours. The cookie holds a random token;
//! only its fingerprint is kept, and it ends with the key.

use adapters::table::Session;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::access::{fingerprint, hex};
use domain::limit::SESSION_HOURS;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::Problem;
use web::input::Json;
use web::principal::{SESSION_COOKIE, key_of_secret, session_token};
use web::problem::ProblemBody;

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
    let expires_at = deps
        .clock
        .now()
        .saturating_add(SignedDuration::from_hours(SESSION_HOURS))
        .unwrap_or(Timestamp::MAX);
    let token = hex(&deps.random.bytes::<32>());
    let session = Session {
        key_fingerprint: fingerprint(&request.api_key),
        expires_at,
        ttl: expires_at.as_second(),
    };
    deps.table.insert_session(&fingerprint(&token), &session).await?;
    let cookie = cookie(&token, SESSION_HOURS * 3600);
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
    if let Some(token) = session_token(&headers) {
        deps.table.delete_session(&fingerprint(token)).await?;
    }
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie("", 0))]).into_response())
}

fn cookie(token: &str, max_age_s: i64) -> String {
    format!("{SESSION_COOKIE}={token}; Path=/; Max-Age={max_age_s}; Secure; HttpOnly; SameSite=Lax")
}
