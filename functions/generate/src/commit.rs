//! Storing a version: first the image under its hash, then the records, then the fixed path. At each moment the
//! record names an image that is there, and the fixed path shows one (I-P2).

use adapters::images::Object;
use adapters::table::{CodeLost, Uses};
use domain::code::{CodeStatus, Lifetime, PropertyCode, scan_url};
use domain::failure::{Failure, Kind};
use domain::property::Property;
use domain::render::{Format, RenderWishes};
use jiff::Timestamp;
use web::Problem;

use crate::Deps;
use crate::draw::{Images, Studio};
use crate::metadata::Metadata;

/// How often a version is made again because another request was faster.
const TRIES_MAX: u32 = 4;
/// How often the fixed path is written again because the version moved on meanwhile.
const REWRITES_MAX: u32 = 8;

/// What is asked of a generation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Order {
    pub wishes: RenderWishes,
    /// What of the code's lifetime is to change.
    pub lifetime: LifetimeWish,
    /// Make another version even if it looks the same.
    pub anew: bool,
}

/// What of a lifetime is to change: `None` keeps what the code has, `Some(None)` takes the limit away.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LifetimeWish {
    pub expires_at: Option<Option<Timestamp>>,
    pub max_scans: Option<Option<u64>>,
}

impl LifetimeWish {
    fn over(self, kept: Lifetime) -> Lifetime {
        Lifetime {
            expires_at: self.expires_at.unwrap_or(kept.expires_at),
            max_scans: self.max_scans.unwrap_or(kept.max_scans),
        }
    }

    /// Naming `max_scans` allows so many from now on.
    fn uses(self) -> Uses {
        if self.max_scans.is_some() { Uses::BegunAnew } else { Uses::Kept }
    }
}

/// A code, and whether this request changed it.
#[derive(Clone, Debug)]
pub(crate) struct Generated {
    pub code: PropertyCode,
    pub changed: bool,
}

/// The property has no code.
#[derive(Debug, thiserror::Error)]
#[error("this property has no code")]
pub(crate) struct NoCode;

impl Failure for NoCode {
    fn kind(&self) -> Kind {
        Kind::Missing
    }

    fn code(&self) -> &'static str {
        "code_unknown"
    }
}

/// The property is not there, or not the caller's.
#[derive(Debug, thiserror::Error)]
#[error("there is no such property")]
pub(crate) struct NoProperty;

impl Failure for NoProperty {
    fn kind(&self) -> Kind {
        Kind::Missing
    }

    fn code(&self) -> &'static str {
        "property_unknown"
    }
}

/// Makes a property's code, or its next version. Asking for what is there already changes nothing and puts the
/// images back where they belong.
pub(crate) async fn generate(
    deps: &Deps,
    studio: &mut Studio,
    property: &Property,
    order: &Order,
) -> Result<Generated, Problem> {
    property.qr_eligibility()?;
    for _ in 0..TRIES_MAX {
        let now = deps.clock.now();
        let before = deps.table.code(&studio.tenant.id, &property.id).await?;
        let payload = scan_url(&studio.scan_base(deps), &property.id);
        let images = studio.images(&property.id, &payload, studio.spec(&order.wishes)?).await?;
        let kept = before.as_ref().map(|code| code.lifetime).unwrap_or_default();
        let lifetime = order.lifetime.over(kept);
        let drawing = images.drawing.clone();

        let same = |code: &&PropertyCode| {
            code.status == CodeStatus::Active
                && code.lifetime == lifetime
                && code.drawing == drawing
                && code.scan_url == payload
        };
        if let Some(code) = before.as_ref().filter(same).filter(|_| !order.anew) {
            put_version(deps, code, &images).await?;
            publish(deps, studio, code, &images).await?;
            return Ok(Generated { code: code.clone(), changed: false });
        }
        let code = match before {
            Some(code) => code.regenerate(payload, drawing, lifetime, now),
            None => {
                let (id, tenant) = (property.id.clone(), studio.tenant.id.clone());
                PropertyCode::new(id, tenant, payload, drawing, lifetime, now)
            }
        };
        put_version(deps, &code, &images).await?;
        match deps.table.commit_code(&code, &studio.tenant, order.lifetime.uses()).await? {
            Ok(()) => {
                follow_tenant(deps, studio, &code).await?;
                publish(deps, studio, &code, &images).await?;
                return Ok(Generated { code, changed: true });
            }
            // The tenant's defaults may have changed too: read everything again.
            Err(CodeLost::Outrun) => *studio = crate::draw::studio(deps, &studio.tenant.id).await?,
            Err(lost) => return Err(lost.into()),
        }
    }
    Err(CodeLost::Outrun.into())
}

