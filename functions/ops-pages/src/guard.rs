//! GET /desk/guards/{guard_id}: one guard with its code, its account, its photo and its latest tips.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::access::Scope;
use domain::guard::{Guard, GuardStatus, GuardWishes};
use domain::page::PageSize;
use domain::tip::{Tip, local_amount};
use web::assets::DESK_PHOTO_SCRIPT;
use web::desk::{Field, Fields, Frame, Section, SignedIn, Staff, Tag, TurnedAway, Wrongs, tip_tag};
use web::finance::Settling;
use web::input::GuardPath;
use web::page::Shell;
use web::{Problem, may};

use crate::Deps;
use crate::profile::{fields_of, typed};
use crate::site::{Face, tag_of};

/// Tips that are shown on a guard's page.
const TIPS_SHOWN: u32 = 10;

/// One tip in a line.
pub(crate) struct TipLine {
    when: String,
    amount: String,
    tag: Tag,
    from: String,
}

#[derive(Template)]
#[template(path = "guard.html")]
struct GuardPage {
    shell: Shell,
    frame: Frame,
    guard: Guard,
    path: String,
    api: String,
    face: Face,
    tag: Tag,
    may_change: bool,
    is_active: bool,
    is_archived: bool,
    /// The address in the code.
    url: Option<String>,
    fields: Vec<Field>,
    wrongs: Wrongs,
    tips: Vec<TipLine>,
    script: String,
}

/// A guard.
#[utoipa::path(
    get,
    path = "/desk/guards/{guard_id}",
    tag = "desk",
    operation_id = "guard_page",
    params(
        ("guard_id" = String, Path, description = "The guard's id"),
        ("done" = Option<String>, Query, description = "What has just been done"),
    ),
    responses(
        (status = 200, description = "The guard", content_type = "text/html"),
        (status = 303, description = "To signing in"),
        (status = 403, description = "The key lacks the scope", content_type = "text/html"),
        (status = 404, description = "No such guard", content_type = "text/html"),
    ),
    security(("api_key" = ["guards:read"]))
)]
pub(crate) async fn guard_page(
    State(deps): State<Deps>,
    staff: Staff<may::GuardsRead>,
    id: Result<GuardPath, Problem>,
    RawQuery(query): RawQuery,
) -> Result<Response, TurnedAway> {
    let guard = deps.guard(&staff.who.tenant, &id?.0).await?;
    let query = Fields::parse(query.unwrap_or_default().as_bytes());
    let said = words_of(query.get("done"));
    let wishes = typed(&guard.profile);
    Ok(draw(&deps, &staff.who, guard, said, (wishes, StatusCode::OK, Wrongs::default())).await?)
}

/// The page, with what was typed where something is wrong with it.
pub(crate) async fn draw(
    deps: &Deps,
    who: &SignedIn,
    guard: Guard,
    said: Option<&'static str>,
    (wishes, status, wrongs): (GuardWishes, StatusCode, Wrongs),
) -> Result<Response, Problem> {
    let codes = &deps.site.codes;
    let frame = deps.frame(who, Section::Guards).await?.saying(said);
    let page = GuardPage {
        shell: Shell::titled(guard.profile.full_name()),
        path: format!("/desk/guards/{}", guard.id),
        api: format!("/api/v1/guards/{}", guard.id),
        face: deps.site.face(&guard),
        tag: tag_of(guard.status),
        may_change: who.may(Scope::GuardsWrite) && guard.status != GuardStatus::Archived,
        is_active: guard.status == GuardStatus::Active,
        is_archived: guard.status == GuardStatus::Archived,
        url: guard.code.as_ref().map(|code| codes.url(&code.token)),
        fields: fields_of(&wishes, &wrongs),
        wrongs,
        tips: tips(deps, &guard, &frame).await?,
        frame,
        script: DESK_PHOTO_SCRIPT.path(),
        guard,
    };
    Ok(deps.site.html(status, &page))
}

async fn tips(deps: &Deps, guard: &Guard, frame: &Frame) -> Result<Vec<TipLine>, Problem> {
    let size = PageSize::parse(Some(TIPS_SHOWN))?;
    let page = deps.table.tips_of_guard(&guard.tenant, &guard.id, size, None).await?;
    let settling = Settling::of(&deps.table, &guard.tenant, &page.entries).await?;
    let line = |tip: &Tip| TipLine {
        when: frame.when(tip.created_at),
        amount: local_amount(tip.amount),
        tag: tip_tag(settling.status(tip)),
        from: tip.patron.alias.as_ref().map(|alias| alias.as_str().to_owned()).unwrap_or_default(),
    };
    Ok(page.entries.iter().map(line).collect())
}

/// What has been done, in words; nothing for a word that is not ours.
fn words_of(done: &str) -> Option<&'static str> {
    Some(match done {
        "hired" => "The guard is there. Make a code next, so that tips can be given.",
        "profile" => "The profile is saved. The guard's page shows it at once.",
        "suspended" => "The guard is suspended. Its page says so, and takes no tips.",
        "resumed" => "The guard takes tips again.",
        "archived" => "The guard has left. What it is owed is still paid out.",
        "issued" => "The new code works. Print it now: the one before works no longer.",
        "mailed" => "The code is on its way to the guard's mailbox.",
        "account" => "The payout account is saved.",
        "confirmed" => "The payout account is confirmed.",
        "photo" => "The photo is published.",
        _ => return None,
    })
}
