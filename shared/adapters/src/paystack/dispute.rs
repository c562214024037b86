//! Disputes: what a bank has taken back, or may take back. Only read here; they are answered on Paystack's dashboard.

use domain::id::TenantId;

use super::error::{Garbled, PaystackError, Reason};
use super::wire::Fields;
use super::{Call, Paystack};

/// A dispute as Paystack has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisputeSeen {
    /// Paystack's id.
    pub id: u64,
    /// `awaiting-merchant-feedback`, `awaiting-bank-feedback`, `pending` or `resolved`.
    pub status: String,
    /// `merchant-accepted`, `auto-accepted`, `declined`; nothing before it is resolved.
    pub resolution: Option<String>,
    /// What goes back to the payer if it is lost, in minor units, where that is known.
    pub refund_amount: Option<i64>,
    /// ISO 4217, where it is said.
    pub currency: Option<String>,
    /// The reference of the charge, where it is said.
    pub transaction_reference: Option<String>,
}

impl Paystack {
    /// All disputes of a transaction, by its id, the oldest first. Not by `GET /dispute/transaction/{id}`, which knows
    /// one of them only.
    ///
    /// # Errors
    /// [`PaystackError`]; a row that does not say whose it is makes the whole list useless.
    pub async fn disputes_of(
        &self,
        tenant: &TenantId,
        transaction: u64,
    ) -> Result<Vec<DisputeSeen>, PaystackError> {
        let list = ("disputes", "/dispute");
        self.rows_of(tenant, list, transaction, |row| Ok((row.id("id")?, seen(row)?))).await
    }

    /// One dispute; nothing when there is none with this id.
    ///
    /// # Errors
    /// [`PaystackError`].
    pub async fn dispute(
        &self,
        tenant: &TenantId,
        id: u64,
    ) -> Result<Option<DisputeSeen>, PaystackError> {
        let call = Call::get("dispute", format!("/dispute/{id}"));
        match self.send(tenant, call).await {
            Ok(answer) => Ok(Some(seen(Fields::of(&answer.data)?)?)),
            Err(error) if error.reason() == Some(Reason::Missing) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn seen(fields: Fields<'_>) -> Result<DisputeSeen, Garbled> {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let transaction = fields.object("transaction");
    let of_transaction = |name| transaction.and_then(|fields| fields.text_if_any(name));
    let reference = fields.text_if_any("transaction_reference");
    Ok(DisputeSeen {
        id: fields.id("id")?,
        status: fields.text("status")?.to_owned(),
        resolution: owned(fields.text_if_any("resolution")),
        refund_amount: fields.minor_if_any("refund_amount")?,
        currency: owned(fields.text_if_any("currency").or_else(|| of_transaction("currency"))),
        transaction_reference: owned(of_transaction("reference").or(reference)),
    })
}
