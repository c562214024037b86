//! The console's buttons for payouts: ten tips at once, trouble at Paystack, the run, and the next night.
//!
//! Deliberately absent: any way past the platform's own routes. Tips are given, paid and settled as a patron, Paystack
//! and finance would.

use domain::payout::Night;
use http::{Method, Request, StatusCode, header};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::Console;
use crate::demo::{Demo, Payload};
use crate::paystack::{Fault, FaultKind, Lost, Payment, SettleTo, TransferStatus};
use crate::registry::BoxError;

use axum::body::Bytes;
use http_body_util::Full;

/// Tips that one press of the button gives.
const TIPS: i64 = 10;
/// The smallest of them, in minor units; each is as much larger than the one before.
const TIP_MINOR: i64 = 50_000;
/// The platform is put ahead to so long after the beginning of the night, so that the sweep has found it.
const INTO_THE_NIGHT: SignedDuration = SignedDuration::from_secs(1);
/// The routes by which transfers are made.
const TRANSFERS: [&str; 2] = ["POST /transfer", "POST /transfer/bulk"];

impl Console {
    /// Ten patrons tip the demo's guard and pay, and Paystack credits what it has collected to its balance.
    pub(super) async fn ten_tips(&self) -> Result<(), BoxError> {
        let demo = self.demo.get().ok_or("there is no demo yet")?;
        let simulator = self.simulator.as_ref().ok_or("the real Paystack is used")?;
        for number in 1..=TIPS {
            let tip = self.tip(demo, number).await?;
            let reference = tip["reference"].as_str().ok_or("the tip has no reference")?;
            simulator.pay(reference, Payment::Success)?;
        }
        simulator.settle(None, None, SettleTo::Balance)?;
        Ok(())
    }

    async fn tip(&self, demo: &Demo, number: i64) -> Result<Value, BoxError> {
        let token = demo.guard_token.as_ref().ok_or("the demo has no guard yet")?;
        let wish = json!({
            "guard_token": token, "currency": "NGN", "patron_alias": format!("Patron {number}"),
            "amount": TIP_MINOR.saturating_mul(number),
        });
        let key = hex::encode(adapters::random::Random::system().bytes::<16>());
        let request = Request::builder()
            .method(Method::POST)
            .uri(format!("{}/tips", self.base_url))
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", key)
            .body(Full::new(Bytes::from(wish.to_string())))?;
        let answer = self.client.send(request).await?;
        if answer.status() == StatusCode::CREATED {
            return Ok(serde_json::from_slice(answer.body())?);
        }
        Err(format!("the tip was answered {}", answer.status()).into())
    }

    /// Of the next calls that make transfers, one loses its reply, and the transfer after it fails.
    pub(super) fn trouble(&self) -> Result<(), BoxError> {
        let simulator = self.simulator.as_ref().ok_or("the real Paystack is used")?;
        for route in TRANSFERS {
            simulator.plan(Fault::once(route, FaultKind::TimeoutAfter { how: Lost::default() }))?;
        }
        let status = TransferStatus::Failed;
        simulator.plan(Fault::once("transfer", FaultKind::Transfer { status }))?;
        Ok(())
    }

    /// Starts today's settlement run.
    pub(super) async fn settle(&self) -> Result<(), BoxError> {
        let demo = self.demo.get().ok_or("there is no demo yet")?;
        let path = "/api/v1/settlements/run";
        self.api(demo).send("running the settlement", Method::POST, path, Payload::Nothing).await?;
        Ok(())
    }

    /// Puts the platform ahead to the beginning of the tenant's next night, and finds what is due then.
    pub(super) async fn next_night(&self) -> Result<(), BoxError> {
        let (Some(demo), Some(table)) = (self.demo.get(), &self.table) else {
            return Err("there is no demo yet".into());
        };
        let tenant = table.tenant(&demo.tenant_id).await?.ok_or("the demo's tenant is gone")?;
        let night: Night = tenant.settings.payouts.night();
        let now = self.clock.now();
        let begins = night.next_after(now).saturating_add(INTO_THE_NIGHT)?;
        self.ahead.put(&self.clock, begins.duration_since(now))?;
        self.fire(super::SWEEPER).await
    }

    /// Puts the platform five minutes ahead: payouts that wait for their next attempt become due.
    pub(super) async fn five_minutes(&self) -> Result<(), BoxError> {
        self.ahead.put(&self.clock, SignedDuration::from_mins(5))?;
        self.fire(super::SWEEPER).await
    }
}
