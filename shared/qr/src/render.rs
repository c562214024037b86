//! One code from payload to file: level, size and logo are settled, the image is drawn, and it is
//! read back. Who may ask for it and where it is kept are deliberately not here.

use domain::render::{
    Colors, Format, Level, MODULE_MIN_PX, QUIET_ZONE_MIN_MODULES, RenderSpec, RenderWishes,
    SIZE_MAX_PX, SIZE_MIN_PX,
};

use crate::alignment::misleads;
use crate::bitmap::Bitmap;
use crate::logo::Logo;
use crate::place::{LogoBox, MODULE_MILLI};
use crate::read::Luma;
use crate::refused::RenderRefused;
use crate::symbol::{Symbol, TooLong, encode};
use crate::vector::Vector;

/// Pixels a module at which a logo is looked at before its place is settled.
const PLACE_MODULE_PX: u32 = 4;

/// Draws a code that reads back as exactly `payload`.
///
/// With a logo the level is raised to M at least, and further while the logo covers too much to be
/// read.
///
/// # Errors
/// [`RenderRefused`] has one variant per reason, with settings that work where some were found.
pub fn render(
    payload: &str,
    spec: &RenderSpec,
    logo: Option<&Logo>,
) -> Result<Rendered, RenderRefused> {
    if payload.is_empty() {
        return Err(RenderRefused::EmptyPayload);
    }
    let works = |wishes: &[RenderWishes]| first_that_works(payload, spec, logo, wishes);
    if !(SIZE_MIN_PX..=SIZE_MAX_PX).contains(&spec.size) {
        let nearest = spec.size.clamp(SIZE_MIN_PX, SIZE_MAX_PX);
        let works = works(&[size(nearest), size(512), size(SIZE_MAX_PX)]);
        return Err(RenderRefused::SizeOutOfRange { size: spec.size, works });
    }
    if spec.margin < QUIET_ZONE_MIN_MODULES {
        let margin = Some(QUIET_ZONE_MIN_MODULES);
        let works = works(&[RenderWishes { margin, ..Default::default() }]);
        return Err(RenderRefused::NoQuietZone { margin: spec.margin, works });
    }
    if !spec.colors.readable() {
        let colors = Some(Colors::default());
        let works = works(&[RenderWishes { colors, ..Default::default() }]);
        return Err(RenderRefused::LowContrast { works });
    }
    if spec.logo && logo.is_none() {
        return Err(RenderRefused::LogoMissing { works: works(&[without_logo()]) });
    }
    draw(payload, spec, logo).map_err(|obstacle| match obstacle {
        Obstacle::TooLong(TooLong { level, bytes, largest_level }) => {
            let works = works(&fitting_wishes(payload, spec, logo, largest_level));
            RenderRefused::PayloadTooLarge { level, bytes, largest_level, works }
        }
        Obstacle::TooSmall { level, modules } => {
            let works = works(&fitting_wishes(payload, spec, logo, Some(level)));
            RenderRefused::TooSmall { size: spec.size, modules, works }
        }
        Obstacle::Unreadable => RenderRefused::Unreadable { works: works(&readable_wishes(spec)) },
    })
}

/// A finished image. It was read back before it came here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The file.
    pub bytes: Vec<u8>,
    /// Its format.
    pub format: Format,
    /// The symbol's version, 1 to 40.
    pub version: u8,
    /// The symbol's side in modules, without the quiet zone.
    pub modules: u32,
    /// Whole pixels a module; for SVG rounded down, at the file's own size.
    pub module_px: u32,
    /// The level that was really used; a logo may have raised it.
    pub level: Level,
    /// Side of the image in pixels.
    pub width_px: u32,
}

/// What [`render`] does, without bounds, suggestions and reading back: benches weigh the check
/// against this.
#[doc(hidden)]
pub fn render_unread(payload: &str, spec: &RenderSpec, logo: Option<&Logo>) -> Option<Rendered> {
    let logo = logo.filter(|_| spec.logo);
    let first = first_level(spec.error_correction, logo);
    let drawn = draw_at(payload, spec, logo, first).ok()?;
    Some(drawn.rendered)
}

/// Why one attempt failed, before anybody looks for settings that work.
enum Obstacle {
    TooLong(TooLong),
    TooSmall { level: Level, modules: u32 },
    Unreadable,
}

/// An image that has not been read back yet.
struct Drawn {
    rendered: Rendered,
    /// The pixels that an SVG stands for. A PNG is decoded instead.
    luma: Option<Luma>,
}

fn draw(payload: &str, spec: &RenderSpec, logo: Option<&Logo>) -> Result<Rendered, Obstacle> {
    let logo = logo.filter(|_| spec.logo);
    let first = first_level(spec.error_correction, logo);
    for level in levels(first, logo) {
        match draw_at(payload, spec, logo, level) {
            Ok(drawn) if drawn.reads_as(payload) => return Ok(drawn.rendered),
            Ok(_) => {}
            Err(obstacle) if level == first => return Err(obstacle),
            // A stronger level needs more modules; that they do not fit is not what was wrong at
            // first.
            Err(_) => break,
        }
    }
    Err(Obstacle::Unreadable)
}

/// The level to begin with; a logo needs one that repairs what it covers.
pub(crate) fn first_level(asked: Level, logo: Option<&Logo>) -> Level {
    match logo {
        Some(_) => asked.max(Level::M),
        None => asked,
    }
}

/// The levels to try in turn: with a logo the stronger ones too, as long as it covers too much.
pub(crate) fn levels(first: Level, logo: Option<&Logo>) -> impl Iterator<Item = Level> {
    let last = if logo.is_some() { Level::H } else { first };
    Level::ALL.into_iter().filter(move |level| (first..=last).contains(level))
}

