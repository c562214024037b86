//! The distribution's paths that a bucket answers.
//!
//! An object that is not there is 403, as S3 says it to a reader that may not list the bucket, and 404 when the
//! bucket's policy lets the distribution list it. Deliberately absent: a cache, and listing a bucket.

use axum::body::Body;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};

use super::reply;
use super::routes::decode;
use crate::embedded::s3::Objects;
use crate::template::CdnPath;

/// What a browser gets to see of what S3 answers.
const HEADERS: [HeaderName; 11] = [
    header::ACCEPT_RANGES,
    header::CACHE_CONTROL,
    header::CONTENT_DISPOSITION,
    header::CONTENT_ENCODING,
    header::CONTENT_LANGUAGE,
    header::CONTENT_LENGTH,
    header::CONTENT_RANGE,
    header::CONTENT_TYPE,
    header::ETAG,
    header::EXPIRES,
    header::LAST_MODIFIED,
];

/// The paths and the store behind them.
#[derive(Debug)]
pub(crate) struct Cdn {
    paths: Vec<CdnPath>,
    objects: Objects,
}

/// An object within the store.
pub(super) struct Object {
    address: String,
    /// What is said when it is not there.
    missing: StatusCode,
}

impl Cdn {
    pub(crate) fn new(paths: Vec<CdnPath>, objects: Objects) -> Self {
        Self { paths, objects }
    }

    /// The address of the object within the store, when the path is one of the distribution's.
    pub(super) fn object(&self, path: &str) -> Option<Object> {
        let found = self.paths.iter().find(|cdn| fits(&cdn.pattern, path))?;
        let bucket = found.bucket.as_ref()?;
        let address = format!("/{}{}{path}", bucket.name, found.prefix);
        let missing = if bucket.cdn_lists { StatusCode::NOT_FOUND } else { StatusCode::FORBIDDEN };
        Some(Object { address, missing })
    }

    /// Reads the object.
    pub(super) async fn answer(&self, object: Object, head: &Parts) -> Response<Body> {
        let missing = || {
            let text = object.missing.canonical_reason().unwrap_or_default();
            reply::message(object.missing, text)
        };
        if head.method != Method::GET && head.method != Method::HEAD {
            return reply::message(StatusCode::FORBIDDEN, "Forbidden");
        }
        // A part that steps up would leave the bucket.
        if decode(&object.address).split('/').any(|part| part == "..") {
            return missing();
        }
        let mut request = Request::new(s3s::Body::empty());
        *request.method_mut() = head.method.clone();
        let Ok(uri) = object.address.parse() else {
            return missing();
        };
        *request.uri_mut() = uri;
        request.headers_mut().insert(header::HOST, HeaderValue::from_static("localhost"));
        if let Some(range) = head.headers.get(header::RANGE) {
            request.headers_mut().insert(header::RANGE, range.clone());
        }
        let Ok(answer) = self.objects.read(request).await;
        let (from, body) = answer.into_parts();
        if from.status == StatusCode::NOT_FOUND {
            return missing();
        }
        let mut response = Response::new(Body::empty());
        *response.status_mut() = from.status;
        for name in HEADERS {
            if let Some(value) = from.headers.get(&name) {
                response.headers_mut().insert(name, value.clone());
            }
        }
        if from.status == StatusCode::OK && is_known(&head.headers, response.headers()) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            response.headers_mut().remove(header::CONTENT_LENGTH);
            return response;
        }
        if head.method == Method::GET {
            *response.body_mut() = Body::new(body);
        }
        response
    }
}

/// Whether the browser has this version already.
fn is_known(asked: &HeaderMap, has: &HeaderMap) -> bool {
    let Some(etag) = has.get(header::ETAG).and_then(|etag| etag.to_str().ok()) else {
        return false;
    };
    let bare = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    asked
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .any(|tag| tag.trim() == "*" || bare(tag) == bare(etag))
}

/// CloudFront's patterns: `*` is any text, `?` one character.
fn fits(pattern: &str, path: &str) -> bool {
    let (pattern, path) = (pattern.as_bytes(), path.as_bytes());
    let (mut at, mut of) = (0, 0);
    // Where to go on when the text after the last star does not fit.
    let mut star: Option<(usize, usize)> = None;
    while at < path.len() {
        match pattern.get(of) {
            Some(b'*') => {
                star = Some((of, at));
                of += 1;
            }
            Some(&wanted) if wanted == b'?' || Some(&wanted) == path.get(at) => {
                of += 1;
                at += 1;
            }
            _ => {
                let Some((star_of, star_at)) = star else {
                    return false;
                };
                star = Some((star_of, star_at + 1));
                of = star_of + 1;
                at = star_at + 1;
            }
        }
    }
    pattern.iter().skip(of).all(|rest| *rest == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_pattern_fits_as_cloudfront_reads_it() {
        let cases = [
            ("/qr-images/*", "/qr-images/a/b.png", true),
            ("/qr-images/*", "/qr-images/", true),
            ("/qr-images/*", "/qr-images", false),
            ("/qr-images/*", "/x/qr-images/a", false),
            ("/*.png", "/a/b.png", true),
            ("/*.png", "/a/b.png.txt", false),
            ("/a?c", "/abc", true),
            ("/a?c", "/ac", false),
            ("/a*b*c", "/a-b-b-c", true),
        ];
        for (pattern, path, expected) in cases {
            assert_eq!(fits(pattern, path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn a_known_version_is_recognised_by_its_tag() {
        let has = HeaderMap::from_iter([(header::ETAG, HeaderValue::from_static("\"abc\""))]);
        let cases = [
            ("\"abc\"", true),
            ("W/\"abc\"", true),
            ("\"x\", \"abc\"", true),
            ("*", true),
            ("\"x\"", false),
        ];
        for (tag, expected) in cases {
            let asked =
                HeaderMap::from_iter([(header::IF_NONE_MATCH, HeaderValue::from_static(tag))]);
            assert_eq!(is_known(&asked, &has), expected, "{tag}");
        }
    }
}
