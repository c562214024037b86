//! Vouchers as customers see, scan, claim and hold them (V8, V22 to V26), and the links that make somebody a customer.
//!
//! Deliberately absent: pages and customers' own codes, which are `voucher-page`; redeeming; and counters. What is
//! written of a scan is an event that `aggregate` counts.

mod claim;
mod details;
mod links;
mod list;
mod scan;
mod visit;

use adapters::clock::Clock;
use adapters::environment::{Environment, EnvironmentError};
use adapters::ids::Ids;
use adapters::table::Table;
use axum::extract::{FromRef, FromRequestParts, Path};
use axum::http::request::Parts;
use domain::claim::ClaimRefused;
use domain::id::VoucherId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::Problem;
use web::visitor::Visitors;

/// What the wallet may touch.
#[derive(Clone, Debug, FromRef)]
pub struct Deps {
    table: Table,
    visitors: Visitors,
    public: PublicUrl,
    ids: Ids,
}

/// The platform's public address.
#[derive(Clone, Debug)]
struct PublicUrl(String);

impl Deps {
    /// From the function's variables.
    ///
    /// # Errors
    /// [`EnvironmentError`] names the variable that is missing.
    pub fn from_env(env: &Environment) -> Result<Self, EnvironmentError> {
        Ok(Self {
            table: Table::from_env(env)?,
            visitors: Visitors::from_env(env)?,
            public: PublicUrl(env.required("PUBLIC_URL")?.trim_end_matches('/').to_owned()),
            ids: Ids::from_env(env),
        })
    }
}

impl FromRef<Deps> for Clock {
    fn from_ref(deps: &Deps) -> Self {
        deps.ids.clock().clone()
    }
}

/// The routes of the wallet.
pub fn routes(deps: Deps) -> web::Routes {
    OpenApiRouter::new()
        .routes(routes!(details::voucher_details))
        .routes(routes!(scan::scan_voucher))
        .routes(routes!(scan::report_voucher_scan))
        .routes(routes!(claim::claim_voucher))
        .routes(routes!(list::list_wallet))
        .routes(routes!(list::remove_from_wallet))
        .routes(routes!(links::create_customer_link))
        .with_state(deps)
}

/// The voucher that a path names. A text that is no id is a voucher that is not there.
struct VoucherPath(VoucherId);

impl<S: Send + Sync> FromRequestParts<S> for VoucherPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = Path::<String>::from_request_parts(parts, state).await;
        let id = text.ok().and_then(|Path(text)| VoucherId::parse(&text).ok());
        Ok(Self(id.ok_or(ClaimRefused::UnknownVoucher)?))
    }
}
