//! The page at `/`, for people: whose money is where, what was paid, what was told to whom, and buttons.
//!
//! It works without JavaScript. Deliberately absent: keys, and anything of a telephone or another machine.

use askama::Template;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State as Extracted};
use axum::routing::get;
use domain::money::{Currency, Money as Amount};
use http::{HeaderValue, Response, StatusCode, header};
use jiff::Timestamp;
use web::page::{self, Shell};

use super::Simulator;
use super::books::Money;
use super::refund::RefundStatus;
use super::state::State;
use super::transaction::{ChargeStatus, Transaction};
use super::transfer::{Transfer, TransferStatus};
use super::webhook::{Delivery, DeliveryStatus};

/// Rows of a table at most.
const ROWS: usize = 25;
/// What may go wrong, as a form names it, and the words for it.
const FAULTS: [(&str, &str); 14] = [
    ("duplicate", "Event comes twice"),
    ("delay", "Event comes a minute late"),
    ("reorder", "Event comes after the next one"),
    ("drop", "Event never comes"),
    ("hold", "Event waits for you"),
    ("bad_signature", "Event has a wrong signature"),
    ("respaced", "Event has blanks in its body"),
    ("slow", "Event's answer is too late"),
    ("wrong_amount", "Wrong amount"),
    ("wrong_currency", "Wrong currency"),
    ("error500", "Route answers 500"),
    ("rate_limited", "Route answers 429"),
    ("timeout_before", "No effect and no reply"),
    ("timeout_after", "The effect, and no reply"),
];
/// What they may be on.
const TARGETS: [&str; 11] = [
    "charge.success",
    "refund.*",
    "charge.dispute.*",
    "transfer.*",
    "POST /transaction/initialize",
    "GET /transaction/verify/{reference}",
    "POST /refund",
    "GET /refund",
    "POST /transfer",
    "GET /transfer/verify/{reference}",
    "GET /bank/resolve",
];

#[derive(Template)]
#[template(path = "paystack/page.html")]
struct DashboardPage {
    shell: Shell,
    notice: Option<bool>,
    now: String,
    money: Vec<Purse>,
    charges: Vec<Charge>,
    refunds: Vec<Step>,
    disputes: Vec<Step>,
    transfers: Vec<Step>,
    events: Vec<Event>,
    faults: Vec<String>,
    fault_kinds: &'static [(&'static str, &'static str)],
    targets: &'static [&'static str],
}

