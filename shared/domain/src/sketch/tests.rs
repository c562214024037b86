//! The estimate of visitors against exact counts.

use proptest::prelude::*;

use super::*;

/// SplitMix64: uniform over 64 bits, and each state once.
fn hashes(seed: u64, count: u64) -> impl Iterator<Item = u64> {
    (0..count).map(move |index| {
        let mixed = (seed << 40).wrapping_add(index).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    })
}

fn sketch(hashes: impl IntoIterator<Item = u64>) -> Sketch {
    let mut sketch = Sketch::new();
    for hash in hashes {
        sketch.insert(hash);
    }
    sketch
}

/// The standard error of 2,048 registers is 2.3 %, so that about 3 of 100 estimates are more than 5 % off. What is
/// held is the whole distribution, not a choice of lucky seeds.
#[test]
fn estimates_spread_by_no_more_than_the_standard_error_from_ten_to_a_million() {
    let check = |count: u64, seeds: u64, within_5_percent_min: usize| {
        let errors: Vec<u64> = (1..=seeds)
            .map(|seed| sketch(hashes(seed, count)).estimate().abs_diff(count))
            .collect();
        let close = errors.iter().filter(|error| **error * 20 <= count).count();
        let worst_permille = errors.iter().max().unwrap() * 1000 / count;
        let squares: u64 = errors.iter().map(|error| (error * 10_000 / count).pow(2)).sum();
        let rms = (squares / seeds).isqrt();
        let seen = format!(
            "{count}: rms {rms} of 10,000, worst {worst_permille} permille, {close} of {seeds} within 5 %"
        );
        assert!(close >= within_5_percent_min && worst_permille <= 120 && rms <= 260, "{seen}");
    };
    for count in [10, 50, 100] {
        check(count, 200, 190);
    }
    for count in [500, 1_000, 3_000, 5_000, 8_000, 10_000] {
        check(count, 200, 188);
    }
    check(100_000, 100, 93);
    check(1_000_000, 10, 9);
}

#[test]
fn small_numbers_are_nearly_exact() {
    for count in [0, 1, 2, 5] {
        assert_eq!(sketch(hashes(1, count)).estimate(), count);
    }
}

#[test]
fn the_mean_error_over_many_seeds_shows_no_bias() {
    for count in [100_u64, 2_000, 6_000, 20_000] {
        let sum: u64 = (1..=60).map(|seed| sketch(hashes(seed, count)).estimate()).sum();
        let mean = sum / 60;
        assert!(mean.abs_diff(count) * 100 <= count, "{mean} for {count}");
    }
}

#[test]
fn an_insertion_says_whether_it_changed_anything() {
    let mut sketch = Sketch::new();
    assert!(sketch.is_empty());
    assert!(sketch.insert(0));
    assert!(!sketch.insert(0));
    assert!(!sketch.is_empty());
    assert_eq!(sketch.registers[0], RANK_MAX);
    assert!(sketch.insert(u64::MAX));
    assert_eq!(sketch.registers[REGISTERS - 1], 1);
    let other = sketch.clone();
    assert!(!sketch.merge(&other));
}

#[test]
fn the_stored_form_is_sparse_while_that_is_shorter() {
    let check = |count: u64, format: u8, at_most: usize| {
        let bytes = sketch(hashes(9, count)).to_bytes();
        assert_eq!(bytes[0], format, "{count}");
        assert!(bytes.len() <= at_most, "{} bytes for {count}", bytes.len());
    };
    check(0, FORMAT_SPARSE, 1);
    check(1, FORMAT_SPARSE, 4);
    check(100, FORMAT_SPARSE, 301);
    check(5_000, FORMAT_DENSE, SKETCH_MAX_BYTES);
    assert_eq!(SKETCH_MAX_BYTES, 1_537);
    // All registers saturated is the worst that can be stored.
    let full = Sketch { registers: vec![RANK_MAX; REGISTERS] };
    assert_eq!(Sketch::from_bytes(&full.to_bytes()), Ok(full.clone()));
    assert!(full.estimate() > 1 << 60, "{}", full.estimate());
}

#[test]
fn junk_bytes_are_refused() {
    let mut too_high = vec![FORMAT_DENSE];
    too_high.resize(SKETCH_MAX_BYTES, 0xff);
    let mut too_many = vec![FORMAT_SPARSE];
    too_many
        .extend((0..512_u16).flat_map(|index| [index.to_be_bytes()[0], index.to_be_bytes()[1], 1]));
    for junk in [
        &[][..],
        &[0],
        &[3, 0, 0, 1],
        &[FORMAT_DENSE],
        &[FORMAT_DENSE, 0, 0],
        &[FORMAT_SPARSE, 0],
        &[FORMAT_SPARSE, 0, 0, 0],
        &[FORMAT_SPARSE, 0, 0, 55],
        &[FORMAT_SPARSE, 8, 0, 1],
        &[FORMAT_SPARSE, 0, 1, 1, 0, 1, 2],
        &[FORMAT_SPARSE, 0, 2, 1, 0, 1, 2],
        &too_high,
        &too_many,
    ] {
        assert_eq!(Sketch::from_bytes(junk), Err(CorruptSketch), "{junk:?}");
    }
}

proptest! {
    #[test]
    fn merging_is_a_union(
        left in prop::collection::vec(any::<u64>(), 0..1500),
        right in prop::collection::vec(any::<u64>(), 0..1500),
    ) {
        let (a, b) = (sketch(left.iter().copied()), sketch(right.iter().copied()));
        let union = sketch(left.into_iter().chain(right));
        let (mut ab, mut ba) = (a.clone(), b.clone());
        ab.merge(&b);
        ba.merge(&a);
        prop_assert_eq!(&ab, &ba);
        prop_assert_eq!(&ab, &union);
        prop_assert!(!ab.merge(&b), "merging again changes nothing");
        prop_assert_eq!(Sketch::from_bytes(&union.to_bytes()), Ok(union));
    }

    #[test]
    fn any_bytes_are_read_or_refused_and_what_is_read_is_written_back(
        bytes in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        if let Ok(sketch) = Sketch::from_bytes(&bytes) {
            prop_assert_eq!(sketch.to_bytes(), bytes);
        }
    }
}
