//! The control requests and the page for people.

use serde_json::{Value, json};

use super::{Bench, bench};

async fn control(bench: &Bench, what: &str, body: Value) -> Value {
    let (method, path) = what.split_once(' ').unwrap();
    let answer = bench.ask(&format!("{method} /_simulator/{path}"), body).await;
    assert_eq!(answer.status, 200, "{what}: {}", answer.text);
    answer.json()
}

#[tokio::test]
async fn everything_can_be_done_over_http() {
    let bench = bench().await;
    bench.charge("a", 100_000).await;
    bench.charge("b", 100_000).await;
    let fault = json!({"on": "charge.success", "kind": "hold", "count": 1});
    control(&bench, "POST faults", fault).await;
    assert_eq!(control(&bench, "GET faults", Value::Null).await[0]["kind"], "hold");
    let paid = control(&bench, "POST transactions/a", json!({"payment": "success"})).await;
    assert_eq!(paid["result"], "success");
    let card = json!({"payment": {"card": "4084080000005408"}});
    assert_eq!(control(&bench, "POST transactions/b", card).await["result"], "failed");
    let held = control(&bench, "GET webhooks?status=held", Value::Null).await;
    let delivered = control(&bench, &format!("POST webhooks/{}", held[0]["id"]), Value::Null).await;
    assert_eq!(delivered["result"]["status"], 200);
    let settled = control(&bench, "POST settle", json!({"to": "bank", "currency": "NGN"})).await;
    assert_eq!(settled["result"].as_array().unwrap().len(), 1);
    let top_up = json!({"integration": bench.first, "currency": "NGN", "amount": 500_000});
    control(&bench, "POST top-up", top_up).await;
    let money = control(&bench, "GET money", Value::Null).await;
    let line = (&money[0]["bank"], &money[0]["balance"], &money[0]["sum"]);
    assert_eq!(line, (&json!(98_500), &json!(500_000), &json!(0)));
    let dispute =
        control(&bench, "POST disputes", json!({"reference": "a", "amount": 10_000})).await;
    let dispute = format!("POST disputes/{}", dispute["result"]);
    control(&bench, &dispute, json!({"remind": true})).await;
    control(&bench, &dispute, json!({"resolution": "declined"})).await;
    let refund = control(&bench, "POST refunds", json!({"reference": "a", "amount": 10_000})).await;
    let refund = format!("POST refunds/{}", refund["result"]);
    control(&bench, &refund, json!({"status": "needs-attention"})).await;
    let change = json!({"live": true, "transfers": "by_hand"});
    control(&bench, &format!("POST merchants/{}", bench.first), change).await;
    let merchants = control(&bench, "GET merchants", Value::Null).await;
    assert_eq!(merchants[0]["settings"]["transfers"], "by_hand");
    assert!(!merchants.to_string().contains("sk_test"), "no key is shown");
    let recipient = bench.recipient().await;
    let transfer =
        json!({"source": "balance", "amount": 1_000, "recipient": recipient, "reference": "p"});
    bench.ask("POST /transfer", transfer).await.content();
    control(&bench, "POST transfers/p", json!({"status": "failed"})).await;
    assert!(control(&bench, "POST pump", Value::Null).await["result"].as_u64().unwrap() > 0);
    for list in ["transactions", "refunds", "disputes", "transfers"] {
        assert!(
            control(&bench, &format!("GET {list}"), Value::Null).await[0].is_object(),
            "{list}"
        );
    }
    assert_eq!(control(&bench, "GET calls", Value::Null).await["POST /transfer"], 1);
    control(&bench, "DELETE calls", Value::Null).await;
    assert_eq!(control(&bench, "GET calls", Value::Null).await, json!({}));
}

#[tokio::test]
async fn what_is_impossible_is_said() {
    let bench = bench().await;
    bench.charge("a", 100_000).await;
    for (what, body, status) in [
        ("transactions/none", json!({"payment": "success"}), 404),
        ("transactions/a", json!({"payment": "gold"}), 409),
        ("refunds/1", json!({"status": "processed"}), 404),
        ("refunds", json!({"reference": "a"}), 409),
        ("disputes", json!({"reference": "a"}), 409),
        ("transfers/none", json!({"status": "failed"}), 404),
        ("webhooks/9", Value::Null, 404),
        ("faults", json!({"on": "x", "kind": "gremlin"}), 400),
        ("top-up", json!({"integration": 1, "currency": "NGN", "amount": 5}), 409),
    ] {
        let answer = bench.ask(&format!("POST /_simulator/{what}"), body).await;
        assert_eq!(answer.status, status, "{what}: {}", answer.text);
        assert!(answer.json()["error"].is_string());
    }
}

#[tokio::test]
async fn the_page_shows_money_events_and_buttons_without_a_script() {
    let bench = bench().await;
    assert!(bench.get("/").await.text.contains("Nobody has paid yet"));
    bench.paid("tip-1", 123_400).await;
    bench.receiver.answers(&[503]);
    bench.simulator.pump().await;
    bench.simulator.refund("tip-1", Some(100)).unwrap();
    let page = bench.get("/?done").await;
    for part in
        ["1,234.00 NGN", "tip-1", "503", "refund.pending", "Settle into the balance", "Done."]
    {
        assert!(page.text.contains(part), "{part}");
    }
    for refused in ["<script", "style=", "sk_test"] {
        assert!(!page.text.contains(refused), "{refused}");
    }
    let form = "integration=&currency=NGN&to=balance";
    let send = |path: &str, form: &str| {
        http::Request::post(path)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(axum::body::Body::from(form.to_owned()))
            .unwrap()
    };
    let pressed = bench.send(send("/_simulator/settle", form)).await;
    assert_eq!((pressed.status, pressed.headers["location"].to_str().unwrap()), (303, "/?done"));
    assert!(bench.money().balance > 0);
    let planned = "kind=delay&on=charge.success&count=2&times=1&ms=60000";
    assert_eq!(bench.send(send("/_simulator/faults", planned)).await.headers["location"], "/?done");
    assert_eq!(bench.simulator.faults().len(), 1);
    let wrong = bench.send(send("/_simulator/refunds", "reference=none")).await;
    assert_eq!(wrong.headers["location"], "/?failed");
    for path in ["/assets/paystack.css", web::assets::STYLESHEET.path().as_str()] {
        assert_eq!(bench.get(path).await.headers["content-type"], "text/css; charset=utf-8");
    }
}
