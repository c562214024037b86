//! POST /api/v1/qr/generate/{property_id}: makes a property's code (P23, P33–P37).

use axum::Json as Reply;
use axum::extract::State;
use axum::http::StatusCode;
use domain::code::Lifetime;
use domain::render::{Colors, Format, Level, RenderWishes};
use jiff::Timestamp;
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;
use web::input::PropertyPath;
use web::problem::ProblemBody;
use web::{Caller, Problem, Repeatable, Stopped, may};

use crate::Deps;
use crate::commit::{LifetimeWish, NoProperty, Order, generate};
use crate::draw::studio;
use crate::metadata::{QrCodeResponse, counted};

/// How the code is to look and live; what is absent comes from the tenant's defaults.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GenerateRequest {
    /// Side of the image in pixels, 64 to 2,048.
    size: Option<u32>,
    /// Error correction level.
    error_correction: Option<Level>,
    /// File format.
    format: Option<Format>,
    /// Quiet zone in modules, 4 to 16.
    margin: Option<u32>,
    /// The two colours.
    colors: Option<Colors>,
    /// Whether the tenant's logo is put in the middle.
    logo: Option<bool>,
    /// Draw even below three pixels a module.
    force: Option<bool>,
    /// When the code stops working; `null` takes the limit away, an absent field keeps it.
    #[serde(default, deserialize_with = "named")]
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Option<Timestamp>>,
    /// After how many scans by people, counted from now on, the code stops working; `null` takes the limit away, an
    /// absent field keeps it.
    #[serde(default, deserialize_with = "named")]
    #[schema(value_type = Option<u64>)]
    max_scans: Option<Option<u64>>,
}

/// Tells a field that is `null` from one that is absent.
fn named<'de, T, D>(reader: D) -> Result<Option<Option<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    Option::deserialize(reader).map(Some)
}

impl GenerateRequest {
    /// What the request orders. Without a word about the lifetime the code keeps the one that it has.
    pub(crate) fn order(&self, now: Timestamp, anew: bool) -> Result<Order, Problem> {
        let wishes = RenderWishes {
            size: self.size,
            error_correction: self.error_correction,
            format: self.format,
            margin: self.margin,
            colors: self.colors,
            logo: self.logo,
            force: self.force,
        };
        let named =
            Lifetime { expires_at: self.expires_at.flatten(), max_scans: self.max_scans.flatten() };
        named.check(now)?;
        let lifetime = LifetimeWish { expires_at: self.expires_at, max_scans: self.max_scans };
        Ok(Order { wishes, lifetime, anew })
    }
}

/// Makes a property's code. Asking again for the same changes nothing.
#[utoipa::path(
    post,
    path = "/api/v1/qr/generate/{property_id}",
    tag = "codes",
    operation_id = "generate_code",
    params(
        ("property_id" = String, Path, description = "The property's ObjectId"),
        ("Idempotency-Key" = Option<String>, Header, description = "Optional: the operation is repeatable by itself"),
    ),
    request_body = GenerateRequest,
    responses(
        (status = 201, description = "A new version of the code", body = QrCodeResponse),
        (status = 200, description = "The code was like this already", body = QrCodeResponse),
        (status = 404, description = "No such property", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "Changed at the same moment", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Not eligible, or settings that cannot be read back; `suggestion` has some that can", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["codes:write"]))
)]
pub(crate) async fn generate_code(
    State(deps): State<Deps>,
    caller: Caller<may::CodesWrite>,
    PropertyPath(id): PropertyPath,
    Repeatable(request): Repeatable<GenerateRequest>,
) -> Result<(StatusCode, Reply<QrCodeResponse>), Stopped> {
    let order = request.order(deps.clock.now(), false)?;
    let property = deps.table.property(&caller.tenant, &id).await?.ok_or(NoProperty)?;
    let mut studio = studio(&deps, &caller.tenant).await?;
    let generated = generate(&deps, &mut studio, &property, &order).await?;
    let code = generated.code;
    let totals = deps.table.totals(&counted(&code)).await?;
    tracing::info!(event = "code_generated", property.id = %id, version = code.version, "generated code `{id}`");
    let status = if generated.changed { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Reply(QrCodeResponse::of(&code, &totals, &deps.images, deps.clock.now()))))
}
