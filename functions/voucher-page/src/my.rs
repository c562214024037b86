//! GET /my/vouchers: what a customer holds, in the wallet's order (V24).

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use domain::claim::ClaimState;
use domain::voucher::VoucherState;
use jiff::Timestamp;
use web::desk::FormToken;
use web::page::{self, Shell};
use web::wallet::{Listed, wallet};

use crate::Deps;
use crate::door::{Away, customer, door};
use crate::look::Look;

/// A voucher in the list.
struct Row {
    id: String,
    title: String,
    benefit: String,
    until: String,
    /// The state in a word, and how it looks.
    tag: (&'static str, &'static str),
}

#[derive(Template)]
#[template(path = "my.html")]
struct MyPage {
    shell: Shell,
    look: Look,
    organisation: String,
    rows: Vec<Row>,
    csrf: String,
}

impl Row {
    fn of(listed: &Listed, now: Timestamp) -> Option<Self> {
        let (claim, voucher) = (&listed.held.claim, &listed.held.voucher);
        Some(Self {
            id: voucher.id.to_string(),
            title: voucher.terms.text.title.clone(),
            benefit: voucher.terms.benefit.words(),
            until: voucher.until_words(claim.expires_at),
            tag: tag_of(claim.state(now)?, listed),
        })
    }
}

fn tag_of(claim: ClaimState, listed: &Listed) -> (&'static str, &'static str) {
    match (claim, listed.state) {
        (ClaimState::Redeemed, _) => ("used", "over"),
        (ClaimState::Expired, _) => ("expired", "over"),
        (ClaimState::Removed, _) => ("removed", "over"),
        (ClaimState::Claimed, VoucherState::Ended) => ("ended", "over"),
        (ClaimState::Claimed, _) if listed.revoked => ("taken back", "over"),
        (ClaimState::Claimed, VoucherState::Exhausted) => ("all used", "over"),
        (ClaimState::Claimed, VoucherState::Published) => ("ready to use", "fine"),
        (ClaimState::Claimed, VoucherState::Paused | VoucherState::Draft) => ("paused", "wait"),
        (ClaimState::Claimed, VoucherState::Expired) => ("expired", "over"),
    }
}

/// A customer's vouchers.
#[utoipa::path(
    get,
    path = "/my/vouchers",
    tag = "wallet",
    operation_id = "my_vouchers",
    responses((status = 200, description = "The customer's vouchers, or how one gets in", content_type = "text/html"))
)]
pub(crate) async fn my_vouchers(State(deps): State<Deps>, headers: HeaderMap) -> Response {
    draw(&deps, &headers).await.unwrap_or_else(|Away(page)| page)
}

async fn draw(deps: &Deps, headers: &HeaderMap) -> Result<Response, Away> {
    let now = deps.ids.now();
    let customer = customer(deps, headers).await?.ok_or_else(|| door(None))?;
    let listed = wallet(&deps.table, (&customer.tenant, &customer.id), now).await?;
    let tenant = deps.table.tenant(&customer.tenant).await?.ok_or_else(|| door(None))?;
    let look = Look::of(&tenant);
    let policy = look.policy.clone();
    let page = MyPage {
        shell: Shell::titled("My vouchers"),
        look,
        organisation: tenant.settings.name,
        rows: listed.iter().filter_map(|one| Row::of(one, now)).collect(),
        csrf: FormToken::make(&deps.seal, &deps.ids, &customer.forms()).await?,
    };
    Ok(page::html_under(StatusCode::OK, &page, policy))
}
