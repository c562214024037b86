//! From a payload to modules (ISO/IEC 18004): the smallest version that holds it at a level.
//! Pixels, quiet zones and logos are deliberately not here.

use domain::failure::{Failure, Kind};
use domain::render::Level;
use qrcode::bits::Bits;
use qrcode::optimize::Segment;
use qrcode::{Color, EcLevel, QrCode, Version};

use crate::segments;

/// The most bytes that any symbol holds: 7,089 digits at version 40-L. What is longer is refused before any work.
const PAYLOAD_BYTES_MAX: usize = 7_089;
/// The lengths' fields have one width up to version 9, another up to 26, a third up to 40.
const VERSION_CLASSES: [(i16, i16); 3] = [(1, 9), (10, 26), (27, 40)];

/// The modules of a payload at the smallest version that holds it at `level`.
///
/// # Errors
/// [`TooLong`] when no version holds it; it names the strongest level that would.
pub fn encode(payload: &str, level: Level) -> Result<Symbol, TooLong> {
    let too_long = || TooLong {
        level,
        bytes: payload.len(),
        largest_level: Level::ALL
            .into_iter()
            .rev()
            .find(|&weaker| weaker < level && smallest(payload, weaker).is_some()),
    };
    let (version, cut) = smallest(payload, level).ok_or_else(too_long)?;
    let code = modules(payload, level, version, &cut).map_err(|_| too_long())?;
    let width = u32::try_from(code.width()).map_err(|_| too_long())?;
    let dark = code
        .to_colors()
        .into_iter()
        .map(|color| color == Color::Dark)
        .collect();
    Ok(Symbol {
        version: u8::try_from(version).unwrap_or(u8::MAX),
        level,
        width,
        dark,
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

    /// Whether the module in column `x` of row `y` is dark. Outside of the symbol everything is light.
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

/// The smallest version that holds the payload, and the payload cut into segments for it.
fn smallest(payload: &str, level: Level) -> Option<(i16, Vec<Segment>)> {
    if payload.len() > PAYLOAD_BYTES_MAX {
        return None;
    }
    VERSION_CLASSES.into_iter().find_map(|(first, last)| {
        let (cut, bits) = segments::optimal(payload.as_bytes(), Version::Normal(last));
        let version = (first..=last).find(|&version| bits <= capacity_bits(version, level))?;
        Some((version, cut))
    })
}

fn capacity_bits(version: i16, level: Level) -> usize {
    Bits::new(Version::Normal(version))
        .max_len(correction(level))
        .unwrap_or(0)
}

fn modules(payload: &str, level: Level, version: i16, cut: &[Segment]) -> qrcode::QrResult<QrCode> {
    let mut bits = Bits::new(Version::Normal(version));
    bits.push_segments(payload.as_bytes(), cut.iter().copied())?;
    bits.push_terminator(correction(level))?;
    QrCode::with_bits(bits, correction(level))
}

fn correction(level: Level) -> EcLevel {
    match level {
        Level::L => EcLevel::L,
        Level::M => EcLevel::M,
        Level::Q => EcLevel::Q,
        Level::H => EcLevel::H,
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
            assert_eq!(
                symbol.width(),
                17 + 4 * u32::from(version),
                "{payload} at {level:?}"
            );
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
        check(
            "https://qr-service.daobitat.xyz/scan/67ec31596333aba221e84df8",
            Level::M,
            4,
        );
    }

    #[test]
    fn what_is_too_long_names_the_strongest_level_that_fits() {
        let check = |bytes: usize, level: Level, largest_level: Option<Level>| {
            let refused = encode(&"a".repeat(bytes), level).unwrap_err();
            assert_eq!(
                refused,
                TooLong {
                    level,
                    bytes,
                    largest_level
                }
            );
        };
        check(1_274, Level::H, Some(Level::Q));
        check(1_646, Level::H, Some(Level::Q));
        check(1_664, Level::H, Some(Level::M));
        check(2_332, Level::M, Some(Level::L));
        check(2_954, Level::L, None);
        check(100_000, Level::H, None);
    }
}
