//! POST /api/v1/guards/{guard_id}/qr/email: the code is mailed to its guard (T38). The mail itself is sent from the
//! outbox, so that it is neither lost nor sent twice.

use axum::Json as Reply;
use axum::extract::State;
use axum::http::StatusCode;
use domain::id::GuardQrId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::guard::{active, code_notice};
use web::idempotency::KeyRefused;
use web::input::GuardPath;
use web::problem::ProblemBody;
use web::{Caller, Once, Stopped, may};

use crate::Deps;
use crate::guard::load;

/// Nothing about the mail is to be chosen.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MailRequest {}

/// The mail is on its way.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MailResponse {
    /// The code that it carries.
    #[schema(value_type = String)]
    qr_id: GuardQrId,
}

/// Mails the guard the code that works. Needs an `Idempotency-Key`; another one sends it again.
#[utoipa::path(
    post,
    path = "/api/v1/guards/{guard_id}/qr/email",
    tag = "guards",
    operation_id = "mail_guard_code",
    params(
        ("guard_id" = String, Path, description = "The guard's id"),
        ("Idempotency-Key" = String, Header, description = "A value of your own; a repetition sends no second mail"),
    ),
    request_body = MailRequest,
    responses(
        (status = 202, description = "It is on its way", body = MailResponse),
        (status = 400, description = "No Idempotency-Key", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such guard, or it has no code", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The guard has no e-mail address or is archived, or the same request is still running", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["guards:write"]))
)]
pub(crate) async fn mail_guard_code(
    State(deps): State<Deps>,
    caller: Caller<may::GuardsWrite>,
    GuardPath(id): GuardPath,
    once: Once<MailRequest>,
) -> Result<(StatusCode, Reply<MailResponse>), Stopped> {
    let guard = load(&deps, &caller.tenant, &id).await?.still_here()?;
    let notice = code_notice(&deps.ids, &guard)?;
    let reply = MailResponse { qr_id: active(&guard)?.id.clone() };
    let answer = once.key.saving(StatusCode::ACCEPTED, &reply);
    if !deps.table.commit_notice(&notice, answer).await? {
        return Err(KeyRefused::Running.into());
    }
    Ok((StatusCode::ACCEPTED, Reply(reply)))
}
