//! From a payload to modules (ISO/IEC 18004): the smallest version that holds it at a level.
//! Pixels, quiet zones and logos are deliberately not here.

use domain::failure::{Failure, Kind};
use domain::render::Level;
use qrcodegen::{QrCode, QrCodeEcc, QrSegment, Version};

use crate::segments::{self, Mode};

/// The most bytes that any symbol holds: 7,089 digits at version 40-L. What is longer is refused
/// before any work.
const PAYLOAD_BYTES_MAX: usize = 7_089;
/// The lengths' fields have one width up to version 9, another up to 26, a third up to 40.
const VERSION_CLASSES: [(u8, u8); 3] = [(1, 9), (10, 26), (27, 40)];

/// The modules of a payload at the smallest version that holds it at `level`.
///
/// # Errors
/// [`TooLong`] when no version holds it; it names the strongest level that would.
pub fn encode(payload: &str, level: Level) -> Result<Symbol, TooLong> {
    let too_long = || {
        let mut weaker = Level::ALL.into_iter().rev().filter(|&weaker| weaker < level);
        let largest_level = weaker.find(|&weaker| smallest(payload, weaker).is_some());
        TooLong { level, bytes: payload.len(), largest_level }
    };
    let code = smallest(payload, level).ok_or_else(too_long)?;
    let side = code.size();
    let dark = (0..side).flat_map(|y| (0..side).map(move |x| (x, y)));
    Ok(Symbol {
        version: code.version().value(),
        level,
        width: side.unsigned_abs(),
        dark: dark.map(|(x, y)| code.get_module(x, y)).collect(),
    })
}

/// A QR symbol: a square of dark and light modules, without its quiet zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    version: u8,
    level: Level,
    width: u32,
    dark: Vec<bool>,
}

impl Symbol {
    /// 1 to 40; each version has four modules a side more than the one before.
    pub fn version(&self) -> u8 {
        self.version
    }

    /// The error correction level.
    pub fn level(&self) -> Level {
        self.level
    }

    /// The side in modules: 21 to 177, always odd.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Whether the module in column `x` of row `y` is dark. Outside of the symbol everything is
    /// light.
    pub fn is_dark(&self, x: u32, y: u32) -> bool {
        x < self.width && y < self.width && self.dark[(y * self.width + x) as usize]
    }
}

/// No version holds so much at this level.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{bytes} bytes do not fit into a QR code at level {level:?}")]
pub struct TooLong {
    /// The level that was asked for.
    pub level: Level,
    /// Length of the payload in bytes.
    pub bytes: usize,
    /// The strongest weaker level at which the payload fits.
    pub largest_level: Option<Level>,
}

impl Failure for TooLong {
    fn kind(&self) -> Kind {
        Kind::Invalid
    }

    fn code(&self) -> &'static str {
        "qr_payload_too_large"
    }
}

/// The symbol of the smallest version that holds the payload at exactly this level.
fn smallest(payload: &str, level: Level) -> Option<QrCode> {
    if payload.len() > PAYLOAD_BYTES_MAX {
        return None;
    }
    VERSION_CLASSES.into_iter().enumerate().find_map(|(class, (first, last))| {
        let cut = cut(payload, class);
        let [first, last] = [first, last].map(Version::new);
        let boost_level = false;
        QrCode::encode_segments_advanced(&cut, correction(level), first, last, None, boost_level)
            .ok()
    })
}

fn cut(payload: &str, class: usize) -> Vec<QrSegment> {
    let segment = |part: segments::Segment| {
        let bytes = &payload.as_bytes()[part.begin..part.end];
        // Digits and alphanumerics are ASCII, so that only byte segments may end within a
        // character.
        match (part.mode, std::str::from_utf8(bytes)) {
            (Mode::Numeric, Ok(digits)) => QrSegment::make_numeric(digits),
            (Mode::Alphanumeric, Ok(text)) => QrSegment::make_alphanumeric(text),
            (Mode::Byte, _) | (_, Err(_)) => QrSegment::make_bytes(bytes),
        }
    };
    segments::optimal(payload.as_bytes(), class).into_iter().map(segment).collect()
}

fn correction(level: Level) -> QrCodeEcc {
    match level {
        Level::L => QrCodeEcc::Low,
        Level::M => QrCodeEcc::Medium,
        Level::Q => QrCodeEcc::Quartile,
        Level::H => QrCodeEcc::High,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_version_is_taken() {
        let check = |payload: &str, level: Level, version: u8| {
            let symbol = encode(payload, level).unwrap();
            assert_eq!(symbol.version(), version, "{payload} at {level:?}");
            assert_eq!(symbol.width(), 17 + 4 * u32::from(version), "{payload} at {level:?}");
        };
        // Capacities from ISO/IEC 18004, table 7.
        check("", Level::L, 1);
        check(&"1".repeat(41), Level::L, 1);
        check(&"1".repeat(42), Level::L, 2);
        check(&"A".repeat(20), Level::M, 1);
        check(&"A".repeat(21), Level::M, 2);
        check(&"a".repeat(7), Level::H, 1);
        check(&"a".repeat(8), Level::H, 2);
        check(&"a".repeat(2_953), Level::L, 40);
        check(&"1".repeat(7_089), Level::L, 40);
        check(&"a".repeat(1_273), Level::H, 40);
        // X1: the scan URL is version 4 at M, the JSON form version 8.
        check("https://qr-service.daobitat.xyz/scan/67ec31596333aba221e84df8", Level::M, 4);
    }

    #[test]
    fn what_is_too_long_names_the_strongest_level_that_fits() {
        let check = |bytes: usize, level: Level, largest_level: Option<Level>| {
            let refused = encode(&"a".repeat(bytes), level).unwrap_err();
            assert_eq!(refused, TooLong { level, bytes, largest_level });
        };
        check(1_274, Level::H, Some(Level::Q));
        check(1_646, Level::H, Some(Level::Q));
        check(1_664, Level::H, Some(Level::M));
        check(2_332, Level::M, Some(Level::L));
        check(2_954, Level::L, None);
        check(100_000, Level::H, None);
    }
}
