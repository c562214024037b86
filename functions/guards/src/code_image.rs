//! GET /api/v1/guards/{guard_id}/qr/image: the guard's code as PNG, as SVG, or as a card to print (T38).

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use domain::failure::{Failure, Kind};
use domain::guard::Guard;
use domain::render::{Format, Level, RenderSpec, RenderWishes};
use qr::{Card, print_card};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use web::guard::{active, tenant_of};
use web::input::Params;
use web::problem::ProblemBody;
use web::{GuardReader, Problem, may};

use crate::Deps;
use crate::guard::{load, wrong};

/// The smallest side of a picture, in pixels: less is nothing to print.
const SIZE_MIN_PX: u32 = 256;
/// The side of a picture when nothing is said, in pixels.
const SIZE_DEFAULT_PX: u32 = 512;
/// A quarter of a code on a wall may be lost.
const LEVEL_DEFAULT: Level = Level::Q;
/// What stands at the top of a card.
const HEADING: &str = "Scan to tip";

/// What the code is shown as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ImageFormat {
    /// A picture of pixels.
    #[default]
    Png,
    /// A drawing.
    Svg,
    /// A card of A6 with the guard's name and the short address.
    Pdf,
}

/// How the image is to look.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ImageParams {
    /// `png`, `svg` or `pdf`.
    #[serde(default)]
    #[param(inline)]
    format: ImageFormat,
    /// Side of the picture in pixels, 256 to 2,048; a card has the size of its paper.
    size: Option<u32>,
    /// Error correction level; Q when nothing is said.
    #[param(inline)]
    ecl: Option<Level>,
}

/// The drawing itself went wrong.
#[derive(Debug, thiserror::Error)]
#[error("the code could not be drawn")]
struct DrawingFailed(#[source] tokio::task::JoinError);

impl Failure for DrawingFailed {
    fn kind(&self) -> Kind {
        Kind::Bug
    }

    fn code(&self) -> &'static str {
        "drawing_failed"
    }
}

/// Shows the code that works. Each image is read back before it is shown.
#[utoipa::path(
    get,
    path = "/api/v1/guards/{guard_id}/qr/image",
    tag = "guards",
    operation_id = "draw_guard_code",
    params(("guard_id" = String, Path, description = "The guard's id"), ImageParams),
    responses(
        (status = 200, description = "The image", content(
            (Vec<u8> = "image/png"),
            (String = "image/svg+xml"),
            (Vec<u8> = "application/pdf"),
        )),
        (status = 404, description = "No such guard, or it has no code", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A size out of bounds, or a name that the card's typeface cannot show", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["guards:read"]))
)]
pub(crate) async fn draw_guard_code(
    State(deps): State<Deps>,
    reader: GuardReader<may::GuardsRead>,
    Params(params): Params<ImageParams>,
) -> Result<Response, Problem> {
    let guard = load(&deps, &reader.tenant, &reader.guard).await?;
    let token = active(&guard)?.token.clone();
    let (url, level) = (deps.codes.url(&token), params.ecl.unwrap_or(LEVEL_DEFAULT));
    let (file, content_type, ending) = match params.format {
        ImageFormat::Png => (picture(url, Format::Png, &params).await?, "image/png", "png"),
        ImageFormat::Svg => (picture(url, Format::Svg, &params).await?, "image/svg+xml", "svg"),
        ImageFormat::Pdf => (card(&deps, guard, url, level).await?, "application/pdf", "pdf"),
    };
    let name = format!("inline; filename=\"guard-{token}.{ending}\"");
    let name = HeaderValue::try_from(name).unwrap_or(HeaderValue::from_static("inline"));
    let content_type = HeaderValue::from_static(content_type);
    let headers = [(header::CONTENT_TYPE, content_type), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, file).into_response())
}

async fn picture(url: String, format: Format, params: &ImageParams) -> Result<Vec<u8>, Problem> {
    let size = params.size.unwrap_or(SIZE_DEFAULT_PX);
    if size < SIZE_MIN_PX {
        let detail = format!("size is {SIZE_MIN_PX} to {} pixels", domain::render::SIZE_MAX_PX);
        return Err(wrong("size", "out_of_range", &detail).into());
    }
    let wishes = RenderWishes {
        size: Some(size),
        format: Some(format),
        error_correction: Some(params.ecl.unwrap_or(LEVEL_DEFAULT)),
        // The codes of guards are plain: what is printed on cards has the name beside it.
        logo: Some(false),
        ..RenderWishes::default()
    };
    let spec = RenderSpec::PROPERTY.with(&wishes)?;
    let drawn = tokio::task::spawn_blocking(move || qr::render(&url, &spec, None)).await;
    Ok(drawn.map_err(DrawingFailed)??.bytes)
}

async fn card(deps: &Deps, guard: Guard, url: String, level: Level) -> Result<Vec<u8>, Problem> {
    let tenant = tenant_of(&deps.table, &guard.tenant).await?;
    let drawn = tokio::task::spawn_blocking(move || {
        let card = Card {
            payload: &url,
            heading: HEADING,
            name: &guard.profile.full_name(),
            // Whoever types it needs no scheme: every browser tries the safe one.
            address: url.strip_prefix("https://").unwrap_or(&url),
            owner: &tenant.settings.name,
        };
        print_card(&card, level)
    });
    Ok(drawn.await.map_err(DrawingFailed)??)
}
