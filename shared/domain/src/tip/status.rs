//! The states of a tip and the table of the ways between them (X9), and why something is refused.

use crate::device::words;
use crate::failure::{Failure, Kind};

words! {
    /// Where a tip stands (T23, X9).
    pub enum TipStatus {
        /// It is stored with its reference; Paystack has not answered yet.
        Initiated = "initiated",
        /// The patron can pay.
        Pending = "pending",
        /// The patron has paid.
        Succeeded = "succeeded",
        /// It has succeeded and was paid out. Derived for whoever looks; no tip is stored with it (X9).
        Settled = "settled",
        /// Paystack says that the payment failed. It may still succeed: the checkout lets a patron try another card.
        Failed = "failed",
        /// Nobody has paid for a day. It may still succeed.
        Abandoned = "abandoned",
        /// The patron disputes the payment and nobody has decided yet.
        Disputed = "disputed",
        /// All of it went back to the patron.
        Refunded = "refunded",
    }
}

/// Every way from one state to another; there is no other.
const TRANSITIONS: [(TipStatus, &[TipStatus]); 8] = [
    (
        TipStatus::Initiated,
        &[TipStatus::Pending, TipStatus::Succeeded, TipStatus::Failed, TipStatus::Abandoned],
    ),
    (TipStatus::Pending, &[TipStatus::Succeeded, TipStatus::Failed, TipStatus::Abandoned]),
    (TipStatus::Failed, &[TipStatus::Succeeded]),
    (TipStatus::Abandoned, &[TipStatus::Succeeded]),
    (TipStatus::Succeeded, &[TipStatus::Settled, TipStatus::Disputed, TipStatus::Refunded]),
    (TipStatus::Settled, &[TipStatus::Succeeded, TipStatus::Disputed, TipStatus::Refunded]),
    (TipStatus::Disputed, &[TipStatus::Succeeded, TipStatus::Settled, TipStatus::Refunded]),
    (TipStatus::Refunded, &[TipStatus::Disputed]),
];

impl TipStatus {
    /// Whether the table has a way from here to there.
    pub fn may_become(self, to: TipStatus) -> bool {
        TRANSITIONS.iter().any(|(from, ways)| *from == self && ways.contains(&to))
    }

    /// Whether the patron's money has arrived, whatever came after.
    pub fn is_paid(self) -> bool {
        match self {
            TipStatus::Succeeded
            | TipStatus::Settled
            | TipStatus::Disputed
            | TipStatus::Refunded => true,
            TipStatus::Initiated
            | TipStatus::Pending
            | TipStatus::Failed
            | TipStatus::Abandoned => false,
        }
    }

    /// What the patron reads on the page after the payment.
    pub fn words(self) -> &'static str {
        match self {
            TipStatus::Initiated | TipStatus::Pending => "We are waiting for your payment.",
            TipStatus::Succeeded | TipStatus::Settled => "Your tip has arrived. Thank you!",
            TipStatus::Failed => "The payment did not go through. Nothing was taken.",
            TipStatus::Abandoned => "This payment was not completed. Nothing was taken.",
            TipStatus::Disputed => "This payment is being looked at.",
            TipStatus::Refunded => "This tip was paid back.",
        }
    }
}

/// Why a tip does not change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TipRefused {
    /// The table has no such way.
    #[error("a tip that is {from} cannot become {to}")]
    NoWay {
        /// Where it stands.
        from: TipStatus,
        /// Where it was to go.
        to: TipStatus,
    },
    /// The same was applied before; nothing is left to do.
    #[error("this has been applied to the tip already")]
    Repeated,
    /// Money cannot go back that has not arrived.
    #[error("this tip has not been paid")]
    NotPaid,
    /// Less is left than the refund asks for.
    #[error("only {rest} minor units of this tip can still be refunded")]
    MoreThanRest {
        /// What is left, in minor units, without the refunds that are under way.
        rest: i64,
    },
    /// Nothing, or less than nothing.
    #[error("a refund is more than nothing")]
    NoAmount,
    /// The bank decides now.
    #[error("this tip is disputed; it cannot be refunded until that is decided")]
    UnderDispute,
    /// Too many refunds of one tip.
    #[error("this tip has been refunded in too many parts")]
    TooManyRefunds,
}

/// There is no such tip, or it is not the caller's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no such tip")]
pub struct TipUnknown;

impl Failure for TipUnknown {
    fn kind(&self) -> Kind {
        Kind::Missing
    }

    fn code(&self) -> &'static str {
        "tip_unknown"
    }
}

impl Failure for TipRefused {
    fn kind(&self) -> Kind {
        match self {
            TipRefused::NoWay { .. }
            | TipRefused::Repeated
            | TipRefused::NotPaid
            | TipRefused::UnderDispute
            | TipRefused::TooManyRefunds => Kind::Conflict,
            TipRefused::MoreThanRest { .. } | TipRefused::NoAmount => Kind::Invalid,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            TipRefused::NoWay { .. } => "tip_wrong_status",
            TipRefused::Repeated => "tip_already_applied",
            TipRefused::NotPaid => "tip_not_paid",
            TipRefused::MoreThanRest { .. } => "refund_exceeds_rest",
            TipRefused::NoAmount => "refund_of_nothing",
            TipRefused::UnderDispute => "tip_under_dispute",
            TipRefused::TooManyRefunds => "refund_in_too_many_parts",
        }
    }
}
