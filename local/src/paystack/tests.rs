//! The simulator over its own routes: what it answers, what it tells whom, and where the money is.

mod charges;
mod control;
mod disputes;
mod errors;
mod events;
mod faults;
mod laws;
mod refunds;
mod restart;
mod transfers;

use std::sync::{Arc, Mutex};

use adapters::clock::Clock;
use adapters::random::Random;
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::State as Extracted;
use axum::routing::post;
use domain::money::Currency;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::{Merchant, Money, Payment, Simulator};
use crate::embedded::{listen, url_of};

pub(super) const KEY: &str = "sk_test_first";
pub(super) const OTHER_KEY: &str = "sk_test_second";

/// A merchant's webhook, as a real server: keeps what came and answers as it is told.
#[derive(Clone, Debug, Default)]
pub(super) struct Receiver {
    came: Arc<Mutex<Vec<(HeaderMap, Bytes)>>>,
    answers: Arc<Mutex<Vec<u16>>>,
}

impl Receiver {
    /// Listens; says where.
    async fn start(&self) -> String {
        let listener = listen(0).unwrap();
        let url = url_of(&listener).unwrap();
        let router = Router::new().route("/hook", post(receive)).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        format!("{url}/hook")
    }

    /// What it answers next, the last one for good; 200 when nothing is said.
    pub(super) fn answers(&self, statuses: &[u16]) {
        *self.answers.lock().unwrap() = statuses.iter().rev().copied().collect();
    }

    /// What has come, with its signature.
    pub(super) fn came(&self) -> Vec<(String, Bytes)> {
        let came = self.came.lock().unwrap();
        let signature =
            |headers: &HeaderMap| headers["x-paystack-signature"].to_str().unwrap().to_owned();
        came.iter().map(|(headers, body)| (signature(headers), body.clone())).collect()
    }

    /// What has come, as JSON.
    pub(super) fn events(&self) -> Vec<Value> {
        self.came().iter().map(|(_, body)| serde_json::from_slice(body).unwrap()).collect()
    }

    /// The names of the events that have come.
    pub(super) fn names(&self) -> Vec<String> {
        self.events()
            .iter()
            .map(|event| event["event"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// The event of this name that has come last.
    pub(super) fn last(&self, name: &str) -> Value {
        self.events().into_iter().rfind(|event| event["event"] == name).unwrap()["data"].clone()
    }
}

async fn receive(
    Extracted(receiver): Extracted<Receiver>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    receiver.came.lock().unwrap().push((headers, body));
    let mut answers = receiver.answers.lock().unwrap();
    let status = if answers.len() > 1 { answers.pop() } else { answers.last().copied() };
    StatusCode::from_u16(status.unwrap_or(200)).unwrap()
}

/// A simulator with two merchants, and the first one's webhook.
pub(super) struct Bench {
    pub(super) folder: tempfile::TempDir,
    pub(super) clock: Clock,
    pub(super) simulator: Simulator,
    pub(super) receiver: Receiver,
    pub(super) hook: String,
    pub(super) first: u64,
}

pub(super) fn merchant(key: &str, webhook_url: &str) -> Merchant {
    Merchant {
        secret_key: key.to_owned(),
        webhook_url: webhook_url.to_owned(),
        approval_url: None,
        currencies: vec![Currency::Ngn, Currency::Ghs],
        business_name: "Bitat Guards".to_owned(),
    }
}

pub(super) async fn bench() -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::manual("2026-11-21T09:00:00Z".parse::<Timestamp>().unwrap());
    let receiver = Receiver::default();
    let hook = receiver.start().await;
    let simulator = Simulator::open(folder.path(), clock.clone(), Random::system()).unwrap();
    simulator.set_base_url("http://127.0.0.1:9100");
    let first = simulator.ensure_merchant(merchant(KEY, &hook)).unwrap();
    simulator.ensure_merchant(merchant(OTHER_KEY, "")).unwrap();
    Bench { folder, clock, simulator, receiver, hook, first }
}

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// The content of Paystack's envelope.
    pub(super) fn content(&self) -> Value {
        assert!(self.status < 300, "{self:?}");
        self.json()["data"].clone()
    }
}

impl Bench {
    pub(super) async fn raw(&self, request: Request<Body>) -> Response<Body> {
        self.simulator.router().oneshot(request).await.unwrap()
    }

    pub(super) async fn send(&self, request: Request<Body>) -> Answer {
        let (head, body) = self.raw(request).await.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        Answer { status: head.status.as_u16(), headers: head.headers, text }
    }

    /// As the merchant of this key; a body that is text is sent as a form.
    pub(super) async fn ask_as(&self, key: &str, what: &str, body: Value) -> Answer {
        let (method, path) = what.split_once(' ').unwrap();
        let request = Request::builder()
            .method(Method::from_bytes(method.as_bytes()).unwrap())
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {key}"));
        let body = match body {
            Value::Null => Body::empty(),
            Value::String(form) => Body::from(form),
            body => Body::from(body.to_string()),
        };
        self.send(request.body(body).unwrap()).await
    }

    pub(super) async fn ask(&self, what: &str, body: Value) -> Answer {
        self.ask_as(KEY, what, body).await
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.ask(&format!("GET {path}"), Value::Null).await
    }

    /// A charge of the first merchant, not paid.
    pub(super) async fn charge(&self, reference: &str, amount: i64) -> Value {
        let body = json!({
            "email": "tip@tips.example.com", "amount": amount, "reference": reference,
            "callback_url": "https://tips.example.com/done?x=1",
        });
        self.ask("POST /transaction/initialize", body).await.content()
    }

    /// A charge of the first merchant, paid.
    pub(super) async fn paid(&self, reference: &str, amount: i64) -> Value {
        self.charge(reference, amount).await;
        self.simulator.pay(reference, Payment::Success).unwrap();
        self.verified(reference).await
    }

    pub(super) async fn verified(&self, reference: &str) -> Value {
        self.get(&format!("/transaction/verify/{reference}")).await.content()
    }

    pub(super) fn money(&self) -> Money {
        self.simulator.money().into_iter().find(|money| money.integration == self.first).unwrap()
    }

    /// Moves the clock on and does what is due.
    pub(super) async fn after(&self, by: SignedDuration) -> usize {
        self.clock.advance(by);
        self.simulator.pump().await
    }

    /// A recipient of the first merchant.
    pub(super) async fn recipient(&self) -> String {
        let body = json!({
            "type": "nuban", "name": "A guard", "account_number": "0123456789",
            "bank_code": "058", "currency": "NGN",
        });
        let made = self.ask("POST /transferrecipient", body).await.content();
        made["recipient_code"].as_str().unwrap().to_owned()
    }

    /// Money for transfers.
    pub(super) fn top_up(&self, amount: i64) {
        self.simulator.top_up(self.first, Currency::Ngn, amount).unwrap();
    }

    pub(super) fn settings(&self, change: impl FnOnce(&mut super::Settings)) {
        let mut settings = self.simulator.settings(self.first).unwrap();
        change(&mut settings);
        self.simulator.set_settings(self.first, settings).unwrap();
    }
}
