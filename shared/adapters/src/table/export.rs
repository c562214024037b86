//! Exports: one item each, replaced by version, so that one worker at a time goes on with it.

use domain::export::Export;
use domain::id::{ExportId, TenantId};
use domain::page::{Page, PageSize, Position};
use serde::{Deserialize, Serialize};

use super::list::{List, Order, each};
use super::{Answer, Claim, Item, StoreError, Table, encode, keys, number};

const KIND: &str = "export";

#[derive(Serialize, Deserialize)]
struct ExportItem {
    export: Export,
    #[serde(rename = "GSI1PK")]
    gsi1_pk: String,
    #[serde(rename = "GSI1SK")]
    gsi1_sk: String,
}

impl ExportItem {
    fn from_domain(export: &Export) -> Self {
        Self {
            export: export.clone(),
            gsi1_pk: keys::exports_of_tenant(&export.tenant),
            gsi1_sk: format!("{}#{}", keys::instant(export.created_at), export.id),
        }
    }

    fn into_domain(self) -> Export {
        self.export
    }
}

impl Table {
    /// Adds an export together with the answer to the request; `false` when the request has lost its claim.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn insert_export(
        &self,
        export: &Export,
        (claim, answer): (Claim, Answer),
    ) -> Result<bool, StoreError> {
        let key = keys::export(&export.tenant, &export.id);
        let item = encode(&key, KIND, &ExportItem::from_domain(export))?;
        let writes = vec![
            self.put(item, Some("attribute_not_exists(PK)"), Item::new()),
            self.write_answer(&claim, &answer)?,
        ];
        Ok(self.transact(writes).await?.is_ok())
    }

    /// The tenant's export.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn export(
        &self,
        tenant: &TenantId,
        id: &ExportId,
    ) -> Result<Option<Export>, StoreError> {
        let item: Option<ExportItem> = self.read_as(&keys::export(tenant, id), KIND).await?;
        Ok(item.map(ExportItem::into_domain))
    }

    /// Replaces the export that was read at version `read`; `false` when somebody else was faster.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn replace_export(&self, export: &Export, read: u64) -> Result<bool, StoreError> {
        let key = keys::export(&export.tenant, &export.id);
        let item = encode(&key, KIND, &ExportItem::from_domain(export))?;
        let values = Item::from([(":read".to_owned(), number(read))]);
        let write = self.put(item, Some("#export.#version = :read"), values);
        // A transaction of one: repeated by the SDK after a lost answer, it is still the same write.
        Ok(self.transact(vec![write]).await?.is_ok())
    }

    /// The tenant's exports, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn exports(
        &self,
        tenant: &TenantId,
        size: PageSize,
        from: Option<&Position>,
    ) -> Result<Page<Export>, StoreError> {
        let pk = keys::exports_of_tenant(tenant);
        let list = List { what: KIND, pk, order: Order::Descending, most: size.get(), from };
        each(self.page::<ExportItem>(list).await?, |item| Ok(item.into_domain()))
    }
}
