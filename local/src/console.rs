//! `GET /`: what the platform does right now, with buttons to try it. For this machine only, in no template.
//!
//! The page is complete without JavaScript; a small module refreshes its figures. Deliberately absent: personal data,
//! and any way to change more than the demo. Requests that another machine could have sent are not answered here, so
//! behind a tunnel these paths are what they are in the cloud: nothing.

mod figures;
pub(crate) mod guard;
mod loyalty;
mod page;
mod payday;
mod tipping;
mod vouchers;

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use adapters::clock::Clock;
use adapters::table::Table;
use axum::body::{Body, Bytes};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::Full;

use crate::client::Client;
use crate::demo::{self, Api, Demo, Payload};
use crate::embedded::inbox::Inbox;
use crate::meter::Meter;
use crate::paystack::Simulator;
use crate::prometheus;
use crate::queue::QueueWatch;
use crate::registry::BoxError;
use crate::schedule::Schedule;
use crate::stack::{Ahead, Stack};

/// The function whose table the console reads: it may read what was counted and nothing more is needed.
const READER: &str = "analytics";
/// The function that the nightly run is.
const NIGHTLY: &str = "janitor";
/// The function that looks for what is due.
const SWEEPER: &str = "sweeper";
const SCRIPT: &[u8] = include_bytes!("console/console.js");
const TIPS_SCRIPT: &[u8] = include_bytes!("console/tips.js");
/// What a phone's camera opens a code with.
const PHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 \
    (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1";
/// What the content network would say about a visitor in Lagos; the local gateway lets it pass.
const PLACE: [(&str, &str); 2] =
    [("cloudfront-viewer-country", "NG"), ("cloudfront-viewer-country-region", "LA")];

/// What the console shows and starts.
#[derive(Debug)]
pub(crate) struct Console {
    base_url: String,
    public_url: String,
    table: Option<Table>,
    demo: Arc<OnceLock<Demo>>,
    schedules: Vec<Arc<Schedule>>,
    queues: QueueWatch,
    inbox: Inbox,
    clock: Clock,
    meter: Meter,
    client: Client,
    simulator: Option<Simulator>,
    ahead: Ahead,
    said: vouchers::Said,
    code: loyalty::LastCode,
}

/// A button.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Scan,
    Nightly,
    Regenerate,
    Sweep,
    Check,
    TenTips,
    Trouble,
    Settle,
    NextNight,
    FiveMinutes,
    PublishVoucher,
    CustomerLink,
    RedeemVoucher,
    PrintBatch,
    OfflineDevice,
    LoyaltyLink,
    LoyaltyEarn,
    LoyaltyAgain,
    LoyaltyReward,
}

impl Action {
    const ALL: [Self; 19] = [
        Self::Scan,
        Self::Nightly,
        Self::Regenerate,
        Self::Sweep,
        Self::Check,
        Self::TenTips,
        Self::Trouble,
        Self::Settle,
        Self::NextNight,
        Self::FiveMinutes,
        Self::PublishVoucher,
        Self::CustomerLink,
        Self::RedeemVoucher,
        Self::PrintBatch,
        Self::OfflineDevice,
        Self::LoyaltyLink,
        Self::LoyaltyEarn,
        Self::LoyaltyAgain,
        Self::LoyaltyReward,
    ];

    /// The last part of its path, and its name in the address that follows.
    fn word(self) -> &'static str {
        match self {
            Self::Scan => "scan",
            Self::Nightly => "nightly",
            Self::Regenerate => "regenerate",
            Self::Sweep => "sweep",
            Self::Check => "check",
            Self::TenTips => "ten-tips",
            Self::Trouble => "trouble",
            Self::Settle => "settle",
            Self::NextNight => "next-night",
            Self::FiveMinutes => "five-minutes",
            Self::PublishVoucher => "publish-voucher",
            Self::CustomerLink => "customer-link",
            Self::RedeemVoucher => "redeem-voucher",
            Self::PrintBatch => "print-batch",
            Self::OfflineDevice => "offline-device",
            Self::LoyaltyLink => "loyalty-link",
            Self::LoyaltyEarn => "loyalty-earn",
            Self::LoyaltyAgain => "loyalty-again",
            Self::LoyaltyReward => "loyalty-reward",
        }
    }

    /// The page that it stands on.
    fn page(self) -> &'static str {
        match self {
            Self::Scan | Self::Nightly | Self::Regenerate => "/",
            Self::Sweep
            | Self::Check
            | Self::TenTips
            | Self::Trouble
            | Self::Settle
            | Self::NextNight
            | Self::FiveMinutes => "/console/tips",
            Self::PublishVoucher
            | Self::CustomerLink
            | Self::RedeemVoucher
            | Self::PrintBatch
            | Self::OfflineDevice => "/console/vouchers",
            Self::LoyaltyLink | Self::LoyaltyEarn | Self::LoyaltyAgain | Self::LoyaltyReward => {
                "/console/loyalty"
            }
        }
    }

    fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.word() == word)
    }
}

