//! Addresses of people: e-mail and telephone, checked as far as their text tells.
//!
//! Deliberately absent: asking anyone whether they work, and printing them: `Debug` shows neither.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::TipId;

/// The longest e-mail address, in bytes (RFC 5321, 4.5.3.1.3 without the angle brackets).
const EMAIL_MAX_BYTES: usize = 254;
/// The longest part before the `@`, in bytes (RFC 5321, 4.5.3.1.1).
const EMAIL_LOCAL_MAX_BYTES: usize = 64;
/// The longest label of a domain, in bytes (RFC 1035).
const LABEL_MAX_BYTES: usize = 63;
/// The fewest and most digits of a telephone number with its country code (E.164 has at most 15).
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 8..=15;

/// Control characters, and what turns the direction of the text after it (Unicode TR9), breaks a line, or shows nothing
/// at all: a name of these is none, or another one than it seems.
pub(crate) fn is_hidden(c: char) -> bool {
    let invisible = matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}'
    );
    c.is_control() || invisible
}

/// A text that is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidContact {
    /// No e-mail address.
    #[error("this does not look like an e-mail address")]
    Email,
    /// No telephone number.
    #[error("write the number with its country code, for example +234 801 234 5678")]
    Phone,
}

/// An e-mail address, its domain in lower case.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Email(String);

impl Email {
    /// Reads an address. What mail providers give out is taken; quotes, comments, IP addresses, and letters beyond
    /// ASCII are not.
    ///
    /// # Errors
    /// [`InvalidContact::Email`].
    pub fn parse(text: &str) -> Result<Self, InvalidContact> {
        let text = text.trim();
        let (local, domain) = text.rsplit_once('@').ok_or(InvalidContact::Email)?;
        let domain = domain.to_ascii_lowercase();
        let fine = text.len() <= EMAIL_MAX_BYTES && is_local(local) && is_mail_domain(&domain);
        if fine { Ok(Self(format!("{local}@{domain}"))) } else { Err(InvalidContact::Email) }
    }

    /// The address of a tip whose patron gave none: Paystack wants one (X13). `domain` is the tenant's for mail.
    ///
    /// # Errors
    /// [`InvalidContact::Email`] for a domain that is none.
    pub fn of_tip(tip: &TipId, domain: &str) -> Result<Self, InvalidContact> {
        Self::parse(&format!("tip+{tip}@{domain}"))
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a text is a domain that mail can go to, in lower case.
pub fn is_mail_domain(domain: &str) -> bool {
    let labels: Vec<&str> = domain.split('.').collect();
    let fine = |label: &&str| {
        let byte = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        (1..=LABEL_MAX_BYTES).contains(&label.len())
            && label.bytes().all(byte)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = labels.last().copied().unwrap_or_default();
    let letters = last.len() >= 2 && last.starts_with(|c: char| c.is_ascii_lowercase());
    labels.len() >= 2 && labels.iter().all(fine) && letters
}

/// A dot-atom of RFC 5322.
fn is_local(local: &str) -> bool {
    let byte = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b);
    let atom = |atom: &str| !atom.is_empty() && atom.bytes().all(byte);
    local.len() <= EMAIL_LOCAL_MAX_BYTES && local.split('.').all(atom)
}

/// A telephone number: `+` and its digits (E.164).
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Phone(String);

impl Phone {
    /// Reads a number with its country code; spaces, hyphens, dots and brackets between digits are dropped.
    ///
    /// # Errors
    /// [`InvalidContact::Phone`].
    pub fn parse(text: &str) -> Result<Self, InvalidContact> {
        let rest = text.trim().strip_prefix('+').ok_or(InvalidContact::Phone)?;
        let digits: String = rest.chars().filter(|c| !" -.()".contains(*c)).collect();
        let fine = PHONE_DIGITS.contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0');
        if fine { Ok(Self(format!("+{digits}"))) } else { Err(InvalidContact::Phone) }
    }

    /// The number as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Declares what both kinds of address need for serde and against logs.
macro_rules! private_text {
    ($name:ident) => {
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }

        impl From<$name> for String {
            fn from(address: $name) -> String {
                address.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidContact;

            fn try_from(text: String) -> Result<Self, InvalidContact> {
                Self::parse(&text)
            }
        }
    };
}
private_text!(Email);
private_text!(Phone);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_email_address_is_what_providers_give_out() {
        let check = |text: &str, expected: Option<&str>| {
            let parsed = Email::parse(text).ok();
            assert_eq!(parsed.as_ref().map(Email::as_str), expected, "{text:?}");
        };
        check("ada@example.com", Some("ada@example.com"));
        check("  Ada.Obi+tips@Mail.Example.NG ", Some("Ada.Obi+tips@mail.example.ng"));
        check("o'neil@example.co.za", Some("o'neil@example.co.za"));
        check("a@xn--bcher-kva.example", Some("a@xn--bcher-kva.example"));
        check(
            &format!("{}@example.com", "a".repeat(64)),
            Some(&format!("{}@example.com", "a".repeat(64))),
        );
        let long_local = format!("{}@example.com", "a".repeat(65));
        let long_label = format!("a@{}.com", "b".repeat(64));
        let long = format!("a@{}com", "bbbbbbbbb.".repeat(26));
        for bad in [
            "",
            "ada",
            "@example.com",
            "ada@",
            "ada@localhost",
            "ada@@example.com",
            "a da@example.com",
            ".ada@example.com",
            "ada.@example.com",
            "a..da@example.com",
            "ada@-example.com",
            "ada@example-.com",
            "ada@example..com",
            "ada@example.com.",
            "ada@127.0.0.1",
            "ada@example.c",
            "\"ada\"@example.com",
            "ada@example.com\r\nBcc: x@example.com",
            "ada\u{0}@example.com",
            "adä@example.com",
            long_local.as_str(),
            long_label.as_str(),
            long.as_str(),
        ] {
            check(bad, None);
        }
    }

    #[test]
    fn a_telephone_number_has_its_country_code() {
        let check = |text: &str, expected: Option<&str>| {
            let parsed = Phone::parse(text).ok();
            assert_eq!(parsed.as_ref().map(Phone::as_str), expected, "{text:?}");
        };
        check("+234 801 234 5678", Some("+2348012345678"));
        check("+44 (20) 7946-0958", Some("+442079460958"));
        for bad in ["", "08012345678", "+0801234567", "+1234567", "+1234567890123456", "+23480x"] {
            check(bad, None);
        }
    }

    #[test]
    fn an_address_does_not_show_in_a_log() {
        let email = Email::parse("ada@example.com").unwrap();
        assert_eq!(format!("{email:?}"), "Email(…)");
        assert_eq!(format!("{:?}", Phone::parse("+2348012345678").unwrap()), "Phone(…)");
    }
}
