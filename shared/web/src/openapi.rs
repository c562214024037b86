//! The API's description in OpenAPI 3.1, put together from the handlers' own.
//!
//! What is the same for every operation is said here and not in each handler: what the tags mean, and how a request
//! is refused that comes without a key or with one that may not.

use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, InfoBuilder, OpenApi, OpenApiBuilder, Ref, ResponseBuilder,
};

use crate::Routes;
use crate::customer::CUSTOMER_COOKIE;
use crate::principal::API_KEY_HEADER;
use crate::problem;

/// The group of pages.
const PAGES: &str = "desk";
/// What the operations are grouped by.
const TAGS: [(&str, &str); 17] = [
    ("properties", "What codes are made for: taken in, changed and shown."),
    ("codes", "Codes of properties: generated, drawn, listed, deleted."),
    ("scan", "What happens when somebody scans a code. Open to everybody."),
    ("analytics", "Who scanned what, when and where, without knowing who it was."),
    ("guards", "Who receives tips: profiles, photos, payout accounts, and printed codes."),
    (
        "tips",
        "The page behind a guard's code, its payment, and what became of it. Open to everybody.",
    ),
    ("finance", "Refunds, the ledger's check and statements, and the cases that need a person."),
    (
        "settlements",
        "Settlement runs: what one would do, beginning one, and what the past ones did.",
    ),
    (PAGES, "Pages of staff, who sign in with a key. They answer people, in HTML."),
    (
        "vouchers",
        "Businesses, vouchers and their codes: made, published, printed, redeemed, and taken back.",
    ),
    (
        "wallet",
        "Vouchers as customers see, scan, claim and hold them, by a key or a customer's own cookie.",
    ),
    (
        "loyalty",
        "Programmes, restaurants and rewards; customers' points, and the codes that they show at a till.",
    ),
    ("webhooks", "What Paystack tells. Open to whoever has the key that signs it."),
    ("tenant", "Your own settings, logo and keys."),
    ("session", "A key exchanged for a cookie, for pages."),
    ("health", "Whether the platform works."),
    ("site", "This description and the files of pages."),
];

/// The descriptions of several functions' routes in one.
pub fn of(functions: impl IntoIterator<Item = Routes>) -> OpenApi {
    let info = InfoBuilder::new()
        .title("Tessera")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some("QR codes that work: property codes, their scans and their analytics."));
    let key = SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new(API_KEY_HEADER)));
    // `Authorization: Device id.secret` is no scheme that OpenAPI has a word for.
    let device = SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("Authorization")));
    let components = ComponentsBuilder::new().security_scheme("api_key", key);
    let customer = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(CUSTOMER_COOKIE)));
    let components = components.security_scheme("device", device);
    let components = components.security_scheme("customer", customer).build();
    let tags =
        TAGS.map(|(name, text)| TagBuilder::new().name(name).description(Some(text)).build());
    let empty =
        OpenApiBuilder::new().info(info.build()).components(Some(components)).tags(Some(tags));
    let mut whole = functions.into_iter().fold(empty.build(), |whole, routes| {
        let (_, part) = routes.split_for_parts();
        whole.merge_from(part)
    });
    whole.paths.paths.values_mut().for_each(complete);
    whole
}

/// Adds what no handler says about itself.
fn complete(path: &mut PathItem) {
    // A handler that takes both describes them as one, and an operation's name must be its own.
    if let Some(head) = &mut path.head {
        head.operation_id = head.operation_id.take().map(|id| format!("{id}_head"));
    }
    let operations = [&mut path.get, &mut path.head, &mut path.post, &mut path.put];
    let operations = operations.into_iter().chain([&mut path.patch, &mut path.delete]).flatten();
    // Pages say in words who is not let in, and lead whoever has not signed in to where that is done.
    let is_page = |operation: &Operation| operation.tags.iter().flatten().any(|tag| tag == PAGES);
    let closed = |operation: &&mut Operation| operation.security.is_some() && !is_page(operation);
    for operation in operations.filter(closed) {
        refuse(operation, "401", "No key, or one that is not valid");
        refuse(operation, "403", "The key lacks the scope, or another site sent the request");
    }
}

fn refuse(operation: &mut Operation, status: &str, text: &str) {
    let body = ContentBuilder::new().schema(Some(Ref::from_schema_name("ProblemBody"))).build();
    let response = ResponseBuilder::new().description(text).content(problem::CONTENT_TYPE, body);
    let responses = &mut operation.responses.responses;
    responses.entry(status.to_owned()).or_insert_with(|| response.build().into());
}
