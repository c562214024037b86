//! Sizes and names of the house style.

use crate::sources::{Source, none, rust};

/// The most lines of a Rust file.
const FILE_LINES_MAX: usize = 400;
/// The most characters of a line of code. Text in quotes is left out: the formatter does not break it either.
const CODE_WIDTH_MAX: usize = 100;
/// The most characters of a line of comment.
const COMMENT_WIDTH_MAX: usize = 120;
/// Names that say nothing.
const FILE_NAMES_REFUSED: [&str; 8] =
    ["common", "helper", "helpers", "manager", "misc", "shared", "util", "utils"];
/// Ends of type names that say nothing.
const SUFFIXES_REFUSED: [&str; 5] = ["Manager", "Helper", "Util", "Dto", "Impl"];
/// Tests that `cargo test` leaves out, each for a reason that stands beside it.
const IGNORED: [(&str, usize); 1] = [
    // It is the process that another test starts and kills.
    ("local/tests/stack/process.rs", 1),
];

#[test]
fn files_and_lines_have_an_end() {
    let mut wrong = Vec::new();
    for source in rust() {
        let lines = source.text.lines().count();
        if lines > FILE_LINES_MAX {
            wrong.push(format!("{}: {lines} lines", source.path));
        }
        for (number, line) in source.lines() {
            let comment = line.trim_start().starts_with("//");
            let width = if comment { line.chars().count() } else { width_of_code(line) };
            let limit = if comment { COMMENT_WIDTH_MAX } else { CODE_WIDTH_MAX };
            if width > limit {
                wrong.push(format!("{}:{number}: {width} characters", source.path));
            }
        }
    }
    none(wrong, "a file has 400 lines, a line of code 100 characters, a line of comment 120");
}

/// The characters of a line, without those that stand between quotes.
fn width_of_code(line: &str) -> usize {
    let all = line.chars().count();
    if all <= CODE_WIDTH_MAX {
        return all;
    }
    if let Some((before, _)) = line.split_once("r#").filter(|(_, after)| after.contains('"')) {
        return before.chars().count();
    }
    // A line with one quote begins or ends a text of several lines.
    let parts: Vec<&str> = line.split('"').collect();
    let inside = match parts.as_slice() {
        [_] if line.ends_with('\\') => all,
        [before, after] => before.chars().count().max(after.chars().count()),
        many => many.iter().skip(1).step_by(2).map(|part| part.chars().count()).sum(),
    };
    all - inside
}

#[test]
fn names_say_something() {
    let mut wrong = Vec::new();
    for source in rust() {
        let stem = source.name().trim_end_matches(".rs");
        if FILE_NAMES_REFUSED.contains(&stem) {
            wrong.push(source.path.clone());
        }
        for (number, line) in source.lines() {
            let Some(name) = declared(line) else { continue };
            if SUFFIXES_REFUSED.iter().any(|suffix| name.ends_with(suffix)) {
                wrong.push(format!("{}:{number}: {name}", source.path));
            }
        }
    }
    none(wrong, "no file and no type is called after nothing in particular");
}

/// The type that a line declares.
fn declared(line: &str) -> Option<&str> {
    let line = line.trim_start().trim_start_matches("pub(crate) ").trim_start_matches("pub ");
    let kinds = ["struct ", "enum ", "trait ", "type "];
    let rest = kinds.iter().find_map(|kind| line.strip_prefix(kind))?;
    rest.split(|c: char| !c.is_alphanumeric() && c != '_').next()
}

#[test]
fn each_module_says_what_it_is_for() {
    let is_main = |source: &&Source| {
        source.path.starts_with("functions/") && source.path.ends_with("/src/main.rs")
    };
    let silent = |source: &&Source| !is_main(source) && !source.text.starts_with("//! ");
    let wrong = rust().filter(silent).map(|source| source.path.clone()).collect();
    none(wrong, "a module begins with `//!`");
}

#[test]
fn no_test_is_left_out_in_silence() {
    // In two parts, so that this line is not one of them.
    let attribute = concat!("#[", "ignore");
    let mut wrong = Vec::new();
    for source in rust() {
        let count = source.text.lines().filter(|line| line.contains(attribute)).count();
        let listed = IGNORED.iter().find(|(path, _)| *path == source.path);
        let listed = listed.map_or(0, |(_, count)| *count);
        if count != listed {
            wrong.push(format!("{}: {count} tests are ignored, {listed} are listed", source.path));
        }
    }
    none(wrong, "an ignored test stands on the list, with its reason");
}
