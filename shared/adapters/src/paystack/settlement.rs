//! What Paystack has collected and settled: the settlements, what each is made of, and all transactions. Lists are read
//! a page at a time, so that a month of them needs no more memory than a day.

use domain::id::TenantId;
use jiff::Timestamp;

use super::Paystack;
use super::error::{Garbled, PaystackError};
use super::listed::{ListPlace, Listed};
use super::wire::Fields;

/// A settlement as Paystack has it. Amounts are minor units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettlementSeen {
    /// Paystack's id.
    pub id: u64,
    /// `success`, `processing`, `pending` or `failed`.
    pub status: String,
    /// ISO 4217.
    pub currency: String,
    /// What the tenant gets.
    pub effective: i64,
    /// What was collected, before fees and deductions, where that is said.
    pub processed: Option<i64>,
    /// Paystack's fees, where they are said.
    pub fees: Option<i64>,
    /// What was taken off besides, for refunds for example.
    pub deductions: Option<i64>,
    /// When it is or was paid.
    pub settled_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
}

/// A transaction as a list shows it. Amounts are minor units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransactionSeen {
    /// Paystack's id.
    pub id: u64,
    /// Whoever began it chose this.
    pub reference: String,
    /// `success`, `failed`, `abandoned`, `reversed`, and a few more.
    pub status: String,
    /// What was collected.
    pub amount: i64,
    /// What was asked for, where that is said.
    pub requested_amount: Option<i64>,
    /// Paystack's fee, once it is known.
    pub fees: Option<i64>,
    /// ISO 4217.
    pub currency: String,
    /// When it was begun.
    pub created_at: Option<Timestamp>,
    /// When it was paid.
    pub paid_at: Option<Timestamp>,
}

impl Paystack {
    /// A page of the settlements of a time, both ends included.
    ///
    /// # Errors
    /// [`PaystackError`].
    pub async fn settlements(
        &self,
        tenant: &TenantId,
        (from, to): (Timestamp, Timestamp),
        place: Option<&ListPlace>,
    ) -> Result<Listed<SettlementSeen>, PaystackError> {
        let (from, to) = (from.to_string(), to.to_string());
        let list = ("settlements", "/settlement", &[("from", &*from), ("to", &*to)][..]);
        self.page_of(tenant, list, place, settlement).await
    }

    /// A page of the transactions that a settlement is made of, by its id.
    ///
    /// # Errors
    /// [`PaystackError`].
    pub async fn transactions_of_settlement(
        &self,
        tenant: &TenantId,
        id: u64,
        place: Option<&ListPlace>,
    ) -> Result<Listed<TransactionSeen>, PaystackError> {
        let path = format!("/settlement/{id}/transactions");
        let list = ("transactions_of_settlement", &*path, &[][..]);
        self.page_of(tenant, list, place, transaction).await
    }

    /// A page of the transactions that were begun in a time, both ends included.
    ///
    /// # Errors
    /// [`PaystackError`].
    pub async fn transactions(
        &self,
        tenant: &TenantId,
        (from, to): (Timestamp, Timestamp),
        place: Option<&ListPlace>,
    ) -> Result<Listed<TransactionSeen>, PaystackError> {
        let (from, to) = (from.to_string(), to.to_string());
        let list = ("transactions", "/transaction", &[("from", &*from), ("to", &*to)][..]);
        self.page_of(tenant, list, place, transaction).await
    }
}

fn settlement(fields: Fields<'_>) -> Result<SettlementSeen, Garbled> {
    let effective = match fields.minor_if_any("effective_amount")? {
        Some(effective) => effective,
        None => fields.minor("total_amount")?,
    };
    Ok(SettlementSeen {
        id: fields.id("id")?,
        status: fields.text("status")?.to_owned(),
        currency: fields.text("currency")?.to_owned(),
        effective,
        processed: fields.minor_if_any("total_processed")?,
        fees: fields.minor_if_any("total_fees")?,
        deductions: fields.minor_if_any("deductions")?,
        settled_at: fields.instant(["settlement_date", "settled_at"]),
        created_at: fields.instant(["createdAt", "created_at"]),
    })
}

fn transaction(fields: Fields<'_>) -> Result<TransactionSeen, Garbled> {
    Ok(TransactionSeen {
        id: fields.id("id")?,
        reference: fields.text("reference")?.to_owned(),
        status: fields.text("status")?.to_owned(),
        amount: fields.minor("amount")?,
        requested_amount: fields.minor_if_any("requested_amount")?,
        fees: fields.minor_if_any("fees")?,
        currency: fields.text("currency")?.to_owned(),
        created_at: fields.instant(["created_at", "createdAt"]),
        paid_at: fields.instant(["paid_at", "paidAt"]),
    })
}
