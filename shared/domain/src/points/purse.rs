//! What one customer has in one programme: lots by the end of their life, what codes for rewards hold, what is owed
//! after a reversal, and what was earned today.
//!
//! Whatever has run out counts as gone or free in the decision itself: each change first clears it away, in the same
//! transaction. So nothing depends on when somebody tidies up (X32).

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Line, LineKind, POINTS_MAX, PointsRefused};
use crate::id::RewardId;
use crate::loyalty_token::TokenHash;

/// The most codes for rewards that one customer has open in one programme.
pub const HOLDS_MAX: usize = 10;

/// Points that expire together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lot {
    /// How many; above zero.
    #[serde(rename = "n")]
    pub points: i64,
    /// From when on they are gone. Nothing: never.
    #[serde(rename = "x", default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// Points that a code has set aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The code.
    pub token: TokenHash,
    /// The reward that it is for.
    pub reward: RewardId,
    /// Which points.
    pub lots: Vec<Lot>,
    /// From when on they are free again.
    pub expires_at: Timestamp,
}

/// A customer's points in a programme.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purse {
    /// What is there, what expires first in front.
    #[serde(default)]
    pub lots: Vec<Lot>,
    /// What codes hold, the oldest in front.
    #[serde(default)]
    pub holds: Vec<Hold>,
    /// What was taken back beyond what there was.
    #[serde(default)]
    pub debt: i64,
    /// The day of the last earning, where the programme is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earned_on: Option<Date>,
    /// What was earned on it.
    #[serde(default)]
    pub earned: i64,
    /// Counts the changes; a write names the version that it has read. 0 before the first.
    #[serde(default)]
    pub version: u64,
}

/// What a change makes of a purse, and its lines in the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movement {
    /// The purse after it.
    pub purse: Purse,
    /// What happened, in order: first what had run out.
    pub lines: Vec<Line>,
}

/// What came of taking points back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenBack {
    /// The change.
    pub movement: Movement,
    /// How many were taken back.
    pub taken: i64,
    /// How many were spent already, beyond what the programme lets the customer owe.
    pub missing: i64,
}

impl Hold {
    /// How many points it holds.
    pub fn points(&self) -> i64 {
        sum(&self.lots)
    }
}

impl Purse {
    /// What can be spent at this instant; below zero where more was taken back than there was.
    pub fn free(&self, now: Timestamp) -> i64 {
        let lots = self.lots.iter().filter(|lot| lot.lives(now)).map(|lot| lot.points);
        let over = self.holds.iter().filter(|hold| hold.expires_at <= now);
        let back = over.flat_map(|hold| &hold.lots).filter(|lot| lot.lives(now));
        let all = lots.chain(back.map(|lot| lot.points)).fold(0, i64::saturating_add);
        all.saturating_sub(self.debt)
    }

    /// What codes hold at this instant.
    pub fn held(&self, now: Timestamp) -> i64 {
        let alive = self.holds.iter().filter(|hold| now < hold.expires_at);
        alive.fold(0, |sum, hold| sum.saturating_add(hold.points()))
    }

    /// When the next points expire, and how many; nothing where none do.
    pub fn expires_next(&self, now: Timestamp) -> Option<(Timestamp, i64)> {
        let lots = self.lots.iter().filter(|lot| lot.lives(now));
        lots.filter_map(|lot| Some((lot.expires_at?, lot.points))).min()
    }

    /// When something in it runs out next, so that it is worth tidying.
    pub fn due_at(&self) -> Option<Timestamp> {
        let lots = self.lots.iter().filter_map(|lot| lot.expires_at);
        lots.chain(self.holds.iter().map(|hold| hold.expires_at)).min()
    }

    /// The purse without what has run out by now: holds give their points back, lots are gone.
    pub fn tidied(&self, now: Timestamp) -> Movement {
        let (mut purse, mut lines) = (self.clone(), Vec::new());
        let is_over = |hold: &Hold| hold.expires_at <= now;
        let (over, alive): (Vec<Hold>, Vec<Hold>) = purse.holds.into_iter().partition(is_over);
        purse.holds = alive;
        lines.extend(over.into_iter().map(|hold| purse.free_up(hold)));
        lines.extend(purse.expire(now));
        purse.version = self.version.saturating_add(1);
        Movement { purse, lines }
    }

    /// Puts back what a hold has kept. What is owed is repaid of it first: nobody owes points and has some.
    fn free_up(&mut self, hold: Hold) -> Line {
        let line = hold.line(LineKind::Released);
        hold.lots.into_iter().for_each(|lot| put(&mut self.lots, lot));
        let repaid = self.debt.min(sum(&self.lots));
        let _repaid = take(&mut self.lots, repaid);
        self.debt = self.debt.saturating_sub(repaid);
        line
    }

    /// Takes out what is over.
    fn expire(&mut self, now: Timestamp) -> Option<Line> {
        let lots = std::mem::take(&mut self.lots).into_iter();
        let (alive, gone): (Vec<Lot>, Vec<Lot>) = lots.partition(|lot| lot.lives(now));
        self.lots = alive;
        let points = sum(&gone);
        (points > 0).then(|| Line::plain(LineKind::Expired, points))
    }

