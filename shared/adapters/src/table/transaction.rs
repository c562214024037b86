//! Several writes, all or none. A cancelled transaction is read reason by reason: a failed condition is an outcome
//! that the caller names, a conflict or a throttle is tried again.

use std::time::Duration;

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, Put, ReturnConsumedCapacity,
    ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};

use super::keys::Key;
use super::{Item, StoreError, Table, broken};

/// How often a conflicting write is tried before the caller hears of it.
const TRIES_MAX: u32 = 8;
/// The first pause between two tries; it doubles, with as much jitter again.
const PAUSE: Duration = Duration::from_millis(5);

/// The pauses between the tries of a write that met another one.
pub(crate) struct Patience {
    tries: u32,
    pause: Duration,
}

impl Patience {
    pub(crate) fn new() -> Self {
        Self { tries: 1, pause: PAUSE }
    }

    /// Waits before the next try; `false` when there is none left.
    pub(crate) async fn wait(&mut self) -> bool {
        if self.tries >= TRIES_MAX {
            return false;
        }
        tokio::time::sleep(self.pause + jitter(self.pause)).await;
        self.tries += 1;
        self.pause *= 2;
        true
    }
}

/// Which writes' conditions failed, in the order of the transaction.
#[derive(Debug)]
pub(crate) struct Refused {
    /// For each write: whether its condition failed, and the item that stood there.
    pub reasons: Vec<Option<Option<Item>>>,
}

impl Refused {
    /// Whether the condition of the write at `index` failed.
    pub(crate) fn at(&self, index: usize) -> bool {
        self.reasons.get(index).is_some_and(Option::is_some)
    }

    /// Whether that one failed and no other.
    pub(crate) fn only(&self, index: usize) -> bool {
        self.at(index) && self.reasons.iter().filter(|reason| reason.is_some()).count() == 1
    }
}

/// How a transaction ended when nothing broke.
pub(crate) type Committed = Result<(), Refused>;

impl Table {
    /// Writes all or nothing.
    pub(crate) async fn transact(
        &self,
        writes: Vec<TransactWriteItem>,
    ) -> Result<Committed, StoreError> {
        let mut patience = Patience::new();
        loop {
            let error = match self.transact_once(writes.clone()).await {
                Ok(()) => return Ok(Ok(())),
                Err(error) => error,
            };
            match classify(&error) {
                Cancelled::Refused(refused) => return Ok(Err(refused)),
                Cancelled::Contended if patience.wait().await => {}
                Cancelled::Contended | Cancelled::Broken => return Err(broken(error)),
            }
        }
    }

    async fn transact_once(&self, writes: Vec<TransactWriteItem>) -> Result<(), TransactError> {
        self.client
            .transact_write_items()
            .set_transact_items(Some(writes))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map(drop)
    }

    /// Puts an item under a condition.
    pub(crate) fn put(
        &self,
        item: Item,
        condition: Option<&str>,
        values: Item,
    ) -> TransactWriteItem {
        let put = Put::builder()
            .table_name(&*self.name)
            .set_item(Some(item))
            .set_condition_expression(condition.map(str::to_owned))
            .set_expression_attribute_names(condition.and_then(names_in))
            .set_expression_attribute_values(some(values))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build();
        // The builder only fails without table or item, and both are given.
        TransactWriteItem::builder().set_put(put.ok()).build()
    }

    /// Changes an item under a condition.
    pub(crate) fn update(
        &self,
        key: &Key,
        expression: &str,
        condition: &str,
        values: Item,
    ) -> TransactWriteItem {
        let update = Update::builder()
            .table_name(&*self.name)
            .set_key(Some(key.attributes()))
            .update_expression(expression)
            .set_expression_attribute_names(names_in(&[expression, condition].join(" ")))
            .set_condition_expression(Some(condition.to_owned()).filter(|text| !text.is_empty()))
            .set_expression_attribute_values(some(values))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build();
        TransactWriteItem::builder().set_update(update.ok()).build()
    }

