//! Disputes: a patron's bank wants the money back. The merchant answers, or is too late.
//!
//! A lost dispute takes the money itself; no refund is made for it. Who says nothing until the dispute is due loses.

mod wire;

use domain::money::Currency;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::agenda::Task;
use super::api::Call;
use super::books::{Account, Model};
use super::reply::{Outcome, Refusal, Reply};
use super::shelf::Record;
use super::state::State;
pub(super) use wire::{fetch, list, of_transaction};

/// The merchant has so long to answer.
const ANSWER_TIME: SignedDuration = SignedDuration::from_hours(24);

/// How a dispute ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resolution {
    /// The merchant gives the money back.
    MerchantAccepted,
    /// The merchant did not answer in time: the money goes back.
    AutoAccepted,
    /// The merchant keeps the money.
    Declined,
}

impl Resolution {
    /// Paystack's word.
    pub fn word(self) -> &'static str {
        match self {
            Resolution::MerchantAccepted => "merchant-accepted",
            Resolution::AutoAccepted => "auto-accepted",
            Resolution::Declined => "declined",
        }
    }
}

/// A dispute.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Dispute {
    pub(super) id: u64,
    pub(super) integration: u64,
    pub(super) transaction: u64,
    pub(super) refund_amount: i64,
    pub(super) currency: Currency,
    pub(super) category: String,
    pub(super) resolution: Option<Resolution>,
    /// What it has cost the merchant.
    pub(super) taken: Option<i64>,
    pub(super) message: Option<String>,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
    pub(super) due_at: Timestamp,
}

impl Record for Dispute {
    const KIND: &'static str = "dispute";
    const FIRST: u64 = 1_358_950;

    fn id(&self) -> u64 {
        self.id
    }
}

impl Dispute {
    /// When it is lost for want of an answer.
    pub(super) fn ends_at(&self) -> Option<Timestamp> {
        Some(self.due_at).filter(|_| self.resolution.is_none())
    }

    fn status(&self) -> &'static str {
        if self.resolution.is_some() { "resolved" } else { "awaiting-merchant-feedback" }
    }
}

/// `PUT /dispute/{id}/resolve`.
pub(super) fn resolve(state: &mut State, call: &Call) -> Outcome {
    let dispute = wire::own_dispute(state, call)?;
    let (id, most) = (dispute.id, dispute.refund_amount);
    let resolution = match call.body.text("resolution").as_deref() {
        Some("merchant-accepted") => Resolution::MerchantAccepted,
        Some("declined") => Resolution::Declined,
        _ => return Err(Refusal::invalid("Invalid resolution passed")),
    };
    let amount = call.body.number("refund_amount").unwrap_or(most);
    if !(0..=most).contains(&amount) {
        return Err(Refusal::invalid("Refund amount cannot be more than the disputed amount"));
    }
    if dispute.resolution.is_some() {
        return Err(Refusal::invalid("Dispute has been resolved"));
    }
    if let Some(dispute) = state.disputes.edit(id) {
        dispute.message = call.body.text("message");
    }
    state.end_dispute(id, resolution, Some(amount));
    let body = state.dispute_body(id, false).ok_or_else(Refusal::broken)?;
    Ok(Reply::ok("Dispute successfully resolved", body))
}

impl State {
    /// A patron's bank wants money back: all that is left, or this amount of it.
    pub(super) fn raise_dispute(&mut self, charge: u64, amount: Option<i64>) -> Option<u64> {
        let charge = self.transactions.get(charge).filter(|charge| charge.is_paid())?;
        let left = charge.amount - self.given_back(charge);
        let refund_amount = amount.unwrap_or(left);
        if refund_amount <= 0 || refund_amount > charge.amount {
            return None;
        }
        let (id, transaction) = (self.disputes.next_id(), charge.id);
        let dispute = Dispute {
            id,
            integration: charge.integration,
            transaction,
            refund_amount,
            currency: charge.currency,
            category: "chargeback".to_owned(),
            resolution: None,
            taken: None,
            message: None,
            created_at: self.now,
            updated_at: self.now,
            due_at: self.now.saturating_add(ANSWER_TIME).unwrap_or(Timestamp::MAX),
        };
        self.agenda.set(Task::Dispute(id), dispute.ends_at());
        self.disputes.put(dispute);
        self.transactions.edit(transaction)?.disputes.push(id);
        self.tell_dispute(id, "charge.dispute.create");
        Some(id)
    }

    /// Reminds the merchant of a dispute that is open.
    pub(super) fn remind_dispute(&mut self, id: u64) -> bool {
        let is_open = self.disputes.get(id).is_some_and(|dispute| dispute.resolution.is_none());
        if is_open {
            self.tell_dispute(id, "charge.dispute.remind");
        }
        is_open
    }

    /// Ends a dispute. False when it has ended already.
    pub(super) fn end_dispute(
        &mut self,
        id: u64,
        resolution: Resolution,
        amount: Option<i64>,
    ) -> bool {
        let Some(dispute) = self.disputes.get(id).filter(|d| d.resolution.is_none()) else {
            return false;
        };
        let (charge, purse) = (dispute.transaction, (dispute.integration, dispute.currency));
        let amount = amount.unwrap_or(dispute.refund_amount);
        let is_lost = resolution != Resolution::Declined;
        let now = self.now;
        if let Some(dispute) = self.disputes.edit(id) {
            dispute.resolution = Some(resolution);
            dispute.taken = Some(amount).filter(|_| is_lost);
            dispute.updated_at = now;
        }
        self.agenda.set(Task::Dispute(id), None);
        if is_lost && amount > 0 {
            let source = self.source_of_return(purse, amount);
            let postings = [(source, -amount), (Account::Chargebacks, amount)];
            self.post(purse, "A dispute is lost", (Model::Dispute, id), &postings);
            self.reverse(charge, false);
        }
        self.tell_dispute(id, "charge.dispute.resolve");
        true
    }
}