fn draw_at(
    payload: &str,
    spec: &RenderSpec,
    logo: Option<&Logo>,
    level: Level,
) -> Result<Drawn, Obstacle> {
    let symbol = encode(payload, level).map_err(Obstacle::TooLong)?;
    let modules = symbol.width() + 2 * spec.margin;
    let module_px = spec.size / modules;
    let too_small = module_px < MODULE_MIN_PX && !spec.force;
    if too_small || module_px == 0 {
        return Err(Obstacle::TooSmall { level, modules });
    }
    let logo = logo.and_then(|logo| Some((logo, place(&symbol, spec.colors, logo)?)));
    let (bytes, luma) = file(&symbol, spec, module_px, logo).ok_or(Obstacle::Unreadable)?;
    let rendered = Rendered {
        bytes,
        format: spec.format,
        version: symbol.version(),
        modules: symbol.width(),
        module_px,
        level,
        width_px: spec.size,
    };
    Ok(Drawn { rendered, luma })
}

/// The largest box in which the logo misleads no decoder; the largest at all if there is none.
pub(crate) fn place(symbol: &Symbol, colors: Colors, logo: &Logo) -> Option<LogoBox> {
    let size = (logo.width(), logo.height());
    let boxes = || LogoBox::candidates(symbol.width(), symbol.level(), size);
    let largest = boxes().next()?;
    let pixels = |milli: u32| (milli * PLACE_MODULE_PX / MODULE_MILLI).max(1);
    let [width, height] =
        [pixels(largest.picture_width_milli), pixels(largest.picture_height_milli)];
    let tile = logo.tile(width, height, colors.light);
    let readable = |place: &LogoBox| !misleads(symbol, &tile, *place, colors);
    Some(boxes().find(readable).unwrap_or(largest))
}

fn file(
    symbol: &Symbol,
    spec: &RenderSpec,
    module_px: u32,
    logo: Option<(&Logo, LogoBox)>,
) -> Option<(Vec<u8>, Option<Luma>)> {
    let &RenderSpec { size: size_px, colors, margin, .. } = spec;
    match spec.format {
        Format::Png => {
            let png = Bitmap { symbol, colors, size_px, module_px, logo }.png()?;
            Some((png, None))
        }
        Format::Svg => {
            let (svg, luma) = Vector { symbol, colors, size_px, margin, logo }.draw()?;
            Some((svg.into_bytes(), Some(luma)))
        }
    }
}

impl Drawn {
    fn reads_as(&self, payload: &str) -> bool {
        let module_px = self.rendered.module_px;
        let text = match &self.luma {
            Some(luma) => luma.read_drawn(module_px),
            None => Luma::of_png(&self.rendered.bytes).and_then(|luma| luma.read_drawn(module_px)),
        };
        text.as_deref() == Some(payload)
    }
}

/// The first wishes with which the code is drawn and reads back; they lie over what was asked for.
fn first_that_works(
    payload: &str,
    spec: &RenderSpec,
    logo: Option<&Logo>,
    candidates: &[RenderWishes],
) -> Option<RenderWishes> {
    let works = |wishes: &&RenderWishes| {
        let Ok(spec) = spec.with(wishes) else {
            return false;
        };
        (logo.is_some() || !spec.logo) && draw(payload, &spec, logo).is_ok()
    };
    candidates.iter().find(works).copied()
}

/// The smallest sizes that hold the payload: at the strongest level first, without the logo last.
fn fitting_wishes(
    payload: &str,
    spec: &RenderSpec,
    logo: Option<&Logo>,
    strongest: Option<Level>,
) -> Vec<RenderWishes> {
    let asked = spec.error_correction;
    // What a logo raises it to needs no wish.
    let needed_level = first_level(asked, logo.filter(|_| spec.logo));
    let levels = Level::ALL.into_iter().rev().filter(|&level| Some(level) <= strongest);
    let mut wishes = Vec::new();
    for level in levels {
        let Ok(symbol) = encode(payload, level) else {
            continue;
        };
        let needed = MODULE_MIN_PX * (symbol.width() + 2 * spec.margin);
        if needed > SIZE_MAX_PX {
            continue;
        }
        let drops_logo = spec.logo && logo.is_some() && level.logo_max_permille().is_none();
        wishes.push(RenderWishes {
            size: (needed > spec.size).then_some(needed),
            error_correction: (level != asked && level != needed_level).then_some(level),
            logo: drops_logo.then_some(false),
            ..Default::default()
        });
    }
    wishes
}

/// A short ladder for what was drawn and not read: larger, then stronger, then without the logo.
fn readable_wishes(spec: &RenderSpec) -> Vec<RenderWishes> {
    let larger = [spec.size * 3 / 2, spec.size * 2].map(|px| px.min(SIZE_MAX_PX));
    let mut wishes: Vec<_> = larger.into_iter().filter(|&px| px > spec.size).map(size).collect();
    for level in Level::ALL.into_iter().filter(|&level| level > spec.error_correction) {
        let error_correction = Some(level);
        wishes.push(RenderWishes { error_correction, ..size(larger[1]) });
    }
    if spec.logo {
        wishes.push(without_logo());
        wishes.push(RenderWishes { logo: Some(false), ..size(larger[1]) });
    }
    wishes
}

fn size(px: u32) -> RenderWishes {
    RenderWishes { size: Some(px), ..Default::default() }
}

fn without_logo() -> RenderWishes {
    RenderWishes { logo: Some(false), ..Default::default() }
}
