//! What stands in the address of a voucher's page: a JWT, a compact token, or the voucher's id (X47).
//!
//! Deliberately absent: short and fixed codes. They are short enough to be guessed, and belong to the till.

use domain::claim::ClaimRefused;
use domain::id::VoucherId;
use domain::voucher_token::{TokenKind, TokenRefused, voucher_named};
use jiff::Timestamp;
use web::Problem;
use web::wallet::Seen;

use crate::Deps;

/// The voucher that a code leads to. A code that was signed and is not good any more is gone; one that we have not
/// signed is none.
pub(crate) async fn read(deps: &Deps, code: &str, now: Timestamp) -> Result<Seen, Problem> {
    if code.starts_with(VoucherId::PREFIX) {
        let id = VoucherId::parse(code).map_err(|_| ClaimRefused::UnknownVoucher)?;
        return Seen::of(&deps.table, &id, now).await;
    }
    let id = voucher_named(code).ok_or(ClaimRefused::UnknownVoucher)?;
    let seen = Seen::of(&deps.table, &id, now).await?;
    let tenant = &seen.voucher.tenant;
    let verifier = deps.signer.verifier(tenant).await?;
    let claims = verifier.verify(code, &TokenKind::ALL, None, now)?;
    if deps.table.is_revoked(tenant, claims.index.get()).await? {
        return Err(TokenRefused::Revoked(Box::new(claims)).into());
    }
    Ok(seen)
}
