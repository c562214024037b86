//! From a payload and a wish to an image that was read back, with everything that is known of it.

use adapters::images::Object;
use domain::access::hex;
use domain::code::{Drawing, PropertyCode};
use domain::failure::{Failure, Kind};
use domain::id::{PropertyId, TenantId};
use domain::render::{Format, RenderSpec, RenderWishes};
use domain::tenant::Tenant;
use qr::{Logo, Rendered};
use sha2::{Digest, Sha256};
use web::Problem;

use crate::Deps;

/// A tenant with what its codes are drawn with.
#[derive(Clone, Debug)]
pub(crate) struct Studio {
    pub tenant: Tenant,
    pub logo: Option<Logo>,
}

/// Images of one version of a code.
#[derive(Clone, Debug)]
pub(crate) struct Images {
    /// The one that was asked for.
    pub main: Vec<u8>,
    /// The PNG at the fixed path (P41), when another format was asked for.
    pub png: Option<Vec<u8>>,
    pub drawing: Drawing,
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

/// The tenant is gone while its key is not.
#[derive(Debug, thiserror::Error)]
#[error("there is no such tenant")]
struct NoTenant;

impl Failure for NoTenant {
    fn kind(&self) -> Kind {
        Kind::Missing
    }

    fn code(&self) -> &'static str {
        "not_found"
    }
}

/// Loads a tenant and its logo.
pub(crate) async fn studio(deps: &Deps, id: &TenantId) -> Result<Studio, Problem> {
    let tenant = deps.table.tenant(id).await?.ok_or(NoTenant)?;
    let logo = match &tenant.logo {
        // A logo that vanished from the bucket must not stop the codes.
        Some(stored) => {
            deps.images.get(&stored.key).await?.and_then(|bytes| Logo::parse(&bytes).ok())
        }
        None => None,
    };
    Ok(Studio { tenant, logo })
}

impl Studio {
    /// How a code is to look: the wishes over the tenant's defaults over the kind's (X33). Without a logo there is
    /// none to draw.
    pub(crate) fn spec(&self, wishes: &RenderWishes) -> Result<RenderSpec, Problem> {
        let spec = RenderSpec::PROPERTY.with(&wishes.or(self.tenant.settings.defaults))?;
        // Whoever asks for a logo by name is told that there is none; a default is only a default.
        let logo = spec.logo && (self.logo.is_some() || wishes.logo == Some(true));
        Ok(RenderSpec { logo, ..spec })
    }

    /// The address in this tenant's codes.
    pub(crate) fn scan_base(&self, deps: &Deps) -> String {
        self.tenant.settings.scan_base_url.clone().unwrap_or_else(|| deps.public.0.clone())
    }

    /// Draws a payload and reads it back, away from the thread that answers requests.
    pub(crate) async fn draw(&self, payload: &str, spec: RenderSpec) -> Result<Rendered, Problem> {
        let (payload, logo) = (payload.to_owned(), self.logo.clone());
        let started = std::time::Instant::now();
        let drawn = tokio::task::spawn_blocking(move || qr::render(&payload, &spec, logo.as_ref()))
            .await
            .map_err(DrawingFailed)?;
        let level = format!("{:?}", spec.error_correction);
        metrics::histogram!("qr_generation_duration_seconds", "error_correction" => level)
            .record(started.elapsed());
        let status = if drawn.is_ok() { "success" } else { "failed" };
        metrics::counter!("qr_generations_total", "status" => status).increment(1);
        Ok(drawn?)
    }

    /// The images of a code of this property.
    pub(crate) async fn images(
        &self,
        property: &PropertyId,
        payload: &str,
        spec: RenderSpec,
    ) -> Result<Images, Problem> {
        let main = self.draw(payload, spec).await?;
        let png = self.png_beside(payload, spec).await?;
        let sha256 = hex(&Sha256::digest(&main.bytes));
        let key = Object::Version(&self.tenant.id, property, &sha256, spec.format).key();
        let drawing = Drawing {
            spec: RenderSpec { error_correction: main.level, ..spec },
            symbol_version: main.version,
            modules: main.modules,
            module_px: main.module_px,
            key,
            bytes: u64::try_from(main.bytes.len()).unwrap_or(u64::MAX),
            sha256,
        };
        Ok(Images { main: main.bytes, png, drawing })
    }

    /// The images of a version that is stored: the same bytes, whatever the tenant's logo is by now. Where they have
    /// vanished they are drawn again.
    pub(crate) async fn stored_images(
        &self,
        deps: &Deps,
        code: &PropertyCode,
    ) -> Result<Images, Problem> {
        let Some(main) = deps.images.get(&code.drawing.key).await? else {
            return self.images(&code.property, &code.scan_url, code.drawing.spec).await;
        };
        let png = self.png_beside(&code.scan_url, code.drawing.spec).await?;
        Ok(Images { main, png, drawing: code.drawing.clone() })
    }

    /// The PNG for the fixed path, when the code itself is something else.
    async fn png_beside(
        &self,
        payload: &str,
        spec: RenderSpec,
    ) -> Result<Option<Vec<u8>>, Problem> {
        match spec.format {
            Format::Png => Ok(None),
            Format::Svg => {
                let spec = RenderSpec { format: Format::Png, ..spec };
                Ok(Some(self.draw(payload, spec).await?.bytes))
            }
        }
    }
}
