//! What can go wrong with a call to Paystack, told apart by what it means for the money: refused means that nothing
//! happened, unknown that it may have.

use domain::failure::{Failure, Kind};

use crate::https::Broken;
use crate::secrets::SecretError;

/// Why Paystack refuses, as far as we act on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The key is not valid, or may not do this.
    Key,
    /// The reference was used before.
    DuplicateReference,
    /// The amount is too small, too large, or more than there is to give back.
    Amount,
    /// The account does not take this currency.
    Currency,
    /// There is no such thing at Paystack.
    Missing,
    /// The balance does not cover a transfer and its fee.
    Balance,
    /// A transfer's recipient does not exist, or takes no transfers any more.
    Recipient,
    /// The account asks for a one-time password with each transfer, so that it takes only single ones.
    Otp,
    /// Anything else.
    Other,
}

impl Reason {
    fn sentence(self) -> &'static str {
        match self {
            Reason::Key => "Paystack does not take the key of this organisation",
            Reason::DuplicateReference => "Paystack knows this reference already",
            Reason::Amount => "Paystack does not take this amount",
            Reason::Currency => {
                "this organisation's account at Paystack does not take this currency"
            }
            Reason::Missing => "Paystack does not know what was asked about",
            Reason::Balance => "the balance at Paystack does not cover this transfer",
            Reason::Recipient => "Paystack does not take transfers to this recipient",
            Reason::Otp => "this organisation's account at Paystack asks for one-time passwords",
            Reason::Other => "Paystack has refused the request",
        }
    }
}

/// Paystack's own "no". Its words are kept out: they repeat what was sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Paystack answered {status} with code `{code}`")]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// Paystack's code in its spelling; empty where it gave none.
    pub code: String,
    /// What it means for us.
    pub reason: Reason,
}

/// An answer that cannot be what Paystack sends.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is missing, or is not what it should be")]
pub struct Garbled(pub(super) &'static str);

/// Paystack did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum PaystackError {
    /// The tenant has no key: nothing was sent.
    #[error("this organisation has not connected its Paystack account yet")]
    NotConnected,
    /// The tenant's key cannot be read: nothing was sent.
    #[error("the key for Paystack cannot be read, try again")]
    KeyUnavailable(#[from] SecretError),
    /// There is no such bank account or wallet: nothing happened.
    #[error("the bank does not know this account; check the number and the bank")]
    AccountUnknown(#[source] Refusal),
    /// Paystack understood and refused: nothing happened.
    #[error("{}", .0.reason.sentence())]
    Refused(#[source] Refusal),
    /// Too many calls: nothing happened.
    #[error("Paystack takes no more requests at the moment, try again later")]
    Limited {
        /// When to try again, in seconds.
        retry_after_s: u64,
    },
    /// No definite answer: it may have happened.
    #[error("Paystack gives no answer, try again")]
    Unknown(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// An answer that makes no sense: it may have happened.
    #[error("Paystack's answer is not understood")]
    Protocol(#[source] Garbled),
}

impl PaystackError {
    /// Whether what was asked for may have happened all the same. Then only asking about the reference tells.
    pub fn may_have_happened(&self) -> bool {
        match self {
            PaystackError::Unknown(_) | PaystackError::Protocol(_) => true,
            PaystackError::NotConnected
            | PaystackError::KeyUnavailable(_)
            | PaystackError::AccountUnknown(_)
            | PaystackError::Refused(_)
            | PaystackError::Limited { .. } => false,
        }
    }

    /// Why Paystack has refused, when it has.
    pub fn reason(&self) -> Option<Reason> {
        match self {
            PaystackError::AccountUnknown(refusal) | PaystackError::Refused(refusal) => {
                Some(refusal.reason)
            }
            PaystackError::NotConnected
            | PaystackError::KeyUnavailable(_)
            | PaystackError::Limited { .. }
            | PaystackError::Unknown(_)
            | PaystackError::Protocol(_) => None,
        }
    }

    /// The word for the outcome in the figures.
    pub(super) fn outcome(&self) -> &'static str {
        match self {
            PaystackError::NotConnected | PaystackError::KeyUnavailable(_) => "not_sent",
            PaystackError::AccountUnknown(_) | PaystackError::Refused(_) => "refused",
            PaystackError::Limited { .. } => "limited",
            PaystackError::Unknown(_) => "unknown",
            PaystackError::Protocol(_) => "protocol",
        }
    }
}

impl From<Broken> for PaystackError {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::TooLong { .. } => PaystackError::Protocol(Garbled("an end of the answer")),
            broken => PaystackError::Unknown(broken.into()),
        }
    }
}

impl From<Garbled> for PaystackError {
    fn from(garbled: Garbled) -> Self {
        PaystackError::Protocol(garbled)
    }
}

impl Failure for PaystackError {
    fn kind(&self) -> Kind {
        match self {
            PaystackError::NotConnected => Kind::Conflict,
            PaystackError::KeyUnavailable(_) => Kind::Unavailable,
            PaystackError::AccountUnknown(_) => Kind::Invalid,
            PaystackError::Refused(_) => Kind::Upstream,
            PaystackError::Limited { .. } => Kind::Limited,
            PaystackError::Unknown(_) => Kind::Upstream,
            PaystackError::Protocol(_) => Kind::Upstream,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            PaystackError::NotConnected => "paystack_not_connected",
            PaystackError::KeyUnavailable(_) => "paystack_key_unavailable",
            PaystackError::AccountUnknown(_) => "bank_account_unknown",
            PaystackError::Refused(_) => "paystack_refused",
            PaystackError::Limited { .. } => "paystack_limited",
            PaystackError::Unknown(_) => "paystack_silent",
            PaystackError::Protocol(_) => "paystack_not_understood",
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        match self {
            PaystackError::Limited { retry_after_s } => Some(*retry_after_s),
            PaystackError::KeyUnavailable(_) | PaystackError::Unknown(_) => Some(1),
            PaystackError::NotConnected
            | PaystackError::AccountUnknown(_)
            | PaystackError::Refused(_)
            | PaystackError::Protocol(_) => None,
        }
    }
}
