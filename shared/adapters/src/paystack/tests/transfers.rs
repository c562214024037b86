//! Transfers one by one and in bulk, the balance, settlements, and lists that are read a page at a time.

use domain::id::PayoutId;
use domain::ledger::TransferReference;
use domain::money::{Currency, Money};
use serde_json::{Value, json};

use super::super::*;
use super::{naira, no, ok, paystack, saying, tenant};
use crate::liar::{Heard, Says};

fn transfer(attempt: u32) -> TransferWish {
    let payout = PayoutId::new(jiff::Timestamp::UNIX_EPOCH, [3; 10]);
    TransferWish {
        reference: TransferReference::of(&payout, attempt),
        recipient: "RCP_musa".to_owned(),
        amount: naira(98_000),
        reason: "Tips".to_owned(),
    }
}

fn since() -> jiff::Timestamp {
    "2026-11-20T00:00:00Z".parse().unwrap()
}

/// What a transfer looks like that has just been made.
fn made(wish: &TransferWish) -> Value {
    json!({
        "reference": wish.reference, "id": 937, "status": "pending", "amount": "98000",
        "currency": "NGN", "recipient": 12_345, "transfersessionid": [], "createdAt": "x",
    })
}

#[tokio::test]
async fn a_transfer_is_made_with_our_reference() {
    let wish = transfer(1);
    let (server, paystack) = saying(200, &ok(&made(&wish))).await;
    let seen = paystack.transfer(&tenant(), &wish).await.unwrap();
    let expected = TransferSeen {
        reference: wish.reference.clone(),
        id: Some(937),
        status: "pending".to_owned(),
        amount: 98_000,
        currency: "NGN".to_owned(),
        fee: None,
        recipient_code: None,
    };
    assert_eq!(seen, expected);
    let heard = server.heard().remove(0);
    assert_eq!(heard.line, "POST /transfer");
    let sent = json!({
        "source": "balance", "amount": 98_000, "recipient": "RCP_musa", "currency": "NGN",
        "reference": wish.reference, "reason": "Tips",
    });
    assert_eq!(heard.json(), sent);
}

#[tokio::test]
async fn a_bulk_call_says_what_became_of_each_and_passes_over_what_it_does_not_say() {
    let (one, two, three) = (transfer(1), transfer(2), transfer(3));
    let row = |wish: &TransferWish| {
        json!({
            "reference": wish.reference, "recipient": "RCP_musa", "amount": 98_000,
            "transfer_code": "TRF_1", "currency": "NGN", "status": "received",
        })
    };
    let mut broken = row(&three);
    broken["amount"] = json!("much");
    let rows = json!([row(&two), row(&transfer(9)), broken, 7, row(&one), { "amount": 1 }]);
    let (server, paystack) = saying(200, &ok(&rows)).await;
    let wishes = [one.clone(), two.clone(), three.clone()];
    let seen = paystack.transfer_bulk(&tenant(), &wishes).await.unwrap();
    let references: Vec<_> = seen.iter().map(|seen| &seen.reference).collect();
    assert_eq!(references, [&two.reference, &one.reference]);
    assert_eq!(seen[0].recipient_code.as_deref(), Some("RCP_musa"));
    let sent = server.heard().remove(0);
    assert_eq!(sent.line, "POST /transfer/bulk");
    let body = sent.json();
    assert_eq!((&body["source"], &body["currency"]), (&json!("balance"), &json!("NGN")));
    assert_eq!(body["transfers"].as_array().unwrap().len(), 3);
    assert_eq!(body["transfers"][2]["reference"], json!(three.reference));
}

#[tokio::test]
async fn what_no_bulk_call_takes_is_not_sent() {
    let (server, paystack) = saying(200, &ok(&json!([]))).await;
    let mut foreign = transfer(2);
    foreign.amount.currency = Currency::Ghs;
    let many: Vec<TransferWish> = (1..=101).map(transfer).collect();
    for wishes in [vec![], vec![transfer(1), foreign], many] {
        let error = paystack.transfer_bulk(&tenant(), &wishes).await.unwrap_err();
        assert!(matches!(error, PaystackError::Protocol(_)));
    }
    assert!(server.heard().is_empty());
    let most: Vec<TransferWish> = (1..=100).map(transfer).collect();
    assert_eq!(paystack.transfer_bulk(&tenant(), &most).await.unwrap(), []);
}

