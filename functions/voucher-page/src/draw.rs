//! Draws a customer's code as an SVG: for a screen, as large as it is shown.

use domain::render::{Colors, Format, Level, QUIET_ZONE_MIN_MODULES, RenderSpec};
use qr::{RenderRefused, render};

/// A code on a screen is not scratched or folded: the lowest level has the largest modules.
const ON_SCREEN: RenderSpec = RenderSpec {
    size: 512,
    error_correction: Level::L,
    format: Format::Svg,
    margin: QUIET_ZONE_MIN_MODULES,
    colors: Colors { dark: domain::render::Rgb::BLACK, light: domain::render::Rgb::WHITE },
    logo: false,
    force: false,
};

/// The code of an address; it was read back.
pub(crate) fn code(url: &str) -> Result<String, RenderRefused> {
    let drawn = render(url, &ON_SCREEN, None)?;
    // Our own SVG is ASCII.
    Ok(String::from_utf8(drawn.bytes).unwrap_or_default())
}
