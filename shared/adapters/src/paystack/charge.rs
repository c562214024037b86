//! Charges: begun at `POST /transaction/initialize`, and asked about at `GET /transaction/verify/{reference}`.

use domain::contact::Email;
use domain::id::TenantId;
use domain::ledger::PaystackReference;
use domain::money::Money;
use domain::tip::ChargeFacts;
use jiff::Timestamp;
use serde_json::{Value, json};
use url::Url;

use super::error::{Garbled, PaystackError, Reason};
use super::wire::Fields;
use super::{Call, Paystack};
use crate::https::is_confidential;

/// A charge that is to be begun.
#[derive(Clone, Debug)]
pub struct Initialize {
    /// Ours, and the only thing that keeps one charge from becoming two.
    pub reference: PaystackReference,
    /// The patron's address, or the one that stands for the tip.
    pub email: Email,
    /// What is asked for.
    pub amount: Money,
    /// Where Paystack sends the browser afterwards.
    pub callback_url: String,
    /// What Paystack shows beside the charge; an object.
    pub metadata: Value,
}

/// Where the patron pays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkout {
    /// The address of Paystack's page.
    pub authorization_url: String,
    /// The same for Paystack's script.
    pub access_code: String,
}

/// What Paystack says about a reference that it knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// What is compared with our own record.
    pub facts: ChargeFacts,
    /// Paystack's id of the transaction.
    pub id: u64,
    /// When it was paid.
    pub paid_at: Option<Timestamp>,
    /// How it was paid, for example `card`.
    pub channel: Option<String>,
    /// What the bank said, in its words, for staff.
    pub gateway_response: Option<String>,
}

impl Paystack {
    /// Begins a charge. A reference that was begun before is refused with [`Reason::DuplicateReference`]: its page
    /// cannot be had again.
    ///
    /// # Errors
    /// [`PaystackError`].
    pub async fn initialize(
        &self,
        tenant: &TenantId,
        charge: &Initialize,
    ) -> Result<Checkout, PaystackError> {
        let body = json!({
            "reference": charge.reference.as_str(),
            "email": charge.email.as_str(),
            "amount": charge.amount.minor,
            "currency": charge.amount.currency.code(),
            "callback_url": charge.callback_url,
            "metadata": charge.metadata,
        });
        let call = Call::post("initialize", "/transaction/initialize", body);
        let answer = self.send(tenant, call).await?;
        Ok(checkout(&answer.data, &charge.reference)?)
    }

    /// What Paystack knows about a reference; nothing when it does not know it.
    ///
    /// # Errors
    /// [`PaystackError`].
    pub async fn verify(
        &self,
        tenant: &TenantId,
        reference: &PaystackReference,
    ) -> Result<Option<Verified>, PaystackError> {
        // Such a reference would name another address.
        if matches!(reference.as_str(), "." | "..") {
            return Ok(None);
        }
        let call = Call::get("verify", format!("/transaction/verify/{reference}"));
        match self.send(tenant, call).await {
            Ok(answer) => Ok(Some(verified(&answer.data)?)),
            Err(error) if error.reason() == Some(Reason::Missing) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn checkout(data: &Value, reference: &PaystackReference) -> Result<Checkout, Garbled> {
    let fields = Fields::of(data)?;
    if fields.text_if_any("reference").is_some_and(|theirs| theirs != reference.as_str()) {
        return Err(Garbled("reference"));
    }
    let url = fields.text("authorization_url")?;
    if !Url::parse(url).is_ok_and(|url| is_confidential(&url)) {
        return Err(Garbled("authorization_url"));
    }
    let access_code = fields.text("access_code")?;
    Ok(Checkout { authorization_url: url.to_owned(), access_code: access_code.to_owned() })
}

fn verified(data: &Value) -> Result<Verified, Garbled> {
    let fields = Fields::of(data)?;
    let owned = |name| fields.text_if_any(name).map(str::to_owned);
    let facts = ChargeFacts {
        reference: fields.text("reference")?.to_owned(),
        status: fields.text("status")?.to_owned(),
        currency: fields.text("currency")?.to_owned(),
        amount: fields.minor("amount")?,
        requested_amount: fields.minor_if_any("requested_amount")?,
        fees: fields.minor_if_any("fees")?,
    };
    Ok(Verified {
        facts,
        id: fields.id("id")?,
        paid_at: fields.instant(["paid_at", "paidAt"]),
        channel: owned("channel"),
        gateway_response: owned("gateway_response"),
    })
}
