//! Tokens at the edges of their lives, in each spelling, and with everything about them changed.

use jiff::SignedDuration;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use proptest::prelude::*;

use super::*;
use crate::id::MemberKeyId;
use crate::voucher_token::PublicKey;

const NOW: i64 = 1_800_000_000;

fn now() -> Timestamp {
    Timestamp::from_second(NOW).unwrap()
}

fn tenant(byte: u8) -> TenantId {
    TenantId::new(now(), [byte; 10])
}

fn restaurant(byte: u8) -> RestaurantId {
    RestaurantId::new(now(), [byte; 10])
}

fn secret() -> TokenSecret {
    TokenSecret::new([0xab; 32])
}

fn customer() -> CustomerId {
    CustomerId::parse("CUST-1").unwrap()
}

fn token(claimed: Option<Claimed>) -> LoyaltyToken {
    let of = (tenant(1), restaurant(1), ProgrammeId::new(now(), [1; 10]));
    LoyaltyToken::issue(secret().hash(), of, customer(), claimed, now())
}

fn coffee() -> Claimed {
    Claimed { reward: RewardId::new(now(), [3; 10]), price: 50 }
}

fn retry(key: &str, body: &str) -> Retry {
    Retry { key: key.to_owned(), body: body.to_owned() }
}

fn used(request: Option<Retry>) -> Option<Used> {
    Some(Used { at: now(), by: "key_1".to_owned(), request, outcome: Outcome::default() })
}

#[test]
fn a_token_is_refused_in_the_order_of_its_reasons() {
    let check = |change: &dyn Fn(&mut LoyaltyToken), after_ms: i64, at: RestaurantId, wanted| {
        let mut token = token(None);
        change(&mut token);
        let instant = now() + SignedDuration::from_millis(after_ms);
        assert_eq!(token.admit((&tenant(1), &at), None, instant), wanted, "{after_ms}");
    };
    let end = EARN_S * 1000;
    check(&|_| {}, 0, restaurant(1), Ok(Admitted::Fresh));
    check(&|_| {}, end - 1, restaurant(1), Ok(Admitted::Fresh));
    check(&|_| {}, end, restaurant(1), Err(TokenRefused::Expired));
    check(&|_| {}, end + 48 * 3_600_000, restaurant(1), Err(TokenRefused::Expired));
    check(&|_| {}, 0, restaurant(2), Err(TokenRefused::OtherRestaurant));
    check(&|token| token.used = used(None), 0, restaurant(2), Err(TokenRefused::Used));
    check(&|token| token.used = used(None), end, restaurant(2), Err(TokenRefused::Expired));
    check(&|token| token.tenant = tenant(2), end, restaurant(2), Err(TokenRefused::Unknown));
    let words = ["Invalid QR code", "QR code has expired", "QR code already used"];
    let said = [TokenRefused::Unknown, TokenRefused::Expired, TokenRefused::Used];
    assert_eq!(said.map(|refused| refused.to_string()), words);
    assert_eq!(TokenRefused::OtherRestaurant.to_string(), "Invalid for this restaurant");
}

#[test]
fn a_code_for_a_reward_lives_for_ten_minutes() {
    let life = |claimed| token(claimed).expires_at.duration_since(now()).as_secs();
    assert_eq!((life(None), life(Some(coffee()))), (300, 600));
}

#[test]
fn a_request_that_lost_its_answer_gets_it_again_and_another_one_does_not() {
    let token = LoyaltyToken { used: used(Some(retry("k", "b"))), ..token(None) };
    let check = |request: Option<Retry>, wanted| {
        let late = now() + SignedDuration::from_hours(1);
        assert_eq!(token.admit((&tenant(1), &restaurant(1)), request.as_ref(), late), wanted);
    };
    check(Some(retry("k", "b")), Ok(Admitted::Repeated(token.used.clone().unwrap())));
    check(Some(retry("k", "other")), Err(TokenRefused::KeyReused));
    check(Some(retry("other", "b")), Err(TokenRefused::Expired));
    check(None, Err(TokenRefused::Expired));
}

#[test]
fn every_spelling_of_a_token_is_read() {
    let url = secret().url("https://thirty-characters.example.com");
    assert_eq!(url.len(), "HTTPS://THIRTY-CHARACTERS.EXAMPLE.COM/L/".len() + 48);
    assert!(url.len() <= 93, "what version 7 holds at level H: {}", url.len());
    let code = secret().code();
    for text in [url.clone(), url.to_lowercase(), code.clone(), format!(" {code}\n")] {
        assert_eq!(Payload::parse(&text), Ok(Payload::Token(secret())), "{text}");
    }
    for claimed in [None, Some(coffee())] {
        let token = token(claimed);
        let legacy = Legacy::of(&token, &secret());
        let read = Payload::parse(&legacy.encoded()).unwrap();
        assert_eq!(read, Payload::Legacy(secret(), legacy.clone()));
        assert!(legacy.fits(&token));
    }
    let json = Legacy::of(&token(Some(coffee())), &secret());
    let json = String::from_utf8(
        base64::Engine::decode(&base64::engine::general_purpose::STANDARD, json.encoded()).unwrap(),
    );
    let json = json.unwrap();
    for part in ["\"customerId\":\"CUST-1\"", "\"type\":\"redemption\"", "\"rewardId\":\"rwd_"] {
        assert!(json.contains(part), "{part} is not in {json}");
    }
}

