//! A guard (T20): who it is, whether tips are taken, where they are paid out, and how news arrive (T26).
//!
//! Deliberately absent: account numbers (their last four digits and Paystack's recipient code are all that is kept),
//! balances (the ledger has them), and the signed token of a code, which is made where the key is (X11).

mod change;
mod hold;
mod names;
mod page;
mod target;
mod token;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use hold::{ACCOUNT_HOLD_HOURS, AccountChange, ConfirmRefused, Unconfirmed};
pub use page::{TipPageRefused, TipPageState};
pub use target::TipTarget;
pub use token::{GuardToken, InvalidToken};

use crate::contact::{Email, Phone, is_hidden};
use crate::device::words;
use crate::failure::{Failure, FieldError, InvalidFields, Kind};
use crate::id::{GuardId, GuardQrId, TenantId};

/// The longest first or last name, in characters.
const NAME_MAX_CHARS: usize = 60;
/// The longest employee id, in bytes.
const EMPLOYEE_ID_MAX_BYTES: usize = 40;
/// The longest name of a post, in characters.
const POST_MAX_CHARS: usize = 60;
/// The longest name of a bank, in characters.
const BANK_NAME_MAX_CHARS: usize = 100;
/// The longest recipient code, in bytes; Paystack's have about 20.
const RECIPIENT_MAX_BYTES: usize = 60;

words! {
    /// Whether a guard works and takes tips.
    pub enum GuardStatus {
        /// Takes tips.
        Active = "active",
        /// Takes none at the moment.
        Suspended = "suspended",
        /// Has left; nothing changes any more.
        Archived = "archived",
    }
}

/// A guard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guard {
    /// Its id.
    pub id: GuardId,
    /// Whose guard it is.
    pub tenant: TenantId,
    /// What a caller may say about it.
    pub profile: GuardProfile,
    /// Where tips are paid out, once that is known.
    pub payout_account: Option<PayoutAccount>,
    /// Until when no payout is reserved, because the account was changed.
    pub payout_hold_until: Option<Timestamp>,
    /// The change of the account that waits for a second person; payouts are held as long as it does.
    pub payout_unconfirmed: Option<Unconfirmed>,
    /// Whether it takes tips.
    pub status: GuardStatus,
    /// The key of the published photo.
    pub photo: Option<String>,
    /// The code that works, once one was issued.
    pub code: Option<ActiveCode>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Counts the changes; a write names the version that it has read.
    pub version: u64,
}

/// The code of a guard that works.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActiveCode {
    /// Its id.
    pub id: GuardQrId,
    /// What its path carries.
    pub token: GuardToken,
}

/// What a caller may say about a guard, once it is checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuardProfile {
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// The tenant's own number for the guard; unique within the tenant.
    pub employee_id: String,
    /// For SMS.
    pub phone: Option<Phone>,
    /// For mail.
    pub email: Option<Email>,
    /// Where it stands: the gate or the building, for reports (T7).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post: Option<String>,
}

/// A profile as it arrives.
#[derive(Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GuardWishes {
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// The tenant's own number for the guard.
    pub employee_id: String,
    /// With the country code.
    #[serde(default)]
    pub phone: Option<String>,
    /// For mail.
    #[serde(default)]
    pub email: Option<String>,
    /// Where it stands, for reports: 1 to 60 characters.
    #[serde(default)]
    pub post: Option<String>,
}

