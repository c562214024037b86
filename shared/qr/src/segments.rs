//! The cheapest way to cut a payload into numeric, alphanumeric and byte segments.
//! Kanji segments are deliberately absent: UTF-8 bytes can look like Shift JIS (`qrcode`'s own
//! optimiser falls for that), and a camera then shows other characters than were encoded.

/// How a segment is written, in the order of the tables below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Numeric,
    Alphanumeric,
    Byte,
}

/// A stretch of a payload that is written in one mode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) mode: Mode,
    pub(crate) begin: usize,
    /// Exclusive.
    pub(crate) end: usize,
}

const MODES: [Mode; 3] = [Mode::Numeric, Mode::Alphanumeric, Mode::Byte];
/// Bits of a segment's header: four for the mode, the rest for the length (ISO/IEC 18004, table 3),
/// for versions up to 9, 26 and 40.
const HEADER_BITS: [[u32; 3]; 3] = [[14, 13, 12], [16, 15, 20], [18, 17, 20]];
/// What a character costs in each mode in sixths of a bit: 10 bits for 3 digits, 11 for 2
/// characters, 8 for a byte.
const CHARACTER_BIT_SIXTHS: [u32; 3] = [20, 33, 48];
/// Not representable in this mode. Small enough to be added to without overflow.
const IMPOSSIBLE: u32 = u32::MAX / 2;

/// The segments with the fewest bits in total for versions up to 9 (class 0), 26 (class 1) or 40
/// (class 2).
///
/// A shortest path over "the character at `i` is written in mode `m`": each step costs the
/// character, each change of mode a header and what is left of a bit.
pub(crate) fn optimal(payload: &[u8], class: usize) -> Vec<Segment> {
    let header = HEADER_BITS[class.min(2)].map(|bits| 6 * bits);
    let mut cost = header;
    let mut came_from: Vec<[usize; 3]> = Vec::with_capacity(payload.len());
    for &byte in payload {
        let mut written = [IMPOSSIBLE; 3];
        for mode in 0..MODES.len() {
            if holds(mode, byte) {
                written[mode] =
                    cost[mode].saturating_add(CHARACTER_BIT_SIXTHS[mode]).min(IMPOSSIBLE);
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
    walk_back(&came_from, &cost)
}

fn holds(mode: usize, byte: u8) -> bool {
    match MODES[mode] {
        Mode::Numeric => byte.is_ascii_digit(),
        Mode::Alphanumeric => {
            byte.is_ascii_digit() || byte.is_ascii_uppercase() || b" $%*+-./:".contains(&byte)
        }
        Mode::Byte => true,
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
            _ => segments.push(Segment { mode: MODES[mode], begin: at, end: at + 1 }),
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
            let segments = optimal(payload.as_bytes(), 0);
            let found: Vec<_> =
                segments.iter().map(|part| (part.mode, part.end - part.begin)).collect();
            assert_eq!(found, modes, "{payload}");
        };
        check("0123456789", &[(Mode::Numeric, 10)]);
        check("HTTPS://A.B/C", &[(Mode::Alphanumeric, 13)]);
        check("https://a.b/c", &[(Mode::Byte, 13)]);
        check("a1b", &[(Mode::Byte, 3)]);
        check("ab01234567890123456789", &[(Mode::Byte, 2), (Mode::Numeric, 20)]);
        check("AB01234567890123456789", &[(Mode::Alphanumeric, 2), (Mode::Numeric, 20)]);
        // 点 is E7 82 B9 in UTF-8, and E7 82 is a kanji in Shift JIS.
        check("点点", &[(Mode::Byte, 6)]);
    }
}
