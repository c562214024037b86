//! What the table's stream shows of new items to the function that adds them up.
//!
//! Deliberately absent: changes and removals. What is counted never changes.

use super::{StoreError, StoredEvent, StoredPosting, keys};

/// A new item that is added up.
#[derive(Clone, Debug, PartialEq)]
pub enum NewItem {
    /// A scan, or a report about one.
    Event(StoredEvent),
    /// A transaction of the ledger.
    Posting(StoredPosting),
}

impl NewItem {
    /// Reads an item from a stream record's new image; `None` for an item of another kind.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn from_image(image: serde_dynamo::Item) -> Result<Option<Self>, StoreError> {
        let begins = |prefix: &str| {
            matches!(
                image.inner().get(keys::PK),
                Some(serde_dynamo::AttributeValue::S(pk)) if pk.starts_with(prefix)
            )
        };
        if begins(keys::EVENT_PREFIX) {
            return Ok(StoredEvent::from_image(image)?.map(Self::Event));
        }
        if begins(keys::POSTING_PREFIX) {
            return Ok(StoredPosting::from_image(image)?.map(Self::Posting));
        }
        Ok(None)
    }
}
