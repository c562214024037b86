//! Refunds, disputes, banks and accounts: what comes in lists, or about an account.

use domain::money::Currency;
use serde_json::{Value, json};

use super::super::*;
use super::{no, ok, paystack, recipient, reference, saying, tenant, wish};
use crate::liar::{Heard, Says};

/// Plays a list of `rows` that does not know any filter, `pages` pages of it, with or without a count.
fn list(pages: u64, counted: bool, rows: fn(u64) -> Value) -> impl Fn(&Heard) -> Says {
    move |heard| {
        let page = heard.line.rsplit_once("&page=").unwrap().1.parse().unwrap();
        let data = if page <= pages { rows(page) } else { json!([]) };
        let meta = if counted { json!({ "pageCount": pages, "perPage": "50" }) } else { json!({}) };
        let body = json!({ "status": true, "message": "ok", "data": data, "meta": meta });
        Says::json(200, &body.to_string())
    }
}

fn refunds(page: u64) -> Value {
    json!([
        { "id": page * 10, "transaction": 7, "status": "processed", "amount": "10000",
          "currency": "NGN", "merchant_note": "rfd_1", "fully_deducted": 1 },
        { "id": page * 10 + 1, "transaction": { "id": 7 }, "status": "failed", "amount": 20000,
          "currency": "NGN", "merchant_note": null },
        { "id": page * 10 + 2, "transaction": 8, "status": "processed", "amount": 1,
          "currency": "NGN" },
    ])
}

#[tokio::test]
async fn refunds_are_read_to_the_end_of_the_list_and_only_those_of_the_charge() {
    let check = async |pages, counted, calls| {
        let (server, paystack) = paystack(list(pages, counted, refunds)).await;
        let seen = paystack.refunds_of(&tenant(), 7).await.unwrap();
        let ids: Vec<u64> = seen.iter().map(|refund| refund.id).collect();
        let expected: Vec<u64> = (1..=pages).flat_map(|page| [page * 10, page * 10 + 1]).collect();
        assert_eq!(ids, expected);
        assert_eq!((seen[0].amount, seen[0].merchant_note.as_deref()), (10_000, Some("rfd_1")));
        assert_eq!((&*seen[1].status, &seen[1].merchant_note), ("failed", &None));
        let heard = server.heard();
        assert_eq!(heard.len(), calls);
        assert_eq!(heard[0].line, "GET /refund?transaction=7&perPage=50&page=1");
    };
    check(1, true, 1).await;
    check(3, true, 3).await;
    check(3, false, 4).await;
}

#[tokio::test]
async fn a_list_that_does_not_end_or_does_not_say_whose_it_is_counts_for_nothing() {
    let check = async |pages, counted, rows: fn(u64) -> Value, calls| {
        let (server, paystack) = paystack(list(pages, counted, rows)).await;
        let error = paystack.refunds_of(&tenant(), 7).await.unwrap_err();
        assert!(matches!(error, PaystackError::Protocol(_)));
        assert_eq!(server.heard().len(), calls);
    };
    check(u64::MAX, true, refunds, PAGES_MAX).await;
    check(u64::MAX, false, refunds, PAGES_MAX).await;
    check(1, true, |_| json!({}), 1).await;
    check(1, true, |_| json!([7]), 1).await;
    check(
        1,
        true,
        |_| json!([{ "id": 1, "status": "processed", "amount": 1, "currency": "NGN" }]),
        1,
    )
    .await;
    check(1, true, |_| json!([{ "id": 1, "transaction": 7, "status": "processed" }]), 1).await;
}

#[tokio::test]
async fn a_refund_is_asked_for_with_our_note() {
    let data = json!({
        "id": 3_018_284, "transaction": { "id": 7, "amount": 10000 }, "status": "pending",
        "amount": 500, "currency": "NGN", "merchant_note": "rfd_1",
    });
    let (server, paystack) = saying(200, &ok(&data)).await;
    let seen = paystack.refund(&tenant(), &wish()).await.unwrap();
    assert_eq!((seen.id, &*seen.status, seen.amount), (3_018_284, "pending", 500));
    let expected = json!({
        "transaction": reference().as_str(), "amount": 500, "currency": "NGN",
        "merchant_note": "rfd_1",
    });
    assert_eq!(server.heard().remove(0).json(), expected);
}

