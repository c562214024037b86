//! Uploads that are taken as logos, and those that are not.

use std::io::Cursor;

use domain::failure::{Failure, Kind};
use image::{DynamicImage, ImageFormat};
use qr::{LOGO_BYTES_MAX, Logo, LogoRefused};

use crate::samples::{LOGOS, logo_file};

#[test]
fn good_logos_are_taken() {
    for name in LOGOS {
        let file = logo_file(name);
        let logo = Logo::parse(&file).unwrap();
        assert!(logo.width() >= 64 && logo.height() >= 64, "{name}");
        let kind = if name == "photo" { "image/jpeg" } else { "image/png" };
        assert_eq!(Logo::sniff(&file), Some(kind));
    }
}

#[test]
fn bad_logos_are_refused_with_their_reason() {
    let check = |what: &str, file: &[u8], code: &str| {
        let refused = Logo::parse(file).unwrap_err();
        assert_eq!(refused.code(), code, "{what}: {refused}");
        assert_eq!(refused.kind(), Kind::Invalid);
    };
    let [png, jpeg] = [logo_file("brand"), logo_file("photo")];
    let padded = |length: usize| {
        let mut file = png.clone();
        file.resize(length, 0);
        file
    };
    check("empty", b"", "logo_not_png_or_jpeg");
    check("SVG", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "logo_not_png_or_jpeg");
    check("SVG with a prolog", b"<?xml version='1.0'?><svg/>", "logo_not_png_or_jpeg");
    check("ZIP", b"PK\x03\x04\x14\0\0\0", "logo_not_png_or_jpeg");
    check("GIF", b"GIF89a\x40\0\x40\0", "logo_not_png_or_jpeg");
    check("WebP", b"RIFF\x24\0\0\0WEBPVP8 ", "logo_not_png_or_jpeg");
    check("half a magic", &png[..4], "logo_not_png_or_jpeg");
    check("only the magic", &png[..8], "logo_unreadable");
    check("a PNG cut in its header", &png[..20], "logo_unreadable");
    check("a PNG cut in the middle", &png[..png.len() / 2], "logo_unreadable");
    check("a JPEG cut in its header", &jpeg[..20], "logo_unreadable");
    check("a JPEG cut in the middle", &jpeg[..jpeg.len() / 2], "logo_unreadable");
    check("a JPEG without its last bytes", &jpeg[..jpeg.len() - 2], "logo_unreadable");
    check("a damaged PNG", &damaged(&png), "logo_unreadable");
    check("100 KB + 1", &padded(LOGO_BYTES_MAX + 1), "logo_too_large");
    check("50,000 px", &claims(50_000, 50_000), "logo_dimensions");
    check("wide", &claims(2_049, 16), "logo_dimensions");
    // More pixels than can be counted: the header itself is refused.
    let countless = claims(0x7fff_ffff, 0x7fff_ffff);
    check("2^31 - 1 px", &countless, "logo_unreadable");
    check("tiny", &blank(15, 64), "logo_dimensions");
    assert!(Logo::parse(&padded(LOGO_BYTES_MAX)).is_ok());
    assert!(Logo::parse(&blank(16, 16)).is_ok());
    assert!(Logo::parse(&blank(2_048, 16)).is_ok());
}

#[test]
fn a_refusal_names_what_is_accepted() {
    let check = |refused: LogoRefused, words: &str| {
        assert!(refused.to_string().contains(words), "{refused}");
    };
    check(LogoRefused::TooLarge { bytes: 200_000 }, "102400");
    check(LogoRefused::NotPngOrJpeg, "a PNG or a JPEG");
    check(LogoRefused::Dimensions { width: 50_000, height: 3 }, "50000 × 3");
}

/// A PNG whose header claims a size, with a right checksum and no pixels.
fn claims(width: u32, height: u32) -> Vec<u8> {
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut header = b"IHDR".to_vec();
    header.extend(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    header.extend([8, 2, 0, 0, 0]);
    chunk(&mut png, &header);
    chunk(&mut png, b"IDAT\x78\x9c\x03\0\0\0\0\x01");
    chunk(&mut png, b"IEND");
    png
}

fn chunk(png: &mut Vec<u8>, kind_and_data: &[u8]) {
    png.extend((kind_and_data.len() as u32 - 4).to_be_bytes());
    png.extend(kind_and_data);
    png.extend(crc32(kind_and_data).to_be_bytes());
}

/// The checksum of PNG's chunks (ISO 3309), bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            crc >> 1 ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 }
        })
    })
}

fn damaged(png: &[u8]) -> Vec<u8> {
    let mut png = png.to_vec();
    let middle = png.len() / 2;
    png[middle] ^= 0xff;
    png
}

fn blank(width: u32, height: u32) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    DynamicImage::new_rgb8(width, height).write_to(&mut file, ImageFormat::Png).unwrap();
    file.into_inner()
}
