//! Codes at a till: what is redeemed, what is refused and in which order, and that no limit is ever exceeded.

use jiff::SignedDuration;
use local::{Fault, Filter};
use serde_json::{Value, json};
use tessera_tests::at_once;

use crate::campaigns::{lines, prints};
use crate::shop::Shop;
use crate::vouchers::{code, opens, path_of};

/// Nothing beside the code.
pub(crate) fn plain() -> Value {
    json!({})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_is_redeemed_in_each_of_its_forms_and_the_limit_shows_it() {
    let shop = Shop::open().await;
    let over = json!({ "limits": { "total": 4 }, "static_code": "COFFEE10" });
    let voucher = shop.publishes(&over).await;
    let address = shop.owner().get(&format!("{}/code.svg?payload=url", path_of(&voucher)));
    drop(address.await.is(200));
    let short = code(&voucher, "SHORT");
    let done = shop.redeems(&short, &plain()).await.is(201).json();
    assert_eq!((&done["form"], &done["status"]), (&json!("short"), &json!("redeemed")), "{done}");
    assert_eq!(
        (&done["title"], &done["voucher_id"]),
        (&json!("Free coffee"), &voucher["voucher_id"])
    );
    let dashed = format!(" {}-{} ", &short[..4].to_lowercase(), &short[4..]);
    drop(shop.redeems(&dashed, &plain()).await.is(201));
    let fixed = shop.redeems("coffee10", &plain()).await.is(201).json();
    assert_eq!(fixed["form"], "static");
    let token = voucher["codes"].as_array().unwrap().iter().find(|code| code["type"] == "QR");
    let token = token.unwrap_or_else(|| panic!("{voucher}"));
    let url = token["url"].as_str().or(token["code"].as_str()).unwrap();
    let standard = shop.redeems(url, &plain()).await.is(201).json();
    assert_eq!(standard["form"], "standard");
    assert_eq!(shop.left(&voucher).await, 0);
    shop.redeems(&short, &plain()).await.problem(409, "voucher_limit_reached");
    let lines = shop.lines().await;
    assert_eq!(lines.len(), 5);
    assert_eq!(
        (&lines[0]["kind"], &lines[0]["reason"]),
        (&json!("refusal"), &json!("voucher_limit_reached"))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_is_replayed_and_a_unique_code_is_redeemed_once() {
    let shop = Shop::open().await;
    let voucher = shop.publishes(&plain()).await;
    let done = prints(&shop.platform, &voucher, &json!({ "name": "BATCH2024", "count": 2 })).await;
    let printed = lines(&done).await;
    let [_, _, short, url, token, _] = &printed[0];
    let ask = || {
        let ask = shop.owner().post("/api/v1/redemptions").header("idempotency-key", "one");
        ask.json(&shop.order(url, &plain()))
    };
    let first = ask().await.is(201).json();
    assert_eq!(first["form"], "print");
    let again = ask().await.is(201);
    assert_eq!((again.header("idempotency-replayed"), again.json()), ("true", first.clone()));
    shop.platform.passes(SignedDuration::from_mins(1)).await;
    for text in [short, url, token] {
        let problem = shop.redeems(text, &plain()).await.problem(409, "voucher_already_redeemed");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains("2026-11-20T12:00:00Z"), "{detail}");
    }
    let seen = shop.validates(url, &plain()).await;
    assert_eq!(
        (&seen["redeemable"], &seen["reason"]["code"]),
        (&json!(false), &json!("voucher_already_redeemed"))
    );
    assert_eq!(seen["reason"]["at"], "2026-11-20T12:00:00Z", "{seen}");
    drop(shop.rolls_back(&first).await.is(200));
    drop(shop.redeems(token, &plain()).await.is(201));
    let [_, _, second, ..] = &printed[1];
    drop(shop.redeems(second, &plain()).await.is(201));
    assert_eq!(shop.count().await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_come_in_their_order_and_are_all_kept() {
    let shop = Shop::open().await;
    let other = opens(shop.owner(), "Another").await;
    let draft = shop.drafts(&plain()).await;
    let short = code(&draft, "SHORT");
    let refused = async |status, reason: &str| {
        shop.redeems(&short, &plain()).await.problem(status, reason);
    };
    refused(409, "voucher_not_published").await;
    shop.becomes(&draft, "publish").await;
    shop.becomes(&draft, "pause").await;
    refused(409, "voucher_not_published").await;
    shop.becomes(&draft, "publish").await;
    shop.redeems(&short, &json!({ "amount": 5 })).await.problem(422, "amount_refused");
    shop.redeems("not a code!", &plain()).await.problem(422, "short_code_unreadable");
    shop.redeems("https://example.org/v/x", &plain())
        .await
        .problem(422, "voucher_token_unreadable");
    shop.redeems("ZZZZZZZZ9999", &plain()).await.problem(404, "code_unknown");
    let elsewhere = json!({ "code": short, "business_id": other["business_id"] });
    let ask = shop.owner().post_once("/api/v1/redemptions").json(&elsewhere);
    ask.await.problem(404, "code_unknown");
    let token = shop.shows(&draft, "ada").await;
    let elsewhere = json!({ "code": token, "business_id": other["business_id"] });
    let ask = shop.owner().post_once("/api/v1/redemptions").json(&elsewhere);
    ask.await.problem(403, "voucher_other_business");
    shop.redeems(&token, &plain()).await.problem(409, "claim_needed");
    let named = json!({ "customer_id": "bob" });
    shop.redeems(&token, &named).await.problem(403, "code_other_customer");
    shop.platform.passes(SignedDuration::from_secs(300)).await;
    shop.redeems(&token, &plain()).await.problem(410, "code_expired");
    let capped = shop.publishes(&json!({ "limits": { "per_customer": 1, "per_day": 1 } })).await;
    let capped = code(&capped, "SHORT");
    shop.redeems(&capped, &plain()).await.problem(422, "customer_needed");
    drop(shop.redeems(&capped, &json!({ "customer_id": "ada" })).await.is(201));
    let again = shop.redeems(&capped, &json!({ "customer_id": "ada" })).await;
    again.problem(409, "voucher_already_redeemed");
    let tomorrow = shop.redeems(&capped, &json!({ "customer_id": "bob" })).await;
    tomorrow.problem(409, "voucher_day_limit_reached");
    shop.platform.passes(SignedDuration::from_hours(24)).await;
    drop(shop.redeems(&capped, &json!({ "customer_id": "bob" })).await.is(201));
    let reasons = shop.reasons().await;
    assert_eq!(reasons.len(), 12, "{reasons:?}");
    let counted = |reason: &str| reasons.iter().filter(|each| *each == reason).count();
    assert_eq!((counted("voucher_not_published"), counted("code_unknown")), (2, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_voucher_ends_at_its_second_and_begins_at_another() {
    let shop = Shop::open().await;
    let life =
        json!({ "valid_from": "2026-11-20T12:00:10Z", "expires_at": "2026-11-20T12:00:20Z" });
    let voucher = shop.publishes(&life).await;
    let short = code(&voucher, "SHORT");
    let cases = [
        (9_999, 409, "voucher_not_yet_valid"),
        (10_000, 201, ""),
        (19_000, 201, ""),
        (19_999, 201, ""),
        (20_000, 410, "voucher_expired"),
        (21_000, 410, "voucher_expired"),
    ];
    let mut now = 0;
    for (millis, status, reason) in cases {
        shop.platform.passes(SignedDuration::from_millis(millis - now)).await;
        now = millis;
        let reply = shop.redeems(&short, &plain()).await;
        match reason {
            "" => drop(reply.is(status)),
            reason => drop(reply.problem(status, reason)),
        }
    }
    // A customer's own code of five minutes.
    let voucher = shop.publishes(&json!({ "limits": { "per_customer": 9 } })).await;
    shop.claims(&voucher, "ada").await;
    let token = shop.shows(&voucher, "ada").await;
    shop.platform.passes(SignedDuration::from_secs(299)).await;
    drop(shop.redeems(&token, &plain()).await.is(201));
    let token = shop.shows(&voucher, "ada").await;
    shop.platform.passes(SignedDuration::from_secs(300)).await;
    shop.redeems(&token, &plain()).await.problem(410, "code_expired");
    let token = shop.shows(&voucher, "ada").await;
    shop.platform.passes(SignedDuration::from_secs(301)).await;
    shop.redeems(&token, &plain()).await.problem(410, "code_expired");
}

/// So many of 64 phones redeem a voucher with ten left.
async fn ten_of_sixty_four(shop: &Shop, voucher: &Value) {
    let phones = shop.hands_out(64).await;
    let short = &code(voucher, "SHORT");
    let url = token_of(voucher);
    let asks = phones.iter().enumerate().map(|(number, phone)| {
        let text = if number < 4 { short.clone() } else { url.clone() };
        async move {
            for attempt in 0..20 {
                let reply = phone.redeems(&text, &format!("{}-{number}", phone.id)).await;
                if ![503, 429].contains(&reply.status) {
                    return (reply.status, attempt);
                }
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
            (503, 20)
        }
    });
    let statuses = at_once(64, asks).await;
    let count = |status: u16| statuses.iter().filter(|(is, _)| *is == status).count();
    assert_eq!((count(201), count(409)), (10, 54), "{statuses:?}");
    assert_eq!(shop.left(voucher).await, 0);
    assert_eq!(shop.count().await, 10);
}

/// The address in the voucher's own QR code.
pub(crate) fn token_of(voucher: &Value) -> String {
    let codes = voucher["codes"].as_array().unwrap();
    let qr = codes.iter().find(|code| code["type"] == "QR").unwrap();
    qr["url"].as_str().or(qr["code"].as_str()).unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_sixty_four_devices_exactly_ten_redeem_what_is_left() {
    for peak in [1, 1_000] {
        let shop = Shop::open().await;
        let limits = json!({ "limits": { "total": 10, "peak_per_second": peak } });
        let voucher = shop.publishes(&limits).await;
        ten_of_sixty_four(&shop, &voucher).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conflicts_and_throttling_change_nothing_about_that() {
    let shop = Shop::open().await;
    let voucher = shop.publishes(&json!({ "limits": { "total": 10 } })).await;
    let of = Filter::any().function("redeem");
    let writes = of.clone().operation("TransactWriteItems");
    for nth in [1, 3, 4, 8, 9, 15, 21, 30, 31, 40] {
        shop.platform.meter().break_call(nth, writes.clone(), Fault::transaction_conflict(), false);
    }
    for nth in [2, 5, 12, 18, 33] {
        shop.platform.meter().break_call(nth, writes.clone(), Fault::throttled(), true);
        shop.platform.meter().break_call(nth + 1, writes.clone(), Fault::LoseReply, false);
    }
    for nth in [7, 44, 90] {
        let reads = of.clone().operation("GetItem");
        shop.platform.meter().break_call(nth, reads, Fault::throttled(), true);
    }
    ten_of_sixty_four(&shop, &voucher).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_customer_has_no_more_than_a_customer_may_have() {
    let shop = Shop::open().await;
    let voucher = shop.publishes(&json!({ "limits": { "per_customer": 3, "total": 100 } })).await;
    let url = token_of(&voucher);
    let asks = (0..64).map(|_| async {
        for _ in 0..20 {
            let reply = shop.redeems(&url, &json!({ "customer_id": "ada" })).await;
            if reply.status != 503 {
                return reply;
            }
        }
        panic!("the store is busy for ever")
    });
    let replies = at_once(64, asks).await;
    let done = replies.iter().filter(|reply| reply.status == 201).count();
    assert_eq!(done, 3);
    for reply in replies.iter().filter(|reply| reply.status != 201) {
        reply.problem(409, "customer_limit_reached");
    }
    assert_eq!(shop.left(&voucher).await, 97);
    // A claim is redeemed once unless its voucher says more, and by each code at most.
    let voucher = shop.publishes(&json!({ "claim_required": true })).await;
    let named = json!({ "customer_id": "ada" });
    let url = token_of(&voucher);
    shop.redeems(&url, &named).await.problem(409, "claim_needed");
    shop.claims(&voucher, "ada").await;
    let token = shop.shows(&voucher, "ada").await;
    let none = plain();
    let replies = at_once(64, (0..64).map(|_| shop.redeems(&token, &none))).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 1);
    for reply in replies.iter().filter(|reply| reply.status != 201) {
        reply.problem(409, "voucher_already_redeemed");
    }
    shop.redeems(&url, &named).await.problem(409, "voucher_already_redeemed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_taken_back_can_be_redeemed_again_and_only_for_a_while() {
    let shop = Shop::open().await;
    let over =
        json!({ "limits": { "total": 2, "per_day": 1, "per_customer": 1 }, "rollback_s": 60 });
    let voucher = shop.publishes(&over).await;
    let (short, named) = (code(&voucher, "SHORT"), json!({ "customer_id": "ada" }));
    let first = shop.redeems(&short, &named).await.is(201).json();
    assert_eq!(first["rollback_until"], "2026-11-20T12:01:00Z");
    let ask = || {
        let id = first["redemption_id"].as_str().unwrap();
        let ask = shop.owner().post(&format!("/api/v1/redemptions/{id}/rollback"));
        ask.header("idempotency-key", "back").json(&json!({}))
    };
    let back = ask().await.is(200).json();
    assert_eq!(
        (&back["status"], &back["rolled_back_at"]),
        (&json!("rolled_back"), &json!("2026-11-20T12:00:00Z"))
    );
    assert_eq!(ask().await.is(200).json(), back, "the same answer again");
    shop.rolls_back(&first).await.problem(409, "redemption_rolled_back");
    assert_eq!(shop.left(&voucher).await, 2);
    let second = shop.redeems(&short, &named).await.is(201).json();
    assert_eq!(shop.left(&voucher).await, 1);
    shop.platform.passes(SignedDuration::from_secs(60)).await;
    shop.rolls_back(&second).await.problem(409, "redemption_too_old");
    // Many at once take one back once.
    let gifts = shop.publishes(&json!({ "limits": { "total": 5 } })).await;
    let done = shop.redeems(&code(&gifts, "SHORT"), &plain()).await.is(201).json();
    let replies = at_once(16, (0..16).map(|_| shop.rolls_back(&done))).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 1);
    assert_eq!(shop.left(&gifts).await, 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gift_is_spent_bit_by_bit() {
    let shop = Shop::open().await;
    let benefit = json!({ "type": "gift_balance", "minor": 1_000, "currency": "NGN" });
    let over = json!({ "benefit": benefit, "limits": { "total": 1 } });
    let voucher = shop.publishes(&over).await;
    let done = prints(&shop.platform, &voucher, &json!({ "name": "GIFTS", "count": 2 })).await;
    let printed = lines(&done).await;
    let (first, second) = (&printed[0][4], &printed[1][4]);
    let seen = shop.validates(first, &plain()).await;
    assert_eq!((&seen["needs"], &seen["gift_left"]), (&json!(["amount"]), &json!(1_000)), "{seen}");
    shop.redeems(first, &plain()).await.problem(422, "amount_needed");
    let amount = |minor: i64| json!({ "amount": minor });
    let one = shop.redeems(first, &amount(400)).await.is(201).json();
    assert_eq!((&one["gift_left"], &one["currency"]), (&json!(600), &json!("NGN")));
    shop.redeems(second, &amount(1)).await.problem(409, "voucher_limit_reached");
    let two = shop.redeems(first, &amount(600)).await.is(201).json();
    assert_eq!(two["gift_left"], 0);
    shop.redeems(first, &amount(1)).await.problem(409, "gift_too_little_left");
    assert_eq!(shop.rolls_back(&one).await.is(200).json()["gift_left"], 400);
    assert_eq!(shop.left(&voucher).await, 0, "the code still holds its one of the limit");
    assert_eq!(shop.rolls_back(&two).await.is(200).json()["gift_left"], 1_000);
    assert_eq!(shop.left(&voucher).await, 1);
    drop(shop.redeems(second, &amount(1_000)).await.is(201));
    shop.redeems(first, &amount(1)).await.problem(409, "voucher_limit_reached");
    // Sixteen take a hundred each at once: ten get it.
    let over = json!({ "benefit": { "type": "gift_balance", "minor": 1_000, "currency": "NGN" } });
    let voucher = shop.publishes(&over).await;
    shop.claims(&voucher, "ada").await;
    let token = shop.shows(&voucher, "ada").await;
    let hundred = amount(100);
    let replies = at_once(16, (0..16).map(|_| shop.redeems(&token, &hundred))).await;
    let statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 10, "{statuses:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gift_s_shared_code_tells_all_that_it_needs_and_no_balance_of_nobody() {
    let shop = Shop::open().await;
    let over = json!({ "benefit": { "type": "gift_balance", "minor": 1_000, "currency": "NGN" } });
    let voucher = shop.publishes(&over).await;
    shop.claims(&voucher, "ada").await;
    let by = |amount: Value| json!({ "customer_id": "ada", "amount": amount });
    for code in [code(&voucher, "SHORT"), code(&voucher, "QR")] {
        let seen = shop.validates(&code, &plain()).await;
        assert_eq!(seen["needs"], json!(["customer_id", "amount"]), "{seen}");
        assert_eq!(
            (&seen["gift_left"], &seen["currency"]),
            (&Value::Null, &json!("NGN")),
            "{seen}"
        );
        let seen = shop.validates(&code, &json!({ "amount": 400 })).await;
        assert_eq!(seen["needs"], json!(["customer_id"]), "{seen}");
        drop(shop.redeems(&code, &by(json!(400))).await.is(201));
    }
    let short = code(&voucher, "SHORT");
    let seen = shop.validates(&short, &by(Value::Null)).await;
    assert_eq!((&seen["needs"], &seen["gift_left"]), (&json!(["amount"]), &json!(200)), "{seen}");
    let seen = shop.validates(&short, &by(json!(201))).await;
    assert_eq!(
        (&seen["reason"]["code"], &seen["gift_left"]),
        (&json!("gift_too_little_left"), &json!(200))
    );
    let stranger = shop.validates(&short, &json!({ "customer_id": "ben" })).await;
    assert_eq!(
        (&stranger["reason"]["code"], &stranger["gift_left"]),
        (&json!("claim_needed"), &Value::Null)
    );
}