impl Console {
    /// The console of a stack.
    pub(crate) fn of(stack: &Stack) -> Self {
        let reader = stack.environment(READER);
        Self {
            base_url: stack.base_url().to_owned(),
            public_url: stack.public_url().to_owned(),
            table: reader.and_then(|environment| Table::from_env(environment).ok()),
            demo: stack.demo(),
            schedules: stack.schedules(),
            queues: stack.queue_watch(),
            inbox: stack.inbox().clone(),
            clock: stack.clock().clone(),
            meter: stack.meter().clone(),
            client: Client::plain(),
            simulator: stack.simulator().cloned(),
            ahead: stack.ahead(),
            said: vouchers::Said::default(),
            code: loyalty::LastCode::default(),
        }
    }

    /// The answer, when the path is one of the console's and the request comes from this machine.
    pub(crate) async fn answer(&self, head: &Parts, peer: SocketAddr) -> Option<Response<Body>> {
        let path = head.uri.path();
        let is_ours = path == "/" || path == "/metrics" || path.starts_with("/console/");
        if !is_ours || !guard::is_local(head, peer) {
            return None;
        }
        let action = path.strip_prefix("/console/").and_then(Action::named);
        let answer = match (&head.method, path) {
            (&Method::GET | &Method::HEAD, "/") => self.page(head.uri.query()).await,
            (&Method::GET, "/metrics") => self.metrics(),
            (&Method::GET, "/console/state") => self.state().await,
            (&Method::GET | &Method::HEAD, "/console/tips") => self.tips(head.uri.query()).await,
            (&Method::GET, "/console/guard-code.svg") => self.guard_code().await,
            (&Method::GET | &Method::HEAD, "/console/vouchers") => {
                self.vouchers(head.uri.query()).await
            }
            (&Method::GET, "/console/voucher-code.svg") => self.voucher_code().await,
            (&Method::GET | &Method::HEAD, "/console/loyalty") => {
                self.loyalty(head.uri.query()).await
            }
            (&Method::GET, "/console/console.js") => script(SCRIPT),
            (&Method::GET, "/console/tips.js") => script(TIPS_SCRIPT),
            (&Method::POST, _) => self.act(action?, head).await,
            _ => return None,
        };
        Some(with_headers(answer))
    }

    async fn page(&self, query: Option<&str>) -> Response<Body> {
        let shown = match (self.demo.get(), &self.table) {
            (Some(demo), Some(table)) => match figures::read(table, demo, self.clock.now()).await {
                Ok(figures) => Some((demo, figures)),
                Err(error) => return broken(&error),
            },
            _ => None,
        };
        page::page(self, shown, query)
    }

    async fn state(&self) -> Response<Body> {
        let (Some(demo), Some(table)) = (self.demo.get(), &self.table) else {
            return text(StatusCode::SERVICE_UNAVAILABLE, "application/json", b"null".to_vec());
        };
        match figures::read(table, demo, self.clock.now()).await {
            Ok(figures) => {
                let body = serde_json::to_vec(&figures).unwrap_or_default();
                text(StatusCode::OK, "application/json", body)
            }
            Err(error) => broken(&error),
        }
    }

    fn metrics(&self) -> Response<Body> {
        const TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";
        match prometheus::render(&self.meter) {
            Some(lines) => text(StatusCode::OK, TYPE, lines.into_bytes()),
            None => text(StatusCode::SERVICE_UNAVAILABLE, TYPE, Vec::new()),
        }
    }

