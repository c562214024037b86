//! The statement of a system account, from all of the tenant's transactions in the order of time.

use adapters::table::{Month, Place, StoredPosting};
use web::Problem;

use super::{Line, Lines, Mark, OPENING_READS_MAX, Period, StatementRefused};
use crate::Deps;

/// A page of the statement.
pub(super) async fn lines(
    deps: &Deps,
    period: &Period,
    mark: Option<Mark<Place>>,
) -> Result<Lines<Place>, Problem> {
    let start = Mark { place: Place::before(period.since), balance: 0 };
    let mark = mark.unwrap_or(start);
    let (mut place, mut opening) = (Some(mark.place), mark.balance);
    for _ in 0..OPENING_READS_MAX {
        let Some(from) = place else { break };
        let month = Month::of(from.at);
        let stretch = deps.table.postings_behind(&period.tenant, month, &from, period.to).await?;
        place = stretch.next.or_else(|| {
            let next = Month::between(from.at, period.to).nth(1)?;
            Some(Place::before(next.first_instant()))
        });
        let mut balance = opening;
        let mut lines = Vec::new();
        for posting in stretch.postings {
            let amount = amount(&posting, period);
            balance = balance.saturating_add(amount);
            if posting.recorded_at < period.from {
                opening = balance;
            } else if amount != 0 {
                lines.push(line(posting, amount, balance));
            }
        }
        if !lines.is_empty() || place.is_none() {
            return Ok(Lines { opening, lines, next: place });
        }
    }
    Err(StatementRefused::TooLate.into())
}

/// What a transaction adds to the account, in minor units.
fn amount(posting: &StoredPosting, period: &Period) -> i64 {
    let mine = posting.record.postings.iter().filter(|each| each.account == period.account);
    mine.fold(0, |sum, each| sum.saturating_add(each.minor))
}

fn line(posting: StoredPosting, amount: i64, balance: i64) -> Line {
    Line {
        reference: posting.record.reference,
        recorded_at: posting.recorded_at,
        amount,
        balance,
        tip_id: posting.tip,
    }
}
