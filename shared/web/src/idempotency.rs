//! `Idempotency-Key` (IETF draft 07): missing where it is required 400, the same key with another body 422, still
//! running 409; a repetition gets the stored answer with `Idempotency-Replayed: true`.
//!
//! A handler takes [`Once`] and puts the answer into the transaction that has the effect ([`Held::saving`]). What can
//! be repeated without harm takes [`Repeatable`]: its answer is stored at the edge, after the effect. Either way the
//! edge gives the key of a refusal back.

use std::sync::{Arc, Mutex, PoisonError};

use adapters::clock::Clock;
use adapters::random::Random;
use adapters::table::{Answer, Claim, ClaimOutcome, Table};
use axum::body::{Body, to_bytes};
use axum::extract::{FromRef, FromRequest, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::access::hex;
use domain::failure::{Failure, Kind, chain};
use domain::limit::{IDEMPOTENCY_KEY_MAX_BYTES, IDEMPOTENCY_LEASE_S};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::input;
use crate::principal::{AccessRefused, PrincipalName};
use crate::problem::Problem;

/// The request's header.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The answer's header when it is a stored one.
pub const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// An answer larger than this is not kept: an item holds 400 KB.
const ANSWER_MAX_BYTES: usize = 350 * 1024;

/// Why a key is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyRefused {
    /// The route needs one.
    #[error(
        "send the header Idempotency-Key with a value of your own, so that a repetition does nothing twice"
    )]
    Missing,
    /// It is no key.
    #[error("an Idempotency-Key has 1 to 255 printable ASCII characters")]
    Invalid,
    /// It stands for another request.
    #[error("this Idempotency-Key was used for another request")]
    OtherRequest,
    /// The first request is still at work.
    #[error("a request with this Idempotency-Key is still running")]
    Running,
}

