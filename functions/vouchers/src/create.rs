//! POST /api/v1/vouchers: a draft with all its codes in one call (V18, V44), once per `Idempotency-Key`.

use adapters::table::Totals;
use axum::Json as Reply;
use axum::extract::State;
use axum::http::StatusCode;
use domain::id::{BusinessId, TenantId, VoucherId};
use domain::short_code::{ShortCode, StaticCode};
use domain::voucher::{
    Benefit, Design, Limits, Voucher, VoucherRefused, VoucherStatus, VoucherTerms, VoucherWishes,
};
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;
use web::guard::tenant_of;
use web::idempotency::KeyRefused;
use web::problem::ProblemBody;
use web::{Caller, Held, Once, Problem, Stopped, may};

use crate::Deps;
use crate::voucher::VoucherResponse;

/// So many short codes are drawn: each is taken less often than once in a thousand, even where a tenant has as many as
/// it can have.
const DRAWS_MAX: usize = 5;

/// What is wanted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateVoucherRequest {
    /// The business at which it is redeemed.
    #[schema(value_type = String)]
    business_id: BusinessId,
    /// A fixed code for mass-printed books, like `COFFEE10`: 4 to 20 letters, digits and dashes.
    #[serde(default)]
    static_code: Option<String>,
    /// What it is called: 1 to 80 characters.
    title: String,
    /// What it is for: at most 500 characters.
    #[serde(default)]
    description: String,
    /// Under which conditions: at most 2,000 characters.
    #[serde(default)]
    terms: String,
    /// What the holder gets.
    benefit: Benefit,
    /// From when on it is redeemed (RFC 3339); at once when absent.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    valid_from: Option<Timestamp>,
    /// From when on it is not redeemed any more (RFC 3339); at most 3,660 days from now.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// How often.
    #[serde(default)]
    limits: Limits,
    /// Whether a customer has to claim it first.
    #[serde(default)]
    claim_required: bool,
    /// Within how many seconds a redemption can be taken back: 900 when absent, at most a week.
    #[serde(default)]
    rollback_s: Option<u32>,
    /// How its codes look.
    #[serde(default)]
    design: Design,
}

impl CreateVoucherRequest {
    /// What it is. Its fields are not flattened into the request: a reader of flattened ones cannot name a wrong one.
    fn split(self) -> (BusinessId, Option<String>, VoucherWishes) {
        let Self { business_id, static_code, title, description, terms, benefit, .. } = self;
        let Self { valid_from, expires_at, limits, claim_required, rollback_s, design, .. } = self;
        let wishes = VoucherWishes {
            title,
            description,
            terms,
            benefit,
            valid_from,
            expires_at,
            limits,
            claim_required,
            rollback_s,
            design,
        };
        (business_id, static_code, wishes)
    }
}

/// Makes a draft with its codes: a signed one for a QR code, a short one to type, and a fixed one where it is asked
/// for. Nobody sees it before it is published. Needs an `Idempotency-Key`.
#[utoipa::path(
    post,
    path = "/api/v1/vouchers",
    tag = "vouchers",
    operation_id = "create_voucher",
    params(("Idempotency-Key" = String, Header, description = "A value of your own; a repetition makes no second voucher")),
    request_body = CreateVoucherRequest,
    responses(
        (status = 201, description = "The draft with its codes", body = VoucherResponse),
        (status = 400, description = "No Idempotency-Key", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such business", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "Another voucher has the fixed code, or the same request is still running", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A voucher that breaks a rule", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["vouchers:write"]))
)]
pub(crate) async fn create_voucher(
    State(deps): State<Deps>,
    caller: Caller<may::VouchersWrite>,
    once: Once<CreateVoucherRequest>,
) -> Result<(StatusCode, Reply<VoucherResponse>), Stopped> {
    let (business_id, static_code, wishes) = once.request.split();
    let terms = wishes.check(deps.ids.now())?;
    let fixed = static_code.as_deref().map(StaticCode::parse).transpose()?;
    let business = deps.table.business(&caller.tenant, &business_id).await?;
    let business = business.ok_or(VoucherRefused::UnknownBusiness)?.id;
    let voucher = draft(&deps, &caller.tenant, (business, terms, fixed)).await?;
    let reply = insert(&deps, voucher, &once.key).await?;
    Ok((StatusCode::CREATED, Reply(reply)))
}

/// Writes the draft with its codes; where its short code is taken, with another one.
async fn insert(deps: &Deps, draft: Voucher, key: &Held) -> Result<VoucherResponse, Problem> {
    let mut voucher = draft;
    for _ in 0..DRAWS_MAX {
        let reply = VoucherResponse::of(&voucher, deps.ids.now(), None, &Totals::default());
        let reply = reply.with_codes(deps, &voucher).await?;
        let answer = key.saving(StatusCode::CREATED, &reply);
        match deps.table.insert_voucher(&voucher, answer).await? {
            Ok(()) => {
                tracing::info!(event = "voucher_created", voucher.id = %voucher.id, "made voucher `{}`", voucher.id);
                return Ok(reply);
            }
            Err(VoucherRefused::CodeTaken) => voucher = redrawn(deps, voucher).await?,
            // A new voucher cannot have been changed: somebody else has taken the claim over.
            Err(VoucherRefused::Changed) => return Err(KeyRefused::Running.into()),
            Err(refused) => return Err(refused.into()),
        }
    }
    Err(VoucherRefused::CodeTaken.into())
}

async fn draft(
    deps: &Deps,
    tenant: &TenantId,
    (business, terms, fixed): (BusinessId, VoucherTerms, Option<StaticCode>),
) -> Result<Voucher, Problem> {
    let zone = tenant_of(&deps.table, tenant).await?.settings.payouts.time_zone;
    Ok(Voucher {
        id: deps.ids.make(VoucherId::new),
        tenant: tenant.clone(),
        business,
        terms,
        status: VoucherStatus::Draft,
        index: deps.table.take_status_places(tenant, 1).await?,
        short: ShortCode::generate(deps.ids.bytes()),
        fixed,
        zone,
        limited: Vec::new(),
        created_at: deps.ids.now(),
        version: 1,
    })
}

/// The voucher with another short code.
///
/// # Errors
/// [`VoucherRefused::CodeTaken`] where it is the fixed one that another voucher has.
async fn redrawn(deps: &Deps, voucher: Voucher) -> Result<Voucher, Problem> {
    if let Some(fixed) = &voucher.fixed
        && deps.table.typed_code(&voucher.tenant, fixed.as_str()).await?.is_some()
    {
        return Err(VoucherRefused::CodeTaken.into());
    }
    Ok(Voucher { short: ShortCode::generate(deps.ids.bytes()), ..voucher })
}
