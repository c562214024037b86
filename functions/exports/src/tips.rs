//! Tips as rows, newest first. What a guard has of a tip, and what went back of that, are those of the ledger.

use std::collections::BTreeMap;

use adapters::table::TipFilter;
use domain::export::Export;
use domain::id::GuardId;
use domain::page::{PageSize, Position};
use domain::payout::Payout;
use domain::tip::Tip;

use crate::source::{Chunk, amounts, sums_of};
use crate::{Deps, Unwritten};

pub(crate) const HEADS: [&str; 15] = [
    "tip_id",
    "created_at",
    "guard_id",
    "status",
    "reference",
    "payout_id",
    "currency",
    "amount",
    "amount_minor",
    "net",
    "net_minor",
    "fees",
    "fees_minor",
    "taken_back",
    "taken_back_minor",
];
/// The sums, in the order of their columns.
const SUMS: [&str; 4] = ["amount", "net", "fees", "taken_back"];

/// What a tip came to, in the order of [`SUMS`], in minor units; nothing before it is paid.
fn money(tip: &Tip) -> Option<[i64; 4]> {
    let (charge, shares) = tip.charge().and_then(|c| Some((c.clone(), c.shares().ok()?)))?;
    let back = tip.returns.iter().filter(|back| back.taken > 0).filter_map(|back| {
        let part = shares.between(back.before, back.before.saturating_add(back.taken)).ok()?;
        Some(part.guard)
    });
    let back = back.fold(0_i64, i64::saturating_add);
    let fees = charge.collected.saturating_sub(shares.guard);
    Some([charge.collected, shares.guard, fees, back])
}

pub(crate) async fn chunk(deps: &Deps, export: &Export) -> Result<Chunk, Unwritten> {
    let filter = TipFilter { from: export.from, to: export.to, status: None };
    let place = export.progress.place.clone().map(Position);
    let (tenant, size) = (&export.tenant, PageSize::largest());
    let page = deps.table.tips_of_tenant(tenant, &filter, size, place.as_ref()).await?;
    let payouts = settling(deps, export, &page.entries).await?;
    let mut chunk = Chunk { next: page.next.map(|next| next.0), ..Chunk::default() };
    for tip in &page.entries {
        let payouts = payouts.get(&tip.guard).map(Vec::as_slice).unwrap_or_default();
        let money = money(tip);
        for (name, minor) in SUMS.iter().zip(money.unwrap_or_default()) {
            chunk.add(name, tip.amount.currency, minor);
        }
        chunk.rows.push(row(tip, payouts, money));
    }
    Ok(chunk)
}

/// The payouts that can have settled these tips, by guard.
async fn settling(
    deps: &Deps,
    export: &Export,
    tips: &[Tip],
) -> Result<BTreeMap<GuardId, Vec<Payout>>, Unwritten> {
    let mut first: BTreeMap<&GuardId, u64> = BTreeMap::new();
    for tip in tips {
        if let Some(seq) = tip.seq {
            first.entry(&tip.guard).and_modify(|at| *at = seq.min(*at)).or_insert(seq);
        }
    }
    let mut payouts = BTreeMap::new();
    for (guard, seq) in first {
        let covering = deps.table.payouts_covering(&export.tenant, guard, seq).await?;
        payouts.insert(guard.clone(), covering);
    }
    Ok(payouts)
}

fn row(tip: &Tip, payouts: &[Payout], money: Option<[i64; 4]>) -> Vec<String> {
    let payout = tip.seq.and_then(|seq| Payout::settling(payouts, seq));
    let facts = [
        tip.id.to_string(),
        tip.created_at.to_string(),
        tip.guard.to_string(),
        tip.shown(payout.is_some()).to_string(),
        tip.reference().to_string(),
        payout.map(|payout| payout.id.to_string()).unwrap_or_default(),
        tip.amount.currency.code().to_owned(),
    ];
    let minors = money.map_or([None; 4], |money| money.map(Some));
    let cells = |minor: Option<i64>| minor.map(|minor| amounts(minor, tip.amount.currency));
    let money = minors.into_iter().flat_map(|minor| cells(minor).unwrap_or_default());
    facts.into_iter().chain(money).collect()
}

/// One line for each currency.
pub(crate) fn totals(export: &Export) -> Vec<Vec<String>> {
    let line = |(currency, _)| {
        let facts = ["total", "", "", "", "", "", domain::money::Currency::code(currency)];
        let sum = |name| sums_of(export, name).find(|(of, _)| *of == currency);
        let sums = SUMS.iter().map(move |name| sum(name).map_or(0, |(_, minor)| minor));
        let sums = sums.flat_map(|minor| amounts(minor, currency));
        facts.map(str::to_owned).into_iter().chain(sums).collect()
    };
    sums_of(export, SUMS[0]).map(line).collect()
}
