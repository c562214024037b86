//! At most sixteen colours for a picture: median cut over a small histogram, the same result every
//! time. Dithering is deliberately absent: it makes logos of flat colours noisy and the file
//! several times larger. `color_quant` is not used: it is a neural net made for 64 to 256 colours
//! and cannot be told to keep two of them exactly.

use domain::render::{Colors, Rgb};

/// What fits into four bits a pixel.
pub(crate) const COLORS_MAX: usize = 16;
/// A picture of fewer pixels than this has at most [`SMALL_COLORS_MAX`]: there, the palette weighs
/// as much as the pixels.
const SMALL_PIXELS: usize = 32 * 32;
/// See [`SMALL_PIXELS`].
const SMALL_COLORS_MAX: usize = 6;
/// Colours that differ by no more in any channel are not told apart.
const SPREAD_MIN: u32 = 24;
/// The dark colour's index in every palette.
pub(crate) const DARK: u8 = 0;
/// The light colour's index in every palette.
pub(crate) const LIGHT: u8 = 1;

/// Bits a channel in the histogram: colours that are nearer than 1/16 share a bucket.
const BUCKET_BITS: u32 = 4;
const BUCKETS: usize = 1 << (3 * BUCKET_BITS);

/// The two colours of the code, exactly, then those of the logo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Palette {
    pub(crate) colors: Vec<Rgb>,
}

impl Palette {
    /// Only the code's two colours.
    pub(crate) fn of_code(colors: Colors) -> Self {
        Self { colors: vec![colors.dark, colors.light] }
    }

    /// The code's colours and the best few for `pixels`; also the index of each pixel's nearest
    /// colour.
    pub(crate) fn with_pixels(colors: Colors, pixels: &[Rgb]) -> (Self, Vec<u8>) {
        let mut palette = Self::of_code(colors);
        let (buckets, place) = histogram(pixels);
        let taken = |bucket: &Bucket| palette.colors.contains(&bucket.mean());
        let left = buckets.iter().filter(|bucket| !taken(bucket)).copied().collect();
        let small = pixels.len() < SMALL_PIXELS;
        let room = if small { SMALL_COLORS_MAX } else { COLORS_MAX } - palette.colors.len();
        let boxes = median_cut(left, room);
        for cell in boxes {
            let mean = sum(&cell).mean();
            if !palette.colors.contains(&mean) {
                palette.colors.push(mean);
            }
        }
        let nearest: Vec<u8> =
            buckets.iter().map(|bucket| palette.nearest(bucket.mean())).collect();
        let index_of = |pixel: &Rgb| nearest[usize::from(place[bucket_of(*pixel)])];
        let indices = pixels.iter().map(index_of).collect();
        (palette, indices)
    }

    /// Whether one bit of grey says it all: index 0 is black then and index 1 white.
    pub(crate) fn is_black_and_white(&self) -> bool {
        self.colors == [Rgb::BLACK, Rgb::WHITE]
    }

    fn nearest(&self, color: Rgb) -> u8 {
        let distance = |other: &Rgb| {
            let channel = |a: u8, b: u8| u32::from(a.abs_diff(b)).pow(2);
            // Weights near the eye's, as in a luma: green counts most, blue least.
            3 * channel(color.0, other.0)
                + 6 * channel(color.1, other.1)
                + channel(color.2, other.2)
        };
        let best = self.colors.iter().enumerate().min_by_key(|(_, other)| distance(other));
        best.and_then(|(index, _)| u8::try_from(index).ok()).unwrap_or(LIGHT)
    }
}

/// The pixels of one small cube of colours.
#[derive(Clone, Copy, Default)]
struct Bucket {
    pixels: u32,
    sums: [u32; 3],
}

impl Bucket {
    fn mean(&self) -> Rgb {
        let [r, g, b] = self.sums.map(|sum| {
            let rounded = (sum + self.pixels / 2) / self.pixels.max(1);
            u8::try_from(rounded).unwrap_or(u8::MAX)
        });
        Rgb(r, g, b)
    }

    fn channel(&self, channel: usize) -> u32 {
        self.sums[channel] / self.pixels.max(1)
    }
}

fn bucket_of(Rgb(r, g, b): Rgb) -> usize {
    let high = |channel: u8| usize::from(channel >> (8 - BUCKET_BITS));
    high(r) << (2 * BUCKET_BITS) | high(g) << BUCKET_BITS | high(b)
}

