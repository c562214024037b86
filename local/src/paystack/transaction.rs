//! Charges: initialized, paid or not paid, and what a patron has done so far.
//!
//! A charge is `abandoned` until somebody pays it, and neither that nor `failed` is final: the same access code can
//! still be paid. Only `success` sends an event.

mod card;
mod list;
mod open;
mod wire;

use domain::money::Currency;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(super) use card::Card;
pub(super) use list::{fetch, is_within, list};
pub(super) use open::{currency, initialize, verify};
pub(super) use wire::Shape;

use super::books::{Account, Model};
use super::fee;
use super::shelf::Record;
use super::state::State;

/// A charge's status, in Paystack's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChargeStatus {
    /// Not completed, or not even begun.
    Abandoned,
    /// The last attempt failed.
    Failed,
    /// The patron is doing something elsewhere.
    Ongoing,
    /// Under way.
    Pending,
    /// Under way at a bank.
    Processing,
    /// Waits for its turn.
    Queued,
    /// The money has gone back.
    Reversed,
    /// Paid.
    Success,
}

impl ChargeStatus {
    /// Paystack's word.
    pub fn word(self) -> &'static str {
        match self {
            ChargeStatus::Abandoned => "abandoned",
            ChargeStatus::Failed => "failed",
            ChargeStatus::Ongoing => "ongoing",
            ChargeStatus::Pending => "pending",
            ChargeStatus::Processing => "processing",
            ChargeStatus::Queued => "queued",
            ChargeStatus::Reversed => "reversed",
            ChargeStatus::Success => "success",
        }
    }

    fn is_paid(self) -> bool {
        matches!(self, ChargeStatus::Success | ChargeStatus::Reversed)
    }
}

/// What a patron does on the checkout page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Payment {
    /// Pays with the card that always works.
    Success,
    /// The bank says no.
    Declined,
    /// There is not enough on the account.
    InsufficientFunds,
    /// Goes away.
    Abandoned,
    /// Is in the middle of something.
    Ongoing,
    /// Has done their part; the bank has not.
    Pending,
    /// As pending, at a bank.
    Processing,
    /// Pays with the test card of this number.
    Card(String),
}

/// One line of a charge's history.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Step {
    pub(super) kind: String,
    pub(super) message: String,
    pub(super) at: Timestamp,
}

/// A charge.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Transaction {
    pub(super) id: u64,
    pub(super) integration: u64,
    pub(super) reference: String,
    pub(super) access_code: String,
    pub(super) requested_amount: i64,
    /// What is or was collected; more than was asked for when the patron bears the fee.
    pub(super) amount: i64,
    pub(super) currency: Currency,
    pub(super) customer: u64,
    pub(super) metadata: Value,
    pub(super) callback_url: Option<String>,
    pub(super) channels: Vec<String>,
    pub(super) status: ChargeStatus,
    pub(super) gateway_response: String,
    pub(super) created_at: Timestamp,
    pub(super) paid_at: Option<Timestamp>,
    pub(super) fees: Option<i64>,
    pub(super) card: Option<Card>,
    pub(super) authorization_code: String,
    /// A card that has asked for its one-time password.
    pub(super) asks_password: Option<Card>,
    pub(super) history: Vec<Step>,
    pub(super) refunds: Vec<u64>,
    pub(super) disputes: Vec<u64>,
    pub(super) settlement: Option<u64>,
}

impl Record for Transaction {
    const KIND: &'static str = "transaction";
    // Beyond 32 bits, as the real ones will be.
    const FIRST: u64 = 5_099_260_516;

    fn id(&self) -> u64 {
        self.id
    }
}

/// Who pays, by e-mail.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Customer {
    pub(super) id: u64,
    pub(super) integration: u64,
    pub(super) email: String,
    pub(super) code: String,
}

impl Record for Customer {
    const KIND: &'static str = "customer";
    const FIRST: u64 = 184_312_947;

    fn id(&self) -> u64 {
        self.id
    }
}

/// The one-time password of the test cards.
const PASSWORD: &str = "123456";

impl State {
    /// A charge of a merchant.
    pub(super) fn charge(&self, integration: u64, reference: &str) -> Option<&Transaction> {
        let id = self.index.charges.get(&(integration, reference.to_owned()))?;
        self.transactions.get(*id)
    }

