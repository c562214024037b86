//! The pages of whoever keeps the books (T9, T44): today's tips, payouts and runs, cases, and charts.
//!
//! Deliberately absent: rules of their own. What a page does is what the API of finance does, with the same scopes, and
//! each works without JavaScript.

mod case;
mod cases;
mod charts;
mod drawing;
mod names;
mod payout;
mod payouts;
mod plan;
mod run;
mod runs;
mod today;

use adapters::clock::Clock;
use adapters::environment::{Environment, EnvironmentError};
use adapters::ids::Ids;
use adapters::paystack::Paystack;
use adapters::queue::Queue;
use adapters::table::Table;
use axum::extract::FromRef;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::Problem;
use web::desk::{Frame, Section, SignedIn};
use web::seal::Seal;

/// What the pages may touch.
#[derive(Clone, Debug, FromRef)]
pub struct Deps {
    table: Table,
    paystack: Paystack,
    queue: Queue,
    seal: Seal,
    ids: Ids,
}

impl Deps {
    /// From the function's variables.
    ///
    /// # Errors
    /// [`EnvironmentError`] names the variable that is missing.
    pub fn from_env(env: &Environment) -> Result<Self, EnvironmentError> {
        Ok(Self {
            table: Table::from_env(env)?,
            paystack: Paystack::from_env(env)?,
            queue: Queue::from_env(env, "SETTLEMENTS_QUEUE_URL")?,
            seal: Seal::from_env(env)?,
            ids: Ids::from_env(env),
        })
    }

    async fn frame(&self, who: &SignedIn, section: Section) -> Result<Frame, Problem> {
        Frame::of((&self.table, &self.seal, &self.ids), who, section).await
    }
}

impl FromRef<Deps> for Clock {
    fn from_ref(deps: &Deps) -> Self {
        deps.ids.clock().clone()
    }
}

/// The routes of the pages.
pub fn routes(deps: Deps) -> web::Routes {
    OpenApiRouter::new()
        .routes(routes!(today::today_page))
        .routes(routes!(payouts::payouts_page, payouts::switch_payouts))
        .routes(routes!(payout::payout_page, payout::decide_payout))
        .routes(routes!(runs::runs_page, runs::begin_settlement))
        .routes(routes!(plan::plan_page))
        .routes(routes!(run::run_page))
        .routes(routes!(cases::cases_page))
        .routes(routes!(case::case_page, case::change_case))
        .routes(routes!(charts::charts_page))
        .with_state(deps)
}