impl GuardProfile {
    /// Checks a profile.
    ///
    /// # Errors
    /// [`InvalidFields`] names each field that breaks a rule.
    pub fn parse(wishes: &GuardWishes) -> Result<Self, InvalidFields> {
        let mut errors = Vec::new();
        let mut name = |field: &str, text: &str| {
            let text = text.trim();
            if text.is_empty() || !is_printable(text, NAME_MAX_CHARS) {
                let detail = format!("{field} has 1 to {NAME_MAX_CHARS} printable characters");
                errors.push(FieldError::new(field, "invalid_name", detail));
            }
            text.to_owned()
        };
        let first_name = name("first_name", &wishes.first_name);
        let last_name = name("last_name", &wishes.last_name);
        let employee_id = wishes.employee_id.trim();
        let fine = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte);
        if !(1..=EMPLOYEE_ID_MAX_BYTES).contains(&employee_id.len())
            || !employee_id.bytes().all(fine)
        {
            let detail = format!(
                "employee_id has 1 to {EMPLOYEE_ID_MAX_BYTES} letters, digits, -, _, . or /"
            );
            errors.push(FieldError::new("employee_id", "invalid_employee_id", detail));
        }
        let given = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
        let phone = given(&wishes.phone).map(|text| Phone::parse(&text)).transpose();
        let phone = phone.unwrap_or_else(|wrong| {
            errors.push(FieldError::new("phone", "invalid_phone", wrong.to_string()));
            None
        });
        let email = given(&wishes.email).map(|text| Email::parse(&text)).transpose();
        let email = email.unwrap_or_else(|wrong| {
            errors.push(FieldError::new("email", "invalid_email", wrong.to_string()));
            None
        });
        let post = given(&wishes.post).map(|text| text.trim().to_owned());
        if post.as_ref().is_some_and(|text| !is_printable(text, POST_MAX_CHARS)) {
            let detail = format!("post has 1 to {POST_MAX_CHARS} printable characters");
            errors.push(FieldError::new("post", "invalid_name", detail));
        }
        if !errors.is_empty() {
            return Err(InvalidFields(errors));
        }
        let employee_id = employee_id.to_owned();
        Ok(Self { first_name, last_name, employee_id, phone, email, post })
    }

    /// The name for staff and on the printed card.
    pub fn full_name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name)
    }

    /// The name on the public page: first name and the last one's initial, so that a code on a wall tells no more
    /// than a badge does.
    pub fn display_name(&self) -> String {
        match self.last_name.chars().next() {
            Some(initial) => format!("{} {}.", self.first_name, initial.to_uppercase()),
            None => self.first_name.clone(),
        }
    }
}

/// Where a guard's tips are paid out (`payout_account_ref` of T20), without the account's number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PayoutAccount {
    /// Paystack's code for the recipient, `RCP_…`.
    pub recipient_code: String,
    /// The last four digits of the account's or wallet's number.
    pub last4: String,
    /// The bank's or the wallet's name.
    pub bank_name: String,
}

impl PayoutAccount {
    /// The account of a recipient that Paystack has made. The number is looked at for its last four digits only.
    ///
    /// # Errors
    /// [`InvalidFields`] for a recipient, a number or a bank that cannot be.
    pub fn new(recipient: &str, number: &str, bank_name: &str) -> Result<Self, InvalidFields> {
        let mut errors = Vec::new();
        let code = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if !recipient.starts_with("RCP_")
            || recipient.len() > RECIPIENT_MAX_BYTES
            || !recipient.bytes().all(code)
        {
            let detail = "Paystack's recipient code begins with RCP_";
            errors.push(FieldError::new("recipient_code", "invalid_recipient", detail));
        }
        let digits = number.bytes().all(|byte| byte.is_ascii_digit());
        let last4 = number.len().checked_sub(4).filter(|_| digits).and_then(|at| number.get(at..));
        if last4.is_none() {
            let detail = "an account number has at least four digits and nothing else";
            errors.push(FieldError::new("account_number", "invalid_account_number", detail));
        }
        let bank_name = bank_name.trim();
        if bank_name.is_empty() || !is_printable(bank_name, BANK_NAME_MAX_CHARS) {
            let detail = format!("bank_name has 1 to {BANK_NAME_MAX_CHARS} printable characters");
            errors.push(FieldError::new("bank_name", "invalid_name", detail));
        }
        match last4 {
            Some(last4) if errors.is_empty() => Ok(Self {
                recipient_code: recipient.to_owned(),
                last4: last4.to_owned(),
                bank_name: bank_name.to_owned(),
            }),
            _ => Err(InvalidFields(errors)),
        }
    }
}

fn is_printable(text: &str, chars_max: usize) -> bool {
    text.chars().count() <= chars_max && !text.chars().any(is_hidden)
}

