//! POST /api/v1/guards, GET and PUT /api/v1/guards/{guard_id}: who works for the tenant (T20, T36).

use axum::Json as Reply;
use axum::extract::State;
use axum::http::StatusCode;
use domain::failure::{FieldError, InvalidFields};
use domain::guard::{Guard, GuardProfile, GuardRefused, GuardStatus, GuardWishes, PayoutAccount};
use domain::id::{GuardId, GuardQrId, TenantId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::guard::replace_profile;
use web::idempotency::KeyRefused;
use web::input::{GuardPath, Json};
use web::problem::ProblemBody;
use web::{Caller, GuardReader, Once, Problem, Stopped, may};

use crate::Deps;

/// A guard, as its tenant sees it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GuardResponse {
    /// Its id.
    #[schema(value_type = String)]
    guard_id: GuardId,
    /// First name.
    first_name: String,
    /// Last name.
    last_name: String,
    /// The name on the public page.
    display_name: String,
    /// The tenant's own number for the guard.
    employee_id: String,
    /// For SMS.
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    /// For mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// Where it stands, for reports.
    #[serde(skip_serializing_if = "Option::is_none")]
    post: Option<String>,
    /// Whether it takes tips.
    status: GuardStatus,
    /// Where its tips are paid out, without the account's number.
    #[serde(skip_serializing_if = "Option::is_none")]
    payout_account: Option<PayoutAccount>,
    /// Until when nothing is paid out, because the account was changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    payout_hold_until: Option<Timestamp>,
    /// Whether a second person has to confirm the account before anything is paid out.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    payout_needs_confirmation: bool,
    /// Where everybody sees its photo.
    #[serde(skip_serializing_if = "Option::is_none")]
    photo_url: Option<String>,
    /// The code that works.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<CodeSummary>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Counts the changes.
    version: u64,
}

/// The code that works.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CodeSummary {
    /// Its id.
    #[schema(value_type = String)]
    qr_id: GuardQrId,
    /// The short address in it.
    url: String,
}

impl GuardResponse {
    pub(crate) fn of(guard: Guard, deps: &Deps) -> Self {
        let display_name = guard.profile.display_name();
        let payout_hold_until = guard.hold_ends_at();
        let GuardProfile { first_name, last_name, employee_id, phone, email, post } = guard.profile;
        let summary = |code: domain::guard::ActiveCode| CodeSummary {
            url: deps.codes.url(&code.token),
            qr_id: code.id,
        };
        Self {
            guard_id: guard.id,
            first_name,
            last_name,
            display_name,
            employee_id,
            phone: phone.map(String::from),
            email: email.map(String::from),
            post,
            status: guard.status,
            payout_hold_until,
            payout_needs_confirmation: guard.payout_unconfirmed.is_some(),
            payout_account: guard.payout_account,
            photo_url: guard.photo.map(|key| deps.codes.photo_url(&key)),
            code: guard.code.map(summary),
            created_at: guard.created_at,
            version: guard.version,
        }
    }
}

/// What a guard is to be from now on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplaceGuardRequest {
    /// First name.
    first_name: String,
    /// Last name.
    last_name: String,
    /// The tenant's own number for the guard.
    employee_id: String,
    /// With the country code.
    #[serde(default)]
    phone: Option<String>,
    /// For mail.
    #[serde(default)]
    email: Option<String>,
    /// Where it stands, for reports: 1 to 60 characters.
    #[serde(default)]
    post: Option<String>,
    /// The version that this change is made to; without it, whatever is there is changed.
    #[serde(default)]
    version: Option<u64>,
}

impl ReplaceGuardRequest {
    fn profile(self) -> Result<GuardProfile, InvalidFields> {
        let Self { first_name, last_name, employee_id, phone, email, post, .. } = self;
        GuardProfile::parse(&GuardWishes { first_name, last_name, employee_id, phone, email, post })
    }
}

