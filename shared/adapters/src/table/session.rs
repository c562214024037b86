//! Sessions of the pages: a random token in a cookie stands for an API key for some hours.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Item, StoreError, Table, encode, keys};

const KIND: &str = "session";

/// A session, found by its token's fingerprint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The fingerprint of the key that it stands for; the session ends with the key.
    pub key_fingerprint: String,
    /// From this instant on it is over.
    pub expires_at: Timestamp,
    /// The same for the table's clean-up, in seconds; it lags, so `expires_at` decides.
    pub ttl: i64,
}

impl Table {
    /// Adds a session under its token's fingerprint.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn insert_session(&self, token: &str, session: &Session) -> Result<bool, StoreError> {
        let item = encode(&keys::session(token), KIND, session)?;
        self.put_if(item, "attribute_not_exists(PK)", Item::new()).await
    }

    /// The session of a token's fingerprint, expired or not.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn session(&self, token: &str) -> Result<Option<Session>, StoreError> {
        self.read_as(&keys::session(token), KIND).await
    }

    /// Ends a session.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delete_session(&self, token: &str) -> Result<(), StoreError> {
        self.delete_key(&keys::session(token)).await
    }
}
