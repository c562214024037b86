//! Functions look alike: three lines of `main`, at most five fields of `Deps`, one crate and one entry in the
//! registry for each one of the template.

use std::collections::BTreeSet;

use crate::sources::{all, file, none, rust_in, template};

/// The most that a function may touch.
const DEPS_FIELDS_MAX: usize = 5;

/// The names of all function crates.
pub(crate) fn crates() -> BTreeSet<&'static str> {
    let name = |path: &'static str| {
        let (name, rest) = path.strip_prefix("functions/")?.split_once('/')?;
        (rest == "Cargo.toml").then_some(name)
    };
    all().iter().filter_map(|source| name(&source.path)).collect()
}

/// The types of the fields of a function's `Deps`, by field.
pub(crate) fn deps(function: &str) -> Vec<(String, String)> {
    let source = file(&format!("functions/{function}/src/lib.rs"));
    let (_, rest) = source.text.split_once("pub struct Deps").expect("lib.rs has a Deps");
    let Some(body) = rest.trim_start().strip_prefix('{') else {
        assert!(rest.starts_with(';'), "{function}: Deps is a struct with named fields, or empty");
        return Vec::new();
    };
    let (body, _) = body.split_once('}').unwrap();
    let field = |line: &str| {
        let line = line.trim().trim_start_matches("pub ").trim_end_matches(',');
        let (name, kind) = line.split_once(": ")?;
        (!line.starts_with("//")).then(|| (name.to_owned(), kind.to_owned()))
    };
    body.lines().filter_map(field).collect()
}

#[test]
fn the_template_the_registry_and_the_folders_name_the_same_functions() {
    let template = template();
    let in_template: BTreeSet<&str> =
        template.functions().iter().map(|function| function.name.as_str()).collect();
    let in_registry: BTreeSet<&str> = local::functions::registry().names().collect();
    assert_eq!(in_template, in_registry, "template.yaml and local::functions::registry()");
    assert_eq!(in_template, crates(), "template.yaml and the crates below functions/");
}

#[test]
fn each_main_is_the_same_three_lines() {
    for function in crates() {
        let source = file(&format!("functions/{function}/src/main.rs"));
        let library = function.replace('-', "_");
        let of = |serve: &str, handle: &str| {
            format!(
                "fn main() -> web::Exit {{\n    web::{serve}(\"{function}\", \
                 {library}::Deps::from_env, {library}::{handle})\n}}\n"
            )
        };
        let fine = [of("serve", "routes"), of("serve_events", "handle")];
        assert!(fine.contains(&source.text), "{}:\n{}", source.path, source.text);
    }
}

#[test]
fn what_a_function_may_touch_is_at_most_five_things_and_said_once() {
    let mut wrong = Vec::new();
    for function in crates() {
        let fields = deps(function).len();
        if fields > DEPS_FIELDS_MAX {
            wrong.push(format!("{function}: Deps has {fields} fields"));
        }
        let sources: Vec<_> = rust_in(&format!("functions/{function}/")).collect();
        let structs = sources.iter().filter(|source| source.text.contains("struct Deps")).count();
        if structs != 1 {
            wrong.push(format!("{function}: {structs} structs are called Deps"));
        }
        for source in sources {
            let outside = ["std::env::", "env!(", "std::fs::", "std::net::", "Client::new("];
            for (number, line) in source.lines() {
                if outside.iter().any(|word| line.contains(word)) {
                    wrong.push(format!("{}:{number}: {}", source.path, line.trim()));
                }
            }
        }
    }
    none(
        wrong,
        "everything that a function needs from outside is one of at most five fields of its Deps",
    );
}
