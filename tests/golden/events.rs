//! `events/`: one real event per trigger and what it is answered with.
//!
//! Each `events/http/<function>/<name>.json` has its `<name>.reply.json`. What differs from run to run is masked in
//! it; pages and images are shown by their title, size and SHA-256.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use local::Stack;
use serde_json::Value;
use web::assets;

use crate::call::call;
use crate::desk::{ask, change_account, go_astray, lay_out};
use crate::fixture::{golden, is_update, options, root, router, template};
use crate::loyalty::serve;
use crate::loyalty_wallet::join;
use crate::money::{earn, reserve, settle};
use crate::purchases::buy;
use crate::redeem::open_till;
use crate::seed::{scan, seed};
use crate::shown::shown;
use crate::tips::begin;
use crate::vouchers::offer;
use crate::wallet::{hold, invite};

/// Routes that nobody is refused at.
const NEVER_REFUSED: [&str; 13] = [
    "DELETE /session",
    "GET /.well-known/jwks.json",
    "GET /L/{token}",
    "GET /business/worker.js",
    "GET /desk/sign-in",
    "GET /docs",
    "GET /docs/problems",
    "GET /health",
    "GET /l/{token}",
    "GET /my/vouchers",
    "GET /openapi.json",
    "GET /wallet/offline",
    "GET /wallet/worker.js",
];

/// The events of a function, without the replies.
fn events_of(function: &str) -> Vec<PathBuf> {
    let folder = root().join("events/http").join(function);
    let files = std::fs::read_dir(&folder).unwrap_or_else(|_| panic!("no {}", folder.display()));
    let event = |path: &PathBuf| !path.to_string_lossy().ends_with(".reply.json");
    let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).filter(event).collect();
    files.sort();
    files
}

/// Plays each event of a function on a platform of its own, and compares the answer.
async fn play(function: &str) {
    for path in events_of(function) {
        let event = event_text(&path);
        let stack = Stack::start(options()).await.unwrap();
        seed(&stack).await;
        if function == "analytics" {
            scan(&stack).await;
        }
        if ["finance", "finance-pages", "ops-pages", "paystack-webhook"].contains(&function) {
            earn(&stack).await;
        }
        if ["finance", "finance-pages"].contains(&function) {
            lay_out(&stack).await;
        }
        if path.to_string_lossy().contains("/end_payout") {
            go_astray(&stack).await;
        }
        if function == "guards" {
            change_account(&stack).await;
        }
        if ["export-jobs", "export-pages"].contains(&function) {
            ask(&stack).await;
        }
        if ["guards", "tip-create"].contains(&function) {
            begin(&stack).await;
        }
        if ["finance-pages", "settlements"].contains(&function) {
            settle(&stack).await;
        }
        let of_vouchers =
            ["analytics", "business-pages", "campaigns", "devices", "redeem", "vouchers"];
        if of_vouchers.contains(&function) {
            offer(&stack).await;
        }
        if ["devices", "redeem"].contains(&function) {
            open_till(&stack).await;
        }
        if ["loyalty", "loyalty-pages", "loyalty-tokens"].contains(&function) {
            join(&stack).await;
        }
        if function == "loyalty" {
            buy(&stack).await;
        }
        if function == "staff-page" {
            serve(&stack).await;
        }
        if function == "transfer-approval" {
            reserve(&stack).await;
        }
        if ["loyalty-pages", "voucher-page", "wallet"].contains(&function) {
            invite(&stack).await;
        }
        let claims = path.to_string_lossy().contains("/claim_voucher");
        if ["voucher-page", "wallet"].contains(&function) && !claims {
            hold(&stack).await;
        }
        let answered = call(&router(&stack, function, 0), &event).await;
        let mut reply = serde_json::to_string_pretty(&shown(function, &answered)).unwrap();
        reply.push('\n');
        golden(&path.with_extension("reply.json"), &reply);
        stack.stop().await;
    }
}

/// An event's text. Its paths to the files of pages, which have their hashes in them, are kept up to date.
fn event_text(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap();
    let mut renewed = text.clone();
    for asset in assets::ALL {
        for (at, _) in text.match_indices(&format!("/{}\"", asset.name)) {
            let before = &text[..at];
            let Some(start) = before.rfind("/assets/") else { continue };
            let old = format!("{}/{}", &text[start..at], asset.name);
            let hash = old.split('/').nth(2).unwrap_or_default();
            // A hash of zeros is one that no file has.
            if !hash.starts_with("0000") {
                renewed = renewed.replace(&old, &asset.path()).replace(hash, &asset.hash());
            }
        }
    }
    if renewed != text {
        golden(path, &renewed);
    }
    renewed
}

#[tokio::test]
async fn analytics_answers_its_events_as_kept() {
    play("analytics").await;
}

#[tokio::test]
async fn campaigns_answers_its_events_as_kept() {
    play("campaigns").await;
}

