//! The demo's logo: a white house on the brand's blue, drawn here so that no file has to be kept.

use std::ops::RangeInclusive;

/// Side in pixels.
const SIDE: u32 = 160;
const BLUE: [u8; 3] = [0x2b, 0x6c, 0xb0];
const WHITE: [u8; 3] = [0xff, 0xff, 0xff];
/// The roof's rows: it widens by one pixel a row on each side.
const ROOF: RangeInclusive<u32> = 34..=80;
/// Rows and columns of the walls.
const WALLS: (RangeInclusive<u32>, RangeInclusive<u32>) = (81..=126, 46..=113);
/// Rows and columns of the door.
const DOOR: (RangeInclusive<u32>, RangeInclusive<u32>) = (96..=126, 70..=89);

/// The logo as a PNG file.
pub(super) fn png() -> Result<Vec<u8>, png::EncodingError> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, SIDE, SIDE);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let pixels: Vec<u8> =
        (0..SIDE).flat_map(|y| (0..SIDE).flat_map(move |x| color(x, y))).collect();
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&pixels)?;
    writer.finish()?;
    Ok(file)
}

fn color(x: u32, y: u32) -> [u8; 3] {
    let in_box = |(rows, columns): &(RangeInclusive<u32>, RangeInclusive<u32>)| {
        rows.contains(&y) && columns.contains(&x)
    };
    let half_width = y.saturating_sub(*ROOF.start());
    let under_roof = ROOF.contains(&y) && x.abs_diff(SIDE / 2) <= half_width;
    if (under_roof || in_box(&WALLS)) && !in_box(&DOOR) { WHITE } else { BLUE }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logo_is_a_small_picture_of_a_house() {
        let file = png().unwrap();
        assert!(file.starts_with(b"\x89PNG") && file.len() < 4096, "{} bytes", file.len());
        assert_eq!(color(80, 40), WHITE, "the roof");
        assert_eq!(color(80, 120), BLUE, "the door");
        assert_eq!(color(0, 0), BLUE);
    }
}
