//! The console's page of vouchers: the demo's voucher from the draft to the till, its printings, and a device that was
//! offline.
//!
//! Deliberately absent: any way past the platform's own routes. What a button does, a business could do.

use std::sync::{Mutex, PoisonError};

use askama::Template;
use axum::body::{Body, Bytes};
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use serde_json::{Value, json};
use web::page::{self, Shell};

use super::Console;
use super::page::{Notice, notice};
use crate::demo::{CUSTOMER, Demo, Payload};
use crate::registry::BoxError;

/// Codes of a printing that the button orders.
const PRINTED: u32 = 42;
/// Printings that are shown, beside those that are under way.
const SHOWN: usize = 5;
/// Redemptions that the device makes while it is offline.
const OFFLINE: usize = 3;

/// What the last button got to hear.
#[derive(Debug, Default)]
pub(super) struct Said(Mutex<Option<Heard>>);

#[derive(Clone, Debug)]
pub(super) struct Heard {
    pub(super) sentence: String,
    pub(super) link: Option<String>,
}

#[derive(Template)]
#[template(path = "console/vouchers.html")]
struct VouchersPage {
    shell: Shell,
    notice: Option<Notice>,
    heard: Option<Heard>,
    /// Whether a printing is under way: the page is loaded again then, unless that took away what it says.
    moves: bool,
    voucher: VoucherView,
    page_url: String,
    business_url: String,
    batches: Vec<BatchView>,
}

struct VoucherView {
    title: String,
    state: String,
    left: String,
    short: String,
    fixed: String,
}

struct BatchView {
    name: String,
    state: String,
    done: String,
    files: Vec<(String, String)>,
}

impl Said {
    pub(super) fn keep(&self, sentence: String, link: Option<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Heard { sentence, link });
    }

    pub(super) fn take(&self) -> Option<Heard> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

pub(super) fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Whether somebody is at a printing, or is to begin with it.
fn is_under_way(batch: &Value) -> bool {
    ["requested", "running"].iter().any(|state| batch["state"] == *state)
}

/// The code of this type.
fn code_of(voucher: &Value, form: &str) -> String {
    let codes = voucher["codes"].as_array().into_iter().flatten();
    text_of(
        &codes
            .filter(|code| code["type"] == form)
            .map(|code| &code["code"])
            .next()
            .cloned()
            .unwrap_or_default(),
    )
}

impl VoucherView {
    fn of(voucher: &Value) -> Self {
        Self {
            title: text_of(&voucher["title"]),
            state: text_of(&voucher["state"]),
            left: text_of(&voucher["left"]),
            short: code_of(voucher, "SHORT"),
            fixed: code_of(voucher, "STATIC"),
        }
    }
}

impl BatchView {
    fn of(batch: &Value) -> Self {
        let files = batch["files"].as_array().into_iter().flatten();
        Self {
            name: text_of(&batch["name"]),
            state: text_of(&batch["state"]),
            done: format!("{} of {}", batch["done"], batch["count"]),
            files: files.map(|file| (text_of(&file["name"]), text_of(&file["url"]))).collect(),
        }
    }
}

impl Console {
    /// The page of vouchers.
    pub(super) async fn vouchers(&self, query: Option<&str>) -> Response<Body> {
        let plain = "text/plain; charset=utf-8";
        let Some((demo, path)) = self.demo.get().and_then(|demo| Some((demo, voucher_path(demo)?)))
        else {
            let body = b"the demo's voucher is not there yet; reload in a moment\n".to_vec();
            return super::text(StatusCode::SERVICE_UNAVAILABLE, plain, body);
        };
        match self.seen(demo, &path).await {
            Ok((voucher, batches)) => self.shown(demo, query, &voucher, &batches),
            Err(error) => {
                tracing::warn!("the page of vouchers has no figures: {error}");
                let body = b"the platform does not answer; the terminal says why\n".to_vec();
                super::text(StatusCode::BAD_GATEWAY, plain, body)
            }
        }
    }

    /// The demo's voucher and its printings, newest first, each with its files: the last ones, and all that are under
    /// way, so that none is lost when the page is loaded again.
    async fn seen(&self, demo: &Demo, path: &str) -> Result<(Value, Vec<Value>), BoxError> {
        let voucher = self.fetched(demo, path).await?;
        let list = self.fetched(demo, &format!("{path}/batches")).await?;
        let mut batches = Vec::new();
        let list = list["batches"].as_array().into_iter().flatten().rev().enumerate();
        for (_, batch) in list.filter(|(place, batch)| *place < SHOWN || is_under_way(batch)) {
            let path = format!("{path}/batches/{}", text_of(&batch["batch_id"]));
            batches.push(self.fetched(demo, &path).await?);
        }
        Ok((voucher, batches))
    }

