//! Exports: tables that are too long for one answer, written in parts by a worker and fetched as a file.
//!
//! Deliberately absent: what a row says (the worker's), and patrons: an export names nobody who has tipped.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::audit::Actor;
use crate::device::words;
use crate::failure::{Failure, Kind};
use crate::id::{ExportId, TenantId};
use crate::money::Currency;

/// How long a worker has an export to itself after each step, in seconds.
const LEASE_S: i64 = 120;

words! {
    /// What is exported.
    pub enum ExportKind {
        /// Each tip, newest first.
        Tips = "tips",
        /// Each posting of the ledger, oldest first.
        Ledger = "ledger",
        /// Each payout, newest first.
        Payouts = "payouts",
    }
}

words! {
    /// How far an export is.
    pub enum ExportState {
        /// Nobody has begun.
        Requested = "requested",
        /// Rows are being written.
        Running = "running",
        /// The file is there.
        Done = "done",
        /// It could not be written.
        Failed = "failed",
    }
}

/// An export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Export {
    /// Its id.
    pub id: ExportId,
    /// Whose it is.
    pub tenant: TenantId,
    /// What.
    pub kind: ExportKind,
    /// The first instant.
    pub from: Timestamp,
    /// The instant at which it ends.
    pub to: Timestamp,
    /// Who wants it.
    pub by: Actor,
    /// How far it is.
    pub state: ExportState,
    /// Rows that are written, without heads and totals.
    pub rows: u64,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it was done, or given up.
    pub finished_at: Option<Timestamp>,
    /// What a worker needs to go on.
    pub progress: Progress,
    /// Counts the changes.
    pub version: u64,
}

/// What is written of an export, so that whoever goes on begins right behind it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The store's id of the file that is being written.
    pub upload: Option<String>,
    /// What the store says of each part that it has.
    pub parts: Vec<String>,
    /// Where the next row is; nothing before the first.
    pub place: Option<String>,
    /// Whether there is no next row.
    pub ended: bool,
    /// Sums of what is written, by name; minor units.
    pub sums: BTreeMap<String, i64>,
    /// Until then a worker is at it.
    pub leased_until: Option<Timestamp>,
}

/// Why an export is not gone on with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExportRefused {
    /// There is none of this id.
    #[error("there is no such export")]
    Unknown,
    /// Another worker is at it.
    #[error("another worker is at this export")]
    Leased,
}

impl Failure for ExportRefused {
    fn kind(&self) -> Kind {
        match self {
            ExportRefused::Unknown => Kind::Missing,
            ExportRefused::Leased => Kind::Conflict,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            ExportRefused::Unknown => "export_unknown",
            ExportRefused::Leased => "export_leased",
        }
    }
}

impl Export {
    /// Whether nothing more happens to it.
    pub fn is_over(&self) -> bool {
        match self.state {
            ExportState::Done | ExportState::Failed => true,
            ExportState::Requested | ExportState::Running => false,
        }
    }

    /// The export in the hands of a worker.
    ///
    /// # Errors
    /// [`ExportRefused::Leased`] while another one may be at it.
    pub fn claim(self, now: Timestamp) -> Result<Self, ExportRefused> {
        if self.progress.leased_until.is_some_and(|until| until > now) {
            return Err(ExportRefused::Leased);
        }
        Ok(Self { state: ExportState::Running, ..self }.lease(now))
    }

    /// The export with a lease of so many seconds, as its next version.
    #[must_use]
    pub fn lease(self, now: Timestamp) -> Self {
        let leased_until = now.checked_add(SignedDuration::from_secs(LEASE_S)).ok();
        let progress = Progress { leased_until, ..self.progress };
        Self { progress, version: self.version.saturating_add(1), ..self }
    }

    /// The export that nobody is at.
    #[must_use]
    pub fn release(self) -> Self {
        let progress = Progress { leased_until: None, ..self.progress };
        Self { progress, version: self.version.saturating_add(1), ..self }
    }

    /// The export as one that is over.
    #[must_use]
    pub fn finish(self, state: ExportState, now: Timestamp) -> Self {
        Self { state, finished_at: Some(now), ..self.release() }
    }
}

/// An amount of minor units as decimal text, `-1234.50`, without a currency and without groups of digits.
pub fn decimal(minor: i64, currency: Currency) -> String {
    let exponent = currency.exponent();
    let unit = 10_u64.pow(exponent);
    let (sign, absolute) = (if minor < 0 { "-" } else { "" }, minor.unsigned_abs());
    let digits = usize::try_from(exponent).unwrap_or(0);
    match digits {
        0 => format!("{sign}{absolute}"),
        _ => format!("{sign}{}.{:0digits$}", absolute / unit, absolute % unit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::KeyId;

    fn export() -> Export {
        let at = Timestamp::UNIX_EPOCH;
        Export {
            id: ExportId::new(at, [1; 10]),
            tenant: TenantId::new(at, [1; 10]),
            kind: ExportKind::Tips,
            from: at,
            to: at,
            by: Actor::Key(KeyId::new(at, [1; 10])),
            state: ExportState::Requested,
            rows: 0,
            created_at: at,
            finished_at: None,
            progress: Progress::default(),
            version: 1,
        }
    }

    #[test]
    fn one_worker_is_at_an_export_until_its_lease_ends() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let first = export().claim(at(0)).unwrap();
        assert_eq!((first.state, first.version), (ExportState::Running, 2));
        assert_eq!(first.clone().claim(at(LEASE_S - 1)), Err(ExportRefused::Leased));
        assert!(first.clone().claim(at(LEASE_S)).is_ok());
        assert!(first.clone().release().claim(at(1)).is_ok());
        let longer = first.lease(at(60));
        assert_eq!(longer.clone().claim(at(LEASE_S)), Err(ExportRefused::Leased));
        let done = longer.finish(ExportState::Done, at(61));
        assert!(done.is_over() && done.progress.leased_until.is_none());
    }

    #[test]
    fn amounts_are_written_by_integers() {
        let check = |minor, text: &str| assert_eq!(decimal(minor, Currency::Ngn), text);
        check(0, "0.00");
        check(5, "0.05");
        check(-5, "-0.05");
        check(123_456, "1234.56");
        check(-100_000_000, "-1000000.00");
        check(i64::MIN, "-92233720368547758.08");
    }
}
