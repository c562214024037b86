//! Payouts as rows, newest first.

use adapters::table::PayoutFilter;
use domain::export::Export;
use domain::page::{PageSize, Position};
use domain::payout::{Payout, PayoutState};

use crate::source::{Chunk, amounts, sums_of};
use crate::{Deps, Unwritten};

pub(crate) const HEADS: [&str; 12] = [
    "payout_id",
    "run",
    "created_at",
    "changed_at",
    "guard_id",
    "status",
    "trouble",
    "attempts",
    "recipient",
    "currency",
    "amount",
    "amount_minor",
];

pub(crate) async fn chunk(deps: &Deps, export: &Export) -> Result<Chunk, Unwritten> {
    let (from, to) = (export.from, export.to);
    let filter = PayoutFilter { from, to, state: None, guard: None };
    let place = export.progress.place.clone().map(Position);
    let (tenant, size) = (&export.tenant, PageSize::largest());
    let page = deps.table.payouts_where(tenant, &filter, size, place.as_ref()).await?;
    let mut chunk = Chunk { next: page.next.map(|next| next.0), ..Chunk::default() };
    for payout in &page.entries {
        chunk.add(payout.state.as_str(), payout.amount.currency, payout.amount.minor);
        chunk.rows.push(row(payout));
    }
    Ok(chunk)
}

fn row(payout: &Payout) -> Vec<String> {
    let facts = [
        payout.id.to_string(),
        payout.run.to_string(),
        payout.created_at.to_string(),
        payout.changed_at.to_string(),
        payout.guard.to_string(),
        payout.state.to_string(),
        payout.trouble.map(|trouble| trouble.to_string()).unwrap_or_default(),
        payout.attempt.to_string(),
        payout.recipient.clone(),
        payout.amount.currency.code().to_owned(),
    ];
    let money = amounts(payout.amount.minor, payout.amount.currency);
    facts.into_iter().chain(money).collect()
}

/// One line for each state and currency.
pub(crate) fn totals(export: &Export) -> Vec<Vec<String>> {
    let mut lines = Vec::new();
    for state in PayoutState::ALL {
        for (currency, minor) in sums_of(export, state.as_str()) {
            let (state, code) = (state.as_str(), currency.code());
            let facts = ["total", "", "", "", "", state, "", "", "", code].map(str::to_owned);
            lines.push(facts.into_iter().chain(amounts(minor, currency)).collect());
        }
    }
    lines
}
