//! Cases for a person: each opened once, however often what does not fit is noticed.

use domain::case::Case;
use domain::id::TenantId;
use domain::page::{Page, PageSize, Position};
use serde::{Deserialize, Serialize};

use super::list::{List, Order, each};
use super::{Item, StoreError, Table, encode, keys};

const KIND: &str = "case";

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
