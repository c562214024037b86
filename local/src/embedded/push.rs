//! A push service (RFC 8030), so that the push adapter has one on this machine: `POST /push/{subscription}`.
//!
//! Deliberately absent: delivery to a browser, and the check of the sender's signature; the header is kept, so a test
//! can check it.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::inbox::{Inbox, Item, PushMessage};

/// The largest body that push services take, in bytes (RFC 8030, 7.2).
const BODY_BYTES_MAX: usize = 4096;
/// The only encoding of a body (RFC 8291).
const ENCODING: &str = "aes128gcm";

/// Takes a push message.
pub(super) async fn take(
    State(inbox): State<Inbox>,
    Path(subscription): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if let Some(reason) = refusal(&headers, &body) {
        return reason.into_response();
    }
    if let Some(status) = inbox.push_answer(&subscription) {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::GONE);
        return (status, "as the test wanted\n").into_response();
    }
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    let message = PushMessage { subscription, headers, body: body.to_vec() };
    match inbox.keep(&Item::Push(message)) {
        Ok(number) => (StatusCode::CREATED, [(header::LOCATION, format!("/message/{number}"))])
            .into_response(),
        Err(error) => {
            tracing::error!("the inbox cannot be written: {error}");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn refusal(headers: &HeaderMap, body: &Bytes) -> Option<(StatusCode, &'static str)> {
    let ttl = headers.get("ttl").and_then(|value| value.to_str().ok());
    if ttl.and_then(|value| value.parse::<u32>().ok()).is_none() {
        return Some((StatusCode::BAD_REQUEST, "TTL is missing\n"));
    }
    if body.len() > BODY_BYTES_MAX {
        return Some((StatusCode::PAYLOAD_TOO_LARGE, "the body is too large\n"));
    }
    let encoding = headers.get(header::CONTENT_ENCODING);
    if !body.is_empty() && encoding.is_none_or(|encoding| encoding != ENCODING) {
        return Some((StatusCode::BAD_REQUEST, "the body must be encrypted with aes128gcm\n"));
    }
    None
}
