//! A case for a person: something about money that does not fit, kept until somebody has explained it.
//!
//! Deliberately absent: a verdict. Nothing is posted for a case until a person decides.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::access::hex;
use crate::audit::{Actor, Note};
use crate::device::words;
use crate::failure::{Failure, Kind};
use crate::id::{TenantId, TipId};
use crate::ledger::TransferReference;
use crate::tip::Mismatch;

/// How many hexadecimal digits of a hash tell a case from all others.
const ID_DIGITS: usize = 32;

words! {
    /// What does not fit.
    pub enum CaseKind {
        /// Paystack has a charge that we know nothing of.
        UnknownReference = "unknown_reference",
        /// A signed event says nothing that can be read, or names nothing.
        UnreadableEvent = "unreadable_event",
        /// A charge differs from its tip.
        ChargeMismatch = "charge_mismatch",
        /// Refunds and disputes together want more than the charge.
        ReturnExceedsCharge = "return_exceeds_charge",
        /// Paystack could not carry out a refund.
        RefundFailed = "refund_failed",
        /// Paystack needs the customer's account to carry out a refund.
        RefundNeedsAttention = "refund_needs_attention",
        /// A transfer succeeded after its money had come back.
        SuccessAfterReturn = "success_after_return",
        /// A transfer differs from its payout.
        TransferMismatch = "transfer_mismatch",
        /// Paystack has collected a charge that our ledger does not have.
        ChargeNotInLedger = "charge_not_in_ledger",
        /// Our ledger has a charge that Paystack does not.
        ChargeMissingAtPaystack = "charge_missing_at_paystack",
        /// Paystack has made a transfer that our ledger does not have.
        TransferNotInLedger = "transfer_not_in_ledger",
        /// Our ledger has a transfer that Paystack does not.
        TransferMissingAtPaystack = "transfer_missing_at_paystack",
        /// A settlement differs from what our ledger has of it, or was not paid.
        SettlementDiffers = "settlement_differs",
        /// Nobody knows why Paystack's balance has changed.
        BalanceUnexplained = "balance_unexplained",
        /// Paystack's balance is not what our ledger says.
        BalanceDiffers = "balance_differs",
    }
}

words! {
    /// Where a case stands.
    pub enum CaseStatus {
        /// Nobody has explained it.
        Open = "open",
        /// Somebody has.
        Resolved = "resolved",
    }
}

/// A case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Case {
    /// Made of kind, reference and what is wrong, so that a repetition opens no second one; fit for a path.
    pub id: String,
    /// Whose case it is.
    #[schema(value_type = String)]
    pub tenant: TenantId,
    /// What does not fit.
    pub kind: CaseKind,
    /// Paystack's reference.
    pub reference: String,
    /// The tip, where there is one.
    #[schema(value_type = Option<String>)]
    pub tip: Option<TipId>,
    /// What differs, for a charge.
    pub mismatch: Option<Mismatch>,
    /// What we expected, in minor units.
    pub expected: Option<i64>,
    /// What Paystack says, in minor units.
    pub found: Option<i64>,
    /// The currency that Paystack says.
    pub currency: Option<String>,
    /// Where it stands.
    pub status: CaseStatus,
    /// When it was noticed.
    #[schema(value_type = String, format = DateTime)]
    pub opened_at: Timestamp,
    /// Who looks into it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub assignee: Option<Actor>,
    /// How it was explained, and by whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution: Option<Resolution>,
    /// Counts the changes; a write names the version that it has read.
    #[serde(default = "first_version")]
    pub version: u64,
}

fn first_version() -> u64 {
    1
}

/// How a case was explained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Resolution {
    /// By whom.
    #[schema(value_type = String)]
    pub by: Actor,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The explanation.
    #[schema(value_type = String)]
    pub note: Note,
}

/// Why a case is not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CaseRefused {
    /// There is none of this id.
    #[error("there is no such case")]
    Unknown,
    /// It was explained before.
    #[error("the case is resolved already")]
    Resolved,
    /// Somebody else was faster.
    #[error("the case was changed by somebody else, read it again")]
    Changed,
}

impl Failure for CaseRefused {
    fn kind(&self) -> Kind {
        match self {
            CaseRefused::Unknown => Kind::Missing,
            CaseRefused::Resolved | CaseRefused::Changed => Kind::Conflict,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            CaseRefused::Unknown => "case_unknown",
            CaseRefused::Resolved => "case_resolved",
            CaseRefused::Changed => "case_changed",
        }
    }
}

impl Case {
    /// An open case. `cause` tells it from others of the same kind and reference: a refund's id, a mismatch.
    pub fn open(
        tenant: TenantId,
        kind: CaseKind,
        reference: &str,
        cause: &str,
        now: Timestamp,
    ) -> Self {
        let digest = hex(&Sha256::digest(format!("{kind}:{reference}:{cause}")));
        Self {
            id: format!("cas_{}", digest.get(..ID_DIGITS).unwrap_or_default()),
            tenant,
            kind,
            reference: reference.to_owned(),
            tip: None,
            mismatch: None,
            expected: None,
            found: None,
            currency: None,
            status: CaseStatus::Open,
            opened_at: now,
            assignee: None,
            resolution: None,
            version: first_version(),
        }
    }

