//! What a payout pays, entry by entry: tips and what went back of them.

use std::collections::BTreeSet;

use adapters::table::{Entry, Table};
use domain::ledger::{AccountKind, Reference};
use domain::payout::Payout;
use jiff::Timestamp;

use crate::problem::Problem;

/// An entry, and what a payout pays of it.
#[derive(Clone, Debug)]
pub struct Paid {
    /// The entry.
    pub entry: Entry,
    /// What the payout pays of it, in minor units.
    pub minor: i64,
}

/// The entries that a payout pays, oldest first: tips and what went back of them. The first may have been paid in part
/// before, and the last is paid in part where the payout was capped.
///
/// # Errors
/// The store's failure.
pub async fn paid_entries(
    table: &Table,
    payout: &Payout,
    now: Timestamp,
) -> Result<Vec<Paid>, Problem> {
    let entries = table.entries_of_payout(payout, now).await?;
    Ok(share(payout, entries))
}

/// What was set aside and came back again is none of what a payout pays.
fn share(payout: &Payout, entries: Vec<Entry>) -> Vec<Paid> {
    let is_transit = |entry: &&Entry| matches!(entry.account.kind, AccountKind::InTransit(_));
    let moved: BTreeSet<Reference> =
        entries.iter().filter(is_transit).map(|entry| entry.reference.clone()).collect();
    let owed = entries.into_iter().filter(|entry| {
        matches!(entry.account.kind, AccountKind::Payable(_)) && !moved.contains(&entry.reference)
    });
    let credits: Vec<Entry> = owed.collect();
    let in_full = credits.iter().filter(|entry| entry.seq <= payout.to_seq);
    let in_full = in_full.fold(0_i64, |sum, entry| sum.saturating_sub(entry.minor));
    let mut left = in_full.saturating_add(payout.part);
    // What the payout before has paid of the first.
    let mut before = left.saturating_sub(payout.amount.minor).max(0);
    let mut paid = Vec::new();
    for entry in credits {
        if left <= 0 && entry.seq > payout.to_seq {
            break;
        }
        let taken = entry.minor.saturating_neg().min(left);
        left = left.saturating_sub(taken);
        let earlier = before.min(taken.max(0));
        before = before.saturating_sub(earlier);
        paid.push(Paid { entry, minor: taken.saturating_sub(earlier) });
    }
    paid
}