#[tokio::test]
async fn business_pages_answers_its_events_as_kept() {
    play("business-pages").await;
}

#[tokio::test]
async fn export_jobs_answers_its_events_as_kept() {
    play("export-jobs").await;
}

#[tokio::test]
async fn export_pages_answers_its_events_as_kept() {
    play("export-pages").await;
}

#[tokio::test]
async fn finance_answers_its_events_as_kept() {
    play("finance").await;
}

#[tokio::test]
async fn finance_pages_answers_its_events_as_kept() {
    play("finance-pages").await;
}

#[tokio::test]
async fn generate_answers_its_events_as_kept() {
    play("generate").await;
}

#[tokio::test]
async fn guards_answers_its_events_as_kept() {
    play("guards").await;
}

#[tokio::test]
async fn health_answers_its_events_as_kept() {
    play("health").await;
}

#[tokio::test]
async fn devices_answers_its_events_as_kept() {
    play("devices").await;
}

#[tokio::test]
async fn redeem_answers_its_events_as_kept() {
    play("redeem").await;
}

#[tokio::test]
async fn keys_answers_its_events_as_kept() {
    play("keys").await;
}

#[tokio::test]
async fn loyalty_answers_its_events_as_kept() {
    play("loyalty").await;
}

#[tokio::test]
async fn loyalty_pages_answers_its_events_as_kept() {
    play("loyalty-pages").await;
}

#[tokio::test]
async fn ops_pages_answers_its_events_as_kept() {
    play("ops-pages").await;
}

#[tokio::test]
async fn paystack_webhook_answers_its_events_as_kept() {
    play("paystack-webhook").await;
}

#[tokio::test]
async fn photos_answers_its_events_as_kept() {
    play("photos").await;
}

#[tokio::test]
async fn properties_answers_its_events_as_kept() {
    play("properties").await;
}

#[tokio::test]
async fn scan_answers_its_events_as_kept() {
    play("scan").await;
}

#[tokio::test]
async fn settlements_answers_its_events_as_kept() {
    play("settlements").await;
}

#[tokio::test]
async fn site_answers_its_events_as_kept() {
    play("site").await;
}

#[tokio::test]
async fn loyalty_tokens_answers_its_events_as_kept() {
    play("loyalty-tokens").await;
}

#[tokio::test]
async fn staff_page_answers_its_events_as_kept() {
    play("staff-page").await;
}

#[tokio::test]
async fn tenants_answers_its_events_as_kept() {
    play("tenants").await;
}

#[tokio::test]
async fn tip_create_answers_its_events_as_kept() {
    play("tip-create").await;
}

#[tokio::test]
async fn tip_page_answers_its_events_as_kept() {
    play("tip-page").await;
}

#[tokio::test]
async fn transfer_approval_answers_its_events_as_kept() {
    play("transfer-approval").await;
}

#[tokio::test]
async fn vouchers_answers_its_events_as_kept() {
    play("vouchers").await;
}

#[tokio::test]
async fn voucher_page_answers_its_events_as_kept() {
    play("voucher-page").await;
}

#[tokio::test]
async fn wallet_answers_its_events_as_kept() {
    play("wallet").await;
}

#[test]
fn every_route_has_an_event_that_succeeds_and_one_that_is_refused() {
    if is_update() {
        // The replies are being written at this moment.
        return;
    }
    let (mut good, mut bad, mut wanted) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let template = template();
    for function in template.functions().iter().filter(|f| f.routes().count() > 0) {
        let routes: BTreeSet<String> =
            function.routes().map(|route| format!("{} {}", route.method, route.path)).collect();
        for path in events_of(&function.name) {
            let read = |path: &Path| -> Value {
                let text = std::fs::read_to_string(path);
                let text = text.unwrap_or_else(|_| panic!("{} is missing", path.display()));
                serde_json::from_str(&text).unwrap()
            };
            let (event, reply) = (read(&path), read(&path.with_extension("reply.json")));
            let route = event["routeKey"].as_str().unwrap().to_owned();
            let name = path.display();
            assert!(routes.contains(&route), "{name}: {route} is no route of {}", function.name);
            assert_eq!(event["requestContext"]["routeKey"], event["routeKey"], "{name}");
            assert_eq!(event["requestContext"]["http"]["path"], event["rawPath"], "{name}");
            assert_eq!(event["version"], "2.0", "{name}");
            let fine = reply["status"].as_u64().unwrap() < 400;
            if fine {
                good.insert(route)
            } else {
                bad.insert(route)
            };
        }
        wanted.extend(routes);
    }
    let missing: Vec<_> = wanted.difference(&good).collect();
    assert!(missing.is_empty(), "no event succeeds: {missing:?}");
    wanted.retain(|route| !NEVER_REFUSED.contains(&route.as_str()));
    let missing: Vec<_> = wanted.difference(&bad).collect();
    assert!(missing.is_empty(), "no event is refused: {missing:?}");
}
