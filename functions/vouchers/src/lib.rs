//! Vouchers and the businesses that redeem them (V18, V19, V44): drafts with their codes, what becomes of them, their
//! images, and taking codes back.
//!
//! Deliberately absent: printings, which are jobs of `campaigns`; customers; and redeeming.

mod business;
mod codes;
mod create;
mod image;
mod replace;
mod revoke;
mod status;
mod voucher;

use adapters::clock::Clock;
use adapters::environment::{Environment, EnvironmentError};
use adapters::ids::Ids;
use adapters::images::Images;
use adapters::signer::VoucherSigner;
use adapters::table::Table;
use axum::extract::FromRef;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::seal::Seal;

/// What these routes may touch.
#[derive(Clone, Debug, FromRef)]
pub struct Deps {
    table: Table,
    signer: VoucherSigner,
    images: Images,
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
            images: Images::from_env(env)?,
            seal: Seal::from_env(env)?,
            ids: Ids::from_env(env),
        })
    }
}

/// The routes of vouchers.
pub fn routes(deps: Deps) -> web::Routes {
    OpenApiRouter::new()
        .routes(routes!(business::create_business, business::list_businesses))
        .routes(routes!(business::read_business, business::replace_business))
        .routes(routes!(create::create_voucher, voucher::list_vouchers))
        .routes(routes!(voucher::read_voucher, replace::replace_voucher))
        .routes(routes!(status::publish_voucher))
        .routes(routes!(status::pause_voucher))
        .routes(routes!(status::end_voucher))
        .routes(routes!(image::draw_svg))
        .routes(routes!(image::draw_png))
        .routes(routes!(revoke::revoke_codes))
        .with_state(deps)
}