    /// Does what a button says and leads back to the page, so that a reload does nothing twice.
    async fn act(&self, action: Action, head: &Parts) -> Response<Body> {
        if !guard::is_own_form(head) {
            let body = b"this request did not come from the console's own page\n".to_vec();
            return text(StatusCode::FORBIDDEN, "text/plain; charset=utf-8", body);
        }
        let done = match action {
            Action::Scan => self.scan().await,
            Action::Nightly => self.fire(NIGHTLY).await,
            Action::Regenerate => self.regenerate().await,
            Action::Sweep => self.fire(SWEEPER).await,
            Action::Check => self.check().await,
            Action::TenTips => self.ten_tips().await,
            Action::Trouble => self.trouble(),
            Action::Settle => self.settle().await,
            Action::NextNight => self.next_night().await,
            Action::FiveMinutes => self.five_minutes().await,
            Action::PublishVoucher => self.publish_voucher().await,
            Action::CustomerLink | Action::LoyaltyLink => self.customer_link().await,
            Action::RedeemVoucher => self.redeem_voucher().await,
            Action::PrintBatch => self.print_batch().await,
            Action::OfflineDevice => self.offline_device().await,
            Action::LoyaltyEarn => self.earn_points().await,
            Action::LoyaltyAgain => self.scan_again().await,
            Action::LoyaltyReward => self.redeem_points().await,
        };
        let outcome = if done.is_ok() { "done" } else { "failed" };
        if let Err(error) = done {
            tracing::warn!("the console's button `{}` failed: {error}", action.word());
        }
        let mut response = text(StatusCode::SEE_OTHER, "text/plain; charset=utf-8", Vec::new());
        let place = format!("{}?{outcome}={}", action.page(), action.word());
        if let Ok(place) = HeaderValue::try_from(place) {
            response.headers_mut().insert(header::LOCATION, place);
        }
        response
    }

    async fn scan(&self) -> Result<(), BoxError> {
        let demo = self.demo.get().ok_or("there is no demo yet")?;
        let uri = format!("{}/scan/{}", self.base_url, demo.property_id);
        let mut request = Request::builder().uri(uri).header(header::USER_AGENT, PHONE);
        for (name, value) in PLACE {
            request = request.header(name, value);
        }
        let answer = self.client.send(request.body(Full::new(Bytes::new()))?).await?;
        if answer.status() == StatusCode::OK {
            return Ok(());
        }
        Err(format!("the scan was answered {}", answer.status()).into())
    }

    async fn fire(&self, function: &str) -> Result<(), BoxError> {
        let schedule = self.schedules.iter().find(|schedule| schedule.function() == function);
        schedule.ok_or("it has no schedule")?.fire(self.clock.now()).await?;
        Ok(())
    }

    /// The guard's code, drawn by the platform itself.
    async fn guard_code(&self) -> Response<Body> {
        let Some((demo, guard)) = self.demo.get().and_then(|d| Some((d, d.guard_id.as_ref()?)))
        else {
            return text(StatusCode::SERVICE_UNAVAILABLE, "text/plain; charset=utf-8", Vec::new());
        };
        let path = format!("/api/v1/guards/{guard}/qr/image?format=svg");
        match self.api(demo).read("drawing the guard's code", &path).await {
            Ok(answer) => text(StatusCode::OK, "image/svg+xml", answer.into_body().to_vec()),
            Err(error) => {
                tracing::warn!("the guard's code is not drawn: {error}");
                text(StatusCode::BAD_GATEWAY, "text/plain; charset=utf-8", Vec::new())
            }
        }
    }

    /// Recomputes the ledger through the platform's own route.
    async fn check(&self) -> Result<(), BoxError> {
        let demo = self.demo.get().ok_or("there is no demo yet")?;
        let answer =
            self.api(demo).read("checking the ledger", "/api/v1/ledger/invariants").await?;
        let found: serde_json::Value = serde_json::from_slice(answer.body())?;
        if found["ok"] == true { Ok(()) } else { Err(format!("something is off: {found}").into()) }
    }

    fn api<'d>(&self, demo: &'d Demo) -> Api<'d> {
        Api { client: self.client.clone(), demo }
    }

    async fn regenerate(&self) -> Result<(), BoxError> {
        let demo = self.demo.get().ok_or("there is no demo yet")?;
        let path = format!("/api/v1/qr/{}/regenerate", demo.property_id);
        let wishes = Payload::Json(demo::code_wishes());
        self.api(demo).send("making the next version", Method::PUT, &path, wishes).await?;
        Ok(())
    }
}

fn broken(error: &adapters::table::StoreError) -> Response<Body> {
    tracing::warn!("the console cannot read the table: {error}");
    let body = b"the table does not answer\n".to_vec();
    text(StatusCode::SERVICE_UNAVAILABLE, "text/plain; charset=utf-8", body)
}

fn script(source: &[u8]) -> Response<Body> {
    text(StatusCode::OK, "text/javascript; charset=utf-8", source.to_vec())
}

fn text(status: StatusCode, media_type: &'static str, body: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

/// The page shows a key, so nothing of it is kept or shared.
fn with_headers(mut response: Response<Body>) -> Response<Body> {
    let never = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    let defaults = [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::CONTENT_SECURITY_POLICY, never),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in defaults {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}
