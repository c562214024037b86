//! What a customer shows: the token is found, and whether it may be used here and now is decided in the order of L20.
//!
//! Deliberately absent: its use.

use adapters::ids::Ids;
use adapters::table::{StoreError, Table};
use domain::loyalty_token::{
    Admitted, Legacy, LoyaltyToken, Payload, SignedCode, TokenHash, TokenRefused,
};
use domain::voucher_token::PublicKey;
use jiff::Timestamp;
use tokio::try_join;

use super::verify::Wanted;
use crate::problem::Problem;

/// A token that may be used, or was by this request.
pub(super) struct Shown {
    /// As it stands; for a signed code, as it will.
    pub token: LoyaltyToken,
    /// Whether a customer's device has made it.
    pub is_signed: bool,
    /// How it may be used.
    pub admitted: Admitted,
}

/// Finds out what was shown.
pub(super) async fn show(
    (table, ids): (&Table, &Ids),
    wanted: &Wanted,
    now: Timestamp,
) -> Result<Shown, Problem> {
    match &wanted.payload {
        Payload::Token(secret) => issued((table, ids), wanted, (&secret.hash(), None), now).await,
        Payload::Legacy(secret, legacy) => {
            issued((table, ids), wanted, (&secret.hash(), Some(legacy)), now).await
        }
        Payload::Signed(code) => signed((table, ids), wanted, code, now).await,
    }
}

/// A token that we have issued.
async fn issued(
    (table, ids): (&Table, &Ids),
    wanted: &Wanted,
    (hash, legacy): (&TokenHash, Option<&Legacy>),
    now: Timestamp,
) -> Result<Shown, Problem> {
    let token = selected((table, ids), hash).await?;
    let token = token.filter(|token| legacy.is_none_or(|legacy| legacy.fits(token)));
    let token = token.ok_or(TokenRefused::Unknown)?;
    let at = (&wanted.restaurant.tenant, &wanted.restaurant.id);
    let verdict = token.admit(at, Some(&wanted.request), now);
    // Another code that took its place ends it before it matters where it is shown. What was used before that was.
    let ends = matches!(verdict, Ok(Admitted::Fresh) | Err(TokenRefused::OtherRestaurant));
    if ends && token.claimed.is_none() && !is_current(table, &token).await? {
        return Err(TokenRefused::Expired.into());
    }
    Ok(Shown { admitted: verdict?, is_signed: false, token })
}

async fn is_current(table: &Table, token: &LoyaltyToken) -> Result<bool, StoreError> {
    let LoyaltyToken { tenant, restaurant, customer, .. } = token;
    let current = table.current_token(tenant, restaurant, customer).await?;
    Ok(current.as_ref() == Some(&token.hash))
}

/// A code that a customer's own device has signed. There is a record of it once it was used.
async fn signed(
    (table, ids): (&Table, &Ids),
    wanted: &Wanted,
    code: &SignedCode,
    now: Timestamp,
) -> Result<Shown, Problem> {
    let (tenant, here) = (&wanted.restaurant.tenant, &wanted.restaurant);
    let (once, named) = (code.once(), code.key());
    let (key, stood) = try_join!(table.member_key(tenant, &named), selected((table, ids), &once))?;
    let before =
        stood.map(|token| (token.admit((tenant, &here.id), Some(&wanted.request), now), token));
    match before {
        Some((Ok(admitted @ Admitted::Repeated(_)), token)) => {
            return Ok(Shown { token, is_signed: true, admitted });
        }
        Some((Err(TokenRefused::KeyReused), _)) => return Err(TokenRefused::KeyReused.into()),
        Some(_) | None => {}
    }
    let key = key.ok_or(TokenRefused::Unknown)?;
    let public = point(&key.point).and_then(|point| PublicKey::from_point(&point));
    code.verify(&public.ok_or(TokenRefused::Unknown)?, &key.customer, now)?;
    if before.is_some() {
        return Err(TokenRefused::Used.into());
    }
    if code.restaurant() != here.id {
        return Err(TokenRefused::OtherRestaurant.into());
    }
    let of = (tenant.clone(), here.id.clone(), here.programme.clone());
    let token = LoyaltyToken::issue(once, of, key.customer, None, now);
    let token = LoyaltyToken { expires_at: code.expires_at(), ..token };
    Ok(Shown { token, is_signed: true, admitted: Admitted::Fresh })
}

/// The token of a hash, timed.
async fn selected(
    (table, ids): (&Table, &Ids),
    hash: &TokenHash,
) -> Result<Option<LoyaltyToken>, StoreError> {
    let started = ids.clock().stopwatch();
    let found = table.loyalty_token(hash).await;
    metrics::histogram!("loyalty_token_select_seconds").record(started.elapsed());
    found
}

/// The bytes of hexadecimal digits.
fn point(digits: &str) -> Option<Vec<u8>> {
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    digits.as_bytes().chunks(2).map(byte).collect()
}