    /// An open case of a transfer that has succeeded after its money had come back.
    pub fn success_after_return(
        tenant: &TenantId,
        transfer: &TransferReference,
        now: Timestamp,
    ) -> Self {
        let kind = CaseKind::SuccessAfterReturn;
        Self::open(tenant.clone(), kind, transfer.as_str(), "success", now)
    }

    /// An open case of a transfer that differs from its payout in this way.
    pub fn transfer_mismatch(
        tenant: &TenantId,
        transfer: &TransferReference,
        mismatch: Mismatch,
        now: Timestamp,
    ) -> Self {
        let kind = CaseKind::TransferMismatch;
        let case = Self::open(tenant.clone(), kind, transfer.as_str(), mismatch.as_str(), now);
        Self { mismatch: Some(mismatch), ..case }
    }

    /// The case in somebody's hands.
    ///
    /// # Errors
    /// [`CaseRefused::Resolved`].
    pub fn assign(self, to: Actor) -> Result<Self, CaseRefused> {
        let open = self.still_open()?;
        Ok(Self { assignee: Some(to), ..open }.next())
    }

    /// The case with its explanation.
    ///
    /// # Errors
    /// [`CaseRefused::Resolved`].
    pub fn resolve(self, by: Actor, note: Note, at: Timestamp) -> Result<Self, CaseRefused> {
        let open = self.still_open()?;
        let resolution = Some(Resolution { by, at, note });
        Ok(Self { status: CaseStatus::Resolved, resolution, ..open }.next())
    }

    /// The case as somebody finds it `now`: with other amounts, or open again. Nothing where there is nothing new,
    /// because it says the same already, or a person has explained just this gap.
    pub fn found_again(self, now: Case) -> Option<Self> {
        let gap = |case: &Case| Some(case.found?.saturating_sub(case.expected?));
        let is_same = gap(&self) == gap(&now);
        let (is_open, by) = (self.status == CaseStatus::Open, self.resolution.map(|so| so.by));
        if is_same && (is_open || by != Some(Actor::System)) {
            return None;
        }
        let opened_at = if is_open { self.opened_at } else { now.opened_at };
        Some(Self { opened_at, assignee: self.assignee, version: self.version, ..now }.next())
    }

    fn still_open(self) -> Result<Self, CaseRefused> {
        match self.status {
            CaseStatus::Open => Ok(self),
            CaseStatus::Resolved => Err(CaseRefused::Resolved),
        }
    }

    fn next(self) -> Self {
        Self { version: self.version.saturating_add(1), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::KeyId;

    #[test]
    fn a_case_is_told_from_others_by_its_cause_and_its_id_fits_into_a_path() {
        let now = Timestamp::UNIX_EPOCH;
        let open = |reference: &str, cause: &str| {
            let tenant = TenantId::new(now, [1; 10]);
            Case::open(tenant, CaseKind::RefundFailed, reference, cause, now)
        };
        let id = open("a:b/c", "d").id;
        assert_eq!(id, open("a:b/c", "d").id);
        assert_ne!(id, open("a:b/c", "e").id);
        assert!(id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'), "{id}");
    }

    #[test]
    fn a_case_is_assigned_until_it_is_resolved_once() {
        let now = Timestamp::UNIX_EPOCH;
        let case = Case::open(TenantId::new(now, [1; 10]), CaseKind::RefundFailed, "r", "", now);
        let (ada, obi) =
            (Actor::Key(KeyId::new(now, [2; 10])), Actor::Key(KeyId::new(now, [3; 10])));
        let note = Note::parse("counted twice").unwrap();
        let case = case.assign(ada).unwrap().assign(obi.clone()).unwrap();
        assert_eq!((case.version, &case.assignee), (3, &Some(obi.clone())));
        let case = case.resolve(obi.clone(), note.clone(), now).unwrap();
        assert_eq!((case.version, case.status), (4, CaseStatus::Resolved));
        assert_eq!(case.clone().assign(obi.clone()), Err(CaseRefused::Resolved));
        assert_eq!(case.resolve(obi, note, now), Err(CaseRefused::Resolved));
    }

    #[test]
    fn a_gap_is_one_case_that_follows_it_and_rests_once_it_is_explained() {
        let now = Timestamp::UNIX_EPOCH;
        let off = |expected, found| {
            let tenant = TenantId::new(now, [1; 10]);
            let case = Case::open(tenant, CaseKind::BalanceDiffers, "NGN", "", now);
            Case { expected: Some(expected), found: Some(found), ..case }
        };
        let (ada, note) = (Actor::Key(KeyId::new(now, [2; 10])), Note::ours("seen"));
        let case = off(10, 7);
        assert_eq!(case.clone().found_again(off(20, 17)), None, "the gap is the same");
        let wider = case.clone().assign(ada.clone()).unwrap().found_again(off(20, 16)).unwrap();
        assert_eq!(
            (wider.version, wider.found, &wider.assignee),
            (3, Some(16), &Some(ada.clone()))
        );
        let explained = case.clone().resolve(ada, note.clone(), now).unwrap();
        assert_eq!(explained.clone().found_again(off(20, 17)), None, "a person has explained it");
        let other = explained.found_again(off(20, 16)).unwrap();
        assert_eq!((other.status, other.resolution), (CaseStatus::Open, None));
        let closed = case.resolve(Actor::System, note, now).unwrap();
        assert_eq!(closed.found_again(off(10, 7)).unwrap().status, CaseStatus::Open);
    }
}
