//! GET /api/v1/redemptions/snapshot: all that a device needs to read codes while it is offline (V16): the public keys,
//! the signed status list, the rules of the business's vouchers, and the leases that the device holds.

use std::io::Write;

use adapters::table::{StoreError, Table};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::access::hex;
use domain::id::{BusinessId, TenantId};
use domain::lease::{Lease, LeaseStatus};
use domain::voucher::VoucherRefused;
use domain::voucher_token::{OpenJws, StatusBits, status};
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use utoipa::{IntoParams, ToSchema};
use web::Problem;
use web::input::Params;
use web::problem::ProblemBody;
use web::till::Till;

use crate::Deps;
use crate::lease::LeaseResponse;
use crate::rules::{VoucherRule, rules_of};

/// The list is signed anew so often even where nothing has changed, in seconds: a quarter of its life.
const SIGNED_EVERY_S: i64 = status::LIFE.as_secs() / 4;

/// For which business.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct SnapshotParams {
    /// The business; a device and a key that is bound to one need not say.
    business_id: Option<String>,
}

/// The business that the device works for.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct BusinessName {
    /// Its id.
    #[schema(value_type = String)]
    business_id: BusinessId,
    /// What it is called.
    name: String,
}

/// A token whose claims are text: with the base64url of `payload` in the middle it is the token that is verified.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SignedList {
    /// The header in base64url.
    protected: String,
    /// The claims as they were signed.
    payload: String,
    /// The signature in base64url.
    signature: String,
}

/// What does not depend on when it is asked for.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SnapshotFacts {
    /// Who issues the tokens.
    issuer: String,
    /// For which tenant.
    #[schema(value_type = String)]
    tenant_id: TenantId,
    /// For which business.
    business: BusinessName,
    /// The public keys (RFC 7517).
    #[schema(value_type = Object)]
    jwks: Value,
    /// The published vouchers of the business.
    vouchers: Vec<VoucherRule>,
    /// What the device holds.
    leases: Vec<LeaseResponse>,
}

/// What a device needs while it is offline.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SnapshotResponse {
    /// When it was put together.
    #[schema(value_type = String, format = DateTime)]
    issued_at: Timestamp,
    /// Until when the status list may be relied on.
    #[schema(value_type = String, format = DateTime)]
    valid_until: Timestamp,
    #[serde(flatten)]
    facts: SnapshotFacts,
    /// Which codes were taken back.
    status_list: Option<SignedList>,
}

/// What a device needs to redeem while it is offline. With `If-None-Match` it is sent only when something has changed.
#[utoipa::path(
    get,
    path = "/api/v1/redemptions/snapshot",
    tag = "vouchers",
    operation_id = "read_snapshot",
    params(SnapshotParams),
    responses(
        (status = 200, description = "Keys, status list, rules and leases; packed with gzip for whoever takes it", body = SnapshotResponse),
        (status = 304, description = "Nothing has changed"),
        (status = 404, description = "No such business", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["redemptions:write"]), ("device" = ["redemptions:write"]))
)]
pub(crate) async fn read_snapshot(
    State(deps): State<Deps>,
    till: Till,
    Params(params): Params<SnapshotParams>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let now = deps.ids.now();
    let business = till.business(&deps.table, params.business_id.as_deref()).await?;
    let facts = facts_of(&deps, &till, business, now).await?;
    let bits = deps.table.status_bits(&till.tenant).await?;
    let tag = tag_of(&facts, &bits, now);
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| *known == *tag) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
    }
    // The table's list has no more bytes than a tenant has places.
    let bits = StatusBits::from_bytes(bits).unwrap_or_default();
    let token = deps.signer.status_list(&bits, &till.tenant, now).await?;
    let status_list = OpenJws::of(&token).map(SignedList::from);
    let valid_until = now.saturating_add(status::LIFE).unwrap_or(now);
    let snapshot = SnapshotResponse { issued_at: now, valid_until, facts, status_list };
    Ok(packed(&snapshot, tag, &headers))
}

async fn facts_of(
    deps: &Deps,
    till: &Till,
    business: BusinessId,
    now: Timestamp,
) -> Result<SnapshotFacts, Problem> {
    let whose = (&till.tenant, &business);
    let found = deps.table.business(&till.tenant, &business).await?;
    let name = found.ok_or(VoucherRefused::UnknownBusiness)?.profile.name;
    let vouchers = rules_of(&deps.table, whose, now).await?;
    let leases = leases_of(&deps.table, till).await?;
    let jwks = deps.signer.keys().await?.jwks();
    Ok(SnapshotFacts {
        issuer: deps.signer.realm(&till.tenant).issuer().to_owned(),
        tenant_id: till.tenant.clone(),
        business: BusinessName { business_id: business, name },
        jwks,
        vouchers,
        leases,
    })
}

/// What the device holds; nobody else holds anything.
async fn leases_of(table: &Table, till: &Till) -> Result<Vec<LeaseResponse>, StoreError> {
    let Ok(device) = till.device() else { return Ok(Vec::new()) };
    let leases = table.leases_of_device(&till.tenant, device).await?;
    let open = leases.iter().filter(|lease: &&Lease| lease.status == LeaseStatus::Open);
    Ok(open.map(LeaseResponse::from).collect())
}

/// The same facts have the same tag, until the list has to be signed anew.
fn tag_of(facts: &SnapshotFacts, bits: &[u8], now: Timestamp) -> String {
    let mut digest = Sha256::new();
    // What serialises for the device serialises here.
    digest.update(serde_json::to_vec(facts).unwrap_or_default());
    digest.update(Sha256::digest(bits));
    digest.update(now.as_second().div_euclid(SIGNED_EVERY_S).to_be_bytes());
    format!("\"{}\"", &hex(&digest.finalize())[..32])
}

/// The answer, packed for whoever takes it so.
fn packed(snapshot: &SnapshotResponse, tag: String, headers: &HeaderMap) -> Response {
    let body = serde_json::to_vec(snapshot).unwrap_or_default();
    let json = HeaderValue::from_static("application/json");
    let kept = HeaderValue::from_static("private, no-cache");
    let vary = HeaderValue::from_static("accept-encoding, authorization");
    let plain = [(header::CONTENT_TYPE, json), (header::CACHE_CONTROL, kept), (header::VARY, vary)];
    let tag = [(header::ETAG, tag)];
    if !takes_gzip(headers) {
        return (plain, tag, body).into_response();
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    match encoder.write_all(&body).and_then(|()| encoder.finish()) {
        Ok(packed) => (plain, tag, [(header::CONTENT_ENCODING, "gzip")], packed).into_response(),
        // Memory takes every byte; were it not so, the plain answer is as good.
        Err(_) => (plain, tag, body).into_response(),
    }
}

fn takes_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    let mut codings = accepted.unwrap_or_default().split(',').map(str::trim);
    codings.any(|coding| coding.starts_with("gzip") && !coding.replace(' ', "").ends_with(";q=0"))
}

impl From<OpenJws> for SignedList {
    fn from(open: OpenJws) -> Self {
        let OpenJws { protected, payload, signature } = open;
        Self { protected, payload, signature }
    }
}
