//! POST /api/v1/loyalty/customers, GET and PUT /api/v1/loyalty/customers/{customer_id}: who has points.
//!
//! Deliberately absent: the customer's e-mail address, of which only a hash is kept. It can be set and looked for, and
//! is never shown.

use axum::Json as Reply;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use domain::contact::Email;
use domain::customer::CustomerId;
use domain::failure::{FieldError, InvalidFields};
use domain::id::TenantId;
use domain::member::{Member, MemberRefused};
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use web::idempotency::KeyRefused;
use web::input::Json;
use web::problem::ProblemBody;
use web::{Caller, Once, Problem, Stopped, may};

use crate::Deps;

/// A customer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CustomerResponse {
    /// Its id: yours, or one that was made.
    #[schema(value_type = String)]
    customer_id: CustomerId,
    /// What a till calls them.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// Whether they are found by an e-mail address. The address itself is not kept.
    has_email: bool,
    /// When they joined.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Counts the changes.
    version: u64,
}

/// A customer who joins.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateCustomerRequest {
    /// Your own id of the customer: 1 to 64 of `A-Z a-z 0-9 . _ -`. One is made when it is absent.
    #[serde(default)]
    customer_id: Option<String>,
    /// What a till calls them: 1 to 80 characters.
    #[serde(default)]
    name: Option<String>,
    /// By which address staff finds them. Only its hash is kept.
    #[serde(default)]
    email: Option<String>,
}

/// What a customer is to be from now on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplaceCustomerRequest {
    /// What a till calls them: 1 to 80 characters. Nothing when it is absent.
    #[serde(default)]
    name: Option<String>,
    /// By which address staff finds them; `null` takes it away, and an absent one stays.
    #[serde(default, deserialize_with = "named")]
    #[schema(value_type = Option<String>)]
    email: Option<Option<String>>,
    /// The version that this change is made to; without it, whatever is there is changed.
    #[serde(default)]
    version: Option<u64>,
}

/// Tells a field that is `null` from one that is absent.
fn named<'de, D>(reader: D) -> Result<Option<Option<String>>, D::Error>
where
    D: Deserializer<'de>,
{
    Option::deserialize(reader).map(Some)
}

/// The path part `customer_id`. A text that is no id is a customer who is not there.
#[derive(Debug)]
pub(crate) struct CustomerPath(pub(crate) CustomerId);

impl<S: Send + Sync> FromRequestParts<S> for CustomerPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = Path::<String>::from_request_parts(parts, state).await;
        let Path(text) = text.map_err(|_| MemberRefused::Unknown)?;
        Ok(Self(CustomerId::parse(&text).map_err(|_| MemberRefused::Unknown)?))
    }
}

impl CustomerResponse {
    pub(crate) fn of(member: Member) -> Self {
        Self {
            customer_id: member.id,
            name: member.name,
            has_email: member.email.is_some(),
            created_at: member.created_at,
            version: member.version,
        }
    }
}

/// The tenant's customer of this id.
pub(crate) async fn load(
    deps: &Deps,
    tenant: &TenantId,
    id: &CustomerId,
) -> Result<Member, Problem> {
    Ok(deps.table.member(tenant, id).await?.ok_or(MemberRefused::Unknown)?)
}

/// Reads an address; the refusal does not repeat it.
pub(crate) fn email(text: &str) -> Result<Email, InvalidFields> {
    Email::parse(text).map_err(|wrong| {
        InvalidFields(vec![FieldError::new("email", "invalid_email", wrong.to_string())])
    })
}

