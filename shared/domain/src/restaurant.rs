//! A restaurant of a loyalty programme (L17): tokens are good at the one that they were issued for.
//!
//! Deliberately absent: who works there. A key or a device is bound to a restaurant.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::business::printable;
use crate::failure::{Failure, InvalidFields, Kind};
use crate::id::{ProgrammeId, RestaurantId, TenantId};

/// The longest name, in characters.
const NAME_MAX_CHARS: usize = 80;

/// A restaurant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restaurant {
    /// Its id.
    pub id: RestaurantId,
    /// Whose restaurant.
    pub tenant: TenantId,
    /// Whose points it gives; never another's.
    pub programme: ProgrammeId,
    /// What a caller may say about it.
    pub profile: RestaurantProfile,
    /// When it was made.
    pub created_at: Timestamp,
    /// Counts the changes; a write names the version that it has read.
    pub version: u64,
}

/// What a caller may say about a restaurant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RestaurantProfile {
    /// The name that customers see: 1 to 80 characters.
    pub name: String,
}

/// Why a restaurant is not shown, or does not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RestaurantRefused {
    /// There is none of this id.
    #[error("there is no such restaurant")]
    Unknown,
    /// Somebody else was faster.
    #[error("the restaurant was changed meanwhile, read it again")]
    Changed,
}

impl Failure for RestaurantRefused {
    fn kind(&self) -> Kind {
        match self {
            RestaurantRefused::Unknown => Kind::Missing,
            RestaurantRefused::Changed => Kind::Conflict,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            RestaurantRefused::Unknown => "restaurant_unknown",
            RestaurantRefused::Changed => "restaurant_changed",
        }
    }
}

impl Restaurant {
    /// A new restaurant.
    pub fn open(
        id: RestaurantId,
        (tenant, programme): (TenantId, ProgrammeId),
        profile: RestaurantProfile,
        at: Timestamp,
    ) -> Self {
        Self { id, tenant, programme, profile, created_at: at, version: 1 }
    }

    /// The restaurant with another profile.
    #[must_use]
    pub fn described(self, profile: RestaurantProfile) -> Self {
        Self { profile, version: self.version.saturating_add(1), ..self }
    }
}

impl RestaurantProfile {
    /// The profile without blanks around its texts.
    ///
    /// # Errors
    /// [`InvalidFields`] names every field that breaks its rule.
    pub fn check(self) -> Result<Self, InvalidFields> {
        let mut errors = Vec::new();
        let name = printable("name", &self.name, NAME_MAX_CHARS, &mut errors);
        if errors.is_empty() { Ok(Self { name }) } else { Err(InvalidFields(errors)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_restaurant_has_a_name_that_can_be_read() {
        let check = |name: &str, good: bool| {
            let profile = RestaurantProfile { name: name.to_owned() };
            assert_eq!(profile.check().is_ok(), good, "{name:?}");
        };
        check(" Mama Put ", true);
        check("", false);
        check("a\u{202e}b", false);
        check(&"a".repeat(81), false);
    }
}
