//! GET /business/worker.js: the worker that keeps the page's shell for a reload without a network. Its scope is its
//! folder, so it stands here and not among the other files of pages.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use web::assets::BUSINESS_WORKER;

/// What it may do: ask our own origin, nothing else.
const POLICY: &str = "default-src 'none'; connect-src 'self'; base-uri 'none'";

/// The worker of the business page.
#[utoipa::path(
    get,
    path = "/business/worker.js",
    tag = "desk",
    operation_id = "read_worker",
    responses((status = 200, description = "The worker", content_type = "text/javascript"))
)]
pub(crate) async fn read_worker() -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(BUSINESS_WORKER.content_type)),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (headers, BUSINESS_WORKER.bytes).into_response()
}
