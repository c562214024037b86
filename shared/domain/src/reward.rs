//! What points are spent on: its price, how many there are, and from when to when (L36).
//!
//! Deliberately absent: how many were given. The write that gives one counts them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::business::printable;
use crate::device::words;
use crate::failure::{Failure, FieldError, InvalidFields, Kind};
use crate::id::{ProgrammeId, RewardId, TenantId};
use crate::points::POINTS_MAX;

/// The longest name, in characters.
const NAME_MAX_CHARS: usize = 80;
/// The longest description, in characters.
const DESCRIPTION_MAX_CHARS: usize = 300;

/// A reward.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reward {
    /// Its id.
    pub id: RewardId,
    /// Whose reward.
    pub tenant: TenantId,
    /// For whose points.
    pub programme: ProgrammeId,
    /// What a caller may say about it.
    pub terms: RewardTerms,
    /// How many were given.
    pub given: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// Counts the changes of its terms; a write names the version that it has read.
    pub version: u64,
}

/// What a caller may say about a reward.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RewardTerms {
    /// The name that customers see: 1 to 80 characters.
    pub name: String,
    /// What one gets: at most 300 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What it costs, in points: from 1 on.
    pub price: i64,
    /// How many there are in all. Nothing: as many as are wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stock: Option<u32>,
    /// From when on it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub starts_at: Option<Timestamp>,
    /// Until when it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ends_at: Option<Timestamp>,
    /// Whether it is withdrawn: nobody gets another one.
    #[serde(default)]
    pub withdrawn: bool,
}

words! {
    /// Whether a reward can be had.
    pub enum RewardState {
        /// It can.
        Available = "available",
        /// Not yet.
        Upcoming = "upcoming",
        /// Not any more.
        Over = "over",
        /// None is left.
        SoldOut = "sold_out",
        /// It was withdrawn.
        Withdrawn = "withdrawn",
    }
}

/// Why a reward is not shown, does not change, or is not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RewardRefused {
    /// There is none of this id.
    #[error("there is no such reward")]
    Unknown,
    /// Somebody else was faster.
    #[error("the reward was changed meanwhile, read it again")]
    Changed,
    /// Not yet.
    #[error("this reward can be had from {at} on")]
    Upcoming {
        /// When it begins.
        at: Timestamp,
    },
    /// Not any more.
    #[error("this reward is over or was withdrawn")]
    Over,
    /// None is left.
    #[error("none of this reward is left; the points stay yours")]
    SoldOut,
}

impl Failure for RewardRefused {
    fn kind(&self) -> Kind {
        match self {
            RewardRefused::Unknown => Kind::Missing,
            RewardRefused::Changed | RewardRefused::Upcoming { .. } | RewardRefused::SoldOut => {
                Kind::Conflict
            }
            RewardRefused::Over => Kind::Gone,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            RewardRefused::Unknown => "reward_unknown",
            RewardRefused::Changed => "reward_changed",
            RewardRefused::Upcoming { .. } => "reward_upcoming",
            RewardRefused::Over => "reward_over",
            RewardRefused::SoldOut => "reward_sold_out",
        }
    }
}

impl Reward {
    /// A new reward.
    pub fn offer(
        id: RewardId,
        (tenant, programme): (TenantId, ProgrammeId),
        terms: RewardTerms,
        at: Timestamp,
    ) -> Self {
        Self { id, tenant, programme, terms, given: 0, created_at: at, version: 1 }
    }

    /// The reward with other terms. Codes that were issued keep the price that they were issued for.
    #[must_use]
    pub fn changed(self, terms: RewardTerms) -> Self {
        Self { terms, version: self.version.saturating_add(1), ..self }
    }

    /// Whether it can be had at this instant.
    pub fn state(&self, now: Timestamp) -> RewardState {
        let terms = &self.terms;
        if terms.withdrawn {
            RewardState::Withdrawn
        } else if terms.ends_at.is_some_and(|end| end <= now) {
            RewardState::Over
        } else if terms.stock.is_some_and(|stock| stock <= self.given) {
            RewardState::SoldOut
        } else if terms.starts_at.is_some_and(|start| now < start) {
            RewardState::Upcoming
        } else {
            RewardState::Available
        }
    }