#[tokio::test]
async fn why_a_transfer_is_refused_is_told_apart_and_a_silence_is_no_refusal() {
    let check = async |status, message: &str, code: &str, expected| {
        let (_, paystack) = saying(status, &no(message, code)).await;
        let single = paystack.transfer(&tenant(), &transfer(1)).await.unwrap_err();
        let bulk = paystack.transfer_bulk(&tenant(), &[transfer(1)]).await.unwrap_err();
        for error in [single, bulk] {
            assert_eq!(error.reason(), expected, "{message}");
            assert_eq!(error.may_have_happened(), expected.is_none(), "{message}");
        }
    };
    let twice = "Please provide a unique reference. Reference already exists on a transfer";
    let known = Some(Reason::DuplicateReference);
    check(400, twice, "duplicate_transfer_reference", known).await;
    check(404, "Duplicate reference(s) found: a,b", "unknown", known).await;
    check(400, "Recipient specified is invalid", "", Some(Reason::Recipient)).await;
    let poor = "Your balance is not enough to fulfil this request";
    check(400, poor, "", Some(Reason::Balance)).await;
    let starter = "You cannot initiate third party payouts at this time";
    check(400, starter, "", Some(Reason::Other)).await;
    check(502, "An error occurred", "unknown", None).await;
    let (_, paystack) =
        paystack(|_| Says::Whole(429, "x-ratelimit-reset: 5\r\n", Vec::new())).await;
    let error = paystack.transfer_bulk(&tenant(), &[transfer(1)]).await.unwrap_err();
    assert!(matches!(error, PaystackError::Limited { retry_after_s: 5 }));
}

#[tokio::test]
async fn what_became_of_a_transfer_is_read_in_all_its_spellings() {
    let wish = transfer(1);
    let check = async |body: Value, expected: Option<TransferSeen>| {
        let (server, paystack) = saying(200, &ok(&body)).await;
        let seen = paystack.verify_transfer(&tenant(), &wish.reference).await;
        match expected {
            Some(expected) => assert_eq!(seen.unwrap(), Some(expected), "{body}"),
            None => assert!(matches!(seen, Err(PaystackError::Protocol(_))), "{body}"),
        }
        let line = format!("GET /transfer/verify/{}", wish.reference);
        assert_eq!(server.heard()[0].line, line);
    };
    let full = TransferSeen {
        reference: wish.reference.clone(),
        id: Some(u64::MAX),
        status: "success".to_owned(),
        amount: 98_000,
        currency: "NGN".to_owned(),
        fee: Some(1_000),
        recipient_code: Some("RCP_musa".to_owned()),
    };
    let body = json!({
        "reference": wish.reference, "id": u64::MAX, "status": "success", "amount": 98_000,
        "currency": "NGN", "fee_charged": "1000", "recipient": { "recipient_code": "RCP_musa" },
        "session": { "provider": null }, "transferred_at": null,
    });
    check(body.clone(), Some(full.clone())).await;
    let with = |name: &str, value: Value| {
        let mut body = body.clone();
        body[name] = value;
        body
    };
    check(with("fee_charged", json!(null)), Some(TransferSeen { fee: None, ..full.clone() })).await;
    check(with("id", json!(null)), Some(TransferSeen { id: None, ..full.clone() })).await;
    let nobody = TransferSeen { recipient_code: None, ..full };
    check(with("recipient", json!(7)), Some(nobody)).await;
    check(with("reference", json!("another-reference-of-ours")), None).await;
    check(with("status", json!("")), None).await;
    check(with("amount", json!(1.5)), None).await;
    check(with("fee_charged", json!({})), None).await;

    let (_, paystack) = saying(404, &no("Transfer not found", "")).await;
    assert_eq!(paystack.verify_transfer(&tenant(), &wish.reference).await.unwrap(), None);
    let (_, paystack) = saying(500, &json!({})).await;
    assert!(paystack.verify_transfer(&tenant(), &wish.reference).await.is_err());
}

#[tokio::test]
async fn the_balance_is_read_in_the_currencies_that_we_keep() {
    let rows = json!([
        { "currency": "NGN", "balance": 1_200_000 },
        { "currency": "XOF", "balance": 5 },
        { "currency": "GHS", "balance": "0" },
    ]);
    let (_, paystack) = saying(200, &ok(&rows)).await;
    let balances = paystack.balances(&tenant()).await.unwrap();
    let ghana = Money { minor: 0, currency: Currency::Ghs };
    assert_eq!(balances, [naira(1_200_000), ghana]);
    for broken in [json!({}), json!([{ "currency": "NGN" }]), json!([7])] {
        let (_, paystack) = saying(200, &ok(&broken)).await;
        assert!(paystack.balances(&tenant()).await.is_err(), "{broken}");
    }
}

/// Plays two pages of movements, the second one older than anybody wants to know.
fn movements(heard: &Heard) -> Says {
    let row = |id: u64, at: &str| {
        json!({
            "id": id, "integration": 1, "domain": "test", "currency": "NGN", "balance": 5,
            "difference": -98_000, "reason": "A transfer", "model_responsible": "Transfer",
            "model_row": "937", "createdAt": at,
        })
    };
    let data = match heard.line.contains("page=1") {
        true => json!([row(3, "2026-11-20T01:00:00.000Z"), row(2, "2026-11-19T23:00:00.000Z")]),
        false => json!([row(1, "2026-11-19T22:00:00.000Z")]),
    };
    let body = json!({ "status": true, "message": "ok", "data": data, "meta": { "pageCount": 9 } });
    Says::json(200, &body.to_string())
}