#[tokio::test]
async fn disputes_are_listed_by_their_charge_or_asked_about_by_their_id() {
    let one = json!({
        "id": 2867, "status": "resolved", "resolution": "merchant-accepted",
        "refund_amount": 1002, "currency": "NGN", "transaction_reference": null,
        "transaction": { "id": 7, "reference": "tip-x", "currency": "NGN" }, "history": [],
    });
    let open = json!({
        "id": "5", "status": "pending", "resolution": null, "refund_amount": null, "transaction": 7,
    });
    let foreign = json!({ "id": 6, "status": "pending", "transaction": { "id": 8 } });
    let check = async |status, body: Value, expected: Option<&[u64]>| {
        let (server, paystack) = saying(status, &body).await;
        let seen = paystack.disputes_of(&tenant(), 7).await.ok();
        let ids = seen.map(|seen| seen.iter().map(|dispute| dispute.id).collect::<Vec<_>>());
        assert_eq!(ids.as_deref(), expected, "{body}");
        let asked = "GET /dispute?transaction=7&perPage=50&page=1";
        assert_eq!(server.heard()[0].line, asked);
    };
    let paged = |data: Value| json!({ "status": true, "message": "ok", "data": data, "meta": { "pageCount": 1 } });
    check(200, paged(json!([one, foreign, open])), Some(&[5, 2867])).await;
    check(200, paged(json!([])), Some(&[])).await;
    check(200, paged(json!(null)), None).await;
    check(200, paged(one.clone()), None).await;
    check(200, paged(json!([{ "id": 1 }])), None).await;
    check(404, no("Dispute not found", ""), None).await;
    check(500, json!({}), None).await;

    let (_, paystack) = saying(200, &ok(&one)).await;
    let seen = paystack.dispute(&tenant(), 2867).await.unwrap().unwrap();
    assert_eq!(seen.resolution.as_deref(), Some("merchant-accepted"));
    assert_eq!((seen.refund_amount, seen.currency.as_deref()), (Some(1002), Some("NGN")));
    assert_eq!(seen.transaction_reference.as_deref(), Some("tip-x"));
    let (_, paystack) = saying(404, &no("Dispute not found", "")).await;
    assert_eq!(paystack.dispute(&tenant(), 2867).await.unwrap(), None);
}

#[tokio::test]
async fn banks_are_read_page_by_page_and_only_those_that_can_be_paid() {
    let (server, paystack) = paystack(|heard| {
        let bank = |name: &str, code: &str| {
            json!({ "name": name, "code": code, "currency": "NGN", "type": "nuban",
                    "active": true, "supports_transfer": true, "is_deleted": null })
        };
        let mut closed = bank("Closed", "999");
        closed["active"] = json!(false);
        let mut gone = bank("Gone", "998");
        gone["is_deleted"] = json!(1);
        let (data, next) = match heard.line.contains("next=cur+1%26") {
            false => (json!([bank("Access Bank", "044"), closed]), json!("cur 1&")),
            true => (json!([gone, bank("Access Bank", "044"), bank("Zenith", "057")]), json!(null)),
        };
        let meta = json!({ "next": next, "previous": null, "perPage": 100 });
        let body = json!({ "status": true, "message": "ok", "data": data, "meta": meta });
        Says::json(200, &body.to_string())
    })
    .await;
    let kind = Some(RecipientKind::Nuban);
    let banks = paystack.banks(&tenant(), Currency::Ngn, kind).await.unwrap();
    let names: Vec<_> = banks.iter().map(|bank| (&*bank.name, &*bank.code)).collect();
    assert_eq!(names, [("Access Bank", "044"), ("Zenith", "057")]);
    let first = "GET /bank?use_cursor=true&perPage=100&currency=NGN&country=nigeria&type=nuban";
    assert_eq!(server.heard()[0].line, first);
}

#[tokio::test]
async fn an_account_is_named_or_unknown() {
    let data = json!({ "account_number": "0123456789", "account_name": "ADA OBI", "bank_id": 9 });
    let (server, paystack) = saying(200, &ok(&data)).await;
    assert_eq!(paystack.resolve(&tenant(), "0123456789", "058").await.unwrap(), "ADA OBI");
    let line = "GET /bank/resolve?account_number=0123456789&bank_code=058";
    assert_eq!(server.heard()[0].line, line);

    let (server, paystack) = saying(201, &ok(&json!({ "recipient_code": "RCP_1" }))).await;
    assert_eq!(paystack.create_recipient(&tenant(), &recipient()).await.unwrap(), "RCP_1");
    let expected = json!({
        "type": "nuban", "name": "Ada Obi", "account_number": "0123456789", "bank_code": "058",
        "currency": "NGN",
    });
    assert_eq!(server.heard()[0].json(), expected);

    let check = async |status, body: Value, unknown: bool| {
        let (_, paystack) = saying(status, &body).await;
        let resolved = paystack.resolve(&tenant(), "0123456789", "058").await.unwrap_err();
        let made = paystack.create_recipient(&tenant(), &recipient()).await.unwrap_err();
        for error in [resolved, made] {
            assert_eq!(matches!(error, PaystackError::AccountUnknown(_)), unknown, "{body}");
        }
    };
    let unresolved = "Could not resolve account name. Check parameters or try again.";
    check(422, no(unresolved, "invalid_bank_code"), true).await;
    check(400, no("Unknown bank code: 059", "invalid_params"), true).await;
    check(404, no("Account not found", ""), true).await;
    check(401, no("Invalid key", "invalid_Key"), false).await;
    check(500, json!({}), false).await;
}
