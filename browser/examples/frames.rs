//! Reads the frames that `tests/outside/frames.py` has made, PGM files in the directory given as argument, and prints
//! `file milliseconds text` for each. With a second argument only the looks of these bits are taken.

#![expect(clippy::unwrap_used, reason = "a program for measuring may fail by panicking")]

use std::path::PathBuf;
use std::time::Instant;

use browser::frame::{Frame, Looks};

fn main() {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| ".".to_owned()));
    let looks =
        std::env::args().nth(2).map_or(Looks::ALL, |bits| Looks::of_bits(bits.parse().unwrap()));
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "pgm"));
    files.sort();
    for path in files {
        let bytes = std::fs::read(&path).unwrap();
        let head = String::from_utf8_lossy(&bytes[..bytes.len().min(64)]).into_owned();
        let mut words = head.split_ascii_whitespace().skip(1);
        let [width, height] = [(); 2].map(|()| words.next().unwrap().parse::<usize>().unwrap());
        let frame = Frame::of(width, height, &bytes[bytes.len() - width * height..]).unwrap();
        let started = Instant::now();
        let texts = frame.read(looks);
        let milliseconds = started.elapsed().as_secs_f64() * 1_000.0;
        let name = path.file_name().unwrap().to_string_lossy();
        let line = format!("{name} {milliseconds:.1} {}", texts.first().map_or("", String::as_str));
        println!("{}", line.trim_end());
    }
}
