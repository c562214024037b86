//! What the table's stream shows of items to the function that adds them up.
//!
//! Deliberately absent: removals, and changes of anything but claims and redemptions. What else is counted never
//! changes.

use domain::tally::VoucherEvent;

use super::{
    StoreError, StoredEvent, StoredPoints, StoredPosting, attempt, keys, redemption, wallet,
};

/// A new item that is added up.
#[derive(Clone, Debug, PartialEq)]
pub enum NewItem {
    /// A scan, or a report about one.
    Event(StoredEvent),
    /// A transaction of the ledger.
    Posting(StoredPosting),
    /// A claim, a redemption, or a refusal.
    Voucher(VoucherEvent),
    /// A change of a customer's points.
    Points(Box<StoredPoints>),
}

/// An item before and after a change.
#[derive(Clone, Debug, Default)]
pub struct Images {
    /// Before; empty for a new item.
    pub old: serde_dynamo::Item,
    /// After.
    pub new: serde_dynamo::Item,
}

impl NewItem {
    /// Reads what a stream record shows; `None` for an item of another kind, and for a change of nothing that is
    /// counted.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn from_images(images: Images) -> Result<Option<Self>, StoreError> {
        let begins = |prefix: &str| {
            matches!(
                images.new.inner().get(keys::PK),
                Some(serde_dynamo::AttributeValue::S(pk)) if pk.starts_with(prefix)
            )
        };
        if begins(keys::CUSTOMER_PREFIX) {
            return Ok(wallet::event(images)?.map(Self::Voucher));
        }
        if begins(keys::REDEMPTION_PREFIX) {
            return Ok(redemption::event(images)?.map(Self::Voucher));
        }
        if !images.old.inner().is_empty() {
            return Ok(None);
        }
        if begins(keys::ATTEMPT_PREFIX) {
            return Ok(attempt::event(images.new)?.map(Self::Voucher));
        }
        if begins(keys::EVENT_PREFIX) {
            return Ok(StoredEvent::from_image(images.new)?.map(Self::Event));
        }
        if begins(keys::POSTING_PREFIX) {
            return Ok(StoredPosting::from_image(images.new)?.map(Self::Posting));
        }
        if begins(keys::POINTS_PREFIX) {
            let points = StoredPoints::from_image(images.new)?;
            return Ok(points.map(|points| Self::Points(Box::new(points))));
        }
        Ok(None)
    }
}

/// One image of an item as its struct; nothing where there is none.
pub(super) fn of_image<T: serde::de::DeserializeOwned>(
    image: serde_dynamo::Item,
    what: &'static str,
) -> Result<Option<T>, StoreError> {
    if image.inner().is_empty() {
        return Ok(None);
    }
    let read = serde_dynamo::from_item(image);
    read.map(Some).map_err(|error| StoreError::Corrupt { what, source: error.into() })
}
