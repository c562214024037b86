//! Devices of a business: invited with a code that works once, enrolled with a secret of their own, revoked.
//!
//! Deliberately absent: the secret and the code. Only their SHA-256 is ever kept.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::device::words;
use crate::failure::{Failure, Kind};
use crate::id::{ALPHABET, BusinessId, DeviceId, TenantId};

/// How long a device can be enrolled with its code, in minutes.
pub const ENROLMENT_MINUTES: i64 = 10;
/// Symbols of the code.
const CODE_SYMBOLS: usize = 16;
/// The longest text that is looked at, in bytes: a code with what people put between its symbols.
const TYPED_MAX_BYTES: usize = 64;

words! {
    /// Whether a device may redeem.
    pub enum DeviceStatus {
        /// Its code waits for it.
        Invited = "invited",
        /// It may.
        Enrolled = "enrolled",
        /// It may not any more.
        Revoked = "revoked",
    }
}

/// A device of a business.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrolment {
    /// The device's id.
    pub id: DeviceId,
    /// Whose vouchers it redeems.
    pub tenant: TenantId,
    /// For which business.
    pub business: BusinessId,
    /// What people call it.
    pub name: String,
    /// Whether it may redeem.
    pub status: DeviceStatus,
    /// SHA-256 of its secret, in hexadecimal, once it has one.
    pub secret: Option<String>,
    /// Until when its code works.
    pub invited_until: Timestamp,
    /// When it was last heard of, to the quarter of an hour.
    pub seen_at: Option<Timestamp>,
    /// When it was invited.
    pub created_at: Timestamp,
    /// Counts the changes; a write names the version that it has read.
    pub version: u64,
}

/// A code with which a device is enrolled: 16 symbols of Crockford's base 32, which are 80 random bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrolmentCode(String);

/// Why a device is not enrolled, or not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnrolmentRefused {
    /// There is none of this id.
    #[error("there is no such device")]
    Unknown,
    /// The code is wrong, was used, or is too old.
    #[error("this enrolment code does not work; ask for a new one")]
    WrongCode,
    /// The device's secret does not fit, or it was revoked.
    #[error("this device is not enrolled any more; enrol it again")]
    NotEnrolled,
    /// Somebody else was faster.
    #[error("the device was changed meanwhile, read it again")]
    Changed,
}

impl Failure for EnrolmentRefused {
    fn kind(&self) -> Kind {
        match self {
            EnrolmentRefused::Unknown | EnrolmentRefused::WrongCode => Kind::Missing,
            EnrolmentRefused::NotEnrolled => Kind::Unauthenticated,
            EnrolmentRefused::Changed => Kind::Conflict,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            EnrolmentRefused::Unknown => "device_unknown",
            EnrolmentRefused::WrongCode => "enrolment_code_wrong",
            EnrolmentRefused::NotEnrolled => "device_not_enrolled",
            EnrolmentRefused::Changed => "device_changed",
        }
    }
}

impl EnrolmentCode {
    /// The code of ten random bytes.
    pub fn generate(random: [u8; 10]) -> Self {
        let mut wide = [0_u8; 16];
        wide[6..].copy_from_slice(&random);
        let mut rest = u128::from_be_bytes(wide);
        let mut symbols = [0_u8; CODE_SYMBOLS];
        for symbol in symbols.iter_mut().rev() {
            *symbol = ALPHABET[usize::try_from(rest % 32).unwrap_or(0)].to_ascii_uppercase();
            rest /= 32;
        }
        Self(symbols.iter().map(|symbol| char::from(*symbol)).collect())
    }

