//! A case for a person: something about money that does not fit, kept until somebody has explained it.
//!
//! Deliberately absent: a verdict. Nothing is posted for a case until a person decides.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::device::words;
use crate::id::{TenantId, TipId};
use crate::tip::Mismatch;

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
    /// Told from others by kind, reference and what is wrong, so that a repetition opens no second one.
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
        Self {
            id: format!("{kind}:{reference}:{cause}"),
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
        }
    }
}
