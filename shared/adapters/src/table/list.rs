//! Lists over an index, page by page. A place in a list is the entry's keys, so that the next page begins right behind
//! it, whatever was added or taken away in between.

use aws_sdk_dynamodb::operation::query::QueryOutput;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use domain::page::{Page, Position};
use serde::de::DeserializeOwned;

use super::{Item, StoreError, Table, broken, decode, keys, text};

/// Between the parts of a place; no key has it.
const SEPARATOR: char = '\u{1f}';
/// Pages that are read at most where all entries are wanted: a page holds about a megabyte.
const PAGES_MAX: usize = 20;

/// Entries that one question of a sifted list brings, and questions that one page of it asks at most: a filter that
/// lets little through ends a page early.
const SIFTED_AT_ONCE: u32 = 100;
const SIFTS_MAX: usize = 10;

/// In which direction a list is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Ascending,
    Descending,
}

/// One page of the list that lies in one partition of the first index.
pub(super) struct List<'a> {
    pub what: &'static str,
    pub pk: String,
    pub order: Order,
    pub most: u32,
    pub from: Option<&'a Position>,
}

impl List<'_> {
    fn start(&self) -> Result<Option<Item>, StoreError> {
        let Some(position) = self.from else { return Ok(None) };
        let parts: Vec<&str> = position.0.split(SEPARATOR).collect();
        let [place, pk, sk] = parts.as_slice() else {
            let source = "a place in a list has three parts".into();
            return Err(StoreError::Corrupt { what: self.what, source });
        };
        let parts = [
            (keys::GSI1_PK, self.pk.as_str()),
            (keys::GSI1_SK, place),
            (keys::PK, pk),
            (keys::SK, sk),
        ];
        Ok(Some(parts.map(|(name, value)| (name.to_owned(), text(value))).into()))
    }
}

/// The entries of a page as something else.
pub(super) fn each<T, U>(
    page: Page<T>,
    into: impl FnMut(T) -> Result<U, StoreError>,
) -> Result<Page<U>, StoreError> {
    let entries = page.entries.into_iter().map(into).collect::<Result<_, _>>()?;
    Ok(Page { entries, next: page.next })
}

impl Table {
    /// A page of a list.
    pub(super) async fn page<T: DeserializeOwned>(
        &self,
        list: List<'_>,
    ) -> Result<Page<T>, StoreError> {
        let start = list.start()?;
        let output = self
            .client
            .query()
            .table_name(&*self.name)
            .index_name(keys::GSI1)
            .key_condition_expression("GSI1PK = :pk")
            .expression_attribute_values(":pk", text(list.pk))
            .scan_index_forward(list.order == Order::Ascending)
            .set_exclusive_start_key(start)
            .limit(i32::try_from(list.most).unwrap_or(i32::MAX))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(broken)?;
        let next = output.last_evaluated_key.as_ref().and_then(place_of);
        let items = output.items.unwrap_or_default().into_iter();
        let entries = items.map(|item| decode(item, list.what)).collect::<Result<_, _>>()?;
        Ok(Page { entries, next })
    }

    /// A page of those entries of a list that `keep` makes something of, between two places where they are given. It
    /// may have fewer than asked for and still be followed by another.
    pub(super) async fn sift<T: DeserializeOwned, U>(
        &self,
        list: List<'_>,
        between: Option<(&str, &str)>,
        mut keep: impl FnMut(T) -> Result<Option<U>, StoreError>,
    ) -> Result<Page<U>, StoreError> {
        let mut start = list.start()?;
        let (mut entries, mut next) = (Vec::new(), None);
        for _ in 0..SIFTS_MAX {
            let output = self.sifted(&list, between, start).await?;
            for item in output.items.unwrap_or_default() {
                next = place_of(&item);
                entries.extend(keep(decode(item, list.what)?)?);
                if entries.len() == list.most as usize {
                    return Ok(Page { entries, next });
                }
            }
            start = output.last_evaluated_key;
            if start.is_none() {
                return Ok(Page { entries, next: None });
            }
        }
        Ok(Page { entries, next })
    }

    async fn sifted(
        &self,
        list: &List<'_>,
        between: Option<(&str, &str)>,
        start: Option<Item>,
    ) -> Result<QueryOutput, StoreError> {
        let query = self
            .client
            .query()
            .table_name(&*self.name)
            .index_name(keys::GSI1)
            .expression_attribute_values(":pk", text(list.pk.clone()))
            .scan_index_forward(list.order == Order::Ascending)
            .set_exclusive_start_key(start)
            .limit(i32::try_from(SIFTED_AT_ONCE).unwrap_or(i32::MAX))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let query = match between {
            None => query.key_condition_expression("GSI1PK = :pk"),
            Some((first, last)) => query
                .key_condition_expression("GSI1PK = :pk AND GSI1SK BETWEEN :first AND :last")
                .expression_attribute_values(":first", text(first))
                .expression_attribute_values(":last", text(last)),
        };
        query.send().await.map_err(broken)
    }

    /// Everything in a partition whose sort key begins so, as it was last written.
    pub(super) async fn all_of<T: DeserializeOwned>(
        &self,
        pk: &str,
        prefix: &str,
        what: &'static str,
    ) -> Result<Vec<T>, StoreError> {
        let (mut found, mut start) = (Vec::new(), None);
        for _ in 0..PAGES_MAX {
            let query = self
                .client
                .query()
                .table_name(&*self.name)
                .expression_attribute_values(":pk", text(pk))
                .set_exclusive_start_key(start)
                .consistent_read(true)
                .return_consumed_capacity(ReturnConsumedCapacity::Total);
            let query = match prefix {
                "" => query.key_condition_expression("PK = :pk"),
                prefix => query
                    .key_condition_expression("PK = :pk AND begins_with(SK, :prefix)")
                    .expression_attribute_values(":prefix", text(prefix)),
            };
            let output = query.send().await.map_err(broken)?;
            for item in output.items.unwrap_or_default() {
                found.push(decode(item, what)?);
            }
            start = output.last_evaluated_key;
            if start.is_none() {
                return Ok(found);
            }
        }
        let source = "there are more pages than are read".into();
        Err(StoreError::Corrupt { what, source })
    }
}

fn place_of(key: &Item) -> Option<Position> {
    let part = |name: &str| match key.get(name) {
        Some(AttributeValue::S(text)) => Some(text.clone()),
        _ => None,
    };
    let parts = [part(keys::GSI1_SK)?, part(keys::PK)?, part(keys::SK)?];
    Some(Position(parts.join(&SEPARATOR.to_string())))
}
