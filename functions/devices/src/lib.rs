//! Devices of businesses: invited with a code that works once, enrolled with a secret of their own, listed, revoked.
//!
//! Deliberately absent: what a device does. `redeem` knows it by its secret.

mod enrol;
mod invite;
mod list;

use adapters::clock::Clock;
use adapters::environment::{Environment, EnvironmentError};
use adapters::ids::Ids;
use adapters::table::Table;
use axum::extract::FromRef;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::seal::Seal;
use web::visitor::Visitors;

/// The address under which people reach the platform, without a slash at its end.
#[derive(Clone, Debug)]
struct PublicUrl(String);

/// What devices may touch.
#[derive(Clone, Debug, FromRef)]
pub struct Deps {
    table: Table,
    visitors: Visitors,
    seal: Seal,
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
            visitors: Visitors::from_env(env)?,
            seal: Seal::from_env(env)?,
            ids: Ids::from_env(env),
            public_url: PublicUrl(env.required("PUBLIC_URL")?),
        })
    }
}

/// The routes of devices.
pub fn routes(deps: Deps) -> web::Routes {
    OpenApiRouter::new()
        .routes(routes!(invite::invite_device, list::list_devices))
        .routes(routes!(enrol::enrol_device))
        .routes(routes!(list::revoke_device))
        .with_state(deps)
}
