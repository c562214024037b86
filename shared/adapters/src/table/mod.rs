//! The one table. A file per noun, a method per access pattern; items are private, keys are built in [`keys`].
//!
//! Reads return `Option` or a page. Writes are verbs with one meaning: `insert_` (must not exist), `replace_`
//! (the version that was read), `commit_` (several items, one transaction), `append_` (an event), `add_to_` (a
//! counter). Deliberately absent: a generic repository, and any read that decides a write.

mod alert;
mod api_key;
mod attempt;
mod audit;
mod balances;
mod business;
mod campaign;
mod case;
mod code;
mod counter;
mod counter_slot;
mod customer;
mod delivery;
mod due;
mod enrolment;
mod erasure;
mod event;
mod export;
mod guard;
mod guard_code;
mod idempotency;
pub mod keys;
mod lease;
mod ledger;
mod limit;
mod list;
mod loyalty_token;
mod member;
mod night;
mod pause;
mod payout;
mod payout_desk;
mod payout_end;
mod period;
mod points;
mod preference;
mod programme;
mod property;
mod quota;
mod reconciliation;
mod redemption;
mod restaurant;
mod retention;
mod reward;
mod run;
mod session;
mod single;
mod slot;
mod statement;
mod status;
mod stream;
mod target;
mod tenant;
mod tip;
mod tip_list;
mod transaction;
mod tries;
mod voucher;
mod voucher_count;
mod wallet;
mod webhook;

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use domain::failure::{Failure, Kind};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use attempt::Attempt;
pub use audit::{AuditFilter, AuditPlace};
pub use balances::{GuardBalances, Owed};
pub use campaign::BatchInserted;
pub use case::CaseFilter;
pub use code::{CodeLost, Uses};
pub use counter::{
    Addition, Count, CountLost, Counting, FIRST_SCAN, LAST_SCAN, Marks, Totals, Visitors,
};
pub use counter_slot::CounterSlot;
pub use customer::{CustomerLink, CustomerSession};
pub use delivery::{Delivered, StoredDelivery, outbox_in_image};
pub use event::StoredEvent;
pub use guard_code::StoredGuardCode;
pub use idempotency::{Answer, Claim, ClaimOutcome};
pub use keys::Counted;
pub use lease::DueLease;
pub use ledger::{LedgerWrite, Posted};
pub use limit::Limited;
pub use loyalty_token::{Consumed, Consumption, RewardIssued};
pub use night::{DueNight, NIGHTS_MAX, NightPlace};
pub use payout::{DuePayout, StoredPayout};
pub use payout_desk::PayoutFilter;
pub use period::{Place, Stretch};
pub use points::{DuePurse, PointsPosted, PointsWrite, StoredPoints};
pub use preference::{PUSH_SUBSCRIPTIONS_MAX, PushSubscription};
pub use programme::PointsTotals;
pub use property::TakenOver;
pub use redemption::{AtTill, Redeemed, Source};
pub use retention::Passing;
pub use session::Session;
pub use slot::{SLOT_STEP_S, Slot};
pub use statement::{Entry, Month, StoredPosting};
pub use stream::{Images, NewItem};
pub use tip::{StoredTip, TipClaim};
pub use tip_list::{DueTips, TipFilter};
pub use tries::Try;
pub use voucher::TypedCode;
pub use wallet::Wallet;
pub use webhook::StoredWebhook;

use crate::environment::{Environment, EnvironmentError};
use keys::Key;

/// The attributes of one item.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// The table of the platform.
#[derive(Clone, Debug)]
pub struct Table {
    client: Client,
    name: Arc<str>,
}

