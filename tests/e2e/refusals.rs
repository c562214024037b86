//! What the platform refuses, how it says so, and that nothing of it stays behind.

use domain::access::Scope;
use reqwest::Method;
use serde_json::{Value, json};
use tessera_tests::{Ask, Owner, Platform, house};

const MIB: usize = 1024 * 1024;

/// Asks, expects the refusal, and that table and bucket are as before.
async fn refused(platform: &Platform, ask: Ask, status: u16, code: &str) -> Value {
    let before = platform.inventory().await;
    let problem = ask.header("x-request-id", "story-3").await.problem(status, code);
    assert_eq!(problem["trace_id"], "story-3");
    platform.inventory().await.is_still(&before, code);
    problem
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_breaks_a_rule_is_answered_with_its_problem_and_changes_nothing() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let (there, bare) = (house(), house().without("location"));
    let withdrawn = house().with("listingState", "withdrawn");
    owner.imports(&[there.clone(), bare.clone(), withdrawn.clone()]).await;
    owner.generates(&there).await;
    let absent = house();
    let generate = |id: &str| owner.post(&format!("/api/v1/qr/generate/{id}")).json(&json!({}));
    let with =
        |settings: Value| owner.post(&format!("/api/v1/qr/generate/{}", there.id)).json(&settings);
    let batch = |ids: Vec<String>| {
        owner.post("/api/v1/qr/batch-generate").json(&json!({ "property_ids": ids }))
    };
    let raw = |content_type: &str, body: &str| {
        owner.post(&format!("/api/v1/qr/generate/{}", there.id)).body(content_type, body.to_owned())
    };
    let put =
        |id: &str, document: Value| owner.put(&format!("/api/v1/properties/{id}")).json(&document);
    let of = |id: &str| format!("/api/v1/qr/{id}");
    let json_type = "application/json";
    let cases = [
        (generate("67ec"), 422, "invalid_id"),
        (generate("67ec31596333aba221e84dg8"), 422, "invalid_id"),
        (generate("list"), 422, "invalid_id"),
        (owner.get(&of("generate")), 422, "invalid_id"),
        (owner.delete(&of("list")), 405, "method_not_allowed"),
        (owner.get(&of("batch-generate")), 405, "method_not_allowed"),
        (generate(absent.id.as_str()), 404, "property_unknown"),
        (owner.get(&of(absent.id.as_str())), 404, "code_unknown"),
        (owner.delete(&of(absent.id.as_str())), 404, "code_unknown"),
        (owner.delete(&of(bare.id.as_str())), 404, "code_unknown"),
        (
            owner.put(&format!("{}/regenerate", of(bare.id.as_str()))).json(&json!({})),
            404,
            "code_unknown",
        ),
        (owner.get(&format!("{}/analytics", of(absent.id.as_str()))), 404, "code_unknown"),
        (generate(bare.id.as_str()), 422, "property_not_eligible"),
        (generate(withdrawn.id.as_str()), 422, "property_not_eligible"),
        (batch(vec![]), 422, "invalid_fields"),
        (batch(vec![there.id.to_string(); 1001]), 422, "invalid_fields"),
        (with(json!({ "colour": "red" })), 422, "invalid_fields"),
        (with(json!({ "size": "256" })), 422, "invalid_fields"),
        (with(json!({ "size": 63 })), 422, "invalid_fields"),
        (with(json!({ "size": 2049 })), 422, "invalid_fields"),
        (with(json!({ "margin": 3 })), 422, "invalid_fields"),
        (
            with(json!({ "colors": { "dark": "#ffffff", "light": "#000000" } })),
            422,
            "invalid_fields",
        ),
        (with(json!({ "expires_at": "2026-11-20T12:00:00Z" })), 422, "invalid_fields"),
        (with(json!({ "max_scans": 0 })), 422, "invalid_fields"),
        (with(json!({ "max_scans": -1 })), 422, "invalid_fields"),
        (with(json!({ "error_correction": "X" })), 422, "invalid_fields"),
        (with(json!([])), 422, "invalid_fields"),
        (with(json!(null)), 422, "invalid_fields"),
        (raw(json_type, "{"), 400, "malformed_json"),
        (raw(json_type, "{} {}"), 400, "malformed_json"),
        (raw(json_type, "{\"size\": 2"), 400, "malformed_json"),
        (raw("text/plain", "{}"), 400, "body_not_json"),
        (raw("application/x-www-form-urlencoded", "size=1"), 400, "body_not_json"),
        (with(json!({})).header("idempotency-key", ""), 400, "idempotency_key_invalid"),
        (
            with(json!({})).header("idempotency-key", &"k".repeat(256)),
            400,
            "idempotency_key_invalid",
        ),
        (put(there.id.as_str(), json!({ "property_name": "x" })), 422, "invalid_fields"),
        (put(there.id.as_str(), absent.document.clone()), 422, "invalid_fields"),
        (put(there.id.as_str(), there.clone().with("price", -1.5).document), 422, "invalid_fields"),
        (owner.get(&format!("{}?size=1", of(there.id.as_str()))), 422, ""),
        (owner.get(&format!("{}?format=gif", of(there.id.as_str()))), 422, "invalid_fields"),
        (
            owner.get(&format!("{}?format=png&dark=red", of(there.id.as_str()))),
            422,
            "invalid_fields",
        ),
        (owner.get("/api/v1/qr/list?limit=0"), 422, "invalid_limit"),
        (owner.get("/api/v1/qr/list?limit=101"), 422, "invalid_limit"),
        (owner.get("/api/v1/qr/list?page=2"), 422, "invalid_fields"),
        (owner.get("/api/v1/qr/list?cursor=forged"), 422, "invalid_cursor"),
        (owner.get("/api/v1/analytics/system?tz=Moon/Crater"), 422, "span_unknown"),
        (owner.get("/api/v1/analytics/system?from=2020-01-01"), 422, "span_too_long"),
        (owner.get("/api/v1/analytics/system?from=2026-11-21"), 422, "span_empty"),
        (owner.get("/api/v1/analytics/system?from=yesterday"), 422, "invalid_fields"),
    ];
    for (ask, status, code) in cases {
        // Reading shows what there is; a size without an image means nothing and is passed over.
        if code.is_empty() {
            let _shown = ask.await.is(200);
            continue;
        }
        let problem = refused(&platform, ask, status, code).await;
        if code == "invalid_fields" {
            assert!(!problem["errors"].as_array().unwrap().is_empty(), "{problem}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_ask_learns_nothing() {
    let platform = Platform::start().await;
    let (owner, stranger) = (platform.owner(), platform.newcomer().await);
    let theirs = house();
    owner.imports(std::slice::from_ref(&theirs)).await;
    owner.generates(&theirs).await;
    let none = owner.with_key("");
    let wrong = owner.with_key(&format!("tsk_{}", "0".repeat(64)));
    let junk = owner.with_key("password");
    let long = owner.with_key(&format!("tsk_{}", "0".repeat(500)));
    let id = theirs.id.as_str();
    let routes = [
        (Method::POST, format!("/api/v1/qr/generate/{id}")),
        (Method::POST, "/api/v1/qr/batch-generate".to_owned()),
        (Method::GET, format!("/api/v1/qr/{id}")),
        (Method::GET, "/api/v1/qr/list".to_owned()),
        (Method::DELETE, format!("/api/v1/qr/{id}")),
        (Method::PUT, format!("/api/v1/qr/{id}/regenerate")),
        (Method::GET, format!("/api/v1/qr/{id}/analytics")),
        (Method::GET, "/api/v1/analytics/system".to_owned()),
        (Method::GET, format!("/api/v1/properties/{id}")),
        (Method::PUT, format!("/api/v1/properties/{id}")),
        (Method::POST, "/api/v1/properties/import".to_owned()),
        (Method::GET, "/api/v1/tenant".to_owned()),
        (Method::PUT, "/api/v1/tenant".to_owned()),
        (Method::PUT, "/api/v1/tenant/logo".to_owned()),
        (Method::GET, "/api/v1/api-keys".to_owned()),
        (Method::POST, "/api/v1/api-keys".to_owned()),
        (Method::DELETE, "/api/v1/api-keys/key_x".to_owned()),
    ];
    for (method, path) in &routes {
        let ask = |who: &Owner| who.ask(method.clone(), path);
        let problem = refused(&platform, ask(&none), 401, "api_key_missing").await;
        assert_eq!(problem["errors"], Value::Null);
        for who in [&wrong, &junk, &long] {
            refused(&platform, ask(who), 401, "api_key_unknown").await;
        }
        let scopes: Vec<Scope> =
            Scope::ALL.into_iter().filter(|s| *s != scope_of(method, path)).collect();
        let short = owner.makes_key(&scopes).await;
        refused(&platform, ask(&short), 403, "scope_missing").await;
    }
    // A 401 says how to do better.
    assert!(none.get("/api/v1/tenant").await.header("www-authenticate").starts_with("ApiKey"));

    let settings = json!({});
    let of_theirs = [
        (
            stranger.post(&format!("/api/v1/qr/generate/{id}")).json(&settings),
            404,
            "property_unknown",
        ),
        (
            stranger.put(&format!("/api/v1/qr/{id}/regenerate")).json(&settings),
            404,
            "property_unknown",
        ),
        (stranger.get(&format!("/api/v1/qr/{id}")), 404, "code_unknown"),
        (stranger.get(&format!("/api/v1/qr/{id}?format=png")), 404, "code_unknown"),
        (stranger.delete(&format!("/api/v1/qr/{id}")), 404, "code_unknown"),
        (stranger.get(&format!("/api/v1/qr/{id}/analytics")), 404, "code_unknown"),
        (stranger.get(&format!("/api/v1/properties/{id}")), 404, "property_unknown"),
        (
            stranger.put(&format!("/api/v1/properties/{id}")).json(&theirs.document),
            409,
            "property_id_taken",
        ),
    ];
    for (ask, status, code) in of_theirs {
        refused(&platform, ask, status, code).await;
    }
    let before = platform.inventory().await;
    let report = stranger.imports_text(&theirs.document.to_string()).await.is(200).json();
    assert_eq!(report["errors"][0]["code"], "property_id_taken", "{report}");
    platform.inventory().await.is_still(&before, "the refusals");
    assert_eq!(stranger.get("/api/v1/qr/list").await.is(200).json()["codes"], json!([]));
}

fn scope_of(method: &Method, path: &str) -> Scope {
    match path {
        _ if path.contains("analytics") => Scope::AnalyticsRead,
        _ if path.contains("/tenant") || path.contains("api-keys") => Scope::Admin,
        _ if path.contains("/properties/") && *method != Method::GET => Scope::PropertiesWrite,
        _ if *method == Method::GET => Scope::CodesRead,
        _ => Scope::CodesWrite,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cursor_of_somebody_else_or_of_another_list_leads_nowhere() {
    let platform = Platform::start().await;
    let (owner, stranger) = (platform.owner(), platform.newcomer().await);
    for who in [owner, &stranger] {
        let houses = tessera_tests::houses(2);
        who.imports(&houses).await;
        let _made = who.generates_all(&houses).await.is(200);
        who.makes_key(&[Scope::CodesRead]).await;
    }
    let cursor = async |who: &Owner, list: &str| {
        let page = who.get(&format!("{list}?limit=1")).await.is(200).json();
        page["next_cursor"].as_str().unwrap().to_owned()
    };
    let (codes, keys) = ("/api/v1/qr/list", "/api/v1/api-keys");
    let (theirs, of_keys) = (cursor(&stranger, codes).await, cursor(owner, keys).await);
    let own = cursor(owner, codes).await;
    let mut changed = own.clone();
    changed.replace_range(0..1, if own.starts_with('A') { "B" } else { "A" });
    for cursor in [theirs, of_keys, changed, own[1..].to_owned(), "x".repeat(5000)] {
        let ask = owner.get(&format!("{codes}?cursor={cursor}"));
        refused(&platform, ask, 422, "invalid_cursor").await;
    }
    let _next = owner.get(&format!("{codes}?cursor={own}")).await.is(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_is_too_large_is_refused_before_it_does_anything() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let before = platform.inventory().await;
    let text = |bytes: usize| "x".repeat(bytes);
    let json = |bytes: usize| format!("{{\"property_ids\":[\"{}\"]}}", text(bytes));
    let cases = [
        (Method::POST, "/api/v1/properties/import", "text/plain", text(10 * MIB + 1)),
        (Method::POST, "/api/v1/properties/import", "text/plain", text(4 * MIB + 1)),
        (Method::POST, "/api/v1/qr/batch-generate", "application/json", json(10 * MIB)),
        (Method::POST, "/api/v1/qr/batch-generate", "application/json", json(256 * 1024)),
        (Method::PUT, "/api/v1/tenant", "application/json", text(256 * 1024 + 1)),
        (Method::PUT, "/api/v1/tenant/logo", "image/png", text(256 * 1024 + 1)),
        (Method::POST, "/session", "application/json", text(256 * 1024 + 1)),
    ];
    for (method, path, content_type, body) in cases {
        let size = body.len();
        let reply = owner.ask(method, path).body(content_type, body).attempt().await;
        // The gateway may answer, and close, before all of it was sent.
        if let Ok(reply) = reply {
            assert_eq!(reply.status, 413, "{path} {size}: {}", reply.text());
            if size < 5 * MIB {
                reply.problem(413, "body_too_large");
            }
        } else {
            assert!(size > 10 * MIB, "{path} {size} got no answer");
        }
    }
    platform.inventory().await.is_still(&before, "the refusals");
    // Exactly four megabytes are taken, whatever is in them.
    let report = owner.imports_text(&text(4 * MIB)).await.is(200).json();
    assert_eq!(report["errors"][0]["code"], "line_too_long", "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_that_a_camera_could_not_read_come_with_some_that_work() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let cases = [
        (json!({ "size": 64 }), "qr_too_small"),
        (json!({ "size": 100, "error_correction": "H" }), "qr_too_small"),
        (json!({ "size": 120, "margin": 16 }), "qr_too_small"),
    ];
    for (settings, code) in cases {
        let house = house();
        owner.imports(std::slice::from_ref(&house)).await;
        let ask = owner.post(&format!("/api/v1/qr/generate/{}", house.id)).json(&settings);
        let problem = refused(&platform, ask, 422, code).await;
        let suggestion = &problem["suggestion"];
        assert!(suggestion.is_object(), "{problem}");
        let made = owner.generates_with(&house, suggestion).await.is(201).json();
        let image = platform.visitor().get(made["image_url"].as_str().unwrap()).await.is(200);
        assert_eq!(qr::decode(&image.body).unwrap(), made["qr_pattern"].as_str().unwrap());
    }
    let small = house();
    owner.imports(std::slice::from_ref(&small)).await;
    let forced = json!({ "size": 100, "force": true });
    assert_eq!(owner.generates_with(&small, &forced).await.is(201).json()["size"], 100);
}

/// A PNG's beginning that claims this size, and then stops.
fn png_that_claims(width: u32, height: u32) -> Vec<u8> {
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    png.extend(width.to_be_bytes());
    png.extend(height.to_be_bytes());
    png.extend([8, 2, 0, 0, 0]);
    let checksum = crc32(&png[12..]);
    png.extend(checksum.to_be_bytes());
    png
}

/// The checksum of PNG's chunks (ISO 3309).
fn crc32(bytes: &[u8]) -> u32 {
    let byte = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 * (crc & 1)))
    };
    !bytes.iter().fold(u32::MAX, byte)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_no_logo_is_refused_without_being_unpacked() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let house = house();
    owner.imports(std::slice::from_ref(&house)).await;
    let code = owner.generates(&house).await;
    let image = platform.visitor().get(code["image_url"].as_str().unwrap()).await.is(200).body;
    let mut cut = image.clone();
    cut.truncate(image.len() / 2);
    let mut heavy = image.clone();
    heavy.resize(100 * 1024 + 1, 0);
    let files = [
        ("50,000 pixels a side", png_that_claims(50_000, 50_000)),
        ("a single row of 2^31 pixels", png_that_claims(0x7fff_ffff, 1)),
        ("SVG", b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>".to_vec()),
        ("ZIP", b"PK\x03\x04\x14\0\0\0\x08\0logo.png".to_vec()),
        ("a GIF", b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff;".to_vec()),
        ("half a PNG", cut),
        ("100 KB and a byte", heavy),
        ("nothing", Vec::new()),
    ];
    for (what, file) in files {
        let started = std::time::Instant::now();
        let before = platform.inventory().await;
        let reply = owner.put("/api/v1/tenant/logo").body("image/png", file).await;
        let code = reply.json()["code"].as_str().unwrap_or_default().to_owned();
        assert!(code.starts_with("logo_"), "{what}: {}", reply.text());
        reply.problem(422, &code);
        platform.inventory().await.is_still(&before, what);
        println!("{what}: {code} after {:?}", started.elapsed());
    }
    let logo = owner.put("/api/v1/tenant/logo").body("image/png", image).await.is(200).json();
    assert_eq!(logo["width"], 256);
    let with_logo = owner.regenerates(&house, &json!({})).await.is(200).json();
    let image = platform.visitor().get(with_logo["image_url"].as_str().unwrap()).await.is(200);
    assert_eq!(qr::decode(&image.body).unwrap(), with_logo["qr_pattern"].as_str().unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_id_of_the_clients_own_comes_back_if_it_is_harmless() {
    let platform = Platform::start().await;
    let sent = async |id: &str| {
        let reply = platform.visitor().sending("x-request-id", id).get("/health").await.is(200);
        reply.header("x-request-id").to_owned()
    };
    assert_eq!(sent("abc-DEF_123").await, "abc-DEF_123");
    for harmful in ["a b", "a\"b", &"a".repeat(65), "{}"] {
        let made = sent(harmful).await;
        assert!(made.len() == 32 && made != harmful, "{harmful}: {made}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scan_that_leads_nowhere_says_so_on_a_page_and_in_the_data() {
    let platform = Platform::start().await;
    let bare = house();
    platform.owner().imports(std::slice::from_ref(&bare)).await;
    let visitor = platform.visitor();
    for id in ["67ec", "list", house().id.as_str(), bare.id.as_str()] {
        let page = visitor.get(&format!("/scan/{id}")).await.is(404);
        assert!(page.header("content-type").starts_with("text/html"), "{id}");
        assert!(page.text().contains("leads nowhere"), "{id}: {}", page.text());
    }
    visitor.get(&format!("/api/v1/scan/{}", bare.id)).await.problem(404, "code_unknown");
    visitor.get("/api/v1/scan/67ec").await.problem(422, "invalid_id");
    assert_eq!(platform.inventory().await.count("E#"), 0);
}
