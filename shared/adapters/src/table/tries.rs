//! Wrong codes that are typed in at a business (X26): a try is taken before the code is looked up, and given back when
//! the code was right. So the number of wrong ones is exact, however many are typed in at once.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::id::{BusinessId, TenantId};
use domain::redemption::{RedeemRefused, WRONG_TRIES_MAX, WRONG_TRIES_S};
use jiff::Timestamp;

use super::{Item, StoreError, Table, keys, number, text};

const KIND: &str = "wrong_tries";
/// After how many seconds to try again where too many codes are under way rather than too many wrong ones.
const UNDER_WAY_S: u64 = 1;

/// A try that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Try {
    window: i64,
}

impl Table {
    /// Takes one of the business's tries; [`RedeemRefused::TooManyTries`] where as many codes were wrong, and
    /// [`RedeemRefused::CodesBusy`] where the tries are taken by codes that are still being looked up.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn take_try(
        &self,
        (tenant, business): (&TenantId, &BusinessId),
        now: Timestamp,
    ) -> Result<Result<Try, RedeemRefused>, StoreError> {
        let window = now.as_second().div_euclid(WRONG_TRIES_S);
        let end = window.saturating_add(1).saturating_mul(WRONG_TRIES_S);
        let values = Item::from([
            (":one".to_owned(), number(1)),
            (":most".to_owned(), number(WRONG_TRIES_MAX)),
            (":ttl".to_owned(), number(end)),
            (":kind".to_owned(), text(KIND)),
        ]);
        let key = keys::wrong_tries(tenant, business, window);
        let set = "SET #ttl = :ttl, #kind = :kind ADD tries :one, under_way :one";
        let free = "attribute_not_exists(tries) OR tries < :most";
        if self.update_if(&key, set, free, values).await? {
            return Ok(Ok(Try { window }));
        }
        let item = self.read(&key).await?.unwrap_or_default();
        let of = |name: &str| match item.get(name) {
            Some(AttributeValue::N(text)) => text.parse::<u32>().unwrap_or(0),
            _ => 0,
        };
        let wrong = of("tries").saturating_sub(of("under_way"));
        let left = u64::try_from(end.saturating_sub(now.as_second())).unwrap_or(1).max(1);
        Ok(Err(match wrong < WRONG_TRIES_MAX {
            true => RedeemRefused::CodesBusy { retry_after_s: UNDER_WAY_S },
            false => RedeemRefused::TooManyTries { retry_after_s: left },
        }))
    }

    /// Ends a try: one of a right code is given back, one of a wrong code stays taken. Where this is lost the try stays
    /// taken, which errs on the safe side.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn end_try(
        &self,
        (tenant, business): (&TenantId, &BusinessId),
        taken: Try,
        right: bool,
    ) -> Result<(), StoreError> {
        let values = Item::from([(":back".to_owned(), number(-1))]);
        let key = keys::wrong_tries(tenant, business, taken.window);
        let add = if right { "ADD tries :back, under_way :back" } else { "ADD under_way :back" };
        self.update_if(&key, add, "attribute_exists(PK)", values).await.map(drop)
    }
}
