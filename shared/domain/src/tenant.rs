//! A tenant: one organisation, its names, colours, defaults, and the hosts that its codes may lead to.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::{Host, Url};
use utoipa::ToSchema;

use crate::failure::{FieldError, InvalidFields};
use crate::id::{PropertyId, TenantId};
use crate::payout::PayoutSettings;
use crate::render::{RenderSpec, RenderWishes, Rgb};
use crate::tip::TipSettings;

/// Longest name of a tenant, in characters.
const NAME_MAX_CHARS: usize = 100;
/// Most hosts on an allow-list.
const ALLOWED_HOSTS_MAX: usize = 50;
/// Longest base address, in bytes.
const BASE_MAX_BYTES: usize = 500;

/// One organisation that uses the platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// What it may change about itself.
    pub settings: TenantSettings,
    /// The logo that its codes carry, when it has one.
    pub logo: Option<StoredLogo>,
    /// Counts the changes; a write names the version that it has read.
    pub version: u64,
    /// How far the codes have followed the last change of destinations.
    pub rollout: Rollout,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Whether the codes already lead to the tenant's present destinations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rollout {
    /// Each code does.
    #[default]
    Done,
    /// The codes after this place in the list still lead to the ones before; `None` is the list's beginning.
    Pending(Option<String>),
    /// Each property code does; the guards' codes after this place in the list still show what was before.
    PendingGuards(Option<String>),
}

/// Where the tenant's logo is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredLogo {
    /// The object's key.
    pub key: String,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// `image/png` or `image/jpeg`.
    pub content_type: String,
}

/// What a tenant may change about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TenantSettings {
    /// The name that visitors see.
    pub name: String,
    /// Where its codes lead, and where they may.
    #[serde(default)]
    pub destinations: Destinations,
    /// The colour of its pages.
    #[serde(default = "brand_color")]
    #[schema(value_type = String, example = "#3182ce")]
    pub brand_color: Rgb,
    /// How its codes look unless a request says otherwise.
    #[serde(default)]
    pub defaults: RenderWishes,
    /// The address in its codes when it has a domain of its own (X44), for example `https://qr.example.com`.
    #[serde(default)]
    pub scan_base_url: Option<String>,
    /// What tips its guards take (X51).
    #[serde(default)]
    pub tips: TipSettings,
    /// How its guards are paid.
    #[serde(default)]
    pub payouts: PayoutSettings,
}

fn brand_color() -> Rgb {
    Rgb(0x31, 0x82, 0xce)
}

impl TenantSettings {
    /// The settings that a new tenant of this name begins with.
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            destinations: Destinations::default(),
            brand_color: brand_color(),
            defaults: RenderWishes::default(),
            scan_base_url: None,
            tips: TipSettings::default(),
            payouts: PayoutSettings::default(),
        }
    }

    /// Checks the settings as a whole.
    ///
    /// # Errors
    /// [`InvalidFields`] names each field that breaks a rule.
    pub fn check(&self) -> Result<(), InvalidFields> {
        let mut errors = Vec::new();
        let length = self.name.trim().chars().count();
        if length == 0 || length > NAME_MAX_CHARS || self.name.chars().any(char::is_control) {
            let detail = format!("name has 1 to {NAME_MAX_CHARS} printable characters");
            errors.push(FieldError::new("name", "invalid_name", detail));
        }
        if let Err(InvalidFields(wrong)) = RenderSpec::PROPERTY.with(&self.defaults) {
            errors.extend(
                wrong.into_iter().map(|error| FieldError {
                    field: format!("defaults.{}", error.field),
                    ..error
                }),
            );
        }
        if let Some(base) = &self.scan_base_url
            && let Err(detail) = check_origin(base)
        {
            errors.push(FieldError::new("scan_base_url", "invalid_url", detail));
        }
        let within = |part: &str, checked: Result<(), InvalidFields>| {
            let wrong = checked.err().map(|InvalidFields(wrong)| wrong).unwrap_or_default();
            let named = move |error: FieldError, part: &str| FieldError {
                field: format!("{part}.{}", error.field),
                ..error
            };
            wrong.into_iter().map(|error| named(error, part)).collect::<Vec<_>>()
        };
        errors.extend(within("tips", self.tips.check()));
        errors.extend(within("payouts", self.payouts.check()));
        errors.extend(self.destinations.errors());
        if errors.is_empty() { Ok(()) } else { Err(InvalidFields(errors)) }
    }
}

/// Where a tenant's codes lead. The property's id or the chain address is appended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Destinations {
    /// Address of a property's page, up to its id (P39).
    pub property_base: String,
    /// Address of the explorer, up to the chain address (P40, X2).
    pub explorer_base: String,
    /// The hosts that the two may have. Nothing else is ever redirected to.
    pub allowed_hosts: Vec<String>,
}

impl Default for Destinations {
    fn default() -> Self {
        Self {
            property_base: "https://www.daobitat.xyz/property-details/".to_owned(),
            explorer_base: "https://basescan.org/address/".to_owned(),
            allowed_hosts: vec![
                "www.daobitat.xyz".to_owned(),
                "basescan.org".to_owned(),
                "sepolia.basescan.org".to_owned(),
            ],
        }
    }
}

