//! Printings: ordered, made by a worker that may die, fetched for a few minutes; every code of them is good, and their
//! limits are taken out of the voucher's.

use std::collections::BTreeSet;

use adapters::table::{Answer, BatchInserted, ClaimOutcome};
use domain::campaign::Batch;
use domain::id::BatchId;
use domain::short_code::ShortCode;
use domain::voucher_token::{TokenKind, Verifier};
use futures::future::join_all;
use jiff::SignedDuration;
use local::{Fault, Filter};
use serde_json::{Value, json};
use tessera_tests::{Owner, Platform};

use crate::shop::voucher_id;
use crate::vouchers::{drafts, path_of, publishes, scanner};

/// Orders a printing.
pub(crate) async fn orders(owner: &Owner, voucher: &Value, wishes: &Value) -> Value {
    let path = format!("{}/batches", path_of(voucher));
    owner.post_once(&path).json(wishes).await.is(202).json()
}

pub(crate) async fn looks(owner: &Owner, batch: &Value) -> Value {
    let [voucher, batch] = ["voucher_id", "batch_id"].map(|name| batch[name].as_str().unwrap());
    owner.get(&format!("/api/v1/vouchers/{voucher}/batches/{batch}")).await.is(200).json()
}

/// A printing that is done.
pub(crate) async fn prints(platform: &Platform, voucher: &Value, wishes: &Value) -> Value {
    let batch = orders(platform.owner(), voucher, wishes).await;
    platform.quiet().await;
    let done = looks(platform.owner(), &batch).await;
    assert_eq!(done["state"], "done", "{done}");
    done
}

/// The bytes of a file of a printing.
pub(crate) async fn fetches(done: &Value, name: &str) -> Vec<u8> {
    let files = done["files"].as_array().unwrap();
    let file = files.iter().find(|file| file["name"] == name);
    let url = file.unwrap_or_else(|| panic!("no {name} in {done}"))["url"].as_str().unwrap();
    assert!(url.contains("/prints/") && url.contains("X-Amz-Expires=300"), "{url}");
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let reply = client.get(url).send().await.unwrap();
    assert_eq!(reply.status(), 200);
    reply.bytes().await.unwrap().to_vec()
}

/// The lines of the list: number, place, short code, address, token, variant.
pub(crate) async fn lines(done: &Value) -> Vec<[String; 6]> {
    let text = String::from_utf8(fetches(done, "codes.csv").await).unwrap();
    let mut lines = text.lines().map(|line| {
        let cells: Vec<String> = line.split(',').map(str::to_owned).collect();
        <[String; 6]>::try_from(cells).unwrap()
    });
    let heads = lines.next().unwrap();
    assert_eq!(heads, ["number", "index", "short_code", "url", "token", "variant"]);
    lines.collect()
}

