//! A dispute as Paystack writes it, in answers and in events.

use serde_json::{Value, json};

use super::Dispute;
use crate::paystack::api::Call;
use crate::paystack::paging;
use crate::paystack::reply::{Outcome, Refusal, Reply};
use crate::paystack::state::{State, iso, own};
use crate::paystack::transaction::Shape;
use crate::paystack::transaction::is_within;

/// `GET /dispute/{id}`.
pub(in crate::paystack) fn fetch(state: &mut State, call: &Call) -> Outcome {
    let id = own_dispute(state, call)?.id;
    let body = state.dispute_body(id, false).ok_or_else(Refusal::broken)?;
    Ok(Reply::ok("Dispute retrieved", body))
}

/// `GET /dispute`.
pub(in crate::paystack) fn list(state: &mut State, call: &Call) -> Outcome {
    let query = &call.query;
    let is_wanted = |dispute: &&Dispute| {
        dispute.integration == call.integration
            && query.text("status").is_none_or(|status| status == dispute.status())
            && query.text("transaction").is_none_or(|id| id == dispute.transaction.to_string())
            && is_within(dispute.created_at, query)
    };
    let found = state.disputes.all().rev().filter(is_wanted);
    let found: Vec<u64> = found.map(|dispute| dispute.id).collect();
    let (page, meta) = paging::page(query, &found, |id| *id)?;
    let bodies = page.iter().filter_map(|id| state.dispute_body(*id, false)).collect();
    Ok(Reply::list("Disputes retrieved", (bodies, meta)))
}

/// `GET /dispute/transaction/{id}`: one object, the latest dispute of the charge.
pub(in crate::paystack) fn of_transaction(state: &mut State, call: &Call) -> Outcome {
    let id = call.param("id").parse().unwrap_or(0);
    let charge = own(&state.transactions, id, |charge| charge.integration == call.integration);
    let last = charge.and_then(|charge| charge.disputes.last().copied());
    let body = last.and_then(|id| state.dispute_body(id, false));
    let body = body.ok_or_else(|| Refusal::not_found("Dispute not found"))?;
    Ok(Reply::ok("Dispute retrieved successfully", body))
}

pub(super) fn own_dispute<'s>(state: &'s State, call: &Call) -> Result<&'s Dispute, Refusal> {
    let id = call.param("id").parse().unwrap_or(0);
    let dispute = own(&state.disputes, id, |dispute| dispute.integration == call.integration);
    dispute.ok_or_else(|| Refusal::not_found("Dispute not found"))
}

impl State {
    /// A dispute; events spell its instants in another way.
    pub(in crate::paystack) fn dispute_body(&self, id: u64, is_event: bool) -> Option<Value> {
        let dispute = self.disputes.get(id)?;
        let charge = self.transactions.get(dispute.transaction)?;
        let integration = self.integrations.get(dispute.integration)?;
        let card = charge.card.as_ref();
        let resolved_at = dispute.resolution.map(|_| iso(dispute.updated_at));
        let customer = self.person_of(charge)?;
        let by = customer["email"].clone();
        let message = dispute.message.as_ref();
        let mut body = json!({
            "id": dispute.id,
            "refund_amount": dispute.refund_amount,
            "currency": dispute.currency.code(),
            "status": dispute.status(),
            "resolution": dispute.resolution.map(super::Resolution::word),
            "domain": integration.domain(),
            "transaction": self.charge_body(charge, Shape::Dispute)?,
            "transaction_reference": null,
            "category": dispute.category,
            "customer": customer,
            "bin": card.map(|card| card.bin()),
            "last4": card.map(|card| card.last4()),
            "dueAt": iso(dispute.due_at),
            "resolvedAt": resolved_at,
            "evidence": null,
            "attachments": null,
            "note": null,
            "history": [{
                "status": dispute.status(), "by": by, "createdAt": iso(dispute.updated_at),
            }],
            "messages": message.map(|text| json!([{
                "sender": by, "body": text, "createdAt": iso(dispute.updated_at),
            }])).unwrap_or_else(|| json!([])),
        });
        let names =
            if is_event { ["created_at", "updated_at"] } else { ["createdAt", "updatedAt"] };
        for (name, at) in names.into_iter().zip([dispute.created_at, dispute.updated_at]) {
            body[name] = json!(iso(at));
        }
        Some(body)
    }

    /// Tells the merchant about a dispute.
    pub(super) fn tell_dispute(&mut self, id: u64, event: &str) {
        let Some(body) = self.dispute_body(id, true) else { return };
        let Some(dispute) = self.disputes.get(id) else { return };
        let Some(charge) = self.transactions.get(dispute.transaction) else { return };
        let (owner, reference) = (charge.integration, charge.reference.clone());
        self.emit(owner, event, &reference, body);
    }
}
