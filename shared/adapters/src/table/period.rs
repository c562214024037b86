//! The tenant's transactions in the order of time, across all shards of a month: for whoever adds up all of them.

use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use domain::id::TenantId;
use domain::ledger::Reference;
use domain::limit::PAGE_MAX;
use futures::future::try_join_all;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::statement::{KIND, Month, PostingItem, StoredPosting};
use super::{StoreError, Table, broken, decode, keys, text};

/// What sorts before every character of a reference.
const BEFORE_REFERENCES: char = '!';

/// A place among a tenant's transactions: right behind this one, or before all of an instant. Instants count in
/// milliseconds here.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// The instant.
    pub at: Timestamp,
    /// The transaction of that instant; none is before the first.
    pub behind: Option<Reference>,
}

impl Place {
    /// Before everything that was written at this instant or later.
    pub fn before(at: Timestamp) -> Self {
        Self { at, behind: None }
    }

    fn of(posting: &StoredPosting) -> Self {
        let at = Timestamp::from_millisecond(posting.recorded_at.as_millisecond());
        let at = at.unwrap_or(posting.recorded_at);
        Self { at, behind: Some(posting.record.reference.clone()) }
    }

    fn key(&self) -> String {
        let instant = keys::instant(self.at);
        match &self.behind {
            None => instant,
            Some(reference) => format!("{instant}#{reference}{BEFORE_REFERENCES}"),
        }
    }
}

/// Some transactions that follow each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The transactions, oldest first.
    pub postings: Vec<StoredPosting>,
    /// Where to go on; nothing at the end.
    pub next: Option<Place>,
}

impl Table {
    /// The tenant's next transactions behind a place, up to a hundred and more of a month, and none of `until` or
    /// later. What was written a moment ago may still be missing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn postings_behind(
        &self,
        tenant: &TenantId,
        month: Month,
        place: &Place,
        until: Timestamp,
    ) -> Result<Stretch, StoreError> {
        let (first, last) = (place.key(), keys::instant(until));
        if first >= last {
            return Ok(Stretch { postings: Vec::new(), next: None });
        }
        let shards = (0..keys::LEDGER_SHARDS)
            .map(|shard| self.shard_between(tenant, month, shard, (&first, &last)));
        let shards = try_join_all(shards).await?;
        // A shard with more to come says nothing about what comes behind its last one.
        let known = shards.iter().filter(|(_, more)| *more);
        let known = known.filter_map(|(postings, _)| postings.last().map(Place::of)).min();
        let mut postings: Vec<StoredPosting> =
            shards.into_iter().flat_map(|(postings, _)| postings).collect();
        postings.sort_by_cached_key(Place::of);
        if let Some(known) = &known {
            postings.retain(|posting| Place::of(posting) <= *known);
        }
        Ok(Stretch { postings, next: known })
    }

    /// A shard's next transactions, and whether more may follow.
    async fn shard_between(
        &self,
        tenant: &TenantId,
        month: Month,
        shard: u8,
        (first, last): (&str, &str),
    ) -> Result<(Vec<StoredPosting>, bool), StoreError> {
        let output = self
            .client
            .query()
            .table_name(&*self.name)
            .index_name(keys::GSI1)
            .key_condition_expression("GSI1PK = :pk AND GSI1SK BETWEEN :first AND :last")
            .expression_attribute_values(
                ":pk",
                text(keys::postings_of_month(tenant, &month.to_string(), shard)),
            )
            .expression_attribute_values(":first", text(first))
            .expression_attribute_values(":last", text(last))
            .limit(i32::try_from(PAGE_MAX).unwrap_or(i32::MAX))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(broken)?;
        let more = output.last_evaluated_key.is_some();
        let items = output.items.unwrap_or_default().into_iter();
        let read = |item| decode::<PostingItem>(item, KIND)?.into_domain();
        Ok((items.map(read).collect::<Result<_, _>>()?, more))
    }
}
