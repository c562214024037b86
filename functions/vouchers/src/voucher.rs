//! GET /api/v1/vouchers and /api/v1/vouchers/{voucher_id}: what vouchers are, what is left of them and how often they
//! were seen (V19, V31).

use adapters::table::{Counted, Totals};
use axum::Json as Reply;
use axum::extract::State;
use domain::id::{BusinessId, TenantId, VoucherId};
use domain::page::PageSize;
use domain::scan::CodeSubject;
use domain::tally::{fact, name};
use domain::voucher::{
    Benefit, Design, Limits, Voucher, VoucherRefused, VoucherState, VoucherTerms, VoucherText,
};
use futures::future::try_join_all;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::input::{Params, VoucherPath};
use web::problem::ProblemBody;
use web::{BusinessReader, Problem, may};

use crate::Deps;
use crate::codes::{self, VoucherCodeResponse};

/// What the cursors of this list are sealed for.
const LIST: &str = "vouchers";

/// A voucher.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VoucherResponse {
    /// Its id.
    #[schema(value_type = String)]
    voucher_id: VoucherId,
    /// Where it is redeemed.
    #[schema(value_type = String)]
    business_id: BusinessId,
    /// What it is now.
    state: VoucherState,
    /// What it is called.
    title: String,
    /// What it is for.
    description: String,
    /// Under which conditions.
    terms: String,
    /// What the holder gets.
    benefit: Benefit,
    /// From when on it is redeemed.
    #[schema(value_type = String, format = DateTime)]
    valid_from: Timestamp,
    /// From when on it is not redeemed any more.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// How often.
    limits: Limits,
    /// Whether a customer has to claim it first.
    claim_required: bool,
    /// Within how many seconds a redemption can be taken back.
    rollback_s: u32,
    /// How its codes look.
    design: Design,
    /// What is left of its limit, without what printings have of their own; absent without a limit and for a draft.
    #[serde(skip_serializing_if = "Option::is_none")]
    left: Option<u32>,
    /// How often people have scanned it.
    scan_count: i64,
    /// How often it was claimed.
    claim_count: i64,
    /// How often it was shown to somebody: scans, and previews of its link.
    impressions: i64,
    /// Its codes; lists leave them out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    codes: Vec<VoucherCodeResponse>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Counts the changes.
    version: u64,
}

/// A page of vouchers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VouchersResponse {
    /// The vouchers, newest first.
    vouchers: Vec<VoucherResponse>,
    /// For the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct VouchersParams {
    /// The cursor that the page before gave.
    cursor: Option<String>,
    /// How many entries, 1 to 100.
    limit: Option<u32>,
}

impl VoucherResponse {
    /// A voucher of which this much is left and this was counted.
    pub(crate) fn of(
        voucher: &Voucher,
        now: Timestamp,
        left: Option<u32>,
        counted: &Totals,
    ) -> Self {
        let VoucherTerms { text, benefit, valid_from, expires_at, limits, .. } = &voucher.terms;
        let VoucherText { title, description, terms } = text.clone();
        let count = |name: &str| counted.counts.get(name).copied().unwrap_or(0);
        Self {
            voucher_id: voucher.id.clone(),
            business_id: voucher.business.clone(),
            state: voucher.state(now, left),
            title,
            description,
            terms,
            benefit: benefit.clone(),
            valid_from: *valid_from,
            expires_at: *expires_at,
            limits: *limits,
            claim_required: voucher.terms.claim_required,
            rollback_s: voucher.terms.rollback_s,
            design: voucher.terms.design.clone(),
            left,
            scan_count: counted.scans(),
            claim_count: count(fact::CLAIMS),
            impressions: counted.scans().saturating_add(count(name::PREVIEWS)),
            codes: Vec::new(),
            created_at: voucher.created_at,
            version: voucher.version,
        }
    }

    /// The same with the voucher's codes.
    pub(crate) async fn with_codes(self, deps: &Deps, voucher: &Voucher) -> Result<Self, Problem> {
        let codes = codes::all(&deps.signer, voucher, deps.ids.now()).await?;
        Ok(Self { codes, ..self })
    }
}

