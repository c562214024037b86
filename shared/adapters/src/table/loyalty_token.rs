//! Loyalty tokens: issued, and used once. The write that uses one gives the points or the reward in the same
//! transaction, so no token is used without them, and none of them is given twice (X31).

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use domain::customer::CustomerId;
use domain::id::{RestaurantId, TenantId};
use domain::loyalty_token::{LoyaltyToken, TokenHash};
use domain::page::{Page, PageSize, Position};
use domain::points::PurchaseReference;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::list::{List, Order, each};
use super::points::PointsWrite;
use super::single::Found;
use super::{Answer, Claim, Item, StoreError, Table, decode, encode, keys, number, text};

const KIND: &str = "loyalty_token";
const CURRENT_KIND: &str = "current_token";

#[derive(Serialize, Deserialize)]
struct TokenItem {
    token: LoyaltyToken,
    /// From when on it is not good, in milliseconds, where the condition of its use looks for it.
    ends: i64,
    /// When it was used, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    used_at: Option<i64>,
    ttl: i64,
    #[serde(rename = "GSI1PK")]
    gsi1_pk: String,
    #[serde(rename = "GSI1SK")]
    gsi1_sk: String,
}

#[derive(Serialize, Deserialize)]
struct CurrentItem {
    token: TokenHash,
    ttl: i64,
}

/// The use of a token that is to be written.
#[derive(Clone, Copy, Debug)]
pub struct Consumption<'a> {
    /// The token as it is after it.
    pub token: &'a LoyaltyToken,
    /// Whether a customer's device has made it: then there is no record of it before.
    pub signed: bool,
    /// The points that move with it; nothing where the customer is only identified.
    pub points: Option<PointsWrite<'a>>,
    /// The till's own name of the purchase, which no other may have.
    pub purchase: Option<(&'a RestaurantId, &'a PurchaseReference)>,
}

/// What came of the use of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Consumed {
    /// It is used.
    Done,
    /// It was used or is over, and stands like this.
    Lost(Option<Box<LoyaltyToken>>),
    /// The customer has a newer one.
    Replaced,
    /// The purchase was counted already.
    PurchaseCounted,
    /// None of the reward is left.
    SoldOut,
    /// The points are not what was read: read again and decide anew.
    Outrun,
}

/// What came of a code for a reward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RewardIssued {
    /// It is issued, and its points are held.
    Done,
    /// The points are not what was read, or the request has lost its claim: read again and decide anew.
    Outrun,
}

impl TokenItem {
    fn from_domain(token: &LoyaltyToken) -> Self {
        Self {
            token: token.clone(),
            ends: token.expires_at.as_millisecond(),
            used_at: token.used.as_ref().map(|used| used.at.as_millisecond()),
            ttl: token.forgotten_at().as_second(),
            gsi1_pk: keys::tokens_of_restaurant(&token.tenant, &token.restaurant),
            gsi1_sk: format!("{}#{}", keys::instant(token.issued_at), token.hash),
        }
    }
}

