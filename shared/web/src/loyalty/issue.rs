//! Issuing the codes that customers show: one for earning, which ends the one before it, and one for a reward, which
//! holds its points; and giving one of the latter up (L2, L8, X28, X30).
//!
//! Deliberately absent: any answer that is kept for a repetition. It would hold the code; whoever has lost an answer
//! asks for another code.

use std::fmt;
use std::sync::Arc;

use adapters::environment::{Environment, EnvironmentError};
use adapters::ids::Ids;
use adapters::table::{PointsWrite, RewardIssued, StoreError, Table};
use domain::customer::CustomerId;
use domain::id::{ProgrammeId, RewardId, TenantId};
use domain::loyalty_token::{
    Claimed, Legacy, LoyaltyToken, Payload, TokenHash, TokenRefused, TokenSecret,
};
use domain::member::MemberRefused;
use domain::points::{PointsReference, PointsRefused, PointsTransaction};
use domain::restaurant::Restaurant;
use domain::reward::{Reward, RewardRefused};
use jiff::Timestamp;
use serde::de::IntoDeserializer;
use serde::de::value::Error;
use serde::{Deserialize, Serialize};
use tokio::try_join;
use utoipa::ToSchema;

use super::draw::draw;
use super::points::{READS_MAX, busy, rest};
use crate::problem::Problem;

/// The characters of a code's hash.
const HASH_CHARS: usize = 64;

/// The address under which people reach the platform, without a slash at its end.
#[derive(Clone, Debug)]
pub struct PublicUrl(Arc<str>);

/// How a code is spelled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CodeFormat {
    /// An address with the opaque token (X28).
    #[default]
    Code,
    /// The base64 of the JSON of L18 and L19. Its modules are small on a screen (X30).
    Legacy,
}

/// What a code is wanted for.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// Where it is to be good.
    pub restaurant: &'a Restaurant,
    /// Who is to show it.
    pub customer: &'a CustomerId,
    /// How it is to be spelled.
    pub format: CodeFormat,
}

/// A code that was issued. It is shown once and kept nowhere.
#[derive(Clone, Serialize, ToSchema)]
pub struct IssuedCode {
    /// The token: 48 characters.
    pub token: String,
    /// The address with it.
    pub url: String,
    /// What the QR code says: the address, or the older payload where that was asked for.
    pub payload: String,
    /// The QR code, 224 pixels wide.
    pub svg: String,
    /// From when on it is not good.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
    /// What the customer can spend beside it, in points; for a reward's code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub balance: Option<i64>,
    /// The name of the reward that it is for; a page shows it.
    #[serde(skip)]
    pub reward: Option<String>,
}

/// A code for a reward that was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Released {
    /// What the customer can spend now, in points.
    pub balance: i64,
}

/// A token with what only its customer sees.
struct Minted {
    token: LoyaltyToken,
    code: IssuedCode,
}

impl fmt::Debug for IssuedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssuedCode").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

impl PublicUrl {
    /// From `PUBLIC_URL`.
    ///
    /// # Errors
    /// [`EnvironmentError::Missing`].
    pub fn from_env(env: &Environment) -> Result<Self, EnvironmentError> {
        Ok(Self(env.required("PUBLIC_URL")?.trim_end_matches('/').into()))
    }
}

