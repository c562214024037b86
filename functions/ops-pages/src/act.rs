//! POST /desk/guards/{guard_id}: what a button of a guard's page asks for (T37, T39, T55).

use axum::extract::State;
use axum::response::Response;
use domain::audit::Operation;
use domain::failure::{Failure, Kind};
use domain::guard::{Guard, GuardRefused, GuardWishes};
use web::desk::{NoSuchButton, Sent, TurnedAway, see};
use web::guard::{code_notice, replace_profile, turn_guard};
use web::idempotency::KeyRefused;
use web::input::GuardPath;
use web::{Problem, may};

use crate::Deps;
use crate::guard::draw;
use crate::hire::wrongs_of;
use crate::profile::{parse, typed, wishes_of};

/// What a button says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Profile,
    Suspend,
    Resume,
    Archive,
    Issue,
    Mail,
}

/// Why nothing is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum ActRefused {
    #[error("tick the box to say that you are sure")]
    Unsure,
}

impl Failure for ActRefused {
    fn kind(&self) -> Kind {
        Kind::Invalid
    }

    fn code(&self) -> &'static str {
        match self {
            ActRefused::Unsure => "desk_act_unsure",
        }
    }
}

impl Act {
    fn parse(text: &str) -> Result<Self, NoSuchButton> {
        Ok(match text {
            "profile" => Act::Profile,
            "suspend" => Act::Suspend,
            "resume" => Act::Resume,
            "archive" => Act::Archive,
            "issue" => Act::Issue,
            "mail" => Act::Mail,
            _ => return Err(NoSuchButton),
        })
    }

    /// What the page says when it is done.
    fn done(self) -> &'static str {
        match self {
            Act::Profile => "profile",
            Act::Suspend => "suspended",
            Act::Resume => "resumed",
            Act::Archive => "archived",
            Act::Issue => "issued",
            Act::Mail => "mailed",
        }
    }
}

/// Does what a button of the guard's page asks for, and shows the page.
#[utoipa::path(
    post,
    path = "/desk/guards/{guard_id}",
    tag = "desk",
    operation_id = "change_guard",
    params(("guard_id" = String, Path, description = "The guard's id")),
    responses(
        (status = 303, description = "To the guard's page"),
        (status = 401, description = "The session has ended", content_type = "text/html"),
        (status = 403, description = "The key lacks the scope, or the form is not ours", content_type = "text/html"),
        (status = 404, description = "No such guard", content_type = "text/html"),
        (status = 409, description = "The guard does not allow it, or was changed meanwhile", content_type = "text/html"),
        (status = 422, description = "A field that breaks a rule; what was typed is kept", content_type = "text/html"),
    ),
    security(("api_key" = ["guards:write"]))
)]
pub(crate) async fn change_guard(
    State(deps): State<Deps>,
    id: Result<GuardPath, Problem>,
    sent: Sent<may::GuardsWrite>,
) -> Result<Response, TurnedAway> {
    let before = deps.guard(&sent.who.tenant, &id?.0).await?;
    match change(&deps, &sent, &before).await {
        Ok(leads_to) => Ok(see(&leads_to)),
        Err(problem) if problem.status().is_server_error() => Err(problem.into()),
        Err(problem) => {
            // Somebody else may have changed the guard: the page shows it as it is now.
            let guard = deps.guard(&sent.who.tenant, &before.id).await?;
            let again = (shown(&sent, &guard), problem.status(), wrongs_of(&problem));
            Ok(draw(&deps, &sent.who, guard, None, again).await?)
        }
    }
}

/// What was typed, where anything was.
fn shown(sent: &Sent<may::GuardsWrite>, guard: &Guard) -> GuardWishes {
    match Act::parse(sent.fields.get("act")) {
        Ok(Act::Profile) => wishes_of(&sent.fields),
        _ => typed(&guard.profile),
    }
}

async fn change(
    deps: &Deps,
    sent: &Sent<may::GuardsWrite>,
    before: &Guard,
) -> Result<String, Problem> {
    let act = Act::parse(sent.fields.get("act"))?;
    match act {
        Act::Profile => save_profile(deps, sent, before).await?,
        Act::Suspend => turn(deps, sent, before, Guard::suspend).await?,
        Act::Resume => turn(deps, sent, before, Guard::resume).await?,
        Act::Archive => {
            sure(sent)?;
            turn(deps, sent, before, Guard::archive).await?;
        }
        Act::Issue | Act::Mail => {}
    }
    let leads_to = format!("/desk/guards/{}?done={}", before.id, act.done());
    match act {
        Act::Issue => issue(deps, sent, before, leads_to).await,
        Act::Mail => mail(deps, sent, before, leads_to).await,
        Act::Profile | Act::Suspend | Act::Resume | Act::Archive => Ok(leads_to),
    }
}

fn sure(sent: &Sent<may::GuardsWrite>) -> Result<(), ActRefused> {
    if sent.fields.ticked("sure") { Ok(()) } else { Err(ActRefused::Unsure) }
}

async fn save_profile(
    deps: &Deps,
    sent: &Sent<may::GuardsWrite>,
    before: &Guard,
) -> Result<(), Problem> {
    let profile = parse(&sent.fields)?;
    if sent.fields.get("version") != before.version.to_string() {
        return Err(GuardRefused::Changed.into());
    }
    replace_profile(&deps.table, before, profile).await.map(drop)
}

async fn turn(
    deps: &Deps,
    sent: &Sent<may::GuardsWrite>,
    before: &Guard,
    to: fn(Guard) -> Result<Guard, GuardRefused>,
) -> Result<(), Problem> {
    let (operation, now) = (Operation::GuardStatusChanged, deps.ids.now());
    let change = sent.who.change(operation, before.id.as_str(), now);
    turn_guard(&deps.table, before, to, change).await.map(drop)
}

async fn issue(
    deps: &Deps,
    sent: &Sent<may::GuardsWrite>,
    before: &Guard,
    leads_to: String,
) -> Result<String, Problem> {
    if before.code.is_some() {
        sure(sent)?;
    }
    let operation = format!("desk issue {}", before.id);
    sent.once((&deps.table, &deps.ids), &operation, leads_to, async |answer| {
        let issued = deps.site.codes.make(&deps.table, &deps.ids, before).await?;
        issued.commit(&deps.table, before, answer).await
    })
    .await
}

async fn mail(
    deps: &Deps,
    sent: &Sent<may::GuardsWrite>,
    before: &Guard,
    leads_to: String,
) -> Result<String, Problem> {
    let guard = before.clone().still_here()?;
    let operation = format!("desk mail {}", before.id);
    sent.once((&deps.table, &deps.ids), &operation, leads_to, async |answer| {
        let notice = code_notice(&deps.ids, &guard)?;
        if !deps.table.commit_notice(&notice, answer).await? {
            return Err(KeyRefused::Running.into());
        }
        Ok(())
    })
    .await
}
