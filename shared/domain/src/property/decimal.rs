//! Decimal text to whole numbers, without floats: `150000`, `1.5e5`, `6.524379`.
//! Deliberately absent: thousands separators, other digits than ASCII's, hexadecimal.

/// Longest decimal text that is looked at, in bytes (Decimal128 has 34 digits).
const DECIMAL_MAX_BYTES: usize = 64;
/// Digits that always fit an `i64`.
const DIGITS_MAX: i64 = 18;

/// Why a text is not the number that was wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotScaled {
    /// It is no decimal number.
    NotANumber,
    /// It has more than 18 digits before the cut.
    TooLarge,
}

/// A decimal number times `10^scale`, cut towards zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scaled {
    /// The whole part.
    pub(super) value: i64,
    /// Whether nothing was cut off.
    pub(super) is_exact: bool,
}

/// Reads `text` and shifts its point by `scale` places to the right.
pub(super) fn scaled(text: &str, scale: u8) -> Result<Scaled, NotScaled> {
    if text.len() > DECIMAL_MAX_BYTES {
        return Err(NotScaled::NotANumber);
    }
    let (is_negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let exponent: i16 = exponent.parse().map_err(|_| NotScaled::NotANumber)?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(NotScaled::NotANumber);
    }
    let significant = digits.trim_start_matches('0');
    let leading = i64::try_from(digits.len() - significant.len()).unwrap_or(0);
    let whole_digits = i64::try_from(whole.len()).unwrap_or(0);
    // Where the point stands in `significant`, counted from its left end.
    let point = whole_digits - leading + i64::from(exponent) + i64::from(scale);
    if significant.is_empty() {
        return Ok(Scaled { value: 0, is_exact: true });
    }
    if point > DIGITS_MAX {
        return Err(NotScaled::TooLarge);
    }
    let kept = usize::try_from(point).unwrap_or(0);
    let value = (0..kept).fold(0_i64, |value, at| {
        let digit = significant.as_bytes().get(at).map_or(0, |byte| byte - b'0');
        value * 10 + i64::from(digit)
    });
    let is_exact = significant.bytes().skip(kept).all(|byte| byte == b'0');
    Ok(Scaled { value: if is_negative { -value } else { value }, is_exact })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_text_becomes_a_whole_number_and_says_what_it_lost() {
        let check = |text: &str, scale: u8, expected: Result<(i64, bool), NotScaled>| {
            let found = scaled(text, scale).map(|number| (number.value, number.is_exact));
            assert_eq!(found, expected, "{text:?} by {scale}");
        };
        check("150000", 0, Ok((150_000, true)));
        check("+150000.00", 0, Ok((150_000, true)));
        check("150000.5", 0, Ok((150_000, false)));
        check("1.5e5", 0, Ok((150_000, true)));
        check("1.5E+5", 0, Ok((150_000, true)));
        check("15e-1", 0, Ok((1, false)));
        check("0.0001e4", 0, Ok((1, true)));
        check("-0", 0, Ok((0, true)));
        check("0e999", 0, Ok((0, true)));
        check("-3.3792057", 6, Ok((-3_379_205, false)));
        check("6.5", 6, Ok((6_500_000, true)));
        check(".5", 6, Ok((500_000, true)));
        check("5.", 0, Ok((5, true)));
        check("0.00000009", 6, Ok((0, false)));
        check("999999999999999999", 0, Ok((999_999_999_999_999_999, true)));
        check("1000000000000000000", 0, Err(NotScaled::TooLarge));
        check("1e400", 0, Err(NotScaled::TooLarge));
        for junk in [
            "", "-", ".", "e5", "1e", "1e99999", "NaN", "Infinity", "0x10", "1,5", "1 5", "--1",
            "1.2.3", "٣",
        ] {
            check(junk, 0, Err(NotScaled::NotANumber));
        }
        check(&"1".repeat(65), 0, Err(NotScaled::NotANumber));
    }
}
