//! GET /openapi.json: the API in OpenAPI 3.1. The file is made from the handlers' own descriptions; a test holds the
//! two together.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

/// All functions' descriptions in one.
pub(crate) const OPENAPI: &str = include_str!("openapi.json");

/// The API's description.
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "site",
    operation_id = "read_openapi",
    responses((status = 200, description = "OpenAPI 3.1", content_type = "application/json"))
)]
pub(crate) async fn read_openapi() -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300")),
    ];
    (headers, OPENAPI).into_response()
}
