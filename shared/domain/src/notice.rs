//! What somebody is to hear of: written into the outbox together with what happened, and sent from there.
//!
//! Deliberately absent: addresses. Who is reached, and how, is decided when a notice is sent, by what holds then.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::device::words;
use crate::id::{GuardId, GuardQrId, TenantId, TipId};
use crate::money::Money;

words! {
    /// What a notice is about: the `detail-type` on the bus behind its prefix.
    pub enum NoticeKind {
        /// A tip has arrived (T35).
        TipReceived = "tip_received",
        /// A tip, or a part of it, was paid back.
        TipReturned = "tip_returned",
        /// A guard is sent a code (T38).
        CodeSent = "code_sent",
        /// The account for a guard's payouts was changed.
        PayoutAccountChanged = "payout_account_changed",
    }
}

/// Something that happened and that a guard is told of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Whose guard it is.
    pub tenant: TenantId,
    /// Who is told.
    pub guard: GuardId,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub news: News,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum News {
    /// A tip has arrived.
    TipReceived {
        /// The tip.
        tip: TipId,
        /// What the guard is owed for it, after fees.
        net: Money,
        /// What the patron called itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        alias: Option<String>,
    },
    /// A tip, or a part of it, went back.
    TipReturned {
        /// The tip.
        tip: TipId,
        /// The refund, or the dispute's reference, that tells this return from others of the tip.
        cause: String,
        /// What the guard loses by it.
        net: Money,
    },
    /// A code is sent to its guard by mail.
    CodeSent {
        /// The code.
        code: GuardQrId,
        /// One request's own id, so that the same code can be sent again.
        request: String,
    },
    /// The account for the guard's payouts was changed.
    PayoutAccountChanged {
        /// The last four digits of the new one.
        last4: String,
        /// The guard's version with it, which tells this change from others.
        version: u64,
    },
}

impl Notice {
    /// What it is about.
    pub fn kind(&self) -> NoticeKind {
        match self.news {
            News::TipReceived { .. } => NoticeKind::TipReceived,
            News::TipReturned { .. } => NoticeKind::TipReturned,
            News::CodeSent { .. } => NoticeKind::CodeSent,
            News::PayoutAccountChanged { .. } => NoticeKind::PayoutAccountChanged,
        }
    }

    /// What it is told from others by: at most one message per channel goes out for it.
    pub fn subject(&self) -> String {
        match &self.news {
            News::TipReceived { tip, .. } => tip.to_string(),
            News::TipReturned { tip, cause, .. } => format!("{tip}:{cause}"),
            News::CodeSent { code, request } => format!("{code}:{request}"),
            News::PayoutAccountChanged { version, .. } => {
                format!("{}:account:{version}", self.guard)
            }
        }
    }
}
