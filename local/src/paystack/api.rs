//! Paystack's API: which route does what, and what comes before and after each.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::extract::{RawPathParams, State as Extracted};
use axum::routing::{MethodFilter, MethodRouter, on};
use axum::{Router, body};
use http::request::Parts;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use serde_json::Value;

use super::fault::{FaultKind, Lost};
use super::fields::Fields;
use super::reply::{Outcome, Refusal, Spoken};
use super::state::State;
use super::webhook::distort;
use super::{
    Simulator, balance, bank, dispute, recipient, refund, settlement, transaction, transfer,
};
use crate::meter::Fault;

/// The largest body that is read, in bytes.
pub(super) const BODY_BYTES_MAX: usize = 1024 * 1024;

/// One call of a merchant.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) integration: u64,
    pub(super) params: BTreeMap<String, String>,
    pub(super) query: Fields,
    pub(super) body: Fields,
}

impl Call {
    /// A part of the path.
    pub(super) fn param(&self, name: &str) -> &str {
        self.params.get(name).map(String::as_str).unwrap_or_default()
    }

    /// The reference that it is about, for faults that wait for one.
    fn reference(&self) -> Option<String> {
        let named = self.params.get("reference").cloned();
        named.or_else(|| self.body.text("reference")).or_else(|| self.body.text("transaction"))
    }
}

/// What a route does.
type Act = fn(&mut State, &Call) -> Outcome;

/// A route.
struct Route {
    method: Method,
    path: &'static str,
    act: Act,
}

const fn get(path: &'static str, act: Act) -> Route {
    Route { method: Method::GET, path, act }
}

const fn post(path: &'static str, act: Act) -> Route {
    Route { method: Method::POST, path, act }
}

static ROUTES: [Route; 32] = [
    post("/transaction/initialize", transaction::initialize),
    get("/transaction/verify/{reference}", transaction::verify),
    get("/transaction/{id}", transaction::fetch),
    get("/transaction", transaction::list),
    post("/refund", refund::create),
    get("/refund", refund::list),
    get("/refund/{id}", refund::fetch),
    post("/refund/retry_with_customer_details/{id}", refund::retry),
    get("/bank", bank::list),
    get("/bank/resolve", bank::resolve),
    post("/transferrecipient", recipient::create),
    get("/transferrecipient", recipient::list),
    get("/transferrecipient/{code}", recipient::fetch),
    Route { method: Method::DELETE, path: "/transferrecipient/{code}", act: recipient::delete },
    post("/transfer", transfer::create),
    post("/transfer/bulk", transfer::create_bulk),
    get("/transfer/verify/{reference}", transfer::verify),
    get("/transfer/{id_or_code}", transfer::fetch),
    get("/transfer", transfer::list),
    post("/transfer/finalize_transfer", transfer::finalize),
    post("/transfer/resend_otp", transfer::resend_otp),
    post("/transfer/disable_otp", transfer::disable_otp),
    post("/transfer/disable_otp_finalize", transfer::disable_otp_finalize),
    post("/transfer/enable_otp", transfer::enable_otp),
    get("/balance", balance::fetch),
    get("/balance/ledger", balance::ledger),
    get("/settlement", settlement::list),
    get("/settlement/{id}/transactions", settlement::transactions),
    get("/dispute", dispute::list),
    get("/dispute/{id}", dispute::fetch),
    get("/dispute/transaction/{id}", dispute::of_transaction),
    Route { method: Method::PUT, path: "/dispute/{id}/resolve", act: dispute::resolve },
];

/// All routes of merchants.
pub(super) fn routes() -> Router<Simulator> {
    let mut methods: BTreeMap<&str, MethodRouter<Simulator>> = BTreeMap::new();
    for route in &ROUTES {
        let filter = MethodFilter::try_from(route.method.clone()).unwrap_or(MethodFilter::GET);
        let label = format!("{} {}", route.method, route.path);
        let answer = move |Extracted(simulator): Extracted<Simulator>,
                           params: RawPathParams,
                           request: Request<Body>| {
            let params = params.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
            let label = label.clone();
            async move { answer(simulator, (&label, route.act), params, request).await }
        };
        let before = methods.remove(route.path).unwrap_or_default();
        methods.insert(route.path, before.merge(on(filter, answer)));
    }
    methods.into_iter().fold(Router::new(), |router, (path, method)| router.route(path, method))
}

