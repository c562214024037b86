//! What everybody may know of a voucher: the public projection (X25).
//!
//! Deliberately absent: its limits, its own short and fixed codes, and how often it was redeemed.

use adapters::table::{StoreError, Table};
use domain::business::{Business, Location};
use domain::claim::ClaimRefused;
use domain::id::{BusinessId, VoucherId};
use domain::tenant::Tenant;
use domain::voucher::{Benefit, Voucher, VoucherState};
use jiff::Timestamp;
use serde::Serialize;
use url::form_urlencoded;
use utoipa::ToSchema;

use crate::problem::Problem;

/// Where directions are asked for; a plain link that nothing is sent to until somebody follows it.
const DIRECTIONS: &str = "https://www.google.com/maps/dir/";
/// Millionths of a degree in a degree.
const DEGREE_E6: u32 = 1_000_000;

/// A voucher that people may see, with what belongs to it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The voucher.
    pub voucher: Voucher,
    /// Where it is redeemed.
    pub business: Business,
    /// Whose it is.
    pub tenant: Tenant,
    /// What it is now.
    pub state: VoucherState,
}

/// A voucher as everybody may see it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct VoucherDetails {
    /// Its id.
    #[schema(value_type = String)]
    pub id: VoucherId,
    /// What it is called.
    pub title: String,
    /// What it is for.
    pub description: String,
    /// Under which conditions.
    pub terms: String,
    /// What the holder gets.
    pub benefit: Benefit,
    /// The same in words.
    pub benefit_words: String,
    /// What it is now.
    pub state: VoucherState,
    /// From when on it is redeemed.
    #[schema(value_type = String, format = DateTime)]
    pub valid_from: Timestamp,
    /// From when on it is not redeemed any more.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
    /// The last day on which it is redeemed, where it is redeemed.
    #[schema(value_type = String, format = Date)]
    pub last_day: String,
    /// Whether it has to be claimed first (V45).
    pub claim_required: bool,
    /// Where it is redeemed.
    pub business: ShownBusiness,
    /// Whose it is.
    pub organisation: String,
    /// Its page.
    pub page_url: String,
}

/// A business as everybody may see it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ShownBusiness {
    /// Its id.
    #[schema(value_type = String)]
    pub id: BusinessId,
    /// Its name.
    pub name: String,
    /// Its places.
    pub locations: Vec<Place>,
}

/// A place, and how to get there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Place {
    /// The place.
    #[serde(flatten)]
    pub location: Location,
    /// A map with the way.
    pub directions_url: String,
}

impl Seen {
    /// The voucher of this id with what belongs to it; nothing for a draft, which nobody sees.
    ///
    /// # Errors
    /// [`ClaimRefused::UnknownVoucher`], or the store's failure.
    pub async fn of(table: &Table, id: &VoucherId, now: Timestamp) -> Result<Self, Problem> {
        let voucher = table.voucher(id).await?;
        let shown = |voucher: &Voucher| voucher.state(now, None) != VoucherState::Draft;
        let voucher = voucher.filter(shown).ok_or(ClaimRefused::UnknownVoucher)?;
        let (business, tenant, left) = futures::try_join!(
            table.business(&voucher.tenant, &voucher.business),
            table.tenant(&voucher.tenant),
            table.voucher_left(&voucher),
        )?;
        // A voucher is made for a business and a tenant that are there, and both stay.
        let gone = |what| StoreError::Corrupt { what, source: "it belongs to nothing".into() };
        let business = business.ok_or_else(|| gone("business"))?;
        let tenant = tenant.ok_or_else(|| gone("tenant"))?;
        let state = voucher.state(now, left);
        Ok(Self { voucher, business, tenant, state })
    }

    /// What everybody may know; `base` is the platform's public address.
    pub fn details(&self, base: &str) -> VoucherDetails {
        let Self { voucher, business, tenant, state } = self;
        let text = &voucher.terms.text;
        VoucherDetails {
            id: voucher.id.clone(),
            title: text.title.clone(),
            description: text.description.clone(),
            terms: text.terms.clone(),
            benefit: voucher.terms.benefit.clone(),
            benefit_words: voucher.terms.benefit.words(),
            state: *state,
            valid_from: voucher.terms.valid_from,
            expires_at: voucher.terms.expires_at,
            last_day: voucher.last_day(voucher.terms.expires_at).to_string(),
            claim_required: voucher.terms.claim_required,
            business: ShownBusiness {
                id: business.id.clone(),
                name: business.profile.name.clone(),
                locations: business.profile.locations.iter().map(Place::of).collect(),
            },
            organisation: tenant.settings.name.clone(),
            page_url: format!("{}/v/{}", base.trim_end_matches('/'), voucher.id),
        }
    }
}

