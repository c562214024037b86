//! Codes that a customer's own device has signed: good once, in their window and in those beside it, while the key is
//! enrolled.

use jiff::SignedDuration;
use serde_json::json;
use tessera_tests::{Bistro, at_once};

use crate::counter::{
    Counter, ELSEWHERE, EXPIRED, Refusal, UNKNOWN, USED, enrolled, is_refused, plain, refused,
    scan, spent,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signed_code_is_good_once_in_its_window_and_in_those_beside_it() {
    let counter = Counter::open().await;
    let wallet = counter.enrols("ada", 7).await;
    let (here, now) = (counter.bistro.id(), counter.platform.now());
    let window = |by: i64| now + SignedDuration::from_secs(30 * by);
    let check = async |by: i64, wanted: Option<Refusal>| {
        let code = wallet.signs(&here, window(by), 1);
        match wanted {
            Some(with) => is_refused(&counter, &code, with).await,
            None => {
                let done = scan(counter.owner(), &counter.bistro, &code, &spent(1_000)).await;
                assert_eq!(done.is(200).json()["customer"]["id"], "ada");
                is_refused(&counter, &code, USED).await;
            }
        }
    };
    check(-2, Some(EXPIRED)).await;
    for by in [-1, 0, 1] {
        check(by, None).await;
    }
    check(2, Some(EXPIRED)).await;
    assert_eq!(counter.purse().await, (30, 0));
    // The same request gets the same success, also when the window is over.
    let code = wallet.signs(&here, now, 2);
    let ask = || {
        let ask = scan(counter.owner(), &counter.bistro, &code, &spent(1_000));
        ask.header("idempotency-key", "signed")
    };
    let first = ask().await.is(200).json();
    counter.platform.passes(SignedDuration::from_secs(120)).await;
    assert_eq!(ask().await.is(200).json(), first);
    is_refused(&counter, &code, EXPIRED).await;
    // 64 at once.
    let code = wallet.signs(&here, counter.platform.now(), 3);
    let asks = (0..64).map(|_| scan(counter.owner(), &counter.bistro, &code, &spent(1_000)));
    let asks = asks.map(|ask| async { ask.await.status });
    let statuses = at_once(64, asks).await;
    let count = |status: u16| statuses.iter().filter(|is| **is == status).count();
    assert_eq!((count(200), count(409)), (1, 63), "{statuses:?}");
    assert_eq!(counter.purse().await, (50, 0));
    counter.platform.points_agree(&counter.bistro).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signed_code_of_another_key_place_or_tenant_is_none() {
    let counter = Counter::open().await;
    let branch = counter.bistro.branch("Mama Put II").await;
    let (mut wallet, now) = (counter.enrols("ada", 7).await, counter.platform.now());
    let here = counter.bistro.id();
    let reply = scan(counter.owner(), &branch, &wallet.signs(&here, now, 1), &plain()).await;
    refused(&reply, ELSEWHERE);
    let good = wallet.signs(&here, now, 1);
    // Signed by another key, and for another customer.
    wallet.key = p256::ecdsa::SigningKey::from_slice(&[8; 32]).unwrap();
    is_refused(&counter, &wallet.signs(&here, now, 2), UNKNOWN).await;
    wallet.key = p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
    wallet.customer = "bob".to_owned();
    is_refused(&counter, &wallet.signs(&here, now, 2), UNKNOWN).await;
    // Another tenant's, where both have a customer of that name.
    let other = Bistro::opens(&counter.platform.newcomer().await).await;
    other.welcomes("ada").await;
    let reply = scan(&other.owner, &other, &good, &plain()).await;
    refused(&reply, UNKNOWN);
    let path = format!("/api/v1/loyalty/customers/ada/keys/{}", wallet.id);
    drop(other.owner.delete(&path).await.is(204));
    // What was tried elsewhere is good here, and what is forgotten is not.
    drop(scan(counter.owner(), &counter.bistro, &good, &plain()).await.is(200));
    wallet.customer = "ada".to_owned();
    for _ in 0..2 {
        drop(counter.owner().delete(&path).await.is(204));
    }
    is_refused(&counter, &wallet.signs(&here, now, 3), UNKNOWN).await;
    let nobody = "/api/v1/loyalty/customers/nobody/keys/x";
    counter.owner().delete(nobody).await.problem(404, "customer_unknown");
    let key = p256::ecdsa::SigningKey::from_slice(&[9; 32]).unwrap();
    enrolled(counter.owner(), "nobody", &key).await.problem(404, "customer_unknown");
    let bad = json!({ "public_key": "AAAA" });
    let keys = "/api/v1/loyalty/customers/ada/keys";
    counter.owner().post(keys).json(&bad).await.problem(422, "customer_key_invalid");
    for byte in 1..=10 {
        drop(counter.enrols("ada", byte).await);
    }
    enrolled(counter.owner(), "ada", &key).await.problem(409, "customer_keys_too_many");
}
