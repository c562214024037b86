//! Tips: one item each, replaced by version, and the claim that leads a repeated request to the tip it has made.
//!
//! An item is kept below a kilobyte in the usual case, because a transaction costs two units for each begun one: names
//! are short, what is empty is left out, and the ids that stand in keys stand nowhere else.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::audit::AuditChange;
use domain::contact::Email;
use domain::id::{GuardId, TenantId, TipId};
use domain::limit::IDEMPOTENCY_HOURS;
use domain::money::{Currency, Money};
use domain::scan::VisitorHash;
use domain::tip::{
    Checkout, DisputeState, Patron, PatronText, Payment, RefundAsked, Tip, TipReturn, TipTerms,
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::single::Found;
use super::{Item, StoreError, Table, decode, encode, keys, number, text};

pub(super) const KIND: &str = "tip";
const CLAIM_KIND: &str = "tip_claim";

/// A tip and the version that a change must name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredTip {
    /// The tip.
    pub tip: Tip,
    /// Counts the changes.
    pub version: u64,
}

/// What a claim found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TipClaim {
    /// The key is ours: make this tip.
    Ours,
    /// The key stands for a tip already.
    Standing {
        /// Which one.
        tip: TipId,
        /// Whether its request said the same; if not, nothing else here means anything.
        fingerprint_matches: bool,
        /// Until then the request that claimed it may be at work.
        leased_until: Timestamp,
    },
}

#[derive(Serialize, Deserialize)]
struct ClaimItem {
    fingerprint: String,
    tip: TipId,
    /// Whoever claimed it last: the tip that it would have made.
    holder: TipId,
    /// In milliseconds.
    leased_until: i64,
    ttl: i64,
}

/// A tip as it lies in the table. Amounts are minor units.
#[derive(Serialize, Deserialize)]
pub(super) struct TipItem {
    #[serde(rename = "PK", default)]
    pk: String,
    #[serde(rename = "v")]
    version: u64,
    #[serde(rename = "GSI1PK")]
    gsi1_pk: String,
    #[serde(rename = "GSI1SK")]
    gsi1_sk: String,
    #[serde(rename = "GSI2PK", default, skip_serializing_if = "Option::is_none")]
    gsi2_pk: Option<String>,
    #[serde(rename = "GSI2SK", default, skip_serializing_if = "Option::is_none")]
    gsi2_sk: Option<String>,
    #[serde(rename = "GSI3PK", default, skip_serializing_if = "Option::is_none")]
    gsi3_pk: Option<String>,
    #[serde(rename = "GSI3SK", default, skip_serializing_if = "Option::is_none")]
    gsi3_sk: Option<String>,
    #[serde(rename = "cur")]
    currency: Currency,
    amount: i64,
    asked: i64,
    terms: TipTerms,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    alias: Option<PatronText>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    message: Option<PatronText>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    email: Option<Email>,
    #[serde(rename = "from", default, skip_serializing_if = "Option::is_none")]
    source_ip: Option<VisitorHash>,
    at: Timestamp,
    #[serde(rename = "url", default, skip_serializing_if = "Option::is_none")]
    authorization_url: Option<String>,
    #[serde(rename = "access", default, skip_serializing_if = "Option::is_none")]
    access_code: Option<String>,
    payment: Payment,
    #[serde(default, skip_serializing_if = "is_zero")]
    polls: u8,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    refunds: Vec<RefundAsked>,
    #[serde(rename = "dropped", default, skip_serializing_if = "is_zero")]
    refunds_dropped: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    returns: Vec<TipReturn>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    disputes: BTreeMap<u64, DisputeState>,
    #[serde(default, skip_serializing_if = "is_zero")]
    dispute_day: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seq: Option<u64>,
}

fn is_zero<N: Default + PartialEq>(number: &N) -> bool {
    *number == N::default()
}

