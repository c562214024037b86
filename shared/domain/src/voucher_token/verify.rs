//! The verifier. It decides in this order, and the first refusal counts:
//!
//! 1. size, form and header: `Malformed`, also for another algorithm than ES256;
//! 2. the key: `UnknownKey`;
//! 3. the signature: `BadSignature` — before it nothing that the token claims is looked at;
//! 4. the kind: `WrongKind`, also for what our key has signed for something else than vouchers;
//! 5. the claims: `Malformed`, then `WrongAudience`;
//! 6. the time: `NotYetValid`, then `Expired`;
//! 7. the status list: `Revoked`.
//!
//! Deliberately absent: fetching of keys, caches, and what the table knows.

use jiff::Timestamp;

use super::status::{self, StatusBits, StatusList};
use super::{Claims, KeySet, Realm, TokenKind, TokenRefused, compact, jwt};

/// The longest text that is looked at, in bytes: a token, or an address with one.
pub const TEXT_MAX_BYTES: usize = 2048;
/// How long after `exp` a token is still taken: not at all.
pub const EXPIRY_LEEWAY_S: i64 = 0;
/// How far `iat` may lie ahead, for devices whose clocks are slow.
pub const ISSUE_LEEWAY_S: i64 = 60;
/// The longest signed status list that is looked at, in bytes.
const STATUS_TOKEN_MAX_BYTES: usize = 5 * 1024 * 1024;

/// Verifies the tokens of one realm with one set of keys.
#[derive(Clone, Debug)]
pub struct Verifier {
    keys: KeySet,
    realm: Realm,
}

impl Verifier {
    /// A verifier for tokens of this realm.
    pub fn new(keys: KeySet, realm: Realm) -> Self {
        Self { keys, realm }
    }

    /// Where the tokens are good.
    pub fn realm(&self) -> &Realm {
        &self.realm
    }

    /// The claims of a token that is good at `now` for one of `kinds`. `text` is a JWT, a compact token, or the address
    /// of the page with either (X47). A place that the status list does not have yet is not revoked: a list may be
    /// older than a token. Without a list nothing is known to be revoked.
    ///
    /// # Errors
    /// [`TokenRefused`], in the order that stands above.
    pub fn verify(
        &self,
        text: &str,
        kinds: &[TokenKind],
        status: Option<&StatusBits>,
        now: Timestamp,
    ) -> Result<Claims, TokenRefused> {
        let token = self.token(text)?;
        let (claims, begins_at) =
            if token.contains('.') { self.jwt(token, kinds)? } else { self.compact(token, kinds)? };
        if begins_at.as_second() > now.as_second().saturating_add(ISSUE_LEEWAY_S) {
            return Err(TokenRefused::NotYetValid(Box::new(claims)));
        }
        if claims.expires_at.as_second().saturating_add(EXPIRY_LEEWAY_S) <= now.as_second() {
            return Err(TokenRefused::Expired(Box::new(claims)));
        }
        if status.is_some_and(|bits| bits.is_revoked(claims.index)) {
            return Err(TokenRefused::Revoked(Box::new(claims)));
        }
        Ok(claims)
    }

    /// The status list of a tenant from its signed form.
    ///
    /// # Errors
    /// [`TokenRefused`], without claims.
    pub fn status_list(&self, token: &str, now: Timestamp) -> Result<StatusList, TokenRefused> {
        if token.len() > STATUS_TOKEN_MAX_BYTES {
            return Err(TokenRefused::Malformed);
        }
        let (typ, payload) = self.open(token)?;
        if typ != status::TYP {
            return Err(TokenRefused::WrongKind);
        }
        status::read(&payload, &self.realm, now)
    }

    /// The token in what was read: an address must be the one of the issuer's page.
    fn token<'t>(&self, text: &'t str) -> Result<&'t str, TokenRefused> {
        if text.len() > TEXT_MAX_BYTES {
            return Err(TokenRefused::Malformed);
        }
        if !text.contains("://") {
            return Ok(text);
        }
        let page = format!("{}/v/", self.realm.issuer());
        let (begin, token) = text.split_at_checked(page.len()).ok_or(TokenRefused::Malformed)?;
        if !begin.eq_ignore_ascii_case(&page) {
            return Err(TokenRefused::Malformed);
        }
        Ok(token)
    }

    /// `typ` and claims of a JWS that one of our keys has signed.
    fn open(&self, token: &str) -> Result<(String, Vec<u8>), TokenRefused> {
        let read = jwt::read(token)?;
        let key = self.keys.of_kid(&read.head.kid).ok_or(TokenRefused::UnknownKey)?;
        if !key.has_signed(read.message, &read.signature) {
            return Err(TokenRefused::BadSignature);
        }
        Ok((read.head.typ, read.payload))
    }

    fn jwt(&self, token: &str, kinds: &[TokenKind]) -> Result<(Claims, Timestamp), TokenRefused> {
        let (typ, payload) = self.open(token)?;
        let kind = TokenKind::of_typ(&typ).filter(|kind| kinds.contains(kind));
        jwt::claims(kind.ok_or(TokenRefused::WrongKind)?, &payload, &self.realm)
    }

    fn compact(
        &self,
        token: &str,
        kinds: &[TokenKind],
    ) -> Result<(Claims, Timestamp), TokenRefused> {
        let read = compact::read(token)?;
        let message = read.message(&self.realm);
        let mut keys = self.keys.of_hint(read.hint).peekable();
        if keys.peek().is_none() {
            return Err(TokenRefused::UnknownKey);
        }
        if !keys.any(|key| key.has_signed(&message, &read.signature)) {
            return Err(TokenRefused::BadSignature);
        }
        if !kinds.contains(&read.kind()) {
            return Err(TokenRefused::WrongKind);
        }
        let claims = read.claims()?;
        let begins_at = claims.issued_at;
        Ok((claims, begins_at))
    }
}
