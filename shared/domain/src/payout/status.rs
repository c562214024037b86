//! The states of a payout, what can trouble it, and why it does not change.

use crate::device::words;
use crate::failure::{Failure, Kind};

words! {
    /// Where a payout stands (T25).
    pub enum PayoutState {
        /// A run has planned it; nothing is set aside yet.
        Planned = "planned",
        /// Its money is set aside, and its transfer may have been sent.
        Reserved = "reserved",
        /// Paystack has the transfer, and has not said how it ends.
        Sent = "sent",
        /// The guard was paid.
        Confirmed = "confirmed",
        /// The transfer failed, the money is back, and another attempt follows.
        Returned = "returned",
        /// Attempt after attempt has failed; the money is back, and a person decides.
        NeedsHuman = "needs_human",
        /// It is given up, and the money waits for a later run.
        Cancelled = "cancelled",
        /// It was paid and came back later; the money waits for a later run.
        Reversed = "reversed",
    }
}

words! {
    /// What keeps a payout, or has ended it.
    pub enum Trouble {
        /// Paystack waits for a one-time password: somebody has to switch that off, or type it.
        Otp = "otp",
        /// Paystack waits for the answer of the approval address.
        Approval = "approval",
        /// Paystack's balance was too small.
        BalanceShort = "balance_short",
        /// Paystack does not know the recipient any more.
        RecipientInvalid = "recipient_invalid",
        /// Paystack has refused to begin the transfer.
        Refused = "refused",
        /// The transfer failed on its way.
        TransferFailed = "transfer_failed",
        /// The transfer came back.
        TransferReversed = "transfer_reversed",
        /// Nobody gave the one-time password in time.
        TransferAbandoned = "transfer_abandoned",
        /// The approval address did not answer in time.
        TransferBlocked = "transfer_blocked",
        /// The approval address said no.
        TransferRejected = "transfer_rejected",
        /// Paystack's transfer differs from what we asked for; a case says how.
        Mismatch = "mismatch",
        /// Finance wants the transfer made anew if Paystack still does not know it.
        RetryAsked = "retry_asked",
        /// Finance wants the payout given up if Paystack still does not know its transfer.
        CancelAsked = "cancel_asked",
        /// Less is available than was planned: something was given back in between.
        NotAvailable = "not_available",
        /// Another payout of the guard is under way.
        OtherOpen = "other_open",
        /// The guard's account was changed a short while ago.
        AccountHeld = "account_held",
        /// The guard is paid at another account now.
        AccountChanged = "account_changed",
        /// A person has given it up.
        GivenUp = "given_up",
    }
}

impl Trouble {
    /// What a person reads about it.
    pub fn sentence(self) -> &'static str {
        match self {
            Trouble::Otp => {
                "Paystack asks for a one-time password. Switch it off in the dashboard under transfers, or type it there."
            }
            Trouble::Approval => "Paystack waits for the approval address to answer.",
            Trouble::BalanceShort => "Paystack's balance was too small. Top it up.",
            Trouble::RecipientInvalid => {
                "Paystack does not know the guard's account any more. Enter it again."
            }
            Trouble::Refused => "Paystack refused to begin the transfer.",
            Trouble::TransferFailed => "The bank did not take the transfer.",
            Trouble::TransferReversed => "The transfer came back.",
            Trouble::TransferAbandoned => "Nobody typed Paystack's one-time password in time.",
            Trouble::TransferBlocked => "The approval address did not answer in time.",
            Trouble::TransferRejected => "The approval address did not know this transfer.",
            Trouble::Mismatch => {
                "Paystack's transfer differs from what was asked for; a case says how."
            }
            Trouble::RetryAsked => {
                "Paystack is asked once more. If it still does not know the transfer, another one follows."
            }
            Trouble::CancelAsked => {
                "Paystack is asked once more. If it still does not know the transfer, this is given up."
            }
            Trouble::NotAvailable => {
                "Less is owed now than was planned: another payout has paid it, or something was given back."
            }
            Trouble::OtherOpen => "Another payout of this guard is under way.",
            Trouble::AccountHeld => "The guard's account was changed less than 24 hours ago.",
            Trouble::AccountChanged => "The guard's account was changed since it was planned.",
            Trouble::GivenUp => "A person has cancelled it.",
        }
    }
}

