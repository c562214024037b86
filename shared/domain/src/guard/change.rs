//! What becomes of a guard beside its status and its profile: how it looks, which code works.

use jiff::Timestamp;

use super::{ActiveCode, Guard, GuardProfile, GuardQr, GuardRefused, GuardStatus, GuardToken};
use crate::id::{GuardId, GuardQrId, TenantId};

impl Guard {
    /// A new guard, who takes tips as soon as it has a code.
    pub fn hire(id: GuardId, tenant: TenantId, profile: GuardProfile, now: Timestamp) -> Self {
        Self {
            id,
            tenant,
            profile,
            payout_account: None,
            payout_hold_until: None,
            payout_unconfirmed: None,
            status: GuardStatus::Active,
            photo: None,
            code: None,
            created_at: now,
            version: 1,
        }
    }

    /// The guard with another published photo, by its key.
    ///
    /// # Errors
    /// [`GuardRefused::Archived`].
    pub fn show(self, photo: String) -> Result<Self, GuardRefused> {
        let here = self.still_here()?;
        Ok(Self { photo: Some(photo), ..here }.next())
    }

    /// A new code, and the guard with it: the code before, if there is one, works no longer (T39). A suspended guard
    /// gets one too, so that it is printed when the guard comes back.
    ///
    /// # Errors
    /// [`GuardRefused::Archived`].
    pub fn issue_code(
        self,
        id: GuardQrId,
        token: GuardToken,
        now: Timestamp,
    ) -> Result<(Self, GuardQr), GuardRefused> {
        let here = self.still_here()?;
        let code = Some(ActiveCode { id: id.clone(), token: token.clone() });
        let issued = GuardQr::issue(id, here.id.clone(), token, now);
        Ok((Self { code, ..here }.next(), issued))
    }

    /// The guard, unless it has left.
    ///
    /// # Errors
    /// [`GuardRefused::Archived`].
    pub fn still_here(self) -> Result<Self, GuardRefused> {
        match self.status {
            GuardStatus::Archived => Err(GuardRefused::Archived),
            GuardStatus::Active | GuardStatus::Suspended => Ok(self),
        }
    }
}
