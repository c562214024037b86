//! What Paystack says about a charge, compared with what we asked for. Only an answer to our own question counts
//! (`GET /transaction/verify`); an event is a reason to ask, a visited callback is nothing.

use serde::{Deserialize, Serialize};

use super::Tip;
use crate::device::words;
use crate::ledger::{FeeBearer, PaystackReference};

/// A charge as Paystack describes it, in its words. Amounts are minor units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChargeFacts {
    /// Its reference.
    pub reference: String,
    /// Its status, for example `success`.
    pub status: String,
    /// Its currency (ISO 4217).
    pub currency: String,
    /// What was collected.
    pub amount: i64,
    /// What was asked for, where it is said; older events do not.
    pub requested_amount: Option<i64>,
    /// What Paystack kept, where it is said.
    pub fees: Option<i64>,
}

/// What to do about a charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is ours and paid: post it.
    Credit(Credit),
    /// Nobody has paid yet, or it is under way.
    NotYet,
    /// It failed; the patron may try again.
    Failed,
    /// A person has to look at it: nothing is posted.
    Quarantine(Mismatch),
}

/// The amounts of a charge that is to be posted, in minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credit {
    /// What was collected.
    pub gross: i64,
    /// What Paystack kept of it.
    pub fees: i64,
}

words! {
    /// Why a charge is not taken for what it says.
    pub enum Mismatch {
        /// It is another charge's answer.
        Reference = "reference",
        /// An event says that it was collected, and its verification does not; or a dispute of it stands where nobody
        /// has heard of.
        Status = "status",
        /// It is in another currency.
        Currency = "currency",
        /// Another amount was asked for than ours.
        AmountMismatch = "amount_mismatch",
        /// Less was collected than asked for.
        Underpaid = "underpaid",
        /// More was collected than asked for.
        Overpaid = "overpaid",
        /// Its fees are not said, or leave nothing of it.
        Fees = "fees",
        /// A transfer goes to somebody else.
        Recipient = "recipient",
    }
}

words! {
    /// What a status of Paystack's means for a tip (paystack.com/docs/payments/verify-payments).
    pub enum ChargeState {
        /// The money was collected, also where it has gone back since: a refund has its own event.
        Collected = "collected",
        /// It was not, this time.
        Failed = "failed",
        /// Not yet, or not at all; abandoned is not final.
        Open = "open",
    }
}

impl ChargeState {
    /// Reads a status. One that nobody has heard of moves no money.
    pub fn of(status: &str) -> Self {
        match status {
            "success" | "reversed" | "reversal-pending" | "reversal_pending"
            | "reversal pending" => ChargeState::Collected,
            "failed" => ChargeState::Failed,
            _ => ChargeState::Open,
        }
    }
}

impl Tip {
    /// Judges what Paystack answered about this tip's reference.
    pub fn judge(&self, facts: &ChargeFacts) -> Verdict {
        if facts.reference != PaystackReference::of(&self.id).as_str() {
            return Verdict::Quarantine(Mismatch::Reference);
        }
        match ChargeState::of(&facts.status) {
            ChargeState::Open => Verdict::NotYet,
            ChargeState::Failed => Verdict::Failed,
            ChargeState::Collected => match self.compare(facts) {
                Ok(credit) => Verdict::Credit(credit),
                Err(mismatch) => Verdict::Quarantine(mismatch),
            },
        }
    }

    fn compare(&self, facts: &ChargeFacts) -> Result<Credit, Mismatch> {
        if facts.currency != self.amount.currency.code() {
            return Err(Mismatch::Currency);
        }
        if facts.requested_amount.is_some_and(|requested| requested != self.asked) {
            return Err(Mismatch::AmountMismatch);
        }
        if facts.amount < self.asked {
            return Err(Mismatch::Underpaid);
        }
        let fees = facts.fees.filter(|fees| (0..facts.amount).contains(fees));
        let surplus = facts.amount.saturating_sub(self.asked);
        // Paystack may be set up to add its fee by itself; then what it collects exceeds what it was asked for. That
        // fits a patron who bears the fee, when it stays within the fee, and nobody else.
        let added = match self.terms.bearer {
            FeeBearer::Patron if facts.requested_amount.is_some() => fees.unwrap_or(0),
            FeeBearer::Patron | FeeBearer::Guard | FeeBearer::Platform => 0,
        };
        if surplus > added {
            return Err(Mismatch::Overpaid);
        }
        let fees = fees.ok_or(Mismatch::Fees)?;
        Ok(Credit { gross: facts.amount, fees })
    }
}
