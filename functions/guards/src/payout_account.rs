//! PUT /api/v1/guards/{guard_id}/payout-account and GET /api/v1/banks: where a guard's tips are paid out (T36). The
//! account's number goes to Paystack and nowhere else: what stays is Paystack's code for the recipient and four digits.

use axum::Json as Reply;
use axum::extract::State;
use domain::guard::PayoutAccount;
use domain::money::Currency;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::guard::{AccountKind, AccountSet, AccountWishes};
use web::input::{GuardPath, Json, Params};
use web::problem::ProblemBody;
use web::{Caller, Problem, may};

use crate::Deps;
use crate::guard::load;

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

/// Sets where the guard's tips are paid out. The account is looked up first, and its owner's name is answered.
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
    let PayoutAccountRequest { kind, bank_code, account_number, currency } = request;
    let wishes = AccountWishes { kind, bank_code, account_number, currency };
    let set = deps.accounts().set(&before, wishes).await?;
    let AccountSet { guard, payout_account, account_name, name_matches } = set;
    let version = guard.version;
    Ok(Reply(PayoutAccountResponse { payout_account, account_name, name_matches, version }))
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
