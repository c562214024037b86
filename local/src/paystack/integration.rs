//! A merchant's account at Paystack: whose key it is, where its events go, and how kind the sandbox is to it.

use std::fmt;

use domain::money::Currency;
use serde::{Deserialize, Serialize};

use super::shelf::Record;

/// A merchant, as its owner sets it up.
#[derive(Clone, PartialEq, Eq)]
pub struct Merchant {
    /// `sk_test_…`; with `sk_live_…` it begins in live mode.
    pub secret_key: String,
    /// Where its events go; empty when it has none.
    pub webhook_url: String,
    /// Who is asked about each transfer.
    pub approval_url: Option<String>,
    /// What it may charge in; the first one is the default.
    pub currencies: Vec<Currency>,
    /// What the checkout page says.
    pub business_name: String,
}

impl fmt::Debug for Merchant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Merchant").field("business_name", &self.business_name).finish()
    }
}

/// When a transfer ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pace {
    /// In the answer itself, as in test mode.
    AtOnce,
    /// After half a minute of the clock, as in live mode.
    Later,
    /// When a test says so.
    ByHand,
}

/// How the sandbox behaves towards a merchant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Live mode: `domain`, the retries of events, the pace of transfers.
    pub live: bool,
    /// Each single transfer waits for a one-time password, and bulk is refused.
    pub otp: bool,
    /// When transfers end; by mode when nothing is said.
    pub transfers: Option<Pace>,
    /// Refunds move on when a test says so, not by the clock.
    pub refunds_by_hand: bool,
    /// The patron bears the fee: more is collected than was asked for.
    pub fees_on_customer: bool,
    /// Any processed refund makes the charge `reversed`, not only a full one.
    pub partial_refund_reverses: bool,
    /// Whether the documented request limits count.
    pub rate_limits: bool,
}

/// A merchant, as it is kept.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Integration {
    pub(super) id: u64,
    pub(super) secret_key: String,
    pub(super) webhook_url: String,
    pub(super) approval_url: Option<String>,
    pub(super) currencies: Vec<Currency>,
    pub(super) business_name: String,
    pub(super) settings: Settings,
}

impl fmt::Debug for Integration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Integration").field("id", &self.id).finish()
    }
}

impl Record for Integration {
    const KIND: &'static str = "integration";
    const FIRST: u64 = 463_433;

    fn id(&self) -> u64 {
        self.id
    }
}

impl Integration {
    pub(super) fn new(id: u64, merchant: Merchant) -> Self {
        let live = merchant.secret_key.starts_with("sk_live_");
        let settings = Settings { live, ..Settings::default() };
        let Merchant { secret_key, webhook_url, approval_url, currencies, business_name } =
            merchant;
        Self { id, secret_key, webhook_url, approval_url, currencies, business_name, settings }
    }

    /// Takes over what may change; the settings stay.
    pub(super) fn update(&mut self, merchant: Merchant) {
        *self = Self { settings: self.settings.clone(), ..Self::new(self.id, merchant) };
    }

    /// `test` or `live`.
    pub(super) fn domain(&self) -> &'static str {
        if self.settings.live { "live" } else { "test" }
    }

    pub(super) fn pace(&self) -> Pace {
        let usual = if self.settings.live { Pace::Later } else { Pace::AtOnce };
        self.settings.transfers.unwrap_or(usual)
    }

    /// The currency that is meant where none is named.
    pub(super) fn currency(&self) -> Currency {
        self.currencies.first().copied().unwrap_or(Currency::Ngn)
    }
}
