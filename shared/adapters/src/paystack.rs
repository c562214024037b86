//! Paystack (paystack.com/docs/api), as far as the platform uses it: charges, their refunds and disputes, where guards
//! are paid out and the transfers to them, and the tenant's balance. Every call is made with the tenant's own key.
//!
//! Deliberately absent: what an answer means for a tip (`domain::tip` judges it), repeating a call that moves money
//! (whoever calls asks about the reference first), and Paystack's own sentences, which repeat what was sent.

mod balance;
mod charge;
mod dispute;
mod error;
mod keys;
mod listed;
mod recipient;
mod refund;
mod settlement;
mod signature;
mod transfer;
mod transfers;
mod wire;

use std::sync::Arc;

use bytes::Bytes;
use domain::id::TenantId;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request};
use http_body_util::Full;
use serde_json::Value;

pub use balance::BalanceRow;
pub use charge::{Checkout, Initialize, Verified};
pub use dispute::DisputeSeen;
pub use error::{Garbled, PaystackError, Reason, Refusal};
pub use keys::PaystackKeys;
pub use listed::{ListPlace, Listed};
pub use recipient::{Bank, RecipientKind, RecipientWish};
pub use refund::{RefundSeen, RefundWish};
pub use settlement::{SettlementSeen, TransactionSeen};
pub use signature::signature_is_valid;
pub use transfer::{BULK_TRANSFERS_MAX, TransferSeen, TransferWish};
pub use transfers::TransferRow;

use crate::environment::{Environment, EnvironmentError};
use crate::https::{Https, base_url};
use crate::secrets::SecretText;
use wire::Envelope;

/// The longest answer that is read, in bytes.
const ANSWER_MAX_BYTES: usize = 1024 * 1024;
/// Rows that are asked for at once; Paystack's own number, so that a list without a count ends where it should.
const ROWS_PER_PAGE: usize = 50;
/// The most pages of a list that are read; a longer list is an error, because half of it would be wrong.
const PAGES_MAX: usize = 40;

/// Paystack's API. Clones share connections and keys.
#[derive(Clone, Debug)]
pub struct Paystack {
    https: Https,
    base: Arc<str>,
    keys: PaystackKeys,
}

/// One call, without its key.
#[derive(Clone, Debug)]
struct Call {
    /// Its name in the figures.
    operation: &'static str,
    /// The path and the query.
    path: String,
    /// What is posted; nothing for a question.
    body: Option<Value>,
}

impl Call {
    fn get(operation: &'static str, path: String) -> Self {
        Self { operation, path, body: None }
    }

    fn post(operation: &'static str, path: &str, body: Value) -> Self {
        Self { operation, path: path.to_owned(), body: Some(body) }
    }
}

impl Paystack {
    /// The API at `PAYSTACK_URL`, with the keys below `PAYSTACK_SECRET_PREFIX`. The address is `https`, or plain on
    /// this machine, where a simulator answers.
    ///
    /// # Errors
    /// [`EnvironmentError`] names a variable that is missing or wrong.
    pub fn from_env(env: &Environment) -> Result<Self, EnvironmentError> {
        Ok(Self {
            https: Https::new(&env.clock)?,
            base: base_url("PAYSTACK_URL", &env.required("PAYSTACK_URL")?)?.into(),
            keys: PaystackKeys::from_env(env)?,
        })
    }

    /// The tenants' keys.
    pub fn keys(&self) -> &PaystackKeys {
        &self.keys
    }

    /// Makes a call. A question is repeated once where there was no answer; what moves money never is.
    async fn send(&self, tenant: &TenantId, call: Call) -> Result<Envelope, PaystackError> {
        let keys = self.keys.of(tenant).await?.unwrap_or_default();
        let key = keys.first().ok_or(PaystackError::NotConnected)?;
        match self.attempt(key, &call).await {
            Err(PaystackError::Unknown(_)) if call.body.is_none() => self.attempt(key, &call).await,
            outcome => outcome,
        }
    }

    async fn attempt(&self, key: &SecretText, call: &Call) -> Result<Envelope, PaystackError> {
        let request = self.request(key, call)?;
        let started = std::time::Instant::now();
        let answer = self.https.call(request, ANSWER_MAX_BYTES).await;
        let outcome = answer.map_err(PaystackError::from).and_then(|answer| wire::read(&answer));
        let status = outcome.as_ref().map_or_else(PaystackError::outcome, |_| "success");
        observe(call.operation, started, status);
        outcome
    }

    fn request(
        &self,
        key: &SecretText,
        call: &Call,
    ) -> Result<Request<Full<Bytes>>, PaystackError> {
        let bearer = [b"Bearer ", key.expose()].concat();
        let mut bearer = HeaderValue::from_bytes(&bearer).map_err(|_| Garbled("the key"))?;
        bearer.set_sensitive(true);
        let mut request = Request::builder().uri(format!("{}{}", self.base, call.path));
        request = request.header(AUTHORIZATION, bearer);
        let body = match &call.body {
            None => Bytes::new(),
            Some(body) => {
                request = request.method(Method::POST).header(CONTENT_TYPE, "application/json");
                body.to_string().into()
            }
        };
        Ok(request.body(Full::new(body)).map_err(|_| Garbled("an address"))?)
    }
}

/// How long each operation takes, and how it ends.
fn observe(operation: &'static str, started: std::time::Instant, status: &'static str) {
    metrics::histogram!("paystack_request_duration_seconds", "operation" => operation)
        .record(started.elapsed());
    metrics::counter!("paystack_requests_total", "operation" => operation, "status" => status)
        .increment(1);
}

/// A query's text, escaped.
fn query(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

#[cfg(test)]
mod tests;
