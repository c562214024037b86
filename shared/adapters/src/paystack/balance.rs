//! The balance from which transfers are made: how much there is, and each movement of it.

use domain::id::TenantId;
use domain::money::{Currency, Money};
use jiff::Timestamp;
use serde_json::Value;

use super::error::{Garbled, PaystackError};
use super::listed::{ListPlace, Listed};
use super::wire::{Fields, rows};
use super::{Call, Paystack};

/// The currencies that we keep money in.
const CURRENCIES: [Currency; 5] =
    [Currency::Ghs, Currency::Kes, Currency::Ngn, Currency::Usd, Currency::Zar];

/// One movement of the balance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BalanceRow {
    /// Paystack's id of it.
    pub id: u64,
    /// ISO 4217.
    pub currency: String,
    /// What was left after it, in minor units.
    pub balance: i64,
    /// By how much the balance has changed, in minor units.
    pub difference: i64,
    /// Paystack's words for it.
    pub reason: Option<String>,
    /// What has caused it: `Transfer`, `Transaction`, `Refund`, or another word of Paystack's.
    pub model: String,
    /// The id of what has caused it.
    pub model_row: Option<u64>,
    /// When it was.
    pub created_at: Option<Timestamp>,
}

impl Paystack {
    /// What can be transferred, in each currency that we know.
    ///
    /// # Errors
    /// [`PaystackError`].
    pub async fn balances(&self, tenant: &TenantId) -> Result<Vec<Money>, PaystackError> {
        let answer = self.send(tenant, Call::get("balance", "/balance".to_owned())).await?;
        let balances: Result<Vec<_>, Garbled> = rows(&answer.data)?.iter().map(balance).collect();
        Ok(balances?.into_iter().flatten().collect())
    }

    /// A page of the balance's movements since `since`, the newest first. A page that is wholly older is the last one,
    /// so that nothing depends on the filter being understood.
    ///
    /// # Errors
    /// [`PaystackError`].
    pub async fn balance_ledger(
        &self,
        tenant: &TenantId,
        since: Timestamp,
        place: Option<&ListPlace>,
    ) -> Result<Listed<BalanceRow>, PaystackError> {
        let from = since.to_string();
        let list = ("balance_ledger", "/balance/ledger", &[("from", &*from)][..]);
        let listed = self.page_of(tenant, list, place, movement).await?;
        let recent = |row: &BalanceRow| row.created_at.is_none_or(|at| at >= since);
        let next = if listed.rows.iter().any(recent) { listed.next } else { None };
        Ok(Listed { rows: listed.rows.into_iter().filter(recent).collect(), next })
    }
}

/// A balance; nothing in a currency that we do not keep.
fn balance(row: &Value) -> Result<Option<Money>, Garbled> {
    let fields = Fields::of(row)?;
    let code = fields.text("currency")?;
    let Some(currency) = CURRENCIES.into_iter().find(|known| known.code() == code) else {
        return Ok(None);
    };
    Ok(Some(Money { minor: fields.minor("balance")?, currency }))
}

fn movement(fields: Fields<'_>) -> Result<BalanceRow, Garbled> {
    Ok(BalanceRow {
        id: fields.id("id")?,
        currency: fields.text("currency")?.to_owned(),
        balance: fields.minor("balance")?,
        difference: fields.minor("difference")?,
        reason: fields.text_if_any("reason").map(str::to_owned),
        model: fields.text("model_responsible")?.to_owned(),
        model_row: fields.id("model_row").ok(),
        created_at: fields.instant(["createdAt", "created_at"]),
    })
}
