//! The checkout page: where a patron pays, declines, or goes away. It works without JavaScript.
//!
//! Deliberately absent: a form for a real card. Only the documented test cards do anything.

use askama::Template;
use axum::Router;
use axum::body::{self, Body};
use axum::extract::{Path, State as Extracted};
use axum::routing::get;
use domain::money::Money;
use http::{HeaderValue, Request, Response, StatusCode, header};
use url::Url;
use web::page::{self, Shell};

use super::Simulator;
use super::api::BODY_BYTES_MAX;
use super::fields::Fields;
use super::popup::{self, SCRIPT_PATH, Word};
use super::state::State;
use super::transaction::{ChargeStatus, Payment, Transaction};

/// What may be typed, to be shown as a hint.
const HINT: &str = "4084 0840 8408 4081";

#[derive(Template)]
#[template(path = "paystack/checkout.html")]
struct CheckoutPage {
    shell: Shell,
    /// Where its forms go.
    action: String,
    /// What it tells the page around it.
    word: Option<Word>,
    business: String,
    amount: String,
    email: String,
    reference: String,
    stage: Stage,
    last: Option<String>,
    hint: &'static str,
    back: Option<String>,
}

/// What the page asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Pay,
    Password,
    Paid,
    Reversed,
}

/// What a form leads to.
enum Next {
    Page,
    Away(String),
}

/// Where the page stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Setting {
    /// In a window of its own: whoever has paid is led back.
    Window,
    /// In a frame of the merchant's page, which is told what has happened.
    Popup,
}

impl Setting {
    fn path(self) -> &'static str {
        match self {
            Setting::Window => "checkout",
            Setting::Popup => "popup",
        }
    }
}

pub(super) fn routes() -> Router<Simulator> {
    Router::new().route("/checkout/{access_code}", get(show).post(act))
}

/// `GET /checkout/{access_code}`.
async fn show(
    Extracted(simulator): Extracted<Simulator>,
    Path(access_code): Path<String>,
) -> Response<Body> {
    shown(&simulator, &access_code, Setting::Window)
}

/// The page as it is now.
pub(super) fn shown(simulator: &Simulator, access_code: &str, setting: Setting) -> Response<Body> {
    let drawn =
        simulator.read(|state| draw(state, state.by_access_code(access_code)?, (setting, false)));
    drawn.unwrap_or_else(unknown)
}

/// `POST /checkout/{access_code}`.
async fn act(
    Extracted(simulator): Extracted<Simulator>,
    Path(access_code): Path<String>,
    request: Request<Body>,
) -> Response<Body> {
    pressed(&simulator, &access_code, request, Setting::Window).await
}

/// Does what a form of the page says.
pub(super) async fn pressed(
    simulator: &Simulator,
    access_code: &str,
    request: Request<Body>,
    setting: Setting,
) -> Response<Body> {
    let bytes = body::to_bytes(request.into_body(), BODY_BYTES_MAX).await.unwrap_or_default();
    let form = Fields::body(&bytes).unwrap_or_default();
    let acted = simulator.change(|state| {
        let id = state.by_access_code(access_code)?.id;
        let next = press(state, id, &form)?;
        let charge = state.transactions.get(id)?;
        match (next, setting) {
            (Next::Away(place), Setting::Window) => Some(away(&place)),
            (Next::Away(_), Setting::Popup) | (Next::Page, _) => {
                draw(state, charge, (setting, true))
            }
        }
    });
    match acted {
        Ok(answer) => answer.unwrap_or_else(unknown),
        Err(error) => {
            tracing::error!("the simulator's file cannot be written: {error}");
            message(StatusCode::INTERNAL_SERVER_ERROR, "This page cannot be used now")
        }
    }
}

/// Does what a button says.
fn press(state: &mut State, id: u64, form: &Fields) -> Option<Next> {
    let status = if let Some(password) = form.text("password") {
        state.type_password(id, &password)?
    } else {
        let payment = match form.text("outcome").as_deref() {
            Some("success") => Payment::Success,
            Some("declined") => Payment::Declined,
            Some("insufficient") => Payment::InsufficientFunds,
            Some("abandon") => Payment::Abandoned,
            _ => Payment::Card(form.text("card").unwrap_or_default()),
        };
        state.pay(id, payment)?
    };
    let charge = state.transactions.get(id)?;
    let place = match status {
        ChargeStatus::Ongoing => None,
        ChargeStatus::Abandoned => cancelled(charge).or_else(|| back(charge)),
        _ => back(charge),
    };
    Some(place.map_or(Next::Page, Next::Away))
}

