//! The page behind a guard's printed code (T1, T6, T28–T30): one read, no write, the same for everybody, so that the
//! content network keeps it for a minute.
//!
//! Deliberately absent: tips. The page's form goes to `tip-create`; what is written here is that somebody has looked.

mod beacon;
mod page;
mod pay;

use adapters::environment::{Environment, EnvironmentError};
use adapters::ids::Ids;
use adapters::table::Table;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use domain::guard::{GuardToken, TipPageRefused, TipTarget};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::Problem;
use web::seal::Seal;
use web::tip::Site;
use web::visitor::Visitors;

/// What the page may touch.
#[derive(Clone, Debug)]
pub struct Deps {
    table: Table,
    visitors: Visitors,
    seal: Seal,
    site: Site,
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
            visitors: Visitors::from_env(env)?,
            seal: Seal::from_env(env)?,
            site: Site::from_env(env)?,
            ids: Ids::from_env(env),
        })
    }
}

/// The routes of the tip page.
pub fn routes(deps: Deps) -> web::Routes {
    OpenApiRouter::new()
        .routes(routes!(page::tip_page))
        .routes(routes!(pay::confirm_tip))
        .routes(routes!(beacon::count_scan))
        .with_state(deps)
}

/// The path part of a guard's code.
type Token = Result<Path<String>, PathRejection>;

/// What a code leads to: the one read.
async fn target_of(deps: &Deps, token: Token) -> Result<TipTarget, Problem> {
    // To a visitor a text that is no code is just a code that is not there.
    let Path(text) = token.map_err(|_| TipPageRefused::Unknown)?;
    let token = GuardToken::parse(&text)?;
    Ok(deps.table.tip_target(&token).await?.ok_or(TipPageRefused::Unknown)?)
}
