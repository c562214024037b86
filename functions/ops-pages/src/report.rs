//! GET /desk/report: tips of a period by guard, by post, by day or by month (T7), added up from the ledger.

use std::collections::{BTreeMap, HashMap};

use adapters::takings;
use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::guard::Guard;
use domain::id::{GuardId, TenantId};
use domain::money::{Currency, Money};
use domain::page::PageSize;
use domain::takings::Takings;
use domain::tip::local_amount;
use futures::future::try_join_all;
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use web::desk::{Choice, Field, Fields, Frame, Section, Staff, TurnedAway, Wrongs};
use web::page::{self, Shell};
use web::{Problem, may};

use crate::Deps;

/// The longest period, in days.
const DAYS_MAX: i32 = 366;
/// Pages of a hundred guards that are read for their names; the names of others are read one by one.
const GUARD_PAGES_MAX: usize = 10;
/// What stands where a guard has no post.
const NO_POST: &str = "No post";

/// By what the report adds up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Guard,
    Post,
    Day,
    Month,
}

/// A line of the report. Amounts are as they are written.
struct Line {
    name: String,
    href: Option<String>,
    tips: u64,
    credited: String,
    taken_back: String,
    kept: String,
}

#[derive(Template)]
#[template(path = "report.html")]
struct ReportPage {
    shell: Shell,
    frame: Frame,
    by: Field,
    from: Field,
    to: Field,
    head: &'static str,
    zone: String,
    /// One table per currency.
    tables: Vec<(String, Vec<Line>, Line)>,
    whole: bool,
    wrongs: Wrongs,
}

/// A period of whole days.
struct Period {
    by: By,
    from: Date,
    to: Date,
}

/// Sums by currency and by what a line stands for.
type Sums = BTreeMap<(Currency, String), Takings>;

/// Tips by guard, post, day or month.
#[utoipa::path(
    get,
    path = "/desk/report",
    tag = "desk",
    operation_id = "report_page",
    params(
        ("by" = Option<String>, Query, description = "`guard`, `post`, `day` or `month`"),
        ("from" = Option<String>, Query, description = "The first day, `2026-11-01`; the month's first when absent"),
        ("to" = Option<String>, Query, description = "The last day; today when absent"),
    ),
    responses(
        (status = 200, description = "The report", content_type = "text/html"),
        (status = 303, description = "To signing in"),
        (status = 403, description = "The key lacks the scope", content_type = "text/html"),
        (status = 422, description = "A period that is none", content_type = "text/html"),
    ),
    security(("api_key" = ["guards:read"]))
)]
pub(crate) async fn report_page(
    State(deps): State<Deps>,
    staff: Staff<may::GuardsRead>,
    RawQuery(query): RawQuery,
) -> Result<Response, TurnedAway> {
    let query = Fields::parse(query.unwrap_or_default().as_bytes());
    let zone = zone_of(&deps, &staff.who.tenant).await?;
    let today = deps.ids.now().to_zoned(zone.clone()).date();
    let (period, wrongs) = Period::of(&query, today);
    let status = if wrongs.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let read = match wrongs.is_empty() {
        true => sums(&deps, &staff.who.tenant, &period, &zone).await?,
        false => (Sums::new(), true),
    };
    let (sums, whole) = read;
    let typed = |name: &str, date: Date| query.given(name).unwrap_or(date.to_string());
    let page = ReportPage {
        shell: Shell::titled("Report"),
        frame: deps.frame(&staff.who, Section::Report).await?,
        by: Field::choice("by", "Add up by", choices()).holding(period.by.word()),
        from: Field::text("from", "From")
            .of("date")
            .holding(typed("from", period.from))
            .checked(&wrongs),
        to: Field::text("to", "To").of("date").holding(typed("to", period.to)).checked(&wrongs),
        head: period.by.head(),
        zone: zone.iana_name().unwrap_or("UTC").to_owned(),
        tables: tables(&deps, &staff.who.tenant, period.by, sums).await?,
        whole,
        wrongs,
    };
    Ok(page::html(status, &page))
}

impl By {
    fn word(self) -> &'static str {
        match self {
            By::Guard => "guard",
            By::Post => "post",
            By::Day => "day",
            By::Month => "month",
        }
    }

    fn head(self) -> &'static str {
        match self {
            By::Guard => "Guard",
            By::Post => "Post",
            By::Day => "Day",
            By::Month => "Month",
        }
    }
}

fn choices() -> Vec<Choice> {
    [By::Guard, By::Post, By::Day, By::Month].map(|by| Choice::new(by.word(), by.head())).into()
}

impl Period {
    /// What is asked for, and what is wrong with it.
    fn of(query: &Fields, today: Date) -> (Self, Wrongs) {
        let by = match query.get("by") {
            "post" => By::Post,
            "day" => By::Day,
            "month" => By::Month,
            _ => By::Guard,
        };
        let day = |name: &str, or: Date| match query.given(name) {
            None => Ok(or),
            Some(text) => text.parse::<Date>().map_err(|_| name.to_owned()),
        };
        let (from, to) = (day("from", today.first_of_month()), day("to", today));
        let (from, to) = match (from, to) {
            (Ok(from), Ok(to)) => (from, to),
            (Err(name), _) | (_, Err(name)) => {
                let wrongs = Wrongs::day(&name).into();
                return (Self { by, from: today, to: today }, wrongs);
            }
        };
        let longest = from.saturating_add((DAYS_MAX - 1).days());
        let wrongs = if to < from {
            Wrongs::at("to", "the last day is not before the first")
        } else if to > longest {
            Wrongs::at("to", "a report spans a year at most")
        } else {
            Wrongs::default()
        };
        (Self { by, from, to }, wrongs)
    }
}

