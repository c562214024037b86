//! GET /api/v1/qr/{property_id}: a code as data, as an image in any size, or as the older payload (P25, P33).

use axum::Json as Reply;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use domain::code::{CodeStatus, PropertyCode, QrCodePayload};
use domain::failure::{FieldError, InvalidFields};
use domain::render::{Colors, Format, Level, RenderWishes, Rgb};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use web::input::{Params, PropertyPath};
use web::problem::ProblemBody;
use web::{Caller, Problem, may};

use crate::Deps;
use crate::commit::NoCode;
use crate::draw::studio;
use crate::metadata::{QrCodeResponse, counted};

/// What to show of a code.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Shown {
    /// What is known about it.
    #[default]
    Json,
    /// A PNG.
    Png,
    /// An SVG.
    Svg,
    /// The JSON that the older form of the code held.
    Payload,
}

/// What to show, and how an image is to look.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReadParams {
    /// `json`, `png`, `svg` or `payload`.
    #[serde(default)]
    #[param(inline)]
    format: Shown,
    /// Side of the image in pixels.
    size: Option<u32>,
    /// Error correction level.
    #[param(inline)]
    error_correction: Option<Level>,
    /// Quiet zone in modules.
    margin: Option<u32>,
    /// Colour of the modules, `#rrggbb`.
    dark: Option<String>,
    /// Colour of the background, `#rrggbb`.
    light: Option<String>,
    /// Whether the tenant's logo is put in the middle.
    logo: Option<bool>,
    /// Draw even below three pixels a module.
    force: Option<bool>,
}

impl ReadParams {
    /// The wishes over how the code was drawn.
    fn wishes(&self, code: &PropertyCode, format: Format) -> Result<RenderWishes, Problem> {
        let drawn = code.drawing.spec;
        let color = |field, text: &Option<String>, drawn: Rgb| match text {
            None => Ok(drawn),
            Some(text) => Rgb::parse(text).ok_or_else(|| {
                let detail = "a colour is written #rrggbb (%23rrggbb in an address)";
                InvalidFields(vec![FieldError::new(field, "invalid_color", detail)])
            }),
        };
        let colors = Colors {
            dark: color("dark", &self.dark, drawn.colors.dark)?,
            light: color("light", &self.light, drawn.colors.light)?,
        };
        Ok(RenderWishes {
            size: Some(self.size.unwrap_or(drawn.size)),
            error_correction: Some(self.error_correction.unwrap_or(drawn.error_correction)),
            format: Some(format),
            margin: Some(self.margin.unwrap_or(drawn.margin)),
            colors: Some(colors),
            logo: Some(self.logo.unwrap_or(drawn.logo)),
            force: Some(self.force.unwrap_or(drawn.force)),
        })
    }
}

/// Shows a code. Each image is read back before it is shown.
#[utoipa::path(
    get,
    path = "/api/v1/qr/{property_id}",
    tag = "codes",
    operation_id = "read_code",
    params(("property_id" = String, Path, description = "The property's ObjectId"), ReadParams),
    responses(
        (status = 200, description = "The code", content(
            (QrCodeResponse = "application/json"),
            (Vec<u8> = "image/png"),
            (String = "image/svg+xml"),
        )),
        (status = 404, description = "No such code", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Settings that cannot be read back", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["codes:read"]))
)]
pub(crate) async fn read_code(
    State(deps): State<Deps>,
    caller: Caller<may::CodesRead>,
    PropertyPath(id): PropertyPath,
    Params(params): Params<ReadParams>,
) -> Result<Response, Problem> {
    let code = deps.table.code(&caller.tenant, &id).await?;
    let code = code.filter(|code| code.status == CodeStatus::Active).ok_or(NoCode)?;
    let format = match params.format {
        Shown::Json => {
            let totals = deps.table.totals(&counted(&code)).await?;
            let now = deps.clock.now();
            return Ok(Reply(QrCodeResponse::of(&code, &totals, &deps.images, now)).into_response());
        }
        Shown::Payload => {
            return Ok(Reply(QrCodePayload::new(id, code.scan_url)).into_response());
        }
        Shown::Png => Format::Png,
        Shown::Svg => Format::Svg,
    };
    let studio = studio(&deps, &caller.tenant).await?;
    let spec = studio.spec(&params.wishes(&code, format)?)?;
    let drawn = studio.draw(&code.scan_url, spec).await?;
    let content_type = HeaderValue::from_static(format.content_type());
    Ok(([(header::CONTENT_TYPE, content_type)], drawn.bytes).into_response())
}