/// Each code once, each good in all its forms.
async fn are_good(platform: &Platform, done: &Value, lines: &[[String; 6]], verifier: &Verifier) {
    let count = usize::try_from(done["count"].as_u64().unwrap()).unwrap();
    let (tenant, now) = (&platform.owner().tenant, platform.now());
    let mut seen = BTreeSet::new();
    for (at, [number, index, short, url, token, _]) in lines.iter().enumerate() {
        assert_eq!(number, &(at + 1).to_string());
        for form in [url, token] {
            let claims = verifier.verify(form, &[TokenKind::Print], None, now).unwrap();
            assert_eq!(claims.voucher.as_str(), done["voucher_id"]);
            assert_eq!(&claims.index.get().to_string(), index);
        }
        let short = ShortCode::parse(short).unwrap();
        let found = platform.table().typed_code(tenant, short.as_str()).await.unwrap().unwrap();
        let (batch, place) = found.printed.unwrap();
        assert_eq!(
            (batch.as_str(), place.to_string()),
            (done["batch_id"].as_str().unwrap(), index.clone())
        );
        seen.insert([index.clone(), short.as_str().to_owned(), url.clone(), token.clone()]);
    }
    assert_eq!((lines.len(), seen.len()), (count, count));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_code_of_a_printing_is_good_and_each_is_another_one() {
    let platform = Platform::start().await;
    let voucher = publishes(platform.owner(), &json!({})).await;
    let wishes = json!({ "name": "BATCH2024", "count": 150, "variants": ["A", "B"] });
    let done = prints(&platform, &voucher, &wishes).await;
    assert_eq!((&done["done"], &done["limit"]), (&json!(150), &json!(150)));
    let lines = lines(&done).await;
    are_good(&platform, &done, &lines, &scanner(&platform).await).await;
    let variants: Vec<&str> = lines.iter().take(3).map(|line| line[5].as_str()).collect();
    assert_eq!(variants, ["A", "B", "A"]);
    // What is drawn as a code is the address, in letters that make the smallest code.
    let drawn = qr::encode(&lines[0][3], domain::render::Level::M).unwrap();
    assert!(drawn.width() <= 45, "version 7 has 45 modules, not {}", drawn.width());
    let sheets = fetches(&done, "sheets-001.pdf").await;
    assert!(sheets.starts_with(b"%PDF-"), "a sheet");
    let names = done["files"].as_array().unwrap().iter().map(|file| file["name"].as_str().unwrap());
    assert_eq!(names.collect::<Vec<_>>(), ["codes.csv", "sheets-001.pdf"]);
    // The place of a code leads to its printing, and another place does not.
    let id = domain::id::VoucherId::parse(voucher["voucher_id"].as_str().unwrap()).unwrap();
    let [first, last]: [u32; 2] = [&lines[0], &lines[149]].map(|line| line[1].parse().unwrap());
    for (place, found) in [(first, true), (last, true), (last + 1, false), (first - 1, false)] {
        let batch = platform.table().batch_of_index(&id, place).await.unwrap();
        assert_eq!(batch.is_some(), found, "{place}");
    }
    let list = platform.owner().get(&format!("{}/batches", path_of(&voucher))).await.is(200).json();
    assert_eq!(list["batches"].as_array().unwrap().len(), 1);
    let newcomer = platform.newcomer().await;
    let path = format!("{}/batches", path_of(&voucher));
    newcomer.get(&path).await.problem(404, "voucher_unknown");
    newcomer.post_once(&path).json(&wishes).await.problem(404, "voucher_unknown");
    let path = format!("{path}/bat_01kah1aze0000000000000000z");
    platform.owner().get(&path).await.problem(404, "batch_unknown");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_printing_goes_on_after_each_call_that_breaks_and_has_each_code_once() {
    // In the second part of two, and at each kind of call within one.
    let calls = [
        ("s3", "PutObject", 4, 520),
        ("s3", "PutObject", 1, 30),
        ("dynamodb", "PutItem", 20, 30),
        ("dynamodb", "TransactWriteItems", 2, 30),
    ];
    for (service, operation, nth, count) in calls {
        for fault in [Fault::Before, Fault::LoseReply] {
            let platform = Platform::start().await;
            let voucher = publishes(platform.owner(), &json!({})).await;
            let of = Filter::any().function("printing").service(service).operation(operation);
            platform.meter().break_call(nth, of, fault.clone(), false);
            let wishes = json!({ "name": "BATCH2024", "count": count });
            let batch = orders(platform.owner(), &voucher, &wishes).await;
            platform.quiet().await;
            platform.passes(jiff::SignedDuration::from_hours(3)).await;
            platform.quiet().await;
            let done = looks(platform.owner(), &batch).await;
            assert_eq!(done["state"], "done", "{operation} {nth} {fault:?}: {done}");
            let lines = lines(&done).await;
            are_good(&platform, &done, &lines, &scanner(&platform).await).await;
            // Nobody has a second short code.
            let codes = platform.inventory().await.count("VC#");
            assert_eq!(codes, 1 + count, "{operation} {nth} {fault:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_of_printings_come_out_of_the_voucher_s_and_never_exceed_it() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    for peak in [None, Some(1_000)] {
        let limits = json!({ "limits": { "total": 10, "peak_per_second": peak } });
        let voucher = publishes(owner, &limits).await;
        let path = format!("{}/batches", path_of(&voucher));
        let order = |number: u32| {
            let wishes = json!({ "name": format!("B{number}"), "count": 5, "limit": 3 });
            owner.post_once(&path).json(&wishes)
        };
        // Whoever is outrun orders once more, as its answer says.
        let outcomes = join_all((0..8).map(|number| async move {
            for _ in 0..20 {
                let reply = order(number).await;
                if reply.status != 409 || reply.json()["code"] != "voucher_changed" {
                    return reply;
                }
            }
            panic!("outrun twenty times");
        }));
        let outcomes = outcomes.await;
        let taken = outcomes.iter().filter(|reply| reply.status == 202).count();
        assert_eq!(taken, 3, "three times three of ten");
        for refused in outcomes.iter().filter(|reply| reply.status != 202) {
            refused.problem(409, "batch_limit_too_large");
        }
        let read = owner.get(&path_of(&voucher)).await.is(200).json();
        assert_eq!(read["left"], 1, "{read}");
        let list = owner.get(&path).await.is(200).json();
        assert_eq!(list["batches"].as_array().unwrap().len(), 3);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_printed_is_said_before_or_gives_its_limit_back() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let wishes = json!({ "name": "BATCH2024", "count": 5, "limit": 3 });
    let order = |voucher: &Value, wishes: &Value| {
        owner.post_once(&format!("{}/batches", path_of(voucher))).json(wishes)
    };
    let draft = drafts(owner, &json!({})).await;
    order(&draft, &wishes).await.problem(409, "voucher_draft");
    let daily = publishes(owner, &json!({ "limits": { "per_day": 5 } })).await;
    order(&daily, &wishes).await.problem(409, "batch_limit_with_daily_limit");
    let all = json!({ "name": "BATCH2024", "count": 5 });
    order(&daily, &all).await.is(202);
    owner.post(&format!("{}/end", path_of(&daily))).await.is(200);
    order(&daily, &all).await.problem(409, "voucher_over");
    for wrong in [
        json!({ "name": "two words", "count": 5 }),
        json!({ "name": "A", "count": 10_001 }),
        json!({ "name": "A", "count": 5, "limit": 6 }),
        json!({ "name": "A", "count": 5, "variants": ["A", "A"] }),
        json!({ "name": "A", "count": 5, "layout": "a3" }),
    ] {
        let reply = order(&daily, &wrong).await;
        assert_eq!(reply.status, 422, "{wrong}");
    }
    // A title with letters that the typeface lacks, or that this label has no room for.
    let limits = json!({ "total": 10 });
    let odd = publishes(owner, &json!({ "title": "コーヒー", "limits": limits })).await;
    let problem = order(&odd, &wishes).await.problem(422, "sheet_letters_missing");
    assert!(problem["detail"].as_str().unwrap().contains("typeface"), "{problem}");
    let title = "Donaudampfschifffahrtsgesellschaft";
    let long = publishes(owner, &json!({ "title": title, "limits": limits })).await;
    let problem = order(&long, &wishes).await.problem(422, "sheet_words_too_long");
    assert_eq!(problem["suggestion"], json!({ "layout": "a4_labels14" }), "{problem}");
    for voucher in [&odd, &long] {
        assert_eq!(owner.get(&path_of(voucher)).await.is(200).json()["left"], 10);
    }
    let mut roomy = wishes.clone();
    roomy["layout"] = problem["suggestion"]["layout"].clone();
    order(&long, &roomy).await.is(202);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_only_the_worker_finds_out_gives_its_limit_back() {
    let platform = Platform::start().await;
    let (owner, table) = (platform.owner(), platform.table());
    let limits = json!({ "title": "コーヒー", "limits": { "total": 10 } });
    let odd = publishes(owner, &limits).await;
    let before = table.voucher(&voucher_id(&odd)).await.unwrap().unwrap();
    // Ordered past the door, as one from before the door knew about words.
    let (id, now) = (BatchId::new(platform.now(), [1; 10]), platform.now());
    let whose = (before.tenant.clone(), before.id.clone());
    let wishes = json!({ "name": "BATCH2024", "count": 5, "limit": 3 });
    let wishes = (serde_json::from_value(wishes).unwrap(), 0);
    let batch = Batch::order((id, [1; 16]), whose, wishes, (now, before.terms.expires_at));
    let voucher = before.clone().printing(&batch, now).unwrap();
    let named = ("key_1", "POST /api/v1/vouchers", "odd");
    let claimed = table.claim(named, "print", "one".to_owned(), now).await.unwrap();
    let ClaimOutcome::Ours(claim) = claimed else { panic!("claimed before") };
    let answer = Answer { status: 202, body: "{}".to_owned() };
    let inserted = table.insert_batch(&batch, (&voucher, &before), (claim, answer)).await.unwrap();
    assert_eq!(inserted, BatchInserted::Done);
    assert_eq!(owner.get(&path_of(&odd)).await.is(200).json()["left"], 7);
    platform.passes(SignedDuration::from_secs(61)).await;
    let batch = json!({ "voucher_id": batch.voucher, "batch_id": batch.id });
    looks(owner, &batch).await;
    platform.quiet().await;
    let failed = looks(owner, &batch).await;
    assert_eq!(failed["state"], "failed", "{failed}");
    assert!(failed["problem"].as_str().unwrap().contains("typeface"), "{failed}");
    assert_eq!(owner.get(&path_of(&odd)).await.is(200).json()["left"], 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_codes_of_a_printing_are_taken_back_at_once() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let voucher = publishes(owner, &json!({})).await;
    let done = prints(&platform, &voucher, &json!({ "name": "LOST", "count": 120 })).await;
    let other = prints(&platform, &voucher, &json!({ "name": "KEPT", "count": 5 })).await;
    let path = format!("{}/revocations", path_of(&voucher));
    let request = json!({ "batch_id": done["batch_id"], "note": "lost in the post" });
    assert_eq!(owner.post(&path).json(&request).await.is(200).json()["codes"], 120);
    let table = platform.table();
    let revoked = async |line: &[String; 6]| {
        table.is_revoked(&owner.tenant, line[1].parse().unwrap()).await.unwrap()
    };
    for line in lines(&done).await {
        assert!(revoked(&line).await, "{line:?}");
    }
    let kept = lines(&other).await;
    for line in &kept {
        assert!(!revoked(line).await, "{line:?}");
    }
    // One by its short code, one by its address.
    let request = json!({ "codes": [kept[0][2], kept[1][3]] });
    assert_eq!(owner.post(&path).json(&request).await.is(200).json()["codes"], 2);
    assert!(revoked(&kept[0]).await && revoked(&kept[1]).await && !revoked(&kept[2]).await);
    let verifier = scanner(&platform).await;
    let status = format!("/api/v1/tenants/{}/voucher-status", owner.tenant);
    platform.visitor().get(&status).await.is(200);
    assert!(verifier.verify(&kept[0][4], &[TokenKind::Print], None, platform.now()).is_ok());
}