/// The buckets that have pixels, and where each of all buckets lies among them.
fn histogram(pixels: &[Rgb]) -> (Vec<Bucket>, Vec<u16>) {
    let mut all = vec![Bucket::default(); BUCKETS];
    for &pixel in pixels {
        let bucket = &mut all[bucket_of(pixel)];
        bucket.pixels += 1;
        for (sum, channel) in bucket.sums.iter_mut().zip([pixel.0, pixel.1, pixel.2]) {
            *sum += u32::from(channel);
        }
    }
    let mut place = vec![0; BUCKETS];
    let mut filled = Vec::new();
    for (at, bucket) in all.iter().enumerate().filter(|(_, bucket)| bucket.pixels > 0) {
        place[at] = u16::try_from(filled.len()).unwrap_or(0);
        filled.push(*bucket);
    }
    (filled, place)
}

/// Splits the cell of the greatest spread until there are as many as the palette has room for.
fn median_cut(buckets: Vec<Bucket>, cells_max: usize) -> Vec<Vec<Bucket>> {
    let mut cells = if buckets.is_empty() { Vec::new() } else { vec![buckets] };
    while cells.len() < cells_max {
        let widest = (0..cells.len())
            .map(|at| (spread(&cells[at]), at))
            .filter(|((weight, _), _)| *weight > 0)
            .max_by_key(|((weight, _), at)| (*weight, std::cmp::Reverse(*at)));
        let Some(((_, channel), at)) = widest else {
            break;
        };
        let mut cell = cells.swap_remove(at);
        cell.sort_by_key(|bucket| bucket.channel(channel));
        let upper = cell.split_off(middle(&cell));
        cells.extend([cell, upper]);
    }
    cells
}

/// How much a cell is worth splitting (range × pixels), and along which channel.
fn spread(cell: &[Bucket]) -> (u64, usize) {
    let pixels: u64 = cell.iter().map(|bucket| u64::from(bucket.pixels)).sum();
    let range = |channel: usize| {
        let of = |bucket: &Bucket| bucket.channel(channel);
        let low = cell.iter().map(of).min().unwrap_or(0);
        let high = cell.iter().map(of).max().unwrap_or(0);
        if high - low <= SPREAD_MIN { 0 } else { u64::from(high - low) }
    };
    (0..3).map(|channel| (range(channel) * pixels, channel)).max().unwrap_or((0, 0))
}

/// Where half of the pixels lie on each side; both sides have a bucket at least.
fn middle(cell: &[Bucket]) -> usize {
    let half: u32 = cell.iter().map(|bucket| bucket.pixels).sum::<u32>() / 2;
    let mut seen = 0;
    let at = cell.iter().position(|bucket| {
        seen += bucket.pixels;
        seen > half
    });
    at.unwrap_or(1).clamp(1, cell.len().saturating_sub(1).max(1))
}

fn sum(cell: &[Bucket]) -> Bucket {
    cell.iter().fold(Bucket::default(), |mut total, bucket| {
        total.pixels += bucket.pixels;
        for (sum, more) in total.sums.iter_mut().zip(bucket.sums) {
            *sum += more;
        }
        total
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_colours_are_kept_and_few_colours_stay_exact() {
        let check = |colors: Colors, pixels: &[Rgb], count: usize, exact: bool| {
            let (palette, indices) = Palette::with_pixels(colors, pixels);
            assert_eq!(palette.colors[usize::from(DARK)], colors.dark);
            assert_eq!(palette.colors[usize::from(LIGHT)], colors.light);
            assert_eq!(palette.colors.len(), count, "{:?}", palette.colors);
            let drawn: Vec<_> =
                indices.iter().map(|&index| palette.colors[usize::from(index)]).collect();
            assert_eq!(drawn == pixels, exact, "{drawn:?}");
        };
        let blue = Colors { dark: Rgb(0x1a, 0x36, 0x5d), light: Rgb(0xff, 0xfa, 0xf0) };
        let red = Rgb(0xe5, 0x3e, 0x3e);
        let ramp: Vec<Rgb> = (0..=255).map(|level| Rgb(level, 0, 255 - level)).collect();
        let large = ramp.repeat(4);
        check(Colors::default(), &[], 2, true);
        check(Colors::default(), &[Rgb::WHITE, Rgb::BLACK], 2, true);
        check(Colors::default(), &[Rgb::WHITE, red, red], 3, true);
        check(blue, &[blue.light, red, blue.dark], 3, true);
        check(Colors::default(), &ramp, SMALL_COLORS_MAX, false);
        check(Colors::default(), &large, 10, false);
    }
}
