//! A tenant's turn for transfers: Paystack takes one bulk call in five seconds, so whoever is going to make one takes
//! the slot first. It is a lease: a holder that dies loses it.
//!
//! Whoever finds it taken gets a place in the line, so that a night of hundreds of messages does not become a crowd in
//! which all of them try again and again.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::id::TenantId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Item, StoreError, Table, keys, number, text};

const KIND: &str = "transfer_slot";
/// Between two places in the line, in seconds: as much as Paystack wants between two bulk calls.
pub const SLOT_STEP_S: i64 = 5;
/// The same in milliseconds.
const STEP_MS: i64 = SLOT_STEP_S * 1000;
/// So often a place in the line is asked for before the caller is told to come at about the right time.
const PLACE_TRIES_MAX: i64 = 4;

/// Whether the slot is ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// It is, until the end of the lease.
    Ours,
    /// Somebody else has it, and this is our place in the line.
    Line {
        /// When it is worth trying again.
        until: Timestamp,
    },
    /// Somebody else has it, and the line is longer than the caller wants to stand in.
    Full,
}

#[derive(Clone, Copy, Default, Serialize, Deserialize)]
struct SlotItem {
    /// From then on it may be taken, in milliseconds.
    free_at: i64,
    /// Whether somebody is at work, who is likely to be done long before.
    #[serde(default)]
    held: bool,
    /// The first place in the line that nobody has, in milliseconds.
    #[serde(default)]
    tail: i64,
}

impl Table {
    /// Takes the tenant's slot until `lease`, by one conditional write, or finds a place in the line that is not behind
    /// `latest`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn take_transfer_slot(
        &self,
        tenant: &TenantId,
        (lease, latest): (Timestamp, Timestamp),
        now: Timestamp,
    ) -> Result<Slot, StoreError> {
        let key = keys::transfer_slot(tenant);
        let values = Item::from([
            (":lease".to_owned(), number(lease.as_millisecond())),
            (":now".to_owned(), number(now.as_millisecond())),
            (":held".to_owned(), AttributeValue::Bool(true)),
            (":kind".to_owned(), text(KIND)),
        ]);
        let take = "SET free_at = :lease, #held = :held, #kind = :kind";
        let free = "attribute_not_exists(PK) OR free_at <= :now";
        if self.update_if(&key, take, free, values).await? {
            return Ok(Slot::Ours);
        }
        let soon = now.as_millisecond().saturating_add(STEP_MS);
        let mut place = soon;
        for _ in 0..PLACE_TRIES_MAX {
            let item: Option<SlotItem> = self.read_as(&key, KIND).await?;
            let item = item.unwrap_or_default();
            let free_at = if item.held { soon } else { item.free_at };
            place = free_at.max(item.tail);
            if place > latest.as_millisecond() {
                return Ok(Slot::Full);
            }
            let values = Item::from([
                (":next".to_owned(), number(place.saturating_add(STEP_MS))),
                (":read".to_owned(), number(item.tail)),
            ]);
            let same = "attribute_not_exists(#tail) OR #tail = :read";
            if self.update_if(&key, "SET #tail = :next", same, values).await? {
                break;
            }
        }
        Ok(Slot::Line { until: Timestamp::from_millisecond(place).unwrap_or(lease) })
    }

    /// Gives the slot back that was taken until `lease`: it is free at `free_at`. Whoever has lost it changes nothing.
    ///
    /// # Errors
    /// [`StoreError`]; the slot is free at the end of the lease then.
    pub async fn release_transfer_slot(
        &self,
        tenant: &TenantId,
        lease: Timestamp,
        free_at: Timestamp,
    ) -> Result<(), StoreError> {
        let values = Item::from([
            (":free".to_owned(), number(free_at.as_millisecond())),
            (":lease".to_owned(), number(lease.as_millisecond())),
        ]);
        let key = keys::transfer_slot(tenant);
        let mine = "free_at = :lease AND attribute_exists(#held)";
        self.update_if(&key, "SET free_at = :free REMOVE #held", mine, values).await.map(drop)
    }
}