/// Adds a customer. Needs an `Idempotency-Key`.
#[utoipa::path(
    post,
    path = "/api/v1/loyalty/customers",
    tag = "loyalty",
    operation_id = "create_loyalty_customer",
    params(("Idempotency-Key" = String, Header, description = "A value of your own; a repetition adds no second customer")),
    request_body = CreateCustomerRequest,
    responses(
        (status = 201, description = "The customer", body = CustomerResponse),
        (status = 400, description = "No Idempotency-Key", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "There is a customer of this id or this address, or the same request is still running", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A customer that breaks a rule", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["loyalty:write"]))
)]
pub(crate) async fn create_customer(
    State(deps): State<Deps>,
    caller: Caller<may::LoyaltyWrite>,
    once: Once<CreateCustomerRequest>,
) -> Result<(StatusCode, Reply<CustomerResponse>), Stopped> {
    let member = joining(&deps, caller.tenant, once.request)?;
    let reply = CustomerResponse::of(member.clone());
    let answer = once.key.saving(StatusCode::CREATED, &reply);
    match deps.table.insert_member(&member, Some(answer)).await? {
        Ok(()) => {
            // A tenant's own id of a customer may be a telephone number.
            tracing::info!(event = "customer_joined", "added a customer");
            Ok((StatusCode::CREATED, Reply(reply)))
        }
        // A new customer cannot have been changed: somebody else has taken the claim over.
        Err(MemberRefused::Changed) => Err(KeyRefused::Running.into()),
        Err(refused) => Err(refused.into()),
    }
}

fn joining(
    deps: &Deps,
    tenant: TenantId,
    request: CreateCustomerRequest,
) -> Result<Member, Problem> {
    let CreateCustomerRequest { customer_id, name, email: address } = request;
    let id = match customer_id {
        Some(own) => CustomerId::parse(&own)?,
        None => deps.ids.make(CustomerId::new),
    };
    let address = address.as_deref().map(email).transpose()?;
    let joined = Member::join(tenant, id, deps.ids.now());
    let member = joined.described(name.as_deref(), address.as_ref())?;
    Ok(Member { version: 1, ..member })
}

/// One customer.
#[utoipa::path(
    get,
    path = "/api/v1/loyalty/customers/{customer_id}",
    tag = "loyalty",
    operation_id = "read_loyalty_customer",
    params(("customer_id" = String, Path, description = "The customer")),
    responses(
        (status = 200, description = "The customer", body = CustomerResponse),
        (status = 404, description = "No such customer", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["loyalty:read"]))
)]
pub(crate) async fn read_customer(
    State(deps): State<Deps>,
    caller: Caller<may::LoyaltyRead>,
    CustomerPath(id): CustomerPath,
) -> Result<Reply<CustomerResponse>, Problem> {
    Ok(Reply(CustomerResponse::of(load(&deps, &caller.tenant, &id).await?)))
}

/// Replaces what is said of a customer. The address stays when it is absent, because it cannot be read.
#[utoipa::path(
    put,
    path = "/api/v1/loyalty/customers/{customer_id}",
    tag = "loyalty",
    operation_id = "replace_loyalty_customer",
    params(("customer_id" = String, Path, description = "The customer")),
    request_body = ReplaceCustomerRequest,
    responses(
        (status = 200, description = "The customer as they are now", body = CustomerResponse),
        (status = 404, description = "No such customer", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "Another customer has the address, or somebody else has changed this one", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A customer that breaks a rule", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["loyalty:write"]))
)]
pub(crate) async fn replace_customer(
    State(deps): State<Deps>,
    caller: Caller<may::LoyaltyWrite>,
    CustomerPath(id): CustomerPath,
    Json(request): Json<ReplaceCustomerRequest>,
) -> Result<Reply<CustomerResponse>, Problem> {
    let ReplaceCustomerRequest { name, email: address, version } = request;
    let (stays, address) = (address.is_none(), address.flatten());
    let address = address.as_deref().map(email).transpose()?;
    let before = load(&deps, &caller.tenant, &id).await?;
    if version.is_some_and(|version| version != before.version) {
        return Err(MemberRefused::Changed.into());
    }
    let mut member = before.clone().described(name.as_deref(), address.as_ref())?;
    if stays {
        member.email.clone_from(&before.email);
    }
    deps.table.replace_member(&member, &before).await??;
    Ok(Reply(CustomerResponse::of(member)))
}
