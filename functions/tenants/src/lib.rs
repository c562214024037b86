//! Tenants about themselves: settings, logo, API keys, and the sessions of pages.
//!
//! Deliberately absent: making a tenant. The first one of a deployment is made by a command of the local binary.

mod api_keys;
mod logo;
mod rollout;
mod session;
mod tenant;

use adapters::clock::Clock;
use adapters::environment::{Environment, EnvironmentError};
use adapters::images::Images;
use adapters::random::Random;
use adapters::table::Table;
use axum::extract::FromRef;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::seal::Seal;

/// What these routes may touch.
#[derive(Clone, Debug, FromRef)]
pub struct Deps {
    table: Table,
    images: Images,
    seal: Seal,
    clock: Clock,
    random: Random,
}

impl Deps {
    /// From the function's variables.
    ///
    /// # Errors
    /// [`EnvironmentError`] names the variable that is missing.
    pub fn from_env(env: &Environment) -> Result<Self, EnvironmentError> {
        Ok(Self {
            table: Table::from_env(env)?,
            images: Images::from_env(env)?,
            seal: Seal::from_env(env)?,
            clock: env.clock.clone(),
            random: env.random.clone(),
        })
    }
}

/// The routes of tenants.
pub fn routes(deps: Deps) -> web::Routes {
    OpenApiRouter::new()
        .routes(routes!(tenant::read_tenant, tenant::replace_tenant))
        .routes(routes!(logo::replace_logo))
        .routes(routes!(api_keys::create_api_key, api_keys::list_api_keys))
        .routes(routes!(api_keys::delete_api_key))
        .routes(routes!(session::open_session, session::close_session))
        .with_state(deps)
}
