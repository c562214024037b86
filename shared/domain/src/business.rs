//! A business that redeems vouchers, and where it is.
//!
//! Deliberately absent: who works there. A key or a device is bound to a business.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::contact::is_hidden;
use crate::failure::{Failure, FieldError, InvalidFields, Kind};
use crate::id::{BusinessId, TenantId};

/// The longest name of a business or a place, in characters.
const NAME_MAX_CHARS: usize = 80;
/// The longest postal address, in characters.
const ADDRESS_MAX_CHARS: usize = 200;
/// The most places of one business.
const LOCATIONS_MAX: usize = 50;
/// Latitudes and longitudes are millionths of a degree.
const LATITUDE_MAX_E6: i32 = 90_000_000;
const LONGITUDE_MAX_E6: i32 = 180_000_000;

/// A business.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Business {
    /// Its id.
    pub id: BusinessId,
    /// Whose vouchers it redeems.
    pub tenant: TenantId,
    /// What a caller may say about it.
    pub profile: BusinessProfile,
    /// When it was made.
    pub created_at: Timestamp,
    /// Counts the changes; a write names the version that it has read.
    pub version: u64,
}

/// What a caller may say about a business.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BusinessProfile {
    /// The name that customers see: 1 to 80 characters.
    pub name: String,
    /// Where its vouchers are redeemed; at most 50 places.
    #[serde(default)]
    pub locations: Vec<Location>,
}

/// One place of a business.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Location {
    /// What people call it: 1 to 80 characters.
    pub name: String,
    /// The postal address, for the way there: 1 to 200 characters.
    pub address: String,
    /// Latitude in millionths of a degree, north positive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latitude_e6: Option<i32>,
    /// Longitude in millionths of a degree, east positive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longitude_e6: Option<i32>,
}

/// Why a business is not shown, or does not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BusinessRefused {
    /// There is none of this id.
    #[error("there is no such business")]
    Unknown,
    /// Somebody else was faster.
    #[error("the business was changed meanwhile, read it again")]
    Changed,
}

impl Failure for BusinessRefused {
    fn kind(&self) -> Kind {
        match self {
            BusinessRefused::Unknown => Kind::Missing,
            BusinessRefused::Changed => Kind::Conflict,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            BusinessRefused::Unknown => "business_unknown",
            BusinessRefused::Changed => "business_changed",
        }
    }
}

impl Business {
    /// A new business.
    pub fn open(id: BusinessId, tenant: TenantId, profile: BusinessProfile, at: Timestamp) -> Self {
        Self { id, tenant, profile, created_at: at, version: 1 }
    }

    /// The business with another profile.
    #[must_use]
    pub fn described(self, profile: BusinessProfile) -> Self {
        Self { profile, version: self.version.saturating_add(1), ..self }
    }
}

impl BusinessProfile {
    /// The profile without blanks around its texts.
    ///
    /// # Errors
    /// [`InvalidFields`] names every field that breaks its rule.
    pub fn check(self) -> Result<Self, InvalidFields> {
        let mut errors = Vec::new();
        let name = printable("name", &self.name, NAME_MAX_CHARS, &mut errors);
        if self.locations.len() > LOCATIONS_MAX {
            let detail = format!("a business has at most {LOCATIONS_MAX} locations");
            errors.push(FieldError::new("locations", "too_many", detail));
        }
        let places = self.locations.into_iter().enumerate().take(LOCATIONS_MAX);
        let locations = places.map(|(index, place)| place.check(index, &mut errors)).collect();
        if errors.is_empty() { Ok(Self { name, locations }) } else { Err(InvalidFields(errors)) }
    }
}

impl Location {
    fn check(self, index: usize, errors: &mut Vec<FieldError>) -> Self {
        let field = |name: &str| format!("locations[{index}].{name}");
        let name = printable(&field("name"), &self.name, NAME_MAX_CHARS, errors);
        let address = printable(&field("address"), &self.address, ADDRESS_MAX_CHARS, errors);
        let inside = |degrees: Option<i32>, most: i32| {
            degrees.is_none_or(|degrees| degrees.unsigned_abs() <= most.unsigned_abs())
        };
        let both = self.latitude_e6.is_some() == self.longitude_e6.is_some();
        let on_earth = inside(self.latitude_e6, LATITUDE_MAX_E6)
            && inside(self.longitude_e6, LONGITUDE_MAX_E6);
        if !both || !on_earth {
            let detail = "give latitude_e6 and longitude_e6 together, in millionths of a degree";
            errors.push(FieldError::new(field("latitude_e6"), "not_on_earth", detail));
        }
        Self { name, address, ..self }
    }
}

/// A text of 1 to `most` printable characters, without blanks around it.
pub(crate) fn printable(
    field: &str,
    text: &str,
    most: usize,
    errors: &mut Vec<FieldError>,
) -> String {
    let text = text.trim();
    let length = text.chars().count();
    let visible = !text.chars().any(|c| c.is_control() || is_hidden(c));
    if length == 0 || length > most || !visible {
        let detail = format!("{field} has 1 to {most} printable characters");
        errors.push(FieldError::new(field, "invalid_text", detail));
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(latitude: Option<i32>, longitude: Option<i32>) -> Location {
        Location {
            name: "Marina".to_owned(),
            address: "1 Marina, Lagos".to_owned(),
            latitude_e6: latitude,
            longitude_e6: longitude,
        }
    }

    #[test]
    fn every_wrong_field_is_named() {
        let check = |name: &str, locations: Vec<Location>, wrong: &[&str]| {
            let profile = BusinessProfile { name: name.to_owned(), locations };
            let fields: Vec<String> = match profile.check() {
                Ok(_) => Vec::new(),
                Err(InvalidFields(errors)) => errors.into_iter().map(|error| error.field).collect(),
            };
            assert_eq!(fields, wrong, "{name:?}");
        };
        check(" Kofi's Café ", vec![place(Some(6_450_000), Some(3_390_000))], &[]);
        check("", vec![], &["name"]);
        check("a\u{202e}b", vec![], &["name"]);
        check("a", vec![place(Some(1), None)], &["locations[0].latitude_e6"]);
        check("a", vec![place(Some(90_000_001), Some(0))], &["locations[0].latitude_e6"]);
        check("a", vec![place(None, None); 51], &["locations"]);
    }
}