impl PayoutState {
    /// Whether it holds its guard: until it is over, no other payout of the guard begins.
    pub fn is_open(self) -> bool {
        match self {
            PayoutState::Reserved
            | PayoutState::Sent
            | PayoutState::Returned
            | PayoutState::NeedsHuman => true,
            PayoutState::Planned
            | PayoutState::Confirmed
            | PayoutState::Cancelled
            | PayoutState::Reversed => false,
        }
    }

    /// Whether its money is set aside at this moment.
    pub fn is_in_transit(self) -> bool {
        matches!(self, PayoutState::Reserved | PayoutState::Sent)
    }
}

/// Why a payout does not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PayoutRefused {
    /// There is no such payout.
    #[error("there is no such payout")]
    Unknown,
    /// It is not in a state from which this is possible.
    #[error("a payout that is {from} cannot do this")]
    NoWay {
        /// Where it stands.
        from: PayoutState,
    },
    /// The same was applied before, or an earlier attempt is meant that is over.
    #[error("this has been applied to the payout already")]
    Repeated,
    /// Less is available than it pays.
    #[error("less is owed to the guard than this payout pays")]
    NotAvailable,
    /// Another payout of the guard is under way.
    #[error("another payout of this guard is under way")]
    OtherOpen,
    /// Somebody else has changed it since it was read.
    #[error("this payout was changed by somebody else; read it again")]
    Changed,
    /// Paystack says that an attempt of it has succeeded after it had come back, and nobody has explained that.
    #[error("the guard may have been paid by an earlier attempt; resolve that case first")]
    Unexplained,
    /// Paystack has no other transfer under its reference than the one that was asked for.
    #[error("Paystack has no other transfer under the reference of this payout")]
    NoStray,
    /// Paystack has not said how its transfer ends.
    #[error("Paystack has not said yet how this transfer ends")]
    TransferOpen,
    /// Paystack has paid the guard's account.
    #[error("Paystack has paid the account of this guard, so it is not owed again")]
    WasPaid,
    /// The transfer has paid nobody.
    #[error("this transfer has paid nobody")]
    NotPaid,
    /// Paystack says too little of the transfer for the ledger.
    #[error("Paystack says too little of this transfer to write it down")]
    Unclear,
}

impl Failure for PayoutRefused {
    fn kind(&self) -> Kind {
        match self {
            PayoutRefused::Unknown => Kind::Missing,
            PayoutRefused::NoWay { .. }
            | PayoutRefused::Repeated
            | PayoutRefused::NotAvailable
            | PayoutRefused::OtherOpen
            | PayoutRefused::Changed
            | PayoutRefused::Unexplained
            | PayoutRefused::NoStray
            | PayoutRefused::TransferOpen
            | PayoutRefused::WasPaid
            | PayoutRefused::NotPaid
            | PayoutRefused::Unclear => Kind::Conflict,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            PayoutRefused::Unknown => "payout_unknown",
            PayoutRefused::NoWay { .. } => "payout_state",
            PayoutRefused::Repeated => "payout_repeated",
            PayoutRefused::NotAvailable => "payout_not_available",
            PayoutRefused::OtherOpen => "payout_other_open",
            PayoutRefused::Changed => "payout_changed",
            PayoutRefused::Unexplained => "payout_unexplained",
            PayoutRefused::NoStray => "payout_transfer_fits",
            PayoutRefused::TransferOpen => "payout_transfer_open",
            PayoutRefused::WasPaid => "payout_was_paid",
            PayoutRefused::NotPaid => "payout_not_paid",
            PayoutRefused::Unclear => "payout_transfer_unclear",
        }
    }
}
