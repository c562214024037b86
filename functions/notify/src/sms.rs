//! The text message: one part of an SMS whatever a patron has written.
//!
//! Deliberately absent: messages of several parts, each of which is paid for.

use crate::words::Words;

/// What one part holds in the alphabet of GSM 03.38, in its septets.
const SEPTETS_MAX: usize = 160;
/// What one part holds as UCS-2, which a single other character turns the whole message into, in 16-bit units.
const UNITS_MAX: usize = 70;
/// The alphabet's characters beside ASCII's letters, digits and what [`ASCII_ABSENT`] leaves.
const BEYOND_ASCII: &str = "@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà";
/// What takes two septets.
const EXTENDED: &str = "^{}\\[~]|€";
/// Of ASCII's printable characters the alphabet has no accent grave.
const ASCII_ABSENT: char = '`';

/// The message; a name that makes it longer than one part is left out.
pub(crate) fn text(words: &Words) -> String {
    let short = format!("Tessera: {}.", words.headline);
    let Some(from) = &words.from else { return short };
    let named = format!("Tessera: {} from {from}.", words.headline);
    if is_one_part(&named) { named } else { short }
}

/// Whether a text is sent, and paid for, as one.
fn is_one_part(text: &str) -> bool {
    match text.chars().map(septets).sum::<Option<usize>>() {
        Some(septets) => septets <= SEPTETS_MAX,
        None => text.encode_utf16().count() <= UNITS_MAX,
    }
}

/// What a character takes in the alphabet of GSM 03.38; `None` where it is not in it.
fn septets(c: char) -> Option<usize> {
    if EXTENDED.contains(c) {
        return Some(2);
    }
    let plain = c == ' ' || c.is_ascii_graphic() && c != ASCII_ABSENT;
    (plain || BEYOND_ASCII.contains(c)).then_some(1)
}

#[cfg(test)]
mod tests {
    use domain::money::{Currency, EXACT_MAX, Money};

    use super::*;

    fn words(minor: i64, from: Option<&str>) -> Words {
        let net = Money { minor, currency: Currency::Ngn };
        let headline = format!("You received a tip of {net}");
        Words { headline, from: from.map(str::to_owned), meaning: "" }
    }

    #[test]
    fn a_message_names_the_amount_and_the_patron_in_one_part() {
        let check = |from: Option<&str>, expected: &str| {
            assert_eq!(text(&words(98_000, from)), expected, "{from:?}");
        };
        check(None, "Tessera: You received a tip of 980.00 NGN.");
        check(Some("Ada"), "Tessera: You received a tip of 980.00 NGN from Ada.");
        check(Some("Zoë"), "Tessera: You received a tip of 980.00 NGN from Zoë.");
        check(Some("Adébáyọ̀"), "Tessera: You received a tip of 980.00 NGN from Adébáyọ̀.");
        let long = "Ọládélé Ọlátúnjí àti àwọn ọ̀rẹ́ rẹ̀ méje";
        check(Some(long), "Tessera: You received a tip of 980.00 NGN.");
        let plain = "a".repeat(40);
        check(Some(&plain), &format!("Tessera: You received a tip of 980.00 NGN from {plain}."));
    }

    #[test]
    fn no_amount_and_no_name_make_two_parts_of_it() {
        for minor in [1, 98_000, EXACT_MAX, -EXACT_MAX] {
            for from in ["a", "€", "{", "ọ", "😀", "`"] {
                for length in [0, 1, 10, 20, 40] {
                    let text = text(&words(minor, Some(&from.repeat(length))));
                    assert!(is_one_part(&text), "{text}");
                }
            }
        }
    }

    #[test]
    fn the_alphabet_is_that_of_gsm() {
        let check = |text: &str, expected: Option<usize>| {
            assert_eq!(text.chars().map(septets).sum::<Option<usize>>(), expected, "{text}");
        };
        check("Hello, 7 @£$ é Ü", Some(16));
        check("€", Some(2));
        check("[a]", Some(5));
        for absent in ["`", "ç", "ọ", "á", "\u{7f}", "\t", "“"] {
            check(absent, None);
        }
    }
}
