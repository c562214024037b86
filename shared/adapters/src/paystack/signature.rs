//! Whether an event is from Paystack: `x-paystack-signature` is HMAC-SHA512 over the body's own bytes with the secret
//! key (paystack.com/docs/payments/webhooks). Nothing else in the request says so, and it never expires.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha512;
use subtle::{Choice, ConstantTimeEq};

use crate::secrets::SecretText;

/// Bytes of a SHA-512.
const DIGEST_BYTES: usize = 64;

/// Whether one of the keys has signed these bytes. The header is lower-case hexadecimal, as Paystack sends it. All
/// keys are tried, so that the time does not tell which one it was.
pub fn signature_is_valid(keys: &[SecretText], raw_body: &[u8], header: &str) -> bool {
    let Some(given) = digest(header) else { return false };
    let one = |valid: Choice, key: &SecretText| valid | signed(key, raw_body).ct_eq(&given);
    keys.iter().fold(Choice::from(0), one).into()
}

fn digest(header: &str) -> Option<[u8; DIGEST_BYTES]> {
    let mut bytes = [0; DIGEST_BYTES];
    let lower = !header.bytes().any(|byte| byte.is_ascii_uppercase());
    (lower && hex::decode_to_slice(header, &mut bytes).is_ok()).then_some(bytes)
}

/// What the header is for this key, as bytes.
fn signed(key: &SecretText, raw_body: &[u8]) -> [u8; DIGEST_BYTES] {
    // A MAC takes a key of any length.
    let Ok(mut mac) = Hmac::<Sha512>::new_from_slice(key.expose()) else {
        return [0; DIGEST_BYTES];
    };
    mac.update(raw_body);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(text: &str) -> SecretText {
        SecretText::new(text)
    }

    fn signed_by(key: &SecretText, body: &[u8]) -> String {
        hex::encode(signed(key, body))
    }

    #[test]
    fn a_signature_by_one_of_the_keys_is_taken_as_it_is_sent() {
        // printf '{"event":"charge.success"}' | openssl dgst -sha512 -hmac sk_test_1
        let body = br#"{"event":"charge.success"}"#;
        let given = "e8daff118c1468ccfcddf6bb2a489971215ce9de45f89f93379544ecb3b1dc184574e8fca644dccedd2c715089b78b9369083cbc8c626aaeb11e545758f2e419";
        let (one, two) = (key("sk_test_1"), key("sk_test_2"));
        let check = |keys: &[SecretText], body: &[u8], header: &str, expected| {
            assert_eq!(signature_is_valid(keys, body, header), expected, "{header}");
        };
        check(std::slice::from_ref(&one), body, given, true);
        check(&[two.clone(), one.clone()], body, given, true);
        check(&[one.clone(), two.clone()], body, given, true);
        check(&[two], body, given, false);
        check(&[], body, given, false);
        let keys = [one];
        check(&keys, br#"{"event": "charge.success"}"#, given, false);
        check(&keys, body, "", false);
        check(&keys, body, &given[..126], false);
        check(&keys, body, &format!("{given}00"), false);
        check(&keys, body, &given.to_uppercase(), false);
        check(&keys, body, &format!(" {}", &given[..127]), false);
        check(&keys, body, &"g".repeat(128), false);
        check(&keys, body, &"é".repeat(64), false);
    }

    proptest! {
        #[test]
        fn no_altered_body_or_signature_is_taken(
            secret in "sk_(test|live)_[a-z0-9]{1,60}",
            body in proptest::collection::vec(any::<u8>(), 1..400),
            at in any::<prop::sample::Index>(),
            flip in 1..=255_u8,
        ) {
            let keys = [key(&secret)];
            let header = signed_by(&keys[0], &body);
            prop_assert!(signature_is_valid(&keys, &body, &header));
            let mut other = body.clone();
            other[at.index(body.len())] ^= flip;
            prop_assert!(!signature_is_valid(&keys, &other, &header));
            prop_assert!(!signature_is_valid(&keys, &body[..body.len() - 1], &header));
            let mut bytes = header.into_bytes();
            bytes[at.index(128)] ^= flip;
            let altered = String::from_utf8_lossy(&bytes).into_owned();
            prop_assert!(!signature_is_valid(&keys, &body, &altered));
            let strange = [key(&format!("{secret}x"))];
            prop_assert!(!signature_is_valid(&strange, &body, &signed_by(&keys[0], &body)));
        }
    }
}
