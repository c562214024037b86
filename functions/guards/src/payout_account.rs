//! PUT /api/v1/guards/{guard_id}/payout-account and GET /api/v1/banks: where a guard's tips are paid out (T36). The
//! account's number goes to Paystack and nowhere else: what stays is Paystack's code for the recipient and four digits.

use axum::Json as Reply;
use axum::extract::State;
use domain::audit::Note;
use domain::failure::InvalidFields;
use domain::guard::PayoutAccount;
use domain::money::Currency;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::guard::{AccountKind, AccountSet, AccountWishes, Asked};
use web::input::{GuardPath, Json, Params};
use web::problem::ProblemBody;
use web::{Caller, Problem, may};

use crate::Deps;
use crate::guard::{GuardResponse, load};

/// An account for payouts.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PayoutAccountRequest {
    /// What receives the money.
    kind: AccountKind,
    /// The bank's code, or the wallet network's: see the list of banks.
    bank_code: String,
    /// The account's or the wallet's number; it is not kept.
    account_number: String,
    /// In what it is paid; the currency of the tenant's tips when nothing is said.
    #[serde(default)]
    currency: Option<Currency>,
    /// Why, in 1 to 500 characters, for the audit. Without it, a second person has to confirm a changed account.
    #[serde(default)]
    note: Option<String>,
}

/// Why an account is confirmed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfirmRequest {
    /// For the audit, in 1 to 500 characters.
    #[serde(default)]
    note: Option<String>,
}

/// The account, and what its bank says about it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PayoutAccountResponse {
    /// What is kept.
    payout_account: PayoutAccount,
    /// The owner's name, as the bank has it. Compare it; it is not kept. Absent where banks do not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    account_name: Option<String>,
    /// Whether that name is like the guard's.
    #[serde(skip_serializing_if = "Option::is_none")]
    name_matches: Option<bool>,
    /// Whether a second person has to confirm it before anything is paid out.
    needs_confirmation: bool,
    /// Until when nothing is paid out, because the account was changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    payout_hold_until: Option<Timestamp>,
    /// The guard's version.
    version: u64,
}

/// Which banks.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct BanksParams {
    /// The currency; that of the tenant's tips when nothing is said.
    #[param(inline)]
    currency: Option<Currency>,
    /// `bank` or `mobile_wallet`; `bank` when nothing is said.
    #[param(inline)]
    kind: Option<AccountKind>,
}

/// Banks, or networks of wallets.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BanksResponse {
    /// In Paystack's order.
    banks: Vec<BankResponse>,
}

/// A bank.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BankResponse {
    /// Its name.
    name: String,
    /// Its code.
    code: String,
}

/// Sets where the guard's tips are paid out. The account is looked up first, and its owner's name is answered. A
/// changed account holds the guard's payouts for 24 hours, and until it is confirmed where no note says why.
#[utoipa::path(
    put,
    path = "/api/v1/guards/{guard_id}/payout-account",
    tag = "guards",
    operation_id = "replace_payout_account",
    params(("guard_id" = String, Path, description = "The guard's id")),
    request_body = PayoutAccountRequest,
    responses(
        (status = 200, description = "The account", body = PayoutAccountResponse),
        (status = 404, description = "No such guard", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "Archived, changed at the same moment, or no account at Paystack yet", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "No such bank or account", body = ProblemBody, content_type = "application/problem+json"),
        (status = 502, description = "Paystack gives no answer; nothing was changed", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["guards:write"]))
)]
pub(crate) async fn replace_payout_account(
    State(deps): State<Deps>,
    caller: Caller<may::GuardsWrite>,
    GuardPath(id): GuardPath,
    Json(request): Json<PayoutAccountRequest>,
) -> Result<Reply<PayoutAccountResponse>, Problem> {
    let before = load(&deps, &caller.tenant, &id).await?.still_here()?;
    let PayoutAccountRequest { kind, bank_code, account_number, currency, note } = request;
    let wishes = AccountWishes { kind, bank_code, account_number, currency };
    let asked = asked(&deps, &caller, note.as_deref())?;
    Ok(Reply(deps.accounts().set(&before, wishes, asked).await?.into()))
}

/// Confirms a guard's changed account as a second person, with another API key than the one that changed it.
#[utoipa::path(
    post,
    path = "/api/v1/guards/{guard_id}/payout-account/confirm",
    tag = "guards",
    operation_id = "confirm_payout_account",
    params(("guard_id" = String, Path, description = "The guard's id")),
    request_body = ConfirmRequest,
    responses(
        (status = 200, description = "The guard as it is now", body = GuardResponse),
        (status = 403, description = "The same key has changed it", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such guard", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "Nothing to confirm, or changed at the same moment", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["guards:write"]))
)]
pub(crate) async fn confirm_payout_account(
    State(deps): State<Deps>,
    caller: Caller<may::GuardsWrite>,
    GuardPath(id): GuardPath,
    Json(request): Json<ConfirmRequest>,
) -> Result<Reply<GuardResponse>, Problem> {
    let asked = asked(&deps, &caller, request.note.as_deref())?;
    let before = load(&deps, &caller.tenant, &id).await?;
    let guard = deps.accounts().confirm(&before, asked).await?;
    Ok(Reply(GuardResponse::of(guard, &deps)))
}

fn asked(
    deps: &Deps,
    caller: &Caller<may::GuardsWrite>,
    note: Option<&str>,
) -> Result<Asked, InvalidFields> {
    let note = note.map(Note::parse).transpose()?;
    Ok(Asked { by: caller.actor(), at: deps.ids.now(), note })
}

impl From<AccountSet> for PayoutAccountResponse {
    fn from(set: AccountSet) -> Self {
        Self {
            payout_account: set.payout_account,
            account_name: set.account_name,
            name_matches: set.name_matches,
            needs_confirmation: set.guard.payout_unconfirmed.is_some(),
            payout_hold_until: set.guard.hold_ends_at(),
            version: set.guard.version,
        }
    }
}

/// The banks, or the networks of wallets, to which tips can be paid out.
#[utoipa::path(
    get,
    path = "/api/v1/banks",
    tag = "guards",
    operation_id = "list_banks",
    params(BanksParams),
    responses(
        (status = 200, description = "The banks", body = BanksResponse),
        (status = 409, description = "No account at Paystack yet", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A currency or kind that Paystack does not pay to", body = ProblemBody, content_type = "application/problem+json"),
        (status = 502, description = "Paystack gives no answer", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["guards:read"]))
)]
pub(crate) async fn list_banks(
    State(deps): State<Deps>,
    caller: Caller<may::GuardsRead>,
    Params(params): Params<BanksParams>,
) -> Result<Reply<BanksResponse>, Problem> {
    let kind = params.kind.unwrap_or(AccountKind::Bank);
    let banks = deps.accounts().banks(&caller.tenant, kind, params.currency).await?.into_iter();
    let banks = banks.map(|bank| BankResponse { name: bank.name, code: bank.code }).collect();
    Ok(Reply(BanksResponse { banks }))
}
