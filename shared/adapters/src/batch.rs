//! Splits what goes out together into requests that AWS takes: so many entries, so many bytes.

use std::ops::Range;

/// The most that one request may carry.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    /// Entries.
    pub(crate) entries_max: usize,
    /// Bytes of all entries together.
    pub(crate) bytes_max: usize,
}

/// The ranges of consecutive entries, given each one's size in bytes. An entry that is too large by itself is in a
/// range of its own, for AWS to refuse.
pub(crate) fn ranges(sizes: &[usize], room: Room) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let (mut start, mut bytes) = (0, 0_usize);
    for (at, size) in sizes.iter().enumerate() {
        let full = at - start >= room.entries_max || bytes.saturating_add(*size) > room.bytes_max;
        if full && at > start {
            ranges.push(start..at);
            (start, bytes) = (at, 0);
        }
        bytes = bytes.saturating_add(*size);
    }
    if start < sizes.len() {
        ranges.push(start..sizes.len());
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_full_by_entries_or_by_bytes() {
        let check = |sizes: &[usize], expected: &[(usize, usize)]| {
            let room = Room { entries_max: 3, bytes_max: 10 };
            let found: Vec<_> = ranges(sizes, room).iter().map(|r| (r.start, r.end)).collect();
            assert_eq!(found, expected, "{sizes:?}");
        };
        check(&[], &[]);
        check(&[1], &[(0, 1)]);
        check(&[1, 1, 1], &[(0, 3)]);
        check(&[1, 1, 1, 1], &[(0, 3), (3, 4)]);
        check(&[6, 5, 5, 1], &[(0, 1), (1, 3), (3, 4)]);
        check(&[11, 1], &[(0, 1), (1, 2)]);
    }
}
