//! What is due, in the sparse index of it: one question for every kind of thing.

use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use jiff::Timestamp;

use super::{Item, StoreError, Table, broken, keys, text};

impl Table {
    /// Up to `most` entries of a partition of what is due by `now`, the longest due first. They have keys only.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn due(
        &self,
        pk: String,
        now: Timestamp,
        most: u32,
    ) -> Result<Vec<Item>, StoreError> {
        self.due_behind(pk, None, now, most).await
    }

    /// The same behind a place, which is another entry's.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn due_behind(
        &self,
        pk: String,
        place: Option<String>,
        now: Timestamp,
        most: u32,
    ) -> Result<Vec<Item>, StoreError> {
        // `!` sorts before each letter and digit, and behind the place itself; a blank before all places.
        let first = place.map_or_else(|| " ".to_owned(), |place| format!("{place}!"));
        let output = self
            .client
            .query()
            .table_name(&*self.name)
            .index_name(keys::GSI3)
            .key_condition_expression("GSI3PK = :pk AND GSI3SK BETWEEN :first AND :end")
            .expression_attribute_values(":pk", text(pk))
            .expression_attribute_values(":first", text(first))
            // Behind everything of this millisecond: `~` sorts after each letter.
            .expression_attribute_values(":end", text(format!("{}~", keys::instant(now))))
            .limit(i32::try_from(most).unwrap_or(i32::MAX))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(broken)?;
        Ok(output.items.unwrap_or_default())
    }
}
