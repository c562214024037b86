//! GET /desk/guards: the tenant's guards by name, searched by name, number, post or status, in pages.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::access::Scope;
use domain::guard::{Guard, GuardStatus};
use domain::page::{PageSize, Position};
use web::desk::{Choice, Field, Fields, Frame, Section, Staff, Tag, TurnedAway, next_page};
use web::page::Shell;
use web::{Problem, may};

use crate::Deps;
use crate::site::{Face, tag_of};

/// What the cursors of this list are sealed for.
const LIST: &str = "desk-guards";
/// Where the list is.
const PATH: &str = "/desk/guards";
/// Guards of a page without a search.
const GUARDS_PER_PAGE: u32 = 25;
/// Pages of a hundred that one search looks through before it shows what it has found so far.
const PAGES_PER_SEARCH_MAX: usize = 20;

/// A line of the list.
struct Line {
    href: String,
    name: String,
    face: Face,
    employee_id: String,
    post: String,
    tag: Tag,
    account: Option<String>,
    has_code: bool,
}

#[derive(Template)]
#[template(path = "guards.html")]
struct GuardsPage {
    shell: Shell,
    frame: Frame,
    lines: Vec<Line>,
    query: Field,
    status: Field,
    searches: bool,
    may_hire: bool,
    next: Option<String>,
    first: bool,
}

/// Which guards are looked for.
struct Search {
    text: String,
    status: Option<GuardStatus>,
}

impl Search {
    fn of(query: &Fields) -> Self {
        let status = match query.get("status") {
            "active" => Some(GuardStatus::Active),
            "suspended" => Some(GuardStatus::Suspended),
            "archived" => Some(GuardStatus::Archived),
            _ => None,
        };
        Self { text: query.get("q").trim().to_lowercase(), status }
    }

    fn is_one(&self) -> bool {
        !self.text.is_empty() || self.status.is_some()
    }

    fn finds(&self, guard: &Guard) -> bool {
        let profile = &guard.profile;
        let post = profile.post.as_deref().unwrap_or_default();
        let text = format!("{} {} {post}", profile.full_name(), profile.employee_id).to_lowercase();
        self.status.is_none_or(|status| status == guard.status)
            && self.text.split_whitespace().all(|word| text.contains(word))
    }
}

/// The tenant's guards.
#[utoipa::path(
    get,
    path = "/desk/guards",
    tag = "desk",
    operation_id = "guards_page",
    params(
        ("q" = Option<String>, Query, description = "Words of a name, an employee id or a post"),
        ("status" = Option<String>, Query, description = "`active`, `suspended` or `archived`"),
        ("cursor" = Option<String>, Query, description = "The cursor that the page before gave"),
    ),
    responses(
        (status = 200, description = "A page of guards", content_type = "text/html"),
        (status = 303, description = "To signing in"),
        (status = 403, description = "The key lacks the scope", content_type = "text/html"),
    ),
    security(("api_key" = ["guards:read"]))
)]
pub(crate) async fn guards_page(
    State(deps): State<Deps>,
    staff: Staff<may::GuardsRead>,
    RawQuery(query): RawQuery,
) -> Result<Response, TurnedAway> {
    let query = Fields::parse(query.unwrap_or_default().as_bytes());
    let (search, owner) = (Search::of(&query), staff.who.tenant.as_str());
    let cursor = Some(query.get("cursor")).filter(|cursor| !cursor.is_empty());
    let from = deps.seal.position(owner, LIST, cursor).await?;
    let (guards, rest) = find(&deps, &staff, &search, from).await?;
    let said = [("q", query.get("q")), ("status", query.get("status"))];
    let page = GuardsPage {
        shell: Shell::titled("Guards"),
        frame: deps.frame(&staff.who, Section::Guards).await?,
        lines: guards.into_iter().map(|guard| line(&deps, guard)).collect(),
        query: Field::text("q", "Name, employee id or post").loose().holding(query.get("q")),
        status: Field::choice("status", "Status", statuses()).loose().holding(said[1].1),
        searches: search.is_one(),
        may_hire: staff.who.may(Scope::GuardsWrite),
        next: next_page(&deps.seal, (owner, LIST), (PATH, &said), rest.as_ref()).await?,
        first: cursor.is_none(),
    };
    Ok(deps.site.html(StatusCode::OK, &page))
}

async fn find(
    deps: &Deps,
    staff: &Staff<may::GuardsRead>,
    search: &Search,
    mut from: Option<Position>,
) -> Result<(Vec<Guard>, Option<Position>), Problem> {
    let (size, pages) = match search.is_one() {
        true => (PageSize::largest(), PAGES_PER_SEARCH_MAX),
        false => (PageSize::parse(Some(GUARDS_PER_PAGE))?, 1),
    };
    let mut found = Vec::new();
    for _ in 0..pages {
        let page = deps.table.guards_of_tenant(&staff.who.tenant, size, from.as_ref()).await?;
        from = page.next;
        found.extend(page.entries.into_iter().filter(|guard| search.finds(guard)));
        // A page of the table is never cut, so that the place is always behind its last entry.
        if from.is_none() || !found.is_empty() {
            break;
        }
    }
    Ok((found, from))
}

fn line(deps: &Deps, guard: Guard) -> Line {
    Line {
        href: format!("{PATH}/{}", guard.id),
        name: guard.profile.full_name(),
        face: deps.site.face(&guard),
        employee_id: guard.profile.employee_id,
        post: guard.profile.post.unwrap_or_default(),
        tag: tag_of(guard.status),
        account: guard
            .payout_account
            .map(|account| format!("{} •••• {}", account.bank_name, account.last4)),
        has_code: guard.code.is_some(),
    }
}

fn statuses() -> Vec<Choice> {
    let of = |value: &str, label: &str| Choice::new(value, label);
    vec![
        of("", "All"),
        of("active", "Active"),
        of("suspended", "Suspended"),
        of("archived", "Archived"),
    ]
}
