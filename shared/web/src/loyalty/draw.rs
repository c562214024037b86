//! Draws a customer's code as an SVG for a screen (L3, X30).
//!
//! Deliberately absent: what the code says.

use domain::loyalty_token::TokenRefused;
use domain::render::{Colors, Format, Level, QUIET_ZONE_MIN_MODULES, RenderSpec, Rgb};

/// The side of the picture, in pixels (L3).
const SIDE_PX: u32 = 224;
/// Cameras read a screen well from so many pixels a module on (X30).
const MODULE_PX: u32 = 4;

/// The code of a payload, 224 pixels wide; it was read back. At level H where a module has at least four pixels then,
/// which an address of ours has with a host of up to 30 characters. Behind a longer host it is the highest level that
/// leaves a module so many; and what leaves them at none, as the older payload, is drawn at the lowest, as large as it
/// gets.
///
/// # Errors
/// [`TokenRefused::NotDrawn`] for what is too long for any code, in the words of L34.
pub fn draw(payload: &str) -> Result<String, TokenRefused> {
    let spec = RenderSpec {
        size: SIDE_PX,
        error_correction: level_for(payload),
        format: Format::Svg,
        margin: QUIET_ZONE_MIN_MODULES,
        colors: Colors { dark: Rgb::BLACK, light: Rgb::WHITE },
        logo: false,
        force: true,
    };
    let drawn = qr::render(payload, &spec, None).map_err(|_| TokenRefused::NotDrawn)?;
    String::from_utf8(drawn.bytes).map_err(|_| TokenRefused::NotDrawn)
}

/// The highest level at which a module has enough pixels, else the lowest.
fn level_for(payload: &str) -> Level {
    let enough = |level: &Level| {
        let modules = qr::encode(payload, *level).map(|symbol| symbol.width());
        modules.is_ok_and(|side| SIDE_PX / (side + 2 * QUIET_ZONE_MIN_MODULES) >= MODULE_PX)
    };
    Level::ALL.into_iter().rev().find(enough).unwrap_or(Level::L)
}

#[cfg(test)]
mod tests {
    use domain::loyalty_token::TokenSecret;

    use super::*;

    fn url(host_chars: usize) -> String {
        let host = "a".repeat(host_chars);
        TokenSecret::new([0xab; 32]).url(&format!("https://{host}"))
    }

    #[test]
    fn a_module_has_four_pixels_at_level_h_up_to_thirty_characters_of_host() {
        let check = |host_chars: usize, wanted: Level| {
            assert_eq!(level_for(&url(host_chars)), wanted, "{host_chars}");
            let modules = qr::encode(&url(host_chars), wanted).unwrap().width();
            assert!(SIDE_PX / (modules + 8) >= MODULE_PX, "{host_chars}: {modules} modules");
        };
        check(4, Level::H);
        check(30, Level::H);
        check(40, Level::Q);
        check(80, Level::M);
        check(120, Level::L);
    }

    #[test]
    fn a_picture_says_how_large_it_is_and_what_no_code_holds_is_not_drawn() {
        let svg = draw(&url(30)).unwrap();
        assert!(svg.contains("224"), "{}", &svg[..200]);
        assert!(draw(&"a".repeat(700)).is_ok(), "drawn as large as it gets");
        assert_eq!(draw(&"a".repeat(3_000)), Err(TokenRefused::NotDrawn));
        assert_eq!(TokenRefused::NotDrawn.to_string(), "Failed to generate QR");
    }
}
