//! A guard's account for payouts, and what happens when it changes: payouts wait for a day, so that the guard who is
//! told can object, and until a second person has confirmed the change or somebody has said why.
//!
//! Deliberately absent: the first account of a guard. There is nobody yet whose money could be led away.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Guard, GuardRefused, PayoutAccount};
use crate::audit::Actor;
use crate::failure::{Failure, Kind};

/// How long payouts wait after a change of the account, in hours.
pub const ACCOUNT_HOLD_HOURS: i64 = 24;

/// Somebody wants another account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountChange {
    /// Who.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
    /// Whether it is said why. If not, a second person has to confirm it.
    pub explained: bool,
}

/// A changed account that nobody else has confirmed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unconfirmed {
    /// Who has changed it.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
}

/// Why a changed account is not confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfirmRefused {
    /// The account waits for nobody.
    #[error("this guard's payout account waits for no confirmation")]
    Nothing,
    /// Whoever has changed it cannot confirm it too.
    #[error(
        "a second person has to confirm this account: use another API key than the one that changed it"
    )]
    SamePerson,
    /// The guard has left.
    #[error(transparent)]
    Guard(#[from] GuardRefused),
}

impl Failure for ConfirmRefused {
    fn kind(&self) -> Kind {
        match self {
            ConfirmRefused::Nothing => Kind::Conflict,
            ConfirmRefused::SamePerson => Kind::Forbidden,
            ConfirmRefused::Guard(refused) => refused.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            ConfirmRefused::Nothing => "payout_account_not_waiting",
            ConfirmRefused::SamePerson => "second_person_needed",
            ConfirmRefused::Guard(refused) => refused.code(),
        }
    }
}

impl Guard {
    /// The guard with another account for its payouts. The same account again holds nothing anew, but an explanation
    /// may still take the place of a second person.
    ///
    /// # Errors
    /// [`GuardRefused::Archived`].
    pub fn pay_to(
        self,
        account: PayoutAccount,
        change: AccountChange,
    ) -> Result<Self, GuardRefused> {
        let here = self.still_here()?;
        let before = Before::of(&here, &account);
        let (payout_hold_until, payout_unconfirmed) = match before {
            Before::None => (None, None),
            Before::Same if change.explained => {
                let confirmed = here.payout_unconfirmed.as_ref().map(|waits| hold_end(waits.at));
                (confirmed.or(here.payout_hold_until), None)
            }
            Before::Same => (here.payout_hold_until, here.payout_unconfirmed.clone()),
            Before::Other if change.explained => (Some(hold_end(change.at)), None),
            Before::Other => {
                let waits = Unconfirmed { by: change.by, at: change.at };
                (Some(Timestamp::MAX), Some(waits))
            }
        };
        let payout_account = Some(account);
        Ok(Self { payout_account, payout_hold_until, payout_unconfirmed, ..here }.next())
    }

    /// The guard with its changed account confirmed by a second person.
    ///
    /// # Errors
    /// [`ConfirmRefused`].
    pub fn confirm_account(self, by: &Actor) -> Result<Self, ConfirmRefused> {
        let here = self.still_here()?;
        let waits = here.payout_unconfirmed.as_ref().ok_or(ConfirmRefused::Nothing)?;
        if waits.by == *by {
            return Err(ConfirmRefused::SamePerson);
        }
        let payout_hold_until = Some(hold_end(waits.at));
        Ok(Self { payout_hold_until, payout_unconfirmed: None, ..here }.next())
    }

    /// Until when no payout is reserved because of a changed account; nothing where none is held, or where it is held
    /// until somebody confirms the account.
    pub fn hold_ends_at(&self) -> Option<Timestamp> {
        self.payout_hold_until.filter(|_| self.payout_unconfirmed.is_none())
    }
}

/// When the hold of a change of this instant ends.
fn hold_end(at: Timestamp) -> Timestamp {
    let hold = SignedDuration::from_hours(ACCOUNT_HOLD_HOURS);
    at.saturating_add(hold).unwrap_or(Timestamp::MAX)
}

/// What stood where a new account is to stand.
enum Before {
    None,
    Same,
    Other,
}

impl Before {
    fn of(guard: &Guard, account: &PayoutAccount) -> Self {
        match &guard.payout_account {
            None => Before::None,
            Some(stood) if stood.recipient_code == account.recipient_code => Before::Same,
            Some(_) => Before::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::{GuardProfile, GuardWishes};
    use crate::id::{GuardId, KeyId, TenantId};

    fn at(hour: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hour)
    }

    fn key(number: u8) -> Actor {
        Actor::Key(KeyId::new(at(0), [number; 10]))
    }

    fn change(by: u8, hour: i64, explained: bool) -> AccountChange {
        AccountChange { by: key(by), at: at(hour), explained }
    }

    fn account(number: u32) -> PayoutAccount {
        PayoutAccount::new(&format!("RCP_{number}"), "0022728151", "Zenith").unwrap()
    }

    fn guard() -> Guard {
        let wishes = GuardWishes {
            first_name: "Musa".to_owned(),
            last_name: "Obi".to_owned(),
            employee_id: "7".to_owned(),
            ..GuardWishes::default()
        };
        let profile = GuardProfile::parse(&wishes).unwrap();
        Guard::hire(GuardId::new(at(0), [1; 10]), TenantId::new(at(0), [1; 10]), profile, at(0))
    }

    #[test]
    fn the_first_account_holds_nothing_and_a_change_holds_a_day() {
        let first = guard().pay_to(account(1), change(1, 0, false)).unwrap();
        assert_eq!((first.payout_hold_until, first.hold_ends_at()), (None, None));
        let again = first.clone().pay_to(account(1), change(1, 1, false)).unwrap();
        assert_eq!(again.payout_hold_until, None, "the same account is no change");
        let other = first.pay_to(account(2), change(1, 2, true)).unwrap();
        assert_eq!((other.payout_hold_until, other.hold_ends_at()), (Some(at(26)), Some(at(26))));
        let back = other.pay_to(account(1), change(1, 30, true)).unwrap();
        assert_eq!(back.payout_hold_until, Some(at(54)), "each change holds anew");
    }

    #[test]
    fn a_change_that_nobody_explains_waits_for_a_second_person() {
        let first = guard().pay_to(account(1), change(1, 0, false)).unwrap();
        assert_eq!(first.clone().confirm_account(&key(2)), Err(ConfirmRefused::Nothing));
        let other = first.pay_to(account(2), change(1, 2, false)).unwrap();
        assert_eq!((other.payout_hold_until, other.hold_ends_at()), (Some(Timestamp::MAX), None));
        assert_eq!(other.clone().confirm_account(&key(1)), Err(ConfirmRefused::SamePerson));
        let confirmed = other.clone().confirm_account(&key(2)).unwrap();
        assert_eq!(confirmed.payout_hold_until, Some(at(26)), "the day begins with the change");
        assert_eq!(confirmed.clone().confirm_account(&key(2)), Err(ConfirmRefused::Nothing));
        let explained = other.clone().pay_to(account(2), change(1, 9, true)).unwrap();
        assert_eq!(explained.payout_hold_until, Some(at(26)));
        let silent = other.pay_to(account(2), change(2, 9, false)).unwrap();
        assert_eq!(silent.payout_hold_until, Some(Timestamp::MAX));
    }
}
