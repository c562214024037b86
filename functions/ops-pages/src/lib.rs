//! The pages of staff who look after guards (T7, T38), and the door to all pages of staff: signing in and out.
//!
//! Deliberately absent: rules of their own. What a page does is what the API of guards does, with the same scopes; each
//! works without JavaScript, but for sending a photo, which goes straight to the bucket.

mod account;
mod act;
mod guard;
mod guards;
mod hire;
mod home;
mod profile;
mod report;
mod sign_in;
mod site;

use adapters::clock::Clock;
use adapters::environment::{Environment, EnvironmentError};
use adapters::ids::Ids;
use adapters::paystack::Paystack;
use adapters::table::Table;
use axum::extract::FromRef;
use domain::guard::{Guard, GuardRefused};
use domain::id::{GuardId, TenantId};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::Problem;
use web::desk::{Frame, Section, SignedIn};
use web::guard::Accounts;
use web::seal::Seal;

use site::GuardSite;

/// What the pages may touch.
#[derive(Clone, Debug, FromRef)]
pub struct Deps {
    table: Table,
    paystack: Paystack,
    site: GuardSite,
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
            site: GuardSite::from_env(env)?,
            seal: Seal::from_env(env)?,
            ids: Ids::from_env(env),
        })
    }

    fn accounts(&self) -> Accounts<'_> {
        Accounts { table: &self.table, paystack: &self.paystack }
    }

    async fn frame(&self, who: &SignedIn, section: Section) -> Result<Frame, Problem> {
        Frame::of((&self.table, &self.seal, &self.ids), who, section).await
    }

    /// The tenant's guard; another tenant's is not there.
    async fn guard(&self, tenant: &TenantId, id: &GuardId) -> Result<Guard, Problem> {
        Ok(self.table.guard(tenant, id).await?.ok_or(GuardRefused::Unknown)?)
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
        .routes(routes!(home::desk_home))
        .routes(routes!(sign_in::sign_in_page, sign_in::sign_in))
        .routes(routes!(sign_in::sign_out))
        .routes(routes!(guards::guards_page, hire::hire_guard))
        .routes(routes!(hire::hire_page))
        .routes(routes!(guard::guard_page, act::change_guard))
        .routes(routes!(account::account_page, account::set_account))
        .routes(routes!(report::report_page))
        .with_state(deps)
}
