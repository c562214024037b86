//! GET /business/{business_id}/analytics: what became of a voucher of the business (V25, V30, V37, V38), drawn on our
//! side, with the numbers of the API and a table beside each drawing.

use adapters::table::Counted;
use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::id::{BusinessId, TenantId, VoucherId};
use domain::page::PageSize;
use domain::scan::CodeSubject;
use domain::tally::{NameCount, Span, VoucherNumbers, wait_in_words};
use domain::voucher::{Voucher, VoucherRefused};
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use url::form_urlencoded::byte_serialize;
use web::counted::{self, VoucherFigures};
use web::desk::{Choice, Field, Fields, see};
use web::guard::tenant_of;
use web::page::{self, Shell};
use web::{BusinessReader, Problem, may};

use crate::Deps;
use crate::heat::{Country, WEEKDAYS, Week, countries};
use crate::page::{BusinessPath, own, turned_away};

/// The periods that can be chosen, in days.
const PERIODS: [(i64, &str); 3] = [(7, "A week"), (30, "30 days"), (90, "90 days")];
/// The period unless another one is chosen, in days.
const PERIOD_DEFAULT: i64 = 30;
/// Vouchers of a tenant that are looked through for those of the business, in pages of 100.
const VOUCHERS_PAGES_MAX: u32 = 20;
const VOUCHERS_PAGE: u32 = 100;

#[derive(Template)]
#[template(path = "figures.html")]
struct FiguresPage {
    shell: Shell,
    id: BusinessId,
    name: String,
    voucher: Field,
    days: Field,
    /// Whether there may be more vouchers than the list has.
    cut: bool,
    of: Option<Figures>,
}

/// The figures of one voucher.
struct Figures {
    title: String,
    period: String,
    zone: String,
    scans: i64,
    visitors: u64,
    numbers: VoucherNumbers,
    wait: Option<String>,
    weeks: [(Week, Vec<Hour>); 2],
    countries: Vec<Country>,
    refusals: Vec<NameCount>,
    forms: Vec<NameCount>,
}

/// A row of the table beside a week: the hour, and the counts from Monday to Sunday.
struct Hour {
    hour: usize,
    counts: Vec<i64>,
}

impl FiguresPage {
    fn weekdays(&self) -> [&'static str; 7] {
        WEEKDAYS.map(|day| &day[..3])
    }
}

impl Figures {
    /// Thousandths as a percentage with one digit.
    fn percent(permille: &Option<i64>) -> String {
        let tenths = |permille: &i64| format!("{}.{} %", permille / 10, permille % 10);
        permille.as_ref().map_or_else(|| "–".to_owned(), tenths)
    }
}

/// What became of a voucher of the business.
#[utoipa::path(
    get,
    path = "/business/{business_id}/analytics",
    tag = "desk",
    operation_id = "figures_page",
    params(
        ("business_id" = String, Path, description = "The business"),
        ("voucher_id" = Option<String>, Query, description = "A voucher of the business; its newest when absent"),
        ("days" = Option<u16>, Query, description = "7, 30 or 90; 30 when absent"),
    ),
    responses(
        (status = 200, description = "The figures", content_type = "text/html"),
        (status = 303, description = "To signing in"),
        (status = 403, description = "The key lacks the scope", content_type = "text/html"),
        (status = 404, description = "No such business, or no such voucher", content_type = "text/html"),
    ),
    security(("api_key" = ["vouchers:read"]))
)]
pub(crate) async fn figures_page(
    State(deps): State<Deps>,
    Path(asked): Path<String>,
    reader: Result<BusinessReader<may::VouchersRead>, Problem>,
    id: Result<BusinessPath, Response>,
    RawQuery(query): RawQuery,
) -> Response {
    let reader = match reader {
        Ok(reader) => reader,
        Err(problem) if problem.status() == StatusCode::UNAUTHORIZED => {
            let asked: String = byte_serialize(asked.as_bytes()).collect();
            return see(&format!("/business/{asked}"));
        }
        Err(problem) => return turned_away(&problem),
    };
    let BusinessPath(id) = match id {
        Ok(id) => id,
        Err(response) => return response,
    };
    let query = Fields::parse(query.unwrap_or_default().as_bytes());
    match page_of(&deps, &reader, id, &query).await {
        Ok(page) => page::html(StatusCode::OK, &page),
        Err(problem) => turned_away(&problem),
    }
}

