//! Pages: one shell, one stylesheet, a strict content policy. A handler's own template extends `shell.html`.

mod kept;

use askama::Template;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

pub use kept::kept_for_a_minute;

use crate::assets;
use crate::problem::Problem;

/// Scripts, styles and images from our own origin only; nothing inline, no frames, no plugins, no foreign form.
const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The same with our own WebAssembly, for pages that read codes.
const SCANNING_POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
    img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// What such a page may ask the visitor for.
const SCANNING_PERMISSIONS: &str = "camera=(self), geolocation=(), microphone=()";

/// What the shell of every page needs.
#[derive(Clone, Debug)]
pub struct Shell {
    /// The page's title.
    pub title: String,
    /// Address of the stylesheet.
    pub stylesheet: String,
}

impl Shell {
    /// The shell of a page with this title.
    pub fn titled(title: impl Into<String>) -> Self {
        Self { title: title.into(), stylesheet: assets::STYLESHEET.path() }
    }
}

/// The page could not be drawn.
#[derive(Debug, thiserror::Error)]
#[error("a page could not be rendered")]
struct NotRendered(#[source] askama::Error);

impl domain::failure::Failure for NotRendered {
    fn kind(&self) -> domain::failure::Kind {
        domain::failure::Kind::Bug
    }

    fn code(&self) -> &'static str {
        "page_not_rendered"
    }
}

/// A page as an answer.
pub fn html(status: StatusCode, page: &impl Template) -> Response {
    html_under(status, page, HeaderValue::from_static(CONTENT_POLICY))
}

/// A page under a content policy of its own.
pub fn html_under(status: StatusCode, page: &impl Template, policy: HeaderValue) -> Response {
    match page.render() {
        Ok(text) => {
            let headers = [
                (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
                (header::CONTENT_SECURITY_POLICY, policy),
            ];
            (status, headers, text).into_response()
        }
        Err(error) => Problem::from(NotRendered(error)).into_response(),
    }
}

/// A page that reads codes: it may ask for the camera and run our WebAssembly. No other page may.
pub fn html_scanning(status: StatusCode, page: &impl Template) -> Response {
    let mut response = html_under(status, page, HeaderValue::from_static(SCANNING_POLICY));
    let name = HeaderName::from_static("permissions-policy");
    response.headers_mut().insert(name, HeaderValue::from_static(SCANNING_PERMISSIONS));
    response
}

/// A page that tells a visitor in words what a problem means to them.
#[derive(Template)]
#[template(path = "message.html")]
struct Message<'a> {
    shell: Shell,
    heading: &'a str,
    sentence: String,
    advice: &'a str,
    code: &'static str,
}

/// The page for a problem that a visitor meets. The code is the same as in the API's answer.
pub fn problem(problem: &Problem, heading: &str, advice: &str) -> Response {
    problem.log();
    let page = Message {
        shell: Shell::titled(heading),
        heading,
        sentence: sentence(&problem.detail()),
        advice,
        code: problem.code(),
    };
    later(html(problem.status(), &page), problem)
}

/// An answer that says when another try makes sense, where the problem says so.
pub fn later(mut response: Response, problem: &Problem) -> Response {
    if let Some(seconds) = problem.retry_after_s() {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// A detail begins in lower case and has no full stop; on a page it is a sentence.
pub fn sentence(detail: &str) -> String {
    let mut letters = detail.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    let end = if detail.ends_with(['.', '?', '!']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}
