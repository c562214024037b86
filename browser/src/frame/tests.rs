//! Codes that are drawn here, and frames that nobody has drawn.

use proptest::prelude::*;
use qrcodegen::{QrCode, QrCodeEcc};

use super::*;

const TEXT: &str = "HTTPS://V.TESSERA.EXAMPLE/V/8KQ2Z7M4PX19C0DE0";

/// A frame with one code, so many pixels a module, on grey.
fn drawn(text: &str, module_px: usize) -> (usize, Vec<u8>) {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).unwrap();
    let modules = usize::try_from(code.size()).unwrap();
    let side = (modules + 16) * module_px;
    let mut pixels = vec![120; side * side];
    let module = |at: usize| i32::try_from(at / module_px).unwrap() - 8;
    let quiet = -4..code.size() + 4;
    for (y, x) in (0..side).flat_map(|y| (0..side).map(move |x| (y, x))) {
        let (column, row) = (module(x), module(y));
        if quiet.contains(&column) && quiet.contains(&row) {
            pixels[y * side + x] = if code.get_module(column, row) { 30 } else { 220 };
        }
    }
    (side, pixels)
}

#[test]
fn each_look_alone_reads_a_clean_code() {
    let (side, pixels) = drawn(TEXT, 5);
    let frame = Frame::of(side, side, &pixels).unwrap();
    for bit in 0..4 {
        assert_eq!(frame.read(Looks::of_bits(1 << bit)), [TEXT], "look {bit}");
    }
    assert!(frame.read(Looks::of_bits(0)).is_empty());
}

#[test]
fn a_frame_of_other_sides_than_its_pixels_is_none() {
    let pixels = vec![0; 100 * 100];
    assert!(Frame::of(100, 100, &pixels).is_some());
    for (width, height) in [(0, 0), (1, 10_000), (100, 99), (usize::MAX, 2), (4_097, 4_097)] {
        assert!(Frame::of(width, height, &pixels).is_none(), "{width} x {height}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// Whatever a camera sends, the reader answers.
    #[test]
    fn no_noise_stops_the_reader(
        width in 21_usize..160,
        height in 21_usize..160,
        seed in any::<u64>(),
        coarse in 1_usize..12,
    ) {
        let noise = |at: u64| at.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23) ^ seed;
        let pixel = |at: usize| {
            let (x, y) = (at % width / coarse, at / width / coarse);
            noise(noise(u64::try_from(y * width + x).unwrap())).to_le_bytes()[3]
        };
        let pixels: Vec<u8> = (0..width * height).map(pixel).collect();
        Frame::of(width, height, &pixels).unwrap().read(Looks::ALL);
    }

    /// A code of which a part is painted over is read as what it was, or not at all.
    #[test]
    fn a_damaged_code_is_never_another_one(
        at in (0_usize..200, 0_usize..200),
        size in 1_usize..120,
        paint in any::<u8>(),
        flips in any::<u64>(),
    ) {
        let (side, mut pixels) = drawn(TEXT, 4);
        for y in at.1..(at.1 + size).min(side) {
            for x in at.0..(at.0 + size).min(side) {
                let flip = flips >> ((x / 4 + y / 4 * 7) % 64) & 1 == 1;
                pixels[y * side + x] = if flip { paint } else { pixels[y * side + x] };
            }
        }
        let texts = Frame::of(side, side, &pixels).unwrap().read(Looks::ALL);
        prop_assert!(texts.iter().all(|text| text == TEXT), "{texts:?}");
    }
}
