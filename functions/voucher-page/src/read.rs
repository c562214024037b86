//! What stands in the address of a voucher's page: a JWT, a compact token, or the voucher's id (X47).
//!
//! Deliberately absent: short and fixed codes. They are short enough to be guessed, and belong to the till.

use std::error::Error;
use std::fmt;

use domain::claim::ClaimRefused;
use domain::failure::{Failure, Kind};
use domain::id::VoucherId;
use domain::voucher::VoucherState;
use domain::voucher_token::{TokenKind, TokenRefused, voucher_named};
use jiff::Timestamp;
use web::Problem;
use web::wallet::Seen;

use crate::Deps;

/// A printed code, or a voucher's own, whose signature is over while the voucher runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct PrintedOver;

impl fmt::Display for PrintedOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this printed code is over; ask for a new one")
    }
}

impl Error for PrintedOver {}

impl Failure for PrintedOver {
    fn kind(&self) -> Kind {
        Kind::Gone
    }

    fn code(&self) -> &'static str {
        "voucher_printed_code_over"
    }
}

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
    let claims = match verifier.verify(code, &TokenKind::ALL, None, now) {
        // Where the voucher itself is not to be had, its page says why; else only this code is over.
        Err(TokenRefused::Expired(claims)) if claims.kind() != TokenKind::User => {
            return match seen.state {
                VoucherState::Published => Err(PrintedOver.into()),
                _ => Ok(seen),
            };
        }
        verdict => verdict?,
    };
    if deps.table.is_revoked(tenant, claims.index.get()).await? {
        return Err(TokenRefused::Revoked(Box::new(claims)).into());
    }
    Ok(seen)
}
