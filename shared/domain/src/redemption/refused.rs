//! Why a code is not redeemed, each reason with its own code (V14, V35): what staff see, and what is kept.
//!
//! Deliberately absent: codes that cannot be read at all ([`crate::voucher_token::TokenRefused`],
//! [`crate::short_code::ShortCodeRefused`]).

use jiff::Timestamp;

use crate::failure::{Failure, FieldError, Kind};
use crate::money::Money;
use crate::voucher::VoucherState;

/// Why a code is not redeemed, in the order of V12.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RedeemRefused {
    /// Nobody has it, or not at this business.
    #[error("there is no such code at this business")]
    UnknownCode,
    /// Too many unknown codes were typed in.
    #[error("too many wrong codes were typed in; scan the code, or try again later")]
    TooManyTries {
        /// In so many seconds.
        retry_after_s: u64,
    },
    /// Other codes are being typed in, each of which may turn out to be wrong.
    #[error(
        "other codes are being typed in at this business at this moment; try again in a second"
    )]
    CodesBusy {
        /// In so many seconds.
        retry_after_s: u64,
    },
    /// Its time is over.
    #[error("this code has expired; ask for a new one")]
    CodeExpired,
    /// It was taken back by its owner.
    #[error("this code was withdrawn")]
    Revoked,
    /// The voucher is not to be had now.
    #[error("this voucher is {}", .0.as_str())]
    NotPublished(VoucherState),
    /// Its time has not begun.
    #[error("this voucher is good from {from} on")]
    NotYetValid {
        /// When it begins.
        from: Timestamp,
    },
    /// Its time is over.
    #[error("this voucher expired at {at}")]
    Expired {
        /// When.
        at: Timestamp,
    },
    /// It is another business's.
    #[error("this voucher is redeemed at another business")]
    OtherBusiness,
    /// Nobody has said who the customer is.
    #[error(
        "this voucher is counted per customer; send customer_id, or scan the customer's own code"
    )]
    CustomerNeeded,
    /// The customer's own code, and somebody else named.
    #[error("this code belongs to another customer")]
    OtherCustomer,
    /// It has to be claimed first (V45).
    #[error("the customer has to add this voucher to the wallet first")]
    NotClaimed,
    /// The claim's time is over.
    #[error("the customer's copy of this voucher expired at {at}")]
    ClaimExpired {
        /// When.
        at: Timestamp,
    },
    /// The customer had it as often as it may be had.
    #[error("this customer has redeemed this voucher as often as allowed")]
    CustomerLimit,
    /// The code, or the claim, was redeemed.
    #[error("already redeemed at {at}")]
    AlreadyRedeemed {
        /// When.
        at: Timestamp,
    },
    /// A gift is redeemed by amount.
    #[error("this voucher is a gift balance; send the amount in minor units")]
    AmountNeeded,
    /// Only a gift is redeemed by amount.
    #[error("only a gift balance takes an amount")]
    AmountRefused,
    /// The gift has less.
    #[error("only {left} is left of this gift")]
    TooLittleLeft {
        /// How much.
        left: Money,
    },
    /// So many were redeemed.
    #[error("this voucher has been redeemed as often as it may be")]
    LimitReached,
    /// So many were redeemed today.
    #[error("this voucher has been redeemed as often as it may be today")]
    DayLimitReached,
}

impl Failure for RedeemRefused {
    fn kind(&self) -> Kind {
        match self {
            RedeemRefused::CustomerNeeded
            | RedeemRefused::AmountNeeded
            | RedeemRefused::AmountRefused => Kind::Invalid,
            RedeemRefused::UnknownCode => Kind::Missing,
            RedeemRefused::TooManyTries { .. } | RedeemRefused::CodesBusy { .. } => Kind::Limited,
            RedeemRefused::OtherBusiness | RedeemRefused::OtherCustomer => Kind::Forbidden,
            RedeemRefused::CodeExpired
            | RedeemRefused::Revoked
            | RedeemRefused::Expired { .. }
            | RedeemRefused::ClaimExpired { .. } => Kind::Gone,
            RedeemRefused::NotPublished(_)
            | RedeemRefused::NotYetValid { .. }
            | RedeemRefused::NotClaimed
            | RedeemRefused::CustomerLimit
            | RedeemRefused::AlreadyRedeemed { .. }
            | RedeemRefused::TooLittleLeft { .. }
            | RedeemRefused::LimitReached
            | RedeemRefused::DayLimitReached => Kind::Conflict,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            RedeemRefused::UnknownCode => "code_unknown",
            RedeemRefused::TooManyTries { .. } => "code_too_many_tries",
            RedeemRefused::CodesBusy { .. } => "code_busy",
            RedeemRefused::CodeExpired => "code_expired",
            RedeemRefused::Revoked => "code_revoked",
            RedeemRefused::NotPublished(_) => "voucher_not_published",
            RedeemRefused::NotYetValid { .. } => "voucher_not_yet_valid",
            RedeemRefused::Expired { .. } => "voucher_expired",
            RedeemRefused::OtherBusiness => "voucher_other_business",
            RedeemRefused::CustomerNeeded => "customer_needed",
            RedeemRefused::OtherCustomer => "code_other_customer",
            RedeemRefused::NotClaimed => "claim_needed",
            RedeemRefused::ClaimExpired { .. } => "claim_expired",
            RedeemRefused::CustomerLimit => "customer_limit_reached",
            RedeemRefused::AlreadyRedeemed { .. } => "voucher_already_redeemed",
            RedeemRefused::AmountNeeded => "amount_needed",
            RedeemRefused::AmountRefused => "amount_refused",
            RedeemRefused::TooLittleLeft { .. } => "gift_too_little_left",
            RedeemRefused::LimitReached => "voucher_limit_reached",
            RedeemRefused::DayLimitReached => "voucher_day_limit_reached",
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        let field = match self {
            RedeemRefused::CustomerNeeded => "customer_id",
            RedeemRefused::AmountNeeded | RedeemRefused::AmountRefused => "amount",
            _ => return Vec::new(),
        };
        vec![FieldError::new(field, self.code(), self.to_string())]
    }

    fn retry_after_s(&self) -> Option<u64> {
        match self {
            RedeemRefused::TooManyTries { retry_after_s }
            | RedeemRefused::CodesBusy { retry_after_s } => Some(*retry_after_s),
            _ => None,
        }
    }
}

/// Why a redemption is not taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RollbackRefused {
    /// There is none of this id at this business.
    #[error("there is no such redemption")]
    Unknown,
    /// It was.
    #[error("this redemption was taken back already")]
    Already,
    /// It is too old.
    #[error("this redemption could be taken back until {until}")]
    TooLate {
        /// Until when.
        until: Timestamp,
    },
    /// Somebody else was faster.
    #[error("the redemption was changed meanwhile, read it again")]
    Changed,
}

impl Failure for RollbackRefused {
    fn kind(&self) -> Kind {
        match self {
            RollbackRefused::Unknown => Kind::Missing,
            RollbackRefused::Already
            | RollbackRefused::TooLate { .. }
            | RollbackRefused::Changed => Kind::Conflict,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            RollbackRefused::Unknown => "redemption_unknown",
            RollbackRefused::Already => "redemption_rolled_back",
            RollbackRefused::TooLate { .. } => "redemption_too_old",
            RollbackRefused::Changed => "redemption_changed",
        }
    }
}
