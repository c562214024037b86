//! POST /api/v1/vouchers/{voucher_id}/revocations: takes codes back, or makes them good again (V15). The tenant's
//! status list has a bit for each code; devices read it with their next snapshot, the table knows at once.

use axum::Json as Reply;
use axum::extract::State;
use domain::audit::{Facts, Note, Operation};
use domain::campaign::BatchRefused;
use domain::customer::CustomerId;
use domain::failure::{Failure, FieldError, InvalidFields, Kind};
use domain::id::BatchId;
use domain::short_code::ShortCode;
use domain::voucher::Voucher;
use domain::voucher_token::{TokenKind, Verifier};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use web::input::{Json, VoucherPath};
use web::problem::ProblemBody;
use web::{Caller, Problem, may};

use crate::Deps;
use crate::voucher::load;

/// The most codes, or customers, of one request.
const NAMED_MAX: usize = 100;

/// Which codes: exactly one of the three.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RevocationRequest {
    /// Codes of this voucher as a scanner or a keyboard brings them, at most 100.
    #[serde(default)]
    codes: Option<Vec<String>>,
    /// All codes of one printing.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    batch_id: Option<BatchId>,
    /// What these customers hold of the voucher; at most 100.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    customer_ids: Option<Vec<CustomerId>>,
    /// Whether they are to be good again.
    #[serde(default)]
    restore: bool,
    /// Why, for the audit trail.
    #[serde(default)]
    note: Option<String>,
}

/// What was done.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RevocationResponse {
    /// How many codes were taken back, or are good again.
    codes: u32,
    /// Whether they are good.
    restored: bool,
}

/// Why no code is taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum RevokeRefused {
    /// One of the codes is none of this voucher.
    #[error("code number {0} is none of this voucher: nothing was changed")]
    UnknownCode(usize),
    /// One of the customers has nothing of this voucher.
    #[error("customer number {0} has not claimed this voucher: nothing was changed")]
    UnknownCustomer(usize),
}

impl Failure for RevokeRefused {
    fn kind(&self) -> Kind {
        Kind::Missing
    }

    fn code(&self) -> &'static str {
        match self {
            RevokeRefused::UnknownCode(_) => "voucher_code_unknown",
            RevokeRefused::UnknownCustomer(_) => "voucher_not_claimed",
        }
    }
}

/// Takes codes of a voucher back, or makes them good again. Doing it twice does no harm. The voucher's own code, short
/// code and fixed code are one: they are taken back together.
#[utoipa::path(
    post,
    path = "/api/v1/vouchers/{voucher_id}/revocations",
    tag = "vouchers",
    operation_id = "revoke_codes",
    params(("voucher_id" = String, Path, description = "The voucher")),
    request_body = RevocationRequest,
    responses(
        (status = 200, description = "It is done", body = RevocationResponse),
        (status = 404, description = "No such voucher, code, printing or claim; nothing was changed", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "None of the three, or more than one", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["vouchers:write"]))
)]
pub(crate) async fn revoke_codes(
    State(deps): State<Deps>,
    caller: Caller<may::VouchersWrite>,
    VoucherPath(id): VoucherPath,
    Json(request): Json<RevocationRequest>,
) -> Result<Reply<RevocationResponse>, Problem> {
    let (restored, note) = (request.restore, note(request.note.as_deref())?);
    let voucher = load(&deps, &caller.tenant, &id).await?;
    let places = places(&deps, &voucher, request).await?;
    let codes = u32::try_from(places.len()).unwrap_or(u32::MAX);
    let operation = match restored {
        false => Operation::VoucherCodesRevoked,
        true => Operation::VoucherCodesRestored,
    };
    let mut change = caller.change(operation, id.as_str(), deps.ids.now());
    let ends = (places.iter().min(), places.iter().max());
    change.after = Facts::of(&json!({ "codes": codes, "first": ends.0, "last": ends.1 }));
    change.note = note;
    deps.table.commit_status(&change, &places, !restored).await?;
    Ok(Reply(RevocationResponse { codes, restored }))
}

