//! `verifyAndConsumeToken` (L8): a code that a customer shows is read, and used in one write that also gives the
//! points or the reward. Where something was faster it is all read again.
//!
//! Deliberately absent: the order of refusals (L20) and their words (L29 to L32), which are the domain's.

use adapters::ids::Ids;
use adapters::table::{Consumed, Consumption, PointsWrite, Table};
use axum::response::Response;
use domain::access::hex;
use domain::failure::{FieldError, InvalidFields};
use domain::loyalty_token::{Admitted, LoyaltyToken, Outcome, Payload, Retry, TokenRefused, Used};
use domain::member::Member;
use domain::points::{
    Movement, PointsReference, PointsRefused, PointsTransaction, PurchaseReference, Purse,
};
use domain::programme::{Award, ProgrammeRefused};
use domain::restaurant::Restaurant;
use domain::reward::{Reward, RewardRefused};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use tokio::try_join;

use super::points::{READS_MAX, busy, rest};
use super::shown::{Shown, show};
use super::staff::RestaurantStaff;
use super::verified::{AwardRequest, VerifyRequest};
use crate::principal::may;
use crate::problem::Problem;

/// What a request for the use of a code comes to.
pub(super) struct Wanted {
    /// What was read.
    pub payload: Payload,
    /// Where.
    pub restaurant: Restaurant,
    /// Who asks, for the record.
    pub by: String,
    /// What tells the request from others: its `Idempotency-Key`, or something random.
    pub request: Retry,
    /// What there are points for.
    pub award: Option<(Award, Option<PurchaseReference>)>,
}

/// A code that was used, or had been by the same request.
#[derive(Clone, Debug)]
pub struct Verified {
    /// The token after its use.
    pub token: LoyaltyToken,
    /// What came of it.
    pub outcome: Outcome,
    /// Who has shown it, as far as they are there.
    pub member: Option<Member>,
    /// The reward that it was for.
    pub reward: Option<Reward>,
    /// Whether this is the answer of the first time.
    pub is_repeat: bool,
}

/// Uses a code at a restaurant of the staff's, once. With an `Idempotency-Key` a repetition gets the same success.
///
/// # Errors
/// [`TokenRefused`] in the order of L20; what the programme, the purse and the reward refuse, which leaves the code
/// usable; `restaurant_unknown` for another restaurant than the staff's; or the store's failure.
pub async fn verify(
    (table, ids): (&Table, &Ids),
    staff: &RestaurantStaff<may::LoyaltyRedeem>,
    request: &VerifyRequest,
    key: Option<&str>,
) -> Result<Verified, Problem> {
    let started = ids.clock().stopwatch();
    let verified = consume((table, ids), staff, request, key).await;
    metrics::histogram!("loyalty_token_validation_seconds").record(started.elapsed());
    metrics::histogram!("loyalty_flow_seconds", "step" => "verify").record(started.elapsed());
    let outcome = match &verified {
        Ok(Verified { is_repeat: true, .. }) => "repeated",
        Ok(Verified { is_repeat: false, .. }) => "used",
        Err(problem) => problem.code(),
    };
    metrics::counter!("loyalty_verifications_total", "outcome" => outcome).increment(1);
    if let Ok(Verified { token, .. }) = &verified {
        let purpose = token.purpose().as_str();
        tracing::info!(
            event = "loyalty_token_verified",
            restaurant.id = %token.restaurant,
            outcome,
            "took a code for `{purpose}`"
        );
    }
    verified
}

async fn consume(
    (table, ids): (&Table, &Ids),
    staff: &RestaurantStaff<may::LoyaltyRedeem>,
    request: &VerifyRequest,
    key: Option<&str>,
) -> Result<Verified, Problem> {
    let restaurant = staff.restaurant(table, request.restaurant_id.as_deref()).await?;
    let wanted = Wanted {
        payload: Payload::parse(&request.payload)?,
        award: request.award.as_ref().map(AwardRequest::read).transpose()?,
        request: retry(ids, staff, (&restaurant, request), key),
        by: staff.key.to_string(),
        restaurant,
    };
    for read in 0..READS_MAX {
        rest(read).await;
        if let Some(verified) = attempt((table, ids), &wanted).await? {
            return Ok(verified);
        }
    }
    Err(busy().into())
}

