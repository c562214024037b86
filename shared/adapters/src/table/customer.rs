//! A customer's links and sessions. A link is used once: the write that uses it opens the session, both or neither.
//! Both are found by the SHA-256 of a random token, which is nowhere kept.

use domain::customer::CustomerId;
use domain::id::TenantId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Item, StoreError, Table, encode, keys, number};

const LINK_KIND: &str = "customer_link";
const SESSION_KIND: &str = "customer_session";

/// A link that makes whoever opens it a customer, once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerLink {
    /// Whose customer.
    pub tenant: TenantId,
    /// Which one.
    pub customer: CustomerId,
    /// From when on it does not work, in seconds; the table's clean-up goes by it too.
    pub ttl: i64,
    /// When it was used, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_at: Option<i64>,
}

/// A session of a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerSession {
    /// Whose customer.
    pub tenant: TenantId,
    /// Which one.
    pub customer: CustomerId,
    /// From when on it is over, in seconds; the table's clean-up lags, so this decides.
    pub ttl: i64,
}

impl CustomerLink {
    /// Whether it works at this instant.
    pub fn works(&self, now: Timestamp) -> bool {
        self.used_at.is_none() && now.as_second() < self.ttl
    }
}

impl Table {
    /// Adds a link under its token's fingerprint; `false` where the token is another one's.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn insert_customer_link(
        &self,
        fingerprint: &str,
        link: &CustomerLink,
    ) -> Result<bool, StoreError> {
        let item = encode(&keys::customer_link(fingerprint), LINK_KIND, link)?;
        self.put_if(item, "attribute_not_exists(PK)", Item::new()).await
    }

    /// The link of a token's fingerprint, used or not.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn customer_link(
        &self,
        fingerprint: &str,
    ) -> Result<Option<CustomerLink>, StoreError> {
        self.read_as(&keys::customer_link(fingerprint), LINK_KIND).await
    }

    /// Uses a link and opens the session that it is good for, under the fingerprint of the session's token; `false`
    /// where the link was used meanwhile, or is over.
    ///
    /// # Errors
    /// [`StoreError`]. A link whose answer was lost is used up.
    pub async fn commit_customer_session(
        &self,
        link: &str,
        (fingerprint, session): (&str, &CustomerSession),
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let item = encode(&keys::customer_session(fingerprint), SESSION_KIND, session)?;
        let values = Item::from([(":now".to_owned(), number(now.as_second()))]);
        let works = "attribute_exists(PK) AND attribute_not_exists(used_at) AND #ttl > :now";
        let writes = vec![
            self.update(&keys::customer_link(link), "SET used_at = :now", works, values),
            self.put(item, Some("attribute_not_exists(PK)"), Item::new()),
        ];
        Ok(self.transact(writes).await?.is_ok())
    }

    /// The session of a token's fingerprint, over or not.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn customer_session(
        &self,
        fingerprint: &str,
    ) -> Result<Option<CustomerSession>, StoreError> {
        self.read_as(&keys::customer_session(fingerprint), SESSION_KIND).await
    }

    /// Ends a session.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delete_customer_session(&self, fingerprint: &str) -> Result<(), StoreError> {
        self.delete_key(&keys::customer_session(fingerprint)).await
    }
}
