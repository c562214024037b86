//! Lists about one transaction, read to their end.

use std::collections::BTreeMap;

use domain::id::TenantId;
use serde_json::Value;

use super::error::{Garbled, PaystackError};
use super::wire::{Fields, rows};
use super::{Call, PAGES_MAX, Paystack, ROWS_PER_PAGE, query};

impl Paystack {
    /// All rows about a transaction, by its id, the oldest row first. What is listed of other transactions is left out
    /// here, so that nothing depends on the filter being understood.
    ///
    /// # Errors
    /// [`PaystackError`]; a row that does not say whose it is makes the whole list useless.
    pub(super) async fn rows_of<T>(
        &self,
        tenant: &TenantId,
        (operation, path): (&'static str, &str),
        transaction: u64,
        read: impl Fn(Fields<'_>) -> Result<(u64, T), Garbled>,
    ) -> Result<Vec<T>, PaystackError> {
        let (id, per_page) = (transaction.to_string(), ROWS_PER_PAGE.to_string());
        let mut found = BTreeMap::new();
        for page in 1..=PAGES_MAX {
            let page = page.to_string();
            let filter = [("transaction", &*id), ("perPage", &*per_page), ("page", &*page)];
            let call = Call::get(operation, format!("{path}?{}", query(&filter)));
            let answer = self.send(tenant, call).await?;
            let rows = rows(&answer.data)?;
            for row in rows {
                let row = Fields::of(row)?;
                if row.id_of("transaction")? == transaction {
                    let (id, value) = read(row)?;
                    found.insert(id, value);
                }
            }
            if is_last(rows, &answer.meta, &page) {
                return Ok(found.into_values().collect());
            }
        }
        Err(Garbled("an end of the list").into())
    }
}

/// By the number of pages, where that is said; else the page after the last one is empty.
fn is_last(rows: &[Value], meta: &Value, page: &str) -> bool {
    let pages = Fields::of(meta).and_then(|meta| meta.id("pageCount"));
    rows.is_empty() || pages.is_ok_and(|pages| page.parse().is_ok_and(|page: u64| page >= pages))
}
