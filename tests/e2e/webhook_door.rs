//! Only Paystack gets in, and what got in is safe before Paystack hears so.

use std::collections::BTreeSet;

use adapters::paystack::PaystackKeys;
use axum::Router;
use axum::body::Body;
use hmac::{Hmac, KeyInit, Mac};
use http::Request;
use local::paystack::{DeliveryStatus, Fault, FaultKind, Payment};
use local::{Fault as Broken, Filter, Handler};
use reqwest::Method;
use serde_json::json;
use sha2::{Digest, Sha256, Sha512};
use tessera_tests::{Platform, Reply, seed};
use tower::ServiceExt;

use crate::till::{NET, Till, reference};

/// How many altered events are tried.
const ALTERED: u64 = 100_000;

async fn key_of(platform: &Platform) -> Vec<u8> {
    let keys = PaystackKeys::from_env(platform.environment("paystack-webhook")).unwrap();
    keys.of(&platform.owner().tenant).await.unwrap().unwrap()[0].expose().to_vec()
}

fn signature(key: &[u8], body: &[u8]) -> String {
    let mut mac = Hmac::<Sha512>::new_from_slice(key).unwrap();
    mac.update(body);
    hex::encode(mac.finalize().into_bytes())
}

async fn sends(platform: &Platform, tenant: &str, signature: Option<&str>, body: Vec<u8>) -> Reply {
    let ask = platform.patron().ask(Method::POST, &format!("/webhooks/paystack/{tenant}"));
    let ask = match signature {
        Some(signature) => ask.header("x-paystack-signature", signature),
        None => ask,
    };
    ask.body("application/json", body).await
}

