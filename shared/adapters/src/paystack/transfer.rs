//! Transfers: money out of the balance. One at `POST /transfer`, up to a hundred at `POST /transfer/bulk`, and what
//! became of each at `GET /transfer/verify/{reference}`.
//!
//! Deliberately absent: sending a transfer a second time after a doubt. The reference is what is asked about first.

use domain::id::TenantId;
use domain::ledger::TransferReference;
use domain::money::Money;
use domain::payout::{TransferEnd, TransferShown};
use serde_json::{Value, json};

use super::error::{Garbled, PaystackError, Reason};
use super::wire::{Fields, rows};
use super::{Call, Paystack};

/// Transfers that one bulk call takes (paystack.com/docs/transfers/bulk-transfers).
pub const BULK_TRANSFERS_MAX: usize = 100;

/// A transfer that is wanted.
#[derive(Clone, Debug)]
pub struct TransferWish {
    /// Ours, and the only thing that keeps one transfer from becoming two.
    pub reference: TransferReference,
    /// Who gets it: Paystack's code, `RCP_…`.
    pub recipient: String,
    /// How much.
    pub amount: Money,
    /// What the recipient's bank may show beside it.
    pub reason: String,
}

/// A transfer as Paystack has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferSeen {
    /// Ours.
    pub reference: TransferReference,
    /// Paystack's id, where it is said: a bulk call does not say it.
    pub id: Option<u64>,
    /// Paystack's word: `pending`, `success`, `failed`, `reversed`, `otp`, `received`, `abandoned`, `blocked`,
    /// `rejected`, or one that nobody has heard of.
    pub status: String,
    /// Minor units.
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
    /// What it cost, in minor units, where that is known.
    pub fee: Option<i64>,
    /// Who gets it, `RCP_…`, where that is said: the answer to a single transfer has a number in its place.
    pub recipient_code: Option<String>,
}

impl TransferSeen {
    /// The same as the domain judges it, of a transfer that is one of ours or is taken for it.
    pub fn shown(&self) -> TransferShown {
        TransferShown {
            reference: self.reference.clone(),
            id: self.id,
            end: TransferEnd::of(&self.status),
            amount: self.amount,
            currency: self.currency.clone(),
            fee: self.fee,
            recipient: self.recipient_code.clone(),
            booked: false,
        }
    }
}

impl Paystack {
    /// Makes a transfer. Whatever its status says, it exists now; an error with [`PaystackError::may_have_happened`]
    /// means that it may.
    ///
    /// # Errors
    /// [`PaystackError`]; [`Reason::DuplicateReference`] for one that exists already.
    pub async fn transfer(
        &self,
        tenant: &TenantId,
        wish: &TransferWish,
    ) -> Result<TransferSeen, PaystackError> {
        let mut body = line(wish);
        body["source"] = "balance".into();
        body["currency"] = wish.amount.currency.code().into();
        let answer = self.send(tenant, Call::post("transfer", "/transfer", body)).await?;
        Ok(seen(Fields::of(&answer.data)?)?)
    }

    /// Makes up to [`BULK_TRANSFERS_MAX`] transfers of one currency, all or none of them. What comes back is what the
    /// answer names and can be read; each of the others exists too, and is to be asked about.
    ///
    /// # Errors
    /// [`PaystackError`]; one wish that Paystack does not take refuses them all. [`PaystackError::Protocol`] without a
    /// call for wishes of two currencies, for none, and for too many.
    pub async fn transfer_bulk(
        &self,
        tenant: &TenantId,
        wishes: &[TransferWish],
    ) -> Result<Vec<TransferSeen>, PaystackError> {
        let currency = currency_of(wishes).ok_or(Garbled("a list of transfers"))?;
        let transfers: Vec<Value> = wishes.iter().map(line).collect();
        let body = json!({ "source": "balance", "currency": currency, "transfers": transfers });
        let call = Call::post("transfer_bulk", "/transfer/bulk", body);
        let answer = self.send(tenant, call).await?;
        let rows = rows(&answer.data)?.iter();
        let seen = rows.filter_map(|row| seen(Fields::of(row).ok()?).ok());
        let ours = |seen: &TransferSeen| wishes.iter().any(|wish| wish.reference == seen.reference);
        Ok(seen.filter(ours).collect())
    }

    /// What Paystack knows about a transfer; nothing when there is none with this reference.
    ///
    /// # Errors
    /// [`PaystackError`].
    pub async fn verify_transfer(
        &self,
        tenant: &TenantId,
        reference: &TransferReference,
    ) -> Result<Option<TransferSeen>, PaystackError> {
        let call = Call::get("verify_transfer", format!("/transfer/verify/{reference}"));
        match self.send(tenant, call).await {
            Ok(answer) => {
                let seen = seen(Fields::of(&answer.data)?)?;
                let asked_for = seen.reference == *reference;
                if asked_for { Ok(Some(seen)) } else { Err(Garbled("reference").into()) }
            }
            Err(error) if error.reason() == Some(Reason::Missing) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The reference of a transfer by Paystack's id of it; nothing for one that Paystack does not know, or whose
    /// reference none of ours could be.
    ///
    /// # Errors
    /// [`PaystackError`].
    pub async fn transfer_reference(
        &self,
        tenant: &TenantId,
        id: u64,
    ) -> Result<Option<TransferReference>, PaystackError> {
        match self.send(tenant, Call::get("transfer_by_id", format!("/transfer/{id}"))).await {
            Ok(answer) => {
                let reference = Fields::of(&answer.data)?.text("reference")?;
                Ok(TransferReference::parse(reference).ok())
            }
            Err(error) if error.reason() == Some(Reason::Missing) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// A transfer as both calls take it.
fn line(wish: &TransferWish) -> Value {
    json!({
        "amount": wish.amount.minor,
        "recipient": wish.recipient,
        "reference": wish.reference.as_str(),
        "reason": wish.reason,
    })
}

/// The currency of all of them; nothing for a list that one call does not take.
fn currency_of(wishes: &[TransferWish]) -> Option<&'static str> {
    let currency = wishes.first()?.amount.currency;
    let fine = wishes.len() <= BULK_TRANSFERS_MAX
        && wishes.iter().all(|wish| wish.amount.currency == currency);
    fine.then(|| currency.code())
}

fn seen(fields: Fields<'_>) -> Result<TransferSeen, Garbled> {
    let reference = TransferReference::parse(fields.text("reference")?);
    let recipient = match fields.object("recipient") {
        Some(recipient) => recipient.text_if_any("recipient_code"),
        None => fields.text_if_any("recipient"),
    };
    Ok(TransferSeen {
        reference: reference.map_err(|_| Garbled("reference"))?,
        id: fields.id("id").ok(),
        status: fields.text("status")?.to_owned(),
        amount: fields.minor("amount")?,
        currency: fields.text("currency")?.to_owned(),
        fee: fields.minor_if_any("fee_charged")?,
        recipient_code: recipient.map(str::to_owned),
    })
}
