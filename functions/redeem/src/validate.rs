//! POST /api/v1/redemptions/validate: what a code stands for, and whether it would be redeemed now (V21). Nothing is
//! redeemed and no attempt is kept; a wrong code that is typed in is counted like any other, and so is each refusal.
//!
//! Deliberately absent: a scan event. Scans are what customers do (V9, V13), and figures relate redemptions to them: a
//! till that looks before it redeems would count as its own customer.

use axum::Json as Reply;
use axum::extract::State;
use domain::customer::CustomerId;
use domain::failure::Failure;
use domain::id::{BatchId, RedemptionId};
use domain::money::Currency;
use domain::redemption::{CodeForm, CodeRead, Found, RedeemRefused, RedemptionStatus, Wanted};
use domain::voucher::Benefit;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use web::Problem;
use web::input::Json;
use web::problem::ProblemBody;
use web::till::Till;

use crate::Deps;
use crate::code::{Known, read};
use crate::order::{Order, RedeemRequest};
use crate::redeem::wanted;
use crate::rejected::{Halt, Refusal};
use crate::response::VoucherView;
use crate::take::find;

/// The field of the amount that is taken of a gift.
const AMOUNT: &str = "amount";

/// Why a code would not be redeemed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReasonResponse {
    /// The code of the problem that redeeming it would be answered with.
    code: &'static str,
    /// The sentence for a person.
    detail: String,
    /// When it was redeemed, begins or ended, where that is the reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<Timestamp>,
    /// After how many seconds another try makes sense.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_s: Option<u64>,
}

/// What a code stands for.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct ValidationResponse {
    /// Whether it would be redeemed now, as it was asked.
    redeemable: bool,
    /// All fields that have to be added; everything else was found good, as far as it could be looked at without them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    needs: Vec<String>,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<ReasonResponse>,
    /// How the code was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    form: Option<CodeForm>,
    /// The voucher.
    #[serde(skip_serializing_if = "Option::is_none")]
    voucher: Option<VoucherView>,
    /// Of which printing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    batch_id: Option<BatchId>,
    /// Whose, where the code or the request says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    customer_id: Option<CustomerId>,
    /// What is left of a gift, in minor units; nothing where that depends on a customer whom nobody has named.
    #[serde(skip_serializing_if = "Option::is_none")]
    gift_left: Option<i64>,
    /// Its currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<Currency>,
}

/// Looks at a code without redeeming it.
#[utoipa::path(
    post,
    path = "/api/v1/redemptions/validate",
    tag = "vouchers",
    operation_id = "validate_code",
    request_body = RedeemRequest,
    responses(
        (status = 200, description = "What it stands for, and whether it would be redeemed", body = ValidationResponse),
        (status = 404, description = "No such business", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field that is not valid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Other codes are being typed in at this moment; try again", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["redemptions:write"]), ("device" = ["redemptions:write"]))
)]
pub(crate) async fn validate_code(
    State(deps): State<Deps>,
    till: Till,
    Json(request): Json<RedeemRequest>,
) -> Result<Reply<ValidationResponse>, Problem> {
    let order = Order::parse(&deps, &till, request).await?;
    let known = match read(&deps, &order, order.at).await {
        Ok(known) => known,
        Err(Halt::Rejected(rejected)) => {
            let form = rejected.form;
            let looked = ValidationResponse { form, ..ValidationResponse::default() };
            return Ok(Reply(looked.with(&rejected.why)));
        }
        Err(Halt::Broken(problem)) => return Err(problem),
    };
    let looked = ValidationResponse::of(&known, &order);
    if known.voucher.business != order.business {
        // A voucher of another business is none of this one's business.
        let looked = ValidationResponse { form: looked.form, ..ValidationResponse::default() };
        return Ok(Reply(looked.with(&RedeemRefused::OtherBusiness.into())));
    }
    Ok(Reply(judge(&deps, &order, &known, looked).await?))
}

