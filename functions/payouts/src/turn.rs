//! One turn of a tenant: while the slot is ours, what is in doubt is asked about, what is planned is set aside, and all
//! that Paystack does not know yet is sent.

use adapters::paystack::PaystackError;
use adapters::table::StoredPayout;
use domain::failure::chain;
use domain::id::{PayoutId, TenantId};
use domain::ledger::TransferReference;
use domain::payout::PayoutState;
use futures::stream::{StreamExt, iter};
use jiff::Timestamp;

use crate::look::apply;
use crate::pause::hold;
use crate::reserve::reserve;
use crate::send::{Sent, send};
use crate::step::Unsettled;
use crate::{AT_ONCE, Deps};

/// What became of a payout before anything is sent.
enum Ready {
    /// Its money is set aside, and Paystack does not know its transfer.
    ToSend(Box<StoredPayout>),
    /// Nothing is to be sent of it now.
    Not,
    /// Paystack takes no more requests for so many seconds.
    Limited(PayoutId, u64),
}

/// Takes a tenant's payouts on as far as they go.
pub(crate) async fn turn(
    deps: &Deps,
    tenant: &TenantId,
    payouts: Vec<StoredPayout>,
    is_paused: bool,
) -> Sent {
    let (payouts, mut left) = one_currency(payouts);
    let ready = iter(payouts).map(|stored| ready(deps, stored, is_paused));
    let ready: Vec<_> = ready.buffer_unordered(AT_ONCE).collect().await;
    let (mut to_send, mut failed, mut limited_s) = (Vec::new(), Vec::new(), None);
    for outcome in ready {
        match outcome {
            Ok(Ready::ToSend(stored)) => to_send.push(*stored),
            Ok(Ready::Not) => {}
            Ok(Ready::Limited(id, seconds)) => {
                limited_s = limited_s.max(Some(seconds));
                left.push(id);
            }
            Err(unsettled) => failed.push(unsettled),
        }
    }
    // Where the balance does not last for all of them, those are paid who have waited longest.
    to_send.sort_by(|one, other| order(one).cmp(&order(other)));
    let mut sent = match limited_s {
        None => send(deps, tenant, to_send).await,
        Some(_) => {
            left.extend(to_send.into_iter().map(|stored| stored.payout.id));
            Sent { limited_s, ..Sent::default() }
        }
    };
    sent.left.extend(left);
    sent.failed.extend(failed);
    sent
}

fn order(stored: &StoredPayout) -> (Timestamp, &PayoutId) {
    (stored.payout.since, &stored.payout.id)
}

/// The payouts of one currency, which one call can hold; the ids of the others.
fn one_currency(payouts: Vec<StoredPayout>) -> (Vec<StoredPayout>, Vec<PayoutId>) {
    let currency = payouts.first().map(|stored| stored.payout.amount.currency);
    let (same, others): (Vec<_>, Vec<_>) =
        payouts.into_iter().partition(|stored| Some(stored.payout.amount.currency) == currency);
    (same, others.into_iter().map(|stored| stored.payout.id).collect())
}

async fn ready(deps: &Deps, stored: StoredPayout, is_paused: bool) -> Result<Ready, Unsettled> {
    let in_doubt = stored.payout.state == PayoutState::Reserved;
    match (in_doubt, is_paused) {
        (true, _) => asked(deps, stored, is_paused).await,
        (false, true) => hold(deps, stored).await.map(|()| Ready::Not),
        (false, false) => {
            let reserved = reserve(deps, stored).await?;
            Ok(reserved.map_or(Ready::Not, |stored| Ready::ToSend(Box::new(stored))))
        }
    }
}

/// Asks about a transfer that may have been sent.
async fn asked(deps: &Deps, stored: StoredPayout, is_paused: bool) -> Result<Ready, Unsettled> {
    let (payout, attempt) = (&stored.payout, stored.payout.attempt);
    let reference = TransferReference::of(&payout.id, attempt);
    match deps.paystack.verify_transfer(&payout.tenant, &reference).await {
        Ok(Some(seen)) => apply(deps, stored, attempt, &seen).await.map(|()| Ready::Not),
        Ok(None) if is_paused => hold(deps, stored).await.map(|()| Ready::Not),
        Ok(None) => Ok(Ready::ToSend(Box::new(stored))),
        Err(PaystackError::Limited { retry_after_s }) => {
            Ok(Ready::Limited(payout.id.clone(), retry_after_s))
        }
        Err(error) => {
            let (id, cause) = (&payout.id, chain(&error));
            tracing::warn!(event = "transfer_in_doubt", cause, payout.id = %id, "asked in vain");
            Ok(Ready::Not)
        }
    }
}
