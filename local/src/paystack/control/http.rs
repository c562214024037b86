//! The control requests: JSON, or a form of the page, after which the browser is led back to it.

use axum::Router;
use axum::body::{self, Body};
use axum::extract::{Path, Request, State};
use axum::response::Response;
use axum::routing::{get, post};
use http::{HeaderValue, StatusCode, header};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{ControlRefused, Done};
use crate::paystack::Simulator;
use crate::paystack::api::{BODY_BYTES_MAX, json as answer};
use crate::paystack::fault::Fault;
use crate::paystack::fields::Fields;
use crate::paystack::integration::Settings;
use crate::paystack::settlement::SettleTo;
use crate::paystack::transaction::Payment;

/// All control requests.
pub(in crate::paystack) fn routes() -> Router<Simulator> {
    type Sim = State<Simulator>;
    let paths = [
        ("money", get(async |State(s): Sim| good(json!(s.money())))),
        ("calls", get(async |State(s): Sim| good(json!(s.calls()))).delete(forget_calls)),
        ("merchants", get(async |State(s): Sim| good(s.shown_merchants()))),
        ("transactions", get(async |State(s): Sim, r: Request| good(s.shown_charges(&query(&r))))),
        (
            "refunds",
            get(async |State(s): Sim, r: Request| good(s.shown_refunds(&query(&r)))).post(refund),
        ),
        (
            "disputes",
            get(async |State(s): Sim, r: Request| good(s.shown_disputes(&query(&r))))
                .post(raise_dispute),
        ),
        ("transfers", get(async |State(s): Sim, r: Request| good(s.shown_transfers(&query(&r))))),
        ("webhooks", get(async |State(s): Sim, r: Request| good(s.shown_webhooks(&query(&r))))),
        ("faults", get(faults).post(plan).delete(clear_faults)),
        ("faults/clear", post(clear_faults)),
        ("merchants/{named}", post(change_merchant)),
        ("transactions/{named}", post(pay)),
        ("refunds/{named}", post(move_refund)),
        ("disputes/{named}", post(end_dispute)),
        ("transfers/{named}", post(end_transfer)),
        ("webhooks/{named}", post(send_webhook)),
        ("settle", post(settle)),
        ("top-up", post(top_up)),
        ("pump", post(pump)),
    ];
    let router = Router::new();
    paths.into_iter().fold(router, |router, (path, methods)| {
        router.route(&format!("/_simulator/{path}"), methods)
    })
}

fn good(body: Value) -> Response {
    answer(StatusCode::OK, body)
}

fn query(request: &Request) -> Fields {
    Fields::form(request.uri().query().unwrap_or_default())
}

/// A request's members, and whether a page's form has sent them.
struct Sent {
    fields: Fields,
    is_form: bool,
}

async fn sent(request: Request) -> Result<Sent, Response> {
    let kind = request.headers().get(header::CONTENT_TYPE);
    let is_form = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/x-www-form"));
    let bytes = body::to_bytes(request.into_body(), BODY_BYTES_MAX).await.unwrap_or_default();
    // `curl -d` calls everything a form.
    let is_form = is_form && bytes.first() != Some(&b'{');
    match Fields::body(&bytes) {
        Some(fields) => Ok(Sent { fields, is_form }),
        None => Err(refused(StatusCode::BAD_REQUEST, "the body is not JSON")),
    }
}

fn refused(status: StatusCode, sentence: &str) -> Response {
    answer(status, json!({ "error": sentence }))
}

/// The answer; for a form, the way back to the page.
fn done<T: serde::Serialize>(is_form: bool, outcome: Done<T>) -> Response {
    if is_form {
        let place = if outcome.is_ok() { "/?done" } else { "/?failed" };
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SEE_OTHER;
        response.headers_mut().insert(header::LOCATION, HeaderValue::from_static(place));
        return response;
    }
    match outcome {
        Ok(value) => good(json!({ "result": value })),
        Err(error) => {
            let status = match &error {
                ControlRefused::Unknown(..) => StatusCode::NOT_FOUND,
                ControlRefused::Impossible(_) => StatusCode::CONFLICT,
                ControlRefused::Disk(_) => StatusCode::INTERNAL_SERVER_ERROR,
            };
            refused(status, &error.to_string())
        }
    }
}

/// A member as its type.
fn read<T: DeserializeOwned>(fields: &Fields, name: &str) -> Done<T> {
    let value = fields.value(name).cloned().unwrap_or(Value::Null);
    serde_json::from_value(value).map_err(|_| ControlRefused::Impossible("a member is wrong"))
}

fn number(named: &str) -> u64 {
    named.parse().unwrap_or(0)
}

async fn forget_calls(State(simulator): State<Simulator>) -> Response {
    simulator.forget_calls();
    good(json!({}))
}

async fn faults(State(simulator): State<Simulator>) -> Response {
    let one = |(id, fault): (u64, Fault)| {
        let mut body = json!(fault);
        body["id"] = json!(id);
        body
    };
    good(Value::Array(simulator.faults().into_iter().map(one).collect()))
}

