//! Writes a sheet of codes and a `manifest.csv` of file and payload into the directory given as
//! argument, for outside decoders to read. Reading them is deliberately not here: CI does it with
//! zbar and zxing-cpp.

#![allow(clippy::unwrap_used)]

use std::fmt::Write;
use std::path::PathBuf;

use domain::render::{Colors, Format, Level, RenderSpec, Rgb};
use qr::{Card, Logo, print_card, render};

#[path = "../tests/qr/samples.rs"]
mod samples;

use samples::{LOGOS, PAYLOADS, logo, plain, svg, with_logo};

fn main() {
    let directory = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| "sheet".to_owned()));
    std::fs::create_dir_all(&directory).unwrap();
    // Payloads have line ends and commas, so they are written as JSON strings.
    let mut manifest = "file,payload\n".to_owned();
    let mut sheet = |name: String, payload: &str, spec: RenderSpec, logo: Option<&Logo>| {
        let Ok(drawn) = render(payload, &spec, logo) else {
            return;
        };
        let file = format!("{name}.{}", drawn.format.extension());
        std::fs::write(directory.join(&file), drawn.bytes).unwrap();
        let quoted = serde_json::to_string(payload).unwrap().replace('"', "\"\"");
        writeln!(manifest, "{file},\"{quoted}\"").unwrap();
    };
    let navy = Colors { dark: Rgb(0x1a, 0x36, 0x5d), light: Rgb(0xff, 0xfa, 0xf0) };
    for (name, payload) in PAYLOADS {
        for level in Level::ALL {
            for size in [256, 512] {
                let stem = format!("{name}-{level:?}-{size}");
                sheet(stem.clone(), payload, plain(size, level), None);
                sheet(stem.clone(), payload, svg(plain(size, level)), None);
                let navy = RenderSpec { colors: navy, ..plain(size, level) };
                sheet(format!("{stem}-navy"), payload, navy, None);
                for logo_name in LOGOS.into_iter().chain(["rings"]) {
                    let logo = logo(logo_name);
                    for format in [Format::Png, Format::Svg] {
                        let spec = RenderSpec { format, ..with_logo(size, level) };
                        sheet(format!("{stem}-{logo_name}"), payload, spec, Some(&logo));
                    }
                }
            }
        }
    }
    let address = "tips.example.com/g/0123456789ab";
    let payload = format!("https://{address}");
    for (number, name) in
        ["Musa Adebayo", "Chukwuemeka Oluwatobiloba Ọ̀ṣun-Adéwálé"].iter().enumerate()
    {
        let heading = "Scan to tip";
        let card = Card { payload: &payload, heading, name, address, owner: "Lagos Guards" };
        for level in Level::ALL {
            let file = format!("card-{number}-{level:?}.pdf");
            std::fs::write(directory.join(&file), print_card(&card, level).unwrap()).unwrap();
            writeln!(manifest, "{file},\"\"\"{payload}\"\"\"").unwrap();
        }
    }
    std::fs::write(directory.join("manifest.csv"), manifest).unwrap();
}
