//! Sends transfers whose money is set aside: many in one call, or one by one where that call is refused.
//!
//! Deliberately absent: believing a refusal while Paystack knows the reference. A call that we gave up on may have
//! arrived after all, and made its successor fail for want of money.

use adapters::paystack::{PaystackError, Reason, TransferWish};
use adapters::table::StoredPayout;
use domain::failure::chain;
use domain::id::{PayoutId, TenantId};
use domain::ledger::TransferReference;
use domain::payout::{Payout, Trouble};

use crate::Deps;
use crate::look::{apply, back, made};
use crate::pause::{hold, is_paused};
use crate::step::Unsettled;

/// Transfers that are sent one by one in one turn; the others follow in the next turn.
const SINGLES_MAX: usize = 25;
/// What a guard's bank may show beside a transfer.
const REASON: &str = "Tips";

/// How sending has gone.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    /// Whether a bulk call was made, after which Paystack wants a rest.
    pub bulk: bool,
    /// After so many seconds Paystack takes requests again, where it has had too many.
    pub limited_s: Option<u64>,
    /// What was not sent, and is to be soon.
    pub left: Vec<PayoutId>,
    /// What could not be written down. It is asked about at the next look.
    pub failed: Vec<Unsettled>,
}

/// What became of one transfer.
enum One {
    /// It is settled for now: made, given back, or left in doubt until the next look.
    Done,
    /// Paystack takes no more requests for so many seconds.
    Limited(u64),
}

/// Sends the transfers of payouts whose money is set aside, none of which Paystack knows.
pub(crate) async fn send(deps: &Deps, tenant: &TenantId, payouts: Vec<StoredPayout>) -> Sent {
    let mut sent = Sent::default();
    if payouts.len() < 2 {
        singly(deps, payouts, false, &mut sent).await;
        return sent;
    }
    match is_paused(deps, tenant).await {
        Ok(false) => {}
        Ok(true) => {
            for stored in payouts {
                sent.failed.extend(hold(deps, stored).await.err());
            }
            return sent;
        }
        Err(unsettled) => {
            sent.failed.push(unsettled);
            return sent;
        }
    }
    sent.bulk = true;
    let wishes: Vec<TransferWish> = payouts.iter().map(|stored| wish(&stored.payout)).collect();
    match deps.paystack.transfer_bulk(tenant, &wishes).await {
        Ok(seen) => {
            for seen in &seen {
                let mine =
                    |stored: &&StoredPayout| wish(&stored.payout).reference == seen.reference;
                let Some(stored) = payouts.iter().find(mine).cloned() else { continue };
                sent.failed.extend(made(deps, stored, seen).await.err());
            }
        }
        Err(PaystackError::Limited { retry_after_s }) => {
            sent.limited_s = Some(retry_after_s);
            sent.left = payouts.into_iter().map(|stored| stored.payout.id).collect();
        }
        Err(error) if error.reason().is_some() => {
            let error = chain(&error);
            tracing::info!(event = "bulk_refused", %tenant, error, "sending one by one");
            singly(deps, payouts, true, &mut sent).await;
        }
        // They stay set aside, and are asked about in a minute.
        Err(error) => unknown(&error, tenant.as_str()),
    }
    sent
}

/// Sends transfers one by one. `refused` says that they were refused together: then each is asked about first.
async fn singly(deps: &Deps, payouts: Vec<StoredPayout>, refused: bool, sent: &mut Sent) {
    let mut waiting = payouts.into_iter();
    for stored in waiting.by_ref().take(SINGLES_MAX) {
        let id = stored.payout.id.clone();
        let outcome = match refused {
            true => asked_first(deps, stored).await,
            false => single(deps, stored).await,
        };
        match outcome {
            Ok(One::Done) => {}
            Ok(One::Limited(seconds)) => {
                sent.limited_s = Some(seconds);
                sent.left.push(id);
                break;
            }
            Err(unsettled) => sent.failed.push(unsettled),
        }
    }
    sent.left.extend(waiting.map(|stored| stored.payout.id));
}

/// Sends a transfer, unless Paystack knows it.
async fn asked_first(deps: &Deps, stored: StoredPayout) -> Result<One, Unsettled> {
    let Payout { tenant, attempt, .. } = &stored.payout;
    match deps.paystack.verify_transfer(tenant, &reference(&stored.payout)).await {
        Ok(None) => single(deps, stored).await,
        Ok(Some(seen)) => {
            let attempt = *attempt;
            apply(deps, stored, attempt, &seen).await.map(|()| One::Done)
        }
        Err(PaystackError::Limited { retry_after_s }) => Ok(One::Limited(retry_after_s)),
        Err(error) => {
            unknown(&error, stored.payout.id.as_str());
            Ok(One::Done)
        }
    }
}

/// Sends a transfer, unless finance has stopped the tenant's payouts by now.
async fn single(deps: &Deps, stored: StoredPayout) -> Result<One, Unsettled> {
    let payout = &stored.payout;
    if is_paused(deps, &payout.tenant).await? {
        return hold(deps, stored).await.map(|()| One::Done);
    }
    match deps.paystack.transfer(&payout.tenant, &wish(payout)).await {
        Ok(seen) => made(deps, stored, &seen).await?,
        Err(PaystackError::Limited { retry_after_s }) => return Ok(One::Limited(retry_after_s)),
        Err(error) => match error.reason() {
            Some(reason) => refused(deps, stored, reason).await?,
            // It stays set aside, and is asked about in a minute.
            None => unknown(&error, payout.id.as_str()),
        },
    }
    Ok(One::Done)
}

/// Paystack has refused to begin a transfer. It is believed once it does not know the reference.
async fn refused(deps: &Deps, stored: StoredPayout, reason: Reason) -> Result<(), Unsettled> {
    let (payout, attempt) = (&stored.payout, stored.payout.attempt);
    match deps.paystack.verify_transfer(&payout.tenant, &reference(payout)).await {
        Ok(Some(seen)) => apply(deps, stored, attempt, &seen).await,
        Ok(None) => match trouble_of(reason) {
            Some(trouble) => back(deps, stored, attempt, trouble, None).await,
            // It knows the reference and does not: asked about in a minute.
            None => Ok(()),
        },
        Err(error) => {
            unknown(&error, payout.id.as_str());
            Ok(())
        }
    }
}

/// What a refusal says about the payout; nothing where it says that the transfer exists.
fn trouble_of(reason: Reason) -> Option<Trouble> {
    match reason {
        Reason::DuplicateReference => None,
        Reason::Balance => Some(Trouble::BalanceShort),
        Reason::Recipient => Some(Trouble::RecipientInvalid),
        Reason::Key
        | Reason::Amount
        | Reason::Currency
        | Reason::Missing
        | Reason::Otp
        | Reason::Other => Some(Trouble::Refused),
    }
}

fn reference(payout: &Payout) -> TransferReference {
    TransferReference::of(&payout.id, payout.attempt)
}

fn wish(payout: &Payout) -> TransferWish {
    TransferWish {
        reference: reference(payout),
        recipient: payout.recipient.clone(),
        amount: payout.amount,
        reason: REASON.to_owned(),
    }
}

fn unknown(error: &PaystackError, about: &str) {
    let cause = chain(error);
    tracing::warn!(event = "transfer_in_doubt", cause, about, "nothing is known of `{about}` now");
}