    /// That a customer may ask for it at this instant. Whether one is left is decided when it is given.
    ///
    /// # Errors
    /// [`RewardRefused`] says why not.
    pub fn obtainable(&self, now: Timestamp) -> Result<(), RewardRefused> {
        match self.state(now) {
            RewardState::Available => Ok(()),
            RewardState::Upcoming => {
                Err(RewardRefused::Upcoming { at: self.terms.starts_at.unwrap_or(now) })
            }
            RewardState::SoldOut => Err(RewardRefused::SoldOut),
            RewardState::Over | RewardState::Withdrawn => Err(RewardRefused::Over),
        }
    }
}

impl RewardTerms {
    /// The terms without blanks around their texts.
    ///
    /// # Errors
    /// [`InvalidFields`] names every field that breaks its rule.
    pub fn check(self) -> Result<Self, InvalidFields> {
        let mut errors = Vec::new();
        let name = printable("name", &self.name, NAME_MAX_CHARS, &mut errors);
        let description =
            self.description.as_deref().map(str::trim).filter(|text| !text.is_empty());
        let description = description
            .map(|text| printable("description", text, DESCRIPTION_MAX_CHARS, &mut errors));
        if !(1..=POINTS_MAX).contains(&self.price) {
            let detail = format!("a price is 1 to {POINTS_MAX} points");
            errors.push(FieldError::new("price", "out_of_range", detail));
        }
        if self.starts_at.zip(self.ends_at).is_some_and(|(start, end)| end <= start) {
            let detail = "a reward ends after it begins";
            errors.push(FieldError::new("ends_at", "out_of_order", detail));
        }
        if !errors.is_empty() {
            return Err(InvalidFields(errors));
        }
        Ok(Self { name, description, ..self })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: &str = "2026-03-01T00:00:00Z";
    const END: &str = "2026-04-01T00:00:00Z";

    fn reward() -> Reward {
        let at = Timestamp::UNIX_EPOCH;
        let terms = RewardTerms {
            name: "Coffee".to_owned(),
            description: None,
            price: 50,
            stock: Some(2),
            starts_at: Some(START.parse().unwrap()),
            ends_at: Some(END.parse().unwrap()),
            withdrawn: false,
        };
        let of = (TenantId::new(at, [0; 10]), ProgrammeId::new(at, [0; 10]));
        Reward::offer(RewardId::new(at, [0; 10]), of, terms, at)
    }

    #[test]
    fn a_reward_is_there_from_its_first_to_before_its_last_instant_while_some_are_left() {
        let check = |given: u32, now: &str, wanted: RewardState| {
            let reward = Reward { given, ..reward() };
            assert_eq!(reward.state(now.parse().unwrap()), wanted, "{given} {now}");
        };
        check(0, "2026-02-28T23:59:59.999Z", RewardState::Upcoming);
        check(0, START, RewardState::Available);
        check(1, "2026-03-31T23:59:59.999Z", RewardState::Available);
        check(2, START, RewardState::SoldOut);
        check(0, END, RewardState::Over);
        let withdrawn = RewardTerms { withdrawn: true, ..reward().terms };
        let state = reward().changed(withdrawn).state(START.parse().unwrap());
        assert_eq!(state, RewardState::Withdrawn);
    }

    #[test]
    fn every_wrong_field_is_named() {
        let check = |change: &dyn Fn(&mut RewardTerms), wrong: &[&str]| {
            let mut terms = reward().terms;
            change(&mut terms);
            let fields: Vec<String> = match terms.check() {
                Ok(_) => Vec::new(),
                Err(InvalidFields(errors)) => errors.into_iter().map(|error| error.field).collect(),
            };
            assert_eq!(fields, wrong);
        };
        check(&|_| {}, &[]);
        check(&|terms| terms.description = Some(" ".to_owned()), &[]);
        check(&|terms| terms.name = String::new(), &["name"]);
        check(&|terms| terms.price = 0, &["price"]);
        check(&|terms| terms.ends_at = terms.starts_at, &["ends_at"]);
        check(&|terms| terms.description = Some("a".repeat(301)), &["description"]);
    }
}
