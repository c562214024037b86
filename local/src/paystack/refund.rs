//! Refunds: asked for, processed in steps of the clock, or as a test says.
//!
//! The money is deducted at once and comes back when the refund fails. Paystack keeps its fee of the charge.

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
use super::transaction::{ChargeStatus, Transaction};
pub(super) use wire::{fetch, list};

/// A step takes so long by the clock.
const STEP: SignedDuration = SignedDuration::from_secs(5);

/// A refund's status, in Paystack's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RefundStatus {
    /// Asked for.
    Pending,
    /// With the processor.
    Processing,
    /// The patron has the money.
    Processed,
    /// The merchant has it again.
    Failed,
    /// Paystack needs an account to send it to.
    NeedsAttention,
}

impl RefundStatus {
    /// Paystack's word.
    pub fn word(self) -> &'static str {
        match self {
            RefundStatus::Pending => "pending",
            RefundStatus::Processing => "processing",
            RefundStatus::Processed => "processed",
            RefundStatus::Failed => "failed",
            RefundStatus::NeedsAttention => "needs-attention",
        }
    }

    fn is_final(self) -> bool {
        matches!(self, RefundStatus::Processed | RefundStatus::Failed)
    }

    /// Whether a refund may go from here to there.
    fn may_become(self, next: RefundStatus) -> bool {
        match next {
            RefundStatus::Pending => false,
            RefundStatus::Processing => {
                matches!(self, RefundStatus::Pending | RefundStatus::NeedsAttention)
            }
            RefundStatus::Processed | RefundStatus::Failed => !self.is_final(),
            RefundStatus::NeedsAttention => {
                matches!(self, RefundStatus::Pending | RefundStatus::Processing)
            }
        }
    }
}

/// A refund.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Refund {
    pub(super) id: u64,
    pub(super) integration: u64,
    pub(super) transaction: u64,
    pub(super) amount: i64,
    pub(super) currency: Currency,
    pub(super) status: RefundStatus,
    /// What it ends in when the clock decides.
    pub(super) outcome: RefundStatus,
    /// Where the money was taken from.
    source: Account,
    pub(super) reference: Option<String>,
    pub(super) customer_note: Option<String>,
    pub(super) merchant_note: Option<String>,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
    pub(super) due_at: Option<Timestamp>,
}

impl Record for Refund {
    const KIND: &'static str = "refund";
    const FIRST: u64 = 13_018_284;

    fn id(&self) -> u64 {
        self.id
    }
}

/// What is asked for, beside the charge.
#[derive(Debug, Default)]
pub(super) struct Notes {
    customer: Option<String>,
    merchant: Option<String>,
}

/// `POST /refund`.
pub(super) fn create(state: &mut State, call: &Call) -> Outcome {
    let charge = named(state, call)?;
    if call.body.text("currency").is_some_and(|currency| currency != charge.currency.code()) {
        return Err(Refusal::invalid("Currency does not match that of the transaction"));
    }
    let amount = call.body.value("amount").map(|_| call.body.number("amount").unwrap_or(0));
    let (customer, merchant) = (call.body.text("customer_note"), call.body.text("merchant_note"));
    let id = state.ask_refund(&charge, amount, Notes { customer, merchant })?;
    let body = state.refund_created(id).ok_or_else(Refusal::broken)?;
    Ok(Reply::ok("Refund has been queued for processing", body))
}

/// The charge that is meant, by its reference or its number.
fn named(state: &State, call: &Call) -> Result<Transaction, Refusal> {
    let named = call.body.text("transaction");
    let named = named.ok_or_else(|| Refusal::missing("Transaction is required"))?;
    let by_number = || {
        let charge = state.transactions.get(named.parse().ok()?)?;
        Some(charge).filter(|charge| charge.integration == call.integration)
    };
    let charge = state.charge(call.integration, &named).or_else(by_number);
    charge.cloned().ok_or_else(|| Refusal::not_found("Transaction not found"))
}

/// `POST /refund/retry_with_customer_details/{id}`.
pub(super) fn retry(state: &mut State, call: &Call) -> Outcome {
    let id = wire::own_refund(state, call)?.id;
    if call.body.value("refund_account_details").is_none() {
        return Err(Refusal::missing("Refund account details are required"));
    }
    if state.refunds.get(id).map(|refund| refund.status) != Some(RefundStatus::NeedsAttention) {
        return Err(Refusal::refund_state());
    }
    if let Some(refund) = state.refunds.edit(id) {
        refund.outcome = RefundStatus::Processed;
    }
    state.move_refund(id, RefundStatus::Processing);
    let body = state.refund_body(id, true).ok_or_else(Refusal::broken)?;
    Ok(Reply::ok("Refund retried and has been queued for processing", body))
}

