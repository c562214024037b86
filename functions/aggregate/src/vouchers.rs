//! Claims, redemptions and refusals of a batch, added to the counters of their vouchers.
//!
//! Deliberately absent: marks of ranges. Each event bears its own, which is set where it is added.

use std::collections::BTreeMap;

use domain::failure::chain;
use domain::id::VoucherId;
use domain::tally::VoucherEvent;

use crate::{Deps, Sequenced, by_number};

/// Adds events up, each once; the first record of those that could not be, to come again.
pub(crate) async fn count_vouchers(
    deps: &Deps,
    events: Vec<Sequenced<VoucherEvent>>,
) -> Option<String> {
    let mut by_voucher: BTreeMap<VoucherId, (String, Vec<VoucherEvent>)> = BTreeMap::new();
    for Sequenced { sequence, item } in events {
        let voucher = item.voucher.clone();
        // In the stream's order: what fails is named by the first.
        by_voucher.entry(voucher).or_insert_with(|| (sequence, Vec::new())).1.push(item);
    }
    let mut lost = Vec::new();
    for (first, events) in by_voucher.into_values() {
        if let Err(error) = deps.table.count_voucher_events(&events, deps.clock.now()).await {
            let cause = chain(&error);
            tracing::warn!(error = cause, "what happened to a voucher will be counted later");
            lost.push(first);
        }
    }
    lost.into_iter().min_by_key(|sequence| by_number(sequence))
}
