//! Guards are taken on, changed, listed, rested and let go; nobody else sees them.

use domain::access::Scope;
use serde_json::{Value, json};
use tessera_tests::{Owner, Platform};

async fn last_names(owner: &Owner, query: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut path = format!("/api/v1/guards?limit=2{query}");
    loop {
        let page = owner.get(&path).await.is(200).json();
        let guards = page["guards"].as_array().unwrap();
        names.extend(guards.iter().map(|guard| guard["last_name"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else { return names };
        path = format!("/api/v1/guards?limit=2{query}&cursor={cursor}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guard_is_taken_on_once_and_changed_by_whoever_has_read_it() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let wanted = json!({
        "first_name": "Chukwuemeka", "last_name": "Ọ̀ṣun", "employee_id": "LAG/7",
        "phone": "+234 803 123-4567", "email": " Emeka@Example.com ",
    });
    owner.post("/api/v1/guards").json(&wanted).await.problem(400, "idempotency_key_missing");
    let hire = |key: &str| owner.post("/api/v1/guards").header("idempotency-key", key);
    let guard = hire("a").json(&wanted).await.is(201).json();
    assert_eq!(guard["display_name"], "Chukwuemeka Ọ.");
    assert_eq!(guard["phone"], "+2348031234567");
    assert_eq!(guard["email"], "Emeka@example.com");
    assert_eq!((&guard["status"], &guard["version"]), (&"active".into(), &1.into()));
    let again = hire("a").json(&wanted).await.is(201);
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.json(), guard);
    hire("b").json(&wanted).await.problem(409, "employee_id_taken");

    let path = owner.path_of(&guard);
    assert_eq!(owner.get(&path).await.is(200).json(), guard);
    let mut changed = wanted.clone();
    changed["employee_id"] = json!("LAG/8");
    changed["version"] = json!(1);
    let put = |body: &Value| owner.put(&path).json(body);
    assert_eq!(put(&changed).await.is(200).json()["version"], 2);
    put(&changed).await.problem(409, "guard_changed");
    // The employee id of before is free, the new one is not.
    let _other = hire("c").json(&wanted).await.is(201);
    let mut third = wanted.clone();
    third["employee_id"] = json!("LAG/8");
    hire("d").json(&third).await.problem(409, "employee_id_taken");
    changed["employee_id"] = json!("LAG/7");
    changed["version"] = json!(2);
    put(&changed).await.problem(409, "employee_id_taken");
    let wrong =
        json!({ "first_name": " ", "last_name": "O", "employee_id": "a b", "phone": "0803" });
    let problem = put(&wrong).await.problem(422, "invalid_fields");
    let fields: Vec<&str> =
        problem["errors"].as_array().unwrap().iter().filter_map(|e| e["field"].as_str()).collect();
    assert_eq!(fields, ["first_name", "employee_id", "phone"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guards_are_listed_by_name_and_by_status() {
    let platform = Platform::start().await;
    let (owner, other) = (platform.owner(), platform.newcomer().await);
    for name in ["Okafor", "adebayo", "Bello", "Eze", "Danjuma"] {
        let guard = owner.hires("Musa", name).await;
        if ["Bello", "Okafor"].contains(&name) {
            let path = format!("{}/suspend", owner.path_of(&guard));
            let _suspended = owner.post(&path).await.is(200);
        }
    }
    other.hires("Ada", "Zuma").await;
    let all = ["adebayo", "Bello", "Danjuma", "Eze", "Okafor"];
    assert_eq!(last_names(owner, "").await, all);
    assert_eq!(last_names(owner, "&status=suspended").await, ["Bello", "Okafor"]);
    assert_eq!(last_names(owner, "&status=archived").await, [""; 0]);
    assert_eq!(last_names(&other, "").await, ["Zuma"]);
    owner.get("/api/v1/guards?status=asleep").await.problem(422, "invalid_fields");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guard_rests_comes_back_and_leaves_for_good() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let guard = owner.hires("Musa", "Adebayo").await;
    let path = owner.path_of(&guard);
    let turn = |how: &str| owner.post(&format!("{path}/{how}"));
    turn("resume").await.problem(409, "guard_has_this_status");
    assert_eq!(turn("suspend").await.is(200).json()["status"], "suspended");
    turn("suspend").await.problem(409, "guard_has_this_status");
    assert_eq!(turn("resume").await.is(200).json()["status"], "active");
    let gone = turn("archive").await.is(200).json();
    assert_eq!((&gone["status"], &gone["version"]), (&"archived".into(), &4.into()));

    let before = platform.inventory().await;
    for how in ["suspend", "resume"] {
        turn(how).await.problem(409, "guard_is_archived");
    }
    turn("archive").await.problem(409, "guard_has_this_status");
    let profile = json!({ "first_name": "M", "last_name": "A", "employee_id": "1" });
    owner.put(&path).json(&profile).await.problem(409, "guard_is_archived");
    let empty = json!({});
    owner.post_once(&format!("{path}/qr")).json(&empty).await.problem(409, "guard_is_archived");
    let choice = json!({ "sms": false });
    let notifications = format!("{path}/notifications");
    owner.put(&notifications).json(&choice).await.problem(409, "guard_is_archived");
    let account = json!({ "kind": "bank", "bank_code": "057", "account_number": "0022728151" });
    let payout = format!("{path}/payout-account");
    owner.put(&payout).json(&account).await.problem(409, "guard_is_archived");
    let photo = json!({ "content_type": "image/png", "bytes": 1 });
    owner.post(&format!("{path}/photo")).json(&photo).await.problem(409, "guard_is_archived");
    platform.inventory().await.is_still(&before, "the refusals");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_else_s_guard_is_there() {
    let platform = Platform::start().await;
    let (owner, stranger) = (platform.owner(), platform.newcomer().await);
    let guard = owner.hires("Musa", "Adebayo").await;
    owner.prints_code(&guard).await;
    let path = owner.path_of(&guard);
    let before = platform.inventory().await;
    let profile = json!({ "first_name": "M", "last_name": "A", "employee_id": "1" });
    let account = json!({ "kind": "bank", "bank_code": "057", "account_number": "0022728151" });
    let photo = json!({ "content_type": "image/png", "bytes": 1 });
    let sent = json!({ "photo_id": "pho_00000000000000000000000000" });
    for who in [&stranger, owner] {
        // The owner has no such guard either, or asks for one that is nobody's.
        let unknown = ["/api/v1/guards/grd_00000000000000000000000000", "/api/v1/guards/GRD-1"];
        let paths = if who.key == owner.key { &unknown[..] } else { &[path.as_str()] };
        for path in paths {
            let at = |rest: &str| format!("{path}{rest}");
            let asks = [
                who.get(path),
                who.put(path).json(&profile),
                who.post(&at("/suspend")),
                who.post(&at("/resume")),
                who.post(&at("/archive")),
                who.put(&at("/payout-account")).json(&account),
                who.get(&at("/notifications")),
                who.put(&at("/notifications")).json(&json!({ "sms": false })),
                who.delete(&at("/push-subscriptions")).json(&json!({ "endpoint": "x" })),
                who.get(&at("/qr")),
                who.post_once(&at("/qr")).json(&json!({})),
                who.get(&at("/qr/image")),
                who.post_once(&at("/qr/email")).json(&json!({})),
                who.get(&at("/tips")),
                who.post(&at("/photo")).json(&photo),
                who.post(&at("/photo/complete")).json(&sent),
            ];
            for ask in asks {
                ask.await.problem(404, "guard_unknown");
            }
        }
    }
    platform.inventory().await.is_still(&before, "the refusals");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_bound_to_a_guard_reads_that_guard_and_nothing_else() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let (own, other) = (owner.hires("Musa", "Adebayo").await, owner.hires("Ada", "Obi").await);
    for guard in [&own, &other] {
        owner.prints_code(guard).await;
    }
    let bound = |kind: &str, id: &str| {
        let bound_to = json!({ "kind": kind, "id": id });
        json!({ "name": "Musa's telephone", "scopes": Scope::ALL, "bound_to": bound_to })
    };
    let id = own["guard_id"].as_str().unwrap();
    let made = owner.asks_for_key(&bound("guard", id), "bound").await.is(201).json();
    let musa = owner.with_key(made["api_key"].as_str().unwrap());
    let (mine, theirs) = (owner.path_of(&own), owner.path_of(&other));
    let readable = ["", "/qr", "/qr/image", "/notifications", "/tips"];
    for rest in readable {
        let _read = musa.get(&format!("{mine}{rest}")).await.is(200);
        musa.get(&format!("{theirs}{rest}")).await.problem(404, "not_found");
    }
    let choice = json!({ "sms": false });
    musa.put(&format!("{mine}/notifications")).json(&choice).await.problem(404, "not_found");
    musa.post(&format!("{mine}/archive")).await.problem(404, "not_found");
    musa.get("/api/v1/guards").await.problem(404, "not_found");
    musa.get("/api/v1/tenant").await.problem(404, "not_found");
    // A business with the same symbols is another thing.
    let business = id.replace("grd_", "biz_");
    let made = owner.asks_for_key(&bound("business", &business), "other kind").await.is(201).json();
    let till = owner.with_key(made["api_key"].as_str().unwrap());
    till.get(&mine).await.problem(404, "not_found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guard_chooses_how_to_hear_of_tips() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let guard = owner.hires("Musa", "Adebayo").await;
    let path = format!("{}/notifications", owner.path_of(&guard));
    let shown = async || {
        let channels = owner.get(&path).await.is(200).json();
        ["sms", "email", "push"].map(|channel| {
            let is = |what: &str| channels[channel][what].as_bool().unwrap();
            (is("opted_in"), is("reachable"))
        })
    };
    assert_eq!(shown().await, [(true, true), (true, true), (false, false)]);
    let choice = json!({ "sms": false, "push": true });
    let chosen = owner.put(&path).json(&choice).await.is(200).json();
    assert_eq!(chosen["sms"]["updated_at"], platform.now().to_string());
    assert_eq!(shown().await, [(false, true), (true, true), (true, false)]);

    let browsers = format!("{}/push-subscriptions", owner.path_of(&guard));
    let browser = |number: usize| {
        let endpoint = format!("https://updates.push.services.mozilla.com/wpush/v2/{number}");
        let keys = json!({
            "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
            "auth": "BTBZMqHH6r4Tts7J_aSIgg",
        });
        json!({ "endpoint": endpoint, "expirationTime": null, "keys": keys })
    };
    for number in [1, 2, 3, 4, 5, 5] {
        let _added = owner.post(&browsers).json(&browser(number)).await.is(204);
    }
    let sixth = owner.post(&browsers).json(&browser(6)).await;
    sixth.problem(409, "push_subscriptions_full");
    assert_eq!(shown().await[2], (true, true));
    let first = json!({ "endpoint": browser(1)["endpoint"] });
    let _gone = owner.delete(&browsers).json(&first).await.is(204);
    owner.delete(&browsers).json(&first).await.problem(404, "push_subscription_unknown");
    let _room = owner.post(&browsers).json(&browser(6)).await.is(204);
    let mut foreign = browser(7);
    foreign["endpoint"] = json!("https://10.0.0.1/");
    owner.post(&browsers).json(&foreign).await.problem(422, "invalid_fields");
}
