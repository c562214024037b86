//! A page of a comparison: what it found, where to go on, and why it can get stuck.

use std::collections::BTreeSet;

use adapters::paystack::{ListPlace, Listed, PaystackError};
use adapters::queue::QueueError;
use adapters::secrets::SecretError;
use adapters::table::{GuardBalances, LedgerWrite, Posted, StoreError};
use domain::ledger::{LedgerRefused, Reference, Transaction};
use domain::reconciliation::{Findings, Reconciliation};

use crate::Deps;

/// Why a comparison does not go on now.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Stuck {
    /// The table.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Paystack.
    #[error(transparent)]
    Paystack(#[from] PaystackError),
    /// Whether the tenant has a key.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The queue.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// A transaction that cannot be built.
    #[error(transparent)]
    Ledger(#[from] LedgerRefused),
}

/// What a page has brought.
#[derive(Debug, Default)]
pub(crate) struct Page {
    /// Where the step goes on; nothing at its end.
    pub place: Option<String>,
    /// What was found.
    pub found: Findings,
    /// References of ours that Paystack has too.
    pub aside: BTreeSet<Reference>,
}

impl Page {
    /// An empty page behind what was listed.
    pub(crate) fn behind<T>(listed: &Listed<T>) -> Self {
        let place = listed.next.as_ref().and_then(|next| serde_json::to_string(next).ok());
        Self { place, ..Self::default() }
    }

    pub(crate) fn counted(&mut self) {
        self.found.counted = self.found.counted.saturating_add(1);
    }

    pub(crate) fn matched(&mut self) {
        self.found.matched = self.found.matched.saturating_add(1);
    }

    pub(crate) fn found(&mut self, found: Findings) {
        self.found = self.found.plus(found);
    }

    /// Posts what only Paystack knew; what was posted before is matched.
    ///
    /// # Errors
    /// [`Stuck`].
    pub(crate) async fn post(
        &mut self,
        deps: &Deps,
        state: &Reconciliation,
        transaction: &Transaction,
    ) -> Result<(), Stuck> {
        if !self.set_down(deps, state, transaction).await? {
            self.matched();
        }
        Ok(())
    }

    /// Posts what a person has a case for, so that it is off once and not in the balances too; `false` when it was
    /// posted before.
    ///
    /// # Errors
    /// [`Stuck`].
    pub(crate) async fn set_down(
        &mut self,
        deps: &Deps,
        state: &Reconciliation,
        transaction: &Transaction,
    ) -> Result<bool, Stuck> {
        let write = LedgerWrite {
            tenant: &state.tenant,
            transaction,
            guard: None,
            balances: &GuardBalances::default(),
            tip: None,
            payout: None,
            outbox: None,
            at: deps.clock.now(),
        };
        let is_new = deps.table.commit_posting(&write).await? == Posted::Posted;
        if is_new {
            let reference = transaction.reference();
            tracing::info!(event = "posted", tenant.id = %state.tenant, "posted `{reference}`");
            self.found.posted = self.found.posted.saturating_add(1);
        }
        Ok(is_new)
    }
}

/// Where the step goes on; one that cannot be read begins anew, which is harmless.
pub(crate) fn place(state: &Reconciliation) -> Option<ListPlace> {
    serde_json::from_str(state.place.as_deref()?).ok()
}