impl Destinations {
    /// The page of a property (P39).
    pub fn property_url(&self, id: &PropertyId) -> String {
        format!("{}{id}", self.property_base)
    }

    /// The explorer's page of a chain address (P40). The address was checked when the property was taken in.
    pub fn explorer_url(&self, onchain_id: &str) -> String {
        format!("{}{onchain_id}", self.explorer_base)
    }

    fn errors(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        if self.allowed_hosts.is_empty() || self.allowed_hosts.len() > ALLOWED_HOSTS_MAX {
            let detail = format!("name 1 to {ALLOWED_HOSTS_MAX} hosts");
            errors.push(FieldError::new("destinations.allowed_hosts", "out_of_range", detail));
        }
        for host in self.allowed_hosts.iter().filter(|host| !is_plain_host(host)) {
            let detail =
                format!("{host:?} is not a host name in lower case, without scheme or port");
            errors.push(FieldError::new("destinations.allowed_hosts", "invalid_host", detail));
        }
        let bases = [
            ("destinations.property_base", &self.property_base),
            ("destinations.explorer_base", &self.explorer_base),
        ];
        for (field, base) in bases {
            if let Err(detail) = self.check_base(base) {
                errors.push(FieldError::new(field, "invalid_destination", detail));
            }
        }
        errors
    }

    /// A base is `https://host/path/` with an allowed host. The final slash keeps what is appended out of the host.
    fn check_base(&self, base: &str) -> Result<(), String> {
        let url = check_https(base)?;
        if !base.ends_with('/') || url.query().is_some() || url.fragment().is_some() {
            return Err("it must end with / and have neither query nor fragment".to_owned());
        }
        let host = url.host_str().unwrap_or_default();
        if !self.allowed_hosts.iter().any(|allowed| allowed == host) {
            return Err(format!("the host {host} is not among allowed_hosts"));
        }
        Ok(())
    }
}

/// A public origin for codes: `https://host`, nothing behind it.
fn check_origin(base: &str) -> Result<(), String> {
    let url = check_https(base)?;
    if url.path() != "/" || base.ends_with('/') || url.query().is_some() || url.fragment().is_some()
    {
        return Err("write it as https://host, without anything behind the host".to_owned());
    }
    Ok(())
}

fn check_https(text: &str) -> Result<Url, String> {
    if text.len() > BASE_MAX_BYTES {
        return Err(format!("it is longer than {BASE_MAX_BYTES} bytes"));
    }
    // The parser forgives white space, backslashes and control characters; browsers differ, so none is taken.
    if text.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\' || !c.is_ascii()) {
        return Err("it has a character that an address must not have".to_owned());
    }
    let url = Url::parse(text).map_err(|error| format!("it is not an address: {error}"))?;
    if url.scheme() != "https" {
        return Err("it must begin with https://".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it must not carry a user name".to_owned());
    }
    if !matches!(url.host(), Some(Host::Domain(_))) || !text.starts_with("https://") {
        return Err("it must name a host".to_owned());
    }
    Ok(url)
}

fn is_plain_host(text: &str) -> bool {
    let parsed = Url::parse(&format!("https://{text}/"));
    parsed.is_ok_and(|url| {
        matches!(url.host(), Some(Host::Domain(domain)) if domain == text) && url.path() == "/"
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_settings_are_valid() {
        assert_eq!(TenantSettings::named("DAO-Bitat").check(), Ok(()));
    }

    #[test]
    fn a_destination_is_https_on_an_allowed_host() {
        let check = |base: &str, fine: bool| {
            let destinations =
                Destinations { property_base: base.to_owned(), ..Destinations::default() };
            assert_eq!(destinations.errors().is_empty(), fine, "{base}");
        };
        check("https://www.daobitat.xyz/property-details/", true);
        check("https://www.daobitat.xyz/", true);
        for bad in [
            "http://www.daobitat.xyz/",
            "https://www.daobitat.xyz",
            "https://www.daobitat.xyz.evil.example/",
            "https://evil.example/",
            "https://www.daobitat.xyz@evil.example/",
            "https://user@www.daobitat.xyz/",
            "https://www.daobitat.xyz/?to=",
            "https://www.daobitat.xyz/#",
            "https:\\\\www.daobitat.xyz\\",
            "https:///evil.example/",
            "//www.daobitat.xyz/",
            "javascript:alert(1)//",
            "https://www.daobitat.xyz/\u{0}/",
            "https://www.daobitat.xyz/ /",
            "https://www\u{3002}daobitat\u{3002}xyz/",
            "https://127.0.0.1/",
            "",
        ] {
            check(bad, false);
        }
    }

    #[test]
    fn hosts_of_the_allow_list_are_plain_names() {
        let check = |host: &str, fine| assert_eq!(is_plain_host(host), fine, "{host:?}");
        check("example.com", true);
        for bad in
            ["Example.com", "example.com:8080", "https://example.com", "a/b", "", "1.2.3.4", "a b"]
        {
            check(bad, false);
        }
    }
}
