//! The list of transfers: ours, and those that somebody made in the dashboard or with the key.

use domain::id::TenantId;
use jiff::Timestamp;

use super::Paystack;
use super::error::{Garbled, PaystackError};
use super::listed::{ListPlace, Listed};
use super::wire::Fields;

/// A transfer as the list shows it. Amounts are minor units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferRow {
    /// Paystack's id.
    pub id: u64,
    /// Whoever made it chose this, or Paystack did: not all of them look like ours.
    pub reference: String,
    /// Paystack's word, as in [`super::TransferSeen::status`].
    pub status: String,
    /// How much.
    pub amount: i64,
    /// What it cost, where that is said.
    pub fee: Option<i64>,
    /// ISO 4217.
    pub currency: String,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// When it last changed.
    pub changed_at: Option<Timestamp>,
}

impl Paystack {
    /// A page of the transfers that were made in a time, both ends included, whatever has become of them; or of those
    /// in this state alone, where the filter is understood.
    ///
    /// # Errors
    /// [`PaystackError`].
    pub async fn transfers(
        &self,
        tenant: &TenantId,
        (from, to): (Timestamp, Timestamp),
        status: Option<&str>,
        place: Option<&ListPlace>,
    ) -> Result<Listed<TransferRow>, PaystackError> {
        let (from, to) = (from.to_string(), to.to_string());
        let mut filter = vec![("from", &*from), ("to", &*to)];
        filter.extend(status.map(|status| ("status", status)));
        self.page_of(tenant, ("transfers", "/transfer", &filter), place, transfer).await
    }
}

fn transfer(fields: Fields<'_>) -> Result<TransferRow, Garbled> {
    Ok(TransferRow {
        id: fields.id("id")?,
        reference: fields.text("reference")?.to_owned(),
        status: fields.text("status")?.to_owned(),
        amount: fields.minor("amount")?,
        fee: fields.minor_if_any("fee_charged")?,
        currency: fields.text("currency")?.to_owned(),
        created_at: fields.instant(["createdAt", "created_at"]),
        changed_at: fields.instant(["updatedAt", "updated_at"]),
    })
}