#[test]
fn what_somebody_has_changed_in_the_older_payload_does_not_fit() {
    let check = |change: &dyn Fn(&mut Legacy)| {
        let token = token(Some(coffee()));
        let mut legacy = Legacy::of(&token, &secret());
        change(&mut legacy);
        assert!(!legacy.fits(&token), "{legacy:?}");
    };
    check(&|legacy| legacy.customer_id = "CUST-2".to_owned());
    check(&|legacy| legacy.restaurant_id = restaurant(2).to_string());
    check(&|legacy| legacy.reward_id = None);
    check(&|legacy| legacy.timestamp = i64::MAX);
}

#[test]
fn nothing_else_is_a_code() {
    let code = secret().code();
    let long = "A".repeat(2_000);
    let texts = ["", "hello", &code[1..], "https://evil.example/L/", "e30=", "{}", &long];
    for text in texts {
        assert_eq!(Payload::parse(text), Err(TokenRefused::Unknown), "{text}");
    }
}

/// A code that a device with this key has signed, `ago` windows before now.
fn signed(key: &SigningKey, at: u8, ago: i64) -> SignedCode {
    let id = MemberKeyId::new(now(), [5; 10]);
    let window = u32::try_from(i64::from(SignedCode::window(now())) - ago).unwrap();
    let head = SignedCode::head(&id, &restaurant(at), window, [9; 8]).unwrap();
    let signature: Signature = key.sign(&SignedCode::message(&customer(), &head));
    SignedCode::new(head, signature.to_bytes().into())
}

fn public(key: &SigningKey) -> PublicKey {
    PublicKey::from_point(key.verifying_key().to_sec1_point(false).as_bytes()).unwrap()
}

#[test]
fn a_signed_code_is_good_in_its_window_and_in_those_beside_it() {
    let key = SigningKey::from_slice(&[7; 32]).unwrap();
    let check = |ago: i64, wanted| {
        let code = signed(&key, 1, ago);
        assert_eq!(code.verify(&public(&key), &customer(), now()), wanted, "{ago}");
        let read = Payload::parse(&code.code()).unwrap();
        assert_eq!(read, Payload::Signed(code.clone()));
        assert_eq!((code.restaurant(), code.code().len()), (restaurant(1), 164));
    };
    check(0, Ok(()));
    check(1, Ok(()));
    check(-1, Ok(()));
    check(2, Err(TokenRefused::Expired));
    check(-2, Err(TokenRefused::Expired));
}

#[test]
fn a_signed_code_of_another_key_customer_or_restaurant_is_none() {
    let [key, other] = [[7_u8; 32], [8; 32]].map(|bytes| SigningKey::from_slice(&bytes).unwrap());
    let code = signed(&key, 1, 0);
    assert_eq!(code.verify(&public(&other), &customer(), now()), Err(TokenRefused::Unknown));
    let somebody = CustomerId::parse("CUST-2").unwrap();
    assert_eq!(code.verify(&public(&key), &somebody, now()), Err(TokenRefused::Unknown));
    let [there, here] = [signed(&key, 2, 0).code(), code.code()];
    // The signature's 64 bytes are the last 96 characters, and one character of the group before them.
    let moved = SignedCode::parse(&[&there[..66], &here[66..]].concat()).unwrap();
    assert_eq!(moved.restaurant(), restaurant(2));
    assert_eq!(moved.verify(&public(&key), &customer(), now()), Err(TokenRefused::Unknown));
    assert_eq!(code.once(), signed(&key, 1, 0).once(), "the signature is no part of it");
    assert_ne!(code.once(), signed(&key, 1, 1).once());
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_stumble(text in "\\PC{0,400}") {
        let _ = Payload::parse(&text);
    }

    #[test]
    fn no_bytes_in_the_right_letters_make_it_stumble(
        bytes in prop::collection::vec(any::<u8>(), 109),
    ) {
        let text = base41::encode(&bytes);
        if let Ok(Payload::Signed(code)) = Payload::parse(&text) {
            prop_assert_eq!(code.code(), text);
            let key = SigningKey::from_slice(&[7; 32]).unwrap();
            prop_assert!(code.verify(&public(&key), &customer(), now()).is_err());
        }
    }
}
