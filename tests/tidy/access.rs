//! Every route has a principal, or stands on the public list.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::sources::file;

/// Routes that answer without a key, one `METHOD /path` a line. A new line here is a decision.
const PUBLIC: &str = include_str!("public.txt");

#[test]
fn every_route_has_a_principal_or_is_on_the_public_list() {
    // The golden test holds this file to the handlers.
    let document: Value =
        serde_json::from_str(&file("functions/site/src/openapi.json").text).unwrap();
    let mut open = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let security = operation["security"].as_array().map(Vec::as_slice).unwrap_or_default();
            // An empty requirement would make the key optional.
            if security.is_empty() || security.iter().any(|one| one.as_object().unwrap().is_empty())
            {
                open.insert(format!("{} {path}", method.to_uppercase()));
            }
        }
    }
    let listed: BTreeSet<String> = PUBLIC.lines().map(str::to_owned).collect();
    let unlisted: Vec<_> = open.difference(&listed).collect();
    assert!(unlisted.is_empty(), "no principal, and not on the public list: {unlisted:?}");
    let stale: Vec<_> = listed.difference(&open).collect();
    assert!(stale.is_empty(), "on the public list, but they need a key or are gone: {stale:?}");
    assert!(PUBLIC.lines().is_sorted(), "the public list is sorted");
}
