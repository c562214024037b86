//! Switches that make streams and queues as unkind as the real ones may be, replayed from a seed.

/// How batches are delivered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deliveries {
    /// Each batch comes twice before the place moves on, or before its messages are deleted.
    pub twice: bool,
    /// Batches end at random places.
    pub split: bool,
    /// A queue's messages come in any order; a stream keeps its own.
    pub shuffle: bool,
    /// So often the function is not even called, in percent.
    pub fail_before_percent: u8,
    /// So often the function's answer is lost, in percent.
    pub fail_after_percent: u8,
    /// What the random choices are made of.
    pub seed: u64,
}

/// A small generator (SplitMix64): equal seeds give equal runs.
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    /// Each event source throws its own dice, so that the order of their turns does not matter.
    pub(crate) fn new(seed: u64, source: &str) -> Self {
        let salt = source.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self(seed ^ salt)
    }

    /// From 1 up to `max`.
    pub(crate) fn one_to(&mut self, max: usize) -> usize {
        let max = u64::try_from(max.max(1)).unwrap_or(u64::MAX);
        usize::try_from(self.next() % max).unwrap_or(0) + 1
    }

    /// True so often.
    pub(crate) fn percent(&mut self, percent: u8) -> bool {
        percent > 0 && self.next() % 100 < u64::from(percent)
    }

    /// Puts the items into any order.
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.one_to(last + 1) - 1);
        }
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
