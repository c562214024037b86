//! An answer as it is compared: what differs from run to run is masked; pages and images are shown by their title, size
//! and SHA-256.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use web::assets;

use crate::call::Answered;

/// The headers of an answer that are compared.
const HEADERS: [&str; 11] = [
    "access-control-allow-origin",
    "cache-control",
    "content-disposition",
    "content-security-policy",
    "content-type",
    "idempotency-replayed",
    "retry-after",
    "set-cookie",
    "www-authenticate",
    "x-next-cursor",
    "x-robots-tag",
];
/// Fields whose value is another one each time.
const VOLATILE: [&str; 7] = [
    "access_code",
    "authorization_url",
    "average_response_us",
    "latency_ms",
    "p95_response_us",
    "trace_id",
    "upload_url",
];
/// An answer as it is compared.
pub(crate) fn shown(function: &str, answered: &Answered) -> Value {
    let headers = HEADERS.iter().filter_map(|name| {
        answered.header(name).map(|value| ((*name).to_owned(), without_ports(value).into()))
    });
    let headers: Map<String, Value> = headers.collect();
    let kind = answered.header("content-type").unwrap_or_default();
    let text = std::str::from_utf8(&answered.body);
    let body = match (kind.split(';').next().unwrap_or_default(), text) {
        (_, Ok("")) => Value::Null,
        // What is served as it lies in a file has no second copy here.
        ("application/json" | "text/css" | "text/javascript", _) if function == "site" => {
            json!({ "a_file_with_bytes": answered.body.len() > 100 })
        }
        ("application/json" | "application/problem+json", Ok(text)) => {
            masked(serde_json::from_str(text).unwrap())
        }
        ("text/html", Ok(text)) => {
            let text = without_hashes(text);
            let digest = (function != "site").then(|| digest(text.as_bytes()));
            json!({ "title": title(&text), "page": digest })
        }
        ("text/csv", Ok(text)) => Value::from(text.lines().collect::<Vec<_>>()),
        _ => digest(&answered.body),
    };
    json!({ "status": answered.status, "headers": headers, "body": body })
}

fn digest(bytes: &[u8]) -> Value {
    json!({ "bytes": bytes.len(), "sha256": hex::encode(Sha256::digest(bytes)) })
}

fn title(page: &str) -> &str {
    page.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>")).unwrap().0
}

/// The files of pages change for reasons of their own.
fn without_hashes(page: &str) -> String {
    assets::ALL.iter().fold(page.to_owned(), |page, asset| page.replace(&asset.hash(), "…"))
}

/// What listens on this machine takes another port each time.
fn without_ports(header: &str) -> String {
    const HERE: &str = "127.0.0.1:";
    let mut parts = header.split(HERE);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, rest| {
        let behind = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        text + HERE + "…" + behind
    })
}

fn masked(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mask = |(name, value): (String, Value)| {
                let hidden = VOLATILE.contains(&name.as_str()) && !value.is_null();
                (name, if hidden { Value::from("…") } else { masked(value) })
            };
            Value::Object(fields.into_iter().map(mask).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(masked).collect()),
        other => other,
    }
}
