//! POST /api/v1/tips/{tip_id}/refund: pays a tip back to the patron, all of it or a part, once per `Idempotency-Key`.
//!
//! The refund is written down on the tip before Paystack is asked, under an id that follows from the request. So a
//! request that died in between and comes again goes on with the same refund; it never asks Paystack a second time,
//! because nobody knows whether the first time has arrived. Whoever looks at the tip later finds out: see `payments`.

use adapters::paystack::{PaystackError, RefundWish};
use axum::Json as Reply;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use domain::audit::{AuditChange, Facts, Operation};
use domain::failure::{Failure, Kind};
use domain::id::{RefundId, TipId};
use domain::money::{Currency, Money};
use domain::tip::{Payment, RefundAsked, RefundWanted, Tip, TipRefused};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use web::idempotency::IDEMPOTENCY_KEY;
use web::problem::ProblemBody;
use web::{Caller, Once, Problem, Stopped, may};

use crate::Deps;
use crate::tip::{TipPath, load};

/// How often the refund is written down anew because the tip has changed.
const TRIES_MAX: u32 = 8;

/// What is to be paid back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefundRequest {
    /// Minor units (kobo); all that is left when absent.
    #[serde(default)]
    amount: Option<i64>,
    /// Why, in at most 200 characters; Paystack tells the patron.
    #[serde(default)]
    reason: Option<String>,
}

/// A refund that is under way.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RefundResponse {
    /// Its id.
    #[schema(value_type = String)]
    refund_id: RefundId,
    /// The tip.
    #[schema(value_type = String)]
    tip_id: TipId,
    /// Minor units (kobo).
    amount: i64,
    /// ISO 4217.
    currency: Currency,
    /// `pending` until Paystack has processed it, `processed` then.
    status: RefundStatus,
}

/// How far a refund is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum RefundStatus {
    /// Paystack is at it.
    Pending,
    /// The money is on its way to the patron, and the ledger says so.
    Processed,
}

/// Why nothing is paid back.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RefundRefused {
    #[error("the tip was changed by another request at the same moment, try again")]
    Busy,
    #[error("Paystack refuses this refund: {0}")]
    ByPaystack(#[source] PaystackError),
}

impl Failure for RefundRefused {
    fn kind(&self) -> Kind {
        match self {
            RefundRefused::Busy | RefundRefused::ByPaystack(_) => Kind::Conflict,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            RefundRefused::Busy => "tip_changed",
            RefundRefused::ByPaystack(_) => "refund_refused",
        }
    }
}

/// A refund as it is written down, and who is to ask Paystack for it.
enum Written {
    /// This request.
    Now(Tip, RefundAsked),
    /// An earlier one has, or has died just before: whoever looks at the tip later makes sure.
    Before(Tip, RefundAsked),
    /// It is done.
    Done(Tip, RefundId, i64),
}

/// Pays a tip back. Needs an `Idempotency-Key`. The tip changes when Paystack has processed the refund.
#[utoipa::path(
    post,
    path = "/api/v1/tips/{tip_id}/refund",
    tag = "finance",
    operation_id = "refund_tip",
    params(
        ("tip_id" = String, Path, description = "The tip"),
        ("Idempotency-Key" = String, Header, description = "A value of your own; a repetition pays nothing back twice"),
    ),
    request_body = RefundRequest,
    responses(
        (status = 202, description = "Paystack is asked for it", body = RefundResponse),
        (status = 404, description = "No such tip", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "Not paid, disputed, or refused by Paystack", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "More than is left", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["finance:write"]))
)]
pub(crate) async fn refund_tip(
    State(deps): State<Deps>,
    caller: Caller<may::FinanceWrite>,
    TipPath(id): TipPath,
    headers: HeaderMap,
    once: Once<RefundRequest>,
) -> Result<(StatusCode, Reply<RefundResponse>), Stopped> {
    let RefundRequest { amount, reason } = once.request;
    let reason = RefundWanted::reason(reason.as_deref().unwrap_or_default())?;
    let key = headers.get(IDEMPOTENCY_KEY).map(|key| key.as_bytes()).unwrap_or_default();
    let seed = [caller.key.as_str().as_bytes(), key].join(&0);
    let name = |tip: &Tip| RefundWanted {
        id: refund_id(tip, amount, &seed),
        amount,
        reason: reason.clone(),
        asker: u32::from_be_bytes(deps.ids.bytes()),
    };
    let change = caller.change(Operation::RefundAsked, id.as_str(), deps.ids.now());
    let written = write(&deps, &id, &change, name).await?;
    if let Written::Now(tip, refund) = &written {
        ask(&deps, tip, refund).await?;
    }
    Ok((StatusCode::ACCEPTED, Reply(RefundResponse::of(written))))
}