/// The code was written with the tenant's settings as they were read. If they have changed meanwhile, it follows.
async fn follow_tenant(deps: &Deps, studio: &Studio, code: &PropertyCode) -> Result<(), Problem> {
    let read = &studio.tenant;
    let present = deps.table.tenant(&read.id).await?;
    if let Some(tenant) = present.filter(|tenant| tenant.version != read.version) {
        deps.table.replace_destinations(&tenant, &code.property).await?;
    }
    Ok(())
}

async fn put_version(deps: &Deps, code: &PropertyCode, images: &Images) -> Result<(), Problem> {
    let format = images.drawing.spec.format;
    let object = Object::Version(&code.tenant, &code.property, &images.drawing.sha256, format);
    deps.images.put(&object, format.content_type(), images.main.clone()).await?;
    Ok(())
}

/// Shows a version at the fixed path, or nothing when it is deleted, and goes on until that is the present state: of
/// two requests at the same moment the slower one may come last, and then it sees that it is outdated.
async fn publish(
    deps: &Deps,
    studio: &Studio,
    code: &PropertyCode,
    images: &Images,
) -> Result<(), Problem> {
    let (mut code, mut images) = (code.clone(), images.clone());
    for _ in 0..REWRITES_MAX {
        match code.status {
            CodeStatus::Active => put_present(deps, &code, &images).await?,
            CodeStatus::Deleted => withdraw(deps, &code).await?,
        }
        let present = deps.table.code(&code.tenant, &code.property).await?.ok_or(NoCode)?;
        if (present.version, present.status) == (code.version, code.status) {
            return Ok(());
        }
        if present.status == CodeStatus::Active {
            images = studio.stored_images(deps, &present).await?;
        }
        code = present;
    }
    Err(CodeLost::Outrun.into())
}

/// Writes everything that shows the present version, all at once: none of it waits for another.
async fn put_present(deps: &Deps, code: &PropertyCode, images: &Images) -> Result<(), Problem> {
    let main = &images.main;
    let png = images.png.as_ref().unwrap_or(main).clone();
    let (png_path, svg_path) = (
        Object::Present(&code.property, Format::Png),
        Object::Present(&code.property, Format::Svg),
    );
    let svg = async {
        match images.drawing.spec.format {
            Format::Svg => {
                deps.images.put(&svg_path, Format::Svg.content_type(), main.clone()).await
            }
            Format::Png => deps.images.delete(&svg_path).await,
        }
    };
    let metadata_path = Object::Metadata(&code.property);
    let metadata = Metadata::of(code, &deps.images).to_json();
    tokio::try_join!(
        deps.images.put(&png_path, Format::Png.content_type(), png),
        svg,
        deps.images.put(&metadata_path, "application/json", metadata),
    )?;
    Ok(())
}

/// Takes a deleted code's images away, and puts them back if it was made anew meanwhile.
pub(crate) async fn retire(deps: &Deps, deleted: &PropertyCode) -> Result<(), Problem> {
    withdraw(deps, deleted).await?;
    let present = deps.table.code(&deleted.tenant, &deleted.property).await?.ok_or(NoCode)?;
    if present.status == CodeStatus::Deleted {
        return Ok(());
    }
    let studio = crate::draw::studio(deps, &present.tenant).await?;
    let images = studio.stored_images(deps, &present).await?;
    publish(deps, &studio, &present, &images).await
}

/// Takes a deleted code's images from their fixed paths.
async fn withdraw(deps: &Deps, code: &PropertyCode) -> Result<(), Problem> {
    for format in [Format::Png, Format::Svg] {
        deps.images.delete(&Object::Present(&code.property, format)).await?;
    }
    deps.images.delete(&Object::Metadata(&code.property)).await?;
    Ok(())
}
