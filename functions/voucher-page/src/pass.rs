//! GET /my/vouchers/{voucher_id}: a customer's voucher with the code for the till, or the button that puts it into the
//! wallet.

use askama::Template;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use domain::claim::{Claim as Copy, ClaimRefused, ClaimState};
use domain::money::Money;
use domain::tip::local_amount;
use domain::voucher::{Benefit, VoucherState};
use jiff::Timestamp;
use web::Problem;
use web::assets::VOUCHER_CODE_SCRIPT;
use web::customer::Customer;
use web::desk::FormToken;
use web::page::{self, Shell};
use web::wallet::{Seen, user_code};

use crate::door::{Away, customer, door, named};
use crate::look::Look;
use crate::page::notice;
use crate::{Deps, draw};

/// When the page gets a new code, in seconds: before four of the code's five minutes are over.
const RENEW_S: u32 = 225;
/// The code of what was taken back.
const REVOKED: &str = "voucher_token_revoked";

/// A code that is shown.
struct Code {
    svg: String,
    /// How long it is good, in seconds.
    life_s: i64,
    /// Until when, where the voucher is redeemed.
    until: String,
}

/// What the page has below the voucher's name.
enum Offer {
    /// The code.
    Code(Code),
    /// The button that puts it into the wallet.
    Add,
    /// Nothing but words: what it is, and what one can do.
    Words(&'static str, String),
}

#[derive(Template)]
#[template(path = "pass.html")]
struct PassPage {
    shell: Shell,
    look: Look,
    id: String,
    organisation: String,
    title: String,
    benefit: String,
    business: String,
    until: String,
    rest: Option<String>,
    offer: Offer,
    /// Whether it is in the wallet.
    is_held: bool,
    csrf: String,
    script: String,
    renew_s: u32,
}

/// A customer's voucher.
#[utoipa::path(
    get,
    path = "/my/vouchers/{voucher_id}",
    tag = "wallet",
    operation_id = "my_voucher",
    params(("voucher_id" = String, Path, description = "The voucher's id")),
    responses(
        (status = 200, description = "The code, or the button that puts it into the wallet, or how one gets in", content_type = "text/html"),
        (status = 404, description = "There is no such voucher", content_type = "text/html"),
    )
)]
pub(crate) async fn my_voucher(
    State(deps): State<Deps>,
    path: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Response {
    show(&deps, path, &headers).await.unwrap_or_else(|Away(page)| page)
}

async fn show(
    deps: &Deps,
    path: Result<Path<String>, PathRejection>,
    headers: &HeaderMap,
) -> Result<Response, Away> {
    let now = deps.ids.now();
    let seen = Seen::of(&deps.table, &named(path)?, now).await?;
    let customer = customer(deps, headers).await?.ok_or_else(|| door(Some(&seen)))?;
    if customer.tenant != seen.voucher.tenant {
        return Err(ClaimRefused::UnknownVoucher.into());
    }
    let found = deps.table.claim_of(&customer.tenant, &customer.id, &seen.voucher.id).await?;
    let held = |claim: &&Copy| claim.claimed_at.is_some() && claim.removed_at.is_none();
    let held = found.as_ref().filter(held);
    let offer = match held {
        Some(claim) => offer_of(deps, &seen, claim, now).await?,
        None => to_claim(&seen, (&customer, found.clone()), now),
    };
    let csrf = FormToken::make(&deps.seal, &deps.ids, &customer.forms()).await?;
    let page = pass(&seen, held, (offer, csrf));
    let policy = page.look.policy.clone();
    Ok(page::html_under(StatusCode::OK, &page, policy))
}

fn pass(seen: &Seen, held: Option<&Copy>, (offer, csrf): (Offer, String)) -> PassPage {
    let voucher = &seen.voucher;
    let ends = held.map_or(voucher.terms.expires_at, |claim| claim.expires_at);
    PassPage {
        shell: Shell::titled(format!("{} · My vouchers", voucher.terms.text.title)),
        look: Look::of(&seen.tenant),
        id: voucher.id.to_string(),
        organisation: seen.tenant.settings.name.clone(),
        title: voucher.terms.text.title.clone(),
        benefit: voucher.terms.benefit.words(),
        business: seen.business.profile.name.clone(),
        until: voucher.until_words(ends),
        rest: held.and_then(|claim| rest_of(&voucher.terms.benefit, claim)),
        offer,
        is_held: held.is_some(),
        csrf,
        script: VOUCHER_CODE_SCRIPT.path(),
        renew_s: RENEW_S,
    }
}

/// What is left of a gift of which something was spent.
fn rest_of(benefit: &Benefit, claim: &Copy) -> Option<String> {
    match (benefit, claim.left) {
        (Benefit::GiftBalance { currency, .. }, Some(minor)) if claim.used > 0 => {
            Some(local_amount(Money { minor, currency: *currency }))
        }
        _ => None,
    }
}

/// What a customer can do with a voucher in the wallet.
async fn offer_of(
    deps: &Deps,
    seen: &Seen,
    claim: &Copy,
    now: Timestamp,
) -> Result<Offer, Problem> {
    match claim.state(now) {
        Some(ClaimState::Redeemed) => {
            return Ok(Offer::Words("Used", "You have used this voucher. Thank you!".to_owned()));
        }
        Some(ClaimState::Expired) => {
            return Ok(Offer::Words("Expired", "This voucher's time is over.".to_owned()));
        }
        Some(ClaimState::Claimed | ClaimState::Removed) | None => {}
    }
    // A gift of which something was spent has had its one of the limit.
    let begun = seen.state == VoucherState::Exhausted && !claim.is_whole(&seen.voucher);
    if let Some((heading, words)) = notice(seen, now).filter(|_| !begun) {
        return Ok(Offer::Words(heading, words));
    }
    let by = (&deps.table, &deps.signer);
    let code = match user_code(by, &seen.voucher, claim, now).await {
        Err(problem) if problem.code() == REVOKED => {
            let words = format!("{} has taken this voucher back.", seen.tenant.settings.name);
            return Ok(Offer::Words("Taken back", words));
        }
        code => code?,
    };
    let zone = jiff::tz::TimeZone::get(&seen.voucher.zone).unwrap_or(jiff::tz::TimeZone::UTC);
    let until = code.expires_at.to_zoned(zone).strftime("%H:%M:%S").to_string();
    let life_s = code.expires_at.duration_since(now).as_secs();
    Ok(Offer::Code(Code { svg: draw::code(&code.url)?, life_s, until }))
}

/// Whether it can be put into the wallet, or why not.
fn to_claim(seen: &Seen, record: (&Customer, Option<Copy>), now: Timestamp) -> Offer {
    let (customer, found) = record;
    if let Some((heading, words)) =
        notice(seen, now).filter(|_| seen.state != VoucherState::Published)
    {
        return Offer::Words(heading, words);
    }
    match Copy::claimable(&seen.voucher, (&customer.id, found), now) {
        Ok(_) => Offer::Add,
        Err(refused) => Offer::Words("Not for your wallet", page::sentence(&refused.to_string())),
    }
}