/// The refund's id: the same for the same request, and another one once this refund was dropped.
fn refund_id(tip: &Tip, amount: Option<i64>, seed: &[u8]) -> RefundId {
    let amount = amount.map(|amount| amount.to_string()).unwrap_or_default();
    let said = format!("refund {} {amount} {}\0", tip.id, tip.refunds_dropped);
    let digest = Sha256::new().chain_update(said).chain_update(seed).finalize();
    let mut random = [0; 10];
    random.iter_mut().zip(digest).for_each(|(byte, of)| *byte = of);
    let at = match tip.payment {
        Payment::Succeeded { at, .. } => at,
        Payment::Initiated | Payment::Pending | Payment::Failed | Payment::Abandoned => {
            tip.created_at
        }
    };
    RefundId::new(at, random)
}

/// Writes the refund down, unless that was done before.
async fn write(
    deps: &Deps,
    id: &TipId,
    change: &AuditChange,
    name: impl Fn(&Tip) -> RefundWanted,
) -> Result<Written, Problem> {
    for _ in 0..TRIES_MAX {
        let stored = load(&deps.table, &change.tenant, id).await?;
        let wanted = name(&stored.tip);
        if let Some(known) = known(&stored.tip, &wanted.id) {
            return Ok(known);
        }
        let before = facts(&stored.tip);
        let tip = stored.tip.ask_refund(wanted, deps.ids.now())?;
        let asked = tip.refunds_asked.last().cloned().ok_or(TipRefused::NoAmount)?;
        let change = AuditChange { before, after: facts(&tip), ..change.clone() };
        if deps.table.replace_tip_audited(&tip, stored.version, &change).await? {
            return Ok(Written::Now(tip, asked));
        }
    }
    Err(RefundRefused::Busy.into())
}

/// The refunds of a tip, for the audit.
fn facts(tip: &Tip) -> Facts {
    let asked = tip.refunds_asked.iter();
    let asked: Vec<_> =
        asked.map(|refund| json!({ "refund": refund.id, "amount": refund.amount })).collect();
    Facts::of(&json!({ "under_way": asked, "currency": tip.amount.currency }))
}

/// What became of a refund that was written down before.
fn known(tip: &Tip, id: &RefundId) -> Option<Written> {
    if let Some(asked) = tip.refunds_asked.iter().find(|asked| asked.id == *id) {
        return Some(Written::Before(tip.clone(), asked.clone()));
    }
    let done = tip.returns.iter().find(|done| done.asked.as_ref() == Some(id))?;
    Some(Written::Done(tip.clone(), id.clone(), done.wanted))
}

/// Asks Paystack. A refusal is final: the refund is dropped, and the tip is as it was.
async fn ask(deps: &Deps, tip: &Tip, refund: &RefundAsked) -> Result<(), Problem> {
    let id = &refund.id;
    let wish = RefundWish {
        transaction: tip.reference(),
        amount: Money { minor: refund.amount, currency: tip.amount.currency },
        merchant_note: id.to_string(),
        customer_note: refund.reason.as_ref().map(|reason| reason.as_str().to_owned()),
    };
    match deps.paystack.refund(&tip.tenant, &wish).await {
        Ok(_) => {
            tracing::info!(event = "refund_asked", tip.id = %tip.id, refund.id = %id, "asked for refund `{id}`");
            Ok(())
        }
        // It may have arrived, so it counts as under way until Paystack's own list says otherwise.
        Err(error) if error.may_have_happened() => {
            let cause = domain::failure::chain(&error);
            tracing::warn!(error = cause, tip.id = %tip.id, refund.id = %id, "nobody knows whether refund `{id}` was taken");
            Ok(())
        }
        Err(error) => {
            drop_refund(deps, tip, id).await?;
            Err(match error.reason() {
                Some(_) => RefundRefused::ByPaystack(error).into(),
                None => error.into(),
            })
        }
    }
}

async fn drop_refund(deps: &Deps, tip: &Tip, id: &RefundId) -> Result<(), Problem> {
    for _ in 0..TRIES_MAX {
        let stored = load(&deps.table, &tip.tenant, &tip.id).await?;
        match stored.tip.drop_refund(id) {
            Ok(next) if deps.table.replace_tip(&next, stored.version).await? => return Ok(()),
            Ok(_) => {}
            // Somebody else has dropped it.
            Err(_) => return Ok(()),
        }
    }
    // It stays written down; whoever looks for it at Paystack drops it then.
    Err(RefundRefused::Busy.into())
}

impl RefundResponse {
    fn of(written: Written) -> Self {
        let (tip, refund_id, amount, status) = match written {
            Written::Now(tip, asked) | Written::Before(tip, asked) => {
                (tip, asked.id, asked.amount, RefundStatus::Pending)
            }
            Written::Done(tip, id, amount) => (tip, id, amount, RefundStatus::Processed),
        };
        Self { refund_id, tip_id: tip.id, amount, currency: tip.amount.currency, status }
    }
}
