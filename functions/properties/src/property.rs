//! GET and PUT /api/v1/properties/{property_id}: one property.

use axum::Json as Reply;
use axum::extract::State;
use domain::failure::{Failure, FieldError, InvalidFields, Kind};
use domain::property::Property;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use web::input::{Json, PropertyPath};
use web::problem::ProblemBody;
use web::{Caller, Problem, may};

use crate::Deps;

/// The property is not there, or not the caller's.
#[derive(Debug, thiserror::Error)]
#[error("there is no such property")]
struct NoProperty;

impl Failure for NoProperty {
    fn kind(&self) -> Kind {
        Kind::Missing
    }

    fn code(&self) -> &'static str {
        "property_unknown"
    }
}

/// A property, and what its code could say.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PropertyResponse {
    #[serde(flatten)]
    property: Property,
    /// Whether a code can be made for it.
    is_qr_eligible: bool,
    /// Whether it has an address on the chain.
    has_blockchain_info: bool,
}

impl From<Property> for PropertyResponse {
    fn from(property: Property) -> Self {
        Self {
            is_qr_eligible: property.is_qr_eligible(),
            has_blockchain_info: property.has_blockchain_info(),
            property,
        }
    }
}

/// The caller's property.
#[utoipa::path(
    get,
    path = "/api/v1/properties/{property_id}",
    tag = "properties",
    operation_id = "read_property",
    params(("property_id" = String, Path, description = "The property's ObjectId")),
    responses(
        (status = 200, description = "The property", body = PropertyResponse),
        (status = 404, description = "No such property", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["codes:read"]))
)]
pub(crate) async fn read_property(
    State(deps): State<Deps>,
    caller: Caller<may::CodesRead>,
    PropertyPath(id): PropertyPath,
) -> Result<Reply<PropertyResponse>, Problem> {
    let property = deps.table.property(&caller.tenant, &id).await?.ok_or(NoProperty)?;
    Ok(Reply(property.into()))
}

/// Takes one property in, new or changed. The body is a document of the property collection, in camelCase,
/// snake_case or MongoDB Extended JSON.
#[utoipa::path(
    put,
    path = "/api/v1/properties/{property_id}",
    tag = "properties",
    operation_id = "replace_property",
    params(("property_id" = String, Path, description = "The property's ObjectId")),
    request_body = Property,
    responses(
        (status = 200, description = "The property as it is now", body = PropertyResponse),
        (status = 409, description = "The id belongs to another tenant", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A document that breaks a rule", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["properties:write"]))
)]
pub(crate) async fn replace_property(
    State(deps): State<Deps>,
    caller: Caller<may::PropertiesWrite>,
    PropertyPath(id): PropertyPath,
    Json(mut document): Json<Map<String, Value>>,
) -> Result<Reply<PropertyResponse>, Problem> {
    if !document.contains_key("_id") {
        document.entry("id").or_insert_with(|| id.as_str().into());
    }
    let property = Property::from_document(&Value::Object(document))?;
    if property.id != id {
        let detail = "the document's id is not the one in the address";
        return Err(InvalidFields(vec![FieldError::new("id", "other_id", detail)]).into());
    }
    let taken =
        deps.table.commit_properties(&caller.tenant, std::slice::from_ref(&property)).await?;
    if let Some(taken) = taken.into_iter().next() {
        return Err(taken.into());
    }
    Ok(Reply(property.into()))
}
