//! The console's page of loyalty: the demo customer's points, and a code that is scanned once, and once more.
//!
//! Deliberately absent: any way past the platform's own routes. What a button does, a till could do.

use std::sync::{Mutex, PoisonError};

use askama::Template;
use axum::body::Body;
use http::{Method, Response, StatusCode};
use serde_json::{Value, json};
use web::page::{self, Shell};

use super::Console;
use super::page::{Notice, notice};
use super::vouchers::{Heard, text_of};
use crate::demo::{CUSTOMER, Demo, Payload};
use crate::registry::BoxError;

/// What the demo's customer spends, in kobo.
const SPENT: i64 = 500_000;
/// Lines of the history that are shown.
const LINES: usize = 8;

/// What the last code said, to be scanned again.
#[derive(Debug, Default)]
pub(super) struct LastCode(Mutex<Option<String>>);

#[derive(Template)]
#[template(path = "console/loyalty.html")]
struct LoyaltyPage {
    shell: Shell,
    notice: Option<Notice>,
    heard: Option<Heard>,
    restaurant: String,
    balance: String,
    held: String,
    reward: String,
    price: String,
    lines: Vec<LineView>,
    wallet_url: String,
    staff_url: String,
}

struct LineView {
    time: String,
    what: String,
    points: String,
    balance: String,
}

/// What the page shows, as the platform's routes tell it.
struct Seen {
    restaurant: Value,
    reward: Value,
    balance: Value,
    history: Value,
}

/// Where the demo's customer eats, and what the points go on.
struct Place {
    restaurant: String,
    reward: String,
}

