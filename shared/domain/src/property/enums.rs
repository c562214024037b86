//! The enums of a property (P7), all with an open end: the requirements do not give their values (X39), and a document
//! of tomorrow is no reason to refuse it.
//!
//! Deliberately absent: translation. `for_sale`, `forSale` and `For Sale` are the same words; `à vendre` is another
//! text.

/// Declares an enum with an open end: an unknown text is kept as `Other`, and each variant is its text in JSON.
macro_rules! open_enum {
    ($(#[$doc:meta])* pub enum $name:ident {
        $($(#[$each:meta])* $variant:ident = $text:literal,)+
    }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(into = "String", from = "String")]
        pub enum $name {
            $($(#[$each])* $variant,)+
            /// Any other text, as it came (X39).
            Other(String),
        }

        impl $name {
            /// Reads the text; case, and blanks, hyphens or underscores between words do not matter.
            pub fn parse(text: &str) -> Self {
                $(if $crate::property::enums::same_words(text, $text) { return $name::$variant; })+
                $name::Other(text.to_owned())
            }

            /// The text in JSON.
            pub fn as_str(&self) -> &str {
                match self { $($name::$variant => $text,)+ $name::Other(text) => text }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self { $name::parse(&text) }
        }

        impl From<$name> for String {
            fn from(value: $name) -> String { value.as_str().to_owned() }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                <String as utoipa::PartialSchema>::schema()
            }
        }

        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                std::borrow::Cow::Borrowed(stringify!($name))
            }
        }
    };
}
open_enum! {
    /// What is offered (P4).
    pub enum Action {
        /// To buy.
        ForSale = "for sale",
        /// To rent.
        ForRent = "for rent",
    }
}

open_enum! {
    /// What stands there (P7).
    pub enum PropertyType {
        /// A flat.
        Apartment = "apartment",
        /// A house.
        House = "house",
        /// A detached duplex.
        Duplex = "duplex",
        /// A villa.
        Villa = "villa",
        /// Land without a building.
        Land = "land",
        /// Offices.
        Office = "office",
        /// A shop.
        Shop = "shop",
        /// A warehouse.
        Warehouse = "warehouse",
        /// Commercial, not said which.
        Commercial = "commercial",
    }
}

open_enum! {
    /// Where the listing stands (P7).
    pub enum ListingState {
        /// Not shown yet.
        Draft = "draft",
        /// Waits for approval.
        Pending = "pending",
        /// Shown.
        Active = "active",
        /// Shown, with an offer accepted.
        UnderOffer = "under offer",
        /// Sold; the page stays.
        Sold = "sold",
        /// Let; the page stays.
        Rented = "rented",
        /// Taken back by its owner.
        Withdrawn = "withdrawn",
        /// Taken off the list.
        Delisted = "delisted",
        /// Removed by the platform.
        Removed = "removed",
        /// Deleted, the record kept.
        Deleted = "deleted",
        /// Put away.
        Archived = "archived",
    }
}

impl ListingState {
    /// Whether the listing is gone from the site, so that a code would lead nowhere (X39).
    pub fn is_withdrawn(&self) -> bool {
        use ListingState::{Archived, Deleted, Delisted, Removed, Withdrawn};
        matches!(self, Withdrawn | Delisted | Removed | Deleted | Archived)
    }
}

open_enum! {
    /// What a document is (P7).
    pub enum DocumentType {
        /// Proof of title.
        TitleDeed = "title deed",
        /// Nigeria's certificate of occupancy.
        CertificateOfOccupancy = "certificate of occupancy",
        /// A survey plan.
        SurveyPlan = "survey plan",
        /// A building permit.
        BuildingPermit = "building permit",
        /// A floor plan.
        FloorPlan = "floor plan",
        /// A valuation.
        Valuation = "valuation",
        /// A contract.
        Contract = "contract",
    }
}

/// Whether two texts have the same letters and digits, whatever stands between their words.
pub(super) fn same_words(left: &str, right: &str) -> bool {
    let key = |text: &str| -> String {
        let kept = text.chars().filter(|c| !matches!(c, ' ' | '-' | '_'));
        kept.map(|c| c.to_ascii_lowercase()).collect()
    };
    key(left) == key(right)
}