fn note(text: Option<&str>) -> Result<Option<Note>, InvalidFields> {
    text.map(Note::parse).transpose()
}

/// The places of the codes in the status list.
async fn places(
    deps: &Deps,
    voucher: &Voucher,
    request: RevocationRequest,
) -> Result<Vec<u32>, Problem> {
    match (request.codes, request.batch_id, request.customer_ids) {
        (Some(codes), None, None) => of_codes(deps, voucher, bounded("codes", codes)?).await,
        (None, Some(batch), None) => {
            let batch = deps.table.batch(&voucher.id, &batch).await?;
            let batch = batch.ok_or(BatchRefused::Unknown)?;
            Ok((0..batch.count).map(|number| batch.index(number)).collect())
        }
        (None, None, Some(ids)) => of_customers(deps, voucher, bounded("customer_ids", ids)?).await,
        _ => {
            let detail = "give codes, batch_id or customer_ids, and only one of them";
            Err(InvalidFields(vec![FieldError::new("codes", "one_of_three", detail)]).into())
        }
    }
}

fn bounded<T>(field: &str, named: Vec<T>) -> Result<Vec<T>, InvalidFields> {
    if (1..=NAMED_MAX).contains(&named.len()) {
        return Ok(named);
    }
    let detail = format!("{field} has 1 to {NAMED_MAX} entries");
    Err(InvalidFields(vec![FieldError::new(field, "out_of_range", detail)]))
}

async fn of_codes(deps: &Deps, voucher: &Voucher, codes: Vec<String>) -> Result<Vec<u32>, Problem> {
    let verifier = deps.signer.verifier(&voucher.tenant).await?;
    let mut places = Vec::with_capacity(codes.len());
    for (number, code) in (1..).zip(&codes) {
        let place = match of_token(deps, &verifier, voucher, code) {
            Some(place) => Some(place),
            None => of_typed(deps, voucher, code).await?,
        };
        places.push(place.ok_or(RevokeRefused::UnknownCode(number))?);
    }
    Ok(places)
}

/// The place of a token of this voucher, also of one whose time is over.
fn of_token(deps: &Deps, verifier: &Verifier, voucher: &Voucher, code: &str) -> Option<u32> {
    let read = verifier.verify(code, &TokenKind::ALL, None, deps.ids.now());
    let claims = match &read {
        Ok(claims) => Some(claims),
        Err(refused) => refused.claims(),
    };
    claims.filter(|claims| claims.voucher == voucher.id).map(|claims| claims.index.get())
}

async fn of_typed(deps: &Deps, voucher: &Voucher, code: &str) -> Result<Option<u32>, Problem> {
    let code = match ShortCode::parse(code) {
        Ok(short) => short.as_str().to_owned(),
        Err(_) => code.trim().to_ascii_uppercase(),
    };
    // A key has no room for more, and no code is longer.
    if code.len() > NAMED_MAX {
        return Ok(None);
    }
    let found = deps.table.typed_code(&voucher.tenant, &code).await?;
    let found = found.filter(|found| found.voucher == voucher.id);
    Ok(found.map(|found| found.printed.map_or(voucher.index, |(_, place)| place)))
}

async fn of_customers(
    deps: &Deps,
    voucher: &Voucher,
    customers: Vec<CustomerId>,
) -> Result<Vec<u32>, Problem> {
    let mut places = Vec::with_capacity(customers.len());
    for (number, customer) in (1..).zip(&customers) {
        let claim = deps.table.claim_of(&voucher.tenant, customer, &voucher.id).await?;
        let held = claim.filter(|claim| claim.claimed_at.is_some());
        let place = held.map(|claim| claim.index);
        places.push(place.ok_or(RevokeRefused::UnknownCustomer(number))?);
    }
    Ok(places)
}
