//! Every requirement has a line that says which test shows it, or which decision settles it.

use std::collections::BTreeMap;

use crate::sources::{all, file, none, root};

/// The table: `| P1 | what | tests or a decision |`.
const TABLE: &str = "tests/traceability.md";

/// The requirements and decisions that this version answers for.
fn wanted() -> Vec<String> {
    let p = (1..=58).map(|number| format!("P{number}"));
    let t = (1..=51).chain([53, 55, 56, 57, 59]).map(|number| format!("T{number}"));
    let v = (1..=45).map(|number| format!("V{number}"));
    let l = (1..=36).map(|number| format!("L{number}"));
    let x = (1..=13).chain(22..=41).chain(46..=51);
    let x = x.map(|number| format!("X{number}"));
    p.chain(t).chain(v).chain(l).chain(x).collect()
}

/// The rows: the first cell and all of it.
fn rows() -> Vec<(&'static str, &'static str)> {
    assert!(root().join(TABLE).exists(), "{TABLE} is not there: no requirement is traced yet");
    let row = |line: &'static str| {
        let line = line.trim().strip_prefix('|')?.strip_suffix('|')?;
        let (id, rest) = line.split_once('|')?;
        let id = id.trim();
        let (letter, number) = id.split_at_checked(1)?;
        let fine = ["P", "T", "V", "L", "X"].contains(&letter) && number.parse::<u32>().is_ok();
        fine.then_some((id, rest))
    };
    file(TABLE).text.lines().filter_map(row).collect()
}

#[test]
fn every_requirement_is_traced_once() {
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    for (id, _) in rows() {
        *count.entry(id).or_default() += 1;
    }
    let mut wrong = Vec::new();
    for id in wanted() {
        match count.get(id.as_str()) {
            Some(1) => {}
            Some(times) => wrong.push(format!("{id} has {times} lines")),
            None => wrong.push(format!("{id} has no line")),
        }
    }
    none(wrong, "each requirement has one line in tests/traceability.md");
}

#[test]
fn every_test_that_a_line_names_is_there() {
    let mut wrong = Vec::new();
    for (id, text) in rows() {
        let last = text.rsplit('|').next().unwrap().trim();
        if last.len() < 3 {
            wrong.push(format!("{id}: it names neither a test nor a decision"));
        }
        // What stands between backticks; of it, what has the form `path.rs::name`.
        for quoted in text.split('`').skip(1).step_by(2) {
            let Some((path, name)) = quoted.split_once(".rs::") else { continue };
            let path = format!("{path}.rs");
            let name = name.rsplit("::").next().unwrap();
            match all().iter().find(|source| source.path == path) {
                None => wrong.push(format!("{id}: there is no {path}")),
                Some(source) if !declares(&source.text, name) => {
                    wrong.push(format!("{id}: {path} has no `fn {name}`"));
                }
                Some(_) => {}
            }
        }
    }
    none(wrong, "a line names tests that exist");
}

/// Whether a file has a function of exactly this name.
fn declares(text: &str, name: &str) -> bool {
    text.match_indices("fn ").any(|(at, word)| {
        let rest = &text[at + word.len()..];
        rest.strip_prefix(name).is_some_and(|after| after.starts_with(['(', '<']))
    })
}
