//! Vouchers' tokens signed with the secret's key and with one in KMS.

use base64::engine::general_purpose::STANDARD;
use domain::id::{TenantId, VoucherId};
use domain::voucher_token::{Claims, Form, PRINT_TTL, StatusBits, TokenIndex, TokenKind, USER_TTL};
use p256::ecdsa::signature::hazmat::PrehashSigner;
use p256::pkcs8::EncodePublicKey;

use super::*;
use crate::liar::{Heard, Says};

/// The tenant of these tests.
const TENANT: &str = "tnt_01j00000000000000000000001";

fn claims(form: Form, clock: &Clock) -> Claims {
    let voucher = VoucherId::from_bytes([7; 16]);
    let ttl = if form == Form::Standard { PRINT_TTL } else { USER_TTL };
    Claims::new(form, voucher, TokenIndex::new(3).unwrap(), clock.now(), ttl)
}

/// A KMS with two keys, and a secret.
fn vault(heard: &Heard) -> Says {
    let asked = heard.json();
    let key = match asked["KeyId"].as_str() {
        Some("present") => SigningKey::from_slice(&[4; 32]).unwrap(),
        Some("before") => SigningKey::from_slice(&[5; 32]).unwrap(),
        Some(_) => return Says::json(400, r#"{"__type":"NotFoundException","message":"none"}"#),
        None => {
            return secrets(|_, stage| (stage == "AWSCURRENT").then(|| "one".to_owned()))(heard);
        }
    };
    if heard.headers.contains("trentservice.getpublickey") {
        let der = key.verifying_key().to_public_key_der().unwrap();
        let text = STANDARD.encode(der.as_bytes());
        return Says::json(200, &json!({ "KeyId": "k", "PublicKey": text }).to_string());
    }
    assert!(heard.headers.contains("trentservice.sign"), "{}", heard.headers);
    assert_eq!(asked["MessageType"], "DIGEST");
    assert_eq!(asked["SigningAlgorithm"], "ECDSA_SHA_256");
    let digest = STANDARD.decode(asked["Message"].as_str().unwrap()).unwrap();
    let signature: Signature = key.sign_prehash(&digest).unwrap();
    let text = STANDARD.encode(signature.to_der().as_bytes());
    Says::json(200, &json!({ "KeyId": "k", "Signature": text }).to_string())
}

async fn signer(keys: &str) -> (Liar, Clock, VoucherSigner) {
    let clock = Clock::manual(Timestamp::from_second(1_800_000_000).unwrap());
    let aws = Liar::start(vault).await;
    let variables =
        [("SIGNING_SECRET_ID", "signing"), ("PUBLIC_URL", URL), ("VOUCHER_KEY_IDS", keys)];
    let signer = VoucherSigner::from_env(&environment(&aws, &clock, &variables)).unwrap();
    (aws, clock, signer)
}

fn calls(aws: &Liar, operation: &str) -> usize {
    let name = format!("x-amz-target: {operation}");
    aws.heard().iter().filter(|heard| heard.headers.contains(&name)).count()
}

#[tokio::test]
async fn the_key_in_kms_signs_and_the_local_one_for_batches() {
    let (aws, clock, signer) = signer("present, before").await;
    let tenant = TenantId::parse(TENANT).unwrap();
    let user = claims(Form::User { customer: Some("usr_1".to_owned()) }, &clock);
    let standard = claims(Form::Standard, &clock);
    let verifier = signer.verifier(&tenant).await.unwrap();
    let keys = signer.keys().await.unwrap();
    assert_eq!(keys.keys().len(), 3, "both keys of KMS, and the secret's");
    let mut kids = Vec::new();
    for signer in [signer.clone(), signer.local()] {
        let token = signer.jwt(&user, &tenant).await.unwrap();
        let head: Value =
            serde_json::from_slice(&decoded(token.split('.').next().unwrap())).unwrap();
        kids.push(head["kid"].as_str().unwrap().to_owned());
        let taken = verifier.verify(&token, &[TokenKind::User], None, clock.now());
        assert_eq!(taken, Ok(user.clone()));
        let compact = signer.compact(&standard, &tenant).await.unwrap();
        assert_eq!(
            verifier.verify(&compact, &TokenKind::ALL, None, clock.now()),
            Ok(standard.clone())
        );
        let list = signer.status_list(&StatusBits::of_good(9), &tenant, clock.now()).await.unwrap();
        assert!(verifier.status_list(&list, clock.now()).is_ok());
    }
    assert_eq!(kids, [keys.keys()[0].kid(), keys.keys()[2].kid()]);
    let heard = aws.heard();
    let count = |operation: &str| heard.iter().filter(|h| h.headers.contains(operation)).count();
    assert_eq!(count("trentservice.sign"), 3, "the local key signs by itself");
    assert_eq!(count("trentservice.getpublickey"), 2, "each public key is asked for once");
}

#[tokio::test]
async fn without_a_key_in_kms_the_secret_signs() {
    let (aws, clock, signer) = signer("").await;
    let tenant = TenantId::parse(TENANT).unwrap();
    let standard = claims(Form::Standard, &clock);
    let token = signer.jwt(&standard, &tenant).await.unwrap();
    let verifier = signer.verifier(&tenant).await.unwrap();
    assert_eq!(verifier.verify(&token, &TokenKind::ALL, None, clock.now()), Ok(standard));
    assert_eq!(calls(&aws, "trentservice"), 0);
}

#[tokio::test]
async fn a_key_that_is_gone_says_so() {
    let (_aws, clock, signer) = signer("lost").await;
    let tenant = TenantId::parse(TENANT).unwrap();
    let error = signer.jwt(&claims(Form::Standard, &clock), &tenant).await.unwrap_err();
    assert_eq!(domain::failure::Failure::code(&error), "secret_unavailable");
    assert!(signer.local().jwt(&claims(Form::Standard, &clock), &tenant).await.is_ok());
}
