//! Devices of a business: invited with a code that works once, enrolled with a secret of their own, revoked.
//!
//! Deliberately absent: the secret and the code. Only their SHA-256 is ever kept.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::device::words;
use crate::failure::{Failure, Kind};
use crate::id::{BusinessId, DeviceId, TenantId};

/// How long a device can be enrolled with its code, in minutes.
pub const ENROLMENT_MINUTES: i64 = 10;

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
