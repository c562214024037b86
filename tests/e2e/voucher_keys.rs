//! Vouchers' codes are verified by whoever knows the platform's address and nothing else (V16).

use std::collections::BTreeMap;

use adapters::signer::VoucherSigner;
use domain::id::{TenantId, VoucherId};
use domain::voucher_token::{
    Claims, Form, KeySet, PRINT_TTL, Realm, STANDARD_TTL, TokenIndex, TokenKind, Verifier,
};
use tessera_tests::{Platform, Start};

/// Two keys in KMS: the present one and the one before.
const KEYS: &str = "5f0b3a52-0000-4000-8000-000000000001,5f0b3a52-0000-4000-8000-000000000002";

/// What a scanner knows: it has asked for the keys, and for the list of the tenant.
async fn scanner(platform: &Platform, tenant: &TenantId) -> Verifier {
    let jwks = platform.visitor().get("/.well-known/jwks.json").await.is(200);
    assert_eq!(jwks.header("cache-control"), "public, max-age=300");
    let keys = KeySet::parse(&jwks.text()).unwrap();
    Verifier::new(keys, Realm::new(platform.base(), tenant.clone()))
}

fn printed(platform: &Platform, index: u32) -> Claims {
    let (form, voucher) = (Form::Print { batch: None }, VoucherId::from_bytes([7; 16]));
    Claims::new(form, voucher, TokenIndex::new(index).unwrap(), platform.now(), PRINT_TTL)
}

async fn signs_and_revokes(platform: &Platform, keys: usize) {
    let tenant = platform.owner().tenant.clone();
    let signer = VoucherSigner::from_env(platform.environment("keys")).unwrap();
    let verifier = scanner(platform, &tenant).await;
    assert_eq!(signer.keys().await.unwrap().keys().len(), keys);
    let claims = printed(platform, 5);
    let standard = Claims::new(
        Form::Standard,
        claims.voucher.clone(),
        TokenIndex::new(6).unwrap(),
        platform.now(),
        STANDARD_TTL,
    );
    for signer in [signer.clone(), signer.local()] {
        let (compact, jwt) =
            (signer.compact(&claims, &tenant).await, signer.jwt(&standard, &tenant).await);
        let verify = |text: &str| verifier.verify(text, &TokenKind::ALL, None, platform.now());
        assert_eq!(verify(&verifier.realm().print_url(&compact.unwrap())), Ok(claims.clone()));
        assert_eq!(verify(&jwt.unwrap()), Ok(standard.clone()));
    }
    platform.table().mark_status(&tenant, &[5], true).await.unwrap();
    let path = format!("/api/v1/tenants/{tenant}/voucher-status");
    let list = platform.visitor().get(&path).await.is(200);
    assert_eq!(list.header("content-type"), "application/statuslist+jwt");
    let list = verifier.status_list(&list.text(), platform.now()).unwrap();
    let compact = signer.compact(&claims, &tenant).await.unwrap();
    let verdict = verifier.verify(&compact, &[TokenKind::Print], Some(&list.bits), platform.now());
    assert_eq!(verdict.unwrap_err().name(), "revoked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codes_signed_with_the_secret_are_verified_from_the_address_alone() {
    let platform = Platform::start().await;
    signs_and_revokes(&platform, 1).await;
    let unknown = "/api/v1/tenants/tnt_00000000000000000000000000/voucher-status";
    let _told = platform.visitor().get(unknown).await.problem(404, "organisation_unknown");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codes_signed_by_kms_are_verified_from_the_address_alone() {
    let variables = BTreeMap::from([("VOUCHER_KEY_IDS".to_owned(), KEYS.to_owned())]);
    let platform = Platform::start_with(Start { variables, ..Start::default() }).await;
    signs_and_revokes(&platform, 3).await;
}
