//! Redeeming a voucher at a business (V10 to V14): what was read, whether it may be redeemed, and the record of it.
//!
//! Deliberately absent: the voucher's limit, which only the write can decide, and signatures
//! ([`crate::voucher_token`]).

mod plan;
mod refused;
mod rollback;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use plan::{Decided, Found, Wanted, closed};
pub use refused::{RedeemRefused, RollbackRefused};
pub use rollback::{Stood, TakenBack};

use crate::customer::CustomerId;
use crate::device::words;
use crate::id::{BatchId, BusinessId, DeviceId, KeyId, LeaseId, RedemptionId, TenantId, VoucherId};
use crate::money::Money;

/// Wrong short codes that a business may type in a quarter of an hour (X26).
pub const WRONG_TRIES_MAX: u32 = 5;
/// That quarter of an hour, in seconds.
pub const WRONG_TRIES_S: i64 = 900;

words! {
    /// In which form a code was read (V2 to V7).
    pub enum CodeForm {
        /// The voucher's own token, which many people have.
        Standard = "standard",
        /// A customer's own token of five minutes.
        User = "user",
        /// A printed, unique code.
        Print = "print",
        /// Eight symbols: the voucher's own, or those of a printed code.
        Short = "short",
        /// A fixed code of voucher books.
        Static = "static",
    }
}

/// What was read at the till.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodeRead {
    /// A code that everybody has: each reading takes one of the limit.
    Shared(CodeForm),
    /// A customer's own code: it redeems that customer's claim, once.
    User {
        /// Whose.
        customer: CustomerId,
        /// When it was issued, in whole seconds; each one is redeemed once.
        issued_at: Timestamp,
        /// The claim's place in the status list.
        index: u32,
    },
    /// A unique code of a printing, by its token or its short code.
    Print {
        /// Of which printing.
        batch: BatchId,
        /// Its place in the status list, the same in both forms.
        index: u32,
        /// How it was read.
        form: CodeForm,
    },
}

impl CodeRead {
    /// How it was read.
    pub fn form(&self) -> CodeForm {
        match self {
            CodeRead::Shared(form) | CodeRead::Print { form, .. } => *form,
            CodeRead::User { .. } => CodeForm::User,
        }
    }

    /// The place in the status list, where the code has one of its own.
    pub fn index(&self) -> Option<u32> {
        match self {
            CodeRead::Shared(_) => None,
            CodeRead::User { index, .. } | CodeRead::Print { index, .. } => Some(*index),
        }
    }

    /// The id of the one redemption that the code can have; nothing for a shared one.
    pub fn redemption(&self, voucher: &VoucherId) -> Option<RedemptionId> {
        match self {
            CodeRead::Shared(_) => None,
            CodeRead::User { customer, issued_at, .. } => {
                let issued = issued_at.as_second().to_string();
                Some(derived(&["user", voucher.as_str(), customer.as_str(), &issued]))
            }
            CodeRead::Print { index, .. } => {
                Some(derived(&["print", voucher.as_str(), &index.to_string()]))
            }
        }
    }
}

/// The id of a redemption that a device of this business has made and named itself while it was offline. It does not
/// name the device: one that was enrolled again brings the same redemptions.
pub fn redemption_of_device(tenant: &TenantId, business: &BusinessId, named: &str) -> RedemptionId {
    derived(&["offline", tenant.as_str(), business.as_str(), named])
}

/// The same parts give the same id; no two lists of parts give one text.
fn derived(parts: &[&str]) -> RedemptionId {
    let digest = Sha256::digest(parts.join("\u{1f}").as_bytes());
    let mut first = [0_u8; 16];
    first.copy_from_slice(&digest[..16]);
    RedemptionId::derived(first)
}

words! {
    /// Whether a redemption stands.
    pub enum RedemptionStatus {
        /// It does.
        Redeemed = "redeemed",
        /// It was taken back.
        RolledBack = "rolled_back",
    }
}

/// Who has redeemed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RedeemedBy {
    /// Somebody with a key of the business or the tenant.
    Key(KeyId),
    /// An enrolled device.
    Device(DeviceId),
}

/// What a device did while it was offline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offline {
    /// What the device calls the redemption.
    pub named: String,
    /// Out of which lease; nothing where it had none.
    pub lease: Option<LeaseId>,
    /// When it was brought.
    pub synced_at: Timestamp,
}

/// A redemption. It is its own record of the attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redemption {
    /// Its id.
    pub id: RedemptionId,
    /// Whose voucher.
    pub tenant: TenantId,
    /// Which voucher.
    pub voucher: VoucherId,
    /// At which business.
    pub business: BusinessId,
    /// Of which printing.
    pub batch: Option<BatchId>,
    /// Its variant, where variants are compared.
    pub variant: Option<char>,
    /// The place of a printed code in the status list, which names the rest of its gift.
    #[serde(default)]
    pub place: Option<u32>,
    /// How the code was read.
    pub form: CodeForm,
    /// Whose, where that is known.
    pub customer: Option<CustomerId>,
    /// By whom.
    pub by: RedeemedBy,
    /// How much of a gift.
    pub amount: Option<Money>,
    /// When.
    pub at: Timestamp,
    /// When its claim was made, for how long people wait.
    pub claimed_at: Option<Timestamp>,
    /// Whether it took one of the voucher's limit: the further parts of a gift do not.
    pub counted: bool,
    /// From which counter of the limit it was taken, and to which it goes back.
    pub shard: u8,
    /// Until when it can be taken back.
    pub rollback_until: Timestamp,
    /// Whether it stands.
    pub status: RedemptionStatus,
    /// When it was taken back.
    pub rolled_back_at: Option<Timestamp>,
    /// What a device did while it was offline.
    pub offline: Option<Offline>,
    /// Counts the redemptions of a code that was taken back and redeemed again, from 1, and each taking back.
    pub version: u64,
}

/// Until when a redemption of this instant can be taken back.
fn rollback_end(at: Timestamp, seconds: u32) -> Timestamp {
    at.saturating_add(SignedDuration::from_secs(i64::from(seconds))).unwrap_or(Timestamp::MAX)
}

/// What is left of a gift whose code nobody has claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    /// Minor units.
    pub left: i64,
    /// Counts the changes.
    pub version: u64,
}

#[cfg(test)]
mod tests;
