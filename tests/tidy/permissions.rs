//! The fields of a function's `Deps` are its policy, and its variables are those that they need.

use std::collections::BTreeSet;

use adapters::clock::Clock;
use adapters::environment::{Environment, EnvironmentError, plain_http_client};
use adapters::random::Random;
use local::template::Function;
use serde_json::Value;

use crate::functions::deps;
use crate::sources::{file, none, template};

/// The services behind the types of `Deps`' fields. A new type belongs here.
const SERVICES: [(&str, &[&str]); 23] = [
    ("Bus", &["events"]),
    ("Channels", &["sns", "ses", "secretsmanager"]),
    ("Checkout", &["secretsmanager"]),
    ("Clock", &[]),
    ("Files", &["s3"]),
    ("Ids", &[]),
    ("GuardCodes", &["secretsmanager"]),
    ("GuardSite", &["secretsmanager"]),
    ("Images", &["s3"]),
    ("Paystack", &["secretsmanager"]),
    ("PaystackKeys", &["secretsmanager"]),
    ("PublicUrl", &[]),
    ("Queue", &["sqs"]),
    ("Queues", &["sqs"]),
    ("Random", &[]),
    ("Salts", &["ssm"]),
    ("Seal", &["secretsmanager"]),
    ("Secret", &["secretsmanager"]),
    ("Site", &[]),
    ("Table", &["dynamodb"]),
    ("Targets", &["dynamodb"]),
    ("Visitors", &["ssm", "secretsmanager"]),
    ("VoucherSigner", &["secretsmanager", "kms"]),
];
/// What Lambda itself tells a function.
const OF_LAMBDA: [&str; 3] = ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];

/// The services that a function's policy names.
fn allowed(function: &Function, raw: &Value) -> BTreeSet<String> {
    let mut services = BTreeSet::new();
    for policy in function.policies().as_array().into_iter().flatten() {
        let statements = policy["Statement"].as_array();
        let statements =
            statements.unwrap_or_else(|| panic!("{}: write statements, not {policy}", function.id));
        for statement in statements {
            assert_eq!(statement["Effect"], "Allow", "{}", function.id);
            for action in texts(&statement["Action"]) {
                let (service, _) = action.split_once(':').unwrap_or((action, ""));
                services.insert(service.to_owned());
            }
        }
    }
    // Lambda, not the function, sends what a stream could not deliver.
    let events = raw.pointer(&format!("/Resources/{}/Properties/Events", function.id));
    let events = events.and_then(Value::as_object).into_iter().flatten();
    let kinds = events.map(|(_, event)| {
        event.pointer("/Properties/DestinationConfig/OnFailure/Type").and_then(Value::as_str)
    });
    for kind in kinds.flatten() {
        services.remove(&kind.to_lowercase());
    }
    services
}

/// A text, or a list of them.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    }
}

#[test]
fn a_function_s_deps_are_its_policy() {
    let template = template();
    for function in template.functions() {
        let mut wanted: BTreeSet<String> = BTreeSet::new();
        for (field, kind) in deps(&function.name) {
            let known = SERVICES.iter().find(|(name, _)| *name == kind);
            let (_, services) = known.unwrap_or_else(|| {
                panic!("{}: which services does the field {field}: {kind} need?", function.name)
            });
            wanted.extend(services.iter().map(|service| (*service).to_owned()));
        }
        let allowed = allowed(function, template.raw());
        assert_eq!(wanted, allowed, "{}: its Deps need, its policy allows", function.name);
    }
}

#[test]
fn no_policy_allows_everything_without_saying_why() {
    let (mut wrong, mut before) = (Vec::new(), "");
    let mut block: Option<usize> = None;
    for (number, line) in file("template.yaml").lines() {
        let text = line.trim_start();
        let indent = line.len() - text.len();
        if block.is_some_and(|of| indent <= of && !text.is_empty()) {
            block = None;
        }
        if text.starts_with("Policies:") {
            block = Some(indent);
        }
        let code = text.split(" #").next().unwrap_or_default();
        let words = code.split(|c: char| c.is_whitespace() || "[],{}\"'".contains(c));
        let everything = words.filter(|word| *word == "*" || word.ends_with(":*")).count() > 0;
        let explained = before.trim_start().starts_with("# why");
        if block.is_some() && everything && !text.starts_with('#') && !explained {
            wrong.push(format!("template.yaml:{number}: {text}"));
        }
        before = line;
    }
    none(wrong, "an action or resource `*` needs a comment `# why …` on the line before");
}

#[test]
fn a_function_starts_with_exactly_its_variables() {
    let (template, registry) = (template(), local::functions::registry());
    let globals = template.raw().pointer("/Globals/Function/Environment/Variables").unwrap();
    let globals: BTreeSet<&str> = globals.as_object().unwrap().keys().map(String::as_str).collect();
    let mut wrong = Vec::new();
    let mut used = BTreeSet::new();
    for function in template.functions() {
        let build = registry.build(&function.name).expect("it is in the registry");
        if let Err(error) = build(&environment(function, None)) {
            wrong.push(format!("{} does not start: {error}", function.name));
        }
        for name in function.variables.keys() {
            match build(&environment(function, Some(name))) {
                Err(EnvironmentError::Missing(missing)) if missing == name => {
                    used.insert(name.as_str());
                }
                _ if globals.contains(name.as_str()) => {}
                _ => wrong.push(format!("{} starts without {name}", function.name)),
            }
        }
    }
    wrong.extend(globals.difference(&used).map(|name| format!("nobody needs {name}")));
    none(wrong, "a function is told what it needs, and nothing else");
}

/// A function's variables, and Lambda's own, without one of them.
fn environment(function: &Function, without: Option<&str>) -> Environment {
    let own =
        function.variables.clone().into_iter().filter(|(name, _)| Some(name.as_str()) != without);
    let lambda = OF_LAMBDA.map(|name| (name.to_owned(), "nowhere".to_owned()));
    let random = Random::from_fn(|bytes| bytes.fill(7));
    let clock = Clock::manual(jiff::Timestamp::UNIX_EPOCH);
    Environment::new(own.chain(lambda), plain_http_client(), clock, random)
}
