//! A histogram of handling times whose bins are counters (P19, P49): any number of hours can be added up, and the 95th
//! percentile read from the sum.
//!
//! Deliberately absent: exact percentiles. Eight bins a power of two: a bin is at most 12.5 % wide.

/// Times above a minute are counted as a minute: the gateway gives up long before.
const HANDLING_MAX_US: u64 = 60_000_000;
/// Bins per power of two, as a power of two.
const SUB_BITS: u32 = 3;

/// The bin of a time in microseconds: 0 to 7 are exact, then eight bins a power of two.
pub(super) fn bin(us: u64) -> u32 {
    let us = us.min(HANDLING_MAX_US);
    let exponent = us.max(1).ilog2();
    if exponent < SUB_BITS {
        return u32::try_from(us).unwrap_or(0);
    }
    let sub = u32::try_from(us >> (exponent - SUB_BITS)).unwrap_or(0) & ((1 << SUB_BITS) - 1);
    ((exponent - SUB_BITS + 1) << SUB_BITS) + sub
}

/// The longest time of a bin, in microseconds.
fn upper_us(bin: u32) -> u64 {
    let octave = bin >> SUB_BITS;
    if octave == 0 {
        return u64::from(bin);
    }
    let shift = (octave - 1).min(63 - SUB_BITS - 1);
    let first = u64::from((bin & ((1 << SUB_BITS) - 1)) + (1 << SUB_BITS));
    ((first + 1) << shift) - 1
}

/// The time that `permille` of the counted ones do not exceed, in microseconds; the end of its bin. `None` of nothing.
pub(super) fn percentile_us(
    bins: impl IntoIterator<Item = (u32, i64)>,
    permille: i64,
) -> Option<u64> {
    let mut bins: Vec<(u32, i64)> = bins.into_iter().filter(|(_, count)| *count > 0).collect();
    bins.sort_unstable();
    let total: i64 = bins.iter().map(|(_, count)| count).sum();
    let wanted =
        total.saturating_mul(permille).div_euclid(1000) + i64::from(total * permille % 1000 != 0);
    let mut seen = 0;
    let reached = bins.iter().find(|(_, count)| {
        seen += count;
        seen >= wanted
    });
    reached.map(|(bin, _)| upper_us(*bin))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_follow_each_other_and_are_an_eighth_wide_at_most() {
        let mut last = 0;
        for us in (0..5_000).chain((5_000..2_000_000).step_by(97)) {
            let found = bin(us);
            assert!(
                found == last || found == last + 1 || us > 5_000,
                "{us} µs: {found} after {last}"
            );
            assert!(upper_us(found) >= us && upper_us(found) <= us + us / 8, "{us} µs in {found}");
            assert!(found == 0 || upper_us(found - 1) < us, "{us} µs is above the bin before");
            last = found;
        }
        assert_eq!(bin(u64::MAX), bin(HANDLING_MAX_US));
        assert!(upper_us(u32::MAX) > 0, "junk does not panic");
    }

    #[test]
    fn the_95th_percentile_is_the_end_of_its_bin() {
        let check = |times: &[u64], expected: Option<u64>| {
            assert_eq!(
                percentile_us(times.iter().map(|us| (bin(*us), 1)), 950),
                expected,
                "{times:?}"
            );
        };
        check(&[], None);
        check(&[5], Some(5));
        check(&[100; 20], Some(103));
        let mostly_fast: Vec<u64> = std::iter::repeat_n(7, 95).chain([1_000; 5]).collect();
        check(&mostly_fast, Some(7));
        let one_more: Vec<u64> = std::iter::repeat_n(7, 94).chain([1_000; 6]).collect();
        check(&one_more, Some(1_023));
    }
}