impl LastCode {
    fn keep(&self, payload: String) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(payload);
    }

    fn get(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl LineView {
    fn of(line: &Value) -> Self {
        let time = text_of(&line["at"]);
        Self {
            time: time.chars().take(19).collect::<String>().replace('T', " "),
            what: text_of(&line["kind"]).replace('_', " "),
            points: text_of(&line["points"]),
            balance: text_of(&line["balance"]),
        }
    }
}

impl Console {
    /// The page of loyalty.
    pub(super) async fn loyalty(&self, query: Option<&str>) -> Response<Body> {
        let plain = "text/plain; charset=utf-8";
        let Ok((demo, place)) = self.loyalty_demo() else {
            let body = b"the demo's restaurant is not there yet; reload in a moment\n".to_vec();
            return super::text(StatusCode::SERVICE_UNAVAILABLE, plain, body);
        };
        match self.points_seen(demo, &place).await {
            Ok(seen) => self.points_shown(query, &place, &seen),
            Err(error) => {
                tracing::warn!("the page of loyalty has no figures: {error}");
                let body = b"the platform does not answer; the terminal says why\n".to_vec();
                super::text(StatusCode::BAD_GATEWAY, plain, body)
            }
        }
    }

    async fn points_seen(&self, demo: &Demo, place: &Place) -> Result<Seen, BoxError> {
        let Place { restaurant, reward } = place;
        let base = "/api/v1/loyalty";
        let of = format!("restaurant_id={restaurant}");
        let customer = format!("{base}/customers/{CUSTOMER}");
        let fetched = async |path: String| self.fetched(demo, &path).await;
        Ok(Seen {
            restaurant: fetched(format!("{base}/restaurants/{restaurant}")).await?,
            reward: fetched(format!("{base}/rewards/{reward}")).await?,
            balance: fetched(format!("{customer}/balance?{of}")).await?,
            history: fetched(format!("{customer}/history?{of}")).await?,
        })
    }

    fn points_shown(&self, query: Option<&str>, place: &Place, seen: &Seen) -> Response<Body> {
        let lines = seen.history["lines"].as_array().into_iter().flatten();
        let page = LoyaltyPage {
            shell: Shell::titled("Loyalty – Tessera console"),
            notice: query.and_then(notice),
            heard: self.said.take(),
            restaurant: text_of(&seen.restaurant["name"]),
            balance: text_of(&seen.balance["balance"]),
            held: text_of(&seen.balance["held"]),
            reward: text_of(&seen.reward["name"]).to_lowercase(),
            price: text_of(&seen.reward["price"]),
            lines: lines.take(LINES).map(LineView::of).collect(),
            wallet_url: format!("{}/wallet/{}", self.public_url, place.restaurant),
            staff_url: format!("{}/staff/{}", self.public_url, place.restaurant),
        };
        page::html(StatusCode::OK, &page)
    }

    /// Issues a code for the demo's customer and scans it with a purchase.
    pub(super) async fn earn_points(&self) -> Result<(), BoxError> {
        let (demo, place) = self.loyalty_demo()?;
        let wishes = json!({ "restaurant_id": place.restaurant, "customer_id": CUSTOMER });
        let award = json!({ "amount": { "minor": SPENT, "currency": "NGN" } });
        let code = self.issued(demo, "/api/v1/loyalty/tokens", wishes).await?;
        self.scanned(demo, &place, &code, Some(award)).await
    }

    /// Scans the last code once more.
    pub(super) async fn scan_again(&self) -> Result<(), BoxError> {
        let (demo, place) = self.loyalty_demo()?;
        match self.code.get() {
            Some(code) => self.scanned(demo, &place, &code, None).await,
            None => {
                self.said.keep("No code was scanned yet: scan one first.".to_owned(), None);
                Ok(())
            }
        }
    }

    /// Issues a code for the demo's reward and scans it.
    pub(super) async fn redeem_points(&self) -> Result<(), BoxError> {
        let (demo, place) = self.loyalty_demo()?;
        let key = ("x-api-key", demo.api_key.as_str());
        let wishes = json!({
            "restaurant_id": place.restaurant, "customer_id": CUSTOMER, "reward_id": place.reward,
        });
        let (status, issued) =
            self.asked("/api/v1/loyalty/tokens/redemption", key, &wishes).await?;
        if !status.is_success() {
            self.said.keep(refusal(&issued), None);
            return Ok(());
        }
        let code = text_of(&issued["payload"]);
        self.code.keep(code.clone());
        self.scanned(demo, &place, &code, None).await
    }

    async fn issued(&self, demo: &Demo, path: &str, wishes: Value) -> Result<String, BoxError> {
        let what = "issuing a code";
        let sent = self.api(demo).send(what, Method::POST, path, Payload::Json(wishes)).await?;
        let issued: Value = serde_json::from_slice(sent.body())?;
        let code = text_of(&issued["payload"]);
        self.code.keep(code.clone());
        Ok(code)
    }

    /// What the staff's scanner does with what it has read.
    async fn scanned(
        &self,
        demo: &Demo,
        place: &Place,
        payload: &str,
        award: Option<Value>,
    ) -> Result<(), BoxError> {
        let key = ("x-api-key", demo.api_key.as_str());
        let mut order = json!({ "payload": payload, "restaurant_id": place.restaurant });
        if let Some(award) = award {
            order["award"] = award;
        }
        let (status, said) = self.asked("/api/v1/loyalty/verify", key, &order).await?;
        let balance = text_of(&said["balance"]);
        let sentence = match (status.is_success(), said["awarded"].as_i64()) {
            (true, Some(points)) => format!("{points} points given; there are {balance} now."),
            (true, None) if said["reward"].is_object() => {
                format!("{} is given; {balance} points are left.", text_of(&said["reward"]["name"]))
            }
            (true, None) => "The customer is known.".to_owned(),
            (false, _) => refusal(&said),
        };
        self.said.keep(sentence, None);
        Ok(())
    }

    fn loyalty_demo(&self) -> Result<(&Demo, Place), BoxError> {
        let demo = self.demo.get().ok_or("there is no demo yet")?;
        let place = demo.restaurant_id.as_ref().zip(demo.reward_id.as_ref());
        let (restaurant, reward) = place.ok_or("the demo has no restaurant yet")?;
        Ok((demo, Place { restaurant: restaurant.to_string(), reward: reward.to_string() }))
    }
}

fn refusal(said: &Value) -> String {
    format!("Refused ({}): {}", text_of(&said["code"]), text_of(&said["detail"]))
}