/// Adds the verdict to what was looked at.
async fn judge(
    deps: &Deps,
    order: &Order,
    known: &Known,
    looked: ValidationResponse,
) -> Result<ValidationResponse, Problem> {
    let gift = gift_of(known);
    let wanted = wanted(order, known, deps.ids.make(RedemptionId::new));
    let without_amount = gift.is_some() && wanted.amount.is_none();
    // The least amount finds whatever else stands in the way.
    let wanted = Wanted { amount: wanted.amount.or(without_amount.then_some(1)), ..wanted };
    let found = match find(deps, known, &wanted).await {
        Ok(found) => found,
        Err(Halt::Rejected(rejected)) => return Ok(looked.with(&rejected.why)),
        Err(Halt::Broken(problem)) => return Err(problem),
    };
    let gift_left = gift.and_then(|(whole, _)| left_of(known, &found, whole));
    let looked =
        ValidationResponse { gift_left, currency: gift.map(|(_, currency)| currency), ..looked };
    let decided = match wanted.decide(found) {
        Ok(decided) => decided,
        Err(RedeemRefused::CustomerNeeded) if without_amount => {
            let mut looked = looked.with(&RedeemRefused::CustomerNeeded.into());
            looked.needs.push(AMOUNT.to_owned());
            return Ok(looked);
        }
        Err(why) => return Ok(looked.with(&why.into())),
    };
    if decided.unique {
        let stood = deps.table.redemption(&order.tenant, &decided.redemption.id).await?;
        if let Some(stood) = stood.filter(|stood| stood.status == RedemptionStatus::Redeemed) {
            return Ok(looked.with(&RedeemRefused::AlreadyRedeemed { at: stood.at }.into()));
        }
    }
    if decided.redemption.counted {
        let batch = decided.redemption.batch.as_ref().filter(|_| known.is_limited());
        let limit = deps.table.limit_stands_in_the_way(&known.voucher, batch, order.at).await?;
        if let Some(why) = limit {
            return Ok(looked.with(&why.into()));
        }
    }
    match without_amount {
        true => Ok(looked.with(&RedeemRefused::AmountNeeded.into())),
        false => Ok(ValidationResponse { redeemable: true, ..looked }),
    }
}

/// What is left of a gift, in minor units: a printed code has a balance of its own, any other one its customer's.
fn left_of(known: &Known, found: &Found, whole: i64) -> Option<i64> {
    match known.code {
        CodeRead::Print { .. } => Some(found.balance.map_or(whole, |balance| balance.left)),
        CodeRead::User { .. } | CodeRead::Shared(_) => found.claim.as_ref()?.left,
    }
}

/// What a gift begins with, and its currency.
fn gift_of(known: &Known) -> Option<(i64, Currency)> {
    match known.voucher.terms.benefit {
        Benefit::GiftBalance { minor, currency } => Some((minor, currency)),
        Benefit::Percentage { .. } | Benefit::Amount { .. } | Benefit::FreeItem { .. } => None,
    }
}

impl ValidationResponse {
    fn of(known: &Known, order: &Order) -> Self {
        let of_code = match &known.code {
            CodeRead::User { customer, .. } => Some(customer.clone()),
            _ => None,
        };
        Self {
            form: Some(known.code.form()),
            voucher: Some(VoucherView::of(&known.voucher, order.at)),
            batch_id: known.batch.as_ref().map(|batch| batch.id.clone()),
            customer_id: of_code.or_else(|| order.customer.clone()),
            ..Self::default()
        }
    }

    /// The same, refused.
    fn with(self, why: &Refusal) -> Self {
        metrics::counter!("voucher_validations_refused_total", "reason" => why.code()).increment(1);
        let reason = ReasonResponse {
            code: why.code(),
            detail: why.to_string(),
            at: why.at(),
            retry_after_s: why.retry_after_s(),
        };
        let needs = why.fields().into_iter().filter(|error| error.code.ends_with("_needed"));
        let needs: Vec<String> = needs.map(|error| error.field).collect();
        if needs.is_empty() {
            // Whoever tries codes out looks at them first, so the alarm counts these as well (V38, V40).
            metrics::counter!("voucher_refused_total").increment(1);
        }
        Self { redeemable: false, needs, reason: Some(reason), ..self }
    }
}
