//! The JWS form: what is written, and how it is read before and after its signature.
//!
//! A header has `alg`, `kid` and `typ` and nothing else: a token with `jku`, `jwk`, `x5u`, `crit` or `b64` is not one
//! of ours, and nothing that it points at is ever fetched. Deliberately absent: padding, other spellings of the same
//! bytes, and dates that are no whole number of seconds.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::compact::SIGNATURE_BYTES;
use super::{
    Claims, Form, NAME_MAX_BYTES, PrintBatch, PublicKey, Realm, Shape, ToSign, TokenIndex,
    TokenKind, TokenRefused,
};
use crate::id::VoucherId;

/// The only algorithm.
pub(super) const ALG: &str = "ES256";
/// The earliest date that a token can have, September 2001: what is less was meant as a duration (X22).
pub const DATE_MIN_S: i64 = 1_000_000_000;
/// `type` of a standard token (V2).
const STANDARD: &str = "voucher";

/// The header.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Head {
    alg: String,
    pub(super) kid: String,
    pub(super) typ: String,
}

/// The claims as the rows of the kinds show them (X46).
#[derive(Serialize, Deserialize)]
struct Wire {
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    standard: Option<String>,
    vid: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    uid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    typ: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    btc: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lmt: Option<u32>,
    iat: i64,
    exp: i64,
    /// Not written; believed when it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
    iss: String,
    aud: String,
    idx: u32,
}

/// A JWS, read but not verified.
pub(super) struct Read<'t> {
    pub(super) head: Head,
    /// What was signed.
    pub(super) message: &'t [u8],
    /// The JSON of the claims.
    pub(super) payload: Vec<u8>,
    pub(super) signature: [u8; SIGNATURE_BYTES],
}

/// The token of these claims, ready to be signed with `key`.
pub fn to_sign(claims: &Claims, realm: &Realm, key: &PublicKey) -> ToSign {
    let kind = claims.kind();
    let (uid, batch) = match &claims.form {
        Form::Standard => (None, None),
        Form::User { customer } => (customer.clone(), None),
        Form::Print { batch } => (None, batch.clone()),
    };
    let wire = Wire {
        standard: (kind == TokenKind::Standard).then(|| STANDARD.to_owned()),
        vid: claims.voucher.to_string(),
        uid,
        typ: (kind != TokenKind::Standard).then(|| kind.name().to_owned()),
        lmt: batch.as_ref().map(|batch| batch.limit),
        btc: batch.map(|batch| batch.code),
        iat: claims.issued_at.as_second(),
        exp: claims.expires_at.as_second(),
        nbf: None,
        iss: realm.issuer().to_owned(),
        aud: realm.tenant().to_string(),
        idx: claims.index.get(),
    };
    to_sign_json(kind.typ(), &wire, key)
}

/// A token of any kind, ready to be signed with `key`. `claims` become a JSON object.
pub fn to_sign_json(typ: &str, claims: &impl Serialize, key: &PublicKey) -> ToSign {
    let head = Head { alg: ALG.to_owned(), kid: key.kid().to_owned(), typ: typ.to_owned() };
    // Texts and numbers have a JSON; what has none becomes an empty part, which no verifier takes.
    let part = |json: serde_json::Result<Vec<u8>>| URL_SAFE_NO_PAD.encode(json.unwrap_or_default());
    let message =
        format!("{}.{}", part(serde_json::to_vec(&head)), part(serde_json::to_vec(claims)));
    ToSign { message: message.into_bytes(), shape: Shape::Jwt }
}

/// The token of a message and its signature.
pub(super) fn join(message: &[u8], signature: &[u8; SIGNATURE_BYTES]) -> String {
    format!("{}.{}", String::from_utf8_lossy(message), URL_SAFE_NO_PAD.encode(signature))
}

/// Reads a token's parts; nothing of it is believed yet.
pub(super) fn read(token: &str) -> Result<Read<'_>, TokenRefused> {
    let bytes = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenRefused::Malformed);
    let (message, signature) = token.rsplit_once('.').ok_or(TokenRefused::Malformed)?;
    let (head, payload) = message.split_once('.').ok_or(TokenRefused::Malformed)?;
    let head: Head = serde_json::from_slice(&bytes(head)?).map_err(|_| TokenRefused::Malformed)?;
    if head.alg != ALG {
        return Err(TokenRefused::Malformed);
    }
    let (payload, signature) = (bytes(payload)?, bytes(signature)?);
    let signature = signature.try_into().map_err(|_| TokenRefused::Malformed)?;
    Ok(Read { head, message: message.as_bytes(), payload, signature })
}

/// The claims of a token of this kind whose signature is good, and from when on it says to be good.
pub(super) fn claims(
    kind: TokenKind,
    payload: &[u8],
    realm: &Realm,
) -> Result<(Claims, Timestamp), TokenRefused> {
    let wire: Wire = serde_json::from_slice(payload).map_err(|_| TokenRefused::Malformed)?;
    let (issued_at, expires_at) =
        instant(wire.iat).zip(instant(wire.exp)).ok_or(TokenRefused::Malformed)?;
    let begins_at = match wire.nbf {
        Some(nbf) => instant(nbf).ok_or(TokenRefused::Malformed)?.max(issued_at),
        None => issued_at,
    };
    let voucher = VoucherId::parse(&wire.vid).map_err(|_| TokenRefused::Malformed)?;
    let index = TokenIndex::new(wire.idx).map_err(|_| TokenRefused::Malformed)?;
    let form = form(kind, &wire).ok_or(TokenRefused::Malformed)?;
    if expires_at <= issued_at {
        return Err(TokenRefused::Malformed);
    }
    if wire.iss != realm.issuer() || wire.aud != realm.tenant().as_str() {
        return Err(TokenRefused::WrongAudience);
    }
    Ok((Claims { form, voucher, index, issued_at, expires_at }, begins_at))
}

/// What only this kind says; none when the claims are those of another kind.
fn form(kind: TokenKind, wire: &Wire) -> Option<Form> {
    let name = |text: &String| {
        let fine = (1..=NAME_MAX_BYTES).contains(&text.len());
        (fine && text.bytes().all(|byte| byte.is_ascii_graphic())).then(|| text.clone())
    };
    let marks = (wire.standard.as_deref(), wire.typ.as_deref());
    match (kind, marks, &wire.uid, &wire.btc, wire.lmt) {
        (TokenKind::Standard, (Some(STANDARD), None), None, None, None) => Some(Form::Standard),
        (TokenKind::User, (None, Some("user")), Some(uid), None, None) => {
            Some(Form::User { customer: Some(name(uid)?) })
        }
        (TokenKind::Print, (None, Some("print")), None, Some(btc), Some(limit)) => {
            Some(Form::Print { batch: Some(PrintBatch { code: name(btc)?, limit }) })
        }
        _ => None,
    }
}

/// The instant of a NumericDate; none for a duration, and beyond what a calendar has.
pub(super) fn instant(seconds: i64) -> Option<Timestamp> {
    if seconds < DATE_MIN_S {
        return None;
    }
    Timestamp::from_second(seconds).ok()
}
