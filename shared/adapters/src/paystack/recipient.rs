//! Where money can be paid out: banks, the name of an account, and recipients. An account's number passes through and
//! is kept nowhere.

use std::fmt;

use domain::id::TenantId;
use domain::money::Currency;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::error::{Garbled, PaystackError, Reason};
use super::wire::{Fields, rows};
use super::{Call, PAGES_MAX, Paystack, query};

/// Banks that are asked for at once; Paystack's limit.
const BANKS_PER_PAGE: &str = "100";

/// What kind of account receives money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecipientKind {
    /// A Nigerian bank account.
    Nuban,
    /// A wallet in Ghana or Kenya.
    MobileMoney,
    /// A Ghanaian bank account.
    Ghipss,
    /// A South African bank account.
    Basa,
    /// A Kenyan bank account.
    Kepss,
}

impl RecipientKind {
    /// Paystack's word.
    pub fn as_str(self) -> &'static str {
        match self {
            RecipientKind::Nuban => "nuban",
            RecipientKind::MobileMoney => "mobile_money",
            RecipientKind::Ghipss => "ghipss",
            RecipientKind::Basa => "basa",
            RecipientKind::Kepss => "kepss",
        }
    }
}

/// A bank, or the network of a wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bank {
    /// Its name.
    pub name: String,
    /// Its code at Paystack; digits with leading zeros, or letters.
    pub code: String,
    /// ISO 4217.
    pub currency: String,
    /// Paystack's word for the kind of its accounts, for example `nuban`.
    pub kind: Option<String>,
}

/// A recipient that is wanted.
#[derive(Clone)]
pub struct RecipientWish {
    /// What kind of account it has.
    pub kind: RecipientKind,
    /// The owner's name, as the bank has it.
    pub name: String,
    /// The account's or the wallet's number.
    pub account_number: String,
    /// The bank's code.
    pub bank_code: String,
    /// In what it is paid.
    pub currency: Currency,
}

impl fmt::Debug for RecipientWish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecipientWish({}, {})", self.kind.as_str(), self.bank_code)
    }
}

impl Paystack {
    /// The banks that take transfers in a currency, of one kind or of all, in Paystack's order.
    ///
    /// # Errors
    /// [`PaystackError`].
    pub async fn banks(
        &self,
        tenant: &TenantId,
        currency: Currency,
        kind: Option<RecipientKind>,
    ) -> Result<Vec<Bank>, PaystackError> {
        let mut banks: Vec<Bank> = Vec::new();
        let mut next: Option<String> = None;
        for _ in 0..PAGES_MAX {
            let mut filter = vec![("use_cursor", "true"), ("perPage", BANKS_PER_PAGE)];
            filter.push(("currency", currency.code()));
            filter.extend(country(currency).map(|country| ("country", country)));
            filter.extend(kind.map(|kind| ("type", kind.as_str())));
            filter.extend(next.as_deref().map(|next| ("next", next)));
            let call = Call::get("banks", format!("/bank?{}", query(&filter)));
            let answer = self.send(tenant, call).await?;
            for row in rows(&answer.data)? {
                let row = Fields::of(row)?;
                banks.extend(usable(row)?.filter(|bank| !banks.contains(bank)));
            }
            let meta = Fields::of(&answer.meta).ok();
            next = meta.and_then(|meta| meta.text_if_any("next")).map(str::to_owned);
            if next.is_none() {
                return Ok(banks);
            }
        }
        Err(Garbled("an end of the list").into())
    }

    /// The name of an account's owner, as the bank has it (Nigeria and Ghana).
    ///
    /// # Errors
    /// [`PaystackError::AccountUnknown`] when the bank or the account is not known.
    pub async fn resolve(
        &self,
        tenant: &TenantId,
        account_number: &str,
        bank_code: &str,
    ) -> Result<String, PaystackError> {
        let account = query(&[("account_number", account_number), ("bank_code", bank_code)]);
        let call = Call::get("resolve", format!("/bank/resolve?{account}"));
        let answer = self.send(tenant, call).await.map_err(about_the_account)?;
        Ok(Fields::of(&answer.data)?.text("account_name")?.to_owned())
    }

    /// Makes a recipient and gives its code. The same account again gives the same code, so this may be repeated.
    ///
    /// # Errors
    /// [`PaystackError::AccountUnknown`] when Paystack does not take the account.
    pub async fn create_recipient(
        &self,
        tenant: &TenantId,
        wish: &RecipientWish,
    ) -> Result<String, PaystackError> {
        let body = json!({
            "type": wish.kind.as_str(),
            "name": wish.name,
            "account_number": wish.account_number,
            "bank_code": wish.bank_code,
            "currency": wish.currency.code(),
        });
        let call = Call::post("create_recipient", "/transferrecipient", body);
        let answer = self.send(tenant, call).await.map_err(about_the_account)?;
        Ok(Fields::of(&answer.data)?.text("recipient_code")?.to_owned())
    }
}

/// What Paystack calls the country; every currency but the dollar has one.
fn country(currency: Currency) -> Option<&'static str> {
    match currency {
        Currency::Ghs => Some("ghana"),
        Currency::Kes => Some("kenya"),
        Currency::Ngn => Some("nigeria"),
        Currency::Usd => None,
        Currency::Zar => Some("south africa"),
    }
}

fn usable(row: Fields<'_>) -> Result<Option<Bank>, Garbled> {
    let bank = Bank {
        name: row.text("name")?.to_owned(),
        code: row.text("code")?.to_owned(),
        currency: row.text("currency")?.to_owned(),
        kind: row.text_if_any("type").map(str::to_owned),
    };
    let gone = row.flag("is_deleted") == Some(true) || row.flag("active") == Some(false);
    let closed = row.flag("supports_transfer") == Some(false);
    Ok((!gone && !closed).then_some(bank))
}

/// A refusal that has to do with the account itself is the caller's to mend.
fn about_the_account(error: PaystackError) -> PaystackError {
    match error {
        PaystackError::Refused(refusal)
            if matches!(refusal.reason, Reason::Other | Reason::Missing) =>
        {
            PaystackError::AccountUnknown(refusal)
        }
        other => other,
    }
}
