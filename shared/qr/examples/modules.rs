//! Writes the modules of codes as PBM files, one pixel a module and no quiet zone, into the directory given as
//! argument: what a script makes photographs of. Each line of the standard input is `name,level,payload`.

#![expect(clippy::unwrap_used, reason = "a program for measuring may fail by panicking")]

use std::fmt::Write;
use std::io::BufRead;
use std::path::PathBuf;

use domain::render::Level;

fn main() {
    let directory = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| ".".to_owned()));
    std::fs::create_dir_all(&directory).unwrap();
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        let mut parts = line.splitn(3, ',');
        let [name, level, payload] = [(); 3].map(|()| parts.next().unwrap());
        let level = Level::ALL.into_iter().find(|one| format!("{one:?}") == level).unwrap();
        let symbol = qr::encode(payload, level).unwrap();
        let mut file = format!("P1\n{0} {0}\n", symbol.width());
        for y in 0..symbol.width() {
            for x in 0..symbol.width() {
                write!(file, "{} ", u8::from(symbol.is_dark(x, y))).unwrap();
            }
            file.push('\n');
        }
        std::fs::write(directory.join(format!("{name}.pbm")), file).unwrap();
    }
}
