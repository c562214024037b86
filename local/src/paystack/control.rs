//! What a test or a person does that Paystack itself has no request for: pay, refuse, raise, settle, break, look.
//!
//! Over HTTP, below `/_simulator` and for this machine only; bodies and answers are JSON, and a form of the page at `/`
//! may send the same members:
//!
//! | request | body | what it does or says |
//! |---|---|---|
//! | `GET money` | | everybody's money, per merchant and currency |
//! | `GET calls`, `DELETE calls` | | calls per route since the start, or since they were forgotten |
//! | `GET merchants`, `POST merchants/{integration}` | some of [`Settings`] | the merchants; changes settings |
//! | `GET transactions`, `POST transactions/{reference}` | `{"payment"}`, a [`Payment`] | a patron does something |
//! | `GET refunds`, `POST refunds` | `{"reference", "amount"?}` | a refund from the dashboard, not by the API |
//! | `POST refunds/{id}` | `{"status"}`, a [`RefundStatus`] | a refund moves on |
//! | `GET disputes`, `POST disputes` | `{"reference", "amount"?}` | a dispute is raised |
//! | `POST disputes/{id}` | `{"resolution"}` or `{"remind": true}` | a dispute ends, or the merchant is reminded |
//! | `GET transfers`, `POST transfers/{reference}` | `{"status"}`, a [`TransferStatus`] | a transfer ends |
//! | `POST settle` | `{"integration"?, "currency"?, "to"?}` | what is collected goes to `balance` or `bank` |
//! | `POST top-up` | `{"integration", "currency", "amount"}` | money for transfers |
//! | `GET webhooks?status=&reference=`, `POST webhooks/{id}` | | the events; sends one now, as often as one likes |
//! | `GET faults`, `POST faults`, `DELETE faults` | a [`Fault`] | what goes wrong from now on |
//! | `POST pump` | | does what is due |

mod http;
mod view;

use std::collections::BTreeMap;
use std::io;
use std::sync::PoisonError;

use domain::money::Currency;
use serde_json::Value;

pub(super) use http::routes;

use super::books::Money;
use super::dispute::Resolution;
use super::fault::Fault;
use super::integration::Settings;
use super::refund::{Notes, RefundStatus};
use super::settlement::SettleTo;
use super::state::State;
use super::transaction::{ChargeStatus, Payment};
use super::transfer::TransferStatus;
use super::webhook::{Attempt, Webhook};
use super::{Planned, Simulator};

