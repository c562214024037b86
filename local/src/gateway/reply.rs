//! From a function's answer to an HTTP response.

use axum::body::Body;
use axum::body::Bytes;
use http::{HeaderValue, Method, Response, StatusCode, header};

use super::PAYLOAD_BYTES_MAX;
use crate::stack::HttpFailure;

/// One of API Gateway's own answers.
pub(super) fn message(status: StatusCode, text: &str) -> Response<Body> {
    let body = serde_json::json!({ "message": text }).to_string();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

/// Lambda takes 6 MB a call.
pub(super) fn too_large() -> Response<Body> {
    message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large")
}

/// What the function answered, within Lambda's limit; or what the gateway says when it did not.
pub(super) fn of_function(
    answer: Result<Response<Bytes>, HttpFailure>,
    method: &Method,
) -> Response<Body> {
    match answer {
        Ok(answer) if fits(&answer) => {
            let (mut head, body) = answer.into_parts();
            // The gateway writes the length itself; on HEAD the function's body is only measured.
            head.headers.remove(header::TRANSFER_ENCODING);
            if *method == Method::HEAD {
                if !body.is_empty() {
                    head.headers.insert(header::CONTENT_LENGTH, body.len().into());
                }
                return Response::from_parts(head, Body::empty());
            }
            head.headers.remove(header::CONTENT_LENGTH);
            Response::from_parts(head, Body::from(body))
        }
        Ok(_) => {
            tracing::error!("a function answered more than Lambda's 6 MB");
            message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
        }
        Err(HttpFailure::TimedOut) => {
            message(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable")
        }
        Err(HttpFailure::Broken) => {
            message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
        }
    }
}

/// A body that is not text travels in base64, which counts.
fn fits(answer: &Response<Bytes>) -> bool {
    let body = answer.body();
    let is_text = std::str::from_utf8(body).is_ok();
    let length = if is_text {
        body.len()
    } else {
        base64::encoded_len(body.len(), true).unwrap_or(usize::MAX)
    };
    length <= PAYLOAD_BYTES_MAX
}
