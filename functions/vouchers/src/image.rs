//! GET /api/v1/vouchers/{voucher_id}/code.svg and code.png: the voucher's own code, drawn when it is asked for and read
//! back before it is handed out (V28, X47).

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use domain::failure::{Failure, Kind};
use domain::id::VoucherId;
use domain::render::{Format, Level, RenderSpec, RenderWishes};
use domain::voucher::{Voucher, VoucherRefused};
use qr::Logo;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use web::guard::tenant_of;
use web::input::{Params, VoucherPath};
use web::problem::ProblemBody;
use web::{BusinessReader, Problem, may};

use crate::Deps;
use crate::codes::token;
use crate::voucher::load;

/// The side of a picture when nothing is said, in pixels.
const SIZE_DEFAULT_PX: u32 = 512;

/// What the code holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Payload {
    /// The address of the voucher's page, which any phone opens.
    #[default]
    Url,
    /// The signed token by itself, for scanners of our own.
    Jwt,
}

/// How the image is to look.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ImageParams {
    /// `url` or `jwt`.
    #[serde(default)]
    #[param(inline)]
    payload: Payload,
    /// Side of the picture in pixels, at most 2,048; 512 when nothing is said.
    size: Option<u32>,
    /// Error correction level; M when nothing is said.
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

/// The voucher's code as a drawing. It is good for a year at most, also where the voucher runs longer: `expires_at`
/// beside the code in the voucher says until when. Draw it again for whatever is printed later.
#[utoipa::path(
    get,
    path = "/api/v1/vouchers/{voucher_id}/code.svg",
    tag = "vouchers",
    operation_id = "draw_voucher_svg",
    params(("voucher_id" = String, Path, description = "The voucher"), ImageParams),
    responses(
        (status = 200, description = "The drawing", content((String = "image/svg+xml"))),
        (status = 404, description = "No such voucher", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A size that is too small for the code", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["vouchers:read"]))
)]
pub(crate) async fn draw_svg(
    State(deps): State<Deps>,
    reader: BusinessReader<may::VouchersRead>,
    VoucherPath(id): VoucherPath,
    Params(params): Params<ImageParams>,
) -> Result<Response, Problem> {
    drawn(&deps, (&reader, &id), &params, Format::Svg).await
}

/// The voucher's code as a picture of pixels. It is good for a year at most, also where the voucher runs longer:
/// `expires_at` beside the code in the voucher says until when. Draw it again for whatever is printed later.
#[utoipa::path(
    get,
    path = "/api/v1/vouchers/{voucher_id}/code.png",
    tag = "vouchers",
    operation_id = "draw_voucher_png",
    params(("voucher_id" = String, Path, description = "The voucher"), ImageParams),
    responses(
        (status = 200, description = "The picture", content((Vec<u8> = "image/png"))),
        (status = 404, description = "No such voucher", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A size that is too small for the code", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["vouchers:read"]))
)]
pub(crate) async fn draw_png(
    State(deps): State<Deps>,
    reader: BusinessReader<may::VouchersRead>,
    VoucherPath(id): VoucherPath,
    Params(params): Params<ImageParams>,
) -> Result<Response, Problem> {
    drawn(&deps, (&reader, &id), &params, Format::Png).await
}

async fn drawn(
    deps: &Deps,
    (reader, id): (&BusinessReader<may::VouchersRead>, &VoucherId),
    params: &ImageParams,
    format: Format,
) -> Result<Response, Problem> {
    let voucher = load(deps, &reader.tenant, id).await?;
    if !reader.may_see(&voucher.business) {
        return Err(VoucherRefused::Unknown.into());
    }
    let (token, _) = token(&deps.signer, &voucher, deps.ids.now()).await?;
    let payload = match params.payload {
        Payload::Url => deps.signer.realm(&voucher.tenant).page_url(&token),
        Payload::Jwt => token,
    };
    let logo = logo(deps, &voucher).await?;
    let wishes = RenderWishes {
        size: Some(params.size.unwrap_or(SIZE_DEFAULT_PX)),
        format: Some(format),
        error_correction: params.ecl,
        colors: voucher.terms.design.colors,
        logo: Some(logo.is_some()),
        ..RenderWishes::default()
    };
    let spec = RenderSpec::PROPERTY.with(&wishes)?;
    let drawn = tokio::task::spawn_blocking(move || qr::render(&payload, &spec, logo.as_ref()));
    let image = drawn.await.map_err(DrawingFailed)??;
    let name = format!("inline; filename=\"voucher-{id}.{}\"", format.extension());
    let name = HeaderValue::try_from(name).unwrap_or(HeaderValue::from_static("inline"));
    let content_type = HeaderValue::from_static(format.content_type());
    let headers = [(header::CONTENT_TYPE, content_type), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, image.bytes).into_response())
}

/// The tenant's logo, where the voucher carries it. One that vanished from the bucket does not stop the code.
async fn logo(deps: &Deps, voucher: &Voucher) -> Result<Option<Logo>, Problem> {
    if !voucher.terms.design.logo {
        return Ok(None);
    }
    let Some(stored) = tenant_of(&deps.table, &voucher.tenant).await?.logo else { return Ok(None) };
    let bytes = deps.images.get(&stored.key).await?;
    Ok(bytes.and_then(|bytes| Logo::parse(&bytes).ok()))
}
