//! The statement of a guard's account, from the guard's own entries, which are in the order of their numbers.

use adapters::table::{Entry, Month};
use domain::id::GuardId;
use domain::page::Position;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use web::Problem;

use super::{Line, Lines, Mark, OPENING_READS_MAX, Period, StatementRefused};
use crate::Deps;

/// A place among a guard's entries.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct GuardPlace {
    /// An instant of the month.
    month: Timestamp,
    /// Where in the month.
    position: Option<String>,
}

/// A page of the statement.
pub(super) async fn lines(
    deps: &Deps,
    period: &Period,
    guard: &GuardId,
    mark: Option<Mark<GuardPlace>>,
) -> Result<Lines<GuardPlace>, Problem> {
    // By the entries' numbers: the period begins with the first entry of its time and ends before the first that is
    // later, so that two periods that meet have each entry once, whatever two clocks said.
    let mut begun = mark.is_some();
    let start = GuardPlace { month: period.since, position: None };
    let mark = mark.unwrap_or(Mark { place: start, balance: 0 });
    let (mut place, mut opening) = (Some(mark.place), mark.balance);
    for _ in 0..OPENING_READS_MAX {
        let Some(from) = place else { break };
        let (entries, next) = read(deps, period, guard, &from).await?;
        place = next;
        let (mut balance, mut lines) = (opening, Vec::new());
        for entry in entries {
            begun = begun || entry.recorded_at >= period.from;
            if entry.recorded_at >= period.to {
                place = None;
                break;
            }
            balance = balance.saturating_add(entry.minor);
            if begun {
                lines.push(line(entry, balance));
            } else {
                opening = balance;
            }
        }
        if !lines.is_empty() || place.is_none() {
            return Ok(Lines { opening, lines, next: place });
        }
    }
    Err(StatementRefused::TooLate.into())
}

/// The account's entries of one page of the table, and where the next one begins.
async fn read(
    deps: &Deps,
    period: &Period,
    guard: &GuardId,
    from: &GuardPlace,
) -> Result<(Vec<Entry>, Option<GuardPlace>), Problem> {
    let currency = period.account.currency;
    let month = Month::of(from.month);
    let position = from.position.clone().map(Position);
    let page =
        deps.table.entries(&period.tenant, guard, currency, month, position.as_ref()).await?;
    let next = match page.next {
        Some(Position(position)) => Some(GuardPlace { position: Some(position), ..from.clone() }),
        None => Month::between(from.month, period.to)
            .nth(1)
            .map(|month| GuardPlace { month: month.first_instant(), position: None }),
    };
    let mine = page.entries.into_iter().filter(|entry| entry.account == period.account);
    Ok((mine.collect(), next))
}

fn line(entry: Entry, balance: i64) -> Line {
    Line {
        reference: entry.reference,
        recorded_at: entry.recorded_at,
        amount: entry.minor,
        balance,
        tip_id: entry.tip,
    }
}
