//! The fields of a tip's form as a patron fills them in, and what they mean. What was typed is kept as it was typed, so
//! that nothing is lost when something is wrong.

use std::fmt;

use domain::failure::{FieldError, InvalidFields};
use domain::money::Money;
use domain::tip::{AmountRefused, Patron, TipSettings, local_amount, parse_amount};
use url::form_urlencoded;

/// The value of the choice that is no preset: what is typed beside it counts.
pub const OTHER_AMOUNT: &str = "other";

/// What was typed and chosen.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct TipFields {
    /// A preset in minor units, or [`OTHER_AMOUNT`].
    pub amount: String,
    /// An amount in the local format.
    pub custom: String,
    /// How the patron wants to be called.
    pub patron_alias: String,
    /// A word for the guard.
    pub message: String,
    /// Where the receipt goes.
    pub email: String,
}

impl fmt::Debug for TipFields {
    /// What people write is not for logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TipFields({})", self.amount)
    }
}

impl TipFields {
    /// Reads the fields of a query or a form's body; of one that is there twice the last counts.
    pub fn parse(encoded: &[u8]) -> Self {
        let mut fields = Self::default();
        for (name, value) in form_urlencoded::parse(encoded) {
            let field = match &*name {
                "amount" => &mut fields.amount,
                "custom" => &mut fields.custom,
                "patron_alias" => &mut fields.patron_alias,
                "message" => &mut fields.message,
                "email" => &mut fields.email,
                _ => continue,
            };
            *field = value.into_owned();
        }
        fields
    }

    /// What the fields mean.
    ///
    /// # Errors
    /// [`InvalidFields`] names each of `amount`, `custom`, `patron_alias`, `message` and `email` that is wrong.
    pub fn read(&self, settings: &TipSettings) -> Result<(Money, Patron), InvalidFields> {
        let patron = Patron::parse(&self.patron_alias, &self.message, &self.email);
        both(self.amount(settings), patron)
    }

    /// Nothing is guessed: who has chosen one amount and typed another is asked which.
    fn amount(&self, settings: &TipSettings) -> Result<Money, FieldError> {
        let typed = Some(self.custom.trim()).filter(|text| !text.is_empty());
        let chosen = Some(self.amount.as_str()).filter(|v| !v.is_empty() && *v != OTHER_AMOUNT);
        let chosen = chosen.map(|minor| preset(minor, settings)).transpose();
        let field = if typed.is_some() { "custom" } else { "amount" };
        let taken = match (chosen, typed) {
            (Err(refused), _) => Err(refused),
            (Ok(None), None) => {
                let detail = "choose an amount, or type one";
                return Err(FieldError::new("amount", "amount_missing", detail));
            }
            (Ok(Some(chosen)), None) => Ok(chosen),
            (Ok(chosen), Some(text)) => {
                let typed = parse_amount(text, settings.currency);
                if let (Some(chosen), Ok(typed)) = (chosen, &typed)
                    && chosen != *typed
                {
                    let (one, other) = (local_amount(chosen), local_amount(*typed));
                    let detail = format!("you have chosen {one} and typed {other}; which one?");
                    return Err(FieldError::new("amount", "amount_ambiguous", detail));
                }
                typed
            }
        };
        let admitted = taken.and_then(|amount| settings.admit(amount));
        admitted.map_err(|refused| amount_error(field, &refused))
    }
}

fn preset(minor: &str, settings: &TipSettings) -> Result<Money, AmountRefused> {
    let minor = minor.parse().map_err(|_| AmountRefused::NotAnAmount)?;
    Money::new(minor, settings.currency).map_err(|_| AmountRefused::TooLarge)
}

/// An amount and what its patron says, or all that is wrong with either.
///
/// # Errors
/// [`InvalidFields`].
pub fn both(
    amount: Result<Money, FieldError>,
    patron: Result<Patron, InvalidFields>,
) -> Result<(Money, Patron), InvalidFields> {
    match (amount, patron) {
        (Ok(amount), Ok(patron)) => Ok((amount, patron)),
        (amount, patron) => {
            let patron = patron.err().into_iter().flat_map(|invalid| invalid.0);
            Err(InvalidFields(amount.err().into_iter().chain(patron).collect()))
        }
    }
}

/// Why an amount is not taken, for the field that it is in, with amounts as they are written locally.
pub fn amount_error(field: &str, refused: &AmountRefused) -> FieldError {
    use domain::failure::Failure;
    let detail = match refused {
        AmountRefused::BelowMin { min } => format!("the smallest tip is {}", local_amount(*min)),
        AmountRefused::AboveMax { max } => format!("the largest tip is {}", local_amount(*max)),
        refused => refused.to_string(),
    };
    FieldError::new(field, refused.code(), detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_chosen_and_typed_means_one_amount_or_is_asked_about() {
        let check = |amount: &str, custom: &str, expected: Result<i64, &str>| {
            let (amount, custom) = (amount.to_owned(), custom.to_owned());
            let fields = TipFields { amount, custom, ..TipFields::default() };
            let read = fields.read(&TipSettings::default());
            let read = read.map(|(amount, _)| amount.minor);
            let read =
                read.map_err(|invalid| format!("{}:{}", invalid.0[0].field, invalid.0[0].code));
            assert_eq!(read, expected.map_err(str::to_owned), "{fields:?} {}", fields.custom);
        };
        check("20000", "", Ok(20_000));
        check("other", "1,500.50", Ok(150_050));
        check("", "₦700", Ok(70_000));
        check("20000", "200", Ok(20_000));
        check("20000", "700", Err("amount:amount_ambiguous"));
        check("20000", "seven", Err("custom:amount_not_readable"));
        check("", "", Err("amount:amount_missing"));
        check("other", " ", Err("amount:amount_missing"));
        check("1.5", "", Err("amount:amount_not_readable"));
        check("-20000", "", Err("amount:tip_below_minimum"));
        check("99999999999999999999", "", Err("amount:amount_not_readable"));
        check("9223372036854775807", "", Err("amount:tip_amount_too_large"));
        check("other", "99.99", Err("custom:tip_below_minimum"));
        check("other", "100000.01", Err("custom:tip_above_maximum"));
    }

    #[test]
    fn every_wrong_field_is_named_at_once_and_what_was_typed_stays() {
        let query = b"amount=other&custom=1%2C5&patron_alias=A%0Ab&message=hi&email=nobody&x=1";
        let fields = TipFields::parse(query);
        assert_eq!((fields.custom.as_str(), fields.message.as_str()), ("1,5", "hi"));
        let errors = fields.read(&TipSettings::default()).unwrap_err();
        let names: Vec<_> = errors.0.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(names, ["custom", "email"]);
        assert!(!format!("{fields:?}").contains("nobody"));
    }
}
