//! `GET /transaction/{id}` and `GET /transaction`.

use jiff::Timestamp;
use serde_json::Value;

use super::Transaction;
use super::wire::Shape;
use crate::paystack::api::Call;
use crate::paystack::fields::Fields;
use crate::paystack::paging;
use crate::paystack::reply::{Outcome, Refusal, Reply};
use crate::paystack::state::{State, own};

/// A charge by its number.
pub(in crate::paystack) fn fetch(state: &mut State, call: &Call) -> Outcome {
    let id = call.param("id").parse();
    let id: u64 = id.map_err(|_| Refusal::invalid("Transaction ID passed must be numeric"))?;
    let charge = own(&state.transactions, id, |charge| charge.integration == call.integration);
    let charge = charge.ok_or_else(|| Refusal::not_found("Transaction not found"))?;
    let body = state.charge_body(charge, Shape::Fetch).ok_or_else(Refusal::broken)?;
    Ok(Reply::ok("Transaction retrieved", body))
}

/// The charges, the newest first.
pub(in crate::paystack) fn list(state: &mut State, call: &Call) -> Outcome {
    let query = &call.query;
    let mine = |charge: &&Transaction| {
        charge.integration == call.integration && is_wanted(state, charge, query)
    };
    let found: Vec<&Transaction> = state.transactions.all().rev().filter(mine).collect();
    let volume: i64 = found.iter().map(|charge| charge.amount).sum();
    let (page, mut meta) = paging::page(query, &found, |charge| charge.id)?;
    if let Some(meta) = meta.as_object_mut() {
        meta.insert("total_volume".to_owned(), volume.into());
    }
    let body = |charge: &&Transaction| state.charge_body(charge, Shape::List);
    let bodies: Vec<Value> = page.iter().filter_map(body).collect();
    Ok(Reply::list("Transactions retrieved", (bodies, meta)))
}

fn is_wanted(state: &State, charge: &Transaction, query: &Fields) -> bool {
    let fits = |name: &str, is: String| query.text(name).is_none_or(|wanted| wanted == is);
    let customer = || state.customers.get(charge.customer);
    let is_of = |wanted: String| {
        customer().is_some_and(|customer| {
            wanted == customer.id.to_string() || wanted == customer.code || wanted == customer.email
        })
    };
    fits("status", charge.status.word().to_owned())
        && fits("amount", charge.amount.to_string())
        && fits("channel", "card".to_owned())
        && fits("reference", charge.reference.clone())
        && fits("currency", charge.currency.code().to_owned())
        && query.text("customer").is_none_or(is_of)
        && query.text("customer_code").is_none_or(is_of)
        && fits("settlement", charge.settlement.map(|id| id.to_string()).unwrap_or_default())
        && is_within(charge.created_at, query)
}

/// Whether an instant lies between `from` and `to`, both included; a day as `to` counts whole.
pub(in crate::paystack) fn is_within(at: Timestamp, query: &Fields) -> bool {
    let instant = |name: &str, end: &str| {
        let text = query.text(name)?;
        let text = if text.contains('T') { text } else { format!("{text}T{end}Z") };
        text.parse::<Timestamp>().ok()
    };
    instant("from", "00:00:00").is_none_or(|from| at >= from)
        && instant("to", "23:59:59.999").is_none_or(|to| at <= to)
}
