//! Crates are layers: `domain <- qr, adapters <- web <- functions`. Nobody depends on a function but the local
//! process, and vendors stop at the adapters' door.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::sources::{Source, all, none, rust_in};

/// The crates that a crate may use, by the folder that it is in.
const MAY_USE: [(&str, &[&str]); 7] = [
    ("browser", &["domain"]),
    ("drawing", &["domain", "encoder"]),
    ("shared/domain", &[]),
    ("shared/qr", &["domain"]),
    ("shared/adapters", &["domain"]),
    ("shared/web", &["domain", "qr", "adapters"]),
    ("functions/", &["domain", "qr", "adapters", "web"]),
];
/// What a pure crate does not even have at hand.
const IMPURE: [&str; 14] = [
    "adapters",
    "async-",
    "aws",
    "axum",
    "futures",
    "getrandom",
    "http",
    "hyper",
    "lambda",
    "metrics",
    "rand",
    "reqwest",
    "tokio",
    "tracing",
];
/// The pure crates.
const PURE: [&str; 2] = ["shared/domain", "shared/qr"];

/// The manifests of all crates, by folder.
fn manifests() -> Vec<(&'static str, Value)> {
    let crates = |source: &'static Source| {
        let folder = source.path.strip_suffix("/Cargo.toml")?;
        Some((folder, basic_toml::from_str(&source.text).unwrap()))
    };
    all().iter().filter_map(crates).collect()
}

/// The names of all dependencies, for tests too, as the manifest spells them and as the packages are called.
fn dependencies(manifest: &Value) -> BTreeSet<String> {
    let targets = manifest["target"].as_object().into_iter().flat_map(|targets| targets.values());
    let mut names = BTreeSet::new();
    for owner in targets.chain([manifest]) {
        for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
            for (name, wanted) in owner[section].as_object().into_iter().flatten() {
                let package = wanted["package"].as_str().unwrap_or(name);
                names.insert(package.strip_prefix("tessera-").unwrap_or(package).to_owned());
            }
        }
    }
    names
}

/// The crates of this repository, by the name that others use.
fn ours() -> BTreeSet<String> {
    let name = |(folder, _): (&str, Value)| folder.rsplit('/').next().unwrap().to_owned();
    manifests().into_iter().map(name).collect()
}

#[test]
fn crates_depend_downwards_only() {
    let (ours, mut wrong) = (ours(), Vec::new());
    for (folder, manifest) in manifests() {
        let rule = MAY_USE.iter().find(|(of, _)| folder.starts_with(of));
        for used in dependencies(&manifest).intersection(&ours) {
            let fine = match rule {
                Some((_, may)) => may.contains(&used.as_str()),
                // The local process runs every function, and tests start the local process.
                None => folder == "local" || !is_function(used),
            };
            if !fine {
                wrong.push(format!("{folder}/Cargo.toml uses {used}"));
            }
        }
    }
    none(
        wrong,
        "domain <- qr, adapters <- web <- functions <- local; a function is used by local only",
    );
}

fn is_function(name: &str) -> bool {
    manifests().iter().any(|(folder, _)| *folder == format!("functions/{name}"))
}

#[test]
fn aws_is_known_to_the_adapters_only() {
    let may = ["shared/adapters", "local", "tests"];
    let mut wrong = Vec::new();
    for (folder, manifest) in manifests().into_iter().filter(|(folder, _)| !may.contains(folder)) {
        let used = dependencies(&manifest);
        let sdk = |name: &&String| {
            let parts = ["aws-sdk-", "aws-config", "aws-smithy", "aws-types", "serde_dynamo"];
            parts.iter().any(|part| name.starts_with(part))
        };
        wrong
            .extend(used.iter().filter(sdk).map(|name| format!("{folder}/Cargo.toml uses {name}")));
    }
    none(wrong, "vendor types stop at the adapters' door");
}

#[test]
fn the_domain_and_the_drawing_are_pure() {
    let mut wrong = Vec::new();
    for (folder, manifest) in manifests().into_iter().filter(|(folder, _)| PURE.contains(folder)) {
        let used = dependencies(&manifest);
        let impure = |name: &&String| IMPURE.iter().any(|part| name.starts_with(part));
        wrong.extend(
            used.iter().filter(impure).map(|name| format!("{folder}/Cargo.toml uses {name}")),
        );
    }
    let words = [
        "async ",
        ".await",
        "Timestamp::now(",
        "Instant::now(",
        "std::fs::",
        "std::net::",
        "std::env::",
    ];
    for source in PURE.iter().flat_map(|folder| rust_in(folder)) {
        let own = !source.path.contains("/tests/") && !source.path.contains("/benches/");
        for (number, line) in source.lines().filter(|_| own && !source.path.contains("/examples/"))
        {
            let code = line.trim_start();
            if !code.starts_with("//") && words.iter().any(|word| code.contains(word)) {
                wrong.push(format!("{}:{number}: {code}", source.path));
            }
        }
    }
    none(
        wrong,
        "no async, no input or output, no clock and no random source in the domain and in qr",
    );
}

#[test]
fn a_dependency_s_version_is_said_once() {
    let mut wrong = Vec::new();
    for (folder, manifest) in manifests().into_iter().filter(|(folder, _)| !folder.is_empty()) {
        for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
            for (name, wanted) in manifest[section].as_object().into_iter().flatten() {
                if wanted["workspace"] != Value::Bool(true) {
                    wrong.push(format!("{folder}/Cargo.toml: {name}"));
                }
            }
        }
    }
    none(
        wrong,
        "a crate says `x.workspace = true`; the version stands in the workspace's manifest",
    );
}
