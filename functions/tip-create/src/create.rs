//! POST /tips: a patron tips a guard (T31, T32). JSON from the page's script and from partners; a form from the page
//! without JavaScript.

use axum::Json as Reply;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::id::TipId;
use domain::ledger::PaystackReference;
use domain::tip::TipStatus;
use serde::Serialize;
use utoipa::ToSchema;
use web::Problem;
use web::idempotency::{KeyRefused, REPLAYED, key_of};
use web::input;
use web::problem::ProblemBody;

use crate::Deps;
use crate::form;
use crate::order::{TipRequest, order, target_of};
use crate::start::{Outcome, Started, start};

/// A tip that can be paid.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TipResponse {
    /// The tip's id; `GET /tips/{tip_id}` tells what became of it.
    #[schema(value_type = String)]
    tip_id: TipId,
    /// Its reference at Paystack.
    #[schema(value_type = String)]
    reference: PaystackReference,
    /// Where the patron pays; our own page about the tip when it was paid before this answer.
    authorization_url: String,
    /// What opens the same page inside another one (X40).
    access_code: Option<String>,
    /// `pending`, as it is when the payment begins, also in a repeated answer.
    status: TipStatus,
}

impl TipResponse {
    fn of(deps: &Deps, started: Started) -> Self {
        let tip = started.tip;
        let status = if started.page.is_some() { TipStatus::Pending } else { tip.status() };
        let (authorization_url, access_code) = match started.page {
            Some(page) => (page.authorization_url, Some(page.access_code)),
            None => (deps.checkout.status_url(&tip), None),
        };
        let reference = tip.reference();
        Self { tip_id: tip.id, reference, authorization_url, access_code, status }
    }
}

/// Tips a guard. JSON needs an `Idempotency-Key`; a form brings its own, with the seal of our page.
#[utoipa::path(
    post,
    path = "/tips",
    tag = "tips",
    operation_id = "create_tip",
    params(("Idempotency-Key" = Option<String>, Header, description = "A value of your own, the same for each try of the same tip; required with JSON")),
    request_body(content((TipRequest = "application/json"), (String = "application/x-www-form-urlencoded"))),
    responses(
        (status = 201, description = "The tip can be paid", body = TipResponse),
        (status = 303, description = "To the payment page: the answer to a form"),
        (status = 400, description = "No JSON, or no Idempotency-Key", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No guard has this code", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The guard is suspended, or a request with this key is still running", body = ProblemBody, content_type = "application/problem+json"),
        (status = 410, description = "The code was replaced, or the guard has left", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong, or the key stands for another tip", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many tips in a minute", body = ProblemBody, content_type = "application/problem+json"),
        (status = 502, description = "Paystack has refused, or does not answer", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn create_tip(State(deps): State<Deps>, request: Request) -> Response {
    if is_form(request.headers()) {
        return form::sent(&deps, request).await;
    }
    tip(&deps, request).await.unwrap_or_else(IntoResponse::into_response)
}

/// Tips a guard, for partners with pages of their own.
#[utoipa::path(
    post,
    path = "/api/v1/tips",
    tag = "tips",
    operation_id = "create_tip_as_partner",
    params(("Idempotency-Key" = String, Header, description = "A value of your own, the same for each try of the same tip")),
    request_body = TipRequest,
    responses(
        (status = 201, description = "The tip can be paid", body = TipResponse),
        (status = 400, description = "No JSON, or no Idempotency-Key", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No guard has this code", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The guard is suspended, or a request with this key is still running", body = ProblemBody, content_type = "application/problem+json"),
        (status = 410, description = "The code was replaced, or the guard has left", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong, or the key stands for another tip", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many tips in a minute", body = ProblemBody, content_type = "application/problem+json"),
        (status = 502, description = "Paystack has refused, or does not answer", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn create_tip_as_partner(
    State(deps): State<Deps>,
    request: Request,
) -> Result<Response, Problem> {
    tip(&deps, request).await
}

async fn tip(deps: &Deps, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let key = key_of(&parts.headers)?.ok_or(KeyRefused::Missing)?.to_owned();
    let bytes = input::bytes(Request::from_parts(parts.clone(), body), &()).await?;
    let asked: TipRequest = input::json(&parts.headers, &bytes)?;
    let target = target_of(deps, &asked.guard_token).await?;
    let order = order(deps, &target, asked.read(&target)?, &key, &parts).await?;
    match start(deps, order).await? {
        Outcome::Started(started) => Ok(created(deps, *started)),
        Outcome::Running(_) => Err(KeyRefused::Running.into()),
    }
}

fn created(deps: &Deps, started: Started) -> Response {
    let replayed = started.replayed;
    let mut response = (StatusCode::CREATED, Reply(TipResponse::of(deps, started))).into_response();
    if replayed {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    response
}

fn is_form(headers: &HeaderMap) -> bool {
    let announced = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = announced.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}
