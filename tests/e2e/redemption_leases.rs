//! What devices take along: how much at once, over midnight, and what becomes of it when a device is revoked.

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};
use tessera_tests::{Reply, at_once};

use crate::redemptions::{plain, token_of};
use crate::shop::{Phone, Shop};
use crate::vouchers::code;

const MOST: usize = 50;

/// Takes one redemption along under a key of its own, again where others were too many at once.
async fn takes(phone: &Phone, voucher: &Value, key: String) -> Reply {
    for _ in 0..40 {
        let ask = phone.ask(Method::POST, "/api/v1/redemptions/leases");
        let wish = json!({ "voucher_id": voucher["voucher_id"], "count": 1 });
        let reply = ask.header("idempotency-key", &key).json(&wish).await;
        let outrun = reply.status == 409 && reply.json()["code"] == "lease_changed";
        if reply.status != 503 && !outrun {
            return reply;
        }
    }
    panic!("there is no answer")
}

/// A redemption that a device has made out of a lease.
fn made(id: &str, code: &str, at: &str, lease: &Value) -> Value {
    json!({ "id": id, "code": code, "at": at, "lease_id": lease["lease_id"] })
}

fn results(all: &[Value]) -> Vec<&str> {
    all.iter().map(|one| one["result"].as_str().unwrap()).collect()
}

fn path_of(lease: &Value) -> String {
    format!("/api/v1/redemptions/leases/{}", lease["lease_id"].as_str().unwrap())
}

