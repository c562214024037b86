//! GET /l/{token} and GET /L/{token}: what a code says to whoever reads it with a camera of their own. Nothing is
//! looked up, so nobody learns here whether a code is good.

use askama::Template;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use web::page::{self, Shell, kept_for_a_minute};

#[derive(Template)]
#[template(path = "till.html")]
struct TillPage {
    shell: Shell,
}

/// What a code says, by its address.
#[utoipa::path(
    get,
    path = "/l/{token}",
    tag = "loyalty",
    operation_id = "till_code",
    params(("token" = String, Path, description = "Whatever stands there; it is not looked at")),
    responses(
        (status = 200, description = "That it is for the till", content_type = "text/html"),
        (status = 304, description = "The browser has it"),
    )
)]
pub(crate) async fn till_code(headers: HeaderMap) -> Response {
    draw(&headers).await
}

/// The same, as the code spells it.
#[utoipa::path(
    get,
    path = "/L/{token}",
    tag = "loyalty",
    operation_id = "printed_till_code",
    params(("token" = String, Path, description = "Whatever stands there; it is not looked at")),
    responses(
        (status = 200, description = "That it is for the till", content_type = "text/html"),
        (status = 304, description = "The browser has it"),
    )
)]
pub(crate) async fn printed_till_code(headers: HeaderMap) -> Response {
    draw(&headers).await
}

async fn draw(headers: &HeaderMap) -> Response {
    let page = TillPage { shell: Shell::titled("A code for the till") };
    kept_for_a_minute(page::html(StatusCode::OK, &page), headers).await
}
