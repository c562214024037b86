//! GET /docs: the reference, drawn from the API's description on our side: no script, no foreign host, and readable
//! on any phone.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value};
use web::page::{self, Shell};

use crate::openapi::OPENAPI;

#[derive(Template)]
#[template(path = "docs.html")]
struct DocsPage {
    shell: Shell,
    operations: Vec<Operation>,
    schemas: Vec<Schema>,
}

struct Operation {
    id: String,
    method: String,
    path: String,
    summary: String,
    scopes: Vec<String>,
    parameters: Vec<Field>,
    body: Option<String>,
    responses: Vec<(String, String, Option<String>)>,
}

struct Schema {
    name: String,
    text: String,
    fields: Vec<Field>,
}

struct Field {
    name: String,
    kind: String,
    required: bool,
    text: String,
}

/// The reference.
#[utoipa::path(
    get,
    path = "/docs",
    tag = "site",
    operation_id = "read_docs",
    responses((status = 200, description = "The reference", content_type = "text/html"))
)]
pub(crate) async fn read_docs() -> Response {
    let openapi: Value = serde_json::from_str(OPENAPI).unwrap_or_default();
    let paths = openapi["paths"].as_object().into_iter().flatten();
    let operations = paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().into_iter().flatten();
        methods.map(move |(method, operation)| Operation::of(method, path, operation))
    });
    let schemas = openapi["components"]["schemas"].as_object().into_iter().flatten();
    let page = DocsPage {
        shell: Shell::titled("Reference · Tessera"),
        operations: operations.collect(),
        schemas: schemas.map(|(name, schema)| Schema::of(name, schema)).collect(),
    };
    page::html(StatusCode::OK, &page)
}

impl Operation {
    fn of(method: &str, path: &str, operation: &Value) -> Self {
        let security = operation["security"].as_array().into_iter().flatten();
        let scopes = security.flat_map(|one| one["api_key"].as_array().into_iter().flatten());
        let responses = operation["responses"].as_object().into_iter().flatten();
        Self {
            id: text(&operation["operationId"]),
            method: method.to_uppercase(),
            path: path.to_owned(),
            summary: [text(&operation["summary"]), text(&operation["description"])]
                .join(" ")
                .trim()
                .to_owned(),
            scopes: scopes.map(text).collect(),
            parameters: operation["parameters"]
                .as_array()
                .into_iter()
                .flatten()
                .map(Field::parameter)
                .collect(),
            body: content_schema(&operation["requestBody"]),
            responses: responses
                .map(|(status, response)| {
                    (status.clone(), text(&response["description"]), content_schema(response))
                })
                .collect(),
        }
    }
}

impl Schema {
    fn of(name: &str, schema: &Value) -> Self {
        let mut fields = Vec::new();
        let parts = schema["allOf"].as_array().into_iter().flatten();
        for part in std::iter::once(schema).chain(parts) {
            let required: Vec<&str> = part["required"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect();
            let properties: Option<&Map<String, Value>> = part["properties"].as_object();
            fields.extend(properties.into_iter().flatten().map(|(name, property)| Field {
                name: name.clone(),
                kind: kind(property),
                required: required.contains(&name.as_str()),
                text: text(&property["description"]),
            }));
        }
        Self { name: name.to_owned(), text: text(&schema["description"]), fields }
    }
}

impl Field {
    fn parameter(parameter: &Value) -> Self {
        Self {
            name: text(&parameter["name"]),
            kind: format!("{}, {}", text(&parameter["in"]), kind(&parameter["schema"])),
            required: parameter["required"].as_bool().unwrap_or(false),
            text: text(&parameter["description"]),
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The name of the schema of the first content of a body or response.
fn content_schema(body: &Value) -> Option<String> {
    let (_, content) = body["content"].as_object()?.iter().next()?;
    Some(kind(&content["schema"])).filter(|kind| !kind.is_empty())
}

fn kind(schema: &Value) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        return reference.rsplit('/').next().unwrap_or_default().to_owned();
    }
    let alternatives = schema["oneOf"].as_array().or(schema["anyOf"].as_array());
    if let Some(alternatives) = alternatives {
        let kinds: Vec<String> =
            alternatives.iter().map(kind).filter(|kind| kind != "null").collect();
        return kinds.join(" or ");
    }
    if let Some(values) = schema["enum"].as_array() {
        return values.iter().map(text).collect::<Vec<_>>().join(" | ");
    }
    let types = match &schema["type"] {
        Value::Array(types) => {
            types.iter().map(text).filter(|kind| kind != "null").collect::<Vec<_>>().join(" or ")
        }
        one => text(one),
    };
    if types == "array" { format!("list of {}", kind(&schema["items"])) } else { types }
}
