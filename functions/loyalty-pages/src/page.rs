//! GET /wallet/{restaurant_id}: a customer's points at a restaurant, what they are good for, and the codes for the
//! till.

use adapters::table::Table;
use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use domain::member::MemberKey;
use domain::page::{Page, PageSize};
use domain::points::Purse;
use domain::programme::{Programme, ProgrammeRefused};
use domain::reward::Reward;
use domain::tenant::Tenant;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::try_join;
use web::Problem;
use web::assets::WALLET_SCRIPT;
use web::customer::CustomerRefused;
use web::desk::FormToken;
use web::page::{self, Shell};

use crate::Deps;
use crate::code::ShownCode;
use crate::door::{Place, Visit, Wants, door};
use crate::look::Look;
use crate::shell::{Files, SHELL, WORKER};
use crate::words::{self, HistoryRow, HoldRow, Names, RewardRow};

/// How many changes of the points are shown.
const CHANGES: u32 = 10;

#[derive(Template)]
#[template(path = "page.html")]
struct WalletPage {
    shell: Shell,
    look: Look,
    files: Files,
    script: String,
    id: String,
    restaurant: String,
    programme: String,
    earning: String,
    /// Whose keys the browser keeps.
    owner: String,
    customer: String,
    /// The ids of the customer's keys.
    keys: String,
    now_ms: i64,
    csrf: String,
    version: u64,
    balance: i64,
    expiry: Option<String>,
    rewards: Vec<RewardRow>,
    holds: Vec<HoldRow>,
    history: Vec<HistoryRow>,
    /// A code, where the page is the answer to a form.
    shown: Option<ShownCode>,
    until: String,
}

/// All that a page is made of.
struct Loaded {
    tenant: Tenant,
    programme: Programme,
    purse: Purse,
    rewards: Vec<Reward>,
    changes: Page<adapters::table::StoredPoints>,
    keys: Vec<MemberKey>,
}

/// A customer's wallet at a restaurant. Whoever opens it joins. Who has not signed in is told how one gets in.
#[utoipa::path(
    get,
    path = "/wallet/{restaurant_id}",
    tag = "loyalty",
    operation_id = "wallet_page",
    params(("restaurant_id" = String, Path, description = "The restaurant")),
    responses(
        (status = 200, description = "The wallet, or how one gets in", content_type = "text/html"),
        (status = 404, description = "No such restaurant", content_type = "text/html"),
    )
)]
pub(crate) async fn wallet_page(
    State(deps): State<Deps>,
    Place { restaurant, .. }: Place,
    headers: HeaderMap,
) -> Response {
    let page = async {
        let visit = Visit::of(&deps, &headers, &restaurant).await?;
        visit.join(&deps.table, deps.ids.now()).await?;
        draw(&deps, &visit, None).await
    };
    match page.await {
        Ok(page) => page,
        Err(problem) if problem.status() == StatusCode::UNAUTHORIZED => door(StatusCode::OK),
        Err(problem) => Wants::Page.turned_away(problem),
    }
}

/// The page, with a code where one was asked for without JavaScript.
pub(crate) async fn draw(
    deps: &Deps,
    visit: &Visit,
    shown: Option<ShownCode>,
) -> Result<Response, Problem> {
    let loaded = load(&deps.table, visit).await?;
    let csrf = FormToken::make(&deps.seal, &deps.ids, &visit.customer.forms()).await?;
    let page = wallet(visit, &loaded, (csrf, shown), deps.ids.now());
    let policy = page.look.policy.clone();
    Ok(page::html_under(StatusCode::OK, &page, policy))
}

async fn load(table: &Table, visit: &Visit) -> Result<Loaded, Problem> {
    let (tenant, customer) = (&visit.customer.tenant, &visit.customer.id);
    let of = &visit.restaurant.programme;
    let changes = PageSize::parse(Some(CHANGES))?;
    let (owner, programme, purse, rewards, changes, keys) = try_join!(
        table.tenant(tenant),
        table.programme(tenant, of),
        table.purse(tenant, of, customer),
        table.rewards((tenant, of), PageSize::largest(), None),
        table.points_of_customer((tenant, of, customer), changes, None),
        table.member_keys(tenant, customer),
    )?;
    Ok(Loaded {
        tenant: owner.ok_or(CustomerRefused::SessionEnded)?,
        programme: programme.ok_or(ProgrammeRefused::Unknown)?,
        purse,
        rewards: rewards.entries,
        changes,
        keys,
    })
}

fn wallet(
    visit: &Visit,
    loaded: &Loaded,
    (csrf, shown): (String, Option<ShownCode>),
    now: Timestamp,
) -> WalletPage {
    let Loaded { tenant, programme, purse, rewards, changes, keys } = loaded;
    let zone = TimeZone::get(&programme.terms.time_zone).unwrap_or(TimeZone::UTC);
    let name = |reward: &Reward| (reward.id.clone(), reward.terms.name.clone());
    let names: Names = rewards.iter().map(name).collect();
    let clock =
        |code: &ShownCode| code.expires_at.to_zoned(zone.clone()).strftime("%H:%M:%S").to_string();
    let restaurant = visit.restaurant.profile.name.clone();
    let holds = HoldRow::all(purse, &names, &zone, now);
    let history = HistoryRow::all(&changes.entries, &names, &zone);
    let room = words::room(&holds, &history);
    WalletPage {
        shell: Shell::titled(format!("{restaurant} · My points")),
        look: Look::of(tenant),
        files: Files::all(),
        script: WALLET_SCRIPT.path(),
        id: visit.restaurant.id.to_string(),
        restaurant,
        programme: programme.terms.name.clone(),
        earning: words::earning(&programme.terms),
        owner: format!("{}/{}", visit.customer.tenant, visit.customer.id),
        customer: visit.customer.id.to_string(),
        keys: keys.iter().map(|key| key.id.as_str()).collect::<Vec<_>>().join(" "),
        now_ms: now.as_millisecond(),
        csrf,
        version: purse.version,
        balance: purse.free(now),
        expiry: words::expiry(purse, &zone, now),
        rewards: RewardRow::all((rewards, room), purse.free(now), &zone, now),
        holds,
        history,
        until: shown.as_ref().map(clock).unwrap_or_default(),
        shown,
    }
}