    /// Reads a code as people type it: in any case, with blanks and dashes anywhere, O for 0, and I or L for 1.
    ///
    /// # Errors
    /// [`EnrolmentRefused::WrongCode`] for what cannot be one.
    pub fn parse(text: &str) -> Result<Self, EnrolmentRefused> {
        if text.len() > TYPED_MAX_BYTES {
            return Err(EnrolmentRefused::WrongCode);
        }
        let kept = text.chars().filter(|c| !c.is_whitespace() && *c != '-');
        let meant = kept.map(|c| match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        });
        let code: String = meant.collect();
        let known = |byte: u8| ALPHABET.contains(&byte.to_ascii_lowercase());
        match code.len() == CODE_SYMBOLS && code.bytes().all(known) {
            true => Ok(Self(code)),
            false => Err(EnrolmentRefused::WrongCode),
        }
    }

    /// The 16 symbols.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The code in groups of four, as it is shown.
    pub fn grouped(&self) -> String {
        let symbols: Vec<char> = self.0.chars().collect();
        let groups: Vec<String> = symbols.chunks(4).map(|group| group.iter().collect()).collect();
        groups.join("-")
    }
}

impl Enrolment {
    /// An invitation for a device of this business.
    pub fn invite(
        id: DeviceId,
        (tenant, business): (TenantId, BusinessId),
        name: String,
        now: Timestamp,
    ) -> Self {
        let lasts = SignedDuration::from_mins(ENROLMENT_MINUTES);
        Self {
            id,
            tenant,
            business,
            name,
            status: DeviceStatus::Invited,
            secret: None,
            invited_until: now.saturating_add(lasts).unwrap_or(Timestamp::MAX),
            seen_at: None,
            created_at: now,
            version: 1,
        }
    }

    /// The device with its secret; the code has done its work.
    ///
    /// # Errors
    /// [`EnrolmentRefused::WrongCode`] for one that is enrolled, revoked, or was not enrolled in time.
    pub fn enrol(self, secret: String, now: Timestamp) -> Result<Self, EnrolmentRefused> {
        let waits = self.status == DeviceStatus::Invited && now < self.invited_until;
        if !waits {
            return Err(EnrolmentRefused::WrongCode);
        }
        let status = DeviceStatus::Enrolled;
        let version = self.version.saturating_add(1);
        Ok(Self { status, secret: Some(secret), seen_at: Some(now), version, ..self })
    }

    /// The device without any right.
    #[must_use]
    pub fn revoke(self) -> Self {
        let version = self.version.saturating_add(1);
        Self { status: DeviceStatus::Revoked, secret: None, version, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn invited() -> Enrolment {
        let whose = (TenantId::new(at(0), [1; 10]), BusinessId::new(at(0), [1; 10]));
        Enrolment::invite(DeviceId::new(at(0), [1; 10]), whose, "Till 1".to_owned(), at(0))
    }

    #[test]
    fn a_device_is_enrolled_within_ten_minutes_and_once() {
        let enrol = |device: Enrolment, second| device.enrol("00".to_owned(), at(second));
        assert!(enrol(invited(), 599).is_ok());
        assert_eq!(enrol(invited(), 600), Err(EnrolmentRefused::WrongCode));
        let enrolled = enrol(invited(), 0).unwrap();
        assert_eq!(enrol(enrolled.clone(), 1), Err(EnrolmentRefused::WrongCode));
        let revoked = enrolled.revoke();
        assert_eq!((revoked.status, revoked.secret.clone()), (DeviceStatus::Revoked, None));
        assert_eq!(enrol(revoked, 1), Err(EnrolmentRefused::WrongCode));
    }

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let code = EnrolmentCode::generate([0x5a; 10]);
        assert_eq!(code.as_str().len(), 16);
        let grouped = code.grouped();
        assert_eq!(grouped.len(), 19);
        for typed in [grouped.clone(), grouped.to_lowercase(), format!(" {} ", code.as_str())] {
            assert_eq!(EnrolmentCode::parse(&typed), Ok(code.clone()), "{typed:?}");
        }
        let zero = EnrolmentCode::generate([0; 10]);
        assert_eq!(EnrolmentCode::parse(&"O".repeat(16)), Ok(zero));
        for wrong in ["", "ABCD", &"U".repeat(16), &"A".repeat(17), &"é".repeat(16)] {
            assert_eq!(EnrolmentCode::parse(wrong), Err(EnrolmentRefused::WrongCode), "{wrong:?}");
        }
    }
}
