//! What a guard has for a payout at this moment, and which of the guard's entries the payout pays.

use std::collections::BTreeSet;

use adapters::table::{Entry, GuardBalances, Month};
use domain::ledger::{AccountKind, Reference};
use domain::payout::{Covered, Credit, Funds, Payout, cover};
use jiff::Timestamp;

use crate::Deps;
use crate::step::Unsettled;

/// Pages of entries that are read for one payout at most. Of a guard with more, a payout pays the rest of the entries
/// without naming them; the next one names them.
const PAGES_MAX: usize = 200;

/// What the guard of a payout has for it.
///
/// # Errors
/// [`Unsettled`].
pub(crate) async fn funds(
    deps: &Deps,
    payout: &Payout,
    balances: &GuardBalances,
) -> Result<Funds, Unsettled> {
    let available = balances.available();
    let since = balances.since.map_or(payout.since, |since| since.min(payout.since));
    let entries = entries(deps, payout, since, balances).await?;
    Ok(Funds { available, covered: covered(payout.amount.minor, balances, &entries, since) })
}

/// The guard's entries behind the last one that was paid, as far as the index has them.
async fn entries(
    deps: &Deps,
    payout: &Payout,
    since: Timestamp,
    balances: &GuardBalances,
) -> Result<Vec<Entry>, Unsettled> {
    let (tenant, guard, currency) = (&payout.tenant, &payout.guard, payout.amount.currency);
    let (mut found, mut pages) = (Vec::new(), 0);
    for month in Month::between(since, deps.ids.now()) {
        let mut from = None;
        loop {
            pages += 1;
            if pages > PAGES_MAX {
                return Ok(found);
            }
            let page = deps.table.entries(tenant, guard, currency, month, from.as_ref()).await?;
            let unpaid = page.entries.into_iter().filter(|entry| entry.seq > balances.paid_seq);
            found.extend(unpaid);
            from = page.next;
            if from.is_none() {
                break;
            }
        }
    }
    Ok(found)
}

/// Which entries an amount pays. Where the index lags, none is named: the next payout names them together with its own.
fn covered(amount: i64, balances: &GuardBalances, entries: &[Entry], since: Timestamp) -> Covered {
    let (paid_seq, paid_part) = (balances.paid_seq, balances.paid_part);
    let unnamed = cover(paid_seq, paid_part, amount, []);
    let Some(first) = entries.first() else { return unnamed };
    let follows = entries.iter().zip(first.seq..).all(|(entry, seq)| entry.seq == seq);
    let ends = entries.last().is_some_and(|last| last.seq >= balances.seq);
    if !follows || !ends {
        return unnamed;
    }
    if first.seq == paid_seq.saturating_add(1) {
        return cover(paid_seq, paid_part, amount, credits(entries));
    }
    if first.recorded_at > since {
        return unnamed;
    }
    // What lies between the last payout and the oldest money was taken back again, with the part that was paid of it.
    cover(first.seq.saturating_sub(1), 0, amount, credits(entries))
}

/// What was posted to what the guard is owed, but for payouts that are over or under way: the start of one that has
/// paid is counted by the entries that it covers, and one that has not paid gave back what it had taken.
fn credits(entries: &[Entry]) -> impl Iterator<Item = Credit> {
    let is_transit = |entry: &&Entry| matches!(entry.account.kind, AccountKind::InTransit(_));
    let moved: BTreeSet<&Reference> =
        entries.iter().filter(is_transit).map(|entry| &entry.reference).collect();
    let owed = entries.iter().filter(|entry| matches!(entry.account.kind, AccountKind::Payable(_)));
    let credit = |entry: &Entry| Credit { seq: entry.seq, minor: entry.minor.saturating_neg() };
    owed.filter(move |entry| !moved.contains(&entry.reference)).map(credit)
}
