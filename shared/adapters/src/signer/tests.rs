//! Tokens against another library, altered ones, and a rotation.

use std::sync::{Arc, Mutex};

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use serde_json::json;

use super::*;
use crate::clock::Clock;
use crate::liar::{Liar, environment, secrets};

mod vouchers;

const TYP: &str = "guard+jwt";
const URL: &str = "https://q.example.com";

fn pair(text: &str) -> KeyPair {
    KeyPair::derive(&SecretText::new(text), INFO).unwrap()
}

fn kid_of(pair: &KeyPair) -> String {
    pair.public().unwrap().kid().to_owned()
}

fn sample() -> Value {
    json!({ "iss": "https://tips.example.com", "sub": "grd_1", "iat": 1_800_000_000 })
}

fn decoded(part: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(part).unwrap()
}

#[test]
fn a_token_is_what_another_library_verifies() {
    let pair = pair("a generated secret");
    let token = pair.sign(&sample(), TYP).unwrap();
    let parts: Vec<&str> = token.split('.').collect();
    let [head, claims, signature] = parts.as_slice() else { panic!("{token}") };
    let head: Value = serde_json::from_slice(&decoded(head)).unwrap();
    assert_eq!(head, json!({ "alg": "ES256", "kid": kid_of(&pair), "typ": TYP }));
    assert_eq!(serde_json::from_slice::<Value>(&decoded(claims)).unwrap(), sample());
    let jwk = pair.public().unwrap().jwk();
    let coordinate = |name: &str| decoded(jwk[name].as_str().unwrap());
    let point = [vec![4], coordinate("x"), coordinate("y")].concat();
    let theirs = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
    let (input, _) = token.rsplit_once('.').unwrap();
    theirs.verify(input.as_bytes(), &decoded(signature)).unwrap();
    assert_eq!(token, pair.sign(&sample(), TYP).unwrap(), "the same claims give the same token");
}

#[test]
fn a_key_follows_from_the_secret_and_its_purpose() {
    // HKDF-SHA256 without a salt, info "tessera es256 v1\0": openssl kdf says the same.
    let scalar = pair("a generated secret").signing.to_bytes();
    assert_eq!(
        hex::encode(scalar),
        "8b817109b889beb89ddc70eb752292a11571f2a8a5520a147ca4393a005582b6"
    );
    let other = KeyPair::derive(&SecretText::new("a generated secret"), b"other").unwrap();
    assert_ne!(kid_of(&pair("a generated secret")), kid_of(&other));
    assert_ne!(kid_of(&pair("a generated secret")), kid_of(&pair("another one")));
    assert_eq!(pair("a generated secret").public_key().len(), 65);
}

#[test]
fn only_our_tokens_of_the_kind_are_taken() {
    let (ours, before, strange) = (pair("one"), pair("two"), pair("three"));
    let known = [ours.clone(), before.clone()];
    let check = |token: &str, typ, expected: bool| {
        assert_eq!(claims(&known, token, typ).is_some(), expected, "{token}");
    };
    let token = ours.sign(&sample(), TYP).unwrap();
    check(&token, TYP, true);
    check(&before.sign(&sample(), TYP).unwrap(), TYP, true);
    check(&strange.sign(&sample(), TYP).unwrap(), TYP, false);
    check(&token, "other+jwt", false);
    check(&ours.sign(&json!("no object"), TYP).unwrap(), TYP, false);
    check(&format!("{token}="), TYP, false);
    check(&format!("{token}.x"), TYP, false);
    check("", TYP, false);
    check("..", TYP, false);
    check(&"a".repeat(5000), TYP, false);
    let head = |head: Value| ours.sign_with(&head, &sample()).unwrap();
    let kid = kid_of(&ours);
    check(&head(json!({ "alg": "ES256", "kid": kid, "typ": TYP })), TYP, true);
    check(&head(json!({ "alg": "none", "kid": kid, "typ": TYP })), TYP, false);
    check(&head(json!({ "alg": "HS256", "kid": kid, "typ": TYP })), TYP, false);
    check(&head(json!({ "alg": "ES256", "kid": kid_of(&before), "typ": TYP })), TYP, false);
    check(&head(json!({ "alg": "ES256", "typ": TYP })), TYP, false);
    let crit = json!({ "alg": "ES256", "kid": kid, "typ": TYP, "crit": ["exp"] });
    check(&head(crit), TYP, false);
}

proptest! {
    #[test]
    fn no_altered_token_is_taken(at in any::<prop::sample::Index>(), flip in 1..=127_u8) {
        let ours = [pair("one")];
        let mut bytes = ours[0].sign(&sample(), TYP).unwrap().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        let altered = String::from_utf8_lossy(&bytes).into_owned();
        prop_assert!(claims(&ours, &altered, TYP).is_none());
    }
}

#[tokio::test]
async fn a_rotation_keeps_old_tokens_good() {
    let versions = Arc::new(Mutex::new(vec!["one"]));
    let seen = versions.clone();
    let vault = secrets(move |_, stage| {
        let at = usize::from(stage == "AWSPREVIOUS");
        seen.lock().unwrap().get(at).map(|text| (*text).to_owned())
    });
    let (aws, clock) = (Liar::start(vault).await, Clock::manual(Timestamp::UNIX_EPOCH));
    let env = environment(&aws, &clock, &[("SIGNING_SECRET_ID", "signing"), ("PUBLIC_URL", URL)]);
    let signer = TokenSigner::from_env(&env).unwrap();
    let old = signer.sign(&sample(), TYP).await.unwrap();
    let turn = |now: &[&'static str]| {
        *versions.lock().unwrap() = now.to_vec();
        clock.advance(SignedDuration::from_mins(6));
    };
    turn(&["two", "one"]);
    let new = signer.sign(&sample(), TYP).await.unwrap();
    assert_ne!(old, new);
    assert_eq!(signer.verify(&old, TYP).await.unwrap(), Some(sample()));
    assert_eq!(signer.verify(&new, TYP).await.unwrap(), Some(sample()));
    let vouchers = VoucherSigner::from_env(&env).unwrap();
    let jwks = vouchers.keys().await.unwrap().jwks();
    let kids: Vec<&Value> =
        jwks["keys"].as_array().unwrap().iter().map(|key| &key["kid"]).collect();
    assert_eq!(kids, [&json!(kid_of(&pair("two"))), &json!(kid_of(&pair("one")))]);
    assert!(!jwks.to_string().contains("\"d\""), "no private key is published");
    turn(&["three", "two"]);
    assert_eq!(signer.verify(&old, TYP).await.unwrap(), None);
    assert_eq!(signer.verify(&new, TYP).await.unwrap(), Some(sample()));
}
