//! The checkout inside a merchant's page: the script that opens it, and the page in its frame, which tells the page
//! around it what has happened.
//!
//! Messages have the names of those of `@paystack/inline-js` 2.22. Deliberately absent: all else that Paystack's script
//! can do, such as beginning a charge in the browser, or Apple Pay.

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State as Extracted};
use axum::routing::get;
use http::{HeaderValue, Request, Response, header};
use serde_json::json;

use super::Simulator;
use super::checkout::{self, Setting};
use super::transaction::{ChargeStatus, Transaction};

/// Where the script for merchants' pages is, as at Paystack.
pub(crate) const INLINE_SCRIPT_PATH: &str = "/v2/inline.js";
const INLINE_SCRIPT: &[u8] = include_bytes!("inline.js");
/// Where the script of the page in the frame is.
pub(super) const SCRIPT_PATH: &str = "/assets/popup.js";
const SCRIPT: &[u8] = include_bytes!("popup.js");

pub(super) fn routes() -> Router<Simulator> {
    Router::new()
        .route("/popup/{access_code}", get(show).post(act))
        .route(INLINE_SCRIPT_PATH, get(async || script(INLINE_SCRIPT)))
        .route(SCRIPT_PATH, get(async || script(SCRIPT)))
}

/// `GET /popup/{access_code}`.
async fn show(
    Extracted(simulator): Extracted<Simulator>,
    Path(access_code): Path<String>,
) -> Response<Body> {
    checkout::shown(&simulator, &access_code, Setting::Popup)
}

/// `POST /popup/{access_code}`.
async fn act(
    Extracted(simulator): Extracted<Simulator>,
    Path(access_code): Path<String>,
    request: Request<Body>,
) -> Response<Body> {
    checkout::pressed(&simulator, &access_code, request, Setting::Popup).await
}

fn script(bytes: &'static [u8]) -> Response<Body> {
    let mut response = Response::new(Body::from(bytes));
    let kind = HeaderValue::from_static("text/javascript; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

/// What the page in the frame tells the page around it.
#[derive(Debug)]
pub(super) struct Word {
    /// What has happened, as Paystack's script calls it.
    pub event: &'static str,
    /// The message's data, as JSON.
    pub details: String,
    /// The only origin that is told.
    pub merchant: String,
}

impl Word {
    /// What is to be told about a charge; nothing where nobody knows whom to tell.
    pub(super) fn about(charge: &Transaction, is_pressed: bool) -> Option<Self> {
        let merchant = merchant_of(charge)?;
        let (event, details) = match charge.status {
            ChargeStatus::Success => {
                let (id, reference) = (charge.id, &charge.reference);
                let details = json!({
                    "id": id, "reference": reference, "trxref": reference, "status": "success",
                    "message": "Approved",
                });
                ("success", details)
            }
            ChargeStatus::Reversed => {
                ("error", json!({ "type": "setup", "message": "This charge was given back" }))
            }
            ChargeStatus::Abandoned if is_pressed => ("close", json!({ "status": "abandoned" })),
            _ => {
                let (customer, code) = (json!({ "id": charge.customer }), &charge.access_code);
                let details = json!({ "id": charge.id, "customer": customer, "accessCode": code });
                ("loaded:transaction", details)
            }
        };
        Some(Self { event, details: details.to_string(), merchant })
    }
}

/// The site whose page may be around the frame: the one that patrons are led back to.
fn merchant_of(charge: &Transaction) -> Option<String> {
    checkout::origin_of(charge.callback_url.as_deref()?)
}

/// The page, for a frame of the merchant's and nobody else's.
pub(super) fn framed(page: Response<Body>, charge: &Transaction) -> Response<Body> {
    let merchant = merchant_of(charge).unwrap_or_else(|| "'none'".to_owned());
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; \
         form-action 'self'; base-uri 'none'; frame-ancestors {merchant}"
    );
    checkout::under(page, &policy)
}
