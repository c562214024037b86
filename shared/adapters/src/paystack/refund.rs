//! Refunds: asked for at `POST /refund`, and listed by charge at `GET /refund`, which is how one whose outcome is
//! unknown is found again: our own id travels in its `merchant_note`.

use domain::id::TenantId;
use domain::ledger::PaystackReference;
use domain::money::Money;
use serde_json::json;

use super::error::{Garbled, PaystackError};
use super::wire::Fields;
use super::{Call, Paystack};

/// A refund that is wanted.
#[derive(Clone, Debug)]
pub struct RefundWish {
    /// The charge.
    pub transaction: PaystackReference,
    /// How much goes back.
    pub amount: Money,
    /// Ours; only the tenant sees it.
    pub merchant_note: String,
    /// What the payer is told.
    pub customer_note: Option<String>,
}

/// A refund as Paystack has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundSeen {
    /// Paystack's id.
    pub id: u64,
    /// `pending`, `processing`, `processed`, `failed` or `needs-attention`.
    pub status: String,
    /// Minor units.
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
    /// What we wrote when we asked for it.
    pub merchant_note: Option<String>,
}

impl Paystack {
    /// Asks for a refund. It is done when [`Paystack::refunds_of`] says so.
    ///
    /// # Errors
    /// [`PaystackError`]; where it may have happened, look for the note among the charge's refunds before asking again.
    pub async fn refund(
        &self,
        tenant: &TenantId,
        wish: &RefundWish,
    ) -> Result<RefundSeen, PaystackError> {
        let mut body = json!({
            "transaction": wish.transaction.as_str(),
            "amount": wish.amount.minor,
            "currency": wish.amount.currency.code(),
            "merchant_note": wish.merchant_note,
        });
        if let Some(note) = &wish.customer_note {
            body["customer_note"] = note.as_str().into();
        }
        let answer = self.send(tenant, Call::post("refund", "/refund", body)).await?;
        Ok(seen(Fields::of(&answer.data)?)?)
    }

    /// All refunds of a transaction, by its id, the oldest id first. What is listed of other transactions is left out
    /// here, so that nothing depends on the filter being understood.
    ///
    /// # Errors
    /// [`PaystackError`]; a row that does not say whose it is makes the whole list useless.
    pub async fn refunds_of(
        &self,
        tenant: &TenantId,
        transaction: u64,
    ) -> Result<Vec<RefundSeen>, PaystackError> {
        let list = ("refunds", "/refund");
        self.rows_of(tenant, list, transaction, |row| Ok((row.id("id")?, seen(row)?))).await
    }
}

fn seen(refund: Fields<'_>) -> Result<RefundSeen, Garbled> {
    Ok(RefundSeen {
        id: refund.id("id")?,
        status: refund.text("status")?.to_owned(),
        amount: refund.minor("amount")?,
        currency: refund.text("currency")?.to_owned(),
        merchant_note: refund.text_if_any("merchant_note").map(str::to_owned),
    })
}
