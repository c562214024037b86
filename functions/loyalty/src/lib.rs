//! Loyalty as the owner of restaurants sees it (L36): programmes, restaurants, rewards, customers, what happened to
//! their points, purchases that points are given for, and which codes were issued (L12).
//!
//! Deliberately absent: issuing codes and taking them, and the pages.

mod counter;
mod customer;
mod customers;
mod points;
mod programme;
mod purchase;
mod restaurant;
mod reversal;
mod reward;
mod rewards;
mod search;
mod tokens;

use adapters::clock::Clock;
use adapters::environment::{Environment, EnvironmentError};
use adapters::ids::Ids;
use adapters::table::Table;
use axum::extract::FromRef;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::seal::Seal;

/// What these routes may touch.
#[derive(Clone, Debug, FromRef)]
pub struct Deps {
    table: Table,
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
        let (table, seal) = (Table::from_env(env)?, Seal::from_env(env)?);
        Ok(Self { table, seal, ids: Ids::from_env(env) })
    }
}

/// The routes of loyalty but those of codes and pages.
pub fn routes(deps: Deps) -> web::Routes {
    OpenApiRouter::new()
        .routes(routes!(programme::create_programme, programme::list_programmes))
        .routes(routes!(programme::read_programme, programme::replace_programme))
        .routes(routes!(restaurant::create_restaurant, restaurant::list_restaurants))
        .routes(routes!(restaurant::read_restaurant, restaurant::replace_restaurant))
        .routes(routes!(reward::create_reward, rewards::list_rewards))
        .routes(routes!(reward::read_reward, reward::replace_reward))
        .routes(routes!(customer::create_customer, customers::list_customers))
        .routes(routes!(search::find_customer))
        .routes(routes!(customer::read_customer, customer::replace_customer))
        .routes(routes!(points::read_balance))
        .routes(routes!(points::list_history))
        .routes(routes!(purchase::count_purchase))
        .routes(routes!(reversal::reverse_purchase))
        .routes(routes!(tokens::list_tokens))
        .with_state(deps)
}
