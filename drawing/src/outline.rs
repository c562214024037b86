//! A code's modules as one path for SVG: strokes along the dark runs of each row, one module wide.

use std::fmt::Write;

use domain::render::{Level, QUIET_ZONE_MIN_MODULES};
use encoder::{Symbol, encode};

/// The side in modules with the quiet zone, and the `d` of a path whose strokes are the dark modules. None where no
/// code holds so much at this level.
pub fn drawn(text: &str, level: Level) -> Option<(u32, String)> {
    let symbol = encode(text, level).ok()?;
    Some((symbol.width() + 2 * QUIET_ZONE_MIN_MODULES, path(&symbol)))
}

/// Every step is relative to the one before.
fn path(symbol: &Symbol) -> String {
    let mut path = String::with_capacity(4096);
    let mut at = (0, 0);
    for (row, start, end) in (0..symbol.width()).flat_map(|row| runs(symbol, row)) {
        let place = (start + QUIET_ZONE_MIN_MODULES, row + QUIET_ZONE_MIN_MODULES);
        // A stroke runs along the middle of its row. Writing to a string does not fail.
        let _ = match path.is_empty() {
            true => write!(path, "M{} {}.5h{}", place.0, place.1, end - start),
            false => {
                let aside = i64::from(place.0) - i64::from(at.0);
                write!(path, "m{aside} {}h{}", place.1 - at.1, end - start)
            }
        };
        at = (place.0 + end - start, place.1);
    }
    path
}

/// The dark runs of a row: the row, where they begin, and where they have ended.
fn runs(symbol: &Symbol, row: u32) -> Vec<(u32, u32, u32)> {
    let mut runs: Vec<(u32, u32, u32)> = Vec::new();
    for column in (0..symbol.width()).filter(|&column| symbol.is_dark(column, row)) {
        match runs.last_mut() {
            Some((_, _, end)) if *end == column => *end += 1,
            _ => runs.push((row, column, column + 1)),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The modules that a path's strokes cover.
    fn covered(side: u32, path: &str) -> Vec<bool> {
        let mut dark = vec![false; (side * side) as usize];
        let (mut x, mut y) = (0_i64, 0_i64);
        for step in path.split(['M', 'm']).skip(1) {
            let (place, run) = step.split_once('h').unwrap();
            let (dx, dy) = place.split_once(' ').unwrap();
            x += dx.parse::<i64>().unwrap();
            y += dy.trim_end_matches(".5").parse::<i64>().unwrap();
            let run = run.parse::<i64>().unwrap();
            for column in x..x + run {
                dark[usize::try_from(y * i64::from(side) + column).unwrap()] = true;
            }
            x += run;
        }
        dark
    }

    #[test]
    fn the_strokes_are_the_dark_modules_and_leave_the_quiet_zone() {
        let check = |text: &str, level: Level| {
            let (side, path) = drawn(text, level).unwrap();
            let symbol = encode(text, level).unwrap();
            let at = |place: u32| place.wrapping_sub(QUIET_ZONE_MIN_MODULES);
            let wanted: Vec<bool> = (0..side)
                .flat_map(|y| (0..side).map(move |x| (x, y)))
                .map(|(x, y)| symbol.is_dark(at(x), at(y)))
                .collect();
            assert_eq!(covered(side, &path), wanted, "{text}");
        };
        check("", Level::L);
        check("HTTPS://EXAMPLE.COM/L/0123456789", Level::H);
        check(&"A".repeat(164), Level::L);
        check("BEGIN:VCARD\nFN:Ngozi Okonjọ\nEND:VCARD", Level::M);
    }

    #[test]
    fn what_no_code_holds_is_not_drawn() {
        assert_eq!(drawn(&"a".repeat(2_954), Level::L), None);
    }

    #[test]
    fn a_signed_code_has_45_modules_with_its_quiet_zone_at_most() {
        let (side, path) = drawn(&"A".repeat(164), Level::L).unwrap();
        assert_eq!(side, 41 + 2 * QUIET_ZONE_MIN_MODULES);
        assert!(path.len() < 8_000, "{}", path.len());
    }
}
