//! Our verifier beside the bare check of one ECDSA signature: both take turns, and each one's best time counts. The
//! verifier may cost a fifth more than what no verifier can do without.

#![expect(
    clippy::unwrap_used,
    clippy::float_arithmetic,
    reason = "a program for measuring may fail by panicking, and counts in fractions"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use domain::id::{TenantId, VoucherId};
use domain::voucher_token::{
    Claims, Form, KeySet, PublicKey, Realm, STANDARD_TTL, StatusBits, ToSign, TokenIndex,
    TokenKind, Verifier, compact, jwt,
};
use jiff::Timestamp;
use p256::ecdsa::signature::{Signer, Verifier as _};
use p256::ecdsa::{Signature, SigningKey};

/// How often the contenders take turns.
const TURNS: usize = 4_000;
/// The most that ours may cost, as a multiple of the bare check.
const RATIO_MAX: f64 = 1.2;

fn main() {
    let signing = SigningKey::from_slice(&[1; 32]).unwrap();
    let key = *signing.verifying_key();
    let public = PublicKey::from_point(key.to_sec1_point(false).as_bytes()).unwrap();
    let tenant = TenantId::parse("tnt_01j00000000000000000000001").unwrap();
    let realm = Realm::new("https://q.example.com", tenant);
    let now = Timestamp::from_second(1_800_000_000).unwrap();
    let index = TokenIndex::new(7).unwrap();
    let voucher = VoucherId::from_bytes([7; 16]);
    let claims = Claims::new(Form::Standard, voucher, index, now, STANDARD_TTL);
    let verifier = Verifier::new(KeySet::of([public.clone()]), realm.clone());
    let list = StatusBits::of_good(1_000_000);
    println!("minimum time in µs of {TURNS} turns\n");
    let forms = [
        ("jwt", jwt::to_sign(&claims, &realm, &public)),
        ("compact", compact::to_sign(&claims, &realm, &public).unwrap()),
    ];
    for (name, to_sign) in forms {
        let (message, signature, token) = signed(&signing, to_sign);
        let ours = || {
            let verdict =
                verifier.verify(black_box(&token), &[TokenKind::Standard], Some(&list), now);
            assert!(verdict.is_ok());
        };
        let (ours, bare) =
            race(ours, || assert!(key.verify(black_box(&message), &signature).is_ok()));
        let ratio = ours.as_secs_f64() / bare.as_secs_f64();
        let [ours, bare] = [ours, bare].map(|time| time.as_secs_f64() * 1e6);
        println!("{name:<10}verifier {ours:>8.1}   bare check {bare:>8.1}   ratio {ratio:.3}");
        assert!(ratio <= RATIO_MAX, "{name}: the verifier costs {ratio:.3} of the bare check");
    }
}

fn signed(key: &SigningKey, to_sign: ToSign) -> (Vec<u8>, Signature, String) {
    let message = to_sign.message().to_vec();
    let signature: Signature = key.sign(&message);
    let token = to_sign.signed(&signature.to_bytes().into());
    (message, signature, token)
}

fn race(one: impl Fn(), other: impl Fn()) -> (Duration, Duration) {
    let time = |run: &dyn Fn()| {
        let start = Instant::now();
        run();
        start.elapsed()
    };
    let mut best = (Duration::MAX, Duration::MAX);
    for _ in 0..TURNS {
        best = (best.0.min(time(&one)), best.1.min(time(&other)));
    }
    best
}
