//! `GET /balance` and `GET /balance/ledger`.

use serde_json::{Value, json};

use super::api::Call;
use super::books::{Account, Entry};
use super::paging;
use super::reply::{Outcome, Refusal, Reply};
use super::shelf::Record;
use super::state::{State, iso};
use super::transaction::is_within;

/// What can be transferred, in each currency.
pub(super) fn fetch(state: &mut State, call: &Call) -> Outcome {
    let integration = state.integrations.get(call.integration).ok_or_else(Refusal::invalid_key)?;
    let line = |currency: &domain::money::Currency| {
        let balance = state.books.balance((call.integration, *currency), &Account::Balance);
        json!({ "currency": currency.code(), "balance": balance })
    };
    let lines: Vec<Value> = integration.currencies.iter().map(line).collect();
    Ok(Reply::ok("Balances retrieved", Value::Array(lines)))
}

/// Each movement of the balance, the newest first.
pub(super) fn ledger(state: &mut State, call: &Call) -> Outcome {
    let is_wanted = |entry: &&Entry| {
        entry.integration == call.integration
            && difference(entry) != 0
            && is_within(entry.at, &call.query)
    };
    let integration = state.integrations.get(call.integration).ok_or_else(Refusal::invalid_key)?;
    let found: Vec<&Entry> = state.entries.all().rev().filter(is_wanted).collect();
    let (page, meta) = paging::page(&call.query, &found, |entry| entry.id())?;
    let body = |entry: &&Entry| {
        let at = iso(entry.at);
        json!({
            "integration": entry.integration,
            "domain": integration.domain(),
            "balance": entry.balance,
            "currency": entry.currency.code(),
            "difference": difference(entry),
            "reason": entry.reason,
            "model_responsible": entry.model,
            "model_row": entry.row,
            "id": entry.id(),
            "createdAt": at,
            "updatedAt": at,
        })
    };
    let bodies = page.iter().map(body).collect();
    Ok(Reply::list("Balance ledger retrieved", (bodies, meta)))
}

fn difference(entry: &Entry) -> i64 {
    let postings = entry.postings.iter().filter(|(account, _)| *account == Account::Balance);
    postings.map(|(_, amount)| amount).sum()
}
