//! The demo's restaurant with its programme and a reward, and a customer who has no points yet.

use domain::customer::CustomerId;
use domain::id::{RestaurantId, RewardId, TenantId};
use domain::page::PageSize;
use serde_json::{Value, json};

use adapters::table::Table;

use super::{Api, DemoError};

/// The demo's restaurant is found by its name, whatever else was lost.
const NAME: &str = "Mama Put Marina";
/// What the tenant calls the demo's customer.
pub(crate) const CUSTOMER: &str = "demo-customer";

/// The restaurant, who eats there, and what for.
pub(super) struct DemoLoyalty {
    pub restaurant: RestaurantId,
    pub customer: CustomerId,
    pub reward: RewardId,
}

/// Makes what is missing.
pub(super) async fn ensure(
    table: &Table,
    api: &Api<'_>,
    tenant: &TenantId,
) -> Result<DemoLoyalty, DemoError> {
    let customer = CustomerId::parse(CUSTOMER)?;
    if table.member(tenant, &customer).await?.is_none() {
        let wishes = json!({ "customer_id": CUSTOMER, "name": "Ada" });
        api.made("adding the customer", "/api/v1/loyalty/customers", wishes).await?;
    }
    let known = table.restaurants(tenant, PageSize::largest(), None).await?.entries;
    let known = known.into_iter().find(|restaurant| restaurant.profile.name == NAME);
    let (restaurant, programme) = match known {
        Some(known) => (known.id, known.programme.to_string()),
        None => {
            let programme =
                api.made("making the programme", "/api/v1/loyalty/programmes", programme());
            let programme = text(&programme.await?["programme_id"]);
            let wishes = json!({ "programme_id": programme, "name": NAME });
            let path = "/api/v1/loyalty/restaurants";
            let restaurant = api.made("making the restaurant", path, wishes).await?;
            (RestaurantId::parse(&text(&restaurant["restaurant_id"]))?, programme)
        }
    };
    let path = format!("/api/v1/loyalty/rewards?programme_id={programme}");
    let rewards = api.shown("reading the rewards", &path).await?;
    let reward = match rewards["rewards"].as_array().and_then(|rewards| rewards.first()) {
        Some(reward) => reward.clone(),
        None => {
            let wishes = json!({
                "programme_id": programme, "name": "A coffee", "price": 50,
                "description": "Small, as you like it.",
            });
            api.made("making the reward", "/api/v1/loyalty/rewards", wishes).await?
        }
    };
    Ok(DemoLoyalty { restaurant, customer, reward: RewardId::parse(&text(&reward["reward_id"]))? })
}

/// A point for every hundred naira, good for a year.
fn programme() -> Value {
    json!({
        "name": "Mama Put regulars",
        "earning": { "per": "amount", "points": 1, "minor": 10_000, "currency": "NGN" },
        "points_live_months": 12,
        "time_zone": "Africa/Lagos",
    })
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
