//! Words that have no business here: how the project is made, and where.

use crate::sources::{all, none};

/// Each in two parts, so that this file does not break its own rule.
const REFUSED: [&str; 20] = [
    concat!("iss", "ue #"),
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("/Us", "ers/"),
    concat!("crates", ".io"),
    concat!("pypi", ".org"),
    concat!("files.python", "hosted.org"),
    concat!("registry.np", "mjs.org"),
    concat!("proxy.go", "lang.org"),
    concat!("arti", "factory"),
    concat!("ai a", "gent"),
    concat!("coding a", "gent"),
    concat!("sub", "agent"),
    concat!("sub-a", "gent"),
    concat!("language mo", "del"),
    concat!("as an a", "i "),
    concat!("co-auth", "ored-by"),
    concat!("generated w", "ith"),
    concat!("context win", "dow"),
];
/// Files whose content another tool decides.
const GENERATED: [&str; 1] = ["Cargo.lock"];
/// Documents that were here once, or never: nobody can look anything up in them.
const GONE: [&str; 4] = [
    concat!("design", ".md"),
    concat!("requirements", ".md"),
    concat!("parts", ".md"),
    concat!("style", ".md"),
];

#[test]
fn nothing_tells_how_or_where_the_project_is_made() {
    let mut wrong = Vec::new();
    for source in all().iter().filter(|source| !GENERATED.contains(&source.path.as_str())) {
        for (number, line) in source.lines() {
            let line = line.to_lowercase();
            let found = REFUSED.iter().find(|word| line.contains(&word.to_lowercase()));
            wrong.extend(found.map(|word| format!("{}:{number}: `{word}`", source.path)));
        }
    }
    none(wrong, "a clone says nothing of the machine or the people that made it");
}

#[test]
fn no_text_points_at_a_document_that_is_not_here() {
    let mut wrong = Vec::new();
    for source in all() {
        for (number, line) in source.lines() {
            let found = GONE.iter().find(|name| line.contains(*name));
            wrong.extend(found.map(|name| format!("{}:{number}: {name}", source.path)));
        }
    }
    none(wrong, "what a comment points at can be read");
}
