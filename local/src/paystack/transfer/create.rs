//! `POST /transfer`: checked first, so that a refused transfer does not exist.

use serde_json::Value;

use super::{Transfer, TransferStatus};
use crate::paystack::api::Call;
use crate::paystack::books::{Account, Model};
use crate::paystack::fee;
use crate::paystack::fields::Fields;
use crate::paystack::reply::{Outcome, Refusal, Reply};
use crate::paystack::state::State;
use crate::paystack::transaction::currency;

/// Characters of a reference at most.
const REFERENCE_CHARS_MAX: usize = 100;

/// One transfer.
pub(in crate::paystack) fn create(state: &mut State, call: &Call) -> Outcome {
    let transfer = wanted(state, call.integration, &call.body, None)?;
    if state.transfer(call.integration, &transfer.reference).is_some() {
        return Err(Refusal::duplicate_transfer());
    }
    let purse = (call.integration, transfer.currency);
    if state.books.balance(purse, &Account::Balance) < transfer.amount + transfer.fee {
        return Err(Refusal::balance());
    }
    let id = state.insert(transfer);
    state.begin(id);
    let has_otp = state.transfers.get(id).map(|t| t.status) == Some(TransferStatus::Otp);
    let body = state.transfer_created(id).ok_or_else(Refusal::broken)?;
    let message =
        if has_otp { "Transfer requires OTP to continue" } else { "Transfer has been queued" };
    Ok(Reply::ok(message, body))
}

/// A transfer as it is asked for, alone or in a list whose currency it shares.
pub(super) fn wanted(
    state: &State,
    integration: u64,
    fields: &Fields,
    of_list: Option<&Fields>,
) -> Result<Transfer, Refusal> {
    let around = of_list.unwrap_or(fields);
    if around.text("source").as_deref() != Some("balance") {
        return Err(Refusal::invalid("Source should be balance"));
    }
    let amount = fields.number("amount").filter(|amount| *amount > 0);
    let amount = amount.ok_or_else(|| Refusal::coded("Invalid Amount Sent", "invalid_amount"))?;
    let named = fields.text("recipient");
    let recipient = named.and_then(|code| state.recipient(integration, &code));
    let recipient = recipient.filter(|r| r.active).ok_or_else(Refusal::recipient)?;
    let reference = fields.text("reference").unwrap_or_else(|| state.code(""));
    if reference.len() > REFERENCE_CHARS_MAX || !reference.chars().all(is_of_reference) {
        return Err(Refusal::invalid("Your reference contains illegal special characters"));
    }
    let wanted = around.text("currency").unwrap_or_else(|| "NGN".to_owned());
    let currency = currency(&wanted).filter(|currency| *currency == recipient.currency);
    let currency = currency.ok_or_else(|| {
        Refusal::invalid("The recipient does not take transfers in this currency")
    })?;
    let fee = fee::of_transfer(amount, currency, recipient.kind);
    let fee =
        fee.ok_or_else(|| Refusal::invalid("Transfers are not available in this currency"))?;
    Ok(Transfer {
        id: 0,
        integration,
        reference,
        code: state.code("TRF_"),
        amount,
        fee,
        currency,
        recipient: recipient.id,
        reason: fields.text("reason").unwrap_or_default(),
        status: TransferStatus::Pending,
        outcome: Some(TransferStatus::Success),
        created_at: state.now,
        updated_at: state.now,
        transferred_at: None,
        due_at: None,
        ask_at: None,
    })
}

/// Only small letters, digits, `-` and `_`.
fn is_of_reference(letter: char) -> bool {
    letter.is_ascii_lowercase() || letter.is_ascii_digit() || matches!(letter, '-' | '_')
}

impl State {
    /// The transfer comes to exist: amount and fee leave the balance at once.
    pub(super) fn insert(&mut self, mut transfer: Transfer) -> u64 {
        let id = self.transfers.next_id();
        transfer.id = id;
        let planned = self.transfer_outcome(transfer.integration, &transfer.reference);
        if let Some(outcome) = planned {
            transfer.outcome = Some(outcome).filter(|outcome| !outcome.is_open());
        }
        let (amount, fee) = (transfer.amount, transfer.fee);
        let purse = (transfer.integration, transfer.currency);
        let postings =
            [(Account::Balance, -(amount + fee)), (Account::Transit, amount), (Account::Fees, fee)];
        self.post(purse, "A transfer is made", (Model::Transfer, id), &postings);
        let key = (transfer.integration, transfer.reference.clone());
        self.index.transfers.insert(key, id);
        self.transfers.put(transfer);
        id
    }

    /// The answer: not paid yet as far as it shows, also where it says `success`.
    fn transfer_created(&self, id: u64) -> Option<Value> {
        let transfer = self.transfers.get(id)?;
        let mut body = self.transfer_body(transfer)?;
        body["recipient"] = transfer.recipient.into();
        body["transferred_at"] = Value::Null;
        let members = body.as_object_mut()?;
        for name in ["session", "fee_charged", "fees_breakdown", "gateway_response"] {
            members.remove(name);
        }
        if transfer.status == TransferStatus::Otp {
            for name in ["failures", "titan_code", "transferred_at", "request"] {
                members.remove(name);
            }
        } else {
            members.insert("transfersessionid".to_owned(), Value::Array(Vec::new()));
            members.insert("transfertrials".to_owned(), Value::Array(Vec::new()));
        }
        Some(body)
    }
}
