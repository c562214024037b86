//! Writes of one item under a condition.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure};

use super::keys::Key;
use super::transaction::{Patience, names_in};
use super::{Item, StoreError, Table, broken};

/// What stood in the way of a write.
pub(super) enum Found {
    /// Nothing: it was written.
    Nothing,
    /// The item for which the condition does not hold; empty when the store did not show it.
    Item(Item),
}

impl Table {
    /// Puts one item under a condition; `false` when it does not hold.
    pub(super) async fn put_if(
        &self,
        item: Item,
        condition: &str,
        values: Item,
    ) -> Result<bool, StoreError> {
        let found = self.put_or_found(item, condition, values).await?;
        Ok(matches!(found, Found::Nothing))
    }

    /// Puts one item under a condition, or shows what stood in the way.
    pub(super) async fn put_or_found(
        &self,
        item: Item,
        condition: &str,
        values: Item,
    ) -> Result<Found, StoreError> {
        let mut patience = Patience::new();
        loop {
            let error = match self.put_once(&item, condition, &values).await {
                Ok(()) => return Ok(Found::Nothing),
                Err(error) => error,
            };
            match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                    return Ok(Found::Item(failed.item().cloned().unwrap_or_default()));
                }
                // A transaction was writing the same item.
                Some(PutItemError::TransactionConflictException(_)) if patience.wait().await => {}
                _ => return Err(broken(error)),
            }
        }
    }

    async fn put_once(
        &self,
        item: &Item,
        condition: &str,
        values: &Item,
    ) -> Result<(), SdkError<PutItemError>> {
        self.client
            .put_item()
            .table_name(&*self.name)
            .set_item(Some(item.clone()))
            .condition_expression(condition)
            .set_expression_attribute_names(names_in(condition))
            .set_expression_attribute_values(some(values))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map(drop)
    }

    /// Changes one item under a condition; `false` when it does not hold.
    pub(super) async fn update_if(
        &self,
        key: &Key,
        expression: &str,
        condition: &str,
        values: Item,
    ) -> Result<bool, StoreError> {
        let mut patience = Patience::new();
        loop {
            let error = match self.update_once(key, expression, condition, &values).await {
                Ok(()) => return Ok(true),
                Err(error) => error,
            };
            match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => return Ok(false),
                Some(UpdateItemError::TransactionConflictException(_)) if patience.wait().await => {
                }
                _ => return Err(broken(error)),
            }
        }
    }

    async fn update_once(
        &self,
        key: &Key,
        expression: &str,
        condition: &str,
        values: &Item,
    ) -> Result<(), SdkError<UpdateItemError>> {
        self.client
            .update_item()
            .table_name(&*self.name)
            .set_key(Some(key.attributes()))
            .update_expression(expression)
            .condition_expression(condition)
            .set_expression_attribute_names(names_in(&[expression, condition].join(" ")))
            .set_expression_attribute_values(some(values))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map(drop)
    }

    /// Deletes what is under a key, if anything is.
    pub(super) async fn delete_key(&self, key: &Key) -> Result<(), StoreError> {
        self.client
            .delete_item()
            .table_name(&*self.name)
            .set_key(Some(key.attributes()))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map(drop)
            .map_err(broken)
    }
}

/// An expression without values must not send an empty list of them.
fn some(values: &Item) -> Option<Item> {
    Some(values.clone()).filter(|values| !values.is_empty())
}