/// The tenant's voucher.
pub(crate) async fn load(
    deps: &Deps,
    tenant: &TenantId,
    id: &VoucherId,
) -> Result<Voucher, Problem> {
    Ok(deps.table.voucher_of(tenant, id).await?.ok_or(VoucherRefused::Unknown)?)
}

/// A voucher with what is known of it beside it.
pub(crate) async fn shown(deps: &Deps, voucher: &Voucher) -> Result<VoucherResponse, Problem> {
    let counted = deps.table.totals(&counted(voucher)).await?;
    let left = left(deps, voucher).await?;
    Ok(VoucherResponse::of(voucher, deps.ids.now(), left, &counted))
}

fn counted(voucher: &Voucher) -> Counted {
    Counted::Code(voucher.tenant.clone(), CodeSubject::Voucher(voucher.id.clone()))
}

/// A voucher gets its counters when it is published for the first time.
async fn left(deps: &Deps, voucher: &Voucher) -> Result<Option<u32>, Problem> {
    match voucher.was_published() {
        true => Ok(deps.table.voucher_left(voucher).await?),
        false => Ok(None),
    }
}

/// One voucher with its codes.
#[utoipa::path(
    get,
    path = "/api/v1/vouchers/{voucher_id}",
    tag = "vouchers",
    operation_id = "read_voucher",
    params(("voucher_id" = String, Path, description = "The voucher")),
    responses(
        (status = 200, description = "The voucher", body = VoucherResponse),
        (status = 404, description = "No such voucher", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["vouchers:read"]))
)]
pub(crate) async fn read_voucher(
    State(deps): State<Deps>,
    reader: BusinessReader<may::VouchersRead>,
    VoucherPath(id): VoucherPath,
) -> Result<Reply<VoucherResponse>, Problem> {
    let voucher = load(&deps, &reader.tenant, &id).await?;
    if !reader.may_see(&voucher.business) {
        return Err(VoucherRefused::Unknown.into());
    }
    Ok(Reply(shown(&deps, &voucher).await?.with_codes(&deps, &voucher).await?))
}

/// The tenant's vouchers.
#[utoipa::path(
    get,
    path = "/api/v1/vouchers",
    tag = "vouchers",
    operation_id = "list_vouchers",
    params(VouchersParams),
    responses(
        (status = 200, description = "A page of vouchers", body = VouchersResponse),
        (status = 422, description = "A limit or cursor that is not valid", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["vouchers:read"]))
)]
pub(crate) async fn list_vouchers(
    State(deps): State<Deps>,
    reader: BusinessReader<may::VouchersRead>,
    Params(params): Params<VouchersParams>,
) -> Result<Reply<VouchersResponse>, Problem> {
    let size = PageSize::parse(params.limit)?;
    let owner = reader.tenant.as_str();
    let from = deps.seal.position(owner, LIST, params.cursor.as_deref()).await?;
    let mut page = deps.table.vouchers_of_tenant(&reader.tenant, size, from.as_ref()).await?;
    let next_cursor = match &page.next {
        Some(next) => Some(deps.seal.cursor(owner, LIST, next).await?),
        None => None,
    };
    page.entries.retain(|voucher| reader.may_see(&voucher.business));
    Ok(Reply(VouchersResponse { vouchers: all_shown(&deps, &page.entries).await?, next_cursor }))
}

async fn all_shown(deps: &Deps, vouchers: &[Voucher]) -> Result<Vec<VoucherResponse>, Problem> {
    let now = deps.ids.now();
    let subjects: Vec<Counted> = vouchers.iter().map(counted).collect();
    let mut totals = deps.table.totals_of(&subjects).await?;
    let lefts = try_join_all(vouchers.iter().map(|voucher| left(deps, voucher))).await?;
    let each = vouchers.iter().zip(&subjects).zip(lefts);
    let shown = each.map(|((voucher, subject), left)| {
        let counted = totals.remove(subject).unwrap_or_default();
        VoucherResponse::of(voucher, now, left, &counted)
    });
    Ok(shown.collect())
}