impl Failure for KeyRefused {
    fn kind(&self) -> Kind {
        match self {
            KeyRefused::Missing | KeyRefused::Invalid => Kind::Malformed,
            KeyRefused::OtherRequest => Kind::Invalid,
            KeyRefused::Running => Kind::Conflict,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            KeyRefused::Missing => "idempotency_key_missing",
            KeyRefused::Invalid => "idempotency_key_invalid",
            KeyRefused::OtherRequest => "idempotency_key_reused",
            KeyRefused::Running => "idempotency_key_in_use",
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        (*self == KeyRefused::Running).then_some(IDEMPOTENCY_LEASE_S.unsigned_abs() / 10)
    }
}

/// A JSON request that is carried out once per `Idempotency-Key`, which it must bring.
#[derive(Clone, Debug)]
pub struct Once<T> {
    /// What is asked for.
    pub request: T,
    /// The hold on the key.
    pub key: Held,
}

/// A request's hold on its `Idempotency-Key`.
#[derive(Clone, Debug)]
pub struct Held(Claim);

impl Held {
    /// The claim with the answer that a repetition gets, for the transaction that has the effect.
    pub fn saving<B: Serialize>(&self, status: StatusCode, body: &B) -> (Claim, Answer) {
        // A response that serialises for the client serialises here.
        let body = serde_json::to_string(body).unwrap_or_default();
        (self.0.clone(), Answer { status: status.as_u16(), body })
    }
}

/// A JSON request that may bring an `Idempotency-Key`: what it does can be repeated without harm.
#[derive(Clone, Debug)]
pub struct Repeatable<T>(pub T);

/// Where a request's claim waits for its answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Slot(Arc<Mutex<Option<(Table, Claim)>>>);

/// Either the reason why not, or the answer of the first time.
#[derive(Debug)]
pub enum Stopped {
    /// The request is refused.
    Refused(Problem),
    /// It was carried out before.
    Replayed(Answer),
}

impl<F: Into<Problem>> From<F> for Stopped {
    fn from(refused: F) -> Self {
        Stopped::Refused(refused.into())
    }
}

impl IntoResponse for Stopped {
    fn into_response(self) -> Response {
        match self {
            Stopped::Refused(problem) => problem.into_response(),
            Stopped::Replayed(answer) => {
                let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
                let headers = [
                    (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
                    (REPLAYED, HeaderValue::from_static("true")),
                ];
                (status, headers, answer.body).into_response()
            }
        }
    }
}

impl<T, S> FromRequest<S> for Once<T>
where
    T: DeserializeOwned + Send,
    S: Send + Sync,
    Table: FromRef<S>,
    Clock: FromRef<S>,
{
    type Rejection = Stopped;

    async fn from_request(request: Request, state: &S) -> Result<Self, Stopped> {
        if !request.headers().contains_key(IDEMPOTENCY_KEY) {
            return Err(KeyRefused::Missing.into());
        }
        let (request, claim) = claimed(request, state).await?;
        // The header is there, so there is a claim.
        let claim = claim.ok_or(KeyRefused::Missing)?;
        Ok(Self { request, key: Held(claim) })
    }
}

impl<T, S> FromRequest<S> for Repeatable<T>
where
    T: DeserializeOwned + Send,
    S: Send + Sync,
    Table: FromRef<S>,
    Clock: FromRef<S>,
{
    type Rejection = Stopped;

    async fn from_request(request: Request, state: &S) -> Result<Self, Stopped> {
        let (request, _) = claimed(request, state).await?;
        Ok(Self(request))
    }
}

/// Reads the request and claims its key, if it brings one.
async fn claimed<T, S>(request: Request, state: &S) -> Result<(T, Option<Claim>), Stopped>
where
    T: DeserializeOwned + Send,
    S: Send + Sync,
    Table: FromRef<S>,
    Clock: FromRef<S>,
{
    let (parts, body) = request.into_parts();
    let headers = parts.headers.clone();
    let extensions = parts.extensions.clone();
    let operation = format!("{} {}", parts.method, parts.uri.path());
    let bytes = input::bytes(Request::from_parts(parts, body), state).await?;
    let value = input::json(&headers, &bytes)?;
    let Some(key) = key_of(&headers)? else { return Ok((value, None)) };
    // The extractor of the principal comes before this one. Without it all callers would share their keys, and each
    // would get the others' answers.
    let PrincipalName(principal) = extensions.get().ok_or(AccessRefused::NoKey)?;
    let holder = hex(&Random::system().bytes::<8>());
    let fingerprint = hex(&Sha256::digest(&bytes));
    let (table, now) = (Table::from_ref(state), Clock::from_ref(state).now());
    let named = (principal.as_str(), operation.as_str(), key);
    match table.claim(named, &fingerprint, holder, now).await? {
        ClaimOutcome::Ours(claim) => {
            if let Some(slot) = extensions.get::<Slot>() {
                slot.fill(table, claim.clone());
            }
            Ok((value, Some(claim)))
        }
        ClaimOutcome::Done(answer) => Err(Stopped::Replayed(answer)),
        ClaimOutcome::Running => Err(KeyRefused::Running.into()),
        ClaimOutcome::OtherRequest => Err(KeyRefused::OtherRequest.into()),
    }
}

/// The key that a request brings, if it brings one.
///
/// # Errors
/// [`KeyRefused::Invalid`].
pub fn key_of(headers: &HeaderMap) -> Result<Option<&str>, KeyRefused> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    let text = value.to_str().map_err(|_| KeyRefused::Invalid)?;
    if text.is_empty() || text.len() > IDEMPOTENCY_KEY_MAX_BYTES {
        return Err(KeyRefused::Invalid);
    }
    Ok(Some(text))
}

impl Slot {
    fn fill(&self, table: Table, claim: Claim) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((table, claim));
    }

    /// Stores a success under the claim, or gives the key of a refusal back.
    pub(crate) async fn settle(&self, response: Response) -> Response {
        let claim = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some((table, claim)) = claim else { return response };
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
        let text = std::str::from_utf8(&bytes).ok().filter(|text| text.len() <= ANSWER_MAX_BYTES);
        let settled = match text {
            Some(text) if parts.status.is_success() => {
                let answer = Answer { status: parts.status.as_u16(), body: text.to_owned() };
                table.insert_answer(&claim, &answer).await
            }
            _ => table.delete_claim(&claim).await,
        };
        if let Err(error) = settled {
            // The effect stands. The lease ends by itself, and what may be repeated harmlessly then is.
            tracing::warn!(error = chain(&error), "an idempotency claim could not be settled");
        }
        Response::from_parts(parts, Body::from(bytes))
    }
}
