//! Codes that a customer's own device makes where there is no network: customer, restaurant, a window of 30 seconds and
//! a nonce, signed by a key that never leaves the device. The server knows the public half only.
//!
//! | bytes | what |
//! |---|---|
//! | 1 | version: 1 |
//! | 16 | the key's UUID |
//! | 16 | the restaurant's UUID |
//! | 4 | the window: seconds since 1970, divided by 30, big end first |
//! | 8 | the nonce |
//! | 64 | ECDSA on P-256 with SHA-256 (FIPS 186-5) over the message: r and s |
//!
//! in 164 characters of base 41. The message is [`DOMAIN`], the customer's id with its length in front, and the first
//! 45 bytes. So the customer is signed and not carried.
//!
//! Deliberately absent: the key, and whether the code was used before.

use jiff::Timestamp;

use super::{TokenHash, TokenRefused};
use crate::base41;
use crate::customer::CustomerId;
use crate::id::{MemberKeyId, RestaurantId};
use crate::voucher_token::PublicKey;

/// How long a window is, in seconds.
pub const WINDOW_S: i64 = 30;
/// What no other message of ours begins with.
const DOMAIN: &[u8] = b"tessera loyalty code v1\0";
/// The version.
const VERSION: u8 = 1;
/// The bytes before the signature.
const HEAD_BYTES: usize = 45;
/// The bytes of the signature.
const SIGNATURE_BYTES: usize = 64;
/// The characters of a code.
const CHARACTERS: usize = 164;

/// A signed code, read but not verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCode {
    head: [u8; HEAD_BYTES],
    signature: [u8; SIGNATURE_BYTES],
}

impl SignedCode {
    /// The bytes that a device signs, without the signature: what comes before it in the code.
    pub fn head(
        key: &MemberKeyId,
        restaurant: &RestaurantId,
        window: u32,
        nonce: [u8; 8],
    ) -> Option<[u8; HEAD_BYTES]> {
        let mut head = [0; HEAD_BYTES];
        head[0] = VERSION;
        head[1..17].copy_from_slice(&key.to_bytes()?);
        head[17..33].copy_from_slice(&restaurant.to_bytes()?);
        head[33..37].copy_from_slice(&window.to_be_bytes());
        head[37..].copy_from_slice(&nonce);
        Some(head)
    }

    /// The message whose signature a code carries.
    pub fn message(customer: &CustomerId, head: &[u8; HEAD_BYTES]) -> Vec<u8> {
        let id = customer.as_str().as_bytes();
        let length = u32::try_from(id.len()).unwrap_or(u32::MAX).to_be_bytes();
        [DOMAIN, &length, id, head].concat()
    }

    /// The window of an instant.
    pub fn window(now: Timestamp) -> u32 {
        u32::try_from(now.as_second().div_euclid(WINDOW_S)).unwrap_or_default()
    }

    /// The code of a head and its signature.
    pub fn new(head: [u8; HEAD_BYTES], signature: [u8; SIGNATURE_BYTES]) -> Self {
        Self { head, signature }
    }

    /// As it is shown.
    pub fn code(&self) -> String {
        base41::encode(&[self.head.as_slice(), &self.signature].concat())
    }

    /// Reads a code; nothing of it is believed yet.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != CHARACTERS {
            return None;
        }
        let bytes = base41::decode(&text.to_ascii_uppercase())?;
        let (head, signature) = bytes.split_first_chunk()?;
        let signature = signature.try_into().ok()?;
        (head[0] == VERSION).then_some(Self { head: *head, signature })
    }

    /// The key that it names.
    pub fn key(&self) -> MemberKeyId {
        MemberKeyId::from_bytes(bytes(&self.head[1..17]))
    }

    /// The restaurant that it names; only to be believed after the signature.
    pub fn restaurant(&self) -> RestaurantId {
        RestaurantId::from_bytes(bytes(&self.head[17..33]))
    }

    /// What makes it single-use: what was signed, and not the signature, of which there are two spellings.
    pub fn once(&self) -> TokenHash {
        TokenHash::of(&[DOMAIN, &self.head].concat())
    }

    /// When its last instant is: the end of the window behind its own.
    pub fn expires_at(&self) -> Timestamp {
        let end = (i64::from(self.own_window()) + 2) * WINDOW_S;
        Timestamp::from_second(end).unwrap_or(Timestamp::MAX)
    }

    /// That the key has signed it for this customer, and that now is its window, or one beside it.
    ///
    /// # Errors
    /// [`TokenRefused::Unknown`] for another signature, [`TokenRefused::Expired`] for another time.
    pub fn verify(
        &self,
        key: &PublicKey,
        customer: &CustomerId,
        now: Timestamp,
    ) -> Result<(), TokenRefused> {
        if !key.has_signed(&Self::message(customer, &self.head), &self.signature) {
            return Err(TokenRefused::Unknown);
        }
        let apart = Self::window(now).abs_diff(self.own_window());
        if apart > 1 { Err(TokenRefused::Expired) } else { Ok(()) }
    }

    fn own_window(&self) -> u32 {
        u32::from_be_bytes(bytes(&self.head[33..37]))
    }
}

/// A part of the head as an array; the ranges above have its length.
fn bytes<const N: usize>(part: &[u8]) -> [u8; N] {
    part.try_into().unwrap_or([0; N])
}