/// Makes a guard, who takes tips as soon as it has a code. Needs an `Idempotency-Key`.
#[utoipa::path(
    post,
    path = "/api/v1/guards",
    tag = "guards",
    operation_id = "create_guard",
    params(("Idempotency-Key" = String, Header, description = "A value of your own; a repetition makes no second guard")),
    request_body = GuardWishes,
    responses(
        (status = 201, description = "The guard", body = GuardResponse),
        (status = 400, description = "No Idempotency-Key", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "Another guard has this employee id, or the same request is still running", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A guard that breaks a rule", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["guards:write"]))
)]
pub(crate) async fn create_guard(
    State(deps): State<Deps>,
    caller: Caller<may::GuardsWrite>,
    once: Once<GuardWishes>,
) -> Result<(StatusCode, Reply<GuardResponse>), Stopped> {
    let profile = GuardProfile::parse(&once.request)?;
    let guard = Guard::hire(deps.ids.make(GuardId::new), caller.tenant, profile, deps.ids.now());
    let reply = GuardResponse::of(guard.clone(), &deps);
    let answer = once.key.saving(StatusCode::CREATED, &reply);
    match deps.table.insert_guard(&guard, answer).await? {
        // A new guard cannot have been changed: somebody else has taken the claim over.
        Err(GuardRefused::Changed) => return Err(KeyRefused::Running.into()),
        outcome => outcome?,
    }
    tracing::info!(event = "guard_created", guard.id = %guard.id, "made guard `{}`", guard.id);
    Ok((StatusCode::CREATED, Reply(reply)))
}

/// One guard.
#[utoipa::path(
    get,
    path = "/api/v1/guards/{guard_id}",
    tag = "guards",
    operation_id = "read_guard",
    params(("guard_id" = String, Path, description = "The guard's id")),
    responses(
        (status = 200, description = "The guard", body = GuardResponse),
        (status = 404, description = "No such guard", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["guards:read"]))
)]
pub(crate) async fn read_guard(
    State(deps): State<Deps>,
    reader: GuardReader<may::GuardsRead>,
) -> Result<Reply<GuardResponse>, Problem> {
    let guard = load(&deps, &reader.tenant, &reader.guard).await?;
    Ok(Reply(GuardResponse::of(guard, &deps)))
}

/// Replaces what is known about a guard. Its page follows at once.
#[utoipa::path(
    put,
    path = "/api/v1/guards/{guard_id}",
    tag = "guards",
    operation_id = "replace_guard",
    params(("guard_id" = String, Path, description = "The guard's id")),
    request_body = ReplaceGuardRequest,
    responses(
        (status = 200, description = "The guard as it is now", body = GuardResponse),
        (status = 404, description = "No such guard", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "Archived, changed by somebody else, or another guard has this employee id", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A guard that breaks a rule", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["guards:write"]))
)]
pub(crate) async fn replace_guard(
    State(deps): State<Deps>,
    caller: Caller<may::GuardsWrite>,
    GuardPath(id): GuardPath,
    Json(request): Json<ReplaceGuardRequest>,
) -> Result<Reply<GuardResponse>, Problem> {
    let wanted = request.version;
    let profile = request.profile()?;
    let before = load(&deps, &caller.tenant, &id).await?;
    if wanted.is_some_and(|version| version != before.version) {
        return Err(GuardRefused::Changed.into());
    }
    let guard = replace_profile(&deps.table, &before, profile).await?;
    Ok(Reply(GuardResponse::of(guard, &deps)))
}

/// The tenant's guard.
pub(crate) async fn load(deps: &Deps, tenant: &TenantId, id: &GuardId) -> Result<Guard, Problem> {
    Ok(deps.table.guard(tenant, id).await?.ok_or(GuardRefused::Unknown)?)
}

/// One field of a request that breaks a rule.
pub(crate) fn wrong(field: &str, code: &'static str, detail: &str) -> InvalidFields {
    InvalidFields(vec![FieldError::new(field, code, detail)])
}
