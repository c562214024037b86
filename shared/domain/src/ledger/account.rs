//! The accounts, and on which side of zero each of them may stand.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::GuardId;
use crate::money::Currency;

/// What an account is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AccountKind {
    /// `psp:clearing`: what Paystack has collected and not yet credited or paid out.
    Clearing,
    /// `psp:balance`: what lies with Paystack, for transfers.
    Balance,
    /// `bank`: what has arrived in the tenant's bank account.
    Bank,
    /// `guard:{id}:payable`: what we owe a guard; never above zero.
    Payable(GuardId),
    /// `guard:{id}:in_transit`: what a payout has reserved; never above zero.
    InTransit(GuardId),
    /// `guard:{id}:receivable`: what a guard owes us after a refund or a lost dispute; never below zero.
    Receivable(GuardId),
    /// `platform:fees`: what the platform earns.
    PlatformFees,
    /// `expense:psp_fees`: Paystack's fees that the platform bears.
    PspFees,
    /// `suspense`: what nobody has explained yet.
    Suspense,
}

/// One account of a tenant: its kind in one currency. Written `guard:grd_…:payable:NGN`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Account {
    /// What it is for.
    pub kind: AccountKind,
    /// Its currency.
    pub currency: Currency,
}

/// On which side of zero a balance stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// At or below zero.
    Owed,
    /// At or above zero.
    Held,
    /// Anywhere.
    Free,
}

/// A text that names no account.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this names no account of the ledger")]
pub struct InvalidAccount;

impl Account {
    /// An account of a kind and a currency.
    pub fn new(kind: AccountKind, currency: Currency) -> Self {
        Self { kind, currency }
    }

    /// The guard whose account it is; system accounts have none. A guard's balance is changed in the transaction,
    /// a system account's by whoever adds up afterwards, so that no system account is a hot item.
    pub fn guard(&self) -> Option<&GuardId> {
        match &self.kind {
            AccountKind::Payable(guard)
            | AccountKind::InTransit(guard)
            | AccountKind::Receivable(guard) => Some(guard),
            AccountKind::Clearing
            | AccountKind::Balance
            | AccountKind::Bank
            | AccountKind::PlatformFees
            | AccountKind::PspFees
            | AccountKind::Suspense => None,
        }
    }

    pub(super) fn side(&self) -> Side {
        match &self.kind {
            AccountKind::Payable(_) | AccountKind::InTransit(_) => Side::Owed,
            AccountKind::Receivable(_) => Side::Held,
            AccountKind::Clearing
            | AccountKind::Balance
            | AccountKind::Bank
            | AccountKind::PlatformFees
            | AccountKind::PspFees
            | AccountKind::Suspense => Side::Free,
        }
    }

    /// Reads an account as it is written.
    ///
    /// # Errors
    /// [`InvalidAccount`].
    pub fn parse(text: &str) -> Result<Self, InvalidAccount> {
        let (name, code) = text.rsplit_once(':').ok_or(InvalidAccount)?;
        let currency = currency(code).ok_or(InvalidAccount)?;
        let kind = match name.split(':').collect::<Vec<_>>().as_slice() {
            ["psp", "clearing"] => AccountKind::Clearing,
            ["psp", "balance"] => AccountKind::Balance,
            ["bank"] => AccountKind::Bank,
            ["platform", "fees"] => AccountKind::PlatformFees,
            ["expense", "psp_fees"] => AccountKind::PspFees,
            ["suspense"] => AccountKind::Suspense,
            ["guard", id, of] => {
                let guard = GuardId::parse(id).map_err(|_| InvalidAccount)?;
                match *of {
                    "payable" => AccountKind::Payable(guard),
                    "in_transit" => AccountKind::InTransit(guard),
                    "receivable" => AccountKind::Receivable(guard),
                    _ => return Err(InvalidAccount),
                }
            }
            _ => return Err(InvalidAccount),
        };
        Ok(Self { kind, currency })
    }
}

fn currency(code: &str) -> Option<Currency> {
    let all = [Currency::Ghs, Currency::Kes, Currency::Ngn, Currency::Usd, Currency::Zar];
    all.into_iter().find(|currency| currency.code() == code)
}

impl fmt::Display for AccountKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AccountKind::Clearing => f.write_str("psp:clearing"),
            AccountKind::Balance => f.write_str("psp:balance"),
            AccountKind::Bank => f.write_str("bank"),
            AccountKind::Payable(guard) => write!(f, "guard:{guard}:payable"),
            AccountKind::InTransit(guard) => write!(f, "guard:{guard}:in_transit"),
            AccountKind::Receivable(guard) => write!(f, "guard:{guard}:receivable"),
            AccountKind::PlatformFees => f.write_str("platform:fees"),
            AccountKind::PspFees => f.write_str("expense:psp_fees"),
            AccountKind::Suspense => f.write_str("suspense"),
        }
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind, self.currency.code())
    }
}

impl From<Account> for String {
    fn from(account: Account) -> String {
        account.to_string()
    }
}

impl TryFrom<String> for Account {
    type Error = InvalidAccount;

    fn try_from(text: String) -> Result<Self, InvalidAccount> {
        Self::parse(&text)
    }
}