/// The zone whose days are meant: that of the tenant's payouts.
async fn zone_of(deps: &Deps, tenant: &TenantId) -> Result<TimeZone, Problem> {
    let settings = web::guard::tenant_of(&deps.table, tenant).await?.settings;
    Ok(TimeZone::get(&settings.payouts.time_zone).unwrap_or(TimeZone::UTC))
}

/// The sums of a period, and whether all of it was read.
async fn sums(
    deps: &Deps,
    tenant: &TenantId,
    period: &Period,
    zone: &TimeZone,
) -> Result<(Sums, bool), Problem> {
    let start = |day: Date| zone.to_ambiguous_zoned(day.at(0, 0, 0, 0)).compatible();
    let from = start(period.from).map(|at| at.timestamp()).unwrap_or_default();
    let until = start(period.to.saturating_add(1.day())).map(|at| at.timestamp());
    let (mut sums, by) = (Sums::new(), period.by);
    let whole = takings::read(&deps.table, tenant, (from, until.unwrap_or_default()), |taking| {
        let day = taking.posting.recorded_at.to_zoned(zone.clone()).date();
        let line = match by {
            By::Guard | By::Post => taking.guard.to_string(),
            By::Day => day.to_string(),
            By::Month => day.strftime("%Y-%m").to_string(),
        };
        let sum = sums.entry((taking.currency, line)).or_default();
        *sum = sum.plus(taking.takings);
    });
    let whole = whole.await?;
    // A payout of the period is no tip of it.
    sums.retain(|_, sum| sum.tips > 0 || sum.taken_back != 0);
    Ok((sums, whole))
}

/// Who they are, by id.
async fn guards(
    deps: &Deps,
    tenant: &TenantId,
    wanted: &Sums,
) -> Result<HashMap<String, Guard>, Problem> {
    let (mut known, mut from) = (HashMap::new(), None);
    for _ in 0..GUARD_PAGES_MAX {
        let page = deps.table.guards_of_tenant(tenant, PageSize::largest(), from.as_ref()).await?;
        known.extend(page.entries.into_iter().map(|guard| (guard.id.to_string(), guard)));
        from = page.next;
        if from.is_none() || wanted.keys().all(|(_, id)| known.contains_key(id)) {
            break;
        }
    }
    let missing: Vec<GuardId> = wanted
        .keys()
        .filter(|(_, id)| !known.contains_key(id))
        .filter_map(|(_, id)| GuardId::parse(id).ok())
        .collect();
    for some in missing.chunks(50) {
        let read = try_join_all(some.iter().map(|id| deps.table.guard(tenant, id))).await?;
        known.extend(read.into_iter().flatten().map(|guard| (guard.id.to_string(), guard)));
    }
    Ok(known)
}

/// The tables, one per currency, each with its total.
async fn tables(
    deps: &Deps,
    tenant: &TenantId,
    by: By,
    sums: Sums,
) -> Result<Vec<(String, Vec<Line>, Line)>, Problem> {
    let known = match by {
        By::Guard | By::Post => guards(deps, tenant, &sums).await?,
        By::Day | By::Month => HashMap::new(),
    };
    let mut grouped: BTreeMap<Currency, BTreeMap<(String, String), Takings>> = BTreeMap::new();
    for ((currency, id), sum) in sums {
        let key = match (by, known.get(&id)) {
            (By::Post, Some(guard)) => {
                let post = guard.profile.post.clone().unwrap_or(NO_POST.to_owned());
                (post, String::new())
            }
            (By::Guard, Some(guard)) => (guard.profile.full_name(), id),
            (By::Guard | By::Post, None) => (id, String::new()),
            (By::Day | By::Month, _) => (id, String::new()),
        };
        let lines = grouped.entry(currency).or_default();
        let total = lines.entry(key).or_default();
        *total = total.plus(sum);
    }
    let table = |(currency, lines): (Currency, BTreeMap<(String, String), Takings>)| {
        let total = lines.values().fold(Takings::default(), |sum, each| sum.plus(*each));
        let lines = lines.into_iter().map(|((name, id), sum)| {
            let href = Some(format!("/desk/guards/{id}")).filter(|_| !id.is_empty());
            line(name, href, sum, currency)
        });
        (
            currency.code().to_owned(),
            lines.collect(),
            line("Total".to_owned(), None, total, currency),
        )
    };
    Ok(grouped.into_iter().map(table).collect())
}

fn line(name: String, href: Option<String>, sum: Takings, currency: Currency) -> Line {
    let money = |minor| local_amount(Money { minor, currency });
    Line {
        name,
        href,
        tips: sum.tips,
        credited: money(sum.credited),
        taken_back: money(sum.taken_back),
        kept: money(sum.kept()),
    }
}
