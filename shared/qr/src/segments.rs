//! The cheapest way to cut a payload into numeric, alphanumeric and byte segments.
//! Kanji segments are deliberately absent: the `qrcode` crate's own optimiser takes UTF-8 bytes that look like Shift JIS
//! for kanji, and a camera then shows other characters than were encoded.

use qrcode::Version;
use qrcode::optimize::{Segment, total_encoded_len};
use qrcode::types::Mode;

/// The three modes, in the order of the tables below.
const MODES: [Mode; 3] = [Mode::Numeric, Mode::Alphanumeric, Mode::Byte];
/// What a character costs in each mode in sixths of a bit: 10 bits for 3 digits, 11 for 2 characters, 8 for a byte.
const CHARACTER_BIT_SIXTHS: [u32; 3] = [20, 33, 48];
/// Not representable in this mode. Small enough to be added to without overflow.
const IMPOSSIBLE: u32 = u32::MAX / 2;

/// The segments with the fewest bits in total at this version, and that number of bits.
///
/// A shortest path over "the character at `i` is written in mode `m`": each step costs the character, each change of
/// mode a header and what is left of a bit.
pub(crate) fn optimal(payload: &[u8], version: Version) -> (Vec<Segment>, usize) {
    let header = MODES.map(|mode| {
        let bits = version.mode_bits_count() + mode.length_bits_count(version);
        6 * u32::try_from(bits).unwrap_or(IMPOSSIBLE)
    });
    let mut cost = header;
    let mut came_from: Vec<[usize; 3]> = Vec::with_capacity(payload.len());
    for &byte in payload {
        let mut written = [IMPOSSIBLE; 3];
        for mode in 0..MODES.len() {
            if holds(mode, byte) {
                written[mode] = cost[mode]
                    .saturating_add(CHARACTER_BIT_SIXTHS[mode])
                    .min(IMPOSSIBLE);
            }
        }
        let mut previous = [0, 1, 2];
        cost = written;
        for next in 0..MODES.len() {
            for (last, &bits) in written.iter().enumerate() {
                let changed = bits.div_ceil(6) * 6 + header[next];
                if bits < IMPOSSIBLE && changed < cost[next] {
                    cost[next] = changed;
                    previous[next] = last;
                }
            }
        }
        came_from.push(previous);
    }
    let segments = walk_back(&came_from, &cost);
    let bits = total_encoded_len(&segments, version);
    (segments, bits)
}

fn holds(mode: usize, byte: u8) -> bool {
    match MODES[mode] {
        Mode::Numeric => byte.is_ascii_digit(),
        Mode::Alphanumeric => {
            byte.is_ascii_digit() || byte.is_ascii_uppercase() || b" $%*+-./:".contains(&byte)
        }
        Mode::Byte => true,
        Mode::Kanji => false,
    }
}

/// `came_from[i][m]` is the mode of character `i` when the one after it is written in `m`.
fn walk_back(came_from: &[[usize; 3]], cost: &[u32; 3]) -> Vec<Segment> {
    let mut mode = (0..MODES.len()).min_by_key(|&mode| cost[mode]).unwrap_or(2);
    let mut segments: Vec<Segment> = Vec::new();
    for at in (0..came_from.len()).rev() {
        mode = came_from[at][mode];
        match segments.last_mut() {
            Some(segment) if segment.mode == MODES[mode] => segment.begin = at,
            _ => segments.push(Segment {
                mode: MODES[mode],
                begin: at,
                end: at + 1,
            }),
        }
    }
    segments.reverse();
    segments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_is_cut_where_it_saves_bits() {
        let check = |payload: &str, modes: &[(Mode, usize)]| {
            let (segments, _) = optimal(payload.as_bytes(), Version::Normal(5));
            let found: Vec<_> = segments
                .iter()
                .map(|part| (part.mode, part.end - part.begin))
                .collect();
            assert_eq!(found, modes, "{payload}");
        };
        check("0123456789", &[(Mode::Numeric, 10)]);
        check("HTTPS://A.B/C", &[(Mode::Alphanumeric, 13)]);
        check("https://a.b/c", &[(Mode::Byte, 13)]);
        check("a1b", &[(Mode::Byte, 3)]);
        check(
            "ab01234567890123456789",
            &[(Mode::Byte, 2), (Mode::Numeric, 20)],
        );
        check(
            "AB01234567890123456789",
            &[(Mode::Alphanumeric, 2), (Mode::Numeric, 20)],
        );
        // 点 is E7 82 B9 in UTF-8, and E7 82 is a kanji in Shift JIS.
        check("点点", &[(Mode::Byte, 6)]);
    }
}
