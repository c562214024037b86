//! Ours beside `qrcode` + `image`, `fast_qr` and `qrcodegen`: the contenders take turns, and each
//! one's best time counts. Statistics beyond minima and one p95 are deliberately absent; other
//! builds share this machine.

#![allow(clippy::unwrap_used)]

use std::hint::black_box;
use std::io::Cursor;
use std::time::{Duration, Instant};

use domain::render::Level;
use image::imageops::{FilterType, overlay};
use image::{DynamicImage, ImageFormat, Luma, Rgb, RgbImage};
use qr::{encode, render, render_unread};

#[path = "../tests/qr/samples.rs"]
mod samples;

use samples::{URL, VCARD, logo, logo_file, plain, svg, with_logo};

/// How long the contenders of one row take turns.
const ROW_MS: u64 = 1_200;
/// Generations that p95 is taken from.
const GENERATIONS: usize = 400;

type Contender<'a> = (&'a str, Box<dyn Fn() -> usize + 'a>);

fn main() {
    println!("minimum time in µs, bytes of the file; the contenders of a row take turns\n");
    println!("{:<26}{:<30}{:>12}{:>10}", "task", "contender", "µs", "bytes");
    for (name, payload, level) in
        [("url M", URL, Level::M), ("vcard M", VCARD, Level::M), ("vcard H", VCARD, Level::H)]
    {
        race(&format!("{name} encode"), encoders(payload, level));
        for size in [256, 512, 1024] {
            race(&format!("{name} png {size}"), pngs(payload, level, size));
        }
        race(&format!("{name} svg 512"), svgs(payload, level));
        race(&format!("{name} png 512 logo"), logos(payload, level));
    }
    generation_p95();
}

fn race(task: &str, contenders: Vec<Contender>) {
    let mut best = vec![Duration::MAX; contenders.len()];
    let end = Instant::now() + Duration::from_millis(ROW_MS);
    while Instant::now() < end {
        for ((_, run), best) in contenders.iter().zip(&mut best) {
            let start = Instant::now();
            black_box(run());
            *best = start.elapsed().min(*best);
        }
    }
    for ((name, run), best) in contenders.iter().zip(best) {
        let bytes = match run() {
            0 => "-".to_owned(),
            bytes => bytes.to_string(),
        };
        let micros = best.as_secs_f64() * 1e6;
        println!("{task:<26}{name:<30}{micros:>12.1}{bytes:>10}");
    }
}

fn encoders(payload: &str, level: Level) -> Vec<Contender<'_>> {
    // An encoder's result has no bytes of a file.
    fn no_file<T>(made: T) -> usize {
        black_box(made);
        0
    }
    vec![
        ("tessera", Box::new(move || no_file(encode(payload, level)))),
        ("qrcode", Box::new(move || no_file(qrcode_of(payload, level)))),
        ("fast_qr", Box::new(move || no_file(fast_qr_of(payload, level)))),
        ("qrcodegen", Box::new(move || no_file(qrcodegen_of(payload, level)))),
    ]
}

fn pngs(payload: &str, level: Level, size: u32) -> Vec<Contender<'_>> {
    let spec = domain::render::RenderSpec { force: true, ..plain(size, level) };
    vec![
        ("tessera, read back", Box::new(move || render(payload, &spec, None).unwrap().bytes.len())),
        (
            "tessera, not read back",
            Box::new(move || render_unread(payload, &spec, None).unwrap().bytes.len()),
        ),
        ("qrcode + image", Box::new(move || qrcode_png(payload, level, size).len())),
        (
            "fast_qr + image",
            Box::new(move || {
                let code = fast_qr_of(payload, level);
                luma_png(code.size as u32, size, |x, y| code[y as usize][x as usize].value()).len()
            }),
        ),
        (
            "qrcodegen + image",
            Box::new(move || {
                let code = qrcodegen_of(payload, level);
                let dark = |x: u32, y: u32| code.get_module(x as i32, y as i32);
                luma_png(code.size() as u32, size, dark).len()
            }),
        ),
    ]
}

fn svgs(payload: &str, level: Level) -> Vec<Contender<'_>> {
    let spec = svg(plain(512, level));
    vec![
        ("tessera, read back", Box::new(move || render(payload, &spec, None).unwrap().bytes.len())),
        (
            "tessera, not read back",
            Box::new(move || render_unread(payload, &spec, None).unwrap().bytes.len()),
        ),
        // `qrcode`'s own renderers are features that the workspace has off; this writes what its
        // SVG renderer writes.
        ("qrcode, a path a module", Box::new(move || qrcode_svg(payload, level).len())),
    ]
}

