//! POST /api/v1/redemptions/sync: what a device has redeemed while it was offline. Each is taken in once, in whatever
//! order, parts and repetitions they come: the record of a redemption has an id that follows from the code, or from
//! what the device calls it, and must not be there.
//!
//! With a lease that covers its instant a redemption is spent out of the lease; without one it is taken from the limit
//! as if it were made now. What does not fit any more is kept as a refusal and never counted.

mod bring;
mod outcome;

use axum::Json as Reply;
use axum::extract::State;
use domain::customer::CustomerId;
use domain::failure::{FieldError, InvalidFields};
use domain::id::{InvalidId, LeaseId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::Problem;
use web::input::Json;
use web::problem::ProblemBody;
use web::till::Till;

use crate::Deps;
use bring::bring;
use outcome::BroughtResponse;

/// Redemptions of one request at most.
const BROUGHT_MAX: usize = 100;
/// The longest name that a device gives a redemption, in bytes.
const NAME_MAX_BYTES: usize = 64;

/// A redemption that a device has made.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfflineRequest {
    /// What the device calls it: 1 to 64 letters, digits, dots, dashes and underscores, the same each time it is sent.
    id: String,
    /// What was scanned or typed in.
    code: String,
    /// When, by the device's clock (RFC 3339).
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Out of which lease.
    #[serde(default)]
    lease_id: Option<String>,
    /// Whose voucher.
    #[serde(default)]
    customer_id: Option<String>,
    /// How much of a gift balance, in minor units.
    #[serde(default)]
    amount: Option<i64>,
}

/// What a device brings.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SyncRequest {
    /// The redemptions, 1 to 100.
    redemptions: Vec<OfflineRequest>,
}

/// What became of them.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SyncResponse {
    /// One for each, in the order of the request.
    results: Vec<BroughtResponse>,
}

/// Takes in what a device has redeemed while it was offline. It may be sent again, in whole or in part.
#[utoipa::path(
    post,
    path = "/api/v1/redemptions/sync",
    tag = "vouchers",
    operation_id = "sync_redemptions",
    request_body = SyncRequest,
    responses(
        (status = 200, description = "What became of each", body = SyncResponse),
        (status = 422, description = "Too many, or a name that is none", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["redemptions:write"]), ("device" = ["redemptions:write"]))
)]
pub(crate) async fn sync_redemptions(
    State(deps): State<Deps>,
    till: Till,
    Json(request): Json<SyncRequest>,
) -> Result<Reply<SyncResponse>, Problem> {
    till.device()?;
    request.check()?;
    let business = till.business(&deps.table, None).await?;
    let mut results = Vec::with_capacity(request.redemptions.len());
    for one in request.redemptions {
        results.push(bring(&deps, &till, &business, one).await?);
    }
    Ok(Reply(SyncResponse { results }))
}

impl SyncRequest {
    fn check(&self) -> Result<(), InvalidFields> {
        let mut errors = Vec::new();
        if !(1..=BROUGHT_MAX).contains(&self.redemptions.len()) {
            let detail = format!("bring 1 to {BROUGHT_MAX} redemptions at once");
            errors.push(FieldError::new("redemptions", "out_of_range", detail));
        }
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        for (number, one) in self.redemptions.iter().take(BROUGHT_MAX).enumerate() {
            let fine = (1..=NAME_MAX_BYTES).contains(&one.id.len()) && one.id.bytes().all(allowed);
            if !fine {
                let detail = "it has 1 to 64 letters, digits, dots, dashes and underscores";
                let field = format!("redemptions[{number}].id");
                errors.push(FieldError::new(field, "invalid_id", detail));
            }
            // What cannot be read is named: without it the redemption would be counted as another one.
            let wrong = |name: &str, invalid: InvalidId| {
                let field = format!("redemptions[{number}].{name}");
                FieldError::new(field, "invalid_id", invalid.to_string())
            };
            let customer = one.customer_id.as_deref().map(CustomerId::parse);
            errors.extend(customer.and_then(Result::err).map(|why| wrong("customer_id", why)));
            let lease = one.lease_id.as_deref().map(LeaseId::parse);
            errors.extend(lease.and_then(Result::err).map(|why| wrong("lease_id", why)));
        }
        if errors.is_empty() { Ok(()) } else { Err(InvalidFields(errors)) }
    }
}
