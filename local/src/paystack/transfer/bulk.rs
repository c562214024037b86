//! `POST /transfer/bulk`: all or nothing, up to a hundred, and one call in five seconds.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::create::wanted;
use super::{Transfer, TransferStatus};
use crate::paystack::api::Call;
use crate::paystack::books::Account;
use crate::paystack::fields::Fields;
use crate::paystack::reply::{Outcome, Refusal, Reply};
use crate::paystack::state::State;

/// Transfers in one call at most.
const ITEMS_MAX: usize = 100;

/// Many transfers.
pub(in crate::paystack) fn create(state: &mut State, call: &Call) -> Outcome {
    if let Some(reset_s) = state.windows.bulk(call.integration, state.now) {
        return Err(Refusal::rate_limited(1, reset_s));
    }
    let has_otp = state.integrations.get(call.integration).is_some_and(|i| i.settings.otp);
    if has_otp {
        let message = "Bulk transfers are only possible when the OTP requirement is disabled";
        return Err(Refusal::invalid(message));
    }
    let transfers = asked(state, call)?;
    refuse_duplicates(state, &transfers)?;
    refuse_empty_purse(state, call.integration, &transfers)?;
    let ids: Vec<u64> = transfers.into_iter().map(|transfer| state.insert(transfer)).collect();
    for id in &ids {
        state.begin(*id);
    }
    let bodies = ids.iter().filter_map(|id| state.transfers.get(*id));
    let bodies: Vec<Value> = bodies.filter_map(|transfer| line(state, transfer)).collect();
    Ok(Reply::ok(format!("{} transfers queued.", ids.len()), Value::Array(bodies)))
}

fn asked(state: &State, call: &Call) -> Result<Vec<Transfer>, Refusal> {
    let items = call.body.list("transfers").filter(|items| !items.is_empty());
    let items = items.ok_or_else(|| Refusal::missing("Transfers are required"))?;
    if items.len() > ITEMS_MAX {
        return Err(Refusal::invalid("A batch cannot have more than 100 transfers"));
    }
    let one = |item: &Value| {
        let fields = Fields::of(item);
        if fields.text("reference").is_none() {
            return Err(Refusal::missing("Each transfer must have a reference"));
        }
        wanted(state, call.integration, &fields, Some(&call.body))
    };
    items.iter().map(one).collect()
}

fn refuse_duplicates(state: &State, transfers: &[Transfer]) -> Result<(), Refusal> {
    let mut seen = BTreeSet::new();
    let mut taken = Vec::new();
    for transfer in transfers {
        let is_known = state.transfer(transfer.integration, &transfer.reference).is_some();
        if !seen.insert(&transfer.reference) || is_known {
            taken.push(transfer.reference.clone());
        }
    }
    if taken.is_empty() { Ok(()) } else { Err(Refusal::duplicates(&taken)) }
}

fn refuse_empty_purse(
    state: &State,
    integration: u64,
    transfers: &[Transfer],
) -> Result<(), Refusal> {
    let mut sums = BTreeMap::new();
    for transfer in transfers {
        *sums.entry(transfer.currency).or_insert(0) += transfer.amount + transfer.fee;
    }
    let has = |(currency, sum): (domain::money::Currency, i64)| {
        state.books.balance((integration, currency), &Account::Balance) >= sum
    };
    if sums.into_iter().all(has) { Ok(()) } else { Err(Refusal::balance()) }
}

fn line(state: &State, transfer: &Transfer) -> Option<Value> {
    let recipient = state.recipients.get(transfer.recipient)?;
    let status = match transfer.status {
        TransferStatus::Received => TransferStatus::Received,
        TransferStatus::Success => TransferStatus::Success,
        _ => TransferStatus::Pending,
    };
    Some(json!({
        "reference": transfer.reference,
        "recipient": recipient.code,
        "amount": transfer.amount,
        "transfer_code": transfer.code,
        "currency": transfer.currency.code(),
        "status": status.word(),
    }))
}
