//! Payloads and logos that the tests, the bench and the example share. Nothing is read from disk or
//! drawn at random.

// Each of the three uses a part of it.
#![allow(dead_code, unreachable_pub)]

use std::io::Cursor;

use domain::render::{Format, Level, RenderSpec};
use image::imageops::{FilterType, overlay};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use qr::{Logo, Rendered, encode};

/// A scan URL of 61 bytes (P34).
pub const URL: &str = "https://qr-service.daobitat.xyz/scan/67ec31596333aba221e84df8";

/// A business card of 326 bytes.
pub const VCARD: &str = "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Okonkwo;Adaeze;;;\r\nFN:Adaeze Okonkwo\r\n\
    ORG:DAO-Bitat Properties Limited\r\nTITLE:Head of Tenant Relations\r\n\
    TEL;TYPE=CELL,VOICE:+2348012345678\r\nEMAIL;TYPE=INTERNET:adaeze.okonkwo@daobitat.example\r\n\
    URL:https://cards.daobitat.example/c/adaeze-okonkwo\r\nADR;TYPE=WORK:;;12 Marina Rd;Lagos;;;NG\r\n\
    END:VCARD\r\n";

/// Capitals and digits only, 48 characters.
pub const CAPITALS: &str = "HTTPS://V.TESSERA.EXAMPLE/R/8KQ2-Z7M4-PX19-C0DE0";

/// Two, three and four bytes a character.
pub const UNICODE: &str = "Tür 点 №7 – Ẹ̀kọ́ café 🏠 https://example.org/ñ";

/// The payload of a printed voucher as it is: capitals of a URL with 137 characters of the alphabet
/// that stands for bytes, another one for each number.
pub fn voucher(number: u32) -> String {
    const HOST: &str = "VOUCHERS.TESSERA-PRINT.EXAMPLE";
    format!(
        "HTTPS://{HOST}/V/{}",
        scrambled(number, 137, b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ$*+-:")
    )
}

/// The payload of a voucher whose token is signed as a JWT, 310 characters.
pub fn voucher_jwt(number: u32) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let [claims, signature] = [168, 86].map(|length| scrambled(number + length, length, LETTERS));
    format!("https://vouchers.example/v/eyJhbGciOiJFUzI1NiJ9eyJ0.{claims}.{signature}")
}

/// A short code of eight characters that nobody takes for others.
pub fn short_code(number: u32) -> String {
    scrambled(number, 8, b"23456789ABCDEFGHJKMNPQRSTUVWXYZ")
}

fn scrambled(seed: u32, length: u32, letters: &[u8]) -> String {
    let mut state = u64::from(seed) * 7_919 + 1;
    let mut next = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(letters[(state >> 33) as usize % letters.len()])
    };
    (0..length).map(|_| next()).collect()
}

/// All payloads with their names.
pub const PAYLOADS: [(&str, &str); 4] =
    [("url", URL), ("vcard", VCARD), ("capitals", CAPITALS), ("unicode", UNICODE)];

/// Names of the logos that [`logo`] knows.
pub const LOGOS: [&str; 5] = ["brand", "photo", "black", "wide", "pale"];

/// A PNG spec without a logo, black on white.
pub fn plain(size: u32, level: Level) -> RenderSpec {
    RenderSpec { size, error_correction: level, logo: false, ..RenderSpec::PROPERTY }
}

/// The same with a logo.
pub fn with_logo(size: u32, level: Level) -> RenderSpec {
    RenderSpec { logo: true, ..plain(size, level) }
}

/// The same as SVG.
pub fn svg(spec: RenderSpec) -> RenderSpec {
    RenderSpec { format: Format::Svg, ..spec }
}