impl State {
    /// A refund comes to exist: of all that is left, or of this much. The money is deducted at once.
    pub(super) fn ask_refund(
        &mut self,
        charge: &Transaction,
        amount: Option<i64>,
        notes: Notes,
    ) -> Result<u64, Refusal> {
        let (amount, outcome) = self.refundable(charge, amount)?;
        let id = self.refunds.next_id();
        let by_hand = self.integrations.get(charge.integration).map(|i| i.settings.refunds_by_hand);
        let due_at = if by_hand.unwrap_or(false) { None } else { self.now.checked_add(STEP).ok() };
        let source = self.source_of_return(charge.purse(), amount);
        self.refunds.put(Refund {
            id,
            integration: charge.integration,
            transaction: charge.id,
            amount,
            currency: charge.currency,
            status: RefundStatus::Pending,
            outcome,
            source: source.clone(),
            reference: None,
            customer_note: notes.customer,
            merchant_note: notes.merchant,
            created_at: self.now,
            updated_at: self.now,
            due_at,
        });
        self.agenda.set(Task::Refund(id), due_at);
        if let Some(charge) = self.transactions.edit(charge.id) {
            charge.refunds.push(id);
        }
        let postings = [(source, -amount), (Account::Refunded, amount)];
        self.post(charge.purse(), "A refund is asked for", (Model::Refund, id), &postings);
        self.tell_refund(id);
        Ok(id)
    }

    /// The amount, bounded by what is left of the charge, and what will become of it.
    fn refundable(
        &self,
        charge: &Transaction,
        amount: Option<i64>,
    ) -> Result<(i64, RefundStatus), Refusal> {
        let card = charge.card.as_ref().filter(|_| charge.is_paid());
        let card = card.ok_or_else(|| {
            Refusal::coded("Only successful transactions can be refunded", "invalid_transaction")
        })?;
        let left = charge.amount - self.given_back(charge);
        if left <= 0 {
            let message = "Transaction has been fully reversed";
            return Err(Refusal::coded(message, "transaction_reversed"));
        }
        let amount = amount.unwrap_or(left);
        if amount <= 0 {
            return Err(Refusal::coded("Invalid Amount Sent", "invalid_amount"));
        }
        if amount > left {
            let message = "Refund amount cannot be more than the amount left of the transaction";
            return Err(Refusal::coded(message, "invalid_amount"));
        }
        Ok((amount, card.refund))
    }

    /// What has gone back of a charge, or is on its way, by refunds and by lost disputes.
    pub(super) fn given_back(&self, charge: &Transaction) -> i64 {
        let refunds = charge.refunds.iter().filter_map(|id| self.refunds.get(*id));
        let refunded = refunds.filter(|refund| refund.status != RefundStatus::Failed);
        let refunded: i64 = refunded.map(|refund| refund.amount).sum();
        let disputes = charge.disputes.iter().filter_map(|id| self.disputes.get(*id));
        refunded + disputes.filter_map(|dispute| dispute.taken).sum::<i64>()
    }

    /// The clock says that the next step is due.
    pub(super) fn step_refund(&mut self, id: u64) {
        let Some(refund) = self.refunds.get(id) else { return };
        let next = match refund.status {
            RefundStatus::Pending => RefundStatus::Processing,
            _ => refund.outcome,
        };
        self.move_refund(id, next);
    }

    /// Moves a refund on, with its money and its event. False when it cannot go there.
    pub(super) fn move_refund(&mut self, id: u64, next: RefundStatus) -> bool {
        let now = self.now;
        let code = self.code("TRF_");
        let Some(refund) = self.refunds.edit(id) else { return false };
        if !refund.status.may_become(next) {
            return false;
        }
        refund.status = next;
        refund.updated_at = now;
        if next != RefundStatus::Pending {
            refund.reference.get_or_insert(code);
        }
        let goes_on = next == RefundStatus::Processing && refund.outcome != next;
        refund.due_at = now.checked_add(STEP).ok().filter(|_| goes_on);
        let (refund, due_at) = (refund.clone(), refund.due_at);
        let settings = self.integrations.get(refund.integration).map(|i| i.settings.clone());
        let by_hand = settings.as_ref().is_some_and(|settings| settings.refunds_by_hand);
        self.agenda.set(Task::Refund(id), due_at.filter(|_| !by_hand));
        match next {
            RefundStatus::Failed => {
                let postings =
                    [(Account::Refunded, -refund.amount), (refund.source.clone(), refund.amount)];
                let purse = (refund.integration, refund.currency);
                self.post(purse, "A refund has failed", (Model::Refund, id), &postings);
            }
            RefundStatus::Processed => {
                let any = settings.is_some_and(|settings| settings.partial_refund_reverses);
                self.reverse(refund.transaction, any);
            }
            _ => {}
        }
        self.tell_refund(id);
        true
    }

    /// A charge of which all has gone back is reversed.
    pub(super) fn reverse(&mut self, id: u64, even_in_part: bool) {
        let Some(charge) = self.transactions.get(id) else { return };
        let gone = charge.refunds.iter().filter_map(|id| self.refunds.get(*id));
        let gone = gone.filter(|refund| refund.status == RefundStatus::Processed);
        let gone: i64 = gone.map(|refund| refund.amount).sum();
        let disputes = charge.disputes.iter().filter_map(|id| self.disputes.get(*id));
        let gone = gone + disputes.filter_map(|dispute| dispute.taken).sum::<i64>();
        if (even_in_part || gone >= charge.amount)
            && let Some(charge) = self.transactions.edit(id)
        {
            charge.status = ChargeStatus::Reversed;
        }
    }
}
