//! GET /docs/problems: each code that a problem can have, and what to do about it. A test holds the list to the code.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use web::page::{self, Shell};

/// `code;status;what to do`, one a line, sorted.
const PROBLEMS: &str = include_str!("problems.txt");

#[derive(Template)]
#[template(path = "problems.html")]
struct ProblemsPage {
    shell: Shell,
    problems: Vec<(&'static str, &'static str, &'static str)>,
}

/// Every problem.
#[utoipa::path(
    get,
    path = "/docs/problems",
    tag = "site",
    operation_id = "read_problems",
    responses((status = 200, description = "The list of problems", content_type = "text/html"))
)]
pub(crate) async fn read_problems() -> Response {
    let line = |line: &'static str| {
        let (code, rest) = line.split_once(';')?;
        let (status, advice) = rest.split_once(';')?;
        Some((code, status, advice))
    };
    let problems = PROBLEMS.lines().filter_map(line).collect();
    let page = ProblemsPage { shell: Shell::titled("Problems · Tessera"), problems };
    page::html(StatusCode::OK, &page)
}
