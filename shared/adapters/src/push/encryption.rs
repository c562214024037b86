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

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::super::PushServices;
    use super::*;
    use crate::clock::Clock;
    use crate::liar::{Liar, Says, environment};

    fn bytes(text: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(text).unwrap()
    }

    async fn subscription() -> Subscription {
        let aws = Liar::start(|_| Says::Reset).await;
        let services = PushServices::from_env(&environment(&aws, &Clock::system(), &[])).unwrap();
        let p256dh = concat!(
            "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcx",
            "aOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
        );
        let endpoint = "https://fcm.googleapis.com/push/1";
        Subscription::parse(&services, endpoint, p256dh, "BTBZMqHH6r4Tts7J_aSIgg").unwrap()
    }

    #[tokio::test]
    async fn the_example_of_rfc_8291_section_5_comes_out() {
        let ours = bytes("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw");
        let ours = SecretKey::from_slice(&ours).unwrap();
        let salt = bytes("DGv6ra1nlYgDCS1FRnbzlw").try_into().unwrap();
        let message = b"When I grow up, I want to be a watermelon";
        let body = encrypt_with(&subscription().await, message, &ours, salt).unwrap();
        let expected = concat!(
            "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27ml",
            "mlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPT",
            "pK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
        );
        assert_eq!(URL_SAFE_NO_PAD.encode(body), expected);
    }

    #[tokio::test]
    async fn the_longest_message_fills_one_record() {
        let to = subscription().await;
        let random = Random::system();
        let full = encrypt(&to, &[b'x'; PAYLOAD_MAX_BYTES], &random).unwrap();
        assert_eq!(full.len(), 4096);
        assert_eq!(encrypt(&to, &[b'x'; PAYLOAD_MAX_BYTES + 1], &random), None);
    }

    #[tokio::test]
    async fn a_random_source_without_a_scalar_gives_nothing() {
        let zeros = Random::from_fn(|bytes| bytes.fill(0));
        assert_eq!(encrypt(&subscription().await, b"x", &zeros), None);
    }
}
