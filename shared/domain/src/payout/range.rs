//! Which of a guard's entries a payout pays. A payout takes the oldest first; one that is capped ends inside an entry,
//! which the next one pays to its end. No entry is ever rewritten: a tip is settled when a payout covers its entry.

/// What was posted to what a guard is owed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Credit {
    /// Its place among the guard's entries.
    pub seq: u64,
    /// Minor units; negative where something was taken back.
    pub minor: i64,
}

/// The entries that a payout pays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Covered {
    /// The first.
    pub from_seq: u64,
    /// The last that is paid in full; below the first where none is.
    pub to_seq: u64,
    /// What is paid of the one behind it, in minor units.
    pub part: i64,
}

/// What `amount` covers of the entries behind `paid_seq`, of whose next one `paid_part` was paid before. Entries in
/// their order, oldest first.
pub fn cover(
    paid_seq: u64,
    paid_part: i64,
    amount: i64,
    credits: impl IntoIterator<Item = Credit>,
) -> Covered {
    let mut left = amount.saturating_add(paid_part);
    let mut to_seq = paid_seq;
    for credit in credits.into_iter().filter(|credit| credit.seq > paid_seq) {
        if credit.minor > left {
            break;
        }
        left = left.saturating_sub(credit.minor);
        to_seq = credit.seq;
    }
    Covered { from_seq: paid_seq.saturating_add(1), to_seq, part: left }
}