/// Sends what the key has signed; it is taken.
async fn gets_in(platform: &Platform, key: &[u8], body: &[u8]) {
    let tenant = platform.owner().tenant.to_string();
    let answer = sends(platform, &tenant, Some(&signature(key, body)), body.to_vec()).await;
    assert_eq!((answer.status, answer.text()), (200, String::new()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_cannot_sign_is_refused_alike_and_nothing_is_kept() {
    let platform = Platform::start().await;
    let (key, tenant) = (key_of(&platform).await, platform.owner().tenant.to_string());
    let other = platform.newcomer().await.tenant.to_string();
    let body = br#"{"event":"charge.success","data":{"reference":"tip-1"}}"#.to_vec();
    let signed = signature(&key, &body);
    let before = platform.inventory().await;
    platform.meter().reset();
    let nobody = format!("tnt_{}", "0".repeat(26));
    for (tenant, header, body) in [
        (tenant.as_str(), None, body.clone()),
        (&tenant, Some(""), body.clone()),
        (&tenant, Some(&signed[..127]), body.clone()),
        (&tenant, Some(signed.to_uppercase().as_str()), body.clone()),
        (&tenant, Some(signed.as_str()), body[1..].to_vec()),
        (&tenant, Some(signed.as_str()), [&body[..], b" "].concat()),
        (&tenant, Some(signature(b"sk_test_other", &body).as_str()), body.clone()),
        (&tenant, Some(signature(b"", &body).as_str()), body.clone()),
        (&other, Some(signed.as_str()), body.clone()),
        (&nobody, Some(signed.as_str()), body.clone()),
        ("tnt_x", Some(signed.as_str()), body.clone()),
    ] {
        let refused = sends(&platform, tenant, header, body).await;
        refused.problem(401, "webhook_signature_invalid");
    }
    let large = vec![b' '; 256 * 1024 + 1];
    let signed_large = signature(&key, &large);
    let refused = sends(&platform, &tenant, Some(&signed_large), large).await;
    refused.problem(413, "body_too_large");
    assert_eq!(platform.queue("Payments").waiting, 0);
    platform.inventory().await.is_still(&before, "refused events");
    assert_eq!(platform.meter().table_requests("paystack-webhook"), 0);

    gets_in(&platform, &key, &body).await;
    assert_eq!(platform.queue("Payments").waiting, 1);
    assert_eq!(
        platform.meter().count(&Filter::any().function("paystack-webhook").service("sqs")),
        1
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_signed_and_is_no_event_is_acknowledged_and_a_case() {
    let till = Till::open().await;
    let platform = &till.platform;
    let key = key_of(platform).await;
    let bodies: [&[u8]; 5] = [
        b"",
        b"not json",
        b"\xff\xfe",
        br#"{"event":"charge.success","data":{}}"#,
        "{\"event\":\"charge.success\u{ffff}\"}".as_bytes(),
    ];
    for body in bodies {
        gets_in(platform, &key, body).await;
        gets_in(platform, &key, body).await;
    }
    // What nobody acts on is no case.
    let known = br#"{"event":"subscription.create","data":[]}"#;
    gets_in(platform, &key, known).await;
    platform.quiet().await;
    assert_eq!(till.cases().await, ["unreadable_event"; 5]);
    let queue = platform.queue("Payments");
    assert_eq!((queue.waiting, queue.in_flight, queue.dead), (0, 0, Some(0)));
    let kept = platform.table().webhooks(&platform.owner().tenant, "none").await.unwrap();
    let kept: BTreeSet<String> = kept.into_iter().map(|event| event.raw).collect();
    assert_eq!(kept.len(), 6, "{kept:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_queue_paystack_is_told_to_come_again() {
    let till = Till::open().await;
    let down = Filter::any().function("paystack-webhook").service("sqs");
    till.platform.meter().break_call(1, down, Broken::Before, true);
    let tip = till.earns().await;
    let event = till.platform.simulator().webhooks().pop().unwrap();
    assert_eq!(event.status, DeliveryStatus::Waiting);
    assert_eq!(event.attempts[0].status, Some(503));
    assert_eq!(till.purse().await.payable, 0);
    till.platform.meter().clear_faults();
    // By Paystack's own schedule, or because we ask ourselves.
    till.passes(61).await;
    assert_eq!(till.status(&tip).await, "succeeded");
    assert_eq!(till.purse().await.payable, -NET);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_with_other_blanks_is_taken_and_a_wrong_signature_is_sent_again() {
    let till = Till::open().await;
    till.breaks(Fault::once("charge.success", FaultKind::Respaced));
    till.earns().await;
    assert_eq!(till.purse().await.payable, -NET);
    till.breaks(Fault::once("charge.success", FaultKind::BadSignature));
    let tip = till.tips().await;
    till.pays(&tip, Payment::Success);
    till.platform.quiet().await;
    assert_eq!(till.purse().await.payable, -NET, "{}", reference(&tip));
    till.passes(61).await;
    assert_eq!(till.purse().await.payable, -2 * NET);
    till.balances().await;
}

/// Numbers that look like chance and are the same from the same seed.
struct Numbers {
    seed: u64,
    drawn: u64,
}

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.drawn += 1;
        let digest = Sha256::digest([self.seed.to_be_bytes(), self.drawn.to_be_bytes()].concat());
        let number = u32::from_be_bytes(digest[..4].try_into().unwrap());
        usize::try_from(number).unwrap() % end
    }
}

/// The event with something about it altered: its body, its signature, or both.
fn altered(numbers: &mut Numbers, body: &[u8], signature: &str) -> (Vec<u8>, String) {
    let (mut body, mut signature) = (body.to_vec(), signature.as_bytes().to_vec());
    let kind = numbers.below(6);
    if kind != 1 {
        let at = numbers.below(body.len());
        match numbers.below(4) {
            0 => body[at] ^= 1 << numbers.below(8),
            1 => {
                body.remove(at);
            }
            2 => body.insert(at, b' '),
            _ => body.truncate(at),
        }
    }
    if kind == 1 || kind == 2 {
        let at = numbers.below(signature.len());
        match numbers.below(3) {
            0 => {
                let digit = b"0123456789abcdef"[numbers.below(16)];
                signature[at] = if digit == signature[at] { b'g' } else { digit };
            }
            1 => {
                signature.remove(at);
            }
            _ => signature.insert(at, b'0'),
        }
    }
    (body, String::from_utf8(signature).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_hundred_thousand_altered_events_none_is_taken() {
    let platform = Platform::start().await;
    let (key, tenant) = (key_of(&platform).await, platform.owner().tenant.to_string());
    let build = local::functions::registry().build("paystack-webhook").unwrap();
    let Handler::Http(router) = build(platform.environment("paystack-webhook")).unwrap() else {
        panic!("it answers HTTP");
    };
    let event = json!({ "event": "charge.success", "data": {
        "id": 5_099_260_516_u64, "reference": "tip-01j", "amount": 100_000, "currency": "NGN",
        "metadata": { "tip_id": "tip_01j" }, "customer": { "email": "ada@example.com" },
    }});
    let body = event.to_string().into_bytes();
    let signed = signature(&key, &body);
    assert_eq!(status(&router, &tenant, &signed, body.clone()).await, 200);
    let before = platform.inventory().await;
    platform.meter().reset();
    let seed = seed();
    let mut numbers = Numbers { seed, drawn: 0 };
    for number in 0..ALTERED {
        let (body, header) = altered(&mut numbers, &body, &signed);
        let status = status(&router, &tenant, &header, body).await;
        assert_eq!(status, 401, "the {number}th of seed {seed}");
    }
    assert_eq!(platform.queue("Payments").waiting, 1, "the one that was not altered");
    platform.inventory().await.is_still(&before, "altered events");
    assert_eq!(
        platform.meter().count(&Filter::any().function("paystack-webhook").service("sqs")),
        0
    );
}

async fn status(router: &Router, tenant: &str, signature: &str, body: Vec<u8>) -> u16 {
    let request = Request::post(format!("/webhooks/paystack/{tenant}"))
        .header("x-paystack-signature", signature)
        .body(Body::from(body));
    router.clone().oneshot(request.unwrap()).await.unwrap().status().as_u16()
}

#[test]
fn an_altered_event_is_another_one() {
    let (body, signature) = (b"{\"a\":1}".to_vec(), "00ff".repeat(32));
    let mut numbers = Numbers { seed: 1, drawn: 0 };
    for _ in 0..10_000 {
        let (other, header) = altered(&mut numbers, &body, &signature);
        assert!(other != body || header != signature);
    }
}
