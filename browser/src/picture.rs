//! Arithmetic on greyscale pictures: averages, edges, size, dark and light. What the pixels show is deliberately
//! unknown here.

use std::borrow::Cow;

/// By how much edges are raised.
const SHARPEN_BY: i32 = 4;
/// How far the average goes that edges are raised against, in pixels.
const SHARPEN_REACH_PX: usize = 3;

/// Brightness, row by row: 0 is black, 255 white. No side is zero.
pub(crate) struct Picture<'p> {
    width: usize,
    height: usize,
    pixels: Cow<'p, [u8]>,
}

/// Dark and light, row by row.
pub(crate) struct Bits {
    pub(crate) width: usize,
    pub(crate) height: usize,
    dark: Vec<bool>,
}

impl Bits {
    pub(crate) fn is_dark(&self, x: usize, y: usize) -> bool {
        self.dark[y * self.width + x]
    }
}

impl<'p> Picture<'p> {
    pub(crate) fn of(width: usize, height: usize, pixels: &'p [u8]) -> Self {
        Self { width, height, pixels: pixels.into() }
    }

    /// Its pixels.
    pub(crate) fn len(&self) -> usize {
        self.pixels.len()
    }

    fn with(&self, pixels: Vec<u8>) -> Picture<'static> {
        Picture { width: self.width, height: self.height, pixels: pixels.into() }
    }

    /// Each pixel's average with its neighbours up to `reach` away.
    pub(crate) fn smoothed(&self, reach: usize) -> Picture<'static> {
        let mut pixels = Vec::with_capacity(self.len());
        self.averages(reach, |_, average| pixels.push(average));
        self.with(pixels)
    }

    /// Raised against what is around.
    pub(crate) fn sharpened(&self) -> Picture<'static> {
        let around = self.smoothed(SHARPEN_REACH_PX).smoothed(SHARPEN_REACH_PX);
        let raised = |(&pixel, &average): (&u8, &u8)| {
            let raised = i32::from(pixel) + (i32::from(pixel) - i32::from(average)) * SHARPEN_BY;
            u8::try_from(raised.clamp(0, 255)).unwrap_or_default()
        };
        self.with(self.pixels.iter().zip(around.pixels.iter()).map(raised).collect())
    }

    /// Twice as wide and high. Each new pixel is a mixture of the nearest four, nine parts to three, three and one.
    pub(crate) fn doubled(&self) -> Picture<'static> {
        let [width, height] = [self.width * 2, self.height * 2];
        // The nearest old line of a new one, and the next nearest.
        let pair = |at: usize, side: usize| {
            let near = at / 2;
            let next = if at.is_multiple_of(2) { near.saturating_sub(1) } else { near + 1 };
            (near, next.min(side - 1))
        };
        let columns: Vec<(usize, usize)> = (0..width).map(|x| pair(x, self.width)).collect();
        let mut pixels = Vec::with_capacity(width * height);
        for y in 0..height {
            let (near, next) = pair(y, self.height);
            let row = |y: usize| &self.pixels[y * self.width..][..self.width];
            let (near, next) = (row(near), row(next));
            let mixed = |x: usize| 3 * u32::from(near[x]) + u32::from(next[x]);
            let pixel = |&(a, b): &(usize, usize)| (3 * mixed(a) + mixed(b) + 8) / 16;
            pixels.extend(columns.iter().map(|pair| u8::try_from(pixel(pair)).unwrap_or(u8::MAX)));
        }
        Picture { width, height, pixels: pixels.into() }
    }

    /// What is darker than the average around it, up to `reach` away.
    pub(crate) fn darker_than_around(&self, reach: usize) -> Bits {
        let mut dark = Vec::with_capacity(self.len());
        self.averages(reach, |pixel, average| {
            dark.push(pixel < average.saturating_sub(average >> 5))
        });
        Bits { width: self.width, height: self.height, dark }
    }

    /// Calls for each pixel with the average of the square around it, cut off at the picture's edge.
    fn averages(&self, reach: usize, mut each: impl FnMut(u8, u8)) {
        let sums = self.sums();
        let line = self.width + 1;
        for y in 0..self.height {
            let (top, bottom) = (y.saturating_sub(reach), (y + reach + 1).min(self.height));
            let (above, below) = (&sums[top * line..][..line], &sums[bottom * line..][..line]);
            for x in 0..self.width {
                let (left, right) = (x.saturating_sub(reach), (x + reach + 1).min(self.width));
                let sum = (below[right] - below[left]) - (above[right] - above[left]);
                let area = (bottom - top) * (right - left);
                let average = sum / u32::try_from(area).unwrap_or(u32::MAX);
                each(self.pixels[y * self.width + x], u8::try_from(average).unwrap_or(u8::MAX));
            }
        }
    }

    /// The sum of everything above and to the left of each corner. A picture of the largest size, doubled, is below
    /// 2^24 pixels of 255, so it fits.
    fn sums(&self) -> Vec<u32> {
        let line = self.width + 1;
        let mut sums = vec![0; line * (self.height + 1)];
        for y in 0..self.height {
            let mut row = 0;
            for x in 0..self.width {
                row += u32::from(self.pixels[y * self.width + x]);
                sums[(y + 1) * line + x + 1] = sums[y * line + x + 1] + row;
            }
        }
        sums
    }
}
