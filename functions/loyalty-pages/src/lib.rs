//! The pages of a customer's points: the wallet at a restaurant with the codes for the till (L1 to L5, L15), its shell
//! for a time without a network, and what a code says to whoever reads it with a camera of their own.
//!
//! Deliberately absent: points. They move when staff reads a code, in `loyalty-tokens`. Nothing here is kept for
//! anybody but the shell, which is the same for everybody.

mod code;
mod door;
mod keys;
mod look;
mod page;
mod release;
mod shell;
mod state;
mod till;
mod words;

use adapters::clock::Clock;
use adapters::environment::{Environment, EnvironmentError};
use adapters::ids::Ids;
use adapters::table::Table;
use axum::extract::FromRef;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::loyalty::issue::PublicUrl;
use web::seal::Seal;

/// What the pages may touch.
#[derive(Clone, Debug, FromRef)]
pub struct Deps {
    table: Table,
    seal: Seal,
    ids: Ids,
    public_url: PublicUrl,
}

impl Deps {
    /// From the function's variables.
    ///
    /// # Errors
    /// [`EnvironmentError`] names the variable that is missing.
    pub fn from_env(env: &Environment) -> Result<Self, EnvironmentError> {
        Ok(Self {
            table: Table::from_env(env)?,
            seal: Seal::from_env(env)?,
            ids: Ids::from_env(env),
            public_url: PublicUrl::from_env(env)?,
        })
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
        .routes(routes!(shell::wallet_worker))
        .routes(routes!(shell::wallet_shell))
        .routes(routes!(page::wallet_page))
        .routes(routes!(code::earn_code, code::earn_code_again))
        .routes(routes!(code::reward_code))
        .routes(routes!(release::release_code))
        .routes(routes!(keys::enrol_wallet))
        .routes(routes!(state::wallet_state))
        .routes(routes!(till::till_code))
        .routes(routes!(till::printed_till_code))
        .with_state(deps)
}
