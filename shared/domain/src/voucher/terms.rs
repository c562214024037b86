//! What an owner says of a voucher, and the rules of redeeming it.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::business::printable;
use crate::failure::{FieldError, InvalidFields};
use crate::money::{Currency, EXACT_MAX};
use crate::render::Colors;

/// The longest title, in characters.
const TITLE_MAX_CHARS: usize = 80;
/// The longest description, in characters.
const DESCRIPTION_MAX_CHARS: usize = 500;
/// The longest terms, in characters.
const TERMS_MAX_CHARS: usize = 2_000;
/// The longest name of an item, in characters.
const ITEM_MAX_CHARS: usize = 80;
/// A whole, in hundredths of a percent.
const WHOLE_BASIS_POINTS: u32 = 10_000;
/// The longest life of a voucher, in days: ten years.
const LIFE_MAX_DAYS: i64 = 3_660;
/// Within how many seconds a redemption can be taken back unless the owner says otherwise: a quarter of an hour.
const ROLLBACK_S: u32 = 900;
/// And at most: a week.
const ROLLBACK_MAX_S: u32 = 7 * 24 * 3_600;
/// Redemptions a second that one counter takes: a partition takes 1,000 write units, and a transaction uses several.
const SHARD_PER_SECOND: u32 = 200;
/// Most counters of one voucher.
const SHARDS_MAX: u32 = 16;
/// The most redemptions that a limit can name.
const LIMIT_MAX: u32 = 1_000_000_000;

/// What the holder gets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Benefit {
    /// A part of the price.
    Percentage {
        /// In hundredths of a percent, 1 to 10,000: 1,500 are 15 %.
        basis_points: u32,
    },
    /// A fixed amount off the price.
    Amount {
        /// Minor units of the currency.
        minor: i64,
        /// Which currency.
        currency: Currency,
    },
    /// An amount that is spent bit by bit.
    GiftBalance {
        /// Minor units that each code, or each claim, begins with.
        minor: i64,
        /// Which currency.
        currency: Currency,
    },
    /// Something for nothing.
    FreeItem {
        /// What: 1 to 80 characters.
        item: String,
    },
}

/// How often a voucher is redeemed; nothing is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// In all.
    #[serde(default)]
    pub total: Option<u32>,
    /// By one customer.
    #[serde(default)]
    pub per_customer: Option<u32>,
    /// In one day of the tenant's time zone.
    #[serde(default)]
    pub per_day: Option<u32>,
    /// How many redemptions a second are expected at the most; above 200 the limit is spread over several counters.
    #[serde(default)]
    pub peak_per_second: Option<u32>,
}

impl Limits {
    /// Over how many counters the limit is spread.
    pub fn shards(&self) -> u8 {
        let peak = self.peak_per_second.unwrap_or(1).div_ceil(SHARD_PER_SECOND);
        u8::try_from(peak.clamp(1, SHARDS_MAX)).unwrap_or(1)
    }
}

/// What is printed and shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VoucherText {
    /// What it is called: 1 to 80 characters.
    pub title: String,
    /// What it is for: at most 500 characters.
    pub description: String,
    /// Under which conditions: at most 2,000 characters.
    pub terms: String,
}

/// How its codes look (V28).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Design {
    /// The colours of the modules and behind them; black on white when absent.
    #[serde(default)]
    pub colors: Option<Colors>,
    /// Whether the tenant's logo stands in the middle.
    #[serde(default)]
    pub logo: bool,
}

/// What an owner says of a voucher, once it is checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoucherTerms {
    /// Its texts.
    pub text: VoucherText,
    /// What the holder gets.
    pub benefit: Benefit,
    /// From when on it is redeemed.
    pub valid_from: Timestamp,
    /// From when on it is not redeemed any more.
    pub expires_at: Timestamp,
    /// How often.
    pub limits: Limits,
    /// Whether a customer has to claim it first (V45).
    pub claim_required: bool,
    /// Within how many seconds a redemption can be taken back.
    pub rollback_s: u32,
    /// How its codes look.
    pub design: Design,
}