    fn shown(
        &self,
        demo: &Demo,
        query: Option<&str>,
        voucher: &Value,
        batches: &[Value],
    ) -> Response<Body> {
        let business = demo.business_id.as_ref().map(ToString::to_string).unwrap_or_default();
        let token = demo.voucher_token.clone().unwrap_or_default();
        let page = VouchersPage {
            shell: Shell::titled("Vouchers – Tessera console"),
            notice: query.and_then(notice),
            heard: self.said.take(),
            moves: batches.iter().any(is_under_way),
            voucher: VoucherView::of(voucher),
            page_url: format!("{}/v/{token}", self.public_url),
            business_url: format!("{}/business/{business}", self.public_url),
            batches: batches.iter().map(BatchView::of).collect(),
        };
        page::html(StatusCode::OK, &page)
    }

    pub(super) async fn fetched(&self, demo: &Demo, path: &str) -> Result<Value, BoxError> {
        let answer = self.api(demo).read("looking at the demo", path).await?;
        Ok(serde_json::from_slice(answer.body())?)
    }

    /// The demo's voucher's code, drawn by the platform itself.
    pub(super) async fn voucher_code(&self) -> Response<Body> {
        let plain = "text/plain; charset=utf-8";
        let known = self.demo.get().and_then(|demo| Some((demo, voucher_path(demo)?)));
        let Some((demo, path)) = known else {
            return super::text(StatusCode::SERVICE_UNAVAILABLE, plain, Vec::new());
        };
        let path = format!("{path}/code.svg");
        match self.api(demo).read("drawing the voucher's code", &path).await {
            Ok(answer) => super::text(StatusCode::OK, "image/svg+xml", answer.into_body().to_vec()),
            Err(error) => {
                tracing::warn!("the voucher's code is not drawn: {error}");
                super::text(StatusCode::BAD_GATEWAY, plain, Vec::new())
            }
        }
    }

    /// Publishes the demo's voucher.
    pub(super) async fn publish_voucher(&self) -> Result<(), BoxError> {
        let (demo, path) = self.voucher_demo()?;
        let path = format!("{path}/publish");
        let what = "publishing the voucher";
        self.api(demo).send(what, Method::POST, &path, Payload::Nothing).await?;
        Ok(())
    }

    /// Makes a link with which whoever opens it is the demo's customer.
    pub(super) async fn customer_link(&self) -> Result<(), BoxError> {
        let (demo, _) = self.voucher_demo()?;
        let path = format!("/api/v1/customers/{CUSTOMER}/links");
        let what = "making the customer's link";
        let made = self.api(demo).send(what, Method::POST, &path, Payload::Nothing).await?;
        let made: Value = serde_json::from_slice(made.body())?;
        let sentence = "Open this link to be the demo's customer; it works once.".to_owned();
        self.said.keep(sentence, Some(text_of(&made["url"])));
        Ok(())
    }

    /// Redeems what the demo's customer holds of the voucher, as the business would with the fixed code.
    pub(super) async fn redeem_voucher(&self) -> Result<(), BoxError> {
        let (demo, path) = self.voucher_demo()?;
        let voucher = self.fetched(demo, &path).await?;
        let order = json!({
            "code": code_of(&voucher, "STATIC"),
            "business_id": demo.business_id,
            "customer_id": CUSTOMER,
        });
        let key = ("x-api-key", demo.api_key.as_str());
        let (status, said) = self.asked("/api/v1/redemptions", key, &order).await?;
        let sentence = match status.is_success() {
            true => format!("Redeemed at {}.", text_of(&said["redeemed_at"])),
            false => format!("Refused ({}): {}", text_of(&said["code"]), text_of(&said["detail"])),
        };
        self.said.keep(sentence, None);
        Ok(())
    }

    /// Orders a printing of the demo's voucher.
    pub(super) async fn print_batch(&self) -> Result<(), BoxError> {
        let (demo, path) = self.voucher_demo()?;
        let name = format!("DEMO-{}", self.clock.now().as_second());
        let wishes = json!({ "name": name, "count": PRINTED, "variants": ["A", "B"] });
        let path = format!("{path}/batches");
        let what = "ordering a printing";
        self.api(demo).send(what, Method::POST, &path, Payload::Json(wishes)).await?;
        Ok(())
    }

