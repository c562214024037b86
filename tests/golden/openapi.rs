//! The API's description: made from the handlers, kept in a file that the site serves, and whole.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::fixture::{environment_to_nowhere, golden, root};

/// What a path's object has besides operations.
const METHODS: [&str; 6] = ["get", "head", "post", "put", "patch", "delete"];

/// The description as the site serves it.
pub(crate) fn document() -> Value {
    serde_json::from_str(&text()).unwrap()
}

/// Every operation with its method and path.
pub(crate) fn operations(document: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    document["paths"].as_object().unwrap().iter().flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().iter();
        methods
            .filter(|(method, _)| METHODS.contains(&method.as_str()))
            .map(move |(method, operation)| (method.as_str(), path.as_str(), operation))
    })
}

fn text() -> String {
    let document = local::functions::openapi(&environment_to_nowhere()).unwrap();
    let mut text = document.to_pretty_json().unwrap();
    text.push('\n');
    text
}

#[test]
fn openapi_is_what_the_handlers_say() {
    golden(&root().join("functions/site/src/openapi.json"), &text());
}

#[test]
fn the_description_is_openapi_3_1_and_every_reference_in_it_leads_somewhere() {
    let document = document();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    assert!(!document["info"]["title"].as_str().unwrap().is_empty());
    let mut references = BTreeSet::new();
    collect_references(&document, &mut references);
    assert!(references.len() > 10, "only {references:?}");
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap_or_default();
        let found = document.pointer(pointer).filter(|_| !pointer.is_empty());
        assert!(found.is_some(), "{reference} leads nowhere");
    }
    for name in ["ProblemBody", "FieldProblem"] {
        assert!(document["components"]["schemas"][name].is_object(), "{name} is not described");
    }
}

/// Whether an operation answers people, in HTML.
fn is_page(operation: &Value) -> bool {
    operation["tags"][0] == "desk"
}

#[test]
fn every_operation_has_a_name_of_its_own_a_summary_a_described_tag_and_a_success() {
    let document = document();
    let described: BTreeSet<&str> = document["tags"]
        .as_array()
        .expect("tags are described")
        .iter()
        .filter(|tag| tag["description"].as_str().is_some_and(|text| !text.is_empty()))
        .map(|tag| tag["name"].as_str().unwrap())
        .collect();
    let mut names = BTreeSet::new();
    let mut tags = BTreeSet::new();
    for (method, path, operation) in operations(&document) {
        let at = format!("{method} {path}");
        let name = operation["operationId"].as_str().unwrap_or_else(|| panic!("{at}: no name"));
        assert!(names.insert(name), "{at}: {name} is another operation's name");
        let summary = operation["summary"].as_str().unwrap_or_default();
        assert!(!summary.is_empty(), "{at}: no summary");
        let of = operation["tags"].as_array().map(Vec::as_slice).unwrap_or_default();
        assert_eq!(of.len(), 1, "{at}: it has one tag");
        tags.extend(of.iter().map(|tag| tag.as_str().unwrap()));
        let responses = operation["responses"].as_object().unwrap();
        // What a form asks for is done, and leads to a page.
        let form = "/requestBody/content/application~1x-www-form-urlencoded";
        let leads = is_page(operation) || operation.pointer(form).is_some();
        let fine = |status: &String| status.starts_with('2') || (leads && status == "303");
        assert!(responses.keys().any(fine), "{at}: no success");
        for (status, response) in responses {
            let text = response["description"].as_str().unwrap_or_default();
            assert!(!text.is_empty(), "{at}: {status} says nothing");
        }
    }
    assert_eq!(tags, described, "the tags in use are the described ones");
}

/// Whether a schema is that of a problem, or of a problem with further members.
fn is_problem(document: &Value, schema: &Value) -> bool {
    const PROBLEM: &str = "#/components/schemas/ProblemBody";
    let name = schema["$ref"].as_str().unwrap_or_default();
    let parts = document.pointer(name.trim_start_matches('#')).map(|schema| &schema["allOf"]);
    let more = parts.and_then(Value::as_array).into_iter().flatten();
    name == PROBLEM || more.into_iter().any(|part| part["$ref"] == PROBLEM)
}

#[test]
fn whoever_needs_a_key_learns_what_happens_without_one() {
    let document = document();
    let schemes = document["components"]["securitySchemes"].as_object().unwrap();
    let scopes: BTreeSet<&str> = domain::access::Scope::ALL.map(|scope| scope.as_str()).into();
    for (method, path, operation) in operations(&document) {
        let at = format!("{method} {path}");
        let Some(security) = operation["security"].as_array() else { continue };
        for (scheme, wanted) in security.iter().flat_map(|one| one.as_object().unwrap()) {
            assert!(schemes.contains_key(scheme), "{at}: nobody explains {scheme}");
            let wanted = wanted.as_array().unwrap();
            // A customer's cookie is good for what is the customer's own, and for nothing else.
            if scheme == "customer" {
                assert!(wanted.is_empty(), "{at}: a customer has no scopes");
                continue;
            }
            assert_eq!(wanted.len(), 1, "{at}: it needs one scope");
            assert!(scopes.contains(wanted[0].as_str().unwrap()), "{at}: {wanted:?} is no scope");
        }
        if is_page(operation) {
            let refused = &operation["responses"]["403"]["content"]["text/html"];
            assert!(refused.is_object(), "{at}: it tells nobody in words who may not");
            continue;
        }
        for status in ["401", "403"] {
            let content = &operation["responses"][status]["content"]["application/problem+json"];
            assert!(is_problem(&document, &content["schema"]), "{at}: {status}");
        }
    }
}

#[test]
fn what_stands_in_a_path_is_a_path_parameter_and_nothing_else_is() {
    let document = document();
    for (method, path, operation) in operations(&document) {
        let parameters = operation["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
        let of_path = parameters.iter().filter(|parameter| parameter["in"] == "path");
        let described: BTreeSet<&str> = of_path
            .map(|parameter| {
                assert_eq!(parameter["required"], true, "{method} {path}: {parameter}");
                parameter["name"].as_str().unwrap()
            })
            .collect();
        let parts = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        assert_eq!(described, parts.collect(), "{method} {path}");
        let text = |parameter: &&Value| parameter["description"].as_str().is_none_or(str::is_empty);
        let silent: Vec<&Value> = parameters.iter().filter(text).collect();
        assert!(silent.is_empty(), "{method} {path}: {silent:?}");
    }
}

fn collect_references(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            into.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|field| collect_references(field, into));
        }
        Value::Array(items) => items.iter().for_each(|item| collect_references(item, into)),
        _ => {}
    }
}