/// What tells this request from others. The code is no part of what is asked for: the answer is kept with it.
fn retry(
    ids: &Ids,
    staff: &RestaurantStaff<may::LoyaltyRedeem>,
    (restaurant, request): (&Restaurant, &VerifyRequest),
    key: Option<&str>,
) -> Retry {
    let key = match key {
        Some(key) => hex(&Sha256::digest(format!("{}\0loyalty_verify\0{key}", staff.key))),
        // Nobody sends it again but ourselves, when the store's answer was lost.
        None => hex(&ids.bytes::<32>()),
    };
    // A struct of numbers and texts always has a JSON.
    let award = serde_json::to_string(&request.award).unwrap_or_default();
    let body = hex(&Sha256::digest(format!("{}\0{award}", restaurant.id)));
    Retry { key, body }
}

/// Reads it all and uses the code. Nothing where something was faster.
async fn attempt(
    (table, ids): (&Table, &Ids),
    wanted: &Wanted,
) -> Result<Option<Verified>, Problem> {
    let now = ids.now();
    let Shown { token, is_signed, admitted } = show((table, ids), wanted, now).await?;
    let (tenant, claimed) = (&token.tenant, token.claimed.as_ref());
    let reward = async {
        match claimed {
            Some(claimed) => table.reward(tenant, &claimed.reward).await,
            None => Ok(None),
        }
    };
    let (member, reward, purse) = try_join!(
        table.member(tenant, &token.customer),
        reward,
        table.purse(tenant, &token.programme, &token.customer)
    )?;
    let found = Found { member, reward };
    if let Admitted::Repeated(used) = admitted {
        return Ok(Some(found.verified(LoyaltyToken { used: Some(used), ..token }, true)));
    }
    let Some(usage) = decide(table, wanted, &token, &purse, now).await? else { return Ok(None) };
    let Usage { outcome, movement } = usage;
    let request = Some(wanted.request.clone());
    let used = Used { at: now, by: wanted.by.clone(), request, outcome };
    let token = LoyaltyToken { used: Some(used), ..token };
    let consumed = write(table, &token, is_signed, (wanted, movement), now).await?;
    settle(wanted, found, token, consumed, now)
}

/// Who and what belongs to a token.
struct Found {
    member: Option<Member>,
    reward: Option<Reward>,
}

/// What a use comes to.
struct Usage {
    outcome: Outcome,
    movement: Option<Movement>,
}

/// What becomes of the points. What a reward's code has held may be gone: because it was given up since it was read, or
/// because the purchase that had brought the points was reversed.
async fn decide(
    table: &Table,
    wanted: &Wanted,
    token: &LoyaltyToken,
    purse: &Purse,
    now: Timestamp,
) -> Result<Option<Usage>, Problem> {
    let Some((award, reference)) = &wanted.award else {
        let Some(_) = &token.claimed else {
            let outcome = Outcome { balance: Some(purse.free(now)), ..Outcome::default() };
            return Ok(Some(Usage { outcome, movement: None }));
        };
        let movement = match purse.redeeming(&token.hash, now) {
            Ok(movement) => movement,
            // Given up or used since it was read: then it is read again.
            Err(_) if table.loyalty_token(&token.hash).await?.as_ref() != Some(token) => {
                return Ok(None);
            }
            Err(refused) => return Err(refused.into()),
        };
        let outcome = Outcome { balance: Some(movement.purse.free(now)), ..Outcome::default() };
        return Ok(Some(Usage { outcome, movement: Some(movement) }));
    };
    if token.claimed.is_some() {
        return Err(TokenRefused::AwardForReward.into());
    }
    let programme = table.programme(&token.tenant, &token.programme).await?;
    let programme = programme.ok_or(ProgrammeRefused::Unknown)?;
    let day = (programme.day(now), programme.terms.daily_points_max);
    let lot = (Some(&token.hash), programme.points_expire_at(now));
    let (movement, awarded) = purse.earning(programme.points_for(*award)?, day, lot, now)?;
    let own = || PurchaseReference::of_token(&token.hash);
    let purchase = Some(reference.clone().unwrap_or_else(own));
    let balance = Some(movement.purse.free(now));
    let outcome = Outcome { awarded: Some(awarded), purchase, balance };
    Ok(Some(Usage { outcome, movement: Some(movement) }))
}

