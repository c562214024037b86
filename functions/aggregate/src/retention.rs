//! Scans and refused codes that their tenant keeps for another time than the usual one.

use adapters::table::Passing;
use domain::failure::chain;

use crate::{Deps, Sequenced};

/// Sets when the items of a batch are forgotten; the first record of it where that could not be done, to come again.
pub(crate) async fn keep(deps: &Deps, items: Vec<Sequenced<Passing>>) -> Option<String> {
    let first = items.first()?.sequence.clone();
    let items: Vec<Passing> = items.into_iter().map(|one| one.item).collect();
    let error = deps.table.keep_as_tenants_say(&items).await.err()?;
    let cause = chain(&error);
    tracing::warn!(error = cause, "when scans are forgotten will be set later");
    Some(first)
}