    /// The purse with points for a purchase, as many as the cap of a day leaves: says how many those are.
    ///
    /// # Errors
    /// [`PointsRefused::DailyMax`] where it leaves none, [`PointsRefused::TooMany`] beyond what can be counted.
    pub fn earning(
        &self,
        wanted: i64,
        (day, daily_max): (Date, Option<i64>),
        (token, expires_at): (Option<&TokenHash>, Option<Timestamp>),
        now: Timestamp,
    ) -> Result<(Movement, i64), PointsRefused> {
        let Movement { mut purse, mut lines } = self.tidied(now);
        let before = if purse.earned_on == Some(day) { purse.earned } else { 0 };
        let room = daily_max.map_or(i64::MAX, |most| most.saturating_sub(before).max(0));
        let earned = wanted.min(room);
        if earned <= 0 {
            return Err(PointsRefused::DailyMax);
        }
        (purse.earned_on, purse.earned) = (Some(day), before.saturating_add(earned));
        let repaid = earned.min(purse.debt);
        purse.debt = purse.debt.saturating_sub(repaid);
        let rest = earned.saturating_sub(repaid);
        if rest > 0 {
            put(&mut purse.lots, Lot { points: rest, expires_at });
        }
        if sum(&purse.lots) > POINTS_MAX {
            return Err(PointsRefused::TooMany);
        }
        let line = Line::plain(LineKind::Earned, earned);
        lines.push(Line { token: token.cloned(), ..line });
        Ok((Movement { purse, lines }, earned))
    }

    /// The purse with points set aside for a code, those that expire first.
    ///
    /// # Errors
    /// [`PointsRefused::NotEnough`] and [`PointsRefused::TooManyHolds`].
    pub fn holding(
        &self,
        price: i64,
        (token, reward): (&TokenHash, &RewardId),
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<Movement, PointsRefused> {
        let free = self.free(now);
        let Movement { mut purse, mut lines } = self.tidied(now);
        if free < price {
            return Err(PointsRefused::NotEnough { price, free });
        }
        if purse.holds.len() >= HOLDS_MAX {
            return Err(PointsRefused::TooManyHolds);
        }
        let lots = take(&mut purse.lots, price);
        let hold = Hold { token: token.clone(), reward: reward.clone(), lots, expires_at };
        lines.push(hold.line(LineKind::Held));
        purse.holds.push(hold);
        Ok(Movement { purse, lines })
    }

    /// The purse once a code was used: what it held is spent.
    ///
    /// # Errors
    /// [`PointsRefused::NotHeld`] where nothing is held for it any more.
    pub fn redeeming(&self, token: &TokenHash, now: Timestamp) -> Result<Movement, PointsRefused> {
        self.letting_go(token, LineKind::Redeemed, now)
    }

    /// The purse once a code was given up: what it held is free.
    ///
    /// # Errors
    /// [`PointsRefused::NotHeld`] where nothing is held for it any more.
    pub fn releasing(&self, token: &TokenHash, now: Timestamp) -> Result<Movement, PointsRefused> {
        self.letting_go(token, LineKind::Released, now)
    }

    fn letting_go(
        &self,
        token: &TokenHash,
        kind: LineKind,
        now: Timestamp,
    ) -> Result<Movement, PointsRefused> {
        let Movement { mut purse, mut lines } = self.tidied(now);
        let place = purse.holds.iter().position(|hold| hold.token == *token);
        let hold = purse.holds.remove(place.ok_or(PointsRefused::NotHeld)?);
        if kind == LineKind::Released {
            lines.push(purse.free_up(hold));
            lines.extend(purse.expire(now));
        } else {
            lines.push(hold.line(kind));
        }
        Ok(Movement { purse, lines })
    }

    /// The purse once points were taken back: those that would have lived longest, then what codes hold, the newest
    /// first, and then as a debt, down to `overdraft_max` below zero. A code whose points are taken is good for
    /// nothing: what is held is not spent.
    pub fn taking_back(&self, points: i64, overdraft_max: i64, now: Timestamp) -> TakenBack {
        let Movement { mut purse, mut lines } = self.tidied(now);
        while sum(&purse.lots) < points {
            let Some(hold) = purse.holds.pop() else { break };
            lines.push(purse.free_up(hold));
            lines.extend(purse.expire(now));
        }
        purse.lots.reverse();
        let there = points.min(sum(&purse.lots));
        let _gone = take(&mut purse.lots, there);
        purse.lots.reverse();
        let rest = points.saturating_sub(there);
        let owed = rest.min(overdraft_max.saturating_sub(purse.debt).max(0));
        purse.debt = purse.debt.saturating_add(owed);
        let taken = there.saturating_add(owed);
        if taken > 0 {
            lines.push(Line::plain(LineKind::TakenBack, taken));
        }
        let movement = Movement { purse, lines };
        TakenBack { movement, taken, missing: rest.saturating_sub(owed) }
    }
}

impl Lot {
    fn lives(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}

impl Hold {
    fn line(&self, kind: LineKind) -> Line {
        Line {
            kind,
            points: self.points(),
            token: Some(self.token.clone()),
            reward: Some(self.reward.clone()),
        }
    }
}

fn sum(lots: &[Lot]) -> i64 {
    lots.iter().fold(0, |sum, lot| sum.saturating_add(lot.points))
}

/// Puts points among those that expire with them; what never does comes last.
fn put(lots: &mut Vec<Lot>, lot: Lot) {
    let order = |lot: &Lot| lot.expires_at.unwrap_or(Timestamp::MAX);
    match lots.binary_search_by_key(&order(&lot), order) {
        Ok(place) => lots[place].points = lots[place].points.saturating_add(lot.points),
        Err(place) => lots.insert(place, lot),
    }
}

/// Takes points off the front; the caller has seen that there are so many.
fn take(lots: &mut Vec<Lot>, points: i64) -> Vec<Lot> {
    let (mut taken, mut rest) = (Vec::new(), points);
    while rest > 0 && !lots.is_empty() {
        let part = lots[0].points.min(rest);
        taken.push(Lot { points: part, expires_at: lots[0].expires_at });
        lots[0].points = lots[0].points.saturating_sub(part);
        if lots[0].points == 0 {
            lots.remove(0);
        }
        rest = rest.saturating_sub(part);
    }
    taken
}
