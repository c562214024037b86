//! GET /desk/guards/new and POST /desk/guards: a new guard (T36).

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::guard::{Guard, GuardRefused, GuardWishes};
use domain::id::GuardId;
use web::desk::{Field, Frame, Section, Sent, SignedIn, Staff, TurnedAway, Wrongs, see};
use web::idempotency::KeyRefused;
use web::page::Shell;
use web::{Problem, may};

use crate::Deps;
use crate::profile::{fields_of, parse, wishes_of};

#[derive(Template)]
#[template(path = "hire.html")]
struct HirePage {
    shell: Shell,
    frame: Frame,
    fields: Vec<Field>,
    wrongs: Wrongs,
}

/// The form for a new guard.
#[utoipa::path(
    get,
    path = "/desk/guards/new",
    tag = "desk",
    operation_id = "hire_page",
    responses(
        (status = 200, description = "The form", content_type = "text/html"),
        (status = 303, description = "To signing in"),
        (status = 403, description = "The key lacks the scope", content_type = "text/html"),
    ),
    security(("api_key" = ["guards:write"]))
)]
pub(crate) async fn hire_page(
    State(deps): State<Deps>,
    staff: Staff<may::GuardsWrite>,
) -> Result<Response, TurnedAway> {
    let empty = GuardWishes::default();
    Ok(draw(&deps, &staff.who, &empty, StatusCode::OK, Wrongs::default()).await?)
}

async fn draw(
    deps: &Deps,
    who: &SignedIn,
    wishes: &GuardWishes,
    status: StatusCode,
    wrongs: Wrongs,
) -> Result<Response, Problem> {
    let page = HirePage {
        shell: Shell::titled("Add a guard"),
        frame: deps.frame(who, Section::Guards).await?,
        fields: fields_of(wishes, &wrongs),
        wrongs,
    };
    Ok(deps.site.html(status, &page))
}

/// Makes a guard, and leads to its page. The same form makes one, however often it is sent.
#[utoipa::path(
    post,
    path = "/desk/guards",
    tag = "desk",
    operation_id = "hire_guard",
    responses(
        (status = 303, description = "To the guard's page"),
        (status = 401, description = "The session has ended", content_type = "text/html"),
        (status = 403, description = "The key lacks the scope, or the form is not ours", content_type = "text/html"),
        (status = 409, description = "Another guard has this employee id", content_type = "text/html"),
        (status = 422, description = "A guard that breaks a rule; what was typed is kept", content_type = "text/html"),
    ),
    security(("api_key" = ["guards:write"]))
)]
pub(crate) async fn hire_guard(
    State(deps): State<Deps>,
    sent: Sent<may::GuardsWrite>,
) -> Result<Response, TurnedAway> {
    match hire(&deps, &sent).await {
        Ok(leads_to) => Ok(see(&leads_to)),
        Err(problem) if problem.status().is_server_error() => Err(problem.into()),
        Err(problem) => {
            let (wishes, wrongs) = (wishes_of(&sent.fields), wrongs_of(&problem));
            Ok(draw(&deps, &sent.who, &wishes, problem.status(), wrongs).await?)
        }
    }
}

/// Whose number it is belongs beside the number.
pub(crate) fn wrongs_of(problem: &Problem) -> Wrongs {
    match problem.code() {
        "employee_id_taken" => Wrongs::about("employee_id", problem),
        _ => Wrongs::from(problem),
    }
}

async fn hire(deps: &Deps, sent: &Sent<may::GuardsWrite>) -> Result<String, Problem> {
    let (profile, now) = (parse(&sent.fields)?, deps.ids.now());
    let guard = Guard::hire(deps.ids.make(GuardId::new), sent.who.tenant.clone(), profile, now);
    let leads_to = format!("/desk/guards/{}?done=hired", guard.id);
    let store = (&deps.table, &deps.ids);
    sent.once(store, "desk hire", leads_to, async |answer| {
        match deps.table.insert_guard(&guard, answer).await? {
            // A new guard cannot have been changed: somebody else has taken the claim over.
            Err(GuardRefused::Changed) => return Err(KeyRefused::Running.into()),
            outcome => outcome?,
        }
        tracing::info!(event = "guard_created", guard.id = %guard.id, "made guard `{}`", guard.id);
        Ok(())
    })
    .await
}
