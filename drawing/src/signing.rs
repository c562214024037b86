//! The bytes of a code that a customer's device signs. What they mean is [`domain::loyalty_token::SignedCode`]'s.

use domain::customer::CustomerId;
use domain::id::{MemberKeyId, RestaurantId};
use domain::loyalty_token::SignedCode;
use jiff::Timestamp;

/// The bytes of a signature.
const SIGNATURE_BYTES: usize = 64;
/// The bytes of a nonce, and the digits that stand for one.
const NONCE_BYTES: usize = 8;

/// The message that a device signs, of five lines: the customer, the key, the restaurant, the instant in seconds since
/// 1970, and 16 hexadecimal digits that were never used before. None where a line is not what it should be.
pub fn message(lines: &str) -> Option<Vec<u8>> {
    let lines: Vec<&str> = lines.split('\n').collect();
    let [customer, key, restaurant, now_s, nonce] = lines.as_slice() else { return None };
    let customer = CustomerId::parse(customer).ok()?;
    let now = Timestamp::from_second(now_s.parse().ok()?).ok()?;
    let head = SignedCode::head(
        &MemberKeyId::parse(key).ok()?,
        &RestaurantId::parse(restaurant).ok()?,
        SignedCode::window(now),
        nonce_of(nonce)?,
    )?;
    Some(SignedCode::message(&customer, &head))
}

/// The code of a message with its signature behind it. The message ends with the code's head.
pub fn code(signed: &[u8]) -> Option<String> {
    let (message, signature) =
        signed.split_at_checked(signed.len().checked_sub(SIGNATURE_BYTES)?)?;
    let (_, head) = message.split_last_chunk()?;
    let code = SignedCode::new(*head, signature.try_into().ok()?).code();
    // What the platform does not read would be of no use.
    SignedCode::parse(&code).map(|_| code)
}

fn nonce_of(digits: &str) -> Option<[u8; NONCE_BYTES]> {
    let is_nonce =
        digits.len() == 2 * NONCE_BYTES && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_nonce.then(|| u64::from_str_radix(digits, 16).ok().map(u64::to_be_bytes)).flatten()
}

#[cfg(test)]
mod tests {
    use domain::voucher_token::PublicKey;
    use p256::ecdsa::signature::Signer;
    use p256::ecdsa::{Signature, SigningKey};
    use proptest::prelude::*;

    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn lines(now_s: &str, nonce: &str) -> String {
        let key = MemberKeyId::from_bytes([3; 16]);
        let restaurant = RestaurantId::from_bytes([4; 16]);
        format!("CUST-1\n{key}\n{restaurant}\n{now_s}\n{nonce}")
    }

    #[test]
    fn what_a_device_signs_is_what_the_platform_verifies() {
        let key = SigningKey::from_slice(&[7; 32]).unwrap();
        let message = message(&lines(&NOW.to_string(), "00112233445566ff")).unwrap();
        let signature: Signature = key.sign(&message);
        let code = code(&[message, signature.to_bytes().to_vec()].concat()).unwrap();
        let read = SignedCode::parse(&code).unwrap();
        let point = key.verifying_key().to_sec1_point(false);
        let public = PublicKey::from_point(point.as_bytes()).unwrap();
        let customer = CustomerId::parse("CUST-1").unwrap();
        let now = Timestamp::from_second(NOW).unwrap();
        assert_eq!(read.verify(&public, &customer, now), Ok(()));
        assert_eq!(read.restaurant(), RestaurantId::from_bytes([4; 16]));
        assert_eq!(code.len(), 164);
    }

    #[test]
    fn what_does_not_fit_is_no_message_and_no_code() {
        let check = |lines: &str| assert_eq!(message(lines), None, "{lines}");
        check("");
        check(&lines("soon", "00112233445566ff"));
        check(&lines("1800000000", "0011"));
        check(&lines("1800000000", "+0112233445566ff"));
        check(&lines("1800000000", "00112233445566ff").replace("CUST-1", ""));
        check(&lines("1800000000", "00112233445566ff\n"));
        assert_eq!(code(&[0; 63]), None);
        assert_eq!(code(&[0; 108]), None);
        assert_eq!(code(&[9; 109]), None, "another version");
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_stumble(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = code(&bytes);
            let _ = message(&String::from_utf8_lossy(&bytes));
        }
    }
}
