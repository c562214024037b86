//! One step of a tip, written down: with the postings, the guard's balance and the notice that belong to it, all or
//! none, and only onto the tip and the balance that were read.

use std::time::Duration;

use adapters::paystack::PaystackError;
use adapters::queue::QueueError;
use adapters::table::{LedgerWrite, Posted, StoreError};
use domain::alert::Outbox;
use domain::id::TipId;
use domain::ledger::{LedgerRefused, Transaction, give_back};
use domain::money::Money;
use domain::notice::{News, Notice};
use domain::tip::{Tip, TipRefused, TipReturn};

use crate::Deps;

/// How often a step is taken anew because another writer was faster.
const TRIES_MAX: u32 = 24;
/// The first pause before a step is taken anew; it doubles, with as much jitter again.
const PAUSE: Duration = Duration::from_millis(4);
/// The longest pause without its jitter.
const PAUSE_MAX: Duration = Duration::from_millis(128);

/// Why a message was not settled now.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unsettled {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Paystack(#[from] PaystackError),
    #[error(transparent)]
    Queue(#[from] QueueError),
    #[error("the ledger refuses what we built")]
    Ledger(#[from] LedgerRefused),
    #[error("the tip refuses what has happened")]
    Tip(#[source] TipRefused),
    #[error("the tip is gone")]
    Gone,
    #[error("other writers were faster, again and again")]
    Outrun,
    #[error("Paystack's event and its verification contradict each other")]
    Contradiction,
}

impl Unsettled {
    /// Whether it passes by itself, so that asking again soon helps.
    pub(crate) fn passes(&self) -> bool {
        match self {
            Self::Store(_) | Self::Queue(_) | Self::Outrun => true,
            Self::Paystack(error) => match error {
                PaystackError::KeyUnavailable(_)
                | PaystackError::Limited { .. }
                | PaystackError::Unknown(_) => true,
                PaystackError::NotConnected
                | PaystackError::AccountUnknown(_)
                | PaystackError::Refused(_)
                | PaystackError::Protocol(_) => false,
            },
            Self::Ledger(_) | Self::Tip(_) | Self::Gone | Self::Contradiction => false,
        }
    }
}

/// What a tip becomes, and what that means for the ledger.
#[derive(Debug)]
pub(crate) struct Step {
    pub tip: Tip,
    pub entry: Entry,
}

/// What is entered into the ledger.
#[derive(Debug)]
pub(crate) enum Entry {
    Nothing,
    Charge,
    Return(TipReturn),
}

impl Step {
    /// A step that no money moves with.
    pub(crate) fn plain(tip: Tip) -> Self {
        Self { tip, entry: Entry::Nothing }
    }

    /// A step that may have taken money back: the last of the tip's returns, where there is a new one.
    pub(crate) fn returned(tip: Tip, before: usize) -> Self {
        let last = tip.returns.get(before..).and_then(<[TipReturn]>::last).cloned();
        Self { tip, entry: last.map_or(Entry::Nothing, Entry::Return) }
    }
}

/// Takes a tip one step on. `None` where the tip says that it was taken before.
///
/// # Errors
/// [`Unsettled`]; nothing was written then, or all of it.
pub(crate) async fn take(
    deps: &Deps,
    id: &TipId,
    step: impl Fn(Tip) -> Result<Step, TipRefused>,
) -> Result<Option<Tip>, Unsettled> {
    let mut pause = PAUSE;
    for _ in 0..TRIES_MAX {
        let stored = deps.table.tip(id).await?.ok_or(Unsettled::Gone)?;
        let step = match step(stored.tip) {
            Ok(step) => step,
            Err(TipRefused::Repeated) => return Ok(None),
            Err(refused) => return Err(Unsettled::Tip(refused)),
        };
        if write(deps, &step, stored.version).await? {
            return Ok(Some(step.tip));
        }
        let jitter = pause * u32::from(deps.ids.bytes::<1>()[0]) / 255;
        tokio::time::sleep(pause + jitter).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
    Err(Unsettled::Outrun)
}

/// Whether it was written; not when the tip or the balance is another one than was read.
async fn write(deps: &Deps, step: &Step, version: u64) -> Result<bool, Unsettled> {
    let tip = &step.tip;
    let back = match &step.entry {
        Entry::Nothing => return Ok(deps.table.replace_tip(tip, version).await?),
        Entry::Charge => None,
        Entry::Return(back) => Some(back),
    };
    let currency = tip.amount.currency;
    let balances = deps.table.guard_balances(&tip.tenant, &tip.guard, currency).await?;
    let (transaction, net) = match back {
        None => charged(tip, balances.receivable)?,
        // What we owe is negative.
        Some(back) => match given_back(tip, back, balances.payable.saturating_neg())? {
            Some(given) => given,
            // Nothing was left to take: the tip remembers it, the ledger has nothing to say.
            None => return Ok(deps.table.replace_tip(tip, version).await?),
        },
    };
    let at = deps.ids.now();
    let news = news(tip, back, Money { minor: net, currency });
    let notice: Outbox =
        Notice { tenant: tip.tenant.clone(), guard: tip.guard.clone(), at, news }.into();
    let posted = deps
        .table
        .commit_posting(&LedgerWrite {
            tenant: &tip.tenant,
            transaction: &transaction,
            guard: Some(&tip.guard),
            balances: &balances,
            tip: Some((tip, version)),
            payout: None,
            // A guard who gains or loses nothing by it hears nothing of it.
            outbox: (net > 0).then_some(&notice),
            at,
        })
        .await?;
    match posted {
        Posted::Posted => Ok(true),
        // Another worker has posted it since the tip was read, and has written the tip with it.
        Posted::Repeat | Posted::Outrun => Ok(false),
    }
}

/// The charge's postings, and what the guard gains by it, in minor units.
fn charged(tip: &Tip, receivable: i64) -> Result<(Transaction, i64), LedgerRefused> {
    let charge = tip.charge().ok_or(LedgerRefused::Amounts { rule: "it was paid" })?;
    Ok((charge.transaction(receivable)?, charge.shares()?.guard))
}

/// A return's postings, and what the guard loses by it, in minor units; nothing where nothing was left to take.
fn given_back(
    tip: &Tip,
    back: &TipReturn,
    available: i64,
) -> Result<Option<(Transaction, i64)>, LedgerRefused> {
    let wish = tip.give_back(back, available)?;
    let given = give_back(&wish)?;
    let Some(transaction) = given.transaction else { return Ok(None) };
    let taken = wish.shares.between(wish.before, wish.before.saturating_add(given.taken))?;
    Ok(Some((transaction, taken.guard)))
}

fn news(tip: &Tip, back: Option<&TipReturn>, net: Money) -> News {
    match back {
        None => {
            let alias = tip.patron.alias.as_ref().map(|alias| alias.as_str().to_owned());
            News::TipReceived { tip: tip.id.clone(), net, alias }
        }
        Some(back) => {
            News::TipReturned { tip: tip.id.clone(), cause: back.reference.to_string(), net }
        }
    }
}