/// Why a guard or a code does not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GuardRefused {
    /// There is no such guard.
    #[error("there is no such guard")]
    Unknown,
    /// Another guard of the tenant has this employee id.
    #[error("another guard has this employee id")]
    EmployeeIdTaken,
    /// The guard has left.
    #[error("this guard is archived; nothing about it changes any more")]
    Archived,
    /// It is what it was to become.
    #[error("this guard is {status} already")]
    Already {
        /// What it is.
        status: GuardStatus,
    },
    /// Somebody else has changed it since it was read.
    #[error("this guard was changed by somebody else; read it again")]
    Changed,
    /// The code was taken back before.
    #[error("this code was revoked already")]
    CodeRevoked,
}

impl Failure for GuardRefused {
    fn kind(&self) -> Kind {
        match self {
            GuardRefused::Unknown => Kind::Missing,
            GuardRefused::EmployeeIdTaken
            | GuardRefused::Archived
            | GuardRefused::Already { .. }
            | GuardRefused::Changed
            | GuardRefused::CodeRevoked => Kind::Conflict,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            GuardRefused::Unknown => "guard_unknown",
            GuardRefused::EmployeeIdTaken => "employee_id_taken",
            GuardRefused::Archived => "guard_is_archived",
            GuardRefused::Already { .. } => "guard_has_this_status",
            GuardRefused::Changed => "guard_changed",
            GuardRefused::CodeRevoked => "guard_code_already_revoked",
        }
    }
}

impl Guard {
    /// The guard as one that takes no tips at the moment.
    ///
    /// # Errors
    /// [`GuardRefused`] unless it is active.
    pub fn suspend(self) -> Result<Self, GuardRefused> {
        self.turn(GuardStatus::Suspended)
    }

    /// The guard as one that takes tips again.
    ///
    /// # Errors
    /// [`GuardRefused`] unless it is suspended.
    pub fn resume(self) -> Result<Self, GuardRefused> {
        self.turn(GuardStatus::Active)
    }

    /// The guard as one that has left. What it is still owed stays owed.
    ///
    /// # Errors
    /// [`GuardRefused`] where it has left before.
    pub fn archive(self) -> Result<Self, GuardRefused> {
        self.turn(GuardStatus::Archived)
    }

    /// The guard with another profile.
    ///
    /// # Errors
    /// [`GuardRefused::Archived`].
    pub fn update(self, profile: GuardProfile) -> Result<Self, GuardRefused> {
        match self.status {
            GuardStatus::Archived => Err(GuardRefused::Archived),
            GuardStatus::Active | GuardStatus::Suspended => Ok(Self { profile, ..self }.next()),
        }
    }

    fn turn(self, status: GuardStatus) -> Result<Self, GuardRefused> {
        match self.status {
            same if same == status => Err(GuardRefused::Already { status }),
            GuardStatus::Archived => Err(GuardRefused::Archived),
            GuardStatus::Active | GuardStatus::Suspended => Ok(Self { status, ..self }.next()),
        }
    }

    fn next(self) -> Self {
        Self { version: self.version.saturating_add(1), ..self }
    }
}

words! {
    /// Whether a printed code works (T21).
    pub enum GuardQrStatus {
        /// It does.
        Active = "active",
        /// Another one has replaced it (T39).
        Revoked = "revoked",
    }
}

/// One printed code of a guard (T21).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuardQr {
    /// Its id.
    pub id: GuardQrId,
    /// Whose code it is.
    pub guard: GuardId,
    /// What the path carries.
    pub token: GuardToken,
    /// Whether it works.
    pub status: GuardQrStatus,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
}

impl GuardQr {
    /// A code that works.
    pub fn issue(id: GuardQrId, guard: GuardId, token: GuardToken, now: Timestamp) -> Self {
        let status = GuardQrStatus::Active;
        Self { id, guard, token, status, created_at: now, revoked_at: None }
    }

    /// The code as one that was taken back.
    ///
    /// # Errors
    /// [`GuardRefused::CodeRevoked`] where it was before.
    pub fn revoke(self, now: Timestamp) -> Result<Self, GuardRefused> {
        match self.status {
            GuardQrStatus::Revoked => Err(GuardRefused::CodeRevoked),
            GuardQrStatus::Active => {
                Ok(Self { status: GuardQrStatus::Revoked, revoked_at: Some(now), ..self })
            }
        }
    }
}

mod preference;
pub use preference::{Channel, NotificationPreference, channels};

#[cfg(test)]
mod tests;
