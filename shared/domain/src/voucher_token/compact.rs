//! The compact form of a token, for print: 27 bytes of claims and 64 of signature in 137 characters of base 41.
//! With `HTTPS://`, a host of 30 characters and `/V/` these are 178, which a version 7 code holds at level M.
//!
//! | bytes | what |
//! |---|---|
//! | 1 | version (1) in the upper half, kind in the lower one: 1 standard, 2 user, 3 print |
//! | 1 | the first byte of the key's thumbprint: every accepted key that begins so is tried |
//! | 16 | the voucher's UUID |
//! | 3 | `idx` |
//! | 4 | `iat`, in seconds |
//! | 2 | time to live: in seconds for user, in hours for the others |
//!
//! Deliberately absent: `iss` and `aud`, which are signed but not carried. So a code of another platform or tenant is
//! refused as a bad signature. Also `uid`, `btc` and `lmt`: the table has them. Letters are upper case only; readers
//! of QR codes keep them so.

use jiff::{SignedDuration, Timestamp};

use super::jwt::instant;
use super::{Claims, Form, PublicKey, Realm, Shape, ToSign, TokenIndex, TokenKind, TokenRefused};
use crate::base41;
use crate::failure::{Failure, Kind};
use crate::id::VoucherId;

/// The bytes of the claims.
pub const CLAIMS_BYTES: usize = 27;
/// The characters of a compact token.
pub const CHARACTERS: usize = 137;
/// The bytes of a signature: r and s.
pub(super) const SIGNATURE_BYTES: usize = 64;
/// What no JWS and no other message of ours begins with.
const DOMAIN: &[u8] = b"tessera voucher code v1\0";
/// The version, in the upper half of the first byte.
const VERSION: u8 = 1;

/// Claims that do not fit into the compact form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompactRefused {
    /// The life is not a number of whole hours (seconds for a user token) that 16 bits hold.
    #[error("a printed code lives for whole hours, at most 65,535 of them")]
    Life,
    /// The instant is not one of the years 2001 to 2106.
    #[error("a printed code cannot be issued at this time")]
    Instant,
    /// The voucher's id is not a UUID.
    #[error("a printed code needs a voucher with an id of ours")]
    Voucher,
}

impl Failure for CompactRefused {
    fn kind(&self) -> Kind {
        Kind::Invalid
    }

    fn code(&self) -> &'static str {
        match self {
            CompactRefused::Life => "voucher_print_life_invalid",
            CompactRefused::Instant => "voucher_print_time_invalid",
            CompactRefused::Voucher => "voucher_print_id_invalid",
        }
    }
}

/// A compact token, read but not verified.
pub(super) struct Read {
    kind: TokenKind,
    /// What the key's thumbprint begins with.
    pub(super) hint: u8,
    claims: [u8; CLAIMS_BYTES],
    pub(super) signature: [u8; SIGNATURE_BYTES],
}

/// The number of a kind in the first byte.
fn number(kind: TokenKind) -> u8 {
    match kind {
        TokenKind::Standard => 1,
        TokenKind::User => 2,
        TokenKind::Print => 3,
    }
}

/// The seconds of one unit of the time to live.
fn unit_s(kind: TokenKind) -> i64 {
    match kind {
        TokenKind::Standard | TokenKind::Print => 3600,
        TokenKind::User => 1,
    }
}

/// The compact token of these claims, ready to be signed with `key`.
///
/// # Errors
/// [`CompactRefused`] says what does not fit.
pub fn to_sign(claims: &Claims, realm: &Realm, key: &PublicKey) -> Result<ToSign, CompactRefused> {
    let kind = claims.kind();
    let life_s = claims.expires_at.as_second() - claims.issued_at.as_second();
    let life = u16::try_from(life_s / unit_s(kind)).map_err(|_| CompactRefused::Life)?;
    if life == 0 || life_s % unit_s(kind) != 0 {
        return Err(CompactRefused::Life);
    }
    let issued = claims.issued_at.as_second();
    let issued = instant(issued).and_then(|_| u32::try_from(issued).ok());
    let issued = issued.ok_or(CompactRefused::Instant)?;
    let uuid = claims.voucher.to_bytes().ok_or(CompactRefused::Voucher)?;
    let mut bytes = [0; CLAIMS_BYTES];
    bytes[0] = VERSION << 4 | number(kind);
    bytes[1] = key.hint();
    bytes[2..18].copy_from_slice(&uuid);
    bytes[18..21].copy_from_slice(&claims.index.get().to_be_bytes()[1..]);
    bytes[21..25].copy_from_slice(&issued.to_be_bytes());
    bytes[25..].copy_from_slice(&life.to_be_bytes());
    Ok(ToSign { message: message(realm, &bytes), shape: Shape::Compact(bytes) })
}

/// What is signed: the claims, and where they are good. The lengths keep the parts apart.
fn message(realm: &Realm, claims: &[u8; CLAIMS_BYTES]) -> Vec<u8> {
    let mut message = DOMAIN.to_vec();
    for part in [realm.issuer(), realm.tenant().as_str()] {
        message.extend(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        message.extend(part.as_bytes());
    }
    message.extend(claims);
    message
}

/// Reads a token; nothing of it is believed yet.
pub(super) fn read(token: &str) -> Result<Read, TokenRefused> {
    if token.len() != CHARACTERS {
        return Err(TokenRefused::Malformed);
    }
    let bytes = base41::decode(token).ok_or(TokenRefused::Malformed)?;
    let (claims, signature) = bytes.split_first_chunk().ok_or(TokenRefused::Malformed)?;
    let signature = signature.try_into().map_err(|_| TokenRefused::Malformed)?;
    let kind = TokenKind::ALL.into_iter().find(|kind| claims[0] == VERSION << 4 | number(*kind));
    let kind = kind.ok_or(TokenRefused::Malformed)?;
    Ok(Read { kind, hint: claims[1], claims: *claims, signature })
}

impl Read {
    /// The bytes that must have been signed, if the token is one of this realm.
    pub(super) fn message(&self, realm: &Realm) -> Vec<u8> {
        message(realm, &self.claims)
    }

    /// The kind; only to be believed after the signature.
    pub(super) fn kind(&self) -> TokenKind {
        self.kind
    }

    /// The claims of a token whose signature is good.
    pub(super) fn claims(&self) -> Result<Claims, TokenRefused> {
        let number = |range: std::ops::Range<usize>| {
            self.claims[range].iter().fold(0_u32, |sum, byte| sum << 8 | u32::from(*byte))
        };
        let mut uuid = [0; 16];
        uuid.copy_from_slice(&self.claims[2..18]);
        let issued_at = instant(number(21..25).into()).ok_or(TokenRefused::Malformed)?;
        let life_s = i64::from(number(25..27)) * unit_s(self.kind);
        let expires_at = expiry(issued_at, life_s).ok_or(TokenRefused::Malformed)?;
        let form = match self.kind {
            TokenKind::Standard => Form::Standard,
            TokenKind::User => Form::User { customer: None },
            TokenKind::Print => Form::Print { batch: None },
        };
        let index = TokenIndex::new(number(18..21)).map_err(|_| TokenRefused::Malformed)?;
        let voucher = VoucherId::from_bytes(uuid);
        Ok(Claims { form, voucher, index, issued_at, expires_at })
    }
}

fn expiry(issued_at: Timestamp, life_s: i64) -> Option<Timestamp> {
    (life_s > 0).then(|| issued_at.checked_add(SignedDuration::from_secs(life_s)).ok())?
}
