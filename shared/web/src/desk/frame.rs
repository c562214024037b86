//! The frame around each page of the desk: whose it is, where else one can go, and the way out.

use adapters::ids::Ids;
use adapters::table::Table;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::access::Scope;
use domain::page::Position;
use domain::tip::TipStatus;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::form::FormToken;
use super::staff::SignedIn;
use crate::guard::tenant_of;
use crate::problem::Problem;
use crate::seal::Seal;

/// The parts of the desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// Guards.
    Guards,
    /// Tips by guard, post and period.
    Report,
    /// Today's tips.
    Today,
    /// Payouts and runs.
    Payouts,
    /// What does not fit.
    Cases,
    /// Files.
    Exports,
    /// Tips and payouts per day.
    Charts,
    /// None of them.
    Home,
}

impl Section {
    /// Those that have a page of their own, in their order, with the scope that each needs.
    pub const ALL: [(Section, &'static str, &'static str, Scope); 7] = [
        (Section::Guards, "Guards", "/desk/guards", Scope::GuardsRead),
        (Section::Report, "Report", "/desk/report", Scope::GuardsRead),
        (Section::Today, "Today", "/desk/today", Scope::FinanceRead),
        (Section::Payouts, "Payouts", "/desk/payouts", Scope::FinanceRead),
        (Section::Cases, "Cases", "/desk/cases", Scope::FinanceRead),
        (Section::Exports, "Exports", "/desk/exports", Scope::FinanceRead),
        (Section::Charts, "Charts", "/desk/charts", Scope::FinanceRead),
    ];
}

/// One way to go.
#[derive(Clone, Debug)]
pub struct Tab {
    /// What it is called.
    pub label: &'static str,
    /// Where it leads.
    pub href: &'static str,
    /// Whether one is there.
    pub current: bool,
}

/// What stands around a page.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The tenant's name.
    pub owner: String,
    /// Where else one can go, as far as one may.
    pub tabs: Vec<Tab>,
    /// The token of all forms on the page.
    pub csrf: String,
    /// What has just been done.
    pub done: Option<&'static str>,
    /// Whose clock the page tells: the tenant's.
    pub zone: TimeZone,
}

/// A state as a word and a colour; the colour says nothing that the word does not.
#[derive(Clone, Copy, Debug)]
pub struct Tag {
    /// The word.
    pub word: &'static str,
    /// `fine`, `wait`, `stop` or `over`.
    pub class: &'static str,
}

impl Tag {
    /// A tag.
    pub fn new(word: &'static str, class: &'static str) -> Self {
        Self { word, class }
    }
}

impl Frame {
    /// The frame of a page in this section.
    ///
    /// # Errors
    /// The store's failure, or that of the secret.
    pub async fn of(
        (table, seal, ids): (&Table, &Seal, &Ids),
        who: &SignedIn,
        section: Section,
    ) -> Result<Self, Problem> {
        let tenant = tenant_of(table, &who.tenant).await?;
        let open = Section::ALL.into_iter().filter(|(.., scope)| who.may(*scope));
        let tab = |(of, label, href, _)| Tab { label, href, current: of == section };
        let csrf = FormToken::make(seal, ids, &who.session).await?;
        let tabs = open.map(tab).collect();
        // The zone was checked when it was set.
        let zone = TimeZone::get(&tenant.settings.payouts.time_zone).unwrap_or(TimeZone::UTC);
        Ok(Self { owner: tenant.settings.name, tabs, csrf, done: None, zone })
    }

    /// An instant as it is read on the tenant's clock.
    pub fn when(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%-d %b %Y, %H:%M").to_string()
    }

    /// The frame, with what has just been done.
    #[must_use]
    pub fn saying(self, done: Option<&'static str>) -> Self {
        Self { done, ..self }
    }
}

/// Leads to another page of ours (303).
pub fn see(address: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    // Addresses of ours are made of ids and escaped texts.
    let address = HeaderValue::from_str(address).unwrap_or(HeaderValue::from_static("/desk"));
    response.headers_mut().insert(header::LOCATION, address);
    response
}

/// The address of a list's next page: the same query with another cursor.
///
/// # Errors
/// The secret's failure.
pub async fn next_page(
    seal: &Seal,
    (owner, list): (&str, &str),
    (path, query): (&str, &[(&str, &str)]),
    next: Option<&Position>,
) -> Result<Option<String>, Problem> {
    let Some(next) = next else { return Ok(None) };
    let cursor = seal.cursor(owner, list, next).await?;
    let mut written = url::form_urlencoded::Serializer::new(String::new());
    let said = query.iter().filter(|(_, value)| !value.is_empty());
    written.extend_pairs(said).append_pair("cursor", &cursor);
    Ok(Some(format!("{path}?{}", written.finish())))
}

/// A tip's status as staff read it.
pub fn tip_tag(status: TipStatus) -> Tag {
    match status {
        TipStatus::Initiated | TipStatus::Pending => Tag::new("Not paid yet", "over"),
        TipStatus::Succeeded => Tag::new("Paid", "fine"),
        TipStatus::Settled => Tag::new("Paid out", "fine"),
        TipStatus::Failed => Tag::new("Failed", "over"),
        TipStatus::Abandoned => Tag::new("Abandoned", "over"),
        TipStatus::Disputed => Tag::new("Disputed", "stop"),
        TipStatus::Refunded => Tag::new("Refunded", "wait"),
    }
}
