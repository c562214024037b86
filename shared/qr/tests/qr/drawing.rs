//! Images that are drawn: they read back, at half their size too, and are small.

use std::io::Cursor;

use domain::render::{Colors, Format, Level, RenderSpec, Rgb};
use image::imageops::{FilterType, resize};
use image::{DynamicImage, ImageFormat, ImageReader};
use qr::{RenderRefused, decode, encode, render};

use crate::samples::{LOGOS, PAYLOADS, UNICODE, URL, full_colour_png, logo, plain, svg, with_logo};

#[test]
fn every_payload_reads_back_at_every_level_and_size() {
    let check = |payload: &str, spec: RenderSpec, logo_name: Option<&str>| {
        let logo = logo_name.map(logo);
        let drawn = match render(payload, &spec, logo.as_ref()) {
            Ok(drawn) => drawn,
            // Large payloads in small images are refused, and that is all that may be refused here.
            Err(RenderRefused::TooSmall { modules, .. }) => {
                assert!(modules * 3 > spec.size, "{payload} {spec:?} {logo_name:?}");
                return;
            }
            Err(refused) => unreachable!("{payload} {spec:?} {logo_name:?}: {refused:?}"),
        };
        assert_eq!(drawn.width_px, spec.size);
        assert!(drawn.level >= spec.error_correction);
        assert_eq!(drawn.modules, 17 + 4 * u32::from(drawn.version));
        if drawn.format == Format::Png {
            assert_eq!(decode(&drawn.bytes).as_deref(), Ok(payload), "{spec:?} {logo_name:?}");
        }
    };
    for (_, payload) in PAYLOADS {
        for level in Level::ALL {
            for size in [256, 512, 1024] {
                check(payload, plain(size, level), None);
            }
            check(payload, svg(plain(384, level)), None);
            check(payload, svg(with_logo(512, level)), Some("brand"));
            for name in LOGOS {
                check(payload, with_logo(512, level), Some(name));
            }
            check(payload, with_logo(256, level), Some("brand"));
            check(payload, with_logo(1024, level), Some("photo"));
        }
    }
    check(URL, plain(2048, Level::H), None);
    check(URL, with_logo(2048, Level::H), Some("photo"));
    check(URL, svg(plain(224, Level::H)), None);
}

#[test]
fn half_the_size_still_reads() {
    let check = |payload: &str, level: Level, logo_name: Option<&str>| {
        let spec = RenderSpec { logo: logo_name.is_some(), ..plain(512, level) };
        let drawn = render(payload, &spec, logo_name.map(logo).as_ref()).unwrap();
        let half =
            png(&resize(&pixels(&drawn.bytes).to_luma8(), 256, 256, FilterType::Triangle).into());
        assert_eq!(decode(&half).as_deref(), Ok(payload), "{level:?} {logo_name:?}");
    };
    for level in Level::ALL {
        for payload in [URL, UNICODE] {
            check(payload, level, None);
            for name in LOGOS {
                check(payload, level, Some(name));
            }
        }
    }
}

#[test]
fn a_plain_code_is_at_most_700_bytes() {
    let drawn = render(URL, &plain(512, Level::M), None).unwrap();
    assert!(drawn.bytes.len() <= 700, "{} bytes", drawn.bytes.len());
    assert_eq!((drawn.version, drawn.modules, drawn.module_px), (4, 33, 12));
}

#[test]
fn a_code_with_a_logo_is_a_fifth_of_what_image_writes() {
    let check = |size: u32, level: Level, name: &str| {
        let drawn = render(URL, &with_logo(size, level), Some(&logo(name))).unwrap();
        let theirs = full_colour_png(&drawn, name).len();
        let ours = drawn.bytes.len();
        assert!(ours * 5 <= theirs, "{size} {level:?} {name}: {ours} of {theirs} bytes");
    };
    for name in LOGOS {
        check(256, Level::M, name);
        check(512, Level::M, name);
        check(512, Level::H, name);
        check(1024, Level::Q, name);
    }
}

#[test]
fn the_modules_lie_on_whole_pixels_in_the_middle_with_a_quiet_zone() {
    let check = |size: u32, margin: u32| {
        let drawn = render(URL, &RenderSpec { margin, ..plain(size, Level::M) }, None).unwrap();
        let symbol = encode(URL, Level::M).unwrap();
        let image = pixels(&drawn.bytes).to_luma8();
        let offset = (size - drawn.modules * drawn.module_px) / 2;
        assert!(offset >= margin * drawn.module_px);
        for (x, y, pixel) in image.enumerate_pixels() {
            let module =
                |at: u32| at.checked_sub(offset).map_or(u32::MAX, |at| at / drawn.module_px);
            assert_eq!(pixel.0[0] == 0, symbol.is_dark(module(x), module(y)), "{size} {x} {y}");
        }
    };
    check(256, 4);
    check(257, 4);
    check(512, 7);
}

#[test]
fn the_codes_colours_are_exact_and_readable() {
    let check = |dark: Rgb, light: Rgb, logo_name: Option<&str>| {
        let colors = Colors { dark, light };
        let logo_asked = logo_name.is_some();
        let spec = RenderSpec { colors, logo: logo_asked, ..plain(300, Level::Q) };
        let drawn = render(URL, &spec, logo_name.map(logo).as_ref()).unwrap();
        let image = pixels(&drawn.bytes).to_rgb8();
        let offset = (300 - drawn.modules * drawn.module_px) / 2;
        assert_eq!(image.get_pixel(0, 0).0, [light.0, light.1, light.2]);
        assert_eq!(image.get_pixel(offset, offset).0, [dark.0, dark.1, dark.2]);
    };
    let (navy, cream) = (Rgb(0x1a, 0x36, 0x5d), Rgb(0xff, 0xfa, 0xf0));
    for name in [None, Some("brand"), Some("photo")] {
        check(Rgb::BLACK, Rgb::WHITE, name);
        check(navy, cream, name);
        // The least contrast that is accepted.
        check(Rgb(155, 155, 155), Rgb::WHITE, name);
        check(Rgb::BLACK, Rgb(100, 100, 100), name);
    }
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    for spec in [with_logo(512, Level::Q), svg(with_logo(512, Level::Q))] {
        let first = render(URL, &spec, Some(&logo("photo"))).unwrap();
        let second = render(URL, &spec, Some(&logo("photo"))).unwrap();
        assert_eq!(first, second);
    }
}

#[test]
fn a_logo_raises_the_level() {
    let check = |asked: Level, used: Level| {
        let drawn = render(URL, &with_logo(512, asked), Some(&logo("brand"))).unwrap();
        assert_eq!(drawn.level, used);
        assert_eq!(render(URL, &plain(512, asked), None).unwrap().level, asked);
    };
    check(Level::L, Level::M);
    check(Level::M, Level::M);
    check(Level::Q, Level::Q);
    check(Level::H, Level::H);
}

fn pixels(file: &[u8]) -> DynamicImage {
    ImageReader::with_format(Cursor::new(file), ImageFormat::Png).decode().unwrap()
}

fn png(image: &DynamicImage) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    image.write_to(&mut file, ImageFormat::Png).unwrap();
    file.into_inner()
}