async fn plan(State(simulator): State<Simulator>, request: Request) -> Result<Response, Response> {
    let sent = sent(request).await?;
    let fault: Result<Fault, _> = serde_json::from_value(sent.fields.with_numbers());
    let fault = fault.map_err(|error| refused(StatusCode::BAD_REQUEST, &error.to_string()))?;
    Ok(done(sent.is_form, simulator.plan(fault)))
}

async fn clear_faults(
    State(simulator): State<Simulator>,
    request: Request,
) -> Result<Response, Response> {
    Ok(done(sent(request).await?.is_form, simulator.clear_faults()))
}

async fn change_merchant(
    State(simulator): State<Simulator>,
    Path(named): Path<String>,
    request: Request,
) -> Result<Response, Response> {
    let sent = sent(request).await?;
    let id = number(&named);
    let change = || {
        let before = simulator.settings(id);
        let before = before.ok_or(ControlRefused::Unknown("merchant", named.clone()))?;
        let mut all = json!(before);
        if let (Value::Object(all), Value::Object(new)) = (&mut all, sent.fields.with_numbers()) {
            all.extend(new);
        }
        let settings: Settings = serde_json::from_value(all)
            .map_err(|_| ControlRefused::Impossible("there is no such setting"))?;
        simulator.set_settings(id, settings)
    };
    Ok(done(sent.is_form, change()))
}

async fn pay(
    State(simulator): State<Simulator>,
    Path(named): Path<String>,
    request: Request,
) -> Result<Response, Response> {
    let sent = sent(request).await?;
    let paid = read::<Payment>(&sent.fields, "payment");
    let paid = paid.and_then(|payment| simulator.pay(&named, payment));
    Ok(done(sent.is_form, paid))
}

async fn refund(
    State(simulator): State<Simulator>,
    request: Request,
) -> Result<Response, Response> {
    let sent = sent(request).await?;
    let reference = sent.fields.text("reference").unwrap_or_default();
    let asked = simulator.refund(&reference, sent.fields.number("amount"));
    Ok(done(sent.is_form, asked))
}

async fn move_refund(
    State(simulator): State<Simulator>,
    Path(named): Path<String>,
    request: Request,
) -> Result<Response, Response> {
    let sent = sent(request).await?;
    let status = read(&sent.fields, "status");
    let moved = status.and_then(|status| simulator.move_refund(number(&named), status));
    Ok(done(sent.is_form, moved))
}

async fn raise_dispute(
    State(simulator): State<Simulator>,
    request: Request,
) -> Result<Response, Response> {
    let sent = sent(request).await?;
    let reference = sent.fields.text("reference").unwrap_or_default();
    let raised = simulator.raise_dispute(&reference, sent.fields.number("amount"));
    Ok(done(sent.is_form, raised))
}

async fn end_dispute(
    State(simulator): State<Simulator>,
    Path(named): Path<String>,
    request: Request,
) -> Result<Response, Response> {
    let sent = sent(request).await?;
    let (id, fields) = (number(&named), &sent.fields);
    let ended = if fields.flag("remind") {
        simulator.remind_dispute(id)
    } else {
        let end = read(fields, "resolution");
        end.and_then(|end| simulator.end_dispute(id, end, fields.number("amount")))
    };
    Ok(done(sent.is_form, ended))
}

async fn end_transfer(
    State(simulator): State<Simulator>,
    Path(named): Path<String>,
    request: Request,
) -> Result<Response, Response> {
    let sent = sent(request).await?;
    let status = read(&sent.fields, "status");
    let ended = status.and_then(|status| simulator.end_transfer(&named, status));
    Ok(done(sent.is_form, ended))
}

async fn send_webhook(
    State(simulator): State<Simulator>,
    Path(named): Path<String>,
    request: Request,
) -> Result<Response, Response> {
    let sent = sent(request).await?;
    Ok(done(sent.is_form, simulator.deliver_now(number(&named)).await))
}

async fn settle(
    State(simulator): State<Simulator>,
    request: Request,
) -> Result<Response, Response> {
    let sent = sent(request).await?;
    let owner = sent.fields.number("integration").and_then(|id| u64::try_from(id).ok());
    let settle = || {
        let currency = read(&sent.fields, "currency")?;
        let to: Option<SettleTo> = read(&sent.fields, "to")?;
        simulator.settle(owner, currency, to.unwrap_or_default())
    };
    Ok(done(sent.is_form, settle()))
}

async fn top_up(
    State(simulator): State<Simulator>,
    request: Request,
) -> Result<Response, Response> {
    let sent = sent(request).await?;
    let owner = sent.fields.number("integration").and_then(|id| u64::try_from(id).ok());
    let amount = sent.fields.number("amount").unwrap_or(0);
    let currency = read(&sent.fields, "currency");
    let topped = currency.and_then(|c| simulator.top_up(owner.unwrap_or(0), c, amount));
    Ok(done(sent.is_form, topped))
}

async fn pump(State(simulator): State<Simulator>, request: Request) -> Result<Response, Response> {
    let sent = sent(request).await?;
    Ok(done(sent.is_form, Ok(simulator.pump().await)))
}