    /// Writes nothing, and holds the others to a condition.
    pub(crate) fn check(&self, key: &Key, condition: &str, values: Item) -> TransactWriteItem {
        let check = ConditionCheck::builder()
            .table_name(&*self.name)
            .set_key(Some(key.attributes()))
            .condition_expression(condition)
            .set_expression_attribute_names(names_in(condition))
            .set_expression_attribute_values(some(values))
            .build();
        TransactWriteItem::builder().set_condition_check(check.ok()).build()
    }

    /// Adds up what bears no mark yet, and marks it: `marked` are items and what is added of them, `add` makes the
    /// additions. Those that were added up before are left out, and the rest is tried again. Tells how many were new.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn count_once<T: Clone>(
        &self,
        mut marked: Vec<(Key, T)>,
        add: impl Fn(&[(Key, T)]) -> Result<Vec<TransactWriteItem>, StoreError>,
    ) -> Result<usize, StoreError> {
        while !marked.is_empty() {
            let marks = marked.iter().map(|(key, _)| {
                let values = Item::from([(":yes".to_owned(), AttributeValue::Bool(true))]);
                let new = "attribute_exists(PK) AND attribute_not_exists(#counted)";
                self.update(key, "SET #counted = :yes", new, values)
            });
            let writes = marks.chain(add(&marked)?).collect();
            let Err(refused) = self.transact(writes).await? else { return Ok(marked.len()) };
            let before = marked.len();
            let mut number = 0;
            marked.retain(|_| {
                number += 1;
                !refused.at(number - 1)
            });
            if marked.len() == before {
                let source = "a transaction was refused without a reason".into();
                return Err(StoreError::Corrupt { what: "counted", source });
            }
        }
        Ok(0)
    }

    /// Deletes an item under a condition.
    pub(crate) fn delete(&self, key: &Key, condition: &str, values: Item) -> TransactWriteItem {
        let delete = Delete::builder()
            .table_name(&*self.name)
            .set_key(Some(key.attributes()))
            .condition_expression(condition)
            .set_expression_attribute_names(names_in(condition))
            .set_expression_attribute_values(some(values))
            .build();
        TransactWriteItem::builder().set_delete(delete.ok()).build()
    }
}

type TransactError = aws_sdk_dynamodb::error::SdkError<TransactWriteItemsError>;

enum Cancelled {
    Refused(Refused),
    Contended,
    Broken,
}

fn classify(error: &TransactError) -> Cancelled {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) =
        error.as_service_error()
    else {
        return Cancelled::Broken;
    };
    let reasons = cancelled.cancellation_reasons();
    let has = |code: &str| reasons.iter().any(|reason| reason.code() == Some(code));
    if has("ConditionalCheckFailed") {
        let failed = |reason: &aws_sdk_dynamodb::types::CancellationReason| {
            (reason.code() == Some("ConditionalCheckFailed")).then(|| reason.item().cloned())
        };
        return Cancelled::Refused(Refused { reasons: reasons.iter().map(failed).collect() });
    }
    let contended = ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"];
    if contended.into_iter().any(has) { Cancelled::Contended } else { Cancelled::Broken }
}

fn some(values: Item) -> Option<Item> {
    Some(values).filter(|values| !values.is_empty())
}

/// `#name` stands for the attribute `name`: reserved words never clash, and nothing has to be listed twice.
pub(crate) fn names_in(expression: &str) -> Option<std::collections::HashMap<String, String>> {
    let end = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
    let names: std::collections::HashMap<_, _> = expression
        .split('#')
        .skip(1)
        .filter_map(|rest| rest.split(end).next().filter(|name| !name.is_empty()))
        .map(|name| (format!("#{name}"), name.to_owned()))
        .collect();
    Some(names).filter(|names| !names.is_empty())
}

/// Up to `pause`, so that two that collided do not meet again.
fn jitter(pause: Duration) -> Duration {
    let mut byte = [0_u8; 1];
    // Without randomness the pause is only less well spread.
    let _ = getrandom::fill(&mut byte);
    pause * u32::from(byte[0]) / 255
}