/// The one write: the use, and the points where some move.
async fn write(
    table: &Table,
    token: &LoyaltyToken,
    signed: bool,
    (wanted, movement): (&Wanted, Option<Movement>),
    at: Timestamp,
) -> Result<Consumed, Problem> {
    let purchase = token.used.as_ref().and_then(|used| used.outcome.purchase.as_ref());
    let Some(Movement { purse, lines }) = movement else {
        let use_of = Consumption { token, signed, points: None, purchase: None };
        return Ok(table.consume_token(&use_of).await?);
    };
    let reference = match &token.claimed {
        Some(_) => PointsReference::redeemed_by(&token.hash),
        None => PointsReference::earned_by(&token.hash),
    };
    let transaction = PointsTransaction { reference, customer: token.customer.clone(), lines };
    let points = PointsWrite {
        tenant: &token.tenant,
        programme: &token.programme,
        transaction: &transaction,
        purse: &purse,
        restaurant: Some(&token.restaurant),
        purchase,
        award: wanted.award.as_ref().map(|(award, _)| *award),
        at,
    };
    let purchase = purchase.map(|purchase| (&token.restaurant, purchase));
    let use_of = Consumption { token, signed, points: Some(points), purchase };
    Ok(table.consume_token(&use_of).await?)
}

/// What the write's outcome means. Nothing where it is to be read again.
fn settle(
    wanted: &Wanted,
    found: Found,
    token: LoyaltyToken,
    consumed: Consumed,
    now: Timestamp,
) -> Result<Option<Verified>, Problem> {
    let at = (&token.tenant, &wanted.restaurant.id);
    match consumed {
        Consumed::Done => Ok(Some(found.verified(token, false))),
        Consumed::Lost(Some(stands)) => match stands.admit(at, Some(&wanted.request), now)? {
            // It was this very request, whose answer the store had lost.
            Admitted::Repeated(_) => Ok(Some(found.verified(*stands, true))),
            // It is over within this very millisecond.
            Admitted::Fresh => Err(TokenRefused::Expired.into()),
        },
        Consumed::Lost(None) => Err(TokenRefused::Unknown.into()),
        Consumed::Replaced => Err(TokenRefused::Expired.into()),
        Consumed::PurchaseCounted => Err(PointsRefused::PurchaseCounted.into()),
        Consumed::SoldOut => Err(RewardRefused::SoldOut.into()),
        Consumed::Outrun => Ok(None),
    }
}

impl Found {
    fn verified(self, token: LoyaltyToken, is_repeat: bool) -> Verified {
        let outcome = token.used.as_ref().map(|used| used.outcome.clone()).unwrap_or_default();
        Verified { token, outcome, member: self.member, reward: self.reward, is_repeat }
    }
}

impl AwardRequest {
    /// What there are points for, and the till's name of it.
    ///
    /// # Errors
    /// [`InvalidFields`] unless it is an amount or a visit, [`PointsRefused::PurchaseInvalid`].
    pub fn read(&self) -> Result<(Award, Option<PurchaseReference>), Problem> {
        let award = match (self.amount, self.visit) {
            (Some(amount), None) => Award::Amount(amount),
            (None, Some(true)) => Award::Visit,
            (None, None | Some(false)) | (Some(_), Some(_)) => {
                let detail = "send either an amount or \"visit\": true";
                let error = FieldError::new("award", "invalid_value", detail);
                return Err(InvalidFields(vec![error]).into());
            }
        };
        let reference = self.reference.as_deref().map(PurchaseReference::parse).transpose()?;
        Ok((award, reference))
    }
}

/// Adds to a refusal what L21 wants of it: `valid` and `error`. A layer of the route, so that every refusal has them.
pub async fn not_valid(mut response: Response) -> Response {
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let error = problem.detail();
        response.extensions_mut().insert(problem.with("valid", false).with("error", error));
    }
    response
}