/// What the sweeper does each minute.
async fn sweeps(shop: &Shop) {
    drop(shop.platform.stack().fire("sweeper").await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_holds_fifty_leases_and_no_more() {
    let shop = Shop::open().await;
    let voucher = shop.publishes(&json!({ "limits": { "total": 100 } })).await;
    let phone = shop.enrols("Till 1").await;
    let asks = (0..60).map(|number| takes(&phone, &voucher, format!("lease-{number}")));
    let replies = at_once(8, asks).await;
    let taken: Vec<&Reply> = replies.iter().filter(|reply| reply.status == 201).collect();
    assert_eq!((taken.len(), shop.left(&voucher).await), (MOST, json!(50)));
    for reply in replies.iter().filter(|reply| reply.status != 201) {
        let problem = reply.problem(409, "lease_too_many");
        assert!(problem["detail"].as_str().unwrap().contains("give those back"), "{problem}");
    }
    // One back, one more; and another device has leases of its own.
    let first = taken[0].json();
    for _ in 0..2 {
        drop(phone.ask(Method::DELETE, &path_of(&first)).await.is(200));
    }
    drop(takes(&phone, &voucher, "one more".to_owned()).await.is(201));
    takes(&phone, &voucher, "another".to_owned()).await.problem(409, "lease_too_many");
    let other = shop.enrols("Till 2").await;
    drop(takes(&other, &voucher, "mine".to_owned()).await.is(201));
    // After their time they have all gone back, and there is room again.
    shop.platform.passes(SignedDuration::from_hours(36)).await;
    sweeps(&shop).await;
    assert_eq!(shop.left(&voucher).await, 100);
    drop(takes(&phone, &voucher, "tomorrow".to_owned()).await.is(201));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_revoked_device_holds_goes_back_within_a_minute() {
    let shop = Shop::open().await;
    let voucher = shop.publishes(&json!({ "limits": { "total": 20 } })).await;
    let short = code(&voucher, "SHORT");
    let phone = shop.enrols("Till 1").await;
    let lease = phone.leases(&voucher, 20).await.is(201).json();
    let queue: Vec<Value> = (0..3)
        .map(|number| made(&format!("q{number}"), &short, "2026-11-20T12:00:00Z", &lease))
        .collect();
    assert_eq!(results(&phone.brings(&queue[..1]).await), ["accepted"]);
    let revokes = async || {
        let path = format!("/api/v1/devices/{}", phone.id);
        assert_eq!(shop.owner().delete(&path).await.status, 204);
    };
    revokes().await;
    phone.leases(&voucher, 1).await.problem(401, "device_not_enrolled");
    assert_eq!(shop.left(&voucher).await, 0);
    shop.platform.passes(SignedDuration::from_mins(1)).await;
    sweeps(&shop).await;
    assert_eq!(shop.left(&voucher).await, 19, "what it had brought stays redeemed");
    revokes().await;
    sweeps(&shop).await;
    assert_eq!(shop.left(&voucher).await, 19);
    // The same install, enrolled anew, brings what it had made: there is room for it now.
    let anew = shop.enrols("Till 1").await;
    let brought = anew.brings(&queue).await;
    assert_eq!(results(&brought), ["duplicate", "accepted", "accepted"], "{brought:?}");
    assert_eq!((shop.left(&voucher).await, shop.count().await), (json!(17), 3));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_lease_is_taken_past_a_revocation_at_the_same_moment() {
    let shop = Shop::open().await;
    let voucher = shop.publishes(&json!({ "limits": { "total": 100 } })).await;
    for round in 0..4 {
        let phone = shop.enrols("Till").await;
        let path = format!("/api/v1/devices/{}", phone.id);
        let revokes = async {
            tokio::time::sleep(std::time::Duration::from_millis(10 * round)).await;
            shop.owner().delete(&path).await.status
        };
        let asks = (0..12).map(|number| takes(&phone, &voucher, format!("{round}-{number}")));
        let (revoked, replies) = tokio::join!(revokes, at_once(12, asks));
        assert_eq!(revoked, 204);
        for reply in replies.iter().filter(|reply| reply.status != 201) {
            reply.problem(401, "device_not_enrolled");
        }
        sweeps(&shop).await;
        assert_eq!(shop.left(&voucher).await, 100, "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_over_midnight_leaves_the_next_day_whole() {
    let shop = Shop::open().await;
    // The business's day ends at 23:00 in UTC.
    let limits = json!({ "total": 100, "per_day": 5 });
    let voucher = shop.publishes(&json!({ "limits": limits })).await;
    let short = code(&voucher, "SHORT");
    let phone = shop.enrols("Till 1").await;
    shop.platform.passes(SignedDuration::from_mins(10 * 60 + 30)).await;
    let lease = phone.leases(&voucher, 3).await.is(201).json();
    assert_eq!(
        (&lease["granted"], &lease["expires_at"]),
        (&json!(3), &json!("2026-11-20T23:00:00Z"))
    );
    assert_eq!(shop.left(&voucher).await, 97);
    drop(shop.redeems(&short, &plain()).await.is(201));
    drop(shop.redeems(&short, &plain()).await.is(201));
    shop.redeems(&short, &plain()).await.problem(409, "voucher_day_limit_reached");
    shop.platform.passes(SignedDuration::from_mins(31)).await;
    // The last millisecond of the old day is the lease's, the first of the new one is the new day's.
    let queue = [
        made("old", &short, "2026-11-20T22:59:59.999Z", &lease),
        made("new", &short, "2026-11-20T23:00:00Z", &lease),
    ];
    assert_eq!(results(&phone.brings(&queue).await), ["accepted", "accepted"]);
    let seen = phone.get("/api/v1/redemptions/snapshot").await.is(200).json();
    assert_eq!((&seen["leases"][0]["used"], &seen["leases"][0]["left"]), (&json!(1), &json!(2)));
    assert_eq!(shop.left(&voucher).await, 94);
    // What was not used goes back to the limit in all. The new day neither gets it nor has lost anything to it.
    drop(phone.ask(Method::DELETE, &path_of(&lease)).await.is(200));
    assert_eq!(shop.left(&voucher).await, 96);
    for _ in 0..4 {
        drop(shop.redeems(&short, &plain()).await.is(201));
    }
    shop.redeems(&short, &plain()).await.problem(409, "voucher_day_limit_reached");
    // A late one of yesterday has no lease any more, and its day is over.
    let late = phone.brings(&[made("late", &short, "2026-11-20T22:59:59Z", &lease)]).await;
    assert_eq!(late[0]["reason"], "voucher_day_limit_reached", "{late:?}");
    assert_eq!((shop.left(&voucher).await, shop.count().await), (json!(92), 8));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_tills_in_the_first_second_of_a_day_get_what_the_day_has() {
    for peak in [1, 1_000] {
        let shop = Shop::open().await;
        let limits = json!({ "per_day": 20, "peak_per_second": peak });
        let voucher = shop.publishes(&json!({ "limits": limits })).await;
        // Of codes that are typed in, five at once are looked up for a business.
        let url = token_of(&voucher);
        let phones = shop.hands_out(20).await;
        let all = async |day: &str| {
            let keys = phones.iter().map(|phone| (phone, format!("{day}-{}", phone.id)));
            let asks = keys.map(|(phone, key)| {
                let url = &url;
                async move { phone.redeems(url, &key).await.status }
            });
            at_once(20, asks).await
        };
        // The day before is full, so each counter has to come to the new day.
        assert_eq!(all("today").await, [201; 20], "{peak}");
        shop.redeems(&url, &plain()).await.problem(409, "voucher_day_limit_reached");
        shop.platform.passes(SignedDuration::from_secs(11 * 3_600 - 1)).await;
        shop.redeems(&url, &plain()).await.problem(409, "voucher_day_limit_reached");
        shop.platform.passes(SignedDuration::from_secs(1)).await;
        assert_eq!(all("tomorrow").await, [201; 20], "{peak}");
        shop.redeems(&url, &plain()).await.problem(409, "voucher_day_limit_reached");
        assert_eq!(shop.count().await, 40);
    }
}
