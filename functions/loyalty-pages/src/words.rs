//! What a wallet says: points in words, the rewards with what they cost, codes that are open, and the last lines.

use std::collections::BTreeMap;

use adapters::table::StoredPoints;
use domain::id::RewardId;
use domain::money::Money;
use domain::points::{Line, LineKind, Purse};
use domain::programme::{Earning, ProgrammeTerms};
use domain::reward::{Reward, RewardState};
use domain::tip::local_amount;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// How many rewards are shown.
const REWARDS_MAX: usize = 30;
/// What the lists may have of a page, in bytes: a page is read over the slowest networks.
const LISTS_MAX_BYTES: usize = 21_000;
/// What a reward, an open code, and a line of the history have without their texts, in bytes.
const REWARD_BYTES: usize = 380;
const HOLD_BYTES: usize = 620;
const HISTORY_BYTES: usize = 150;

/// A reward in the list.
pub(crate) struct RewardRow {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) price: String,
    /// Why it cannot be had now; nothing where it can.
    pub(crate) hindered: Option<String>,
}

/// A code for a reward that is open.
pub(crate) struct HoldRow {
    pub(crate) id: String,
    pub(crate) reward: String,
    pub(crate) points: String,
    pub(crate) until: String,
}

/// A line of the history.
pub(crate) struct HistoryRow {
    pub(crate) what: String,
    /// With its sign.
    pub(crate) points: String,
    pub(crate) when: String,
}

/// The names of rewards.
pub(crate) type Names = BTreeMap<RewardId, String>;

/// "1 point", "25 points".
pub(crate) fn points(number: i64) -> String {
    format!("{number} {}", if number.unsigned_abs() == 1 { "point" } else { "points" })
}

/// What is left of a page for the rewards, in bytes.
pub(crate) fn room(holds: &[HoldRow], history: &[HistoryRow]) -> usize {
    let held: usize = holds.iter().map(|row| HOLD_BYTES + 2 * written(&row.reward)).sum();
    let told: usize = history.iter().map(|row| HISTORY_BYTES + written(&row.what)).sum();
    LISTS_MAX_BYTES.saturating_sub(held + told)
}

/// How many bytes a text has on a page, where marks of markup are spelled out.
fn written(text: &str) -> usize {
    let spelled = |char: char| if "<>&\"'".contains(char) { 5 } else { char.len_utf8() };
    text.chars().map(spelled).sum()
}

/// For what there are points.
pub(crate) fn earning(terms: &ProgrammeTerms) -> String {
    match &terms.earning {
        Earning::Amount { points: each, minor, currency } => {
            let amount = local_amount(Money { minor: *minor, currency: *currency });
            format!("{} for each {amount} that you spend.", points(*each))
        }
        Earning::Visit { points: each } => format!("{} for each visit.", points(*each)),
    }
}

/// Which points expire next, in the programme's time zone.
pub(crate) fn expiry(purse: &Purse, zone: &TimeZone, now: Timestamp) -> Option<String> {
    let (at, number) = purse.expires_next(now)?;
    // From this instant on they are gone, so the last day is that of the instant before.
    let last = at.saturating_sub(SignedDuration::from_secs(1)).unwrap_or(at);
    let day = last.to_zoned(zone.clone()).strftime("%-d %B %Y").to_string();
    let verb = if number == 1 { "is" } else { "are" };
    Some(format!("{} {verb} good until {day}.", points(number)))
}

