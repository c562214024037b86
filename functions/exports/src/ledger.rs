//! The ledger as rows, oldest first: one for each posting. Each transaction sums to zero, and so does the table.

use adapters::table::{Month, Place, StoredPosting};
use domain::export::Export;
use domain::ledger::AccountKind;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::source::{Chunk, amounts, sums_of};
use crate::{Deps, Unwritten};

pub(crate) const HEADS: [&str; 7] =
    ["reference", "recorded_at", "account", "currency", "amount", "amount_minor", "tip_id"];
/// What the accounts of all guards together are called in the totals, and each account of the system.
const ACCOUNTS: [&str; 9] = [
    "psp:clearing",
    "psp:balance",
    "bank",
    "guards:payable",
    "guards:in_transit",
    "guards:receivable",
    "platform:fees",
    "expense:psp_fees",
    "suspense",
];

/// Where the next transactions are: in a month, behind one.
#[derive(Debug, Serialize, Deserialize)]
struct Mark {
    month: Timestamp,
    place: Place,
}

fn account(kind: &AccountKind) -> &'static str {
    match kind {
        AccountKind::Clearing => "psp:clearing",
        AccountKind::Balance => "psp:balance",
        AccountKind::Bank => "bank",
        AccountKind::Payable(_) => "guards:payable",
        AccountKind::InTransit(_) => "guards:in_transit",
        AccountKind::Receivable(_) => "guards:receivable",
        AccountKind::PlatformFees => "platform:fees",
        AccountKind::PspFees => "expense:psp_fees",
        AccountKind::Suspense => "suspense",
    }
}

pub(crate) async fn chunk(deps: &Deps, export: &Export) -> Result<Chunk, Unwritten> {
    let Mark { month: at, place } = match &export.progress.place {
        None => Mark { month: export.from, place: Place::before(export.from) },
        Some(text) => serde_json::from_str(text).map_err(Unwritten::Place)?,
    };
    let (tenant, month) = (&export.tenant, Month::of(at));
    let stretch = deps.table.postings_behind(tenant, month, &place, export.to).await?;
    let mut chunk = Chunk::default();
    for posting in &stretch.postings {
        add(&mut chunk, posting);
    }
    let mark = match stretch.next {
        Some(place) => Some(Mark { month: at, place }),
        None => Month::between(at, export.to).nth(1).map(|next| {
            let begin = next.first_instant();
            Mark { month: begin, place: Place::before(begin) }
        }),
    };
    let mark = mark.filter(|mark| mark.month < export.to);
    chunk.next =
        mark.map(|mark| serde_json::to_string(&mark)).transpose().map_err(Unwritten::Place)?;
    Ok(chunk)
}

fn add(chunk: &mut Chunk, posting: &StoredPosting) {
    for one in &posting.record.postings {
        let currency = one.account.currency;
        chunk.add(account(&one.account.kind), currency, one.minor);
        let [amount, minor] = amounts(one.minor, currency);
        chunk.rows.push(vec![
            posting.record.reference.to_string(),
            posting.recorded_at.to_string(),
            one.account.to_string(),
            currency.code().to_owned(),
            amount,
            minor,
            posting.tip.as_ref().map(ToString::to_string).unwrap_or_default(),
        ]);
    }
}

/// One line for each account, those of guards together: what the period has moved there.
pub(crate) fn totals(export: &Export) -> Vec<Vec<String>> {
    let mut lines = Vec::new();
    for account in ACCOUNTS {
        for (currency, sum) in sums_of(export, account) {
            let [amount, minor] = amounts(sum, currency);
            let facts = ["total", "", account, currency.code()].map(str::to_owned);
            lines.push(facts.into_iter().chain([amount, minor, String::new()]).collect());
        }
    }
    lines
}
