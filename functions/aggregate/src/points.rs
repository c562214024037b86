//! Changes of customers' points of a batch, added to what their programmes have issued, redeemed and let expire.
//!
//! Deliberately absent: customers' own points, which are written with each change.

use adapters::table::StoredPoints;
use domain::failure::chain;

use crate::{Deps, Sequenced};

/// Adds changes up, each once; the first record where that did not work, to come again.
pub(crate) async fn count_points(
    deps: &Deps,
    points: Vec<Sequenced<StoredPoints>>,
) -> Option<String> {
    let first = points.first()?.sequence.clone();
    let points: Vec<StoredPoints> = points.into_iter().map(|each| each.item).collect();
    let Err(error) = deps.table.count_points(&points).await else { return None };
    let cause = chain(&error);
    tracing::warn!(error = cause, "points will be added up later");
    Some(first)
}
