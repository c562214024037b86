//! PUT /api/v1/guards/{guard_id}/payout-account and GET /api/v1/banks: where a guard's tips are paid out (T36). The
//! account's number goes to Paystack and nowhere else: what stays is Paystack's code for the recipient and four digits.

use adapters::paystack::{Bank, RecipientKind, RecipientWish};
use axum::Json as Reply;
use axum::extract::State;
use domain::failure::{FieldError, InvalidFields};
use domain::guard::PayoutAccount;
use domain::id::TenantId;
use domain::money::Currency;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::input::{GuardPath, Json, Params};
use web::problem::ProblemBody;
use web::{Caller, Problem, may};

use crate::Deps;
use crate::code::load_tenant;
use crate::guard::{load, wrong};

/// The fewest and most digits of an account's or a wallet's number.
const NUMBER_DIGITS: std::ops::RangeInclusive<usize> = 6..=20;
/// The digits of a Nigerian account's number (NUBAN).
const NUBAN_DIGITS: usize = 10;
/// The longest code of a bank, in bytes.
const BANK_CODE_MAX_BYTES: usize = 20;

/// What receives the money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AccountKind {
    /// An account at a bank.
    Bank,
    /// A telephone's wallet.
    MobileWallet,
}

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
    let wanted = Wanted::parse(request, tips_currency(&deps, &caller.tenant).await?)?;
    let bank = bank(&deps, &caller.tenant, &wanted).await?;
    let account_name = account_name(&deps, &caller.tenant, &wanted).await?;
    let name = account_name.clone().unwrap_or_else(|| before.profile.full_name());
    let number = wanted.account_number.clone();
    let recipient = deps.paystack.create_recipient(&caller.tenant, &wanted.named(name)).await?;
    let payout_account = PayoutAccount::new(&recipient, &number, &bank.name)?;
    let guard = before.clone().pay_to(payout_account.clone())?;
    deps.table.replace_guard(&guard, &before).await??;
    tracing::info!(event = "payout_account_set", guard.id = %id, "`{id}` is paid to another account");
    let name_matches = account_name.as_deref().map(|name| guard.profile.is_like(name));
    let version = guard.version;
    Ok(Reply(PayoutAccountResponse { payout_account, account_name, name_matches, version }))
}

/// An account whose parts look right. It is not printed.
struct Wanted {
    kind: RecipientKind,
    bank_code: String,
    account_number: String,
    currency: Currency,
}

impl Wanted {
    fn parse(request: PayoutAccountRequest, tips: Currency) -> Result<Self, InvalidFields> {
        let currency = request.currency.unwrap_or(tips);
        let kind = recipient_kind(request.kind, currency)?;
        let mut errors = Vec::new();
        let mut wrong = |field: &str, code, detail: String| {
            errors.push(FieldError::new(field, code, detail));
        };
        let number: String = request.account_number.split_whitespace().collect();
        if !number.bytes().all(|byte| byte.is_ascii_digit())
            || !NUMBER_DIGITS.contains(&number.len())
        {
            let (fewest, most) = (NUMBER_DIGITS.start(), NUMBER_DIGITS.end());
            let detail = format!("an account's number has {fewest} to {most} digits");
            wrong("account_number", "invalid_account_number", detail);
        } else if kind == RecipientKind::Nuban && number.len() != NUBAN_DIGITS {
            let detail = format!("a Nigerian account's number has {NUBAN_DIGITS} digits");
            wrong("account_number", "invalid_account_number", detail);
        }
        let code = request.bank_code.trim();
        let symbol = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if !(1..=BANK_CODE_MAX_BYTES).contains(&code.len()) || !code.bytes().all(symbol) {
            wrong("bank_code", "unknown_bank", "choose a code of the list of banks".to_owned());
        }
        if !errors.is_empty() {
            return Err(InvalidFields(errors));
        }
        Ok(Self { kind, bank_code: code.to_owned(), account_number: number, currency })
    }

    /// The recipient of this name.
    fn named(self, name: String) -> RecipientWish {
        let Self { kind, bank_code, account_number, currency } = self;
        RecipientWish { kind, name, account_number, bank_code, currency }
    }
}

