//! A part of a batch as a print sheet: milliseconds a code, bytes of the file and the memory that
//! the process has needed at most. Statistics are deliberately absent: one run of a thousand codes
//! is a mean already.

#![expect(clippy::unwrap_used, reason = "a program for measuring may fail by panicking")]

use std::time::Instant;

use domain::render::{Colors, Level, Rgb};
use qr::{Layout, PART_CODES_MAX, Sheet, SheetCode, SheetDesign};

#[path = "../tests/qr/samples.rs"]
mod samples;

use samples::{logo, short_code, voucher, voucher_jwt};

fn main() {
    println!(
        "{:<14}{:<18}{:>8}{:>12}{:>14}{:>12}",
        "layout", "codes", "ms", "ms a code", "bytes", "peak kB"
    );
    let brand = logo("brand");
    let plain = SheetDesign {
        title: "Free coffee",
        terms: "One per guest. Not for cash. At all branches until the end of the year.",
        level: Level::M,
        colors: Colors::default(),
        accent: Some(Rgb(0xe2, 0x4a, 0x33)),
        logo: None,
    };
    let branded = SheetDesign { logo: Some(&brand), ..plain };
    let payloads =
        |of: fn(u32) -> String| -> Vec<String> { (1..).map(of).take(PART_CODES_MAX).collect() };
    let (short, long) = (payloads(voucher), payloads(voucher_jwt));
    let short_codes = payloads(short_code);
    for layout in [Layout::Us5160, Layout::L7160] {
        race(layout, "version 7", &plain, &short, &short_codes);
        race(layout, "version 7, logo", &branded, &short, &short_codes);
    }
    race(Layout::L7160, "JWT", &plain, &long, &short_codes);
    race(Layout::L7160, "JWT, logo", &branded, &long, &short_codes);
}

fn race(
    layout: Layout,
    name: &str,
    design: &SheetDesign,
    payloads: &[String],
    short_codes: &[String],
) {
    let sheet = Sheet::new(layout, design).unwrap();
    let pairs = payloads.iter().zip(short_codes);
    let codes: Vec<SheetCode> = pairs
        .map(|(payload, short_code)| SheetCode { payload, short_code, label: Some('A') })
        .collect();
    let start = Instant::now();
    let bytes = sheet.pdf(&codes, 1).unwrap().len();
    let ms = start.elapsed().as_secs_f64() * 1e3;
    let each = ms / codes.len() as f64;
    let layout = layout.name();
    println!("{layout:<14}{name:<18}{ms:>8.0}{each:>12.2}{bytes:>14}{:>12}", peak_kb());
}

/// The most memory that the process has had, where the system says so.
fn peak_kb() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map(|rest| rest.trim_end_matches("kB").trim().to_owned()).unwrap_or_default()
}