impl TipItem {
    fn from_domain(tip: &Tip, version: u64) -> Self {
        let due = tip.poll_at();
        let checkout = tip.checkout.clone();
        let place = format!("{}#{}", keys::instant(tip.created_at), tip.id);
        Self {
            pk: keys::tip(&tip.id).pk,
            version,
            gsi1_pk: keys::tips_of_guard(&tip.tenant, &tip.guard),
            gsi1_sk: place.clone(),
            gsi2_pk: Some(keys::tips_of_day(&tip.tenant, tip.created_at)),
            gsi2_sk: Some(place),
            gsi3_pk: due.map(|_| keys::due_tips(shard_of(&tip.id))),
            gsi3_sk: due.map(|at| format!("{}#{}", keys::instant(at), tip.id)),
            currency: tip.amount.currency,
            amount: tip.amount.minor,
            asked: tip.asked,
            terms: tip.terms,
            alias: tip.patron.alias.clone(),
            message: tip.patron.message.clone(),
            email: tip.patron.email.clone(),
            source_ip: tip.source_ip,
            at: tip.created_at,
            authorization_url: checkout.as_ref().map(|page| page.authorization_url.clone()),
            access_code: checkout.map(|page| page.access_code),
            payment: tip.payment,
            polls: tip.polls,
            refunds: tip.refunds_asked.clone(),
            refunds_dropped: tip.refunds_dropped,
            returns: tip.returns.clone(),
            disputes: tip.disputes.clone(),
            dispute_day: tip.dispute_day,
            seq: tip.seq,
        }
    }

    pub(super) fn into_domain(self) -> Result<StoredTip, StoreError> {
        let (id, tenant, guard) = self.ids()?;
        let checkout = match (self.authorization_url, self.access_code) {
            (Some(authorization_url), Some(access_code)) => {
                Some(Checkout { authorization_url, access_code })
            }
            _ => None,
        };
        let tip = Tip {
            id,
            tenant,
            guard,
            amount: Money { minor: self.amount, currency: self.currency },
            asked: self.asked,
            terms: self.terms,
            patron: Patron { alias: self.alias, message: self.message, email: self.email },
            source_ip: self.source_ip,
            created_at: self.at,
            checkout,
            payment: self.payment,
            polls: self.polls,
            refunds_asked: self.refunds,
            refunds_dropped: self.refunds_dropped,
            returns: self.returns,
            disputes: self.disputes,
            dispute_day: self.dispute_day,
            seq: self.seq,
        };
        Ok(StoredTip { tip, version: self.version })
    }

    /// The ids that stand in the keys.
    fn ids(&self) -> Result<(TipId, TenantId, GuardId), StoreError> {
        let corrupt = |source| StoreError::Corrupt { what: KIND, source };
        let mut owner = self.gsi1_pk.split('#').skip(1);
        let tenant = TenantId::parse(owner.next().unwrap_or_default());
        let guard = GuardId::parse(owner.next().unwrap_or_default());
        Ok((
            tip_of(&self.pk)?,
            tenant.map_err(|error| corrupt(error.into()))?,
            guard.map_err(|error| corrupt(error.into()))?,
        ))
    }
}

pub(super) fn tip_of(pk: &str) -> Result<TipId, StoreError> {
    TipId::parse(pk.strip_prefix(keys::TIP_PREFIX).unwrap_or_default())
        .map_err(|error| StoreError::Corrupt { what: KIND, source: error.into() })
}

fn shard_of(id: &TipId) -> u8 {
    keys::shard_of(id.as_str(), keys::DUE_SHARDS)
}