    /// Enrols a device that leases three redemptions, makes them while it is offline, and brings them.
    pub(super) async fn offline_device(&self) -> Result<(), BoxError> {
        let (demo, path) = self.voucher_demo()?;
        let codes = self.printed_codes(demo, &path).await?;
        let invite = json!({ "business_id": demo.business_id, "name": "Console's device" });
        let what = "inviting a device";
        let (api, path) = (self.api(demo), "/api/v1/devices");
        let invited = api.send(what, Method::POST, path, Payload::Json(invite)).await?;
        let invited: Value = serde_json::from_slice(invited.body())?;
        let nobody = ("accept", "application/json");
        let enrol = json!({ "code": invited["code"] });
        let enrolled = self.asked("/api/v1/devices/enrol", nobody, &enrol).await?.1;
        let authorization = text_of(&enrolled["authorization"]);
        let device = ("authorization", authorization.as_str());
        let lease = json!({ "voucher_id": demo.voucher_id, "count": OFFLINE });
        let lease = self.asked("/api/v1/redemptions/leases", device, &lease).await?.1;
        let at = self.clock.now();
        let each = codes.iter().enumerate().map(|(number, code)| {
            let id = format!("console-{}-{number}", at.as_millisecond());
            json!({ "id": id, "code": code, "at": at, "lease_id": lease["lease_id"] })
        });
        let queue = json!({ "redemptions": each.collect::<Vec<_>>() });
        let (status, brought) = self.asked("/api/v1/redemptions/sync", device, &queue).await?;
        let results = brought["results"].as_array().into_iter().flatten();
        let words: Vec<String> = results.map(|it| text_of(&it["result"])).collect();
        if !status.is_success() || words.is_empty() {
            return Err(format!("the device was answered {status} {brought}").into());
        }
        let sentence =
            format!("The device has brought {OFFLINE} redemptions: {}.", words.join(", "));
        self.said.keep(sentence, None);
        Ok(())
    }

    /// Three codes of the newest printing that is done: another three each time.
    async fn printed_codes(&self, demo: &Demo, path: &str) -> Result<Vec<String>, BoxError> {
        let (_, batches) = self.seen(demo, path).await?;
        let done = batches.iter().find(|batch| batch["state"] == "done");
        let files = done.ok_or("print a batch first")?["files"].as_array();
        let list = files.into_iter().flatten().find(|file| file["name"] == "codes.csv");
        let url = text_of(&list.ok_or("the printing has no list")?["url"]);
        let request = Request::builder().uri(url).body(Full::new(Bytes::new()))?;
        let file = self.client.send(request).await?;
        let table = String::from_utf8_lossy(file.body()).into_owned();
        let codes: Vec<String> = table
            .lines()
            .skip(1)
            .filter_map(|line| line.split(',').nth(3).map(str::to_owned))
            .collect();
        let turns = u64::try_from((codes.len() / OFFLINE).max(1))?;
        let turn = usize::try_from(self.clock.now().as_second().unsigned_abs() % turns)?;
        Ok(codes.into_iter().skip(turn * OFFLINE).take(OFFLINE).collect())
    }

    fn voucher_demo(&self) -> Result<(&Demo, String), BoxError> {
        let demo = self.demo.get().ok_or("there is no demo yet")?;
        Ok((demo, voucher_path(demo).ok_or("the demo has no voucher yet")?))
    }

    /// Asks the platform's route with this header; also what it refuses is an answer.
    pub(super) async fn asked(
        &self,
        path: &str,
        (name, value): (&'static str, &str),
        body: &Value,
    ) -> Result<(StatusCode, Value), BoxError> {
        let key = hex::encode(adapters::random::Random::system().bytes::<16>());
        let request = Request::builder()
            .method(Method::POST)
            .uri(format!("{}{path}", self.base_url))
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", key)
            .header(name, value)
            .body(Full::new(Bytes::from(body.to_string())))?;
        let answer = self.client.send(request).await?;
        Ok((answer.status(), serde_json::from_slice(answer.body()).unwrap_or_default()))
    }
}

fn voucher_path(demo: &Demo) -> Option<String> {
    demo.voucher_id.as_ref().map(|id| format!("/api/v1/vouchers/{id}"))
}
