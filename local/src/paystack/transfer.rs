//! Transfers: money out of the balance, to a recipient. Amount and fee are deducted when a transfer comes to exist and
//! come back when it ends without paying.

mod bulk;
mod create;
mod otp;
mod wire;

use domain::money::Currency;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

pub(super) use bulk::create as create_bulk;
pub(super) use create::create;
pub(super) use otp::{disable_otp, disable_otp_finalize, enable_otp, finalize, resend_otp};
pub(super) use wire::{fetch, list, verify};

use super::agenda::Task;
use super::books::{Account, Model};
use super::integration::Pace;
use super::shelf::Record;
use super::state::State;

/// A transfer that ends by the clock ends after so long.
const LATER: SignedDuration = SignedDuration::from_secs(30);
/// A one-time password can be given for so long.
const OTP_TIME: SignedDuration = SignedDuration::from_mins(30);

/// A transfer's status, in Paystack's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransferStatus {
    /// Under way.
    Pending,
    /// Waits for a one-time password.
    Otp,
    /// Waits for the merchant's approval.
    Received,
    /// Paid. A reversal can still come.
    Success,
    /// Not paid.
    Failed,
    /// Not paid, or paid and taken back.
    Reversed,
    /// No one-time password came.
    Abandoned,
    /// The merchant's approval did not come.
    Blocked,
    /// The merchant did not approve.
    Rejected,
}

impl TransferStatus {
    /// Paystack's word.
    pub fn word(self) -> &'static str {
        match self {
            TransferStatus::Pending => "pending",
            TransferStatus::Otp => "otp",
            TransferStatus::Received => "received",
            TransferStatus::Success => "success",
            TransferStatus::Failed => "failed",
            TransferStatus::Reversed => "reversed",
            TransferStatus::Abandoned => "abandoned",
            TransferStatus::Blocked => "blocked",
            TransferStatus::Rejected => "rejected",
        }
    }

    /// Whether the money is neither here nor there.
    pub(super) fn is_open(self) -> bool {
        matches!(self, TransferStatus::Pending | TransferStatus::Otp | TransferStatus::Received)
    }
}

/// A transfer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Transfer {
    pub(super) id: u64,
    pub(super) integration: u64,
    pub(super) reference: String,
    pub(super) code: String,
    pub(super) amount: i64,
    pub(super) fee: i64,
    pub(super) currency: Currency,
    pub(super) recipient: u64,
    pub(super) reason: String,
    pub(super) status: TransferStatus,
    /// What it ends in; no status when a test is to say it.
    pub(super) outcome: Option<TransferStatus>,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
    pub(super) transferred_at: Option<Timestamp>,
    /// When it ends by itself.
    pub(super) due_at: Option<Timestamp>,
    /// When the merchant is asked.
    pub(super) ask_at: Option<Timestamp>,
}

impl Record for Transfer {
    const KIND: &'static str = "transfer";
    const FIRST: u64 = 937_272_792;

    fn id(&self) -> u64 {
        self.id
    }
}

impl State {
    /// A merchant's transfer by its reference.
    pub(super) fn transfer(&self, integration: u64, reference: &str) -> Option<&Transfer> {
        let id = self.index.transfers.get(&(integration, reference.to_owned()))?;
        self.transfers.get(*id)
    }

    /// A new transfer takes its first steps: a password, an approval, or the way to its end.
    pub(super) fn begin(&mut self, id: u64) {
        let Some(transfer) = self.transfers.get(id) else { return };
        let Some(integration) = self.integrations.get(transfer.integration) else { return };
        if integration.settings.otp {
            let until = self.now.checked_add(OTP_TIME).ok();
            self.wait_with(id, TransferStatus::Otp, until, None);
        } else {
            self.ask_or_go(id);
        }
    }

    /// Asks the merchant, where it wants to be asked; else goes on.
    pub(super) fn ask_or_go(&mut self, id: u64) {
        let Some(transfer) = self.transfers.get(id) else { return };
        let integration = self.integrations.get(transfer.integration);
        if integration.is_some_and(|integration| integration.approval_url.is_some()) {
            self.wait_with(id, TransferStatus::Received, None, Some(self.now));
        } else {
            self.go(id);
        }
    }

    /// The transfer is on its way.
    pub(super) fn go(&mut self, id: u64) {
        let Some(transfer) = self.transfers.get(id) else { return };
        let outcome = transfer.outcome;
        let pace = self.integrations.get(transfer.integration).map(|i| i.pace());
        match (pace, outcome) {
            (Some(Pace::AtOnce), Some(outcome)) => {
                self.wait_with(id, TransferStatus::Pending, None, None);
                self.end_transfer(id, outcome);
            }
            (Some(Pace::Later), Some(_)) => {
                let due = self.now.checked_add(LATER).ok();
                self.wait_with(id, TransferStatus::Pending, due, None);
            }
            _ => self.wait_with(id, TransferStatus::Pending, None, None),
        }
    }

    fn wait_with(
        &mut self,
        id: u64,
        status: TransferStatus,
        due_at: Option<Timestamp>,
        ask_at: Option<Timestamp>,
    ) {
        let now = self.now;
        let Some(transfer) = self.transfers.edit(id) else { return };
        transfer.status = status;
        transfer.updated_at = now;
        transfer.due_at = due_at;
        transfer.ask_at = ask_at;
        self.agenda.set(Task::Transfer(id), due_at);
        self.agenda.set(Task::Approval(id), ask_at);
    }

    /// The clock says that a transfer's time has come.
    pub(super) fn step_transfer(&mut self, id: u64) {
        let Some(transfer) = self.transfers.get(id) else { return };
        let next = match (transfer.status, transfer.outcome) {
            (TransferStatus::Otp, _) => TransferStatus::Abandoned,
            (_, outcome) => outcome.unwrap_or(TransferStatus::Success),
        };
        self.end_transfer(id, next);
    }

    /// Ends a transfer, or takes back one that was paid. False when it cannot go there.
    pub(super) fn end_transfer(&mut self, id: u64, end: TransferStatus) -> bool {
        let Some(transfer) = self.transfers.get(id).cloned() else { return false };
        let was_paid = transfer.status == TransferStatus::Success;
        let may = !end.is_open()
            && (transfer.status.is_open() || (was_paid && end == TransferStatus::Reversed));
        if !may {
            return false;
        }
        let holder =
            if was_paid { Account::Recipient(transfer.recipient) } else { Account::Transit };
        let (amount, fee) = (transfer.amount, transfer.fee);
        let purse = (transfer.integration, transfer.currency);
        let cause = (Model::Transfer, id);
        if end == TransferStatus::Success {
            let postings = [(holder, -amount), (Account::Recipient(transfer.recipient), amount)];
            self.post(purse, "A transfer is paid", cause, &postings);
        } else {
            let postings =
                [(holder, -amount), (Account::Fees, -fee), (Account::Balance, amount + fee)];
            self.post(purse, "A transfer's money is returned", cause, &postings);
        }
        self.wait_with(id, end, None, None);
        let now = self.now;
        if let Some(transfer) = self.transfers.edit(id)
            && matches!(end, TransferStatus::Success | TransferStatus::Reversed)
        {
            transfer.transferred_at.get_or_insert(now);
        }
        self.tell_transfer(id);
        true
    }
}
