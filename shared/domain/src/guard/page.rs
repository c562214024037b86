//! What a scan of a guard's code leads to, and whether a tip is taken: decided by the code first, then by the guard.

use super::{GuardQrStatus, GuardStatus};
use crate::device::words;
use crate::failure::{Failure, Kind};

words! {
    /// What the page of a code shows (T20, T39).
    pub enum TipPageState {
        /// It takes tips.
        Open = "open",
        /// The guard is suspended.
        Suspended = "suspended",
        /// The guard has left.
        Archived = "archived",
        /// The code was replaced by another one.
        Revoked = "revoked",
    }
}

impl TipPageState {
    /// What a code's page shows. A code that was taken back says so whatever became of the guard: the paper is old.
    pub fn of(qr: GuardQrStatus, guard: GuardStatus) -> Self {
        match (qr, guard) {
            (GuardQrStatus::Revoked, _) => TipPageState::Revoked,
            (GuardQrStatus::Active, GuardStatus::Active) => TipPageState::Open,
            (GuardQrStatus::Active, GuardStatus::Suspended) => TipPageState::Suspended,
            (GuardQrStatus::Active, GuardStatus::Archived) => TipPageState::Archived,
        }
    }

    /// What a patron reads; nothing on the page that takes tips.
    pub fn words(self) -> Option<&'static str> {
        match self {
            TipPageState::Open => None,
            TipPageState::Suspended => Some("This guard cannot take tips at the moment."),
            TipPageState::Archived => Some("This guard does not work here any more."),
            TipPageState::Revoked => {
                Some("This code was replaced by a new one. Please ask the guard for it.")
            }
        }
    }

    /// Lets a tip through.
    ///
    /// # Errors
    /// [`TipPageRefused`] unless the page takes tips.
    pub fn admit(self) -> Result<(), TipPageRefused> {
        match self {
            TipPageState::Open => Ok(()),
            TipPageState::Suspended => Err(TipPageRefused::Suspended),
            TipPageState::Archived => Err(TipPageRefused::Archived),
            TipPageState::Revoked => Err(TipPageRefused::Revoked),
        }
    }
}

/// Why a code takes no tips.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TipPageRefused {
    /// No guard has this code.
    #[error("this code belongs to nobody")]
    Unknown,
    /// The guard is suspended.
    #[error("this guard cannot take tips at the moment")]
    Suspended,
    /// The guard has left.
    #[error("this guard does not work here any more")]
    Archived,
    /// The code was replaced.
    #[error("this code was replaced by a new one; please ask the guard for it")]
    Revoked,
}

impl Failure for TipPageRefused {
    fn kind(&self) -> Kind {
        match self {
            TipPageRefused::Unknown => Kind::Missing,
            TipPageRefused::Suspended => Kind::Conflict,
            TipPageRefused::Archived | TipPageRefused::Revoked => Kind::Gone,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            TipPageRefused::Unknown => "guard_code_unknown",
            TipPageRefused::Suspended => "guard_suspended",
            TipPageRefused::Archived => "guard_archived",
            TipPageRefused::Revoked => "guard_code_revoked",
        }
    }
}
