//! The loyalty of the platform that is the same each time: a programme and its restaurant.

use adapters::table::Table;
use domain::id::{ProgrammeId, RestaurantId};
use domain::money::Currency;
use domain::programme::{Earning, Programme, ProgrammeTerms};
use domain::restaurant::{Restaurant, RestaurantProfile};
use local::Stack;

use crate::guards::answer;
use crate::seed::{noon, tenant_id};

/// A programme (1) that gives a point for each hundred naira, and a restaurant (1) of it.
pub(crate) async fn serve(stack: &Stack) {
    let table = Table::from_env(stack.environment("tenants").unwrap()).unwrap();
    let terms = ProgrammeTerms {
        name: "Regulars".to_owned(),
        earning: Earning::Amount { points: 1, minor: 10_000, currency: Currency::Ngn },
        points_live_months: Some(12),
        daily_points_max: None,
        overdraft_points_max: 0,
        time_zone: "Africa/Lagos".to_owned(),
    };
    let programme = Programme::open(ProgrammeId::new(noon(), [1; 10]), tenant_id(), terms, noon());
    let saved = answer(&table, "programme").await;
    assert!(table.insert_programme(&programme, saved).await.unwrap());
    let profile = RestaurantProfile { name: "Mama Put".to_owned() };
    let of = (tenant_id(), programme.id);
    let restaurant = Restaurant::open(RestaurantId::new(noon(), [1; 10]), of, profile, noon());
    let saved = answer(&table, "restaurant").await;
    assert!(table.insert_restaurant(&restaurant, saved).await.unwrap());
}
