//! Settlements: what is collected becomes the merchant's, in its balance or at its bank. A test says when.

use domain::money::Currency;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::api::Call;
use super::books::{Account, Model};
use super::paging;
use super::reply::{Outcome, Refusal, Reply};
use super::shelf::Record;
use super::state::{State, iso, own};
use super::transaction::{Shape, Transaction, is_within};

/// Where settled money goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SettleTo {
    /// Into the balance, from which transfers are made.
    #[default]
    Balance,
    /// To the merchant's own bank.
    Bank,
}

/// A settlement. Amounts are minor units.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Settlement {
    id: u64,
    integration: u64,
    currency: Currency,
    /// What the merchant gets.
    pub(super) effective: i64,
    gross: i64,
    fees: i64,
    settled_at: Timestamp,
    transactions: Vec<u64>,
}

impl Record for Settlement {
    const KIND: &'static str = "settlement";
    const FIRST: u64 = 3_090_024;

    fn id(&self) -> u64 {
        self.id
    }
}

impl State {
    /// Settles what is collected in a currency. Nothing when there is nothing, or less than nothing.
    pub(super) fn settle(&mut self, purse: (u64, Currency), to: SettleTo) -> Option<u64> {
        let effective = self.books.balance(purse, &Account::Clearing);
        if effective <= 0 {
            return None;
        }
        let id = self.settlements.next_id();
        let unsettled = |charge: &&Transaction| {
            charge.purse() == purse && charge.is_paid() && charge.settlement.is_none()
        };
        let charges: Vec<(u64, i64, i64)> = self
            .transactions
            .all()
            .filter(unsettled)
            .map(|charge| (charge.id, charge.amount, charge.fees.unwrap_or(0)))
            .collect();
        for (charge, _, _) in &charges {
            self.transactions.edit(*charge)?.settlement = Some(id);
        }
        self.settlements.put(Settlement {
            id,
            integration: purse.0,
            currency: purse.1,
            effective,
            gross: charges.iter().map(|(_, amount, _)| amount).sum(),
            fees: charges.iter().map(|(_, _, fees)| fees).sum(),
            settled_at: self.now,
            transactions: charges.iter().map(|(charge, _, _)| *charge).collect(),
        });
        let account = match to {
            SettleTo::Balance => Account::Balance,
            SettleTo::Bank => Account::Bank,
        };
        let postings = [(Account::Clearing, -effective), (account, effective)];
        self.post(purse, "Collected money is settled", (Model::Settlement, id), &postings);
        Some(id)
    }

    /// The merchant puts money into its balance.
    pub(super) fn top_up(&mut self, purse: (u64, Currency), amount: i64) -> bool {
        if amount <= 0 || self.integrations.get(purse.0).is_none() {
            return false;
        }
        let postings = [(Account::TopUps, -amount), (Account::Balance, amount)];
        self.post(purse, "The merchant has topped up", (Model::TopUp, purse.0), &postings);
        true
    }

    fn settlement_body(&self, settlement: &Settlement) -> Option<Value> {
        let integration = self.integrations.get(settlement.integration)?;
        let deductions = settlement.gross - settlement.fees - settlement.effective;
        let at = iso(settlement.settled_at);
        Some(json!({
            "id": settlement.id,
            "domain": integration.domain(),
            "status": "success",
            "currency": settlement.currency.code(),
            "integration": settlement.integration,
            "total_amount": settlement.effective,
            "effective_amount": settlement.effective,
            "total_fees": settlement.fees,
            "total_processed": settlement.gross,
            "deductions": if deductions == 0 { Value::Null } else { json!(deductions) },
            "settlement_date": at,
            "settled_by": null,
            "createdAt": at,
            "updatedAt": at,
        }))
    }
}

/// `GET /settlement`.
pub(super) fn list(state: &mut State, call: &Call) -> Outcome {
    let query = &call.query;
    let is_wanted = |settlement: &&Settlement| {
        settlement.integration == call.integration
            && query.text("status").is_none_or(|status| status == "success")
            && is_within(settlement.settled_at, query)
    };
    let found: Vec<&Settlement> = state.settlements.all().rev().filter(is_wanted).collect();
    let (page, meta) = paging::page(query, &found, |settlement| settlement.id)?;
    let bodies = page.iter().filter_map(|settlement| state.settlement_body(settlement)).collect();
    Ok(Reply::list("Settlements retrieved", (bodies, meta)))
}

/// `GET /settlement/{id}/transactions`.
pub(super) fn transactions(state: &mut State, call: &Call) -> Outcome {
    let id = call.param("id").parse().unwrap_or(0);
    let mine = own(&state.settlements, id, |s| s.integration == call.integration);
    let mine = mine.ok_or_else(|| Refusal::not_found("Settlement not found"))?;
    let found = mine.transactions.iter().rev().filter_map(|id| state.transactions.get(*id));
    let found: Vec<&Transaction> = found.collect();
    let (page, meta) = paging::page(&call.query, &found, |charge| charge.id)?;
    let body = |charge: &&Transaction| state.charge_body(charge, Shape::List);
    let bodies = page.iter().filter_map(body).collect();
    Ok(Reply::list("Transactions retrieved", (bodies, meta)))
}
