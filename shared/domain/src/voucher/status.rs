//! What becomes of a voucher: draft, published, paused, ended by its owner; expired and exhausted by themselves (X23).

use jiff::Timestamp;

use super::{Voucher, VoucherTerms, VoucherText};
use crate::device::words;
use crate::failure::{Failure, Kind};

words! {
    /// What the owner has done with a voucher; this is stored.
    pub enum VoucherStatus {
        /// Nobody sees it yet, and everything of it may change.
        Draft = "draft",
        /// It can be claimed and redeemed.
        Published = "published",
        /// Not at the moment.
        Paused = "paused",
        /// Never again.
        Ended = "ended",
    }
}

words! {
    /// What a voucher is at an instant; this is shown.
    pub enum VoucherState {
        /// Nobody sees it yet.
        Draft = "draft",
        /// It can be claimed and redeemed.
        Published = "published",
        /// Not at the moment.
        Paused = "paused",
        /// Its time is over.
        Expired = "expired",
        /// All of it was redeemed.
        Exhausted = "exhausted",
        /// Its owner has ended it.
        Ended = "ended",
    }
}

/// What an owner does with a voucher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VoucherChange {
    /// Makes it redeemable, for the first time or again.
    Publish,
    /// Stops it for a while.
    Pause,
    /// Stops it for ever.
    End,
}

/// Why a voucher does not become what its owner wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VoucherRefused {
    /// There is none of this id.
    #[error("there is no such voucher")]
    Unknown,
    /// The business is not the tenant's.
    #[error("there is no such business")]
    UnknownBusiness,
    /// It has become that before.
    #[error("this voucher is {} already", .0.as_str())]
    Already(VoucherStatus),
    /// It is in a state from which this does not follow.
    #[error("a voucher that is {} cannot be changed like this", .0.as_str())]
    Status(VoucherStatus),
    /// Its time is over.
    #[error("this voucher has expired; a new end has to be given first")]
    Expired,
    /// Its rules are fixed once it was published.
    #[error(
        "once a voucher is published only its texts change, and its end to a later one; its rules stay as people know them"
    )]
    RulesFixed,
    /// Somebody else was faster.
    #[error("the voucher was changed meanwhile, read it again")]
    Changed,
    /// The fixed code is another voucher's.
    #[error("another voucher has this fixed code")]
    CodeTaken,
}

impl Failure for VoucherRefused {
    fn kind(&self) -> Kind {
        match self {
            VoucherRefused::Unknown | VoucherRefused::UnknownBusiness => Kind::Missing,
            VoucherRefused::Already(_)
            | VoucherRefused::Status(_)
            | VoucherRefused::Expired
            | VoucherRefused::RulesFixed
            | VoucherRefused::Changed
            | VoucherRefused::CodeTaken => Kind::Conflict,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            VoucherRefused::Unknown => "voucher_unknown",
            VoucherRefused::UnknownBusiness => "business_unknown",
            VoucherRefused::Already(_) | VoucherRefused::Status(_) => "voucher_status",
            VoucherRefused::Expired => "voucher_end_passed",
            VoucherRefused::RulesFixed => "voucher_rules_fixed",
            VoucherRefused::Changed => "voucher_changed",
            VoucherRefused::CodeTaken => "voucher_code_taken",
        }
    }
}

impl Voucher {
    /// The voucher after the owner's change.
    ///
    /// # Errors
    /// [`VoucherRefused`] where the change does not follow from the status, or its time is over.
    pub fn changed(self, change: VoucherChange, now: Timestamp) -> Result<Self, VoucherRefused> {
        use VoucherStatus::{Draft, Ended, Paused, Published};
        let status = match (change, self.status) {
            (VoucherChange::Publish, Draft | Paused) => Published,
            (VoucherChange::Pause, Published) => Paused,
            (VoucherChange::End, Draft | Published | Paused) => Ended,
            (VoucherChange::Publish, Published)
            | (VoucherChange::Pause, Paused)
            | (VoucherChange::End, Ended) => return Err(VoucherRefused::Already(self.status)),
            (_, status) => return Err(VoucherRefused::Status(status)),
        };
        if status == Published && self.terms.expires_at <= now {
            return Err(VoucherRefused::Expired);
        }
        Ok(Self { status, ..self }.next())
    }

    /// The draft with other terms; a published voucher with other texts and perhaps a later end.
    ///
    /// # Errors
    /// [`VoucherRefused`].
    pub fn described(self, terms: VoucherTerms) -> Result<Self, VoucherRefused> {
        match self.status {
            VoucherStatus::Draft => return Ok(Self { terms, ..self }.next()),
            VoucherStatus::Ended => return Err(VoucherRefused::Status(self.status)),
            VoucherStatus::Published | VoucherStatus::Paused => {}
        }
        let VoucherTerms { text: VoucherText { .. }, expires_at, .. } = &terms;
        let later = *expires_at >= self.terms.expires_at;
        let same_rules = VoucherTerms {
            text: self.terms.text.clone(),
            design: self.terms.design.clone(),
            expires_at: self.terms.expires_at,
            ..terms.clone()
        } == self.terms;
        if !later || !same_rules {
            return Err(VoucherRefused::RulesFixed);
        }
        Ok(Self { terms, ..self }.next())
    }

    fn next(self) -> Self {
        Self { version: self.version.saturating_add(1), ..self }
    }
}
