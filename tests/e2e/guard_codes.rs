//! The printed codes of guards: issued, drawn, mailed, and taken back by the next one.

use domain::guard::{GuardQrStatus, GuardToken, TipPageState};
use domain::id::GuardQrId;
use jiff::SignedDuration;
use serde_json::{Value, json};
use tessera_tests::{Owner, Platform, at_once};

fn token(code: &Value) -> GuardToken {
    GuardToken::parse(code["token"].as_str().unwrap()).unwrap()
}

async fn codes(owner: &Owner, guard: &Value) -> Vec<Value> {
    let path = format!("{}/qr", owner.path_of(guard));
    owner.get(&path).await.is(200).json()["codes"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_code_takes_the_one_before_back() {
    let platform = Platform::start().await;
    let (owner, table) = (platform.owner(), platform.table());
    let guard = owner.hires("Musa", "Adebayo").await;
    assert_eq!(codes(owner, &guard).await, [json!(null); 0]);
    let first = owner.prints_code(&guard).await;
    let url = format!("{}/g/{}", platform.base(), first["token"].as_str().unwrap());
    assert_eq!(first["url"], url);
    assert_eq!(first["signed_token"].as_str().unwrap().split('.').count(), 3);
    let target = table.tip_target(&token(&first)).await.unwrap().unwrap();
    assert_eq!((target.state(), target.name.as_str()), (TipPageState::Open, "Musa A."));

    platform.passes(SignedDuration::from_secs(1)).await;
    let second = owner.prints_code(&guard).await;
    assert_ne!(first["token"], second["token"]);
    let revoked = table.tip_target(&token(&first)).await.unwrap().unwrap();
    assert_eq!(revoked.state(), TipPageState::Revoked);
    let shown = codes(owner, &guard).await;
    let of = |code: &Value, field: &str| code[field].clone();
    assert_eq!(shown.len(), 2);
    assert_eq!(
        (of(&shown[0], "qr_id"), of(&shown[0], "status")),
        (of(&second, "qr_id"), "active".into())
    );
    assert_eq!(
        (of(&shown[1], "qr_id"), of(&shown[1], "status")),
        (of(&first, "qr_id"), "revoked".into())
    );
    assert_eq!(shown[1]["revoked_at"], platform.now().to_string());
    let read = owner.get(&owner.path_of(&guard)).await.is(200).json();
    assert_eq!(read["code"]["qr_id"], second["qr_id"]);

    // What becomes of the guard shows behind its code at once.
    let suspend = format!("{}/suspend", owner.path_of(&guard));
    let _resting = owner.post(&suspend).await.is(200);
    let target = table.tip_target(&token(&second)).await.unwrap().unwrap();
    assert_eq!(target.state(), TipPageState::Suspended);
    let third = owner.prints_code(&guard).await;
    let target = table.tip_target(&token(&third)).await.unwrap().unwrap();
    assert_eq!(target.state(), TipPageState::Suspended);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_comes_twice_prints_one_code() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let guard = owner.hires("Musa", "Adebayo").await;
    let path = format!("{}/qr", owner.path_of(&guard));
    owner.post(&path).json(&json!({})).await.problem(400, "idempotency_key_missing");
    let print = || owner.post(&path).header("idempotency-key", "print").json(&json!({}));
    let first = print().await.is(201).json();
    let again = print().await.is(201);
    assert_eq!((again.header("idempotency-replayed"), again.json()), ("true", first));
    // Of many at the same moment each either prints a code or is told that somebody else was faster.
    let many = (0..12).map(|_| async { owner.post_once(&path).json(&json!({})).await });
    let mut printed = 1;
    for reply in at_once(12, many).await {
        if reply.status == 409 {
            reply.problem(409, "guard_changed");
        } else {
            let _printed = reply.is(201);
            printed += 1;
        }
    }
    let shown = codes(owner, &guard).await;
    let active = shown.iter().filter(|code| code["status"] == "active").count();
    assert_eq!((shown.len(), active), (printed, 1));
    for code in &shown {
        let target = platform.table().tip_target(&token(code)).await.unwrap().unwrap();
        assert_eq!(target.code_status.as_str(), code["status"], "{code}");
        assert_eq!(target.code, GuardQrId::parse(code["qr_id"].as_str().unwrap()).unwrap());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_is_drawn_as_a_picture_and_as_a_card() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let guard = owner.hires("Chukwuemeka", "Ọ̀ṣun").await;
    let image = |query: &str| owner.get(&format!("{}/qr/image{query}", owner.path_of(&guard)));
    image("").await.problem(404, "guard_has_no_code");
    let code = owner.prints_code(&guard).await;
    let url = code["url"].as_str().unwrap();
    for query in ["", "?format=png&size=256", "?size=2048&ecl=H", "?ecl=L&size=300"] {
        let png = image(query).await.is(200);
        assert_eq!(png.header("content-type"), "image/png");
        assert_eq!(qr::decode(&png.body).unwrap(), url, "{query}");
    }
    let svg = image("?format=svg").await.is(200);
    assert_eq!(svg.header("content-type"), "image/svg+xml");
    assert!(svg.text().starts_with("<svg ") && svg.text().contains(r#"width="512""#));

    let card = image("?format=pdf").await.is(200);
    assert_eq!(card.header("content-type"), "application/pdf");
    let named = format!("inline; filename=\"guard-{}.pdf\"", code["token"].as_str().unwrap());
    assert_eq!(card.header("content-disposition"), named);
    let holds = |text: &str| card.body.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(card.body.starts_with(b"%PDF-") && card.body.ends_with(b"%%EOF"));
    assert!(holds("/MediaBox[0 0 297.64 419.53]") && holds("NotoSans-Bold"), "A6, with its type");

    for wrong in ["?size=255", "?size=2049", "?format=gif", "?ecl=X", "?colour=red"] {
        image(wrong).await.problem(422, "invalid_fields");
    }
    let profile = json!({ "first_name": "李", "last_name": "小龙", "employee_id": "7" });
    let _renamed = owner.put(&owner.path_of(&guard)).json(&profile).await.is(200);
    let problem = image("?format=pdf").await.problem(422, "card_letters_missing");
    assert!(problem["detail"].as_str().unwrap().contains("李小龙"), "{problem}");
    let _png = image("").await.is(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_is_mailed_to_a_guard_with_an_address_once_per_request() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let guard = owner.hires("Musa", "Adebayo").await;
    let path = format!("{}/qr/email", owner.path_of(&guard));
    owner.post_once(&path).json(&json!({})).await.problem(404, "guard_has_no_code");
    let code = owner.prints_code(&guard).await;
    owner.post(&path).json(&json!({})).await.problem(400, "idempotency_key_missing");
    let mail = || owner.post(&path).header("idempotency-key", "mail").json(&json!({}));
    let sent = mail().await.is(202).json();
    assert_eq!(sent["qr_id"], code["qr_id"]);
    assert_eq!(mail().await.is(202).header("idempotency-replayed"), "true");
    assert_eq!(platform.inventory().await.count("NT#"), 1, "one notice in the outbox");
    let _second = owner.post_once(&path).json(&json!({})).await.is(202);
    assert_eq!(platform.inventory().await.count("NT#"), 2);
    let silent = json!({ "first_name": "Musa", "last_name": "Adebayo", "employee_id": "9" });
    let _renamed = owner.put(&owner.path_of(&guard)).json(&silent).await.is(200);
    owner.post_once(&path).json(&json!({})).await.problem(409, "guard_has_no_email");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tenant_s_name_and_tips_reach_every_guard_s_code() {
    let platform = Platform::start().await;
    let (owner, table) = (platform.owner(), platform.table());
    let mut printed = Vec::new();
    for number in 0..103 {
        let guard = owner.hires("Musa", &format!("Number {number}")).await;
        if number % 10 == 0 || number > 99 {
            printed.push(token(&owner.prints_code(&guard).await));
        }
    }
    let mut settings = owner.get("/api/v1/tenant").await.is(200).json();
    for shown in ["id", "has_logo", "version", "destinations_applied"] {
        settings.as_object_mut().unwrap().remove(shown);
    }
    settings["tips"]["presets"] = json!([30_000, 70_000]);
    let tenant = owner.put("/api/v1/tenant").json(&settings).await.is(200).json();
    assert_eq!(tenant["destinations_applied"], true);
    for token in &printed {
        let target = table.tip_target(token).await.unwrap().unwrap();
        assert_eq!(target.tips.presets, [30_000, 70_000], "{token}");
    }
    settings["name"] = json!("Lagos Guards");
    let _renamed = owner.put("/api/v1/tenant").json(&settings).await.is(200);
    for token in &printed {
        let target = table.tip_target(token).await.unwrap().unwrap();
        assert_eq!(target.tenant_name, "Lagos Guards", "{token}");
        assert_eq!(target.code_status, GuardQrStatus::Active);
    }
}
