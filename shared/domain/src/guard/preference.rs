//! How a guard hears of a tip (T26): a choice per channel, and what holds where none was made.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::GuardProfile;
use crate::device::words;

words! {
    /// A way to reach a guard.
    pub enum Channel {
        /// A text message.
        Sms = "sms",
        /// Mail.
        Email = "email",
        /// Web Push (X41).
        Push = "push",
    }
}

/// A guard's choice for one channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotificationPreference {
    /// The channel.
    pub channel: Channel,
    /// Whether the guard wants it.
    pub opted_in: bool,
    /// When that was said.
    pub updated_at: Timestamp,
}

/// The channels on which a guard is told. Where no choice was made, by SMS and mail as far as there is an address;
/// push only after a choice, because it takes a subscription of the guard's browser.
pub fn channels(profile: &GuardProfile, chosen: &[NotificationPreference]) -> Vec<Channel> {
    let wanted = |channel: Channel| {
        let last = chosen
            .iter()
            .filter(|choice| choice.channel == channel)
            .max_by_key(|choice| choice.updated_at);
        last.map_or(channel != Channel::Push, |choice| choice.opted_in)
    };
    let reachable = |channel: Channel| match channel {
        Channel::Sms => profile.phone.is_some(),
        Channel::Email => profile.email.is_some(),
        Channel::Push => true,
    };
    Channel::ALL.iter().copied().filter(|c| wanted(*c) && reachable(*c)).collect()
}