#[tokio::test]
async fn movements_of_the_balance_are_read_until_they_are_too_old() {
    let (server, paystack) = paystack(movements).await;
    let first = paystack.balance_ledger(&tenant(), since(), None).await.unwrap();
    assert_eq!(first.rows.iter().map(|row| row.id).collect::<Vec<_>>(), [3]);
    let row = &first.rows[0];
    assert_eq!(
        (row.difference, row.model.as_str(), row.model_row),
        (-98_000, "Transfer", Some(937))
    );
    let second = paystack.balance_ledger(&tenant(), since(), first.next.as_ref()).await.unwrap();
    assert_eq!((second.rows, second.next), (vec![], None));
    let line = "GET /balance/ledger?from=2026-11-20T00%3A00%3A00Z&perPage=50&page=2";
    assert_eq!(server.heard()[1].line, line);
}

#[tokio::test]
async fn a_list_goes_on_by_number_or_by_mark_and_ends() {
    let row = |id: u64| {
        json!({
            "id": id, "reference": format!("tip-{id}"), "status": "success", "amount": 100_000,
            "requested_amount": "100000", "fees": 1_500, "currency": "NGN",
            "createdAt": "2026-11-20T01:00:00.000Z", "paid_at": "2026-11-20T01:01:00.000Z",
        })
    };
    let check = async |meta: fn(&str) -> Value, expected: &[u64], second: &str| {
        let (server, paystack) = paystack(move |heard| {
            let is_second = heard.line.contains("page=2") || heard.line.contains("next=b%2B1");
            let data = if is_second { json!([row(1)]) } else { json!([row(3), row(2)]) };
            let body = json!({
                "status": true, "message": "ok", "data": data, "meta": meta(&heard.line),
            });
            Says::json(200, &body.to_string())
        })
        .await;
        let (time, mut place, mut ids) = ((since(), since()), None, Vec::new());
        for _ in 0..4 {
            let page = paystack.transactions(&tenant(), time, place.as_ref()).await.unwrap();
            ids.extend(page.rows.iter().map(|row| row.id));
            place = page.next;
            if place.is_none() {
                break;
            }
        }
        assert_eq!((ids.as_slice(), &place), (expected, &None));
        assert!(server.heard()[1].line.ends_with(second));
    };
    let numbered = |_: &str| json!({ "total": 3, "pageCount": 2, "page": "1" });
    check(numbered, &[3, 2, 1], "&perPage=50&page=2").await;
    let marked = |line: &str| match line.contains("next=") {
        true => json!({ "next": null, "previous": "a", "perPage": 50 }),
        false => json!({ "next": "b+1", "previous": null, "perPage": 50 }),
    };
    check(marked, &[3, 2, 1], "&perPage=50&use_cursor=true&next=b%2B1").await;
}

#[tokio::test]
async fn settlements_and_their_transactions_are_read_in_all_their_spellings() {
    let rows = json!([
        { "id": 3_090_024, "status": "success", "currency": "NGN", "total_amount": 98_500,
          "effective_amount": "98500", "total_fees": 1_500, "total_processed": 100_000,
          "deductions": null, "settlement_date": "2026-11-21T00:00:00.000Z", "settled_by": null,
          "created_at": "2026-11-20T23:00:00.000Z" },
        { "id": "9", "status": "pending", "currency": "NGN", "total_amount": 5 },
    ]);
    let (server, paystack) = saying(200, &ok(&rows)).await;
    let page = paystack.settlements(&tenant(), (since(), since()), None).await.unwrap();
    let [full, bare] = page.rows.try_into().unwrap();
    assert_eq!((full.id, full.effective, full.fees), (3_090_024, 98_500, Some(1_500)));
    assert!(full.settled_at.is_some() && full.created_at.is_some() && full.deductions.is_none());
    assert_eq!((bare.id, bare.effective, bare.processed), (9, 5, None));
    assert!(server.heard()[0].line.starts_with("GET /settlement?from=2026-11-20T"));

    let rows = json!([{ "id": 1, "reference": "tip-1", "status": "success", "amount": 1,
                        "currency": "NGN", "fees": null, "paidAt": "2026-11-20T01:00:00Z" }]);
    let (server, paystack) = saying(200, &ok(&rows)).await;
    let page = paystack.transactions_of_settlement(&tenant(), 7, None).await.unwrap();
    assert_eq!((page.rows[0].fees, page.rows[0].paid_at.is_some()), (None, true));
    let place = Some(ListPlace::Page(2));
    assert_eq!(page.next, place, "an uncounted list goes on until a page is empty");
    let end = saying(200, &ok(&json!([]))).await.1;
    let last = end.transactions_of_settlement(&tenant(), 7, place.as_ref()).await.unwrap();
    assert_eq!((last.rows, last.next), (vec![], None));
    assert_eq!(server.heard()[0].line, "GET /settlement/7/transactions?perPage=50&page=1");
    let written = serde_json::to_string(&place).unwrap();
    assert_eq!(serde_json::from_str::<Option<ListPlace>>(&written).unwrap(), place);
}