async fn answer(
    simulator: Simulator,
    (label, act): (&str, Act),
    params: BTreeMap<String, String>,
    request: Request<Body>,
) -> Response<Body> {
    simulator.count(label);
    let (head, body) = request.into_parts();
    let Ok(bytes) = body::to_bytes(body, BODY_BYTES_MAX).await else {
        return Spoken::from(Err(Refusal::invalid("The body is too large"))).into();
    };
    let meter = simulator.0.meter.get();
    let question = (head.method == Method::GET).then(|| head.uri.to_string());
    let strike = meter.and_then(|meter| meter.strike_paystack(label, question.as_deref()));
    if strike == Some(Fault::Before) {
        return lost(Lost::Close);
    }
    let once = || said(&simulator, (label, act), &head, (params.clone(), &bytes));
    let response = if strike == Some(Fault::Twice) {
        drop(once());
        once()
    } else {
        once()
    };
    match (strike, meter) {
        (Some(Fault::LoseReply), _) => lost(Lost::Close),
        (Some(Fault::NeverReply), Some(meter)) => {
            meter.kill(None);
            lost(Lost::Hang)
        }
        _ => response,
    }
}

/// Acts, and says what is answered.
fn said(
    simulator: &Simulator,
    (label, act): (&str, Act),
    head: &Parts,
    (params, bytes): (BTreeMap<String, String>, &[u8]),
) -> Response<Body> {
    let answered = simulator.change(|state| {
        let call = call(state, head, params, bytes)?;
        Ok(act_with_faults(state, label, act, &call))
    });
    match answered {
        Ok(Ok(Said::Spoken(spoken))) => spoken.into(),
        Ok(Ok(Said::Lost(how))) => lost(how),
        Ok(Err(refusal)) => Spoken::from(Err(refusal)).into(),
        Err(error) => {
            tracing::error!("the simulator's file cannot be written: {error}");
            Spoken::from(Err(Refusal::broken())).into()
        }
    }
}

/// An answer, or none.
enum Said {
    Spoken(Spoken),
    Lost(Lost),
}

/// Marks a response that must not reach the caller: the server does to the connection what it says.
pub(super) fn lost(how: Lost) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::BAD_GATEWAY;
    response.extensions_mut().insert(how);
    response
}

fn call(
    state: &State,
    head: &Parts,
    params: BTreeMap<String, String>,
    bytes: &[u8],
) -> Result<Call, Refusal> {
    let key = bearer(&head.headers).ok_or_else(Refusal::invalid_key)?;
    let integration = state.with_key(key).ok_or_else(Refusal::invalid_key)?.id;
    let query = Fields::form(head.uri.query().unwrap_or_default());
    let body = Fields::body(bytes);
    let body = body.ok_or_else(|| Refusal::invalid("The body is not valid JSON"))?;
    Ok(Call { integration, params, query, body })
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    value.strip_prefix("Bearer ").map(str::trim)
}

fn act_with_faults(state: &mut State, label: &str, act: Act, call: &Call) -> Said {
    let limit = match count(state, label, call.integration) {
        Ok(limit) => limit,
        Err(refusal) => return Said::Spoken(Err(refusal).into()),
    };
    let reference = call.reference();
    let faults = state.route_faults(call.integration, label, reference.as_deref());
    for fault in &faults {
        match fault {
            FaultKind::Error500 => return Said::Spoken(Err(Refusal::broken()).into()),
            FaultKind::Missing => {
                return Said::Spoken(Err(Refusal::not_found("Nothing was found")).into());
            }
            FaultKind::RateLimited => {
                return Said::Spoken(Err(Refusal::rate_limited(100, 30)).into());
            }
            FaultKind::TimeoutBefore { how } => return Said::Lost(*how),
            _ => {}
        }
    }
    let mut spoken = Spoken::from(act(state, call));
    spoken.limit = spoken.limit.or(limit);
    for fault in &faults {
        if let FaultKind::TimeoutAfter { how } = fault {
            return Said::Lost(*how);
        }
        match (spoken.body.get_mut("data"), fault) {
            (
                Some(Value::Array(rows)),
                FaultKind::Without { .. } | FaultKind::WrongAmount { .. },
            ) => {
                rows.iter_mut().for_each(|row| distort(row, fault));
            }
            (Some(content @ Value::Object(_)), _) => distort(content, fault),
            _ => {}
        }
    }
    Said::Spoken(spoken)
}

/// Counts the request where the merchant's limits count.
fn count(
    state: &mut State,
    label: &str,
    integration: u64,
) -> Result<Option<(u32, u32, i64)>, Refusal> {
    let settings = state.integrations.get(integration).map(|i| i.settings.clone());
    let Some(settings) = settings.filter(|settings| settings.rate_limits) else {
        return Ok(None);
    };
    let counted = state.windows.count((integration, settings.live), label, state.now);
    counted.map(Some).map_err(|(limit, reset_s)| Refusal::rate_limited(limit, reset_s))
}

/// What a path that nobody knows is answered.
pub(super) async fn unknown() -> Response<Body> {
    Spoken::from(Err(Refusal::not_found("Route not found"))).into()
}

/// A JSON answer that is not in Paystack's envelope.
pub(super) fn json(status: StatusCode, body: Value) -> Response<Body> {
    Spoken { status, body, limit: None }.into()
}
