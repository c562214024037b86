//! The API's description in OpenAPI 3.1, put together from the handlers' own.

use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, OpenApi, OpenApiBuilder};

use crate::Routes;
use crate::principal::API_KEY_HEADER;

/// The descriptions of several functions' routes in one.
pub fn of(functions: impl IntoIterator<Item = Routes>) -> OpenApi {
    let info = InfoBuilder::new()
        .title("Tessera")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some("QR codes that work: property codes, their scans and their analytics."));
    let key = SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new(API_KEY_HEADER)));
    let components = ComponentsBuilder::new().security_scheme("api_key", key).build();
    let empty = OpenApiBuilder::new().info(info.build()).components(Some(components)).build();
    functions.into_iter().fold(empty, |whole, routes| {
        let (_, part) = routes.split_for_parts();
        whole.merge_from(part)
    })
}
