//! One step of a payout, written down: with the postings, the guard's balances and the alert that belong to it, all or
//! none, and only onto the payout and the balances that were read.

use std::time::Duration;

use adapters::paystack::PaystackError;
use adapters::queue::QueueError;
use adapters::table::{LedgerWrite, Posted, StoreError, StoredPayout};
use domain::alert::{Alert, Outbox};
use domain::id::PayoutId;
use domain::ledger::{LedgerRefused, Transaction, TransferNews, TransferPosted, TransferStep};
use domain::payout::{Payout, PayoutRefused, PayoutState};

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
    #[error("the payout refuses what has happened")]
    Payout(#[source] PayoutRefused),
    #[error("the payout is gone")]
    Gone,
    #[error("other writers were faster, again and again")]
    Outrun,
    #[error("{count} payouts of the message were not settled, this one among them")]
    Several {
        count: usize,
        #[source]
        first: Box<Unsettled>,
    },
}

/// What a payout becomes, and what that means for the ledger and the operators.
#[derive(Debug)]
pub(crate) struct Step {
    pub payout: Payout,
    /// What the ledger hears of its transfer.
    pub news: Option<TransferNews>,
    /// What the operators hear, together with the ledger.
    pub alert: Option<Alert>,
}

impl Step {
    /// A step that no money moves with.
    pub(crate) fn plain(payout: Payout) -> Self {
        Self { payout, news: None, alert: None }
    }
}

/// The pauses of whoever was outrun.
#[derive(Debug)]
pub(crate) struct Patience {
    tries: u32,
    pause: Duration,
}

impl Patience {
    pub(crate) fn new() -> Self {
        Self { tries: 0, pause: PAUSE }
    }

    /// Waits for the next try.
    ///
    /// # Errors
    /// [`Unsettled::Outrun`] where that was the last one.
    pub(crate) async fn wait(&mut self, deps: &Deps) -> Result<(), Unsettled> {
        self.tries = self.tries.saturating_add(1);
        if self.tries >= TRIES_MAX {
            return Err(Unsettled::Outrun);
        }
        let jitter = self.pause * u32::from(deps.ids.bytes::<1>()[0]) / 255;
        tokio::time::sleep(self.pause + jitter).await;
        self.pause = (self.pause * 2).min(PAUSE_MAX);
        Ok(())
    }
}

/// The payout as it was last written.
///
/// # Errors
/// [`Unsettled`].
pub(crate) async fn again(deps: &Deps, id: &PayoutId) -> Result<StoredPayout, Unsettled> {
    deps.table.payout(id).await?.ok_or(Unsettled::Gone)
}

/// Takes a payout one step on. `None` where the payout says that it was taken before.
///
/// # Errors
/// [`Unsettled`]; nothing was written then, or all of it.
pub(crate) async fn take(
    deps: &Deps,
    mut stored: StoredPayout,
    step: impl Fn(Payout) -> Result<Step, PayoutRefused>,
) -> Result<Option<StoredPayout>, Unsettled> {
    let mut patience = Patience::new();
    loop {
        let step = match step(stored.payout.clone()) {
            Ok(step) => step,
            Err(PayoutRefused::Repeated) => return Ok(None),
            Err(refused) => return Err(Unsettled::Payout(refused)),
        };
        if write(deps, &stored, &step).await? {
            let version = stored.version.saturating_add(1);
            return Ok(Some(StoredPayout { payout: step.payout, version }));
        }
        patience.wait(deps).await?;
        stored = again(deps, &stored.payout.id).await?;
    }
}

/// Whether it was written; not when the payout or the balances are other ones than were read.
async fn write(deps: &Deps, before: &StoredPayout, step: &Step) -> Result<bool, Unsettled> {
    match step.news {
        None => Ok(deps.table.replace_payout(&step.payout, before.version).await?),
        Some(news) => match entry(&before.payout, news)? {
            Some(transaction) => post(deps, before, step, &transaction).await,
            None => Ok(false),
        },
    }
}

/// What the ledger is to hear; the payout's state says what it has heard.
fn entry(payout: &Payout, news: TransferNews) -> Result<Option<Transaction>, LedgerRefused> {
    let success = payout.state == PayoutState::Confirmed;
    let posted = TransferPosted { success, returned: false };
    match payout.transfer(payout.attempt).step(news, posted)? {
        TransferStep::Post(transaction) => Ok(Some(transaction)),
        TransferStep::Repeat | TransferStep::SuccessAfterReturn => Ok(None),
    }
}

/// Writes a payout together with what it means for the ledger; `false` when something is not what was read.
///
/// # Errors
/// [`Unsettled`]; it may have been written.
pub(crate) async fn post(
    deps: &Deps,
    before: &StoredPayout,
    step: &Step,
    transaction: &Transaction,
) -> Result<bool, Unsettled> {
    let payout = &step.payout;
    let currency = payout.amount.currency;
    let balances = deps.table.guard_balances(&payout.tenant, &payout.guard, currency).await?;
    let outbox: Option<Outbox> = step.alert.clone().map(Outbox::from);
    let posted = deps
        .table
        .commit_posting(&LedgerWrite {
            tenant: &payout.tenant,
            transaction,
            guard: Some(&payout.guard),
            balances: &balances,
            tip: None,
            payout: Some((payout, before.version)),
            outbox: outbox.as_ref(),
            at: payout.changed_at,
        })
        .await?;
    match posted {
        Posted::Posted => Ok(true),
        // Another worker has posted it since the payout was read, and has written the payout with it.
        Posted::Repeat | Posted::Outrun => Ok(false),
    }
}