fn logos(payload: &str, level: Level) -> Vec<Contender<'_>> {
    let spec = with_logo(512, level);
    let (ours, theirs) = (logo("brand"), image::load_from_memory(&logo_file("brand")).unwrap());
    let again = ours.clone();
    vec![
        (
            "tessera, read back",
            Box::new(move || render(payload, &spec, Some(&ours)).unwrap().bytes.len()),
        ),
        (
            "tessera, not read back",
            Box::new(move || render_unread(payload, &spec, Some(&again)).unwrap().bytes.len()),
        ),
        (
            "qrcode + image, RGB",
            Box::new(move || {
                let grey = qrcode_pixels(payload, level, 512);
                let mut picture = RgbImage::from_fn(512, 512, |x, y| {
                    let value = grey.get_pixel(x, y).0[0];
                    Rgb([value; 3])
                });
                let logo = theirs.resize(80, 80, FilterType::Triangle).to_rgba8();
                let mut rgba = DynamicImage::from(std::mem::take(&mut picture)).to_rgba8();
                overlay(&mut rgba, &logo, 216, 216);
                written(&DynamicImage::from(rgba).to_rgb8().into()).len()
            }),
        ),
    ]
}

fn qrcode_of(payload: &str, level: Level) -> qrcode::QrCode {
    let level = match level {
        Level::H => qrcode::EcLevel::H,
        _ => qrcode::EcLevel::M,
    };
    qrcode::QrCode::with_error_correction_level(payload, level).unwrap()
}

fn fast_qr_of(payload: &str, level: Level) -> fast_qr::QRCode {
    let level = match level {
        Level::H => fast_qr::ECL::H,
        _ => fast_qr::ECL::M,
    };
    fast_qr::QRBuilder::new(payload).ecl(level).build().unwrap()
}

fn qrcodegen_of(payload: &str, level: Level) -> qrcodegen::QrCode {
    let level = match level {
        Level::H => qrcodegen::QrCodeEcc::High,
        _ => qrcodegen::QrCodeEcc::Medium,
    };
    let segments = qrcodegen::QrSegment::make_segments(payload);
    let [least, most] = [qrcodegen::Version::MIN, qrcodegen::Version::MAX];
    // Like the others, at the level asked for and not above.
    qrcodegen::QrCode::encode_segments_advanced(&segments, level, least, most, None, false).unwrap()
}

fn qrcode_pixels(payload: &str, level: Level, size: u32) -> image::GrayImage {
    let code = qrcode_of(payload, level);
    let (colors, width) = (code.to_colors(), code.width() as u32);
    let dark = |x: u32, y: u32| colors[(y * width + x) as usize] == qrcode::Color::Dark;
    luma_pixels(width, size, dark)
}

fn qrcode_png(payload: &str, level: Level, size: u32) -> Vec<u8> {
    written(&qrcode_pixels(payload, level, size).into())
}

fn qrcode_svg(payload: &str, level: Level) -> String {
    use std::fmt::Write;
    let code = qrcode_of(payload, level);
    let (width, module) = (code.width(), 512 / (code.width() + 8));
    let mut path = String::new();
    for (at, _) in code.to_colors().iter().enumerate().filter(|(_, c)| **c == qrcode::Color::Dark) {
        let (x, y) = ((at % width + 4) * module, (at / width + 4) * module);
        write!(path, "M{x} {y}h{module}v{module}h-{module}z").unwrap();
    }
    format!(r#"<svg xmlns="http://www.w3.org/2000/svg"><path d="{path}"/></svg>"#)
}

fn luma_pixels(width: u32, size: u32, dark: impl Fn(u32, u32) -> bool) -> image::GrayImage {
    let module = (size / (width + 8)).max(1);
    let offset = (size - width * module) / 2;
    let at = |pixel: u32| Some(pixel.checked_sub(offset)? / module).filter(|&at| at < width);
    image::GrayImage::from_fn(size, size, |x, y| match (at(x), at(y)) {
        (Some(x), Some(y)) if dark(x, y) => Luma([0]),
        _ => Luma([255]),
    })
}

fn luma_png(width: u32, size: u32, dark: impl Fn(u32, u32) -> bool) -> Vec<u8> {
    written(&luma_pixels(width, size, dark).into())
}

fn written(image: &DynamicImage) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    image.write_to(&mut file, ImageFormat::Png).unwrap();
    file.into_inner()
}

/// One full generation, as a property code is made: drawn with the logo and read back.
fn generation_p95() {
    let (logo, spec) = (logo("brand"), with_logo(256, Level::M));
    let mut times: Vec<Duration> = (0..GENERATIONS)
        .map(|_| {
            let start = Instant::now();
            black_box(render(URL, &spec, Some(&logo)).unwrap());
            start.elapsed()
        })
        .collect();
    times.sort();
    let at = |percent: usize| times[GENERATIONS * percent / 100].as_secs_f64() * 1e3;
    println!(
        "\none generation, 256/M with logo, read back: p50 {:.2} ms, p95 {:.2} ms",
        at(50),
        at(95)
    );
    println!("limits: P47 500 ms, C2 100 ms at p95");
}
