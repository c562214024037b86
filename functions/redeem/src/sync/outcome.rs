//! What became of a redemption that a device has brought, and how it is told.

use domain::failure::Failure;
use domain::id::{RedemptionId, ScanId};
use domain::redemption::{Decided, Redemption};
use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::order::Order;
use crate::rejected::Rejected;
use crate::response::ByResponse;

/// How it ended.
#[derive(Clone, Debug)]
pub(super) enum Brought {
    /// It is redeemed.
    Accepted(Box<Decided>),
    /// It was brought before.
    Duplicate(Box<Redemption>),
    /// Another redemption stands in its place.
    Conflict(Box<Redemption>, Box<Rejected>),
    /// It is not redeemed.
    Refused(Box<Rejected>),
}

/// The word for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BroughtResult {
    /// It is redeemed.
    Accepted,
    /// It was brought before.
    Duplicate,
    /// Another redemption stands in its place.
    Conflict,
    /// It is not redeemed.
    Refused,
    /// Nothing is decided; bring it again.
    Retry,
}

/// What became of one.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct BroughtResponse {
    /// What the device calls it.
    id: String,
    /// How it ended. Only what is to be tried again is kept by the device.
    result: BroughtResult,
    /// The redemption that stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    redemption_id: Option<RedemptionId>,
    /// Who has made the one that stands in its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<ByResponse>,
    /// When that was, or when the code's time ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<Timestamp>,
    /// Why not: the code of the problem.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// The sentence for a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// After how many seconds another try makes sense.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_s: Option<u64>,
}

impl BroughtResponse {
    /// What became of the one of this name.
    pub(super) fn of(id: String, brought: &Brought) -> Self {
        let empty = Self::empty(id);
        match brought {
            Brought::Accepted(decided) => {
                let redemption_id = Some(decided.redemption.id.clone());
                Self { result: BroughtResult::Accepted, redemption_id, ..empty }
            }
            Brought::Duplicate(stood) => {
                let redemption_id = Some(stood.id.clone());
                Self { result: BroughtResult::Duplicate, redemption_id, ..empty }
            }
            Brought::Conflict(stood, rejected) => Self {
                result: BroughtResult::Conflict,
                redemption_id: Some(stood.id.clone()),
                by: Some((&stood.by).into()),
                at: Some(stood.at),
                ..empty.with(rejected)
            },
            Brought::Refused(rejected) => {
                let again = rejected.why.retry_after_s().is_some();
                let result = if again { BroughtResult::Retry } else { BroughtResult::Refused };
                Self { result, at: rejected.why.at(), ..empty.with(rejected) }
            }
        }
    }

    fn empty(id: String) -> Self {
        Self {
            id,
            result: BroughtResult::Retry,
            redemption_id: None,
            by: None,
            at: None,
            reason: None,
            detail: None,
            retry_after_s: None,
        }
    }

    fn with(self, rejected: &Rejected) -> Self {
        Self {
            reason: Some(rejected.why.code()),
            detail: Some(rejected.why.to_string()),
            retry_after_s: rejected.why.retry_after_s(),
            ..self
        }
    }
}

impl Brought {
    /// The refusal to be kept, where there is one.
    pub(super) fn rejected(&self) -> Option<&Rejected> {
        match self {
            Brought::Conflict(_, rejected) | Brought::Refused(rejected) => Some(rejected),
            Brought::Accepted(_) | Brought::Duplicate(_) => None,
        }
    }
}

/// The id of a refusal: the same redemption is refused for the same reason once, however often it is brought.
pub(super) fn refusal_id(order: &Order, named: &str, rejected: &Rejected) -> ScanId {
    let parts = [order.tenant.as_str(), order.business.as_str(), named, rejected.why.code()];
    let digest = Sha256::digest(parts.join("\u{1f}").as_bytes());
    let mut first = [0_u8; 16];
    first.copy_from_slice(&digest[..16]);
    ScanId::from_bytes(first)
}
