//! Lists: those about one transaction are read to their end, long ones a page at a time.

use std::collections::BTreeMap;

use domain::id::TenantId;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::{Garbled, PaystackError};
use super::wire::{Fields, rows};
use super::{Call, PAGES_MAX, Paystack, ROWS_PER_PAGE, query};

/// Where the next page of a list begins. It can be written down, so that whoever is cut off goes on from there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListPlace {
    /// At this page, which counts from 1.
    Page(u64),
    /// At Paystack's own mark.
    Cursor(String),
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed<T> {
    /// Its rows, in Paystack's order. What arrives meanwhile may push a row onto the next page too, so a row may come
    /// twice; none is left out.
    pub rows: Vec<T>,
    /// Where the next page begins; nothing after the last one.
    pub next: Option<ListPlace>,
}

impl Paystack {
    /// A page of a list with a filter, from `place` or from the beginning.
    ///
    /// # Errors
    /// [`PaystackError`]; a row that cannot be read makes the whole page useless.
    pub(super) async fn page_of<T>(
        &self,
        tenant: &TenantId,
        (operation, path, filter): (&'static str, &str, &[(&str, &str)]),
        place: Option<&ListPlace>,
        read: impl Fn(Fields<'_>) -> Result<T, Garbled>,
    ) -> Result<Listed<T>, PaystackError> {
        let (page, per_page) = (page_number(place), ROWS_PER_PAGE.to_string());
        let (number, mut pairs) = (page.to_string(), filter.to_vec());
        pairs.push(("perPage", &per_page));
        match place {
            Some(ListPlace::Cursor(mark)) => pairs.extend([("use_cursor", "true"), ("next", mark)]),
            Some(ListPlace::Page(_)) | None => pairs.push(("page", &number)),
        }
        let call = Call::get(operation, format!("{path}?{}", query(&pairs)));
        let answer = self.send(tenant, call).await?;
        let found = rows(&answer.data)?;
        let next = next_place(found, &answer.meta, place);
        let read = |row| Fields::of(row).and_then(&read);
        Ok(Listed { rows: found.iter().map(read).collect::<Result<_, _>>()?, next })
    }

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

fn page_number(place: Option<&ListPlace>) -> u64 {
    match place {
        Some(ListPlace::Page(page)) => *page,
        Some(ListPlace::Cursor(_)) | None => 1,
    }
}

/// By Paystack's mark, where there is one: its lists have one here and the number of pages there.
fn next_place(found: &[Value], meta: &Value, place: Option<&ListPlace>) -> Option<ListPlace> {
    let mark = Fields::of(meta).ok().and_then(|meta| meta.text_if_any("next"));
    if let Some(mark) = mark.filter(|_| !found.is_empty()) {
        return Some(ListPlace::Cursor(mark.to_owned()));
    }
    let page = page_number(place);
    let ends =
        matches!(place, Some(ListPlace::Cursor(_))) || is_last(found, meta, &page.to_string());
    (!ends).then(|| ListPlace::Page(page.saturating_add(1)))
}

/// By the number of pages, where that is said; else the page after the last one is empty.
fn is_last(rows: &[Value], meta: &Value, page: &str) -> bool {
    let pages = Fields::of(meta).and_then(|meta| meta.id("pageCount"));
    rows.is_empty() || pages.is_ok_and(|pages| page.parse().is_ok_and(|page: u64| page >= pages))
}
