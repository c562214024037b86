//! A customer's own code of a voucher (V6, V27): good for five minutes, for the claim's place in the status list.

use adapters::signer::VoucherSigner;
use adapters::table::Table;
use domain::claim::{Claim as Copy, ClaimRefused, ClaimState};
use domain::voucher::{Voucher, VoucherState};
use domain::voucher_token::{Claims, Form, TokenIndex, TokenRefused, USER_TTL};
use jiff::Timestamp;

use crate::problem::Problem;
use crate::wallet::Held;

/// A code that was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserCode {
    /// The JWT.
    pub token: String,
    /// The address with it, which is what a QR code carries (X47).
    pub url: String,
    /// The first instant at which it is no longer good.
    pub expires_at: Timestamp,
}

/// A new code of a claim.
///
/// # Errors
/// [`ClaimRefused`] where there is nothing to redeem, [`TokenRefused::Revoked`] where the owner has taken it back, or
/// the failure of the store or the signer.
pub async fn user_code(
    (table, signer): (&Table, &VoucherSigner),
    voucher: &Voucher,
    claim: &Copy,
    now: Timestamp,
) -> Result<UserCode, Problem> {
    match claim.state(now) {
        Some(ClaimState::Claimed) => {}
        Some(ClaimState::Redeemed) => return Err(ClaimRefused::AlreadyRedeemed.into()),
        Some(ClaimState::Expired) => return Err(ClaimRefused::Expired.into()),
        Some(ClaimState::Removed) | None => return Err(ClaimRefused::NotClaimed.into()),
    }
    let held = Held { claim: claim.clone(), voucher: voucher.clone() };
    match held.state(table.voucher_left(voucher).await?, now) {
        VoucherState::Published => {}
        VoucherState::Exhausted => return Err(ClaimRefused::UsedUp.into()),
        VoucherState::Expired => return Err(ClaimRefused::Expired.into()),
        VoucherState::Draft | VoucherState::Paused | VoucherState::Ended => {
            return Err(ClaimRefused::NotPublished.into());
        }
    }
    let form = Form::User { customer: Some(claim.customer.to_string()) };
    let index = TokenIndex::new(claim.index)?;
    let claims = Claims::new(form, voucher.id.clone(), index, now, USER_TTL);
    if table.is_revoked(&voucher.tenant, claim.index).await? {
        return Err(TokenRefused::Revoked(Box::new(claims)).into());
    }
    let token = signer.jwt(&claims, &voucher.tenant).await?;
    let url = signer.realm(&voucher.tenant).page_url(&token);
    Ok(UserCode { token, url, expires_at: claims.expires_at })
}
