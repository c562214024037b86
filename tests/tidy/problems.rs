//! The list of problems: each code that a failure can have, its status, and what to do about it.

use std::collections::{BTreeMap, BTreeSet};

use domain::failure::{Failure, Kind};
use web::Problem;

use crate::sources::{file, rust_in};

/// A wrong method has the kind of a missing path; only the edge knows that HTTP has a status of its own for it.
const METHOD: (&str, &str) = ("method_not_allowed", "405");
/// Where failures are.
const FOLDERS: [&str; 2] = ["shared/", "functions/"];

/// A failure of a kind, to ask the edge for its status.
#[derive(Debug, thiserror::Error)]
#[error("a failure")]
struct OfKind(Kind);

impl Failure for OfKind {
    fn kind(&self) -> Kind {
        self.0
    }

    fn code(&self) -> &'static str {
        // Not a literal, so that it is not taken for a code of the platform.
        concat!("any", "thing")
    }
}

/// One `impl Failure for …`.
struct Implementation {
    path: &'static str,
    name: &'static str,
    body: &'static str,
}

fn implementations() -> Vec<Implementation> {
    let mut found = Vec::new();
    for source in FOLDERS.iter().flat_map(|folder| rust_in(folder)) {
        for (at, marker) in source.text.match_indices("Failure for ") {
            let line = source.text[..at].rsplit('\n').next().unwrap();
            if !line.starts_with("impl") {
                continue;
            }
            let rest = &source.text[at + marker.len()..];
            let name = rest.split([' ', '<', '{']).next().unwrap();
            let (body, _) = rest.split_once("\n}").expect("the block ends");
            found.push(Implementation { path: &source.path, name, body });
        }
    }
    found
}

impl Implementation {
    fn method(&self, name: &str) -> Option<&'static str> {
        let (_, rest) = self.body.split_once(&format!("fn {name}(&self)"))?;
        rest.split("\n    }").next()
    }

    /// What each variant gives; the empty name stands for all.
    fn arms(
        &self,
        method: &str,
        value: fn(&'static str) -> Option<(&'static str, &'static str)>,
    ) -> BTreeMap<&'static str, &'static str> {
        let Some(text) = self.method(method) else { return BTreeMap::new() };
        if !text.contains("match self") {
            return value(text).into_iter().map(|(value, _)| ("", value)).collect();
        }
        let (mut arms, mut pieces) = (BTreeMap::new(), text.split("=>"));
        let mut patterns = pieces.next().unwrap_or_default();
        for piece in pieces {
            let (value, next) = match value(piece) {
                Some((value, next)) => (Some(value), next),
                None => (None, piece),
            };
            for pattern in patterns.split('|') {
                let prefix = format!("{}::", self.name);
                let variant = pattern.rsplit_once(&prefix).map(|(_, variant)| variant);
                let variant = variant.and_then(|v| v.split(|c: char| !c.is_alphanumeric()).next());
                arms.extend(variant.zip(value));
            }
            patterns = next;
        }
        arms
    }

    /// Each code with the kinds that it has here.
    fn codes(&self) -> Vec<(&'static str, Kind)> {
        let codes = self.arms("code", literal);
        let kinds = self.arms("kind", kind_word);
        let kind = |variant: &str| {
            let word = kinds.get(variant).or_else(|| kinds.get(""));
            let word = word.unwrap_or_else(|| panic!("{}: {} of no kind", self.path, self.name));
            kind(word)
        };
        codes.iter().map(|(variant, code)| (*code, kind(variant))).collect()
    }
}

/// The first text in quotes, and what comes after it.
fn literal(text: &'static str) -> Option<(&'static str, &'static str)> {
    let (_, rest) = text.split_once('"')?;
    rest.split_once('"')
}

/// The first `Kind::…`, and what comes after it.
fn kind_word(text: &'static str) -> Option<(&'static str, &'static str)> {
    let (_, rest) = text.split_once("Kind::")?;
    Some(rest.split_at(rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len())))
}

fn kind(word: &str) -> Kind {
    let all = [
        Kind::Malformed,
        Kind::Invalid,
        Kind::Unauthenticated,
        Kind::Forbidden,
        Kind::Missing,
        Kind::Conflict,
        Kind::Gone,
        Kind::TooLarge,
        Kind::Limited,
        Kind::Upstream,
        Kind::Unavailable,
        Kind::Bug,
    ];
    let found = all.into_iter().find(|kind| format!("{kind:?}") == word);
    found.unwrap_or_else(|| panic!("{word} is no kind"))
}

/// Each code in the sources, with its status.
fn statuses() -> BTreeMap<&'static str, String> {
    let mut statuses: BTreeMap<&str, String> = BTreeMap::new();
    for implementation in implementations() {
        for (code, kind) in implementation.codes() {
            let mut status = Problem::from(OfKind(kind)).status().as_u16().to_string();
            if code == METHOD.0 {
                status = METHOD.1.to_owned();
            }
            let path = implementation.path;
            let known = statuses.entry(code).or_insert_with(|| status.clone());
            assert_eq!(*known, status, "{path}: {code} has another status elsewhere");
        }
    }
    statuses
}

#[test]
fn every_code_is_in_the_list_of_problems_with_its_status() {
    let in_sources = statuses();
    assert!(in_sources.len() > 40, "the scan of the sources finds only {in_sources:?}");
    let mut listed = BTreeMap::new();
    let text = &file("functions/site/src/problems.txt").text;
    for line in text.lines() {
        let parts: Vec<&str> = line.splitn(3, ';').collect();
        let [code, status, advice] = parts.as_slice() else { panic!("`{line}` has three parts") };
        assert!(advice.len() > 20 && advice.ends_with('.'), "{code}: a sentence that helps");
        assert!(listed.insert(*code, (*status).to_owned()).is_none(), "{code} is there twice");
    }
    assert!(text.lines().map(|line| line.split(';').next()).is_sorted(), "the list is sorted");
    let (ours, theirs): (BTreeSet<_>, BTreeSet<_>) =
        (in_sources.iter().collect(), listed.iter().collect());
    let missing: Vec<_> = ours.difference(&theirs).collect();
    let stale: Vec<_> = theirs.difference(&ours).collect();
    assert!(
        missing.is_empty() && stale.is_empty(),
        "problems.txt does not say {missing:?}, and says {stale:?}"
    );
}

#[test]
fn codes_are_snake_case() {
    for implementation in implementations() {
        let codes = implementation.codes();
        let passes_on = implementation.body.contains(".code()");
        assert!(!codes.is_empty() || passes_on, "{}: no code", implementation.path);
        for (code, _) in codes {
            let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            let snake = code.starts_with(|c: char| c.is_ascii_lowercase())
                && code.chars().all(fine)
                && !code.ends_with('_')
                && !code.contains("__");
            assert!(snake, "{}: {code}", implementation.path);
        }
    }
}
