//! How the use of a code is asked for and answered: the shapes that the API and the scanner's page share (L21).
//!
//! Deliberately absent: what happens in between.

use domain::customer::CustomerId;
use domain::id::{RestaurantId, RewardId};
use domain::loyalty_token::TokenUse;
use domain::money::Money;
use domain::points::PurchaseReference;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::verify::Verified;

/// A code that is to be used.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VerifyRequest {
    /// What the scanner has read.
    pub payload: String,
    /// Where; a key that is bound to a restaurant need not say it.
    #[serde(default)]
    pub restaurant_id: Option<String>,
    /// What there are points for. Without it the customer is only identified; a reward's code has none.
    #[serde(default)]
    pub award: Option<AwardRequest>,
}

/// What a customer gets points for: an amount, or a visit.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AwardRequest {
    /// What was spent.
    #[serde(default)]
    pub amount: Option<Money>,
    /// That the customer was there: `true`.
    #[serde(default)]
    pub visit: Option<bool>,
    /// The till's own name of the purchase, which is counted once: 1 to 64 of `A-Z a-z 0-9 . _ -`.
    #[serde(default)]
    pub reference: Option<String>,
}

/// A code that was used.
#[derive(Debug, Serialize, ToSchema)]
pub struct VerifiedResponse {
    /// `true`; a refusal says `false`.
    pub valid: bool,
    /// What the code stands for.
    pub payload: VerifiedPayload,
    /// Who has shown it.
    pub customer: VerifiedCustomer,
    /// Points that were given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub awarded: Option<i64>,
    /// The reward that is to be handed out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reward: Option<VerifiedReward>,
    /// What the customer can spend after it, in points.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub balance: Option<i64>,
    /// By which reference the purchase can be reversed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub purchase_reference: Option<PurchaseReference>,
}

/// The payload of L18 and L19, without the token.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct VerifiedPayload {
    /// Whose code.
    #[schema(value_type = String)]
    pub customer_id: CustomerId,
    /// Where it is good.
    #[schema(value_type = String)]
    pub restaurant_id: RestaurantId,
    /// When it was issued, in milliseconds since 1970.
    pub timestamp: i64,
    /// `redemption` for a reward; else nothing.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub purpose: Option<&'static str>,
    /// The reward.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub reward_id: Option<RewardId>,
}

/// A customer, as a till sees one.
#[derive(Debug, Serialize, ToSchema)]
pub struct VerifiedCustomer {
    /// What the tenant calls them.
    #[schema(value_type = String)]
    pub id: CustomerId,
    /// What a till calls them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A reward that is to be handed out.
#[derive(Debug, Serialize, ToSchema)]
pub struct VerifiedReward {
    /// Which one.
    #[schema(value_type = String)]
    pub id: RewardId,
    /// The name that customers see.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it has cost, in points.
    pub price: i64,
}

impl From<&Verified> for VerifiedResponse {
    fn from(verified: &Verified) -> Self {
        let Verified { token, outcome, member, reward, .. } = verified;
        let claimed = token.claimed.as_ref();
        let name = reward.as_ref().map(|reward| reward.terms.name.clone());
        Self {
            valid: true,
            payload: VerifiedPayload {
                customer_id: token.customer.clone(),
                restaurant_id: token.restaurant.clone(),
                timestamp: token.issued_at.as_millisecond(),
                purpose: claimed.map(|_| TokenUse::Redemption.as_str()),
                reward_id: claimed.map(|claimed| claimed.reward.clone()),
            },
            customer: VerifiedCustomer {
                id: token.customer.clone(),
                name: member.as_ref().and_then(|member| member.name.clone()),
            },
            awarded: outcome.awarded,
            reward: claimed.map(|claimed| VerifiedReward {
                id: claimed.reward.clone(),
                name,
                price: claimed.price,
            }),
            balance: outcome.balance,
            purchase_reference: outcome.purchase.clone(),
        }
    }
}
