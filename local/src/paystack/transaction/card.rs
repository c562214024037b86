//! The documented test cards, and what becomes of a charge, and of its refund, that is made with each.

use serde::{Deserialize, Serialize};

use crate::paystack::refund::RefundStatus;

/// A card that a charge was tried with. The whole number is not kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::paystack) struct Card {
    pub(super) bin: String,
    pub(super) last4: String,
    pub(super) brand: String,
    pub(super) pays: bool,
    pub(super) asks_password: bool,
    /// What the bank says.
    pub(super) answer: String,
    /// What becomes of a refund.
    pub(in crate::paystack) refund: RefundStatus,
}

/// A test card: number, whether it pays, whether it asks for a one-time password, what the bank says.
type Line = (&'static str, bool, bool, &'static str, RefundStatus);

const GOOD: &str = "4084084084084081";
const CARDS: [Line; 10] = [
    (GOOD, true, false, "Successful", RefundStatus::Processed),
    ("507850785078507812", true, false, "Successful", RefundStatus::Processed),
    ("5060666666666666666", true, true, "Wrong one-time password", RefundStatus::Processed),
    ("507850785078507804", true, true, "Wrong one-time password", RefundStatus::Processed),
    ("5192602720584796", true, true, "Bank authentication failed", RefundStatus::Processed),
    ("4084080000005408", false, false, "Declined", RefundStatus::Processed),
    (
        "507850785078507853",
        false,
        false,
        "Token Not Generated. Customer Not Registered on Token Platform",
        RefundStatus::Processed,
    ),
    ("4084080000670037", false, false, "Insufficient Funds", RefundStatus::Processed),
    ("4084080000671803", true, false, "Successful", RefundStatus::Failed),
    ("4084080000671902", true, false, "Successful", RefundStatus::NeedsAttention),
];

impl Card {
    /// The test card of this number; spaces do not matter.
    pub(super) fn numbered(number: &str) -> Option<Self> {
        let number: String = number.chars().filter(char::is_ascii_digit).collect();
        CARDS.iter().find(|card| card.0 == number).map(Self::of)
    }

    /// The card that always pays.
    pub(super) fn good() -> Self {
        Self::of(&CARDS[0])
    }

    pub(super) fn declined() -> Self {
        Self::of(&CARDS[5])
    }

    pub(super) fn insufficient() -> Self {
        Self::of(&CARDS[7])
    }

    /// A card that nobody has issued.
    pub(super) fn unknown() -> Self {
        Self::of(&(
            "0000000000000000",
            false,
            false,
            "Invalid card number",
            RefundStatus::Processed,
        ))
    }

    /// Its first six digits.
    pub(in crate::paystack) fn bin(&self) -> &str {
        &self.bin
    }

    /// Its last four digits.
    pub(in crate::paystack) fn last4(&self) -> &str {
        &self.last4
    }

    fn of((number, pays, asks_password, answer, refund): &Line) -> Self {
        let brand = match number.as_bytes() {
            [b'4', ..] => "visa",
            [b'5', b'1', ..] => "mastercard",
            _ => "verve",
        };
        let part = |part: Option<&str>| part.unwrap_or_default().to_owned();
        Self {
            bin: part(number.get(..6)),
            last4: part(number.get(number.len().saturating_sub(4)..)),
            brand: brand.to_owned(),
            pays: *pays,
            asks_password: *asks_password,
            answer: (*answer).to_owned(),
            refund: *refund,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_test_cards_do_what_the_documentation_says() {
        let check = |number: &str, pays: bool, refund: RefundStatus, last4: &str| {
            let card = Card::numbered(number).unwrap();
            let is = (card.pays, card.refund, card.last4.as_str());
            assert_eq!(is, (pays, refund, last4), "{number}");
        };
        check("4084 0840 8408 4081", true, RefundStatus::Processed, "4081");
        check("4084080000005408", false, RefundStatus::Processed, "5408");
        check("4084080000670037", false, RefundStatus::Processed, "0037");
        check("4084080000671803", true, RefundStatus::Failed, "1803");
        check("4084080000671902", true, RefundStatus::NeedsAttention, "1902");
        assert!(Card::numbered("1234").is_none());
    }
}
