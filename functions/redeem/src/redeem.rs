//! POST /api/v1/redemptions: a business redeems a code, at most as often as its voucher allows (V10 to V14).

use axum::Json as Reply;
use axum::extract::State;
use axum::http::StatusCode;
use domain::id::RedemptionId;
use domain::redemption::{Decided, Wanted};
use web::idempotency::{Held, KeyRefused};
use web::problem::ProblemBody;
use web::till::Till;
use web::{Once, Problem, Stopped};

use crate::Deps;
use crate::code::{Known, read};
use crate::order::{Order, RedeemRequest};
use crate::rejected::Halt;
use crate::response::RedemptionResponse;
use crate::take::{Taken, take};

/// Redeems a code at a business, once per `Idempotency-Key`. A unique code is redeemed once; a code that many people
/// have takes one of the voucher's limit each time.
#[utoipa::path(
    post,
    path = "/api/v1/redemptions",
    tag = "vouchers",
    operation_id = "redeem_voucher",
    params(("Idempotency-Key" = String, Header, description = "A value of your own; a repetition redeems nothing twice")),
    request_body = RedeemRequest,
    responses(
        (status = 201, description = "Redeemed", body = RedemptionResponse),
        (status = 400, description = "No Idempotency-Key", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such code at this business, or no such business", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "Redeemed already, or as often as it may be, or not at the moment", body = ProblemBody, content_type = "application/problem+json"),
        (status = 410, description = "Expired or withdrawn", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "No code, or the customer or the amount is missing", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many wrong codes were typed in, or other codes are being typed in at this moment", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["redemptions:write"]), ("device" = ["redemptions:write"]))
)]
pub(crate) async fn redeem_voucher(
    State(deps): State<Deps>,
    till: Till,
    once: Once<RedeemRequest>,
) -> Result<(StatusCode, Reply<RedemptionResponse>), Stopped> {
    let order = Order::parse(&deps, &till, once.request).await?;
    match redeem(&deps, &order, &once.key).await {
        Ok((known, Taken::Done(decided))) => {
            told(&decided);
            let reply = RedemptionResponse::decided(&decided, &known.voucher);
            Ok((StatusCode::CREATED, Reply(reply)))
        }
        Ok((_, Taken::Stands | Taken::KeyLost)) => Err(KeyRefused::Running.into()),
        Err(Halt::Rejected(rejected)) => {
            rejected.keep(&deps, &order).await?;
            Err(rejected.why.into())
        }
        Err(Halt::Broken(problem)) => Err(Stopped::Refused(problem)),
    }
}

async fn redeem(deps: &Deps, order: &Order, key: &Held) -> Result<(Known, Taken), Halt> {
    let known = read(deps, order, order.at).await?;
    let wanted = wanted(order, &known, deps.ids.make(RedemptionId::new));
    let answer = |decided: &Decided| {
        let reply = RedemptionResponse::decided(decided, &known.voucher);
        Some(key.saving(StatusCode::CREATED, &reply))
    };
    let taken = take(deps, &known, &wanted, answer).await?;
    Ok((known, taken))
}

/// What an order wants of a code, under this id where the code has none of its own.
pub(crate) fn wanted(order: &Order, known: &Known, id: RedemptionId) -> Wanted {
    Wanted {
        id,
        code: known.code.clone(),
        business: order.business.clone(),
        customer: order.customer.clone(),
        amount: order.amount,
        by: order.by.clone(),
        at: order.at,
        offline: None,
    }
}

/// Counts a redemption and says that it was made.
pub(crate) fn told(decided: &Decided) {
    let redemption = &decided.redemption;
    let form = redemption.form.as_str();
    metrics::counter!("voucher_redemptions_total", "form" => form).increment(1);
    tracing::info!(
        event = "voucher_redeemed",
        voucher.id = %redemption.voucher,
        redemption.id = %redemption.id,
        "redeemed voucher `{}`",
        redemption.voucher
    );
}

/// A halt as a problem.
impl From<Halt> for Problem {
    fn from(halt: Halt) -> Self {
        match halt {
            Halt::Rejected(rejected) => rejected.why.into(),
            Halt::Broken(problem) => problem,
        }
    }
}
