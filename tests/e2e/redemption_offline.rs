//! Devices that redeem while they are offline: leases, snapshots, and queues that are brought in any order, in parts,
//! more than once and by more than one install.

use std::io::Read;

use domain::voucher_token::{KeySet, OpenJws, Realm, Verifier};
use jiff::SignedDuration;
use local::{Fault, Filter};
use serde_json::{Value, json};
use tessera_tests::{at_once, seed};

use crate::campaigns::{lines, prints};
use crate::redemptions::token_of;
use crate::shop::{Phone, Shop};
use crate::vouchers::{code, path_of};

const NOON: &str = "2026-11-20T12:00:00Z";

/// A redemption that a device has made.
fn made(id: &str, code: &str, over: &Value) -> Value {
    let mut made = json!({ "id": id, "code": code, "at": NOON });
    for (name, value) in over.as_object().unwrap() {
        made[name] = value.clone();
    }
    made
}

fn results(all: &[Value]) -> Vec<&str> {
    all.iter().map(|one| one["result"].as_str().unwrap()).collect()
}

/// Another order each time, by a number that is printed.
fn shuffled(mut all: Vec<Value>, mut seed: u64) -> Vec<Value> {
    for at in (1..all.len()).rev() {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let other = usize::try_from(seed >> 33).unwrap() % (at + 1);
        all.swap(at, other);
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_are_counted_once_in_whatever_order_and_however_often_they_come() {
    let shop = Shop::open().await;
    let voucher = shop.publishes(&json!({ "limits": { "total": 1_000 } })).await;
    let phone = shop.enrols("Till 1").await;
    let lease = phone.leases(&voucher, 500).await.is(201).json();
    assert_eq!((&lease["granted"], shop.left(&voucher).await), (&json!(500), json!(500)));
    let url = token_of(&voucher);
    let of = json!({ "lease_id": lease["lease_id"] });
    let all: Vec<Value> = (0..500).map(|number| made(&format!("r-{number}"), &url, &of)).collect();
    let seed = seed();
    // Five uploads, each of 150 in its own order, of which the next one begins with the last fifty.
    let mut parts = Vec::new();
    for upload in 0..5_u64 {
        let begin = usize::try_from(upload * 100).unwrap();
        let mut part: Vec<Value> = all.iter().cycle().skip(begin).take(150).cloned().collect();
        part = shuffled(part, seed ^ upload);
        parts.extend(part.chunks(25).map(<[Value]>::to_vec));
    }
    let writes = Filter::any().function("redeem").operation("TransactWriteItems");
    for nth in [3, 50, 51, 120, 240, 333, 404] {
        shop.platform.meter().break_call(nth, writes.clone(), Fault::LoseReply, nth % 2 == 0);
    }
    let brings = |(number, part): (usize, Vec<Value>)| {
        let phone = phone.clone();
        async move {
            // The first answer of every other part is lost on its way.
            let mut lost = number % 2 == 0;
            for _ in 0..40 {
                let reply = phone.sync(&part).await;
                if reply.status == 200 && !std::mem::take(&mut lost) {
                    return reply.json()["results"].as_array().unwrap().clone();
                }
            }
            panic!("it is never taken in")
        }
    };
    let answers = at_once(8, parts.into_iter().enumerate().map(brings)).await;
    for answer in answers.iter().flatten() {
        let result = answer["result"].as_str().unwrap();
        assert!(["accepted", "duplicate"].contains(&result), "{answer}");
    }
    shop.platform.meter().clear_faults();
    let again = phone.brings(&all[..100]).await;
    assert!(results(&again).iter().all(|result| *result == "duplicate"), "{again:?}");
    assert_eq!(shop.count().await, 500);
    assert_eq!(shop.left(&voucher).await, 500);
    let snapshot = phone.get("/api/v1/redemptions/snapshot").await.is(200).json();
    assert_eq!(
        (&snapshot["leases"][0]["used"], &snapshot["leases"][0]["left"]),
        (&json!(500), &json!(0))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_devices_and_a_till_never_exceed_a_limit() {
    let shop = Shop::open().await;
    let voucher = shop.publishes(&json!({ "limits": { "total": 10 } })).await;
    let short = code(&voucher, "SHORT");
    let (one, two) = (shop.enrols("Till 1").await, shop.enrols("Till 2").await);
    let first = one.leases(&voucher, 6).await.is(201).json();
    let second = two.leases(&voucher, 6).await.is(201).json();
    assert_eq!((&first["granted"], &second["granted"]), (&json!(6), &json!(4)));
    one.leases(&voucher, 5).await.problem(409, "lease_nothing_left");
    shop.redeems(&short, &json!({})).await.problem(409, "voucher_limit_reached");
    let queue = |lease: &Value, name: &str| -> Vec<Value> {
        let of = json!({ "lease_id": lease["lease_id"] });
        (0..8).map(|number| made(&format!("{name}-{number}"), &short, &of)).collect()
    };
    let (ones, twos) = (queue(&first, "one"), queue(&second, "two"));
    let brought = at_once(2, [one.brings(&ones), two.brings(&twos)]).await;
    let all: Vec<Value> = brought.into_iter().flatten().collect();
    let count = |result: &str| results(&all).iter().filter(|is| **is == result).count();
    assert_eq!((count("accepted"), count("refused")), (10, 6), "{all:?}");
    let refused = all.iter().filter(|one| one["result"] == "refused");
    assert!(refused.into_iter().all(|one| one["reason"] == "voucher_limit_reached"), "{all:?}");
    // The till was refused once, and the devices six times.
    assert_eq!((shop.count().await, shop.reasons().await.len()), (10, 7));
    one.brings(&ones).await;
    assert_eq!((shop.count().await, shop.reasons().await.len()), (10, 7), "kept once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_unique_code_that_two_devices_have_redeemed_names_both() {
    let shop = Shop::open().await;
    let voucher = shop.publishes(&json!({})).await;
    let done = prints(&shop.platform, &voucher, &json!({ "name": "BATCH", "count": 3 })).await;
    let printed = lines(&done).await;
    let (one, two) = (shop.enrols("Till 1").await, shop.enrols("Till 2").await);
    let [first, second] = [&printed[0], &printed[1]];
    let none = json!({});
    let brought = one.brings(&[made("a", &first[4], &none)]).await;
    assert_eq!(results(&brought), ["accepted"]);
    let conflict = two.brings(&[made("b", &first[2], &none)]).await.remove(0);
    assert_eq!(
        (&conflict["result"], &conflict["by"]["device"]),
        (&json!("conflict"), &json!(one.id)),
        "{conflict}"
    );
    assert_eq!(
        (&conflict["redemption_id"], &conflict["at"]),
        (&brought[0]["redemption_id"], &json!(NOON))
    );
    assert_eq!(conflict["reason"], "voucher_already_redeemed");
    // Another device that happens to call it the same, at another instant, is told of the first.
    let later = made("a", &first[4], &json!({ "at": "2026-11-20T12:00:01Z" }));
    assert_eq!(results(&two.brings(&[later]).await), ["conflict"]);
    // What cannot be read is named, and not left out.
    let wrong = json!({ "customer_id": "a b", "lease_id": "lse_" });
    let refused = two.sync(&[made("w", &first[4], &wrong)]).await.problem(422, "invalid_fields");
    let fields = refused["errors"].as_array().unwrap().iter().map(|error| &error["field"]);
    let expected = ["redemptions[0].customer_id", "redemptions[0].lease_id"];
    assert!(fields.eq(expected.iter()), "{refused}");
    // The same queue from an install that was enrolled anew.
    let again = two.brings(&[made("a", &first[4], &none)]).await;
    assert_eq!(results(&again), ["duplicate"]);
    // Taken back meanwhile, and brought again: nothing happens.
    drop(shop.rolls_back(&brought[0]).await.is(200));
    assert_eq!(results(&one.brings(&[made("a", &first[3], &none)]).await), ["duplicate"]);
    assert_eq!(results(&two.brings(&[made("c", &first[3], &none)]).await), ["accepted"]);
    // A name that stands for something else.
    let other = made("a2", &code(&voucher, "SHORT"), &none);
    let later = json!({ "at": "2026-11-20T12:00:01Z" });
    let taken = made("a2", &code(&voucher, "SHORT"), &later);
    assert_eq!(results(&one.brings(&[other]).await), ["accepted"]);
    let conflict = one.brings(&[taken]).await.remove(0);
    assert_eq!(
        (&conflict["result"], &conflict["reason"]),
        (&json!("conflict"), &json!("redemption_id_taken"))
    );
    // Both at once: one is accepted.
    let brought = at_once(
        2,
        [one.brings(&[made("x", &second[4], &none)]), two.brings(&[made("y", &second[4], &none)])],
    )
    .await
    .concat();
    let mut ends = results(&brought);
    ends.sort_unstable();
    assert_eq!(ends, ["accepted", "conflict"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_taken_in_stays_so_when_its_code_is_taken_back_afterwards() {
    let shop = Shop::open().await;
    let voucher = shop.publishes(&json!({})).await;
    let done = prints(&shop.platform, &voucher, &json!({ "name": "BATCH", "count": 2 })).await;
    let printed = lines(&done).await;
    let (one, two) = (shop.enrols("Till 1").await, shop.enrols("Till 2").await);
    let queue = [made("a", &printed[0][4], &json!({})), made("b", &printed[0][2], &json!({}))];
    let first = one.brings(&queue[..1]).await;
    assert_eq!(results(&first), ["accepted"]);
    let revoked = json!({ "batch_id": done["batch_id"] });
    let path = format!("{}/revocations", path_of(&voucher));
    drop(shop.owner().post(&path).json(&revoked).await.is(200));
    let again = one.brings(&queue[..1]).await;
    assert_eq!(results(&again), ["duplicate"], "{again:?}");
    assert_eq!(again[0]["redemption_id"], first[0]["redemption_id"]);
    // Another device that has redeemed it too hears who was first, as it would have before.
    let conflict = two.brings(&queue[1..]).await;
    assert_eq!((results(&conflict), &conflict[0]["at"]), (vec!["conflict"], &json!(NOON)));
    let other = one.brings(&[made("c", &printed[1][4], &json!({}))]).await;
    assert_eq!(other[0]["reason"], "code_revoked", "{other:?}");
    let typed = one.brings(&[made("d", &printed[1][2], &json!({}))]).await;
    assert_eq!(typed[0]["reason"], "code_revoked", "{typed:?}");
    shop.redeems(&printed[0][4], &json!({})).await.problem(410, "code_revoked");
    assert_eq!(shop.count().await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_is_believed_about_the_time_within_bounds() {
    let shop = Shop::open().await;
    let voucher = shop.publishes(&json!({ "limits": { "per_customer": 9 } })).await;
    shop.claims(&voucher, "ada").await;
    let phone = shop.enrols("Till 1").await;
    let token = shop.shows(&voucher, "ada").await;
    shop.platform.passes(SignedDuration::from_hours(5)).await;
    // The code was good when it was scanned.
    let brought =
        phone.brings(&[made("a", &token, &json!({ "at": "2026-11-20T12:04:59Z" }))]).await;
    assert_eq!(results(&brought), ["accepted"], "{brought:?}");
    let brought =
        phone.brings(&[made("b", &token, &json!({ "at": "2026-11-20T12:05:00Z" }))]).await;
    assert_eq!(brought[0]["reason"], "code_expired");
    let short = code(&voucher, "SHORT");
    let at = |at: &str| json!({ "at": at, "customer_id": "bob" });
    let cases = [
        ("2026-11-20T17:05:00Z", "accepted", json!(null)),
        ("2026-11-20T17:05:01Z", "refused", json!("device_clock_ahead")),
        ("2026-11-20T11:59:59Z", "refused", json!("voucher_not_yet_valid")),
    ];
    for (number, (instant, result, reason)) in cases.iter().enumerate() {
        let brought = phone.brings(&[made(&format!("c{number}"), &short, &at(instant))]).await;
        assert_eq!(
            (&brought[0]["result"], &brought[0]["reason"]),
            (&json!(result), reason),
            "{instant}"
        );
    }
    shop.platform.passes(SignedDuration::from_hours(7 * 24 - 5)).await;
    assert_eq!(results(&phone.brings(&[made("d", &short, &at(NOON))]).await), ["accepted"]);
    shop.platform.passes(SignedDuration::from_secs(1)).await;
    let late = phone.brings(&[made("e", &short, &at(NOON))]).await;
    assert_eq!(late[0]["reason"], "redemption_too_late");
    let too_many: Vec<Value> = (0..101).map(|n| made(&n.to_string(), &short, &at(NOON))).collect();
    phone.sync(&too_many).await.problem(422, "invalid_fields");
    phone.sync(&[]).await.problem(422, "invalid_fields");
    phone.sync(&[made("a b", &short, &at(NOON))]).await.problem(422, "invalid_fields");
    let ask = shop.owner().post("/api/v1/redemptions/sync");
    ask.json(&json!({ "redemptions": [] })).await.problem(403, "device_needed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_lost_device_held_goes_back_after_its_grace_and_a_late_queue_is_counted_anew() {
    let shop = Shop::open().await;
    let voucher = shop.publishes(&json!({ "limits": { "total": 5 } })).await;
    let short = code(&voucher, "SHORT");
    let phone = shop.enrols("Till 1").await;
    let lease = phone.leases(&voucher, 5).await.is(201).json();
    let of = json!({ "lease_id": lease["lease_id"] });
    // Used, and paused meanwhile: what was leased stays good.
    shop.becomes(&voucher, "pause").await;
    let queue: Vec<Value> = (0..4).map(|number| made(&format!("q{number}"), &short, &of)).collect();
    assert_eq!(results(&phone.brings(&queue[..2]).await), ["accepted", "accepted"]);
    shop.becomes(&voucher, "publish").await;
    assert_eq!(shop.left(&voucher).await, 0);
    shop.platform.passes(SignedDuration::from_hours(12 + 24)).await;
    returns(&shop, &phone).await;
    assert_eq!(shop.left(&voucher).await, 3);
    drop(shop.redeems(&short, &json!({})).await.is(201));
    drop(shop.redeems(&short, &json!({})).await.is(201));
    let late = phone.brings(&queue).await;
    assert_eq!(results(&late), ["duplicate", "duplicate", "accepted", "refused"], "{late:?}");
    assert_eq!(late[3]["reason"], "voucher_limit_reached");
    assert_eq!(shop.count().await, 5);
    // Given back by the device itself, twice.
    let voucher = shop.publishes(&json!({ "limits": { "total": 5 } })).await;
    let lease = phone.leases(&voucher, 4).await.is(201).json();
    let path = format!("/api/v1/redemptions/leases/{}", lease["lease_id"].as_str().unwrap());
    for _ in 0..2 {
        let back = phone.ask(reqwest::Method::DELETE, &path).await.is(200).json();
        assert_eq!((&back["status"], &back["left"]), (&json!("returned"), &json!(0)));
    }
    assert_eq!(shop.left(&voucher).await, 5);
    let other = shop.enrols("Till 2").await;
    other.ask(reqwest::Method::DELETE, &path).await.problem(404, "lease_unknown");
    shop.owner().delete(&path).await.problem(403, "device_needed");
}

/// Gives back whatever is due, as the sweeper does.
async fn returns(shop: &Shop, phone: &Phone) {
    let (table, now) = (shop.platform.table(), shop.platform.now());
    for shard in 0..adapters::table::keys::LEASE_SHARDS {
        for due in table.due_leases(shard, now, 10).await.unwrap() {
            assert_eq!(due.device.as_str(), phone.id);
            let lease = table.lease((&due.tenant, &due.device), &due.id).await.unwrap().unwrap();
            table.return_lease(lease, true).await.unwrap().unwrap();
        }
        assert_eq!(table.due_leases(shard, now, 10).await.unwrap(), []);
    }
}

/// One bit of SplitMix64.
fn is_taken_back(place: u32) -> bool {
    let mut bits = u64::from(place).wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (bits ^ (bits >> 31)) & 1 == 1
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_snapshot_of_a_million_codes_is_small_and_says_all_that_a_device_needs() {
    let shop = Shop::open().await;
    let voucher = shop.publishes(&json!({ "limits": { "total": 50 } })).await;
    prints(&shop.platform, &voucher, &json!({ "name": "BATCH", "count": 3, "limit": 2 })).await;
    let phone = shop.enrols("Till 1").await;
    let lease = phone.leases(&voucher, 5).await.is(201).json();
    let (table, tenant) = (shop.platform.table(), &shop.owner().tenant);
    // Half of a million codes, by a hash, so that nothing of the list can be packed.
    let places: Vec<u32> = (0..1_000_000).filter(|place| is_taken_back(*place)).collect();
    assert!((490_000..510_000).contains(&places.len()), "{}", places.len());
    table.mark_status(tenant, &places, true).await.unwrap();
    let path = "/api/v1/redemptions/snapshot";
    let packed = phone.get(path).header("accept-encoding", "gzip").await.is(200);
    assert_eq!(packed.header("content-encoding"), "gzip");
    println!("a snapshot of a million codes: {} bytes packed", packed.body.len());
    assert!(packed.body.len() <= 130_000, "{}", packed.body.len());
    let mut text = String::new();
    flate2::read::GzDecoder::new(packed.body.as_slice()).read_to_string(&mut text).unwrap();
    let snapshot: Value = serde_json::from_str(&text).unwrap();
    let plain = phone.get(path).await.is(200);
    assert_eq!(plain.json()["vouchers"], snapshot["vouchers"]);
    let rule = &snapshot["vouchers"][0];
    assert_eq!((&rule["voucher_id"], &rule["counted"]), (&voucher["voucher_id"], &json!(true)));
    assert_eq!(
        (&rule["batches"][0]["count"], &rule["batches"][0]["limited"]),
        (&json!(3), &json!(true))
    );
    assert_eq!(snapshot["leases"], json!([lease]));
    assert_eq!(snapshot["business"]["name"], "Kofi's Café");
    let keys = KeySet::parse(&snapshot["jwks"].to_string()).unwrap();
    let realm = Realm::new(snapshot["issuer"].as_str().unwrap(), tenant.clone());
    let open: OpenJws = serde_json::from_value(snapshot["status_list"].clone()).unwrap();
    let list = open.status_list(&Verifier::new(keys, realm), shop.platform.now()).unwrap();
    let bits = table.status_bits(tenant).await.unwrap();
    assert_eq!(list.bits.as_bytes(), bits.as_slice());
    let known = packed.header("etag").to_owned();
    let again = async || phone.get(path).header("if-none-match", &known).await.status;
    assert_eq!(again().await, 304);
    table.mark_status(tenant, &[7], !bits[0] & 128 != 0).await.unwrap();
    assert_eq!(again().await, 200, "another list");
}