/// Paystack's kind of an account in a currency.
fn recipient_kind(kind: AccountKind, currency: Currency) -> Result<RecipientKind, InvalidFields> {
    match (kind, currency) {
        (AccountKind::Bank, Currency::Ngn) => Ok(RecipientKind::Nuban),
        (AccountKind::Bank, Currency::Ghs) => Ok(RecipientKind::Ghipss),
        (AccountKind::Bank, Currency::Kes) => Ok(RecipientKind::Kepss),
        (AccountKind::Bank, Currency::Zar) => Ok(RecipientKind::Basa),
        (AccountKind::MobileWallet, Currency::Ghs | Currency::Kes) => {
            Ok(RecipientKind::MobileMoney)
        }
        (AccountKind::MobileWallet, Currency::Ngn | Currency::Zar) => {
            let detail = "Paystack pays to wallets in GHS and KES; choose a bank";
            Err(wrong("kind", "unsupported_kind", detail))
        }
        (_, Currency::Usd) => {
            let detail = "Paystack makes no payouts in USD";
            Err(wrong("currency", "unsupported_currency", detail))
        }
    }
}

async fn tips_currency(deps: &Deps, tenant: &TenantId) -> Result<Currency, Problem> {
    Ok(load_tenant(deps, tenant).await?.settings.tips.currency)
}

/// The bank that is meant.
async fn bank(deps: &Deps, tenant: &TenantId, wanted: &Wanted) -> Result<Bank, Problem> {
    let banks = deps.paystack.banks(tenant, wanted.currency, Some(wanted.kind)).await?;
    let bank = banks.into_iter().find(|bank| bank.code == wanted.bank_code);
    let detail = "no bank has this code; choose one of the list of banks";
    Ok(bank.ok_or_else(|| wrong("bank_code", "unknown_bank", detail))?)
}

/// The name of the account's owner, in the countries whose banks tell it.
async fn account_name(
    deps: &Deps,
    tenant: &TenantId,
    wanted: &Wanted,
) -> Result<Option<String>, Problem> {
    match wanted.currency {
        Currency::Ngn | Currency::Ghs => {
            let (number, bank) = (&wanted.account_number, &wanted.bank_code);
            Ok(Some(deps.paystack.resolve(tenant, number, bank).await?))
        }
        Currency::Kes | Currency::Usd | Currency::Zar => Ok(None),
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
    let currency = match params.currency {
        Some(currency) => currency,
        None => tips_currency(&deps, &caller.tenant).await?,
    };
    let kind = recipient_kind(params.kind.unwrap_or(AccountKind::Bank), currency)?;
    let banks = deps.paystack.banks(&caller.tenant, currency, Some(kind)).await?.into_iter();
    let banks = banks.map(|bank| BankResponse { name: bank.name, code: bank.code }).collect();
    Ok(Reply(BanksResponse { banks }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_looked_at_before_anybody_is_asked() {
        let check = |kind, currency, bank_code: &str, number: &str, wrong: &[&str]| {
            let (code, account_number) = (bank_code.to_owned(), number.to_owned());
            let request = PayoutAccountRequest { kind, bank_code: code, account_number, currency };
            let parsed = Wanted::parse(request, Currency::Ngn);
            let fields: Vec<String> = parsed
                .err()
                .map(|errors| errors.0.into_iter().map(|error| error.field).collect())
                .unwrap_or_default();
            assert_eq!(fields, wrong, "{kind:?} {currency:?} {bank_code} {number}");
        };
        let (bank, wallet) = (AccountKind::Bank, AccountKind::MobileWallet);
        check(bank, None, "057", "0022728151", &[]);
        check(bank, None, "057", "002 272 8151", &[]);
        check(wallet, Some(Currency::Ghs), "MTN", "0551234987", &[]);
        check(wallet, Some(Currency::Kes), "MPESA", "0711000000", &[]);
        check(bank, Some(Currency::Zar), "632005", "123456789012", &[]);
        check(bank, None, "057", "022728151", &["account_number"]);
        check(bank, None, "", "00227281x1", &["account_number", "bank_code"]);
        check(bank, None, "05/7", "0022728151", &["bank_code"]);
        check(wallet, None, "MTN", "0022728151", &["kind"]);
        check(bank, Some(Currency::Usd), "057", "0022728151", &["currency"]);
    }
}
