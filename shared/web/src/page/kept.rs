//! A page that is the same for everybody: the content network keeps it for a minute, a browser asks again each time.

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use domain::access::hex;
use sha2::{Digest, Sha256};

/// The content network keeps the page for 60 seconds (T29), so that what was taken back is gone everywhere after this
/// time.
const CACHE_CONTROL: &str = "public, max-age=0, s-maxage=60, must-revalidate";
/// Bytes of the hash in an entity tag.
const TAG_BYTES: usize = 16;

/// The page with its tag, or only the word that the browser has it.
pub async fn kept_for_a_minute(drawn: Response, asked: &HeaderMap) -> Response {
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
