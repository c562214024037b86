//! Encrypting a message for a browser: RFC 8291 over RFC 8188, one record. A key pair and a salt are made for each
//! message and forgotten.

use aes_gcm::aead::{Aead, KeyInit};
use aes_gcm::{Aes128Gcm, Nonce};
use hkdf::Hkdf;
use p256::SecretKey;
use p256::elliptic_curve::sec1::ToSec1Point;
use sha2::Sha256;

use super::Subscription;
use crate::random::Random;

/// The size of the record, in bytes; services take at least 4096 (RFC 8030, 7.2).
const RECORD_BYTES: u32 = 4096;
/// The longest message, in bytes: what is left of 4096 after the header (86), the delimiter (1), and the tag (16).
pub const PAYLOAD_MAX_BYTES: usize = 3993;
/// How often a scalar is drawn; one in 2^32 is none.
const DRAWS_MAX: usize = 4;

/// The body of the request; nothing when the message is too long.
pub(super) fn encrypt(to: &Subscription, payload: &[u8], random: &Random) -> Option<Vec<u8>> {
    let ours = (0..DRAWS_MAX).find_map(|_| SecretKey::from_slice(&random.bytes::<32>()).ok())?;
    encrypt_with(to, payload, &ours, random.bytes())
}

fn encrypt_with(
    to: &Subscription,
    payload: &[u8],
    ours: &SecretKey,
    salt: [u8; 16],
) -> Option<Vec<u8>> {
    if payload.len() > PAYLOAD_MAX_BYTES {
        return None;
    }
    let theirs = to.p256dh().to_sec1_point(false);
    let public = ours.public_key().to_sec1_point(false);
    let shared = ours.diffie_hellman(to.p256dh());
    let combined = Hkdf::<Sha256>::new(Some(to.auth()), shared.raw_secret_bytes());
    let mut source = [0; 32];
    let info = [b"WebPush: info\0", theirs.as_bytes(), public.as_bytes()];
    combined.expand_multi_info(&info, &mut source).ok()?;

    let keys = Hkdf::<Sha256>::new(Some(&salt), &source);
    let (mut key, mut nonce) = ([0; 16], [0; 12]);
    keys.expand(b"Content-Encoding: aes128gcm\0", &mut key).ok()?;
    keys.expand(b"Content-Encoding: nonce\0", &mut nonce).ok()?;

    // The delimiter of a last record.
    let record = [payload, &[2]].concat();
    let cipher = Aes128Gcm::new_from_slice(&key).ok()?;
    let sealed = cipher.encrypt(&Nonce::from(nonce), record.as_slice()).ok()?;
    let length = u8::try_from(public.as_bytes().len()).ok()?;
    let header = [&salt, &RECORD_BYTES.to_be_bytes()[..], &[length], public.as_bytes()].concat();
    Some([header, sealed].concat())
}
