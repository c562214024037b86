//! The end of a payout whose transfer was another one than was asked for, as a person has found out: payout, balances,
//! postings, case and audit record in one transaction, because each of them says what the others are for.

use domain::audit::AuditChange;
use domain::case::Case;
use domain::ledger::Transaction;

use super::{GuardBalances, LedgerWrite, StoreError, Table};

impl Table {
    /// Writes a payout's end with its posting. `astray` sets down what has left the balance and is no payout; `case`,
    /// as it is to become, is the one that is explained by it. `false` when the payout, the balances or the case are
    /// not what was read; nothing was written then.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn end_payout(
        &self,
        write: &LedgerWrite<'_>,
        astray: Option<&Transaction>,
        case: Option<(&Case, u64)>,
        change: &AuditChange,
    ) -> Result<bool, StoreError> {
        let Ok(mut writes) = self.write_posting(write)? else { return Ok(false) };
        if let Some(transaction) = astray {
            let balances = &GuardBalances::default();
            let (guard, tip, payout, outbox) = (None, None, None, None);
            let astray =
                LedgerWrite { transaction, guard, balances, tip, payout, outbox, ..*write };
            let Ok(more) = self.write_posting(&astray)? else { return Ok(false) };
            writes.extend(more);
        }
        if let Some((case, read)) = case {
            writes.push(self.write_case(case, read)?);
        }
        Ok(self.transact_audited(change, writes).await?.is_ok())
    }
}
