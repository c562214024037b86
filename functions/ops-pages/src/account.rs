//! GET and POST /desk/guards/{guard_id}/account: where a guard is paid out (T36). Nobody sees more than four digits of
//! a number that was sent; the name that the bank tells is shown once, and travels there in a sealed cookie.

mod said;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use domain::audit::Note;
use domain::failure::InvalidFields;
use domain::guard::{Guard, PayoutAccount};
use domain::money::Currency;
use web::desk::{
    Choice, Field, Fields, Frame, Section, Sent, SignedIn, Staff, TurnedAway, Wrongs, see,
};
use web::guard::{AccountKind, AccountWishes, Asked, tenant_of};
use web::input::GuardPath;
use web::page::Shell;
use web::{Problem, may};

use crate::Deps;
use said::Said;

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    shell: Shell,
    frame: Frame,
    path: String,
    name: String,
    account: Option<PayoutAccount>,
    /// Until when payouts are held.
    held_until: Option<String>,
    needs_confirmation: bool,
    /// Whether whoever looks is the one who has changed it.
    is_own_change: bool,
    has_wallets: bool,
    is_wallet: bool,
    fields: Vec<Field>,
    wrongs: Wrongs,
    said: Option<Said>,
}

/// What was typed, but for the number where it was taken.
#[derive(Default)]
struct Typed {
    is_wallet: bool,
    bank_code: String,
    account_number: String,
    note: String,
}

/// The form for a guard's payout account.
#[utoipa::path(
    get,
    path = "/desk/guards/{guard_id}/account",
    tag = "desk",
    operation_id = "account_page",
    params(
        ("guard_id" = String, Path, description = "The guard's id"),
        ("kind" = Option<String>, Query, description = "`bank` or `mobile_wallet`"),
    ),
    responses(
        (status = 200, description = "The form", content_type = "text/html"),
        (status = 303, description = "To signing in"),
        (status = 403, description = "The key lacks the scope", content_type = "text/html"),
        (status = 404, description = "No such guard", content_type = "text/html"),
    ),
    security(("api_key" = ["guards:write"]))
)]
pub(crate) async fn account_page(
    State(deps): State<Deps>,
    staff: Staff<may::GuardsWrite>,
    id: Result<GuardPath, Problem>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, TurnedAway> {
    let guard = deps.guard(&staff.who.tenant, &id?.0).await?.still_here()?;
    let query = Fields::parse(query.unwrap_or_default().as_bytes());
    let said = Said::of(&deps.seal, &staff.who, &guard.id, &headers).await?;
    let typed = Typed { is_wallet: query.get("kind") == "mobile_wallet", ..Typed::default() };
    let again = (typed, StatusCode::OK, Wrongs::default());
    let was_said = said.is_some();
    let response = draw(&deps, &staff.who, guard, said, again).await?;
    Ok(if was_said { Said::forgotten(response) } else { response })
}

async fn draw(
    deps: &Deps,
    who: &SignedIn,
    guard: Guard,
    said: Option<Said>,
    (typed, status, wrongs): (Typed, StatusCode, Wrongs),
) -> Result<Response, Problem> {
    let currency = tenant_of(&deps.table, &guard.tenant).await?.settings.tips.currency;
    let has_wallets = matches!(currency, Currency::Ghs | Currency::Kes);
    let is_wallet = typed.is_wallet && has_wallets;
    let (banks, wrongs) = banks(deps, &guard, is_wallet, wrongs).await?;
    let unconfirmed = guard.payout_unconfirmed.as_ref();
    let held = guard.hold_ends_at().filter(|end| *end > deps.ids.now());
    let fields = fields_of(&typed, banks, guard.payout_account.is_some(), &wrongs);
    let frame = deps.frame(who, Section::Guards).await?;
    let page = AccountPage {
        shell: Shell::titled(format!("Payout account of {}", guard.profile.full_name())),
        path: format!("/desk/guards/{}", guard.id),
        name: guard.profile.full_name(),
        held_until: held.map(|end| frame.when(end)),
        needs_confirmation: unconfirmed.is_some(),
        is_own_change: unconfirmed.is_some_and(|change| change.by == who.actor()),
        account: guard.payout_account,
        has_wallets,
        is_wallet,
        fields,
        wrongs,
        said,
        frame,
    };
    Ok(deps.site.html(status, &page))
}

/// The banks to choose from; without Paystack the page says so and is there nevertheless.
async fn banks(
    deps: &Deps,
    guard: &Guard,
    is_wallet: bool,
    wrongs: Wrongs,
) -> Result<(Vec<Choice>, Wrongs), Problem> {
    let kind = if is_wallet { AccountKind::MobileWallet } else { AccountKind::Bank };
    match deps.accounts().banks(&guard.tenant, kind, None).await {
        Ok(banks) => {
            let mut choices = vec![Choice::new("", "Choose one")];
            choices.extend(banks.into_iter().map(|bank| Choice::new(bank.code, bank.name)));
            Ok((choices, wrongs))
        }
        Err(problem) if wrongs.is_empty() => {
            problem.log();
            Ok((vec![Choice::new("", "No banks are known now")], Wrongs::from(&problem)))
        }
        Err(_) => Ok((vec![Choice::new("", "No banks are known now")], wrongs)),
    }
}

fn fields_of(typed: &Typed, banks: Vec<Choice>, is_change: bool, wrongs: &Wrongs) -> Vec<Field> {
    let bank = if typed.is_wallet { "Network" } else { "Bank" };
    let number = if typed.is_wallet { "Wallet number" } else { "Account number" };
    let mut fields = vec![
        Field::choice("bank_code", bank, banks).holding(&typed.bank_code),
        Field::text("account_number", number)
            .most(26)
            .hint("It goes to Paystack and is not kept here, but for its last four digits.")
            .holding(&typed.account_number),
    ];
    if is_change {
        let note = Field::text("note", "Why it changes").optional().most(500).holding(&typed.note);
        fields.push(note.hint("Without a reason, a second person has to confirm the new account."));
    }
    fields.into_iter().map(|field| field.checked(wrongs)).collect()
}

/// Sets a guard's payout account, or confirms it as a second person.
#[utoipa::path(
    post,
    path = "/desk/guards/{guard_id}/account",
    tag = "desk",
    operation_id = "set_account",
    params(("guard_id" = String, Path, description = "The guard's id")),
    responses(
        (status = 303, description = "To what the bank says about it"),
        (status = 401, description = "The session has ended", content_type = "text/html"),
        (status = 403, description = "The key lacks the scope, the form is not ours, or the same person confirms", content_type = "text/html"),
        (status = 404, description = "No such guard", content_type = "text/html"),
        (status = 409, description = "The guard was changed meanwhile", content_type = "text/html"),
        (status = 422, description = "No such bank or account; what was typed is kept", content_type = "text/html"),
        (status = 502, description = "Paystack gives no answer; nothing was changed", content_type = "text/html"),
    ),
    security(("api_key" = ["guards:write"]))
)]
pub(crate) async fn set_account(
    State(deps): State<Deps>,
    id: Result<GuardPath, Problem>,
    sent: Sent<may::GuardsWrite>,
) -> Result<Response, TurnedAway> {
    let before = deps.guard(&sent.who.tenant, &id?.0).await?.still_here()?;
    let done = match sent.fields.get("act") {
        "confirm" => confirm(&deps, &sent, &before).await,
        _ => set(&deps, &sent, &before).await,
    };
    match done {
        Ok(response) => Ok(response),
        Err(problem) if problem.status() == StatusCode::INTERNAL_SERVER_ERROR => {
            Err(problem.into())
        }
        Err(problem) => {
            problem.log();
            let typed = Typed {
                is_wallet: sent.fields.get("kind") == "mobile_wallet",
                bank_code: sent.fields.get("bank_code").to_owned(),
                account_number: sent.fields.get("account_number").to_owned(),
                note: sent.fields.get("note").to_owned(),
            };
            let guard = deps.guard(&sent.who.tenant, &before.id).await?;
            let again = (typed, problem.status(), Wrongs::from(&problem));
            Ok(draw(&deps, &sent.who, guard, None, again).await?)
        }
    }
}