/// Why something cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum ControlRefused {
    /// There is none of this name or number.
    #[error("there is no {0} `{1}`")]
    Unknown(&'static str, String),
    /// It is not in a state for it.
    #[error("{0}")]
    Impossible(&'static str),
    /// The file cannot be written.
    #[error("the simulator's file cannot be written")]
    Disk(#[from] io::Error),
}

type Done<T> = Result<T, ControlRefused>;

impl Simulator {
    /// A patron does something about the charge of this reference, of whichever merchant.
    ///
    /// # Errors
    /// [`ControlRefused`] for an unknown reference.
    pub fn pay(&self, reference: &str, payment: Payment) -> Done<ChargeStatus> {
        self.change(|state| {
            let id = charge_of(state, reference)?;
            state.pay(id, payment).ok_or(ControlRefused::Impossible("it cannot be paid"))
        })?
    }

    /// Somebody refunds a charge on Paystack's own dashboard: all that is left of it, or this many minor units. Says
    /// the refund's number.
    ///
    /// # Errors
    /// [`ControlRefused`] for an unknown reference, and for a charge that is not paid or has less.
    pub fn refund(&self, reference: &str, amount: Option<i64>) -> Done<u64> {
        self.change(|state| {
            let id = charge_of(state, reference)?;
            let charge = state.transactions.get(id).cloned();
            let charge = charge.ok_or_else(|| unknown("charge", reference))?;
            let asked = state.ask_refund(&charge, amount, Notes::default());
            asked.map_err(|_| ControlRefused::Impossible("it is not paid, or has not so much left"))
        })?
    }

    /// Moves a refund on.
    ///
    /// # Errors
    /// [`ControlRefused`] for an unknown refund, and where it cannot go there.
    pub fn move_refund(&self, id: u64, status: RefundStatus) -> Done<()> {
        self.change(|state| {
            state.refunds.get(id).ok_or_else(|| unknown("refund", id))?;
            let moved = state.move_refund(id, status);
            moved.then_some(()).ok_or(ControlRefused::Impossible("it cannot go there from here"))
        })?
    }

    /// A patron's bank wants money back: all that is left of the charge, or this many minor units. Says its number.
    ///
    /// # Errors
    /// [`ControlRefused`] for an unknown reference, and for a charge that is not paid or has less.
    pub fn raise_dispute(&self, reference: &str, amount: Option<i64>) -> Done<u64> {
        self.change(|state| {
            let id = charge_of(state, reference)?;
            let raised = state.raise_dispute(id, amount);
            raised.ok_or(ControlRefused::Impossible("it is not paid, or has not so much left"))
        })?
    }

    /// Reminds the merchant of a dispute.
    ///
    /// # Errors
    /// [`ControlRefused`] for an unknown dispute, and one that has ended.
    pub fn remind_dispute(&self, id: u64) -> Done<()> {
        self.change(|state| {
            state.disputes.get(id).ok_or_else(|| unknown("dispute", id))?;
            let reminded = state.remind_dispute(id);
            reminded.then_some(()).ok_or(ControlRefused::Impossible("it has ended"))
        })?
    }

    /// Ends a dispute, for the amount that it is about or for another one in minor units.
    ///
    /// # Errors
    /// [`ControlRefused`] for an unknown dispute, and one that has ended.
    pub fn end_dispute(&self, id: u64, end: Resolution, amount: Option<i64>) -> Done<()> {
        self.change(|state| {
            state.disputes.get(id).ok_or_else(|| unknown("dispute", id))?;
            let ended = state.end_dispute(id, end, amount);
            ended.then_some(()).ok_or(ControlRefused::Impossible("it has ended"))
        })?
    }

    /// Ends the transfer of this reference, of whichever merchant, or takes back one that was paid.
    ///
    /// # Errors
    /// [`ControlRefused`] for an unknown reference, and where it cannot go there.
    pub fn end_transfer(&self, reference: &str, end: TransferStatus) -> Done<()> {
        self.change(|state| {
            let found = state.transfers.all().find(|transfer| transfer.reference == reference);
            let id = found.ok_or_else(|| unknown("transfer", reference))?.id;
            let ended = state.end_transfer(id, end);
            ended.then_some(()).ok_or(ControlRefused::Impossible("it cannot go there from here"))
        })?
    }

    /// Settles what is collected: of all merchants and currencies, or of these. Says the settlements' numbers.
    ///
    /// # Errors
    /// [`ControlRefused`] when the file cannot be written.
    pub fn settle(
        &self,
        integration: Option<u64>,
        currency: Option<Currency>,
        to: SettleTo,
    ) -> Done<Vec<u64>> {
        Ok(self.change(|state| {
            let is_meant = |(owner, of): &(u64, Currency)| {
                integration.is_none_or(|i| i == *owner) && currency.is_none_or(|c| c == *of)
            };
            let purses: Vec<(u64, Currency)> = state.books.purses().filter(is_meant).collect();
            purses.into_iter().filter_map(|purse| state.settle(purse, to)).collect()
        })?)
    }

    /// A merchant puts minor units into its balance.
    ///
    /// # Errors
    /// [`ControlRefused`] for an unknown merchant, and for nothing.
    pub fn top_up(&self, integration: u64, currency: Currency, amount: i64) -> Done<()> {
        self.change(|state| {
            let done = state.top_up((integration, currency), amount);
            done.then_some(()).ok_or(ControlRefused::Impossible("no such merchant, or no amount"))
        })?
    }

    /// Changes how the sandbox behaves towards a merchant.
    ///
    /// # Errors
    /// [`ControlRefused`] for an unknown merchant.
    pub fn set_settings(&self, integration: u64, settings: Settings) -> Done<()> {
        self.change(|state| {
            let found = state.integrations.edit(integration);
            found.ok_or_else(|| unknown("merchant", integration))?.settings = settings;
            Ok(())
        })?
    }

    /// How the sandbox behaves towards a merchant.
    pub fn settings(&self, integration: u64) -> Option<Settings> {
        self.read(|state| state.integrations.get(integration).map(|i| i.settings.clone()))
    }

    /// The merchant whose events go to this address.
    pub fn merchant_at(&self, webhook_url: &str) -> Option<u64> {
        self.read(|state| {
            let mut merchants = state.integrations.all();
            merchants.find(|merchant| merchant.webhook_url == webhook_url).map(|found| found.id)
        })
    }

    /// Asks at this address about each of the merchant's transfers from now on; or asks nobody.
    ///
    /// # Errors
    /// [`ControlRefused`] for an unknown merchant.
    pub fn set_approval_url(&self, integration: u64, url: Option<String>) -> Done<()> {
        self.change(|state| {
            let found = state.integrations.edit(integration);
            found.ok_or_else(|| unknown("merchant", integration))?.approval_url = url;
            Ok(())
        })?
    }

    /// Gives a merchant another key; events are signed with it from now on.
    ///
    /// # Errors
    /// [`ControlRefused`] for an unknown merchant.
    pub fn rotate_key(&self, integration: u64, secret_key: &str) -> Done<()> {
        self.change(|state| {
            let found = state.integrations.edit(integration);
            found.ok_or_else(|| unknown("merchant", integration))?.secret_key =
                secret_key.to_owned();
            Ok(())
        })?
    }

    /// Plans a fault. Says its number.
    ///
    /// # Errors
    /// [`ControlRefused`] when the file cannot be written.
    pub fn plan(&self, fault: Fault) -> Done<u64> {
        Ok(self.change(|state| state.plan(fault))?)
    }

    /// The faults that wait for their occasion, by number.
    pub fn faults(&self) -> Vec<(u64, Fault)> {
        let one = |planned: &Planned| (planned.id, planned.fault.clone());
        self.read(|state| state.faults.all().map(one).collect())
    }

    /// Takes all faults away. Says how many there were.
    ///
    /// # Errors
    /// [`ControlRefused`] when the file cannot be written.
    pub fn clear_faults(&self) -> Done<usize> {
        Ok(self.change(|state| {
            let ids: Vec<u64> = state.faults.all().map(|planned| planned.id).collect();
            ids.into_iter().filter_map(|id| state.faults.remove(id)).count()
        })?)
    }

    /// All events, the oldest first.
    pub fn webhooks(&self) -> Vec<Webhook> {
        self.read(|state| state.deliveries.all().map(|delivery| delivery.shown()).collect())
    }

    /// The events that are held, the oldest first.
    pub fn held(&self) -> Vec<Webhook> {
        self.read(|state| state.held().map(|delivery| delivery.shown()).collect())
    }

    /// Sends an event now, whatever its state, as often as one likes. Its schedule stays as it is unless it is
    /// acknowledged.
    ///
    /// # Errors
    /// [`ControlRefused`] for an unknown event.
    pub async fn deliver_now(&self, id: u64) -> Done<Attempt> {
        let letter = self.change(|state| state.letter(id))?;
        let letter = letter.ok_or_else(|| unknown("event", id))?;
        Ok(self.deliver(letter, true).await?)
    }

    /// Everybody's money: what tests compare everything else with.
    pub fn money(&self) -> Vec<Money> {
        self.read(State::money)
    }

    /// Calls per route since the start, for example of `POST /transfer`.
    pub fn calls(&self) -> BTreeMap<String, u64> {
        self.0.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Forgets the calls.
    pub fn forget_calls(&self) {
        self.0.calls.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// A charge, as `GET /transaction/verify/{reference}` answers it, of whichever merchant.
    pub fn charge(&self, reference: &str) -> Option<Value> {
        self.read(|state| {
            let charge = state.transactions.get(charge_of(state, reference).ok()?)?;
            state.charge_body(charge, super::transaction::Shape::Verify)
        })
    }
}

fn unknown(what: &'static str, named: impl ToString) -> ControlRefused {
    ControlRefused::Unknown(what, named.to_string())
}

/// The charge of a reference, of whichever merchant.
fn charge_of(state: &State, reference: &str) -> Done<u64> {
    let mut merchants = state.integrations.all();
    let found = merchants.find_map(|merchant| state.charge(merchant.id, reference));
    found.map(|charge| charge.id).ok_or_else(|| unknown("charge", reference))
}