impl Table {
    /// Claims a key for a tip that is about to be made, in the name of a principal and an operation. `fingerprint` is a
    /// hash of what the request says. A key is new again after [`IDEMPOTENCY_HOURS`].
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn claim_tip(
        &self,
        (principal, operation, key): (&str, &str, &str),
        fingerprint: &str,
        tip: &TipId,
        lease_until: Timestamp,
        now: Timestamp,
    ) -> Result<TipClaim, StoreError> {
        let ttl = now.saturating_add(SignedDuration::from_hours(IDEMPOTENCY_HOURS));
        let item = ClaimItem {
            fingerprint: fingerprint.to_owned(),
            tip: tip.clone(),
            holder: tip.clone(),
            leased_until: lease_until.as_millisecond(),
            ttl: ttl.unwrap_or(Timestamp::MAX).as_second(),
        };
        let item = encode(&keys::idempotency(principal, operation, key), CLAIM_KIND, &item)?;
        let values = Item::from([(":now".to_owned(), number(now.as_second()))]);
        let free = "attribute_not_exists(PK) OR #ttl <= :now";
        let stood = match self.put_or_found(item, free, values).await? {
            Found::Nothing => return Ok(TipClaim::Ours),
            Found::Item(stood) => decode::<ClaimItem>(stood, CLAIM_KIND)?,
        };
        // The answer to our own claim was lost, and the SDK asked again.
        if stood.holder == *tip {
            return Ok(TipClaim::Ours);
        }
        let leased_until = Timestamp::from_millisecond(stood.leased_until)
            .map_err(|error| StoreError::Corrupt { what: CLAIM_KIND, source: error.into() })?;
        Ok(TipClaim::Standing {
            fingerprint_matches: stood.fingerprint == fingerprint,
            tip: stood.tip,
            leased_until,
        })
    }

    /// Takes a claim over whose lease is over, for the same tip; `false` when somebody else was faster. `holder` is the
    /// tip that this request would have made: it tells it from others.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn take_over_tip_claim(
        &self,
        (principal, operation, key): (&str, &str, &str),
        tip: &TipId,
        holder: &TipId,
        lease_until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let values = Item::from([
            (":tip".to_owned(), text(tip.as_str())),
            (":holder".to_owned(), text(holder.as_str())),
            (":until".to_owned(), number(lease_until.as_millisecond())),
            (":now".to_owned(), number(now.as_millisecond())),
        ]);
        self.update_if(
            &keys::idempotency(principal, operation, key),
            "SET #holder = :holder, leased_until = :until",
            "tip = :tip AND (leased_until <= :now OR #holder = :holder)",
            values,
        )
        .await
    }

    /// Adds a tip; `false` when another one has its id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn insert_tip(&self, tip: &Tip) -> Result<bool, StoreError> {
        self.put_tip(tip, 1, "attribute_not_exists(PK)", Item::new()).await
    }

    /// Replaces the tip that was read at version `read`; `false` when somebody else was faster.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn replace_tip(&self, tip: &Tip, read: u64) -> Result<bool, StoreError> {
        let values = Item::from([(":read".to_owned(), number(read))]);
        self.put_tip(tip, read.saturating_add(1), "v = :read", values).await
    }

    /// Replaces the tip that was read at version `read`, with the record of the change; `false` when somebody else was
    /// faster.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn replace_tip_audited(
        &self,
        tip: &Tip,
        read: u64,
        change: &AuditChange,
    ) -> Result<bool, StoreError> {
        let write = self.write_tip(tip, read)?;
        Ok(self.transact_audited(change, vec![write]).await?.is_ok())
    }

    /// A write that finds exactly what it wanted to write has been there before: its first answer was lost.
    async fn put_tip(
        &self,
        tip: &Tip,
        version: u64,
        condition: &str,
        values: Item,
    ) -> Result<bool, StoreError> {
        let item = encode(&keys::tip(&tip.id), KIND, &TipItem::from_domain(tip, version))?;
        Ok(match self.put_or_found(item.clone(), condition, values).await? {
            Found::Nothing => true,
            Found::Item(stood) => stood == item,
        })
    }

    /// The write of a tip that was read at version `read`, for the transaction of the ledger.
    pub(super) fn write_tip(&self, tip: &Tip, read: u64) -> Result<TransactWriteItem, StoreError> {
        let item = TipItem::from_domain(tip, read.saturating_add(1));
        let item = encode(&keys::tip(&tip.id), KIND, &item)?;
        let values = Item::from([(":read".to_owned(), number(read))]);
        Ok(self.put(item, Some("v = :read"), values))
    }

    /// The tip.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tip(&self, id: &TipId) -> Result<Option<StoredTip>, StoreError> {
        let item: Option<TipItem> = self.read_as(&keys::tip(id), KIND).await?;
        item.map(TipItem::into_domain).transpose()
    }
}