/// The same as it arrives.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VoucherWishes {
    /// What it is called: 1 to 80 characters.
    pub title: String,
    /// What it is for: at most 500 characters.
    #[serde(default)]
    pub description: String,
    /// Under which conditions: at most 2,000 characters.
    #[serde(default)]
    pub terms: String,
    /// What the holder gets.
    pub benefit: Benefit,
    /// From when on it is redeemed (RFC 3339); at once when absent.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub valid_from: Option<Timestamp>,
    /// From when on it is not redeemed any more (RFC 3339); at most 3,660 days from now.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
    /// How often.
    #[serde(default)]
    pub limits: Limits,
    /// Whether a customer has to claim it first.
    #[serde(default)]
    pub claim_required: bool,
    /// Within how many seconds a redemption can be taken back: 900 when absent, at most a week.
    #[serde(default)]
    pub rollback_s: Option<u32>,
    /// How its codes look.
    #[serde(default)]
    pub design: Design,
}

impl VoucherWishes {
    /// The terms.
    ///
    /// # Errors
    /// [`InvalidFields`] names every field that breaks its rule.
    pub fn check(self, now: Timestamp) -> Result<VoucherTerms, InvalidFields> {
        let mut errors = Vec::new();
        let text = VoucherText {
            title: printable("title", &self.title, TITLE_MAX_CHARS, &mut errors),
            description: lines(
                "description",
                &self.description,
                DESCRIPTION_MAX_CHARS,
                &mut errors,
            ),
            terms: lines("terms", &self.terms, TERMS_MAX_CHARS, &mut errors),
        };
        let benefit = self.benefit.check(&mut errors);
        let valid_from = self.valid_from.unwrap_or(now);
        check_life((valid_from, self.expires_at), now, &mut errors);
        self.limits.check(&mut errors);
        let rollback_s = self.rollback_s.unwrap_or(ROLLBACK_S);
        if rollback_s > ROLLBACK_MAX_S {
            let detail = format!("rollback_s is at most {ROLLBACK_MAX_S}, a week");
            errors.push(FieldError::new("rollback_s", "too_long", detail));
        }
        check_colors(self.design.colors, &mut errors);
        if !errors.is_empty() {
            return Err(InvalidFields(errors));
        }
        let Self { limits, expires_at, claim_required, design, .. } = self;
        Ok(VoucherTerms {
            text,
            benefit,
            valid_from,
            expires_at,
            limits,
            claim_required,
            rollback_s,
            design,
        })
    }
}

impl Benefit {
    /// The word for it.
    pub fn kind(&self) -> &'static str {
        match self {
            Benefit::Percentage { .. } => "percentage",
            Benefit::Amount { .. } => "amount",
            Benefit::GiftBalance { .. } => "gift_balance",
            Benefit::FreeItem { .. } => "free_item",
        }
    }

    fn check(self, errors: &mut Vec<FieldError>) -> Self {
        match &self {
            Benefit::Percentage { basis_points } => {
                if !(1..=WHOLE_BASIS_POINTS).contains(basis_points) {
                    let detail = "basis_points is 1 to 10000, hundredths of a percent";
                    errors.push(FieldError::new("benefit.basis_points", "out_of_range", detail));
                }
            }
            Benefit::Amount { minor, .. } | Benefit::GiftBalance { minor, .. } => {
                if !(1..=EXACT_MAX).contains(minor) {
                    let detail =
                        format!("minor is 1 to {EXACT_MAX}, a whole number of minor units");
                    errors.push(FieldError::new("benefit.minor", "out_of_range", detail));
                }
            }
            Benefit::FreeItem { item } => {
                let item = printable("benefit.item", item, ITEM_MAX_CHARS, errors);
                return Benefit::FreeItem { item };
            }
        }
        self
    }
}

