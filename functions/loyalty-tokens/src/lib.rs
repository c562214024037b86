//! The codes that customers of loyalty programmes show: issued (L2), given up, used once (L8), and the keys with which
//! their wallets sign codes of their own.
//!
//! Deliberately absent: what a code does, which `web::loyalty` has because the pages do it too; and lists of tokens,
//! which `loyalty` has.

mod keys;
mod tokens;
mod verify;

use adapters::clock::Clock;
use adapters::environment::{Environment, EnvironmentError};
use adapters::ids::Ids;
use adapters::table::Table;
use axum::extract::FromRef;
use axum::middleware::map_response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::loyalty::issue::PublicUrl;
use web::loyalty::verify::not_valid;

/// What codes may touch.
#[derive(Clone, Debug, FromRef)]
pub struct Deps {
    table: Table,
    ids: Ids,
    public_url: PublicUrl,
}

impl FromRef<Deps> for Clock {
    fn from_ref(deps: &Deps) -> Self {
        deps.ids.clock().clone()
    }
}

impl Deps {
    /// From the function's variables.
    ///
    /// # Errors
    /// [`EnvironmentError`] names the variable that is missing.
    pub fn from_env(env: &Environment) -> Result<Self, EnvironmentError> {
        Ok(Self {
            table: Table::from_env(env)?,
            ids: Ids::from_env(env),
            public_url: PublicUrl::from_env(env)?,
        })
    }
}

/// The routes of codes.
pub fn routes(deps: Deps) -> web::Routes {
    let verify = OpenApiRouter::new().routes(routes!(verify::verify_token));
    OpenApiRouter::new()
        .routes(routes!(tokens::issue_token))
        .routes(routes!(tokens::issue_reward_token))
        .routes(routes!(tokens::release_token))
        .routes(routes!(keys::enrol_wallet_key))
        .routes(routes!(keys::forget_wallet_key))
        .merge(verify.layer(map_response(not_valid)))
        .with_state(deps)
}
