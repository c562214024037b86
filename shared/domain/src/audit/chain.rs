//! The chain of records: each has the hash of the one before in its own.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::AuditChange;
use crate::access::hex;

/// What the hash of each record begins with: a change of the encoding is a change of this word.
const ENCODING: &str = "tessera-audit-1";

/// SHA-256 in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct ChainHash(String);

impl ChainHash {
    /// What the first record is chained to.
    pub fn zero() -> Self {
        Self("0".repeat(64))
    }

    /// 64 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A record of the trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRecord {
    /// Its place, from 1, without gaps.
    pub seq: u64,
    /// What was changed.
    pub change: AuditChange,
    /// The hash of the record before.
    pub previous: ChainHash,
    /// The hash of this one with that hash in it.
    pub hash: ChainHash,
}

/// The end of a trail: what the next record is chained to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditHead {
    /// The place of the last record; 0 before the first.
    pub seq: u64,
    /// Its hash.
    pub hash: ChainHash,
    /// Its instant.
    pub at: Timestamp,
}

impl Default for AuditHead {
    fn default() -> Self {
        Self { seq: 0, hash: ChainHash::zero(), at: Timestamp::UNIX_EPOCH }
    }
}

impl AuditHead {
    /// The record of a change at the end of this trail. It is never earlier than the one before, whatever clocks say.
    pub fn append(&self, change: AuditChange) -> AuditRecord {
        let (seq, previous) = (self.seq.saturating_add(1), self.hash.clone());
        let change = AuditChange { at: change.at.max(self.at), ..change };
        let hash = hash_of(seq, &change, &previous);
        AuditRecord { seq, change, previous, hash }
    }
}

impl AuditRecord {
    /// The trail that ends with it.
    pub fn head(&self) -> AuditHead {
        AuditHead { seq: self.seq, hash: self.hash.clone(), at: self.change.at }
    }
}

/// Each part with its length before it, so that no two records have the same text.
fn hash_of(seq: u64, change: &AuditChange, previous: &ChainHash) -> ChainHash {
    let parts = [
        ENCODING.to_owned(),
        change.tenant.to_string(),
        seq.to_string(),
        change.at.to_string(),
        change.actor.to_string(),
        change.operation.to_string(),
        change.subject.clone(),
        change.before.0.clone(),
        change.after.0.clone(),
        change.note.as_ref().map_or_else(String::new, |note| note.0.clone()),
        previous.0.clone(),
    ];
    let mut hash = Sha256::new();
    for part in &parts {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part);
    }
    ChainHash(hex(&hash.finalize()))
}

/// Where a trail is broken first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema, thiserror::Error)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum BrokenLink {
    /// A record is not there, or another stands in its place.
    #[error("record {seq} is missing")]
    Missing {
        /// Its place.
        seq: u64,
    },
    /// A record is not chained to the one before it.
    #[error("record {seq} does not follow the one before it")]
    Detached {
        /// Its place.
        seq: u64,
    },
    /// A record does not say what it said when it was written.
    #[error("record {seq} was altered")]
    Altered {
        /// Its place.
        seq: u64,
    },
    /// Everything is chained, and the trail's end is another one.
    #[error("the trail does not end with record {seq}")]
    End {
        /// The last record's place.
        seq: u64,
    },
}

impl BrokenLink {
    /// The place of the link.
    pub fn seq(&self) -> u64 {
        match self {
            BrokenLink::Missing { seq }
            | BrokenLink::Detached { seq }
            | BrokenLink::Altered { seq }
            | BrokenLink::End { seq } => *seq,
        }
    }
}

