//! Payouts that somebody has to look at: a next attempt, a transfer in doubt, a message that was lost.

use std::collections::BTreeMap;

use adapters::table::DuePayout;
use adapters::table::keys::DUE_SHARDS;
use domain::id::{PayoutId, TenantId};
use domain::message::{PAYOUTS_MAX, PayoutMessage};
use futures::future::try_join_all;
use jiff::Timestamp;
use web::BoxError;

use crate::{Deps, Found, count};

/// The most payouts of one shard that a sweep sends: all together 2,000 a minute, more than Paystack takes of a tenant.
const DUE_MAX: u32 = 250;

pub(crate) async fn sweep(deps: &Deps, now: Timestamp) -> Result<Found, BoxError> {
    let shards = (0..DUE_SHARDS).map(|shard| deps.table.due_payouts(now, shard, DUE_MAX));
    let found = try_join_all(shards).await?;
    let unreadable = found.iter().flatten().filter(|due| due.is_none()).count();
    let due: Vec<DuePayout> = found.into_iter().flatten().flatten().collect();
    let longest = due.iter().map(|due| due.at).min();
    let sent = due.len();
    deps.queues.payouts.send_all(&messages(due)).await?;
    if unreadable > 0 {
        count("sweeper_unreadable_total", unreadable);
        tracing::error!(event = "due_unreadable", "{unreadable} due payouts cannot be read");
    }
    let lag_s = longest.map_or(0, |at| now.duration_since(at).as_secs());
    Ok(Found { sent, lag_s, unreadable })
}

/// By tenant, and as many in a message as Paystack takes in a call.
fn messages(due: Vec<DuePayout>) -> Vec<PayoutMessage> {
    let mut tenants: BTreeMap<TenantId, Vec<PayoutId>> = BTreeMap::new();
    for due in due {
        tenants.entry(due.tenant).or_default().push(due.payout);
    }
    let most = usize::try_from(PAYOUTS_MAX).unwrap_or(1);
    let of_tenant = |(tenant, payouts): (TenantId, Vec<PayoutId>)| {
        let chunks: Vec<Vec<PayoutId>> = payouts.chunks(most).map(<[_]>::to_vec).collect();
        let message = move |payouts| PayoutMessage::Work { tenant: tenant.clone(), payouts };
        chunks.into_iter().map(message)
    };
    tenants.into_iter().flat_map(of_tenant).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_holds_payouts_of_one_tenant_and_a_hundred_at_most() {
        let at = Timestamp::UNIX_EPOCH;
        let of = |tenant: u8, number: u8| DuePayout {
            at,
            tenant: TenantId::new(at, [tenant; 10]),
            payout: PayoutId::new(at, [tenant, number, 0, 0, 0, 0, 0, 0, 0, 0]),
        };
        let due = (0..150).map(|number| of(1, number)).chain([of(2, 0), of(1, 150)]).collect();
        let sizes: Vec<(TenantId, usize)> = messages(due)
            .into_iter()
            .map(|message| match message {
                PayoutMessage::Work { tenant, payouts } => (tenant, payouts.len()),
                PayoutMessage::Look { tenant, .. } => (tenant, 0),
            })
            .collect();
        let tenant = |number: u8| TenantId::new(at, [number; 10]);
        assert_eq!(sizes, [(tenant(1), 100), (tenant(1), 51), (tenant(2), 1)]);
    }
}
