//! Files that cameras make, and files that nobody's camera makes.

use image::metadata::Orientation;
use image::{DynamicImage, ImageFormat, Rgba, RgbaImage};

use super::*;

fn file(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    picture.into().write_to(&mut file, format).unwrap();
    file.into_inner()
}

/// Red on the left, blue on the right.
fn halves(width: u32, height: u32) -> RgbImage {
    let color = |x| if x < width / 2 { Rgb([220, 20, 20]) } else { Rgb([20, 20, 220]) };
    RgbImage::from_fn(width, height, |x, _| color(x))
}

/// A JPEG with an Exif segment that says how it is turned, and where it was taken.
fn turned(jpeg: &[u8], orientation: Orientation) -> Vec<u8> {
    let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.extend([orientation.to_exif(), 0, 0, 0, 0, 0, 0]);
    exif.extend(b"GPS 6.4541 N 3.3947 E");
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], &[0xff, 0xe1], &length, &exif, &jpeg[2..]].concat()
}

fn shown(file: &[u8]) -> RgbImage {
    let published = publish(file).unwrap();
    assert!(published.jpeg.len() <= SHOWN_MAX_BYTES, "{} bytes", published.jpeg.len());
    let picture = image::load_from_memory_with_format(&published.jpeg, ImageFormat::Jpeg).unwrap();
    let picture = picture.into_rgb8();
    assert_eq!(picture.dimensions(), (published.width, published.height));
    picture
}

fn is_red(picture: &RgbImage, x: u32, y: u32) -> bool {
    let [red, _, blue] = picture.get_pixel(x, y).0;
    red > blue
}

#[test]
fn a_photo_is_turned_upright_and_says_nothing_but_the_picture() {
    let lying = file(halves(300, 200), ImageFormat::Jpeg);
    let check = |orientation, size, red: (u32, u32), blue: (u32, u32)| {
        let file = turned(&lying, orientation);
        assert!(file.windows(3).any(|part| part == b"GPS"));
        let published = publish(&file).unwrap().jpeg;
        for word in [b"Exif".as_slice(), b"GPS", &[0xff, 0xe1]] {
            assert!(!published.windows(word.len()).any(|part| part == word), "{word:?}");
        }
        let picture = shown(&file);
        assert_eq!(picture.dimensions(), size, "{orientation:?}");
        assert!(is_red(&picture, red.0, red.1), "{orientation:?}");
        assert!(!is_red(&picture, blue.0, blue.1), "{orientation:?}");
    };
    check(Orientation::NoTransforms, (300, 200), (20, 100), (280, 100));
    check(Orientation::Rotate90, (200, 300), (100, 20), (100, 280));
    check(Orientation::Rotate180, (300, 200), (280, 100), (20, 100));
    check(Orientation::Rotate270, (200, 300), (100, 280), (100, 20));
}

#[test]
fn a_photo_is_fitted_and_never_made_larger() {
    let check = |width, height, expected| {
        let picture = RgbImage::from_pixel(width, height, Rgb([90, 120, 30]));
        for format in [ImageFormat::Jpeg, ImageFormat::Png] {
            assert_eq!(shown(&file(picture.clone(), format)).dimensions(), expected);
        }
    };
    check(1, 1, (1, 1));
    check(512, 300, (512, 300));
    check(600, 300, (512, 256));
    check(1500, 3000, (256, 512));
    check(12_000, 1, (512, 1));
    check(3, 12_000, (1, 512));
}

#[test]
fn transparency_becomes_white_and_noise_still_fits() {
    let glass = RgbaImage::from_pixel(40, 40, Rgba([0, 0, 0, 0]));
    assert!(shown(&file(glass, ImageFormat::Png)).pixels().all(|pixel| pixel.0 > [250; 3]));
    let mut state = 1_u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    let noisy = RgbImage::from_fn(512, 512, |_, _| Rgb([noise(), noise(), noise()]));
    let (width, height) = shown(&file(noisy, ImageFormat::Png)).dimensions();
    assert!((256..=512).contains(&width) && width == height, "{width} × {height}");
}

/// A PNG's beginning that claims this size, and then stops.
fn png_that_claims(width: u32, height: u32, depth: u8, kind: u8) -> Vec<u8> {
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    png.extend(width.to_be_bytes());
    png.extend(height.to_be_bytes());
    png.extend([depth, kind, 0, 0, 0]);
    let checksum = crc32(&png[12..]);
    png.extend(checksum.to_be_bytes());
    png.extend(b"\0\0\0\0IDAT\x35\xaf\x06\x1e");
    png
}

/// The checksum of PNG's chunks (ISO 3309).
fn crc32(bytes: &[u8]) -> u32 {
    let byte = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 * (crc & 1)))
    };
    !bytes.iter().fold(u32::MAX, byte)
}

#[test]
fn what_a_header_claims_is_refused_before_it_is_unpacked() {
    let check = |file: &[u8], expected| assert_eq!(publish(file), Err(expected));
    let (rgb, rgba) = (2, 6);
    let claim = |width, height| PhotoRefused::Sides { width, height };
    check(&png_that_claims(12_001, 1, 8, rgb), claim(12_001, 1));
    check(&png_that_claims(1, 50_000, 8, rgb), claim(1, 50_000));
    let many = |width, height| PhotoRefused::TooManyPixels { width, height };
    check(&png_that_claims(12_000, 12_000, 8, rgb), many(12_000, 12_000));
    check(&png_that_claims(12_000, 9_000, 16, rgba), many(12_000, 9_000));
    check(&png_that_claims(12_000, 9_000, 8, rgba), PhotoRefused::Unreadable);
    // A JPEG's header claims as easily.
    let mut jpeg = file(halves(64, 64), ImageFormat::Jpeg);
    let frame = jpeg.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0xff, 0xff, 0xff, 0xff]);
    check(&jpeg, claim(65_535, 65_535));
}

#[test]
fn what_is_no_whole_photo_is_refused() {
    let check = |file: &[u8], expected| assert_eq!(publish(file), Err(expected));
    check(b"", PhotoRefused::NotJpegOrPng);
    check(b"GIF89a\x01\0\x01\0\x80\0\0", PhotoRefused::NotJpegOrPng);
    check(b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>", PhotoRefused::NotJpegOrPng);
    let whole = file(halves(640, 480), ImageFormat::Jpeg);
    check(&whole[..whole.len() / 2], PhotoRefused::Unreadable);
    let whole = file(halves(640, 480), ImageFormat::Png);
    check(&whole[..whole.len() / 2], PhotoRefused::Unreadable);
    check(b"\xff\xd8\xff\xd9", PhotoRefused::Unreadable);
    let heavy = usize::try_from(FILE_MAX_BYTES).unwrap() + 1;
    check(&vec![0; heavy], PhotoRefused::TooLarge);
}
