//! Writes print sheets of every layout and design, and a `manifest.csv` of file, payload and short
//! code, into the directory given as argument, for outside decoders to read. Reading them is
//! deliberately not here: CI does it with zbar and zxing-cpp.

#![expect(clippy::unwrap_used, reason = "a program for measuring may fail by panicking")]

use std::fmt::Write;
use std::path::PathBuf;

use domain::render::{Colors, Level, Rgb};
use qr::{Layout, Sheet, SheetCode, SheetDesign, SheetRefused};

#[path = "../tests/qr/samples.rs"]
mod samples;

use samples::{logo, short_code, voucher, voucher_jwt};

/// Codes of a page with a design; a plain page is full.
const DESIGNED: u32 = 6;
/// Codes of a page of long payloads.
const LONG: u32 = 3;

fn main() {
    let directory = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| "sheets".to_owned()));
    std::fs::create_dir_all(&directory).unwrap();
    let mut manifest = "file,payload,short_code\n".to_owned();
    let mut print = |name: &str, layout: Layout, design: &SheetDesign, payloads: &[String]| {
        let sheet = Sheet::new(layout, design).unwrap();
        let short_codes: Vec<String> = (1..).map(short_code).take(payloads.len()).collect();
        let variant = |index: usize| if index.is_multiple_of(2) { 'A' } else { 'B' };
        let codes: Vec<SheetCode> = payloads
            .iter()
            .zip(&short_codes)
            .enumerate()
            .map(|(index, (payload, short_code))| SheetCode {
                payload,
                short_code,
                label: (name != "plain").then(|| variant(index)),
            })
            .collect();
        let file = format!("{}-{name}.pdf", layout.name());
        let printed = match sheet.pdf(&codes, 9_970) {
            Err(refused @ SheetRefused::TooFine { .. }) => return println!("{file}: {refused}"),
            printed => printed.unwrap(),
        };
        std::fs::write(directory.join(&file), printed).unwrap();
        for code in codes {
            let (payload, short_code) = (code.payload, code.short_code);
            writeln!(manifest, "{file},\"{payload}\",{short_code}").unwrap();
        }
    };
    let plain = SheetDesign {
        title: "Free coffee",
        terms: "One per guest. Not for cash.",
        level: Level::M,
        colors: Colors::default(),
        accent: None,
        logo: None,
    };
    let navy = Colors { dark: Rgb(0x1a, 0x36, 0x5d), light: Rgb(0xff, 0xf5, 0xe0) };
    for (layout, name) in Layout::ALL.into_iter().zip(samples::LOGOS.into_iter().chain(["rings"])) {
        let logo = logo(name);
        let designed = SheetDesign {
            title: "₦1,500 off your next dinner for two at Ìyá Ọ̀ṣun’s kitchen",
            terms: "Valid until 31 December at all branches in Lagos and Ìbàdàn. One voucher per \
                    table and visit; not with other offers, not for cash.",
            colors: navy,
            accent: Some(Rgb(0xe2, 0x4a, 0x33)),
            logo: Some(&logo),
            ..plain
        };
        let page = u32::try_from(layout.codes_per_page()).unwrap();
        let full: Vec<String> = (1..=page).map(voucher).collect();
        print("plain", layout, &plain, &full);
        let few: Vec<String> = (101..=100 + DESIGNED).map(voucher).collect();
        print("designed", layout, &designed, &few);
        let long: Vec<String> = (1..=LONG).map(voucher_jwt).collect();
        print("long", layout, &SheetDesign { accent: designed.accent, ..plain }, &long);
        print("long-logo", layout, &designed, &long);
    }
    std::fs::write(directory.join("manifest.csv"), manifest).unwrap();
}