struct Purse {
    name: String,
    integration: u64,
    currency: &'static str,
    figures: Vec<(&'static str, String)>,
}

struct Charge {
    at: String,
    reference: String,
    access_code: String,
    amount: String,
    status: &'static str,
    is_paid: bool,
}

/// Something that a button moves on.
struct Step {
    named: String,
    title: String,
    amount: String,
    status: &'static str,
    is_open: bool,
}

struct Event {
    id: u64,
    at: String,
    event: String,
    reference: String,
    status: String,
    answer: String,
    is_bad: bool,
}

pub(super) fn routes() -> Router<Simulator> {
    Router::new().route("/", get(show))
}

async fn show(Extracted(simulator): Extracted<Simulator>, request: Request) -> Response<Body> {
    let notice = match request.uri().query() {
        Some("done") => Some(true),
        Some("failed") => Some(false),
        _ => None,
    };
    let now = simulator.0.clock.now();
    let page = simulator.read(|state| draw(state, now, notice));
    let mut response = page::html(StatusCode::OK, &page);
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // The buttons say where they come from, so that a foreign page's do nothing.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}

fn draw(state: &State, now: Timestamp, notice: Option<bool>) -> DashboardPage {
    let faults = state.faults.all().map(|planned| {
        let (fault, count) = (&planned.fault, planned.fault.count);
        let kind = serde_json::to_value(&fault.kind).unwrap_or_default();
        let kind = kind["kind"].as_str().unwrap_or_default();
        let often = count.map_or_else(|| "always".to_owned(), |count| format!("{count} times"));
        format!("{}: {kind}, {often}", fault.on)
    });
    DashboardPage {
        shell: Shell::titled("Paystack simulator"),
        notice,
        now: instant(now),
        money: state.money().iter().map(purse).collect(),
        charges: state.transactions.all().rev().take(ROWS).map(charge).collect(),
        refunds: refunds(state),
        disputes: disputes(state),
        transfers: state.transfers.all().rev().take(ROWS).map(transfer).collect(),
        events: state.deliveries.all().rev().take(ROWS).map(event).collect(),
        faults: faults.collect(),
        fault_kinds: &FAULTS,
        targets: &TARGETS,
    }
}

fn purse(money: &Money) -> Purse {
    let amount = |minor| shown(minor, money.currency);
    Purse {
        name: money.business_name.clone(),
        integration: money.integration,
        currency: money.currency.code(),
        figures: vec![
            ("collected, not settled", amount(money.clearing)),
            ("balance", amount(money.balance)),
            ("paid in by patrons", amount(money.patrons_paid)),
            ("Paystack's fees", amount(money.fees)),
            ("refunded", amount(money.refunded)),
            ("lost by disputes", amount(money.charged_back)),
            ("in transfers", amount(money.in_transit)),
            ("paid out", amount(money.paid_out)),
            ("at the merchant's bank", amount(money.bank)),
        ],
    }
}

fn charge(charge: &Transaction) -> Charge {
    Charge {
        at: instant(charge.created_at),
        reference: charge.reference.clone(),
        access_code: charge.access_code.clone(),
        amount: shown(charge.amount, charge.currency),
        status: charge.status.word(),
        is_paid: charge.status == ChargeStatus::Success,
    }
}

fn refunds(state: &State) -> Vec<Step> {
    let all = state.refunds.all().rev().take(ROWS);
    all.map(|refund| Step {
        named: refund.id.to_string(),
        title: state
            .transactions
            .get(refund.transaction)
            .map(|charge| charge.reference.clone())
            .unwrap_or_default(),
        amount: shown(refund.amount, refund.currency),
        status: refund.status.word(),
        is_open: !matches!(refund.status, RefundStatus::Processed | RefundStatus::Failed),
    })
    .collect()
}

fn disputes(state: &State) -> Vec<Step> {
    let all = state.disputes.all().rev().take(ROWS);
    all.map(|dispute| Step {
        named: dispute.id.to_string(),
        title: state
            .transactions
            .get(dispute.transaction)
            .map(|charge| charge.reference.clone())
            .unwrap_or_default(),
        amount: shown(dispute.refund_amount, dispute.currency),
        status: dispute.resolution.map_or("open", super::dispute::Resolution::word),
        is_open: dispute.resolution.is_none(),
    })
    .collect()
}

fn transfer(transfer: &Transfer) -> Step {
    Step {
        named: transfer.reference.clone(),
        title: transfer.reference.clone(),
        amount: shown(transfer.amount, transfer.currency),
        status: transfer.status.word(),
        is_open: transfer.status.is_open() || transfer.status == TransferStatus::Success,
    }
}

fn event(delivery: &Delivery) -> Event {
    let last = delivery.attempts.last();
    let answer = last.map(|last| match (&last.error, last.status) {
        (Some(error), _) => error.clone(),
        (None, Some(status)) => status.to_string(),
        (None, None) => String::new(),
    });
    let status = serde_json::to_value(delivery.status).unwrap_or_default();
    let status = status.as_str().unwrap_or_default().replace('_', " ");
    Event {
        id: delivery.id,
        at: instant(delivery.created_at),
        event: delivery.event.clone(),
        reference: delivery.reference.clone(),
        status,
        answer: answer.unwrap_or_else(|| "not sent".to_owned()),
        is_bad: delivery.status != DeliveryStatus::Delivered,
    }
}

fn shown(minor: i64, currency: Currency) -> String {
    Amount { minor, currency }.to_string()
}

fn instant(at: Timestamp) -> String {
    at.strftime("%m-%d %H:%M:%S").to_string()
}