impl Table {
    /// A token, used or not, over or not.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn loyalty_token(
        &self,
        hash: &TokenHash,
    ) -> Result<Option<LoyaltyToken>, StoreError> {
        let item: Option<TokenItem> = self.read_as(&keys::loyalty_token(hash), KIND).await?;
        Ok(item.map(|item| item.token))
    }

    /// The customer's present code for earning at the restaurant.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn current_token(
        &self,
        tenant: &TenantId,
        restaurant: &RestaurantId,
        customer: &CustomerId,
    ) -> Result<Option<TokenHash>, StoreError> {
        let key = keys::current_token(tenant, restaurant, customer);
        let item: Option<CurrentItem> = self.read_as(&key, CURRENT_KIND).await?;
        Ok(item.map(|item| item.token))
    }

    /// The tokens of a restaurant, those that were issued last in front (L12).
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tokens_of_restaurant(
        &self,
        (tenant, restaurant): (&TenantId, &RestaurantId),
        size: PageSize,
        from: Option<&Position>,
    ) -> Result<Page<LoyaltyToken>, StoreError> {
        self.tokens_in_order((tenant, restaurant), Order::Descending, size, from).await
    }

    /// The tokens of a restaurant, those that were issued first in front.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn oldest_tokens_of_restaurant(
        &self,
        whose: (&TenantId, &RestaurantId),
        size: PageSize,
        from: Option<&Position>,
    ) -> Result<Page<LoyaltyToken>, StoreError> {
        self.tokens_in_order(whose, Order::Ascending, size, from).await
    }

    async fn tokens_in_order(
        &self,
        (tenant, restaurant): (&TenantId, &RestaurantId),
        order: Order,
        size: PageSize,
        from: Option<&Position>,
    ) -> Result<Page<LoyaltyToken>, StoreError> {
        let pk = keys::tokens_of_restaurant(tenant, restaurant);
        let list = List { what: KIND, pk, order, most: size.get(), from };
        each(self.page::<TokenItem>(list).await?, |item| Ok(item.token))
    }

    /// Issues a code for earning, and ends the customer's one before it at this restaurant.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn insert_earn_token(&self, token: &LoyaltyToken) -> Result<(), StoreError> {
        let key = keys::current_token(&token.tenant, &token.restaurant, &token.customer);
        let current =
            CurrentItem { token: token.hash.clone(), ttl: token.forgotten_at().as_second() };
        let current = encode(&key, CURRENT_KIND, &current)?;
        let writes = vec![self.write_new_token(token)?, self.put(current, None, Item::new())];
        let taken = |_| StoreError::Corrupt { what: KIND, source: "random bytes repeat".into() };
        self.transact(writes).await?.map_err(taken)
    }

    /// Issues a code for a reward together with the hold on its points, and the answer to the request where there is
    /// one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn insert_reward_token(
        &self,
        token: &LoyaltyToken,
        points: &PointsWrite<'_>,
        answer: Option<(Claim, Answer)>,
    ) -> Result<RewardIssued, StoreError> {
        let mut writes = vec![self.write_new_token(token)?];
        writes.extend(self.write_points(points)?);
        if let Some((claim, answer)) = answer {
            writes.push(self.write_answer(&claim, &answer)?);
        }
        let committed = self.transact(writes).await?;
        Ok(committed.map_or(RewardIssued::Outrun, |()| RewardIssued::Done))
    }

    fn write_new_token(&self, token: &LoyaltyToken) -> Result<TransactWriteItem, StoreError> {
        let item = encode(&keys::loyalty_token(&token.hash), KIND, &TokenItem::from_domain(token))?;
        Ok(self.put(item, Some("attribute_not_exists(PK)"), Item::new()))
    }

    /// Uses a token: one write decides, and moves its points where there are any.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn consume_token(&self, of: &Consumption<'_>) -> Result<Consumed, StoreError> {
        let key = keys::loyalty_token(&of.token.hash);
        let item = encode(&key, KIND, &TokenItem::from_domain(of.token))?;
        let (condition, values) = usable(of);
        let Some(points) = &of.points else {
            return match self.put_or_found(item, condition, values).await? {
                Found::Nothing => Ok(Consumed::Done),
                Found::Item(found) => lost(Some(found)),
            };
        };
        let mut writes = vec![self.put(item, Some(condition), values)];
        writes.extend(self.write_points(points)?);
        let mut parts = vec![Part::Token, Part::Points, Part::Purse];
        if let Some(named) = of.purchase {
            writes.push(self.write_purchase(points, named));
            parts.push(Part::Purchase);
        }
        match &of.token.claimed {
            Some(claimed) => {
                writes.push(self.write_reward(&of.token.tenant, &claimed.reward));
                parts.push(Part::Reward);
            }
            None if !of.signed => {
                writes.push(self.write_is_current(of.token));
                parts.push(Part::Current);
            }
            None => {}
        }
        let Err(mut refused) = self.transact(writes).await? else { return Ok(Consumed::Done) };
        let failed: Vec<Part> =
            (0..).zip(&parts).filter(|(at, _)| refused.at(*at)).map(|(_, part)| *part).collect();
        let has = |part: Part| failed.contains(&part);
        Ok(if has(Part::Token) {
            return lost(refused.reasons.swap_remove(0).flatten());
        } else if has(Part::Current) {
            Consumed::Replaced
        } else if has(Part::Purchase) {
            Consumed::PurchaseCounted
        } else if has(Part::Reward) {
            Consumed::SoldOut
        } else {
            Consumed::Outrun
        })
    }

    /// That no newer code of the customer has taken the token's place.
    fn write_is_current(&self, token: &LoyaltyToken) -> TransactWriteItem {
        let key = keys::current_token(&token.tenant, &token.restaurant, &token.customer);
        let values = Item::from([(":token".to_owned(), text(token.hash.as_str()))]);
        self.check(&key, "#token = :token", values)
    }

    /// Ends a code for a reward that the customer gives up, and frees its points. `false` where it was used or is over
    /// meanwhile, or the points are not what was read.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn release_token(
        &self,
        token: &LoyaltyToken,
        points: &PointsWrite<'_>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let ended = LoyaltyToken { expires_at: now, ..token.clone() };
        let item =
            encode(&keys::loyalty_token(&token.hash), KIND, &TokenItem::from_domain(&ended))?;
        let values = Item::from([(":now".to_owned(), number(now.as_millisecond()))]);
        let mut writes = vec![self.put(item, Some(UNUSED), values)];
        writes.extend(self.write_points(points)?);
        Ok(self.transact(writes).await?.is_ok())
    }

    /// Forgets a token whose time is long over.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delete_loyalty_token(&self, hash: &TokenHash) -> Result<(), StoreError> {
        self.delete_key(&keys::loyalty_token(hash)).await
    }
}

/// A token that was issued, not used, and is not over.
const UNUSED: &str = "attribute_exists(PK) AND attribute_not_exists(used_at) AND #ends > :now";

/// What a refused use is read from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Token,
    Points,
    Purse,
    Purchase,
    Reward,
    Current,
}

/// The condition under which a token may be used.
fn usable(of: &Consumption<'_>) -> (&'static str, Item) {
    if of.signed {
        return ("attribute_not_exists(PK)", Item::new());
    }
    let at = of.token.used.as_ref().map_or(i64::MAX, |used| used.at.as_millisecond());
    (UNUSED, Item::from([(":now".to_owned(), AttributeValue::N(at.to_string()))]))
}

fn lost(found: Option<Item>) -> Result<Consumed, StoreError> {
    let found = found.filter(|item| !item.is_empty());
    let token = found.map(|item| decode::<TokenItem>(item, KIND)).transpose()?;
    Ok(Consumed::Lost(token.map(|item| Box::new(item.token))))
}