/// A logo as it is uploaded.
pub fn logo_file(name: &str) -> Vec<u8> {
    let image: DynamicImage = match name {
        "brand" => RgbaImage::from_fn(200, 200, brand).into(),
        "photo" => RgbImage::from_fn(300, 200, photo).into(),
        "black" => RgbImage::from_pixel(64, 64, Rgb([0, 0, 0])).into(),
        "wide" => RgbaImage::from_fn(400, 100, |x, y| brand(x / 2, y * 2)).into(),
        "rings" => RgbImage::from_fn(140, 140, rings).into(),
        _ => RgbImage::from_pixel(64, 64, Rgb([250, 250, 210])).into(),
    };
    let format = if name == "photo" { ImageFormat::Jpeg } else { ImageFormat::Png };
    let mut file = Cursor::new(Vec::new());
    image.write_to(&mut file, format).unwrap();
    file.into_inner()
}

/// A logo, parsed.
pub fn logo(name: &str) -> Logo {
    Logo::parse(&logo_file(name)).unwrap()
}

/// The same picture as [`qr::render`] draws, in full colour and as `image` writes it by default.
pub fn full_colour_png(drawn: &Rendered, logo_name: &str) -> Vec<u8> {
    let symbol = encode(URL, drawn.level).unwrap();
    let (size, module_px) = (drawn.width_px, drawn.module_px);
    let offset = (size - drawn.modules * module_px) / 2;
    let cap = drawn.modules * drawn.level.logo_max_permille().unwrap() / 1_000;
    let longest = (if cap.is_multiple_of(2) { cap - 1 } else { cap } - 1) * module_px;
    let logo = image::load_from_memory(&logo_file(logo_name)).unwrap();
    let logo = logo.resize(longest, longest, FilterType::Triangle).to_rgba8();
    let [left, top] = [(size - logo.width()) / 2, (size - logo.height()) / 2];
    let covered = |at: u32, first: u32, side: u32| (first..first + side).contains(&at);
    let mut picture = RgbaImage::from_fn(size, size, |x, y| {
        let module = |at: u32| at.checked_sub(offset).map_or(u32::MAX, |inside| inside / module_px);
        let under = covered(x, left, logo.width()) && covered(y, top, logo.height());
        let dark = symbol.is_dark(module(x), module(y)) && !under;
        Rgba(if dark { [0, 0, 0, 255] } else { [255; 4] })
    });
    overlay(&mut picture, &logo, i64::from(left), i64::from(top));
    let mut file = Cursor::new(Vec::new());
    let picture = DynamicImage::from(picture).to_rgb8();
    picture.write_to(&mut file, ImageFormat::Png).unwrap();
    file.into_inner()
}

/// A white house on a blue disc with a soft edge, transparent around it.
fn brand(x: u32, y: u32) -> Rgba<u8> {
    let [dx, dy] = [x.abs_diff(100), y.abs_diff(100)];
    let distance = f64::from(dx * dx + dy * dy).sqrt();
    let opacity = ((98.0 - distance).clamp(0.0, 1.0) * 255.0) as u8;
    let roof = (40..100).contains(&y) && dx <= y - 40;
    let walls = (100..150).contains(&y) && dx < 40;
    let door = (115..150).contains(&y) && dx < 12;
    if (roof || walls) && !door {
        Rgba([255, 255, 255, opacity])
    } else {
        Rgba([30, 60 + (y / 4) as u8, 160, opacity])
    }
}

/// Smooth waves of colour with some grain.
fn photo(x: u32, y: u32) -> Rgb<u8> {
    let wave = |by: f64, at: u32| (127.0 + 100.0 * (f64::from(at) / by).sin()) as u8;
    let grain = ((x * 7919 + y * 104_729) % 23) as u8;
    Rgb([wave(31.0, x) + grain, wave(17.0, y) + grain, wave(43.0, x + y) + grain])
}

/// Concentric squares in the proportions of a finder pattern, the worst that a logo can be.
fn rings(x: u32, y: u32) -> Rgb<u8> {
    let ring = (x.min(139 - x)).min(y.min(139 - y)) / 20;
    if ring == 1 { Rgb([255, 255, 255]) } else { Rgb([0, 0, 0]) }
}