impl AsRef<str> for PublicUrl {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// Issues a code for earning. The customer's one before it at this restaurant is over with it.
///
/// # Errors
/// [`MemberRefused::Unknown`], [`TokenRefused::NotDrawn`], or the store's failure.
pub async fn issue_earn(
    (table, ids): (&Table, &Ids),
    public_url: &PublicUrl,
    wish: &Wish<'_>,
) -> Result<IssuedCode, Problem> {
    let started = ids.clock().stopwatch();
    let member = table.member(&wish.restaurant.tenant, wish.customer).await?;
    member.ok_or(MemberRefused::Unknown)?;
    let Minted { token, code } = mint(ids, public_url, wish, None, ids.now())?;
    inserted(ids, table.insert_earn_token(&token)).await?;
    told(&token);
    metrics::histogram!("loyalty_flow_seconds", "step" => "issue").record(started.elapsed());
    Ok(code)
}

/// Issues a code for a reward, and sets its points aside.
///
/// # Errors
/// [`MemberRefused::Unknown`], [`RewardRefused`], [`PointsRefused`] where the points do not suffice,
/// [`TokenRefused::NotDrawn`], or the store's failure.
pub async fn issue_reward(
    (table, ids): (&Table, &Ids),
    public_url: &PublicUrl,
    wish: &Wish<'_>,
    reward: &str,
) -> Result<IssuedCode, Problem> {
    let started = ids.clock().stopwatch();
    let reward = wanted_reward(table, wish, reward).await?;
    for read in 0..READS_MAX {
        rest(read).await;
        let now = ids.now();
        reward.obtainable(now)?;
        let claimed = Claimed { reward: reward.id.clone(), price: reward.terms.price };
        let minted = mint(ids, public_url, wish, Some(claimed), now)?;
        if let Some(code) = hold((table, ids), minted, &reward, now).await? {
            metrics::histogram!("loyalty_flow_seconds", "step" => "issue")
                .record(started.elapsed());
            return Ok(code);
        }
    }
    Err(busy().into())
}

/// The reward, if it is one of the restaurant's programme, for a customer who is there.
async fn wanted_reward(table: &Table, wish: &Wish<'_>, reward: &str) -> Result<Reward, Problem> {
    let tenant = &wish.restaurant.tenant;
    let id = RewardId::parse(reward).map_err(|_| RewardRefused::Unknown)?;
    let (member, reward) =
        try_join!(table.member(tenant, wish.customer), table.reward(tenant, &id))?;
    member.ok_or(MemberRefused::Unknown)?;
    let reward = reward.filter(|reward| reward.programme == wish.restaurant.programme);
    Ok(reward.ok_or(RewardRefused::Unknown)?)
}

/// Writes a reward's code with the hold on its points. Nothing where the points have changed meanwhile.
async fn hold(
    (table, ids): (&Table, &Ids),
    Minted { token, code }: Minted,
    reward: &Reward,
    now: Timestamp,
) -> Result<Option<IssuedCode>, Problem> {
    let purse = table.purse(&token.tenant, &token.programme, &token.customer).await?;
    let set_aside = (&token.hash, &reward.id);
    let moved = purse.holding(reward.terms.price, set_aside, token.expires_at, now)?;
    let transaction = PointsTransaction {
        reference: PointsReference::held_for(&token.hash),
        customer: token.customer.clone(),
        lines: moved.lines,
    };
    let points = PointsWrite {
        tenant: &token.tenant,
        programme: &token.programme,
        transaction: &transaction,
        purse: &moved.purse,
        restaurant: Some(&token.restaurant),
        purchase: None,
        award: None,
        at: now,
    };
    match inserted(ids, table.insert_reward_token(&token, &points, None)).await? {
        RewardIssued::Outrun => Ok(None),
        RewardIssued::Done => {
            told(&token);
            let balance = Some(moved.purse.free(now));
            Ok(Some(IssuedCode { balance, reward: Some(reward.terms.name.clone()), ..code }))
        }
    }
}

/// Makes a token and draws it. Nothing is written, so a code that cannot be drawn holds no points.
fn mint(
    ids: &Ids,
    public_url: &PublicUrl,
    wish: &Wish<'_>,
    claimed: Option<Claimed>,
    now: Timestamp,
) -> Result<Minted, TokenRefused> {
    let started = ids.clock().stopwatch();
    let secret = TokenSecret::new(ids.bytes());
    let Restaurant { id, tenant, programme, .. } = wish.restaurant;
    let of = (tenant.clone(), id.clone(), programme.clone());
    let token = LoyaltyToken::issue(secret.hash(), of, wish.customer.clone(), claimed, now);
    let url = secret.url(public_url.as_ref());
    let payload = match wish.format {
        CodeFormat::Code => url.clone(),
        CodeFormat::Legacy => Legacy::of(&token, &secret).encoded(),
    };
    let svg = draw(&payload)?;
    metrics::histogram!("loyalty_token_generation_seconds").record(started.elapsed());
    let (code, expires_at) = (secret.code(), token.expires_at);
    let code =
        IssuedCode { token: code, url, payload, svg, expires_at, balance: None, reward: None };
    Ok(Minted { token, code })
}

/// A write of a token, timed.
async fn inserted<T>(
    ids: &Ids,
    write: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let started = ids.clock().stopwatch();
    let done = write.await;
    metrics::histogram!("loyalty_token_insert_seconds").record(started.elapsed());
    done
}

fn told(token: &LoyaltyToken) {
    let purpose = token.purpose().as_str();
    metrics::counter!("loyalty_tokens_issued_total", "type" => purpose).increment(1);
    tracing::info!(
        event = "loyalty_token_issued",
        restaurant.id = %token.restaurant,
        "issued a code for `{purpose}`"
    );
}

/// Gives up a code for a reward: its points are free at once. What is over already stays so, and its points are free;
/// so it may be asked again. `is_own` says whether the token is one of whoever asks.
///
/// # Errors
/// [`TokenRefused::Unknown`] for what is no code of theirs, [`TokenRefused::Used`], [`PointsRefused::NotHeld`] for a
/// code that holds none, or the store's failure.
pub async fn release(
    (table, ids): (&Table, &Ids),
    tenant: &TenantId,
    is_own: impl Fn(&LoyaltyToken) -> bool,
    payload: &str,
) -> Result<Released, Problem> {
    let (Payload::Token(secret) | Payload::Legacy(secret, _)) = Payload::parse(payload)? else {
        return Err(PointsRefused::NotHeld.into());
    };
    free((table, ids), tenant, is_own, &secret.hash()).await
}

/// Gives up a code for a reward that its customer has not at hand any more: `hold` is its hash. It may be asked again,
/// as [`release`].
///
/// # Errors
/// [`PointsRefused::NotHeld`] for what is no hash; else as [`release`].
pub async fn release_held(
    (table, ids): (&Table, &Ids),
    (tenant, customer, programme): (&TenantId, &CustomerId, &ProgrammeId),
    hold: &str,
) -> Result<Released, Problem> {
    let hash = hash_of(hold).ok_or(PointsRefused::NotHeld)?;
    let is_own =
        |token: &LoyaltyToken| token.customer == *customer && token.programme == *programme;
    free((table, ids), tenant, is_own, &hash).await
}

/// The hash of a code, as a page names the code by it.
pub fn hash_of(text: &str) -> Option<TokenHash> {
    let is_hash = text.len() == HASH_CHARS && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let hash = IntoDeserializer::<Error>::into_deserializer(text);
    is_hash.then(|| TokenHash::deserialize(hash).ok()).flatten()
}

async fn free(
    (table, ids): (&Table, &Ids),
    tenant: &TenantId,
    is_own: impl Fn(&LoyaltyToken) -> bool,
    hash: &TokenHash,
) -> Result<Released, Problem> {
    for read in 0..READS_MAX {
        rest(read).await;
        let token = table.loyalty_token(hash).await?;
        let token = token.filter(|token| token.tenant == *tenant && is_own(token));
        let token = token.ok_or(TokenRefused::Unknown)?;
        if let Some(released) = let_go(table, &token, ids.now()).await? {
            return Ok(released);
        }
    }
    Err(busy().into())
}

/// Frees what a code holds. Nothing where something was faster.
async fn let_go(
    table: &Table,
    token: &LoyaltyToken,
    now: Timestamp,
) -> Result<Option<Released>, Problem> {
    if token.used.is_some() {
        return Err(TokenRefused::Used.into());
    }
    if token.claimed.is_none() {
        return Err(PointsRefused::NotHeld.into());
    }
    let purse = table.purse(&token.tenant, &token.programme, &token.customer).await?;
    if token.expires_at <= now {
        return Ok(Some(Released { balance: purse.free(now) }));
    }
    // It was used since it was read, or was given up by another request.
    let Ok(moved) = purse.releasing(&token.hash, now) else { return Ok(None) };
    let transaction = PointsTransaction {
        reference: PointsReference::released_from(&token.hash),
        customer: token.customer.clone(),
        lines: moved.lines,
    };
    let points = PointsWrite {
        tenant: &token.tenant,
        programme: &token.programme,
        transaction: &transaction,
        purse: &moved.purse,
        restaurant: Some(&token.restaurant),
        purchase: None,
        award: None,
        at: now,
    };
    let done = table.release_token(token, &points, now).await?;
    Ok(done.then(|| Released { balance: moved.purse.free(now) }))
}