impl Limits {
    fn check(&self, errors: &mut Vec<FieldError>) {
        let all = [
            ("limits.total", self.total),
            ("limits.per_customer", self.per_customer),
            ("limits.per_day", self.per_day),
            ("limits.peak_per_second", self.peak_per_second),
        ];
        for (field, limit) in all {
            if limit.is_some_and(|limit| !(1..=LIMIT_MAX).contains(&limit)) {
                let detail = format!("{field} is 1 to {LIMIT_MAX}, or absent for no limit");
                errors.push(FieldError::new(field, "out_of_range", detail));
            }
        }
    }
}

fn check_life((from, to): (Timestamp, Timestamp), now: Timestamp, errors: &mut Vec<FieldError>) {
    let most = SignedDuration::from_hours(24 * LIFE_MAX_DAYS);
    let latest = now.saturating_add(most).unwrap_or(Timestamp::MAX);
    if to <= now || to <= from || to > latest {
        let detail = format!(
            "expires_at is after valid_from, in the future, and at most {LIFE_MAX_DAYS} days from now"
        );
        errors.push(FieldError::new("expires_at", "out_of_range", detail));
    }
}

fn check_colors(colors: Option<Colors>, errors: &mut Vec<FieldError>) {
    if colors.is_some_and(|colors| !colors.readable()) {
        let detail = "the colours of the modules and behind them are too alike to be read";
        errors.push(FieldError::new("design.colors", "low_contrast", detail));
    }
}

/// A text of several lines.
fn lines(field: &str, text: &str, most: usize, errors: &mut Vec<FieldError>) -> String {
    let text = text.trim().replace("\r\n", "\n");
    let hidden = |c: char| c != '\n' && (c.is_control() || crate::contact::is_hidden(c));
    if text.chars().count() > most || text.chars().any(hidden) {
        let detail = format!(
            "{field} has at most {most} printable characters; a line break in it is \\n or \\r\\n"
        );
        errors.push(FieldError::new(field, "invalid_text", detail));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn wishes() -> VoucherWishes {
        VoucherWishes {
            title: "Free coffee".to_owned(),
            description: String::new(),
            terms: "One a day.\r\nNot with other offers.".to_owned(),
            benefit: Benefit::FreeItem { item: "A coffee".to_owned() },
            valid_from: None,
            expires_at: at(1_000),
            limits: Limits::default(),
            claim_required: false,
            rollback_s: None,
            design: Design::default(),
        }
    }

    fn wrong(wishes: VoucherWishes) -> Vec<String> {
        match wishes.check(at(0)) {
            Ok(_) => Vec::new(),
            Err(InvalidFields(errors)) => errors.into_iter().map(|error| error.field).collect(),
        }
    }

    #[test]
    fn every_wrong_field_is_named_at_once() {
        assert_eq!(wrong(wishes()), [""; 0]);
        let limits = Limits { total: Some(0), per_day: Some(LIMIT_MAX + 1), ..Limits::default() };
        let benefit = Benefit::Percentage { basis_points: 10_001 };
        let title = "\n".to_owned();
        let bad = VoucherWishes { title, limits, benefit, expires_at: at(0), ..wishes() };
        let expected =
            ["title", "benefit.basis_points", "expires_at", "limits.total", "limits.per_day"];
        assert_eq!(wrong(bad), expected);
        for benefit in [
            Benefit::Amount { minor: 0, currency: Currency::Ngn },
            Benefit::GiftBalance { minor: -1, currency: Currency::Ngn },
        ] {
            assert_eq!(wrong(VoucherWishes { benefit, ..wishes() }), ["benefit.minor"]);
        }
        let early = VoucherWishes { valid_from: Some(at(1_000)), ..wishes() };
        assert_eq!(wrong(early), ["expires_at"], "it would never be valid");
    }

    #[test]
    fn a_busy_voucher_has_more_counters() {
        let shards = |peak| Limits { peak_per_second: peak, ..Limits::default() }.shards();
        let cases =
            [(None, 1), (Some(200), 1), (Some(201), 2), (Some(1_000), 5), (Some(9_999), 16)];
        for (peak, expected) in cases {
            assert_eq!(shards(peak), expected, "{peak:?}");
        }
    }
}
