//! Where rows come from: each kind of export has its heads, its next rows behind a place, and its totals.

use std::collections::BTreeMap;

use domain::export::{Export, ExportKind, decimal};
use domain::money::Currency;

use crate::{Deps, Unwritten, ledger, payouts, tips};

/// Some rows that follow each other.
#[derive(Debug, Default)]
pub(crate) struct Chunk {
    /// The rows.
    pub rows: Vec<Vec<String>>,
    /// What they add to the sums, in minor units.
    pub sums: BTreeMap<String, i64>,
    /// Where the next ones are; nothing at the end.
    pub next: Option<String>,
}

impl Chunk {
    /// Adds to a sum of this name and currency.
    pub(crate) fn add(&mut self, name: &str, currency: Currency, minor: i64) {
        let sum = self.sums.entry(format!("{name} {}", currency.code())).or_default();
        *sum = sum.saturating_add(minor);
    }
}

/// The first line.
pub(crate) fn heads(kind: ExportKind) -> Vec<String> {
    let heads: &[&str] = match kind {
        ExportKind::Tips => &tips::HEADS,
        ExportKind::Ledger => &ledger::HEADS,
        ExportKind::Payouts => &payouts::HEADS,
    };
    heads.iter().map(|head| (*head).to_owned()).collect()
}

/// The next rows of an export.
///
/// # Errors
/// [`Unwritten`].
pub(crate) async fn chunk(deps: &Deps, export: &Export) -> Result<Chunk, Unwritten> {
    match export.kind {
        ExportKind::Tips => tips::chunk(deps, export).await,
        ExportKind::Ledger => ledger::chunk(deps, export).await,
        ExportKind::Payouts => payouts::chunk(deps, export).await,
    }
}

/// The last lines.
pub(crate) fn totals(export: &Export) -> Vec<Vec<String>> {
    match export.kind {
        ExportKind::Tips => tips::totals(export),
        ExportKind::Ledger => ledger::totals(export),
        ExportKind::Payouts => payouts::totals(export),
    }
}

/// The sums of a name, by currency.
pub(crate) fn sums_of<'e>(
    export: &'e Export,
    name: &'e str,
) -> impl Iterator<Item = (Currency, i64)> + 'e {
    export.progress.sums.iter().filter_map(move |(key, minor)| {
        let (of, code) = key.rsplit_once(' ')?;
        let currency = Currency::ALL.into_iter().find(|currency| currency.code() == code)?;
        (of == name).then_some((currency, *minor))
    })
}

/// An amount twice: as decimal text, and in minor units.
pub(crate) fn amounts(minor: i64, currency: Currency) -> [String; 2] {
    [decimal(minor, currency), minor.to_string()]
}