    /// A patron does something. What is paid stays paid: doing it twice does nothing twice.
    pub(super) fn pay(&mut self, id: u64, payment: Payment) -> Option<ChargeStatus> {
        let charge = self.transactions.get(id)?;
        if charge.status.is_paid() {
            return Some(charge.status);
        }
        let (status, card) = match payment {
            Payment::Success => (ChargeStatus::Success, Card::good()),
            Payment::Declined => (ChargeStatus::Failed, Card::declined()),
            Payment::InsufficientFunds => (ChargeStatus::Failed, Card::insufficient()),
            Payment::Abandoned => return self.wait(id, ChargeStatus::Abandoned, "cancelled"),
            Payment::Ongoing => return self.wait(id, ChargeStatus::Ongoing, "waits for you"),
            Payment::Pending => return self.wait(id, ChargeStatus::Pending, "waits for the bank"),
            Payment::Processing => {
                return self.wait(id, ChargeStatus::Processing, "waits for the bank");
            }
            Payment::Card(number) => return self.type_card(id, &number),
        };
        match status {
            ChargeStatus::Success => self.succeed(id, card),
            _ => self.fail(id, card),
        }
    }

    /// A patron types a card: one of the test cards, or nothing is paid.
    fn type_card(&mut self, id: u64, number: &str) -> Option<ChargeStatus> {
        let card = Card::numbered(number).unwrap_or_else(Card::unknown);
        if card.asks_password {
            let status = self.wait(id, ChargeStatus::Ongoing, "asked for its one-time password");
            self.transactions.edit(id)?.asks_password = Some(card);
            return status;
        }
        if card.pays { self.succeed(id, card) } else { self.fail(id, card) }
    }

    /// A patron types the one-time password that the card has asked for.
    pub(super) fn type_password(&mut self, id: u64, password: &str) -> Option<ChargeStatus> {
        let charge = self.transactions.get(id)?;
        let Some(card) = charge.asks_password.clone().filter(|_| !charge.status.is_paid()) else {
            return Some(charge.status);
        };
        if password == PASSWORD { self.succeed(id, card) } else { self.fail(id, card) }
    }

    fn wait(&mut self, id: u64, status: ChargeStatus, message: &str) -> Option<ChargeStatus> {
        let at = self.now;
        let charge = self.transactions.edit(id)?;
        charge.status = status;
        charge.asks_password = None;
        charge.gateway_response = "The transaction was not completed".to_owned();
        charge.note("action", message, at);
        Some(status)
    }

    fn fail(&mut self, id: u64, card: Card) -> Option<ChargeStatus> {
        let at = self.now;
        let charge = self.transactions.edit(id)?;
        charge.status = ChargeStatus::Failed;
        charge.asks_password = None;
        charge.gateway_response = card.answer.clone();
        charge.note("error", &format!("Attempted with card: {}", card.answer), at);
        charge.card = Some(card);
        Some(ChargeStatus::Failed)
    }

    fn succeed(&mut self, id: u64, card: Card) -> Option<ChargeStatus> {
        let at = self.now;
        let charge = self.transactions.get(id)?;
        let settings = &self.integrations.get(charge.integration)?.settings;
        let fees = fee::of_charge(charge.requested_amount, charge.currency);
        let on_top = if settings.fees_on_customer { fees } else { 0 };
        let charge = self.transactions.edit(id)?;
        charge.amount = charge.requested_amount + on_top;
        charge.fees = Some(fees);
        charge.status = ChargeStatus::Success;
        charge.asks_password = None;
        charge.gateway_response = "Successful".to_owned();
        charge.paid_at = Some(at);
        charge.card = Some(card);
        charge.note("success", "Successfully paid with card", at);
        let (purse, amount) = (charge.purse(), charge.amount);
        let postings = [
            (Account::Patrons, -amount),
            (Account::Clearing, amount - fees),
            (Account::Fees, fees),
        ];
        self.post(purse, "A patron has paid", (Model::Transaction, id), &postings);
        let charge = self.transactions.get(id)?.clone();
        let body = self.charge_body(&charge, Shape::Event)?;
        self.emit(charge.integration, "charge.success", &charge.reference, body);
        Some(ChargeStatus::Success)
    }
}

impl Transaction {
    /// Whose money it is.
    pub(super) fn purse(&self) -> (u64, Currency) {
        (self.integration, self.currency)
    }

    pub(super) fn is_paid(&self) -> bool {
        self.status.is_paid()
    }

    fn note(&mut self, kind: &str, message: &str, at: Timestamp) {
        self.history.push(Step { kind: kind.to_owned(), message: message.to_owned(), at });
    }
}
