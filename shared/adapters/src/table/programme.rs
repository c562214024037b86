//! Loyalty programmes: one item each, replaced by version, listed by name; and how many points were issued, spent and
//! lost, which the stream adds up.

use std::collections::BTreeMap;

use domain::id::{ProgrammeId, TenantId};
use domain::page::{Page, PageSize, Position};
use domain::points::PointsAccount;
use domain::programme::Programme;
use serde::{Deserialize, Serialize};

use super::list::{List, Order, each};
use super::points::StoredPoints;
use super::{Answer, Claim, Item, StoreError, Table, encode, keys, number, text};

const KIND: &str = "programme";
const TOTALS_KIND: &str = "points_totals";
/// Transactions that are added up in one go: with the totals of as many programmes they stay below 100 writes.
const COUNTED_AT_ONCE: usize = 40;

#[derive(Serialize, Deserialize)]
struct ProgrammeItem {
    programme: Programme,
    #[serde(rename = "GSI1PK")]
    gsi1_pk: String,
    #[serde(rename = "GSI1SK")]
    gsi1_sk: String,
}

/// What a programme has issued and got back, in points, as far as it was added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PointsTotals {
    /// Given, less what was taken back.
    #[serde(default)]
    pub issued: i64,
    /// Spent on rewards.
    #[serde(default)]
    pub redeemed: i64,
    /// Not spent in time.
    #[serde(default)]
    pub expired: i64,
}

impl ProgrammeItem {
    fn from_domain(programme: &Programme) -> Self {
        Self {
            programme: programme.clone(),
            gsi1_pk: keys::programmes_of_tenant(&programme.tenant),
            gsi1_sk: format!("{}#{}", programme.terms.name.to_lowercase(), programme.id),
        }
    }
}

impl Table {
    /// The tenant's programme.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn programme(
        &self,
        tenant: &TenantId,
        id: &ProgrammeId,
    ) -> Result<Option<Programme>, StoreError> {
        let item: Option<ProgrammeItem> = self.read_as(&keys::programme(tenant, id), KIND).await?;
        Ok(item.map(|item| item.programme))
    }

    /// The tenant's programmes by name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn programmes(
        &self,
        tenant: &TenantId,
        size: PageSize,
        from: Option<&Position>,
    ) -> Result<Page<Programme>, StoreError> {
        let pk = keys::programmes_of_tenant(tenant);
        let list = List { what: KIND, pk, order: Order::Ascending, most: size.get(), from };
        each(self.page::<ProgrammeItem>(list).await?, |item| Ok(item.programme))
    }

    /// Adds a programme with the answer to the request; `false` when the request has lost its claim.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn insert_programme(
        &self,
        programme: &Programme,
        (claim, answer): (Claim, Answer),
    ) -> Result<bool, StoreError> {
        let key = keys::programme(&programme.tenant, &programme.id);
        let item = encode(&key, KIND, &ProgrammeItem::from_domain(programme))?;
        let writes = vec![
            self.put(item, Some("attribute_not_exists(PK)"), Item::new()),
            self.write_answer(&claim, &answer)?,
        ];
        Ok(self.transact(writes).await?.is_ok())
    }

    /// Replaces the programme that was read at version `read`; `false` when somebody else was faster.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn replace_programme(
        &self,
        programme: &Programme,
        read: u64,
    ) -> Result<bool, StoreError> {
        let key = keys::programme(&programme.tenant, &programme.id);
        let item = encode(&key, KIND, &ProgrammeItem::from_domain(programme))?;
        let values = Item::from([(":read".to_owned(), number(read))]);
        self.put_if(item, "#programme.#version = :read", values).await
    }

    /// What the programme has issued and got back, as far as it was added up.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn points_totals(
        &self,
        tenant: &TenantId,
        id: &ProgrammeId,
    ) -> Result<PointsTotals, StoreError> {
        let totals = self.read_as(&keys::points_totals(tenant, id), TOTALS_KIND).await?;
        Ok(totals.unwrap_or_default())
    }

    /// Adds transactions of points up in the totals of their programmes, each once, whoever else does so at the same
    /// time; says how many were new.
    ///
    /// # Errors
    /// [`StoreError`]; what was added up until then stays, and doing it again is harmless.
    pub async fn count_points(&self, points: &[StoredPoints]) -> Result<usize, StoreError> {
        let mut once = BTreeMap::new();
        for each in points {
            let of = (&each.tenant, &each.programme);
            once.insert(keys::points(of.0, of.1, &each.transaction.reference).pk, each);
        }
        let all: Vec<&StoredPoints> = once.into_values().collect();
        let mut counted = 0;
        for group in all.chunks(COUNTED_AT_ONCE) {
            let marked = group.iter().map(|each| {
                let key = keys::points(&each.tenant, &each.programme, &each.transaction.reference);
                (key, *each)
            });
            let add = |new: &[(keys::Key, &StoredPoints)]| Ok(self.write_totals(new));
            counted += self.count_once(marked.collect(), add).await?;
        }
        Ok(counted)
    }

    fn write_totals(
        &self,
        new: &[(keys::Key, &StoredPoints)],
    ) -> Vec<aws_sdk_dynamodb::types::TransactWriteItem> {
        let mut sums: BTreeMap<(&TenantId, &ProgrammeId), PointsTotals> = BTreeMap::new();
        for (_, each) in new {
            let totals = sums.entry((&each.tenant, &each.programme)).or_default();
            for (account, by) in each.transaction.postings() {
                let total = match account {
                    PointsAccount::Issued => &mut totals.issued,
                    PointsAccount::Redeemed => &mut totals.redeemed,
                    PointsAccount::Expired => &mut totals.expired,
                    PointsAccount::Customer(_) | PointsAccount::Held(_) => continue,
                };
                *total = total.saturating_add(by);
            }
        }
        let moved = sums.into_iter().filter(|(_, totals)| *totals != PointsTotals::default());
        moved
            .map(|((tenant, programme), totals)| {
                let values = Item::from([
                    (":issued".to_owned(), number(totals.issued)),
                    (":redeemed".to_owned(), number(totals.redeemed)),
                    (":expired".to_owned(), number(totals.expired)),
                    (":kind".to_owned(), text(TOTALS_KIND)),
                ]);
                let add =
                    "SET #kind = :kind ADD issued :issued, redeemed :redeemed, expired :expired";
                self.update(&keys::points_totals(tenant, programme), add, "", values)
            })
            .collect()
    }
}
