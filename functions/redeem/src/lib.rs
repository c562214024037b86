//! Redeeming vouchers at a business (V10 to V16): at once, taken back, and brought later by devices that were offline.
//!
//! Deliberately absent: rules, which `domain::redemption` has, and who a device is, which `devices` says.

mod code;
mod lease;
mod list;
mod order;
mod redeem;
mod rejected;
mod response;
mod rollback;
mod rules;
mod snapshot;
mod sync;
mod take;
mod validate;

use adapters::clock::Clock;
use adapters::environment::{Environment, EnvironmentError};
use adapters::ids::Ids;
use adapters::signer::VoucherSigner;
use adapters::table::Table;
use axum::extract::FromRef;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::seal::Seal;

/// What redeeming may touch.
#[derive(Clone, Debug, FromRef)]
pub struct Deps {
    table: Table,
    signer: VoucherSigner,
    seal: Seal,
    ids: Ids,
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
            signer: VoucherSigner::from_env(env)?,
            seal: Seal::from_env(env)?,
            ids: Ids::from_env(env),
        })
    }
}

/// The routes of redeeming.
pub fn routes(deps: Deps) -> web::Routes {
    OpenApiRouter::new()
        .routes(routes!(redeem::redeem_voucher, list::list_redemptions))
        .routes(routes!(validate::validate_code))
        .routes(routes!(rollback::roll_back))
        .routes(routes!(snapshot::read_snapshot))
        .routes(routes!(lease::take_lease))
        .routes(routes!(lease::return_lease))
        .routes(routes!(sync::sync_redemptions))
        .with_state(deps)
}
