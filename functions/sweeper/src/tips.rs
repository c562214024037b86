//! Tips about which Paystack is to be asked, because nobody has told us of them.

use adapters::table::keys::DUE_SHARDS;
use adapters::table::{DueTips, StoreError};
use domain::failure::chain;
use domain::message::PaymentMessage;
use futures::future::try_join_all;
use jiff::Timestamp;
use web::BoxError;

use crate::{Deps, Found, count};

/// The most tips of one shard that a sweep sends: all together 4,000 a minute, more than Paystack answers. The longest
/// due come first, and what is left is found by the next sweep.
const TIPS_MAX: u32 = 500;

pub(crate) async fn sweep(deps: &Deps, now: Timestamp) -> Result<Found, BoxError> {
    let shards = (0..DUE_SHARDS).map(|shard| deps.table.due_tips(now, shard, TIPS_MAX));
    let (mut due, mut unreadable) = (Vec::new(), Vec::new());
    for DueTips { tips, unreadable: others } in try_join_all(shards).await? {
        due.extend(tips);
        unreadable.extend(others);
    }
    let longest = due.iter().map(|(at, _)| *at).min();
    let polls: Vec<PaymentMessage> =
        due.into_iter().map(|(_, tip)| PaymentMessage::Poll(tip)).collect();
    deps.queues.payments.send_all(&polls).await?;
    report(&unreadable);
    let lag_s = longest.map_or(0, |at| now.duration_since(at).as_secs());
    Ok(Found { sent: polls.len(), lag_s, unreadable: unreadable.len() })
}

/// Says once what cannot be read, whatever its number: the first of it says what to look for.
fn report(unreadable: &[StoreError]) {
    let Some(first) = unreadable.first() else { return };
    let (number, error) = (unreadable.len(), chain(first));
    count("sweeper_unreadable_total", number);
    tracing::error!(event = "due_unreadable", number, error, "{number} due tips cannot be read");
}
