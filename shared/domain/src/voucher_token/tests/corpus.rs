//! The corpus: each case is a question as [`verify_json`] takes it, and the verdict. With `VOUCHER_CORPUS` set it is
//! written there as JSON lines, so that other verifiers can be asked the same.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::forged::{forged, good};
use super::world::{NOW_S, World};
use super::*;

/// At least so many tokens must be refused.
const FORGED_MIN: usize = 40;

/// One token and what every verifier says of it.
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) token: String,
    pub(super) kinds: &'static [TokenKind],
    pub(super) now: i64,
    /// A signed status list.
    pub(super) status: Option<String>,
    pub(super) expected: &'static str,
}

impl Case {
    /// A token at a door for all kinds, now.
    pub(super) fn new(
        name: &'static str,
        token: impl Into<String>,
        expected: &'static str,
    ) -> Self {
        let kinds = &TokenKind::ALL;
        Self { name, token: token.into(), kinds, now: NOW_S, status: None, expected }
    }

    pub(super) fn at_door_of(self, kinds: &'static [TokenKind]) -> Self {
        Self { kinds, ..self }
    }

    pub(super) fn at(self, now: i64) -> Self {
        Self { now, ..self }
    }

    pub(super) fn with_status(self, status: String) -> Self {
        Self { status: Some(status), ..self }
    }

    fn question(&self, world: &World) -> Value {
        let kinds: Vec<&str> = self.kinds.iter().map(|kind| kind.name()).collect();
        json!({
            "jwks": world.keys().jwks(), "iss": world.realm.issuer(), "aud": world.realm.tenant(),
            "kinds": kinds, "token": self.token, "now": self.now, "status": self.status,
        })
    }
}

fn verdict(question: &Value) -> String {
    let answer: Value = serde_json::from_str(&verify_json(&question.to_string())).unwrap();
    answer["verdict"].as_str().unwrap().to_owned()
}

#[test]
fn no_forged_token_is_taken_and_each_is_refused_for_its_reason() {
    let world = World::new();
    let cases = forged(&world);
    assert!(cases.len() >= FORGED_MIN, "{} cases", cases.len());
    println!("{} forged or twisted tokens", cases.len());
    let names: BTreeSet<&str> = cases.iter().map(|case| case.name).collect();
    assert_eq!(names.len(), cases.len(), "each case has a name of its own");
    let mut wrong = Vec::new();
    for case in &cases {
        assert_ne!(case.expected, "valid", "{}", case.name);
        let said = verdict(&case.question(&world));
        if said != case.expected {
            wrong.push(format!("{}: {said}, not {}", case.name, case.expected));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn good_tokens_of_the_corpus_are_taken() {
    let world = World::new();
    for case in good(&world) {
        assert_eq!(verdict(&case.question(&world)), "valid", "{}", case.name);
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test has no environment but its process's")]
fn the_corpus_is_written_for_other_verifiers() {
    let world = World::new();
    let line = |case: &Case| {
        let question = case.question(&world);
        json!({ "name": case.name, "expected": case.expected, "question": question }).to_string()
    };
    let lines: Vec<String> = forged(&world).iter().chain(&good(&world)).map(line).collect();
    assert!(lines.iter().all(|line| !line.contains('\n')));
    if let Ok(path) = std::env::var("VOUCHER_CORPUS") {
        std::fs::write(path, lines.join("\n") + "\n").unwrap();
    }
}