/// The table did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Too many requests for what it is set up for.
    #[error("the store is busy, try again")]
    Throttled(#[source] BoxError),
    /// It understood and will never do this: a permission or an expression of ours is wrong.
    #[error("the store refuses what we asked")]
    Rejected(#[source] BoxError),
    /// It cannot be reached, or answered with an error.
    #[error("the store does not answer, try again")]
    Unavailable(#[source] BoxError),
    /// An item is not what it should be.
    #[error("a stored record cannot be read")]
    Corrupt {
        /// Which kind of item.
        what: &'static str,
        /// What is wrong with it.
        #[source]
        source: BoxError,
    },
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

impl Failure for StoreError {
    fn kind(&self) -> Kind {
        match self {
            StoreError::Throttled(_) | StoreError::Unavailable(_) => Kind::Unavailable,
            StoreError::Rejected(_) | StoreError::Corrupt { .. } => Kind::Bug,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            StoreError::Throttled(_) => "store_busy",
            StoreError::Rejected(_) => "store_rejected",
            StoreError::Unavailable(_) => "store_unavailable",
            StoreError::Corrupt { .. } => "store_corrupt",
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        matches!(self.kind(), Kind::Unavailable).then_some(1)
    }
}

impl Table {
    /// The table that `TABLE_NAME` names.
    ///
    /// # Errors
    /// [`EnvironmentError`] names a missing variable.
    pub fn from_env(env: &Environment) -> Result<Self, EnvironmentError> {
        let config = env.aws("DYNAMODB")?;
        Ok(Self { client: Client::new(&config), name: env.required("TABLE_NAME")?.into() })
    }

    /// Whether the table answers (P57).
    ///
    /// # Errors
    /// [`StoreError`] when it does not.
    pub async fn probe(&self) -> Result<(), StoreError> {
        self.read(&keys::probe()).await.map(drop)
    }

    /// One item, as it was last written.
    async fn read(&self, key: &Key) -> Result<Option<Item>, StoreError> {
        let output = self
            .client
            .get_item()
            .table_name(&*self.name)
            .set_key(Some(key.attributes()))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(broken)?;
        Ok(output.item)
    }

    async fn read_as<T: DeserializeOwned>(
        &self,
        key: &Key,
        what: &'static str,
    ) -> Result<Option<T>, StoreError> {
        self.read(key).await?.map(|item| decode(item, what)).transpose()
    }
}

/// An item as its struct.
fn decode<T: DeserializeOwned>(item: Item, what: &'static str) -> Result<T, StoreError> {
    serde_dynamo::aws_sdk_dynamodb_1::from_item(item)
        .map_err(|error| StoreError::Corrupt { what, source: error.into() })
}

/// A struct as an item under its key.
fn encode<T: Serialize>(key: &Key, what: &'static str, value: &T) -> Result<Item, StoreError> {
    let mut item: Item = serde_dynamo::aws_sdk_dynamodb_1::to_item(value)
        .map_err(|error| StoreError::Corrupt { what, source: error.into() })?;
    item.extend(key.attributes());
    item.insert("kind".to_owned(), AttributeValue::S(what.to_owned()));
    Ok(item)
}

fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// What an error of the SDK means to us.
fn broken<E, R>(error: SdkError<E, R>) -> StoreError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    const BUSY: [&str; 5] = [
        "ProvisionedThroughputExceededException",
        "ThrottlingException",
        "RequestLimitExceeded",
        "TransactionConflictException",
        "TransactionInProgressException",
    ];
    const NEVER: [&str; 4] = [
        "AccessDeniedException",
        "ResourceNotFoundException",
        "UnrecognizedClientException",
        "ValidationException",
    ];
    let never = error.code().is_some_and(|code| NEVER.contains(&code));
    let busy = error.code().is_some_and(|code| BUSY.contains(&code));
    let wrapped = Box::new(aws_sdk_dynamodb::error::DisplayErrorContext(error));
    let source: BoxError = format!("{wrapped}").into();
    match (busy, never) {
        (true, _) => StoreError::Throttled(source),
        (false, true) => StoreError::Rejected(source),
        (false, false) => StoreError::Unavailable(source),
    }
}