impl Place {
    /// A place with the way to it: by its coordinates where they are known, else by its address.
    pub fn of(location: &Location) -> Self {
        let destination = match (location.latitude_e6, location.longitude_e6) {
            (Some(latitude), Some(longitude)) => {
                format!("{},{}", degrees(latitude), degrees(longitude))
            }
            _ => format!("{}, {}", location.name, location.address),
        };
        let mut query = form_urlencoded::Serializer::new(String::new());
        let query = query.append_pair("api", "1").append_pair("destination", &destination).finish();
        Self { location: location.clone(), directions_url: format!("{DIRECTIONS}?{query}") }
    }
}

/// Millionths of a degree as degrees.
fn degrees(e6: i32) -> String {
    let minus = if e6 < 0 { "-" } else { "" };
    let size = e6.unsigned_abs();
    format!("{minus}{}.{:06}", size / DEGREE_E6, size % DEGREE_E6)
}

/// The places with those of the visitor's city first, then those whose address names the visitor's country, then the
/// others; among themselves they stay in the owner's order. A place has an address and no city of its own, so it is the
/// address that is looked at.
pub fn near(places: &[Location], city: Option<&str>, country: Option<&str>) -> Vec<Place> {
    let city = city.map(str::to_lowercase);
    let rank = |place: &Location| {
        let text = format!("{}, {}", place.name, place.address);
        let in_city = city.as_ref().is_some_and(|city| has_words(&text.to_lowercase(), city));
        let in_country = country.is_some_and(|country| has_words(&text, country));
        if in_city {
            0
        } else if in_country {
            1
        } else {
            2
        }
    };
    let mut sorted: Vec<&Location> = places.iter().collect();
    sorted.sort_by_key(|place| rank(place));
    sorted.into_iter().map(Place::of).collect()
}

/// Whether the words stand in the text, not as a part of another one.
fn has_words(text: &str, words: &str) -> bool {
    text.match_indices(words).any(|(at, found)| {
        let before = text[..at].chars().next_back();
        let after = text[at + found.len()..].chars().next();
        !words.is_empty() && [before, after].into_iter().flatten().all(|c| !c.is_alphanumeric())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(name: &str, address: &str) -> Location {
        let (name, address) = (name.to_owned(), address.to_owned());
        Location { name, address, latitude_e6: None, longitude_e6: None }
    }

    #[test]
    fn the_visitor_s_city_comes_first_and_then_the_country() {
        let places = [
            place("Accra Mall", "Spintex Road, Accra, GH"),
            place("Ikeja", "1 Allen Avenue, Ikeja, NG"),
            place("Marina", "5 Marina, Lagos"),
            place("Old Lagosian", "Lagosian Street, Abuja"),
        ];
        let check = |city: Option<&str>, country: Option<&str>, expected: [&str; 4]| {
            let found = near(&places, city, country);
            let names: Vec<&str> = found.iter().map(|place| place.location.name.as_str()).collect();
            assert_eq!(names, expected, "{city:?} {country:?}");
        };
        check(None, None, ["Accra Mall", "Ikeja", "Marina", "Old Lagosian"]);
        check(Some("LAGOS"), Some("NG"), ["Marina", "Ikeja", "Accra Mall", "Old Lagosian"]);
        check(Some(""), Some("NG"), ["Ikeja", "Accra Mall", "Marina", "Old Lagosian"]);
        check(Some("Accra"), None, ["Accra Mall", "Ikeja", "Marina", "Old Lagosian"]);
    }

    #[test]
    fn directions_go_by_coordinates_or_by_the_address() {
        let by_address = Place::of(&place("Kofi's", "1 Marina & 2nd, Lagos")).directions_url;
        let expected = "https://www.google.com/maps/dir/?api=1&destination=Kofi%27s%2C+1+Marina+%26+2nd%2C+Lagos";
        assert_eq!(by_address, expected);
        let coordinates = (Some(6_450_000), Some(-500));
        let at =
            Location { latitude_e6: coordinates.0, longitude_e6: coordinates.1, ..place("a", "b") };
        let expected = "https://www.google.com/maps/dir/?api=1&destination=6.450000%2C-0.000500";
        assert_eq!(Place::of(&at).directions_url, expected);
    }
}
