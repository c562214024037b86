//! Codes in one frame of a camera: a decoder, and several looks at the frame, because each way to tell dark from
//! light fails on other frames. Deliberately absent: following a code from frame to frame.

use rqrr::PreparedImage;

use crate::picture::{Bits, Picture};

/// The smallest side: below it not even the smallest code has a pixel a module.
pub const SIDE_MIN_PX: usize = 21;
/// The largest side.
pub const SIDE_MAX_PX: usize = 4_096;
/// The most pixels of a frame.
pub const PIXELS_MAX: usize = 1 << 22;
/// The most pixels of a frame that is doubled for a look.
const DOUBLED_PIXELS_MAX: usize = 1 << 20;
/// The most bytes of texts that a code can have: digits at version 40-L.
const TEXT_MAX_BYTES: usize = 7_089;

/// A greyscale frame, row by row: 0 is black, 255 white.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'f> {
    width: usize,
    height: usize,
    pixels: &'f [u8],
}

/// Which looks are taken at a frame, until one finds a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Looks(u32);

/// One way to tell dark from light.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    /// Darker than its neighbourhood is dark.
    Local,
    /// Edges raised first: against blur.
    Sharpened,
    /// Twice as large first: for small modules and steep tilts.
    Doubled,
    /// Averaged with its neighbours first: against noise.
    Smoothed,
}

impl Looks {
    /// All of them: for a picture that comes only once.
    pub const ALL: Self = Self(0b1111);

    /// Bit 0 is the quick look, bit 1 the sharpened one, bit 2 the doubled one, bit 3 the smoothed one.
    pub fn of_bits(bits: u32) -> Self {
        Self(bits & Self::ALL.0)
    }

    fn each(self) -> impl Iterator<Item = Look> {
        let all = [Look::Local, Look::Sharpened, Look::Doubled, Look::Smoothed];
        all.into_iter()
            .enumerate()
            .filter(move |(bit, _)| self.0 >> bit & 1 == 1)
            .map(|(_, look)| look)
    }
}

impl<'f> Frame<'f> {
    /// A frame of these sides; none when they are out of bounds or are not those of the pixels.
    pub fn of(width: usize, height: usize, pixels: &'f [u8]) -> Option<Self> {
        let sides = SIDE_MIN_PX..=SIDE_MAX_PX;
        let fits = sides.contains(&width) && sides.contains(&height);
        let all = width.checked_mul(height)?;
        (fits && all <= PIXELS_MAX && all == pixels.len()).then_some(Self { width, height, pixels })
    }

    /// The texts of the codes that the first successful look finds, each once.
    pub fn read(self, looks: Looks) -> Vec<String> {
        let found = looks.each().map(|look| self.look(look));
        found.into_iter().find(|texts| !texts.is_empty()).unwrap_or_default()
    }

    fn look(self, look: Look) -> Vec<String> {
        let picture = Picture::of(self.width, self.height, self.pixels);
        // A sixteenth of the frame is a few modules of a code that fills half of it.
        let reach = (self.width.min(self.height) / 16).max(8);
        match look {
            Look::Local => texts(&picture.darker_than_around(reach)),
            Look::Sharpened => texts(&picture.sharpened().darker_than_around(reach)),
            Look::Smoothed => texts(&picture.smoothed(1).darker_than_around(reach)),
            Look::Doubled if picture.len() > DOUBLED_PIXELS_MAX => Vec::new(),
            Look::Doubled => texts(&picture.doubled().darker_than_around(reach * 3 / 2)),
        }
    }
}

fn texts(bits: &Bits) -> Vec<String> {
    let mut prepared =
        PreparedImage::prepare_from_bitmap(bits.width, bits.height, |x, y| bits.is_dark(x, y));
    let mut texts: Vec<String> = Vec::new();
    for grid in prepared.detect_grids() {
        let read = grid.decode().ok().map(|(_, text)| text);
        let fits = |text: &String| !text.is_empty() && text.len() <= TEXT_MAX_BYTES;
        texts.extend(read.filter(fits).filter(|text| !texts.contains(text)));
    }
    texts
}

#[cfg(test)]
mod tests;
