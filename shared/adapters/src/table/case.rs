//! Cases for a person: each opened once, however often what does not fit is noticed.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::audit::{Actor, AuditChange};
use domain::case::{Case, CaseKind, CaseStatus};
use domain::id::TenantId;
use domain::page::{Page, PageSize, Position};
use serde::{Deserialize, Serialize};

use super::list::{List, Order, each};
use super::{Item, StoreError, Table, encode, keys, number};

const KIND: &str = "case";

/// Which cases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaseFilter {
    /// Where they stand.
    pub status: Option<CaseStatus>,
    /// What does not fit.
    pub kind: Option<CaseKind>,
    /// Who looks into them.
    pub assignee: Option<Actor>,
}

impl CaseFilter {
    fn lets_through(&self, case: &Case) -> bool {
        self.status.is_none_or(|status| status == case.status)
            && self.kind.is_none_or(|kind| kind == case.kind)
            && (self.assignee.is_none() || self.assignee == case.assignee)
    }
}

#[derive(Serialize, Deserialize)]
struct CaseItem {
    case: Case,
    #[serde(rename = "GSI1PK")]
    gsi1_pk: String,
    #[serde(rename = "GSI1SK")]
    gsi1_sk: String,
}

impl CaseItem {
    fn from_domain(case: &Case) -> Self {
        let key = keys::case(&case.tenant, &case.id);
        Self {
            case: case.clone(),
            gsi1_pk: keys::cases_of_tenant(&case.tenant),
            gsi1_sk: format!("{}#{}", keys::instant(case.opened_at), key.pk),
        }
    }

    fn into_domain(self) -> Case {
        self.case
    }
}

impl Table {
    /// Opens a case; `false` when it was opened before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn insert_case(&self, case: &Case) -> Result<bool, StoreError> {
        let key = keys::case(&case.tenant, &case.id);
        let item = encode(&key, KIND, &CaseItem::from_domain(case))?;
        self.put_if(item, "attribute_not_exists(PK)", Item::new()).await
    }

    /// The tenant's case.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn case(&self, tenant: &TenantId, id: &str) -> Result<Option<Case>, StoreError> {
        let item: Option<CaseItem> = self.read_as(&keys::case(tenant, id), KIND).await?;
        Ok(item.map(CaseItem::into_domain))
    }

    /// Replaces the case that was read at version `read`, with the record of the change; `false` when somebody else was
    /// faster.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn replace_case(
        &self,
        case: &Case,
        read: u64,
        change: &AuditChange,
    ) -> Result<bool, StoreError> {
        let write = self.write_case(case, read)?;
        Ok(self.transact_audited(change, vec![write]).await?.is_ok())
    }

    /// The write of a case that was read at version `read`, for a transaction.
    pub(super) fn write_case(
        &self,
        case: &Case,
        read: u64,
    ) -> Result<TransactWriteItem, StoreError> {
        let key = keys::case(&case.tenant, &case.id);
        let item = encode(&key, KIND, &CaseItem::from_domain(case))?;
        let values = Item::from([(":read".to_owned(), number(read))]);
        Ok(self.put(item, Some("#case.#version = :read"), values))
    }

    /// The tenant's cases that the filter lets through, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn cases_where(
        &self,
        tenant: &TenantId,
        filter: &CaseFilter,
        size: PageSize,
        from: Option<&Position>,
    ) -> Result<Page<Case>, StoreError> {
        let pk = keys::cases_of_tenant(tenant);
        let list = List { what: KIND, pk, order: Order::Descending, most: size.get(), from };
        let keep = |item: CaseItem| {
            let case = item.into_domain();
            Ok(filter.lets_through(&case).then_some(case))
        };
        self.sift(list, None, keep).await
    }

    /// The tenant's cases, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn cases(
        &self,
        tenant: &TenantId,
        size: PageSize,
        from: Option<&Position>,
    ) -> Result<Page<Case>, StoreError> {
        let pk = keys::cases_of_tenant(tenant);
        let list = List { what: KIND, pk, order: Order::Descending, most: size.get(), from };
        each(self.page::<CaseItem>(list).await?, |item| Ok(item.into_domain()))
    }
}