impl State {
    fn by_access_code(&self, access_code: &str) -> Option<&Transaction> {
        self.transactions.get(*self.index.access_codes.get(access_code)?)
    }
}

/// Where the merchant wants its patron back, with the reference twice, as integrations know it.
fn back(charge: &Transaction) -> Option<String> {
    let mut url = Url::parse(charge.callback_url.as_deref()?).ok()?;
    url.query_pairs_mut()
        .append_pair("trxref", &charge.reference)
        .append_pair("reference", &charge.reference);
    Some(url.into())
}

/// Where a patron goes who has cancelled, where the merchant has said it.
fn cancelled(charge: &Transaction) -> Option<String> {
    let place = charge.metadata.get("cancel_action")?.as_str()?;
    Url::parse(place).ok().map(String::from)
}

/// The page of a charge, where it stands, and whether somebody has just pressed something there.
fn draw(
    state: &State,
    charge: &Transaction,
    (setting, is_pressed): (Setting, bool),
) -> Option<Response<Body>> {
    let integration = state.integrations.get(charge.integration)?;
    let customer = state.customers.get(charge.customer)?;
    let stage = match charge.status {
        ChargeStatus::Success => Stage::Paid,
        ChargeStatus::Reversed => Stage::Reversed,
        _ if charge.asks_password.is_some() => Stage::Password,
        _ => Stage::Pay,
    };
    let amount = Money { minor: charge.requested_amount, currency: charge.currency };
    let popup = setting == Setting::Popup;
    let word = popup.then(|| Word::about(charge, is_pressed)).flatten();
    let page = CheckoutPage {
        shell: Shell::titled(format!("Pay {}", integration.business_name)),
        action: format!("/{}/{}", setting.path(), charge.access_code),
        word,
        business: integration.business_name.clone(),
        amount: amount.to_string(),
        email: customer.email.clone(),
        reference: charge.reference.clone(),
        stage,
        last: Some(charge.gateway_response.clone())
            .filter(|_| charge.status == ChargeStatus::Failed),
        hint: HINT,
        back: back(charge).filter(|_| !popup),
    };
    let drawn = page::html(StatusCode::OK, &page);
    Some(match setting {
        Setting::Window => with_policy(drawn, &[back(charge), cancelled(charge)]),
        Setting::Popup => popup::framed(drawn, charge),
    })
}

/// A form leads away from here, and a browser follows it only to where the policy says.
fn with_policy(response: Response<Body>, places: &[Option<String>]) -> Response<Body> {
    let origins: Vec<String> = places.iter().flatten().filter_map(|at| origin_of(at)).collect();
    let policy = format!(
        "default-src 'none'; style-src 'self'; img-src data:; form-action 'self' {}; \
         base-uri 'none'; frame-ancestors 'none'",
        origins.join(" ")
    );
    under(response, &policy)
}

/// Where an address is, as a policy names it.
pub(super) fn origin_of(address: &str) -> Option<String> {
    let origin = Url::parse(address).ok()?.origin();
    origin.is_tuple().then(|| origin.ascii_serialization())
}

/// A page that nobody keeps, under this content policy.
pub(super) fn under(mut response: Response<Body>, policy: &str) -> Response<Body> {
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::try_from(policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

fn away(place: &str) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    if let Ok(place) = HeaderValue::try_from(place) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    response
}

fn unknown() -> Response<Body> {
    message(StatusCode::NOT_FOUND, "This payment is not known")
}

#[derive(Template)]
#[template(path = "paystack/message.html")]
struct MessagePage {
    shell: Shell,
    heading: &'static str,
}

fn message(status: StatusCode, heading: &'static str) -> Response<Body> {
    let page = MessagePage { shell: Shell::titled(heading), heading };
    with_policy(page::html(status, &page), &[])
}
