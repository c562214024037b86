//! Writes of one item under a condition.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure};

use super::keys::Key;
use super::transaction::names_in;
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
        let outcome = self
            .client
            .put_item()
            .table_name(&*self.name)
            .set_item(Some(item))
            .condition_expression(condition)
            .set_expression_attribute_names(names_in(condition))
            .set_expression_attribute_values(Some(values).filter(|values| !values.is_empty()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        let error = match outcome {
            Ok(_) => return Ok(Found::Nothing),
            Err(error) => error,
        };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                Ok(Found::Item(failed.item().cloned().unwrap_or_default()))
            }
            _ => Err(broken(error)),
        }
    }

    /// Changes one item under a condition; `false` when it does not hold.
    pub(super) async fn update_if(
        &self,
        key: &Key,
        expression: &str,
        condition: &str,
        values: Item,
    ) -> Result<bool, StoreError> {
        let outcome = self
            .client
            .update_item()
            .table_name(&*self.name)
            .set_key(Some(key.attributes()))
            .update_expression(expression)
            .condition_expression(condition)
            .set_expression_attribute_names(names_in(&[expression, condition].join(" ")))
            .set_expression_attribute_values(Some(values).filter(|values| !values.is_empty()))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        let error = match outcome {
            Ok(_) => return Ok(true),
            Err(error) => error,
        };
        match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(false),
            _ => Err(broken(error)),
        }
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