async fn set(
    deps: &Deps,
    sent: &Sent<may::GuardsWrite>,
    before: &Guard,
) -> Result<Response, Problem> {
    let fields = &sent.fields;
    let kind = match fields.get("kind") {
        "mobile_wallet" => AccountKind::MobileWallet,
        _ => AccountKind::Bank,
    };
    let wishes = AccountWishes {
        kind,
        bank_code: fields.get("bank_code").to_owned(),
        account_number: fields.get("account_number").to_owned(),
        currency: None,
    };
    let set = deps.accounts().set(before, wishes, asked(deps, sent)?).await?;
    let response = see(&format!("/desk/guards/{}/account", before.id));
    Said { name: set.account_name, matches: set.name_matches.unwrap_or(true) }
        .told(&deps.seal, &sent.who, &before.id, response)
        .await
}

async fn confirm(
    deps: &Deps,
    sent: &Sent<may::GuardsWrite>,
    before: &Guard,
) -> Result<Response, Problem> {
    deps.accounts().confirm(before, asked(deps, sent)?).await?;
    Ok(see(&format!("/desk/guards/{}?done=confirmed", before.id)))
}

fn asked(deps: &Deps, sent: &Sent<may::GuardsWrite>) -> Result<Asked, InvalidFields> {
    let note = sent.fields.given("note").map(|text| Note::parse(&text)).transpose()?;
    Ok(Asked { by: sent.who.actor(), at: deps.ids.now(), note })
}
