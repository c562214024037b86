//! What becomes of a guard beside its status and its profile: where it is paid, how it looks, which code works.

use jiff::Timestamp;

use super::{ActiveCode, Guard, GuardQr, GuardRefused, GuardStatus, GuardToken, PayoutAccount};
use crate::id::GuardQrId;

impl Guard {
    /// The guard with another account for its payouts.
    ///
    /// # Errors
    /// [`GuardRefused::Archived`].
    pub fn pay_to(self, account: PayoutAccount) -> Result<Self, GuardRefused> {
        let here = self.still_here()?;
        Ok(Self { payout_account: Some(account), ..here }.next())
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
