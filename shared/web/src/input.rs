//! What comes in: bodies, queries and path parts, each parsed into a checked type or answered with a problem that
//! says where it is wrong.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, RawPathParams, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use domain::failure::{Failure, FieldError, InvalidFields, Kind};
use domain::guard::GuardRefused;
use domain::id::{GuardId, PropertyId, VoucherId};
use domain::voucher::VoucherRefused;
use serde::de::DeserializeOwned;

use crate::problem::Problem;

/// Why a body was not taken.
#[derive(Debug, thiserror::Error)]
pub enum BodyRefused {
    /// It is larger than the route takes.
    #[error("the body is larger than this address takes")]
    TooLarge,
    /// It broke off.
    #[error("the body did not arrive whole")]
    Broken,
    /// It is announced as something else.
    #[error("send JSON, with the header Content-Type: application/json")]
    NotJson,
    /// It is not JSON.
    #[error("the body is not JSON: {0}")]
    Malformed(String),
    /// It is not text.
    #[error("the body is not UTF-8 text")]
    NotText,
}

impl Failure for BodyRefused {
    fn kind(&self) -> Kind {
        match self {
            BodyRefused::TooLarge => Kind::TooLarge,
            BodyRefused::Broken
            | BodyRefused::NotJson
            | BodyRefused::Malformed(_)
            | BodyRefused::NotText => Kind::Malformed,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            BodyRefused::TooLarge => "body_too_large",
            BodyRefused::Broken => "body_incomplete",
            BodyRefused::NotJson => "body_not_json",
            BodyRefused::Malformed(_) => "malformed_json",
            BodyRefused::NotText => "body_not_text",
        }
    }
}

/// The body's bytes, within the route's limit.
///
/// # Errors
/// [`BodyRefused::TooLarge`] or [`BodyRefused::Broken`].
pub async fn bytes<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, BodyRefused> {
    Bytes::from_request(request, state).await.map_err(|rejection| match rejection {
        BytesRejection::FailedToBufferBody(failed)
            if failed.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE =>
        {
            BodyRefused::TooLarge
        }
        _ => BodyRefused::Broken,
    })
}

/// A JSON body. An absent one reads as `{}`, so a request whose fields are all optional needs none.
#[derive(Clone, Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let headers = request.headers().clone();
        let bytes = bytes(request, state).await?;
        json(&headers, &bytes).map(Json)
    }
}

/// Reads a JSON body.
///
/// # Errors
/// [`BodyRefused`], or [`InvalidFields`] with the path of the first field that does not fit.
pub fn json<T: DeserializeOwned>(headers: &HeaderMap, bytes: &[u8]) -> Result<T, Problem> {
    if bytes.is_empty() {
        return parse(b"{}");
    }
    let announced = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = announced.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/json") {
        return Err(BodyRefused::NotJson.into());
    }
    // A list would be read as the fields in their order, which nobody means.
    if bytes.trim_ascii_start().first().is_some_and(|first| b"[\"-0123456789tfn".contains(first)) {
        let detail = "send one JSON object: { and } around the members";
        return Err(InvalidFields(vec![FieldError::new(".", "invalid_value", detail)]).into());
    }
    parse(bytes)
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let error = error.into_inner();
        if error.is_data() {
            return Problem::from(InvalidFields(vec![FieldError::new(
                path,
                "invalid_value",
                plain(&error),
            )]));
        }
        Problem::from(BodyRefused::Malformed(plain(&error)))
    })?;
    reader.end().map_err(|error| BodyRefused::Malformed(plain(&error)))?;
    Ok(value)
}

/// The parser's words. They quote at most a field's name or a short value of the caller's own.
fn plain(error: &serde_json::Error) -> String {
    error.to_string().chars().take(200).collect()
}

/// The query's parameters.
#[derive(Clone, Debug)]
pub struct Params<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        query.map(|Query(value)| Params(value)).map_err(|rejection| {
            let detail = rejection.body_text().chars().take(200).collect::<String>();
            InvalidFields(vec![FieldError::new("query", "invalid_query", detail)]).into()
        })
    }
}

/// The path part that names a property.
#[derive(Clone, Debug)]
pub struct PropertyPath(pub PropertyId);

impl<S: Send + Sync> FromRequestParts<S> for PropertyPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = Path::<String>::from_request_parts(parts, state).await;
        let text = text.map(|Path(text)| text).unwrap_or_default();
        Ok(Self(PropertyId::parse(&text)?))
    }
}

/// The path part `voucher_id`. A text that is no id is a voucher that is not there.
#[derive(Clone, Debug)]
pub struct VoucherPath(pub VoucherId);

impl<S: Send + Sync> FromRequestParts<S> for VoucherPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let parts = RawPathParams::from_request_parts(parts, state).await;
        let parts = parts.map_err(|_| VoucherRefused::Unknown)?;
        let named = parts.iter().find(|(name, _)| *name == "voucher_id");
        let id = named.and_then(|(_, text)| VoucherId::parse(text).ok());
        Ok(Self(id.ok_or(VoucherRefused::Unknown)?))
    }
}

/// The path part `guard_id`. A text that is no id is a guard that is not there.
#[derive(Clone, Debug)]
pub struct GuardPath(pub GuardId);

impl<S: Send + Sync> FromRequestParts<S> for GuardPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let parts = RawPathParams::from_request_parts(parts, state).await;
        let parts = parts.map_err(|_| GuardRefused::Unknown)?;
        let named = parts.iter().find(|(name, _)| *name == "guard_id");
        let id = named.and_then(|(_, text)| GuardId::parse(text).ok());
        Ok(Self(id.ok_or(GuardRefused::Unknown)?))
    }
}
