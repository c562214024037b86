//! A code that is not redeemed: why, of which voucher as far as that is known, and that it is kept (V14, V35) and
//! counted (V38).
//!
//! Deliberately absent: failures of ours, which say nothing about a code.

use adapters::secrets::SecretError;
use adapters::table::{Attempt, StoreError};
use domain::failure::{Failure, FieldError, Kind};
use domain::id::{ScanId, VoucherId};
use domain::redemption::{CodeForm, RedeemRefused};
use domain::short_code::ShortCodeRefused;
use domain::voucher_token::{Claims, TokenKind, TokenRefused};
use jiff::Timestamp;
use web::Problem;

use crate::Deps;
use crate::order::Order;

/// Why a code is not redeemed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(crate) enum Refusal {
    /// A rule of redeeming.
    #[error(transparent)]
    Rule(#[from] RedeemRefused),
    /// It is no token of ours.
    #[error(transparent)]
    Token(#[from] TokenRefused),
    /// It cannot be what somebody meant to type.
    #[error(transparent)]
    Typed(#[from] ShortCodeRefused),
    /// What a device says about the time when it was offline.
    #[error(transparent)]
    Brought(#[from] BroughtRefused),
}

/// Why a redemption is not taken in that a device brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BroughtRefused {
    /// It would be later than now.
    #[error("the device's clock is ahead; set it, and redeem again")]
    Ahead,
    /// It was long ago.
    #[error("this was redeemed too long ago to be taken in")]
    LongAgo,
    /// The device's name for it stands for another redemption.
    #[error("another redemption of this business has this id")]
    IdTaken,
}

/// A code that is not redeemed.
#[derive(Clone, Debug)]
pub(crate) struct Rejected {
    /// Why.
    pub why: Refusal,
    /// Of which voucher, where that could be told.
    pub voucher: Option<VoucherId>,
    /// How it was read, where that could be told.
    pub form: Option<CodeForm>,
}

/// What ends the reading of a code.
#[derive(Debug)]
pub(crate) enum Halt {
    /// The code is not redeemed.
    Rejected(Box<Rejected>),
    /// It could not be found out.
    Broken(Problem),
}

impl Failure for BroughtRefused {
    fn kind(&self) -> Kind {
        match self {
            BroughtRefused::Ahead => Kind::Invalid,
            BroughtRefused::LongAgo => Kind::Gone,
            BroughtRefused::IdTaken => Kind::Conflict,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            BroughtRefused::Ahead => "device_clock_ahead",
            BroughtRefused::LongAgo => "redemption_too_late",
            BroughtRefused::IdTaken => "redemption_id_taken",
        }
    }
}

impl Refusal {
    fn inner(&self) -> &dyn Failure {
        match self {
            Refusal::Rule(refused) => refused,
            Refusal::Token(refused) => refused,
            Refusal::Typed(refused) => refused,
            Refusal::Brought(refused) => refused,
        }
    }

    /// When the code was redeemed, or its time ended, where that is the reason.
    pub(crate) fn at(&self) -> Option<Timestamp> {
        match self {
            Refusal::Rule(
                RedeemRefused::AlreadyRedeemed { at }
                | RedeemRefused::Expired { at }
                | RedeemRefused::ClaimExpired { at }
                | RedeemRefused::NotYetValid { from: at },
            ) => Some(*at),
            Refusal::Rule(_) | Refusal::Token(_) | Refusal::Typed(_) | Refusal::Brought(_) => None,
        }
    }
}

impl Failure for Refusal {
    fn kind(&self) -> Kind {
        self.inner().kind()
    }

    fn code(&self) -> &'static str {
        self.inner().code()
    }

    fn fields(&self) -> Vec<FieldError> {
        self.inner().fields()
    }

    fn retry_after_s(&self) -> Option<u64> {
        self.inner().retry_after_s()
    }
}

impl Rejected {
    /// A code that nobody can be told apart by.
    pub(crate) fn unread(why: impl Into<Refusal>) -> Self {
        Self { why: why.into(), voucher: None, form: None }
    }

    /// A code of this voucher.
    pub(crate) fn of(why: impl Into<Refusal>, voucher: &VoucherId, form: CodeForm) -> Self {
        Self { why: why.into(), voucher: Some(voucher.clone()), form: Some(form) }
    }

    /// A token that is not taken. One whose time is over, or that was taken back, is a code like any other.
    pub(crate) fn token(refused: TokenRefused) -> Self {
        let claims: Option<Claims> = refused.claims().cloned();
        let why = match refused {
            TokenRefused::Expired(_) => Refusal::Rule(RedeemRefused::CodeExpired),
            TokenRefused::Revoked(_) => Refusal::Rule(RedeemRefused::Revoked),
            other => Refusal::Token(other),
        };
        let form = claims.as_ref().map(|claims| form_of(claims.kind()));
        Self { why, voucher: claims.map(|claims| claims.voucher), form }
    }

    /// Keeps it with the redemptions of the business, and counts it.
    pub(crate) async fn keep(&self, deps: &Deps, order: &Order) -> Result<(), StoreError> {
        self.keep_as(deps.ids.make(ScanId::new), deps, order).await
    }

    /// The same under an id that follows from what was refused: it is kept once however often it is brought.
    pub(crate) async fn keep_as(
        &self,
        id: ScanId,
        deps: &Deps,
        order: &Order,
    ) -> Result<(), StoreError> {
        let reason = self.why.code();
        metrics::counter!("voucher_refusals_total", "reason" => reason).increment(1);
        // An alarm watches one metric and no family of them.
        metrics::counter!("voucher_refused_total").increment(1);
        let attempt = Attempt {
            id,
            tenant: order.tenant.clone(),
            business: order.business.clone(),
            voucher: self.voucher.clone(),
            form: self.form,
            by: order.by.clone(),
            reason: reason.to_owned(),
            at: order.at,
        };
        deps.table.append_attempt(&attempt).await?;
        tracing::info!(event = "voucher_refused", reason, "refused a code: `{reason}`");
        Ok(())
    }
}

/// How a token of this kind was read.
pub(crate) fn form_of(kind: TokenKind) -> CodeForm {
    match kind {
        TokenKind::Standard => CodeForm::Standard,
        TokenKind::User => CodeForm::User,
        TokenKind::Print => CodeForm::Print,
    }
}

impl From<Rejected> for Halt {
    fn from(rejected: Rejected) -> Self {
        Halt::Rejected(Box::new(rejected))
    }
}

impl From<StoreError> for Halt {
    fn from(error: StoreError) -> Self {
        Halt::Broken(error.into())
    }
}

impl From<SecretError> for Halt {
    fn from(error: SecretError) -> Self {
        Halt::Broken(error.into())
    }
}
