//! GET /desk/today: what came in and went out since midnight on the tenant's clock, and the latest tips. A small script
//! loads it again every few seconds; without it the page does so by itself.

use std::collections::BTreeMap;

use adapters::table::TipFilter;
use adapters::takings;
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::id::TenantId;
use domain::money::{Currency, Money};
use domain::page::PageSize;
use domain::takings::Takings;
use domain::tip::local_amount;
use jiff::{SignedDuration, Timestamp};
use web::assets::DESK_LIVE_SCRIPT;
use web::desk::{Frame, Section, Staff, Tag, TurnedAway, tip_tag};
use web::finance::Settling;
use web::page::{self, Shell};
use web::{Problem, may};

use crate::Deps;
use crate::names::Names;

/// Tips that are shown.
const TIPS_SHOWN: u32 = 20;

/// The sums of a currency, as they are written.
struct Sums {
    currency: &'static str,
    tips: u64,
    credited: String,
    taken_back: String,
    paid_out: String,
}

/// A tip in a line.
struct TipLine {
    when: String,
    guard: String,
    guard_path: String,
    amount: String,
    tag: Tag,
}

#[derive(Template)]
#[template(path = "today.html")]
struct TodayPage {
    shell: Shell,
    frame: Frame,
    sums: Vec<Sums>,
    tips: Vec<TipLine>,
    now: String,
    paused: bool,
    whole: bool,
    script: String,
}

/// Today's tips.
#[utoipa::path(
    get,
    path = "/desk/today",
    tag = "desk",
    operation_id = "today_page",
    responses(
        (status = 200, description = "Today's sums and the latest tips", content_type = "text/html"),
        (status = 303, description = "To signing in"),
        (status = 403, description = "The key lacks the scope", content_type = "text/html"),
    ),
    security(("api_key" = ["finance:read"]))
)]
pub(crate) async fn today_page(
    State(deps): State<Deps>,
    staff: Staff<may::FinanceRead>,
) -> Result<Response, TurnedAway> {
    let tenant = &staff.who.tenant;
    let frame = deps.frame(&staff.who, Section::Today).await?;
    let now = deps.ids.now();
    let begin = now.to_zoned(frame.zone.clone()).start_of_day().map(|at| at.timestamp());
    // The end is not part of the period, and what was written just now is.
    let end = now.saturating_add(SignedDuration::from_millis(1)).unwrap_or(Timestamp::MAX);
    let period = (begin.unwrap_or(now), end);
    let (sums, whole) = sums(&deps, tenant, period).await?;
    let page = TodayPage {
        shell: Shell::titled("Today"),
        sums,
        tips: tips(&deps, tenant, period, &frame).await?,
        now: frame.when(now),
        paused: deps.table.payouts_paused(tenant).await?.is_some(),
        whole,
        script: DESK_LIVE_SCRIPT.path(),
        frame,
    };
    Ok(page::html(StatusCode::OK, &page))
}

async fn sums(
    deps: &Deps,
    tenant: &TenantId,
    period: (Timestamp, Timestamp),
) -> Result<(Vec<Sums>, bool), Problem> {
    let mut all: BTreeMap<Currency, Takings> = BTreeMap::new();
    let whole = takings::read(&deps.table, tenant, period, |one| {
        let sum = all.entry(one.currency).or_default();
        *sum = sum.plus(one.takings);
    });
    let whole = whole.await?;
    let written = |(currency, sum): (Currency, Takings)| {
        let money = |minor| local_amount(Money { minor, currency });
        Sums {
            currency: currency.code(),
            tips: sum.tips,
            credited: money(sum.credited),
            taken_back: money(sum.taken_back),
            paid_out: money(sum.paid_out),
        }
    };
    Ok((all.into_iter().map(written).collect(), whole))
}

async fn tips(
    deps: &Deps,
    tenant: &TenantId,
    (from, to): (Timestamp, Timestamp),
    frame: &Frame,
) -> Result<Vec<TipLine>, Problem> {
    let filter = TipFilter { from, to, status: None };
    let size = PageSize::parse(Some(TIPS_SHOWN))?;
    let tips = deps.table.tips_of_tenant(tenant, &filter, size, None).await?.entries;
    let names = Names::of(deps, tenant, tips.iter().map(|tip| &tip.guard)).await?;
    let settling = Settling::of(&deps.table, tenant, &tips).await?;
    let line = |tip: domain::tip::Tip| TipLine {
        when: frame.when(tip.created_at),
        guard: names.name(&tip.guard),
        guard_path: format!("/desk/guards/{}", tip.guard),
        amount: local_amount(tip.amount),
        tag: tip_tag(settling.status(&tip)),
    };
    Ok(tips.into_iter().map(line).collect())
}
