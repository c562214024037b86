//! What pages of other origins may send to a bucket (fetch.spec.whatwg.org, CORS protocol), as S3 answers it.

use std::sync::Arc;

use futures::future::BoxFuture;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, HeaderName, ORIGIN, VARY,
};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::Service;
use s3s::service::S3Service;
use s3s::{Body, HttpError};

use crate::template::{Bucket, CorsRule};

/// A store behind the rules of its buckets.
#[derive(Clone)]
pub(super) struct Cors {
    store: S3Service,
    /// By the bucket's name.
    rules: Arc<Vec<(String, CorsRule)>>,
}

impl Cors {
    pub(super) fn new(store: S3Service, buckets: &[Bucket]) -> Self {
        let rules = buckets
            .iter()
            .flat_map(|bucket| bucket.cors.iter().map(|rule| (bucket.name.clone(), rule.clone())));
        Self { store, rules: Arc::new(rules.collect()) }
    }

    /// The rule that lets this origin do that with the bucket in the path.
    fn rule(&self, path: &str, origin: &str, method: &str) -> Option<&CorsRule> {
        let bucket = path.trim_start_matches('/').split('/').next().unwrap_or_default();
        let fits = |(name, rule): &&(String, CorsRule)| {
            let has =
                |list: &[String], one: &str| list.iter().any(|each| each == "*" || each == one);
            name == bucket && has(&rule.origins, origin) && has(&rule.methods, method)
        };
        self.rules.iter().find(fits).map(|(_, rule)| rule)
    }

    /// What a browser hears that asks first.
    fn preflight(&self, request: &Request<Incoming>) -> Response<Body> {
        let header = |name: HeaderName| text(request.headers().get(name));
        let (origin, method) = (header(ORIGIN), header(ACCESS_CONTROL_REQUEST_METHOD));
        let wanted = header(ACCESS_CONTROL_REQUEST_HEADERS).to_lowercase();
        let mut wanted = wanted.split(',').map(str::trim).filter(|name| !name.is_empty());
        let rule = self.rule(request.uri().path(), origin, method);
        let rule =
            rule.filter(|rule| wanted.all(|name| rule.headers.iter().any(|own| own == name)));
        let mut response = Response::new(Body::empty());
        let Some(rule) = rule else {
            *response.status_mut() = StatusCode::FORBIDDEN;
            return response;
        };
        allow(&mut response, origin);
        for (name, list) in [
            (ACCESS_CONTROL_ALLOW_METHODS, rule.methods.join(", ")),
            (ACCESS_CONTROL_ALLOW_HEADERS, rule.headers.join(", ")),
        ] {
            if let Ok(list) = HeaderValue::from_str(&list) {
                response.headers_mut().insert(name, list);
            }
        }
        response
    }
}

impl Service<Request<Incoming>> for Cors {
    type Response = Response<Body>;
    type Error = HttpError;
    type Future = BoxFuture<'static, Result<Response<Body>, HttpError>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let cors = self.clone();
        Box::pin(async move {
            if request.method() == Method::OPTIONS && request.headers().contains_key(ORIGIN) {
                return Ok(cors.preflight(&request));
            }
            let origin = text(request.headers().get(ORIGIN)).to_owned();
            let (path, method) = (request.uri().path(), request.method().as_str());
            let allowed = cors.rule(path, &origin, method).is_some();
            let mut response = cors.store.call(whole(request).await?).await?;
            if allowed {
                allow(&mut response, &origin);
            }
            Ok(response)
        })
    }
}

/// The request with its body read to the end. A server that refuses a file unread closes the connection under the
/// client, which then may lose the refusal. Files of the platform have a few megabytes.
async fn whole(request: Request<Incoming>) -> Result<Request<Body>, HttpError> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(|error| HttpError::new(Box::new(error)))?;
    Ok(Request::from_parts(head, Body::from(body.to_bytes())))
}

fn text(value: Option<&HeaderValue>) -> &str {
    value.and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn allow(response: &mut Response<Body>, origin: &str) {
    if let Ok(origin) = HeaderValue::from_str(origin) {
        response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        response.headers_mut().insert(VARY, HeaderValue::from_static("origin"));
    }
}
