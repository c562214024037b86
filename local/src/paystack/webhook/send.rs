//! One letter to a merchant: an event, or the question whether a transfer may go.

use std::time::Duration;

use adapters::clock::Clock;
use axum::body::Bytes;
use http::{Request, header};
use http_body_util::Full;
use serde_json::Value;

use super::{DeliveryStatus, SIGNATURE, signature};
use crate::client::Client;
use crate::paystack::fault::FaultKind;
use crate::paystack::state::State;

/// A merchant has so long to answer an event.
const EVENT_TIMEOUT: Duration = Duration::from_secs(30);
/// A merchant has so long to approve a transfer.
const APPROVAL_TIMEOUT: Duration = Duration::from_secs(5);

/// What is sent.
#[derive(Debug)]
pub(in crate::paystack) struct Letter {
    pub(in crate::paystack) to: Addressee,
    url: String,
    body: String,
    signature: String,
    /// Its answer comes too late.
    pub(in crate::paystack) is_late: bool,
}

/// Whose answer it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::paystack) enum Addressee {
    /// The event of this number.
    Event(u64),
    /// The approval of this transfer.
    Approval(u64),
}

impl State {
    /// The next attempt of an event, with what goes wrong with it.
    pub(in crate::paystack) fn letter(&mut self, id: u64) -> Option<Letter> {
        let delivery = self.deliveries.get(id)?;
        let (owner, event, reference) =
            (delivery.integration, delivery.event.clone(), delivery.reference.clone());
        let mut body = delivery.body.clone();
        let faults = self.attempt_faults(owner, &event, &reference);
        let integration = self.integrations.get(owner)?;
        if faults.contains(&FaultKind::Respaced) {
            body = respaced(&body);
        }
        let mut signature = signature(&integration.secret_key, body.as_bytes());
        if faults.contains(&FaultKind::BadSignature) {
            signature = signature.chars().rev().collect();
        }
        let (url, is_late) = (integration.webhook_url.clone(), faults.contains(&FaultKind::Slow));
        Some(Letter { to: Addressee::Event(id), url, body, signature, is_late })
    }

    /// The question whether a transfer may go. Its body and signature are not documented: this is our guess.
    pub(in crate::paystack) fn question(&self, id: u64) -> Option<Letter> {
        let transfer = self.transfers.get(id)?;
        let integration = self.integrations.get(transfer.integration)?;
        let url = integration.approval_url.clone()?;
        let body = self.transfer_event(transfer)?.to_string();
        let signature = signature(&integration.secret_key, body.as_bytes());
        Some(Letter { to: Addressee::Approval(id), url, body, signature, is_late: false })
    }

    /// The events that wait for somebody, the oldest first.
    pub(in crate::paystack) fn held(&self) -> impl Iterator<Item = &super::Delivery> {
        self.deliveries.all().filter(|delivery| delivery.status == DeliveryStatus::Held)
    }
}

/// The same JSON with blanks and line ends.
fn respaced(body: &str) -> String {
    let value: Option<Value> = serde_json::from_str(body).ok();
    let text = value.and_then(|value| serde_json::to_string_pretty(&value).ok());
    text.unwrap_or_else(|| body.to_owned())
}

/// Sends it and says what was answered. By a manual clock the merchant has all the time it needs.
pub(in crate::paystack) async fn exchange(
    letter: &Letter,
    clock: &Clock,
    plain: &Client,
) -> Result<u16, String> {
    let limit = match letter.to {
        Addressee::Event(_) => EVENT_TIMEOUT,
        Addressee::Approval(_) => APPROVAL_TIMEOUT,
    };
    let request = Request::post(&letter.url)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::USER_AGENT, "Paystack simulator")
        .header(SIGNATURE, &letter.signature)
        .body(Full::new(Bytes::from(letter.body.clone())));
    let request = request.map_err(|_| "its address is not one".to_owned())?;
    let client = if letter.url.starts_with("https://") {
        Client::of(&letter.url).map_err(|error| error.to_string())?
    } else {
        plain.clone()
    };
    let answer = clock.within(limit, client.send(request)).await;
    let answer = answer.ok_or_else(|| format!("no answer within {} s", limit.as_secs()))?;
    answer.map(|answer| answer.status().as_u16()).map_err(|error| error.to_string())
}
