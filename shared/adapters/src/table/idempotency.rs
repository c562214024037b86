//! Answers kept for their `Idempotency-Key`. A claim is one conditional write; the answer replaces it together with
//! the effect, or right after it. A claim whose holder died is taken over once its lease is over.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::limit::{IDEMPOTENCY_HOURS, IDEMPOTENCY_LEASE_S};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::keys::{self, Key};
use super::single::Found;
use super::{Item, StoreError, Table, decode, encode, number, text};

const KIND: &str = "idempotency";

/// A stored answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body, to the byte.
    pub body: String,
}

/// One request's hold on its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    key: Key,
    fingerprint: String,
    /// Tells this holder from a later one.
    holder: String,
    now: Timestamp,
}

/// What a claim found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClaimOutcome {
    /// The key is ours: do the work.
    Ours(Claim),
    /// It was done before; this was the answer.
    Done(Answer),
    /// Another request with the same key is at it.
    Running,
    /// The key belongs to a request that said something else.
    OtherRequest,
}

#[derive(Serialize, Deserialize)]
struct IdempotencyItem {
    fingerprint: String,
    holder: String,
    /// Until then the holder may be at work.
    leased_until: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answer: Option<Answer>,
    /// From then on the key is new again; the table's clean-up lags, so this decides.
    ttl: i64,
}

impl Table {
    /// Claims a key for the principal's operation. `fingerprint` is a hash of what the request says.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn claim(
        &self,
        (principal, operation, key): (&str, &str, &str),
        fingerprint: &str,
        holder: String,
        now: Timestamp,
    ) -> Result<ClaimOutcome, StoreError> {
        let claim = Claim {
            key: keys::idempotency(principal, operation, key),
            fingerprint: fingerprint.to_owned(),
            holder,
            now,
        };
        let item = IdempotencyItem {
            fingerprint: claim.fingerprint.clone(),
            holder: claim.holder.clone(),
            leased_until: now.as_second().saturating_add(IDEMPOTENCY_LEASE_S),
            answer: None,
            ttl: later(now),
        };
        let values = Item::from([
            (":now".to_owned(), number(now.as_second())),
            (":fingerprint".to_owned(), text(fingerprint)),
        ]);
        // Free, forgotten, or left behind by a holder of the same request that died.
        let condition = "attribute_not_exists(PK) OR #ttl <= :now \
             OR (attribute_not_exists(answer) AND leased_until <= :now AND fingerprint = :fingerprint)";
        let stood =
            match self.put_or_found(encode(&claim.key, KIND, &item)?, condition, values).await? {
                Found::Nothing => return Ok(ClaimOutcome::Ours(claim)),
                Found::Item(stood) => decode::<IdempotencyItem>(stood, KIND)?,
            };
        Ok(match stood.answer {
            _ if stood.fingerprint != fingerprint => ClaimOutcome::OtherRequest,
            // The answer to our own claim was lost, and the SDK asked again.
            None if stood.holder == claim.holder => ClaimOutcome::Ours(claim),
            Some(answer) => ClaimOutcome::Done(answer),
            None => ClaimOutcome::Running,
        })
    }

    /// The write that stores a claim's answer, for the transaction that has the effect.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when the answer cannot be written.
    pub fn write_answer(
        &self,
        claim: &Claim,
        answer: &Answer,
    ) -> Result<TransactWriteItem, StoreError> {
        let (set, condition, values) = saving(claim, answer)?;
        Ok(self.update(&claim.key, set, condition, values))
    }

    /// Stores a claim's answer after its effect, unless it was stored together with it; a holder that lost its lease
    /// stores nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn insert_answer(&self, claim: &Claim, answer: &Answer) -> Result<(), StoreError> {
        let (set, condition, values) = saving(claim, answer)?;
        self.update_if(&claim.key, set, condition, values).await.map(drop)
    }

    /// Gives a claim back: the request was refused, so the key may be used again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delete_claim(&self, claim: &Claim) -> Result<(), StoreError> {
        let values = Item::from([(":holder".to_owned(), text(claim.holder.clone()))]);
        let condition = "#holder = :holder AND attribute_not_exists(answer)";
        let write = self.delete(&claim.key, condition, values);
        self.transact(vec![write]).await.map(drop)
    }
}

fn saving(
    claim: &Claim,
    answer: &Answer,
) -> Result<(&'static str, &'static str, Item), StoreError> {
    let values = Item::from([
        (":answer".to_owned(), super::target::attribute(answer)?),
        (":holder".to_owned(), text(claim.holder.clone())),
    ]);
    Ok(("SET answer = :answer", "#holder = :holder AND attribute_not_exists(answer)", values))
}

fn later(now: Timestamp) -> i64 {
    now.saturating_add(SignedDuration::from_hours(IDEMPOTENCY_HOURS))
        .unwrap_or(Timestamp::MAX)
        .as_second()
}