impl RewardRow {
    /// The rewards that are of interest, the cheapest first and what is sold out last, as many as there is room for. A
    /// description gives way to another reward's name.
    pub(crate) fn all(
        (rewards, room): (&[Reward], usize),
        free: i64,
        zone: &TimeZone,
        now: Timestamp,
    ) -> Vec<Self> {
        let mut shown: Vec<&Reward> = rewards
            .iter()
            .filter(|reward| match reward.state(now) {
                RewardState::Available | RewardState::Upcoming | RewardState::SoldOut => true,
                RewardState::Over | RewardState::Withdrawn => false,
            })
            .collect();
        let is_sold_out = |reward: &Reward| reward.state(now) == RewardState::SoldOut;
        shown.sort_by_key(|reward| (is_sold_out(reward), reward.terms.price, &reward.id));
        shown.truncate(REWARDS_MAX);
        let rows = shown.into_iter().map(|reward| Self::of(reward, free, zone, now)).collect();
        Self::fitted(rows, room)
    }

    /// Names first, then as many descriptions as there is room for beside them.
    fn fitted(mut rows: Vec<Self>, mut room: usize) -> Vec<Self> {
        let mut fits = |bytes: usize| {
            let left = room.checked_sub(bytes);
            room = left.unwrap_or(room);
            left.is_some()
        };
        // A name is the label of its button too.
        let named =
            rows.iter().take_while(|row| fits(REWARD_BYTES + 2 * written(&row.name))).count();
        rows.truncate(named);
        for row in &mut rows {
            if !fits(written(&row.description)) {
                row.description.clear();
            }
        }
        rows
    }

    fn of(reward: &Reward, free: i64, zone: &TimeZone, now: Timestamp) -> Self {
        let missing = reward.terms.price.saturating_sub(free);
        let hindered = match (reward.state(now), reward.terms.starts_at) {
            (RewardState::Upcoming, Some(at)) => {
                let day = at.to_zoned(zone.clone()).strftime("%-d %B %Y").to_string();
                Some(format!("From {day} on"))
            }
            (RewardState::SoldOut, _) => Some("None is left".to_owned()),
            _ if missing > 0 => Some(format!("{missing} more to go")),
            _ => None,
        };
        Self {
            id: reward.id.to_string(),
            name: reward.terms.name.clone(),
            description: reward.terms.description.clone().unwrap_or_default(),
            price: points(reward.terms.price),
            hindered,
        }
    }
}

impl HoldRow {
    /// The codes that are open.
    pub(crate) fn all(purse: &Purse, names: &Names, zone: &TimeZone, now: Timestamp) -> Vec<Self> {
        let open = purse.holds.iter().filter(|hold| now < hold.expires_at);
        let row = |hold: &domain::points::Hold| Self {
            id: hold.token.to_string(),
            reward: names.get(&hold.reward).cloned().unwrap_or_else(|| "a reward".to_owned()),
            points: points(hold.points()),
            until: hold.expires_at.to_zoned(zone.clone()).strftime("%H:%M").to_string(),
        };
        open.map(row).collect()
    }
}

impl HistoryRow {
    /// The last lines, the newest first.
    pub(crate) fn all(stored: &[StoredPoints], names: &Names, zone: &TimeZone) -> Vec<Self> {
        let lines = |of: &StoredPoints| {
            let when = of.at.to_zoned(zone.clone()).strftime("%-d %b %Y, %H:%M").to_string();
            let rows = of.transaction.lines.iter().rev();
            rows.map(|line| Self::of(line, names, when.clone())).collect::<Vec<_>>()
        };
        stored.iter().flat_map(lines).collect()
    }

    fn of(line: &Line, names: &Names, when: String) -> Self {
        let reward = line.reward.as_ref().and_then(|id| names.get(id));
        let reward = reward.map_or("a reward", String::as_str);
        let (what, sign) = match line.kind {
            LineKind::Earned => ("Earned".to_owned(), "+"),
            LineKind::TakenBack => ("Taken back with a purchase".to_owned(), "−"),
            LineKind::Held => (format!("Set aside for {reward}"), "−"),
            LineKind::Released => (format!("Free again from {reward}"), "+"),
            LineKind::Redeemed => (format!("Got {reward}"), ""),
            LineKind::Expired => ("Expired".to_owned(), "−"),
        };
        Self { what, points: format!("{sign}{}", line.points), when }
    }
}
