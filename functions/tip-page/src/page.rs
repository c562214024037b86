//! GET /g/{token}: the guard, the amounts and the form (T29, T30).

use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use domain::access::hex;
use domain::guard::TipPageState;
use sha2::{Digest, Sha256};
use web::{Problem, page, tip};

use crate::{Deps, Token, target_of};

/// The content network keeps the page for 60 seconds (T29); a browser asks again each time, so that a code that was
/// taken back is gone everywhere after this time.
const CACHE_CONTROL: &str = "public, max-age=0, s-maxage=60, must-revalidate";
/// Bytes of the hash in an entity tag.
const TAG_BYTES: usize = 16;

/// Shows a guard's page.
#[utoipa::path(
    method(get, head),
    path = "/g/{token}",
    tag = "tips",
    operation_id = "tip_page",
    params(("token" = String, Path, description = "The twelve letters and digits of the code")),
    responses(
        (status = 200, description = "The guard's page; where the guard is suspended, it says so and has no form", content_type = "text/html"),
        (status = 304, description = "The browser has this page already"),
        (status = 404, description = "No guard has this code", content_type = "text/html"),
        (status = 410, description = "The code was replaced, or the guard has left", content_type = "text/html"),
    )
)]
pub(crate) async fn tip_page(
    State(deps): State<Deps>,
    token: Token,
    headers: HeaderMap,
) -> Response {
    match draw(&deps, token).await {
        Ok(drawn) => kept_for_a_minute(drawn, &headers).await,
        Err(problem) => refused(&problem),
    }
}

async fn draw(deps: &Deps, token: Token) -> Result<Response, Problem> {
    let target = target_of(deps, token).await?;
    Ok(match target.state() {
        TipPageState::Open => tip::tip_page(&deps.site, &target),
        state => tip::closed_page(&deps.site, &target, state),
    })
}

/// The page with its tag, or only the word that the browser has it.
async fn kept_for_a_minute(drawn: Response, asked: &HeaderMap) -> Response {
    let (mut parts, body) = drawn.into_parts();
    if parts.status.is_server_error() {
        return Response::from_parts(parts, body);
    }
    // A page of ours is in memory already.
    let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let digest = Sha256::digest(&bytes);
    let tag = format!("\"{}\"", hex(digest.get(..TAG_BYTES).unwrap_or_default()));
    let known = parts.status == StatusCode::OK && is_known(asked, &tag);
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        parts.headers.insert(header::ETAG, tag);
    }
    parts.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(CACHE_CONTROL));
    let robots = HeaderName::from_static("x-robots-tag");
    parts.headers.insert(robots, HeaderValue::from_static("noindex, nofollow"));
    if known {
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(header::CONTENT_TYPE);
        return Response::from_parts(parts, Body::empty());
    }
    Response::from_parts(parts, Body::from(bytes))
}

/// Compared weakly, as for any GET (RFC 9110, 13.1.2): a network that compresses weakens the tag.
fn is_known(asked: &HeaderMap, tag: &str) -> bool {
    let lines = asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|line| line.to_str().ok());
    let mut tags = lines.flat_map(|line| line.split(',')).map(str::trim);
    tags.any(|known| known == "*" || known.trim_start_matches("W/") == tag)
}

/// The page of a code that leads nowhere, or could not be looked up.
pub(crate) fn refused(problem: &Problem) -> Response {
    let (heading, advice) = match problem.status() {
        StatusCode::NOT_FOUND => (
            "This code leads nowhere",
            "Check that the whole code was in the picture, or ask the guard to show it to you.",
        ),
        _ => ("Please try again", "We could not look the code up. Scan it again in a moment."),
    };
    page::problem(problem, heading, advice)
}