async fn page_of(
    deps: &Deps,
    reader: &BusinessReader<may::VouchersRead>,
    id: BusinessId,
    query: &Fields,
) -> Result<FiguresPage, Problem> {
    let business = own(deps, reader, &id).await?;
    let (vouchers, cut) = vouchers(deps, &reader.tenant, &id).await?;
    let wanted = chosen(deps, reader, (&id, &vouchers), query.get("voucher_id")).await?;
    let asked = query.get("days").parse().unwrap_or(0);
    let days = PERIODS.into_iter().map(|(days, _)| days).find(|days| *days == asked);
    let days = days.unwrap_or(PERIOD_DEFAULT);
    let of = match &wanted {
        Some(voucher) => Some(figures(deps, voucher, days).await?),
        None => None,
    };
    let choice = |one: &Voucher| Choice::new(one.id.to_string(), one.terms.text.title.clone());
    let periods = PERIODS.map(|(days, label)| Choice::new(days.to_string(), label)).into();
    let holding = wanted.map(|voucher| voucher.id.to_string()).unwrap_or_default();
    Ok(FiguresPage {
        shell: Shell::titled(format!("{} · Figures", business.profile.name)),
        name: business.profile.name,
        voucher: Field::choice("voucher_id", "Voucher", vouchers.iter().map(choice).collect())
            .holding(holding),
        days: Field::choice("days", "Period", periods).holding(days.to_string()),
        cut,
        of,
        id,
    })
}

/// The vouchers of the business, newest first, and whether there may be more.
async fn vouchers(
    deps: &Deps,
    tenant: &TenantId,
    business: &BusinessId,
) -> Result<(Vec<Voucher>, bool), Problem> {
    let size = PageSize::parse(Some(VOUCHERS_PAGE))?;
    let (mut found, mut from) = (Vec::new(), None);
    for _ in 0..VOUCHERS_PAGES_MAX {
        let page = deps.table.vouchers_of_tenant(tenant, size, from.as_ref()).await?;
        found.extend(page.entries.into_iter().filter(|voucher| voucher.business == *business));
        from = page.next;
        if from.is_none() {
            break;
        }
    }
    Ok((found, from.is_some()))
}

/// The voucher that is asked for, or the newest.
async fn chosen(
    deps: &Deps,
    reader: &BusinessReader<may::VouchersRead>,
    (business, vouchers): (&BusinessId, &[Voucher]),
    asked: &str,
) -> Result<Option<Voucher>, Problem> {
    if asked.is_empty() {
        return Ok(vouchers.first().cloned());
    }
    let id = VoucherId::parse(asked).map_err(|_| VoucherRefused::Unknown)?;
    let voucher = deps.table.voucher_of(&reader.tenant, &id).await?;
    let voucher = voucher.filter(|voucher| voucher.business == *business);
    Ok(Some(voucher.ok_or(VoucherRefused::Unknown)?))
}

async fn figures(deps: &Deps, voucher: &Voucher, days: i64) -> Result<Figures, Problem> {
    let tenant = tenant_of(&deps.table, &voucher.tenant).await?;
    // The zone was checked when it was set.
    let zone = TimeZone::get(&tenant.settings.payouts.time_zone).unwrap_or(TimeZone::UTC);
    let last = deps.clock.now().to_zoned(zone.clone()).date();
    let first = last.saturating_sub((days - 1).days());
    let span = Span::of_days(first, last, zone)?;
    let counted = Counted::Code(voucher.tenant.clone(), CodeSubject::Voucher(voucher.id.clone()));
    let VoucherFigures { scans, numbers } = counted::voucher(&deps.table, &counted, &span).await?;
    let cities = counted::cities(&deps.table, &counted, &span).await?;
    let redeemed = ("redeemed", "Redemptions by weekday and hour", "redemptions");
    let scanned = ("scanned", "Scans by weekday and hour", "scans");
    let day = |date: Date| date.strftime("%-d %b %Y").to_string();
    Ok(Figures {
        title: voucher.terms.text.title.clone(),
        period: format!("{} to {}", day(first), day(last)),
        zone: span.zone_name(),
        scans: scans.total_scans,
        visitors: scans.unique_visitors,
        wait: numbers.average_wait_s.map(wait_in_words),
        weeks: [
            week(redeemed, &numbers.redemptions_by_weekday),
            week(scanned, &numbers.scans_by_weekday),
        ],
        countries: countries(&scans.countries, &cities),
        refusals: numbers.refusals.iter().map(in_words).collect(),
        forms: numbers.forms.iter().map(of_form).collect(),
        numbers,
    })
}

/// A week with its table: an hour a row.
fn week(named: (&'static str, &'static str, &str), rows: &[Vec<i64>]) -> (Week, Vec<Hour>) {
    let at = |hour: usize| rows.iter().map(move |row| row.get(hour).copied().unwrap_or(0));
    let hours = (0..24).map(|hour| Hour { hour, counts: at(hour).collect() });
    (Week::of(named, rows), hours.collect())
}

/// A refusal's code as words: `voucher_already_redeemed` is "voucher already redeemed".
fn in_words(NameCount { name, count }: &NameCount) -> NameCount {
    NameCount { name: page::sentence(&name.replace('_', " ")), count: *count }
}

/// A form of codes as people call it.
fn of_form(NameCount { name, count }: &NameCount) -> NameCount {
    let name = match name.as_str() {
        "standard" => "The voucher's own QR code",
        "user" => "A customer's code",
        "print" => "Printed code",
        "short" => "Short code",
        "static" => "Fixed code",
        other => other,
    };
    NameCount { name: name.to_owned(), count: *count }
}
