//! GET /scan/{property_id}: the page that leads on (P26, P38). It works without JavaScript and below a strict
//! content policy; the script only adds the second tab and the report of what became of it (X3).

use askama::Template;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use domain::code::ScanRefused;
use domain::failure::{Failure, chain};
use domain::id::PropertyId;
use domain::money::grouped;
use domain::scan::{RedirectType, ScanSource};
use web::Problem;
use web::assets::SCAN_SCRIPT;
use web::page::{self, Shell};

use crate::Deps;
use crate::outcome::sealed_report;
use crate::visit::{Scanned, record_scan};

/// Seconds that the script has before the page leads on by itself. Without a second tab to open there is no need
/// to wait for a script.
const DUAL_REFRESH_S: u8 = 1;

#[derive(Template)]
#[template(path = "page.html")]
struct ScanPage<'a> {
    shell: Shell,
    scanned: &'a Scanned,
    price: String,
    refresh_s: u8,
    script: String,
    report: String,
}

/// Leads a scan on.
#[utoipa::path(
    method(get, head),
    path = "/scan/{property_id}",
    tag = "scan",
    operation_id = "scan_page",
    params(("property_id" = String, Path, description = "The property's ObjectId")),
    responses(
        (status = 200, description = "A page that leads to the property's page and the explorer", content_type = "text/html"),
        (status = 404, description = "No code belongs to this address", content_type = "text/html"),
        (status = 410, description = "The code was withdrawn or has expired", content_type = "text/html"),
        (status = 503, description = "The scan could not be written down; the page leads on all the same", content_type = "text/html"),
    )
)]
pub(crate) async fn scan_page(
    State(deps): State<Deps>,
    id: Result<Path<String>, PathRejection>,
    request: Request,
) -> Response {
    let started = deps.clock.stopwatch();
    match lead_on(&deps, id, request, started).await {
        Ok(response) => response,
        Err(problem) => refused(&problem),
    }
}

async fn lead_on(
    deps: &Deps,
    id: Result<Path<String>, PathRejection>,
    request: Request,
    started: std::time::Instant,
) -> Result<Response, Problem> {
    // To a visitor a malformed id is just a code that is not there, and so is one that is not even text.
    let Path(id) = id.map_err(|_| ScanRefused::Unknown)?;
    let id = PropertyId::parse(&id).map_err(|_| ScanRefused::Unknown)?;
    let (parts, _) = request.into_parts();
    let scanned = record_scan(deps, &id, ScanSource::QrCode, &parts, started).await?;
    let report = match &scanned.written {
        Ok(()) => report_of(deps, &scanned).await,
        Err(error) => {
            metrics::counter!("scan_events_lost_total").increment(1);
            tracing::error!(code = error.code(), error = chain(error), "a scan was not written");
            String::new()
        }
    };
    let page = ScanPage {
        shell: Shell::titled(&scanned.data.property_name),
        price: grouped(scanned.data.price.unsigned_abs()),
        refresh_s: if scanned.redirect == RedirectType::DualRedirect { DUAL_REFRESH_S } else { 0 },
        script: SCAN_SCRIPT.path(),
        report,
        scanned: &scanned,
    };
    let status =
        if scanned.written.is_ok() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let mut response = page::html(status, &page);
    let never = HeaderValue::from_static("noindex, nofollow");
    response.headers_mut().insert(header::HeaderName::from_static("x-robots-tag"), never);
    Ok(response)
}

/// The sealed report, or none: the scan is written down, and its visitor is led on without one too.
async fn report_of(deps: &Deps, scanned: &Scanned) -> String {
    sealed_report(deps, scanned).await.unwrap_or_else(|error| {
        tracing::error!(
            code = error.code(),
            error = chain(&error),
            "a page goes without its report"
        );
        String::new()
    })
}

fn refused(problem: &Problem) -> Response {
    let (heading, advice) = match problem.status() {
        StatusCode::NOT_FOUND => (
            "This code leads nowhere",
            "Check that the whole code was in the picture, or ask whoever showed it to you.",
        ),
        StatusCode::GONE => {
            ("This code is no longer in use", "Ask whoever showed it to you for a new one.")
        }
        _ => ("Please try again", "We could not look the code up. Scan it again in a moment."),
    };
    metrics::counter!("scans_refused_total", "code" => problem.code()).increment(1);
    page::problem(problem, heading, advice)
}