/// Follows a trail from `head` through the next records, in their order, and says where it ends then.
///
/// # Errors
/// [`BrokenLink`], the first one.
pub fn follow<'a>(
    head: AuditHead,
    records: impl IntoIterator<Item = &'a AuditRecord>,
) -> Result<AuditHead, BrokenLink> {
    records.into_iter().try_fold(head, |head, record| {
        let seq = head.seq.saturating_add(1);
        if record.seq != seq {
            return Err(BrokenLink::Missing { seq });
        }
        if record.previous != head.hash {
            return Err(BrokenLink::Detached { seq });
        }
        if hash_of(seq, &record.change, &record.previous) != record.hash {
            return Err(BrokenLink::Altered { seq });
        }
        Ok(record.head())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{Actor, Facts, Note, Operation};
    use crate::id::{KeyId, TenantId};

    fn change(number: u32) -> AuditChange {
        let at: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        AuditChange {
            tenant: TenantId::new(at, [1; 10]),
            at,
            actor: Actor::Key(KeyId::new(at, [2; 10])),
            operation: Operation::CaseAssigned,
            subject: format!("cas_{number}"),
            before: Facts::none(),
            after: Facts::of(&serde_json::json!({ "number": number })),
            note: number.is_multiple_of(2).then(|| Note::parse("because").unwrap()),
        }
    }

    fn trail(length: u32) -> Vec<AuditRecord> {
        let mut records: Vec<AuditRecord> = Vec::new();
        for number in 0..length {
            let head = records.last().map(AuditRecord::head).unwrap_or_default();
            records.push(head.append(change(number)));
        }
        records
    }

    #[test]
    fn a_trail_that_nobody_touched_is_whole() {
        let records = trail(20);
        let end = follow(AuditHead::default(), &records).unwrap();
        assert_eq!(end, records[19].head());
        let half = follow(AuditHead::default(), &records[..7]).unwrap();
        assert_eq!(follow(half, &records[7..]), Ok(end), "it may be followed in parts");
        assert_eq!(follow(AuditHead::default(), []), Ok(AuditHead::default()));
    }

    #[test]
    fn each_part_of_a_record_is_in_its_hash() {
        let check = |alter: fn(&mut AuditRecord)| {
            let mut records = trail(5);
            alter(&mut records[2]);
            let broken = follow(AuditHead::default(), &records).unwrap_err();
            assert_eq!(broken, BrokenLink::Altered { seq: 3 });
        };
        check(|record| record.change.at = Timestamp::UNIX_EPOCH);
        check(|record| record.change.actor = Actor::System);
        check(|record| record.change.operation = Operation::PayoutCancelled);
        check(|record| record.change.subject.push('x'));
        check(|record| record.change.before = Facts::of(&1));
        check(|record| record.change.after = Facts::none());
        check(|record| record.change.note = None);
        check(|record| record.change.tenant = TenantId::new(record.change.at, [9; 10]));
        check(|record| record.hash = ChainHash::zero());
        // Moved from one part to the next.
        check(|record| {
            record.change.subject = "cas_".to_owned();
            let before = format!("2{}", record.change.before.as_str());
            record.change.before = Facts(before);
        });
    }

    #[test]
    fn what_is_taken_out_put_in_or_swapped_breaks_the_trail_there() {
        let check = |alter: fn(&mut Vec<AuditRecord>), expected| {
            let mut records = trail(5);
            alter(&mut records);
            assert_eq!(follow(AuditHead::default(), &records), Err(expected));
        };
        check(|records| drop(records.remove(0)), BrokenLink::Missing { seq: 1 });
        check(|records| drop(records.remove(3)), BrokenLink::Missing { seq: 4 });
        check(|records| records.swap(1, 2), BrokenLink::Missing { seq: 2 });
        let rewritten = |records: &mut Vec<AuditRecord>| {
            records[2] = records[1].head().append(change(77));
        };
        check(rewritten, BrokenLink::Detached { seq: 4 });
    }

    #[test]
    fn a_clock_that_goes_back_puts_no_record_before_another() {
        let first = AuditHead::default().append(change(1));
        let late = AuditChange { at: Timestamp::UNIX_EPOCH, ..change(2) };
        let second = first.head().append(late);
        assert_eq!(second.change.at, first.change.at);
        assert_eq!(follow(AuditHead::default(), [&first, &second]), Ok(second.head()));
    }
}
