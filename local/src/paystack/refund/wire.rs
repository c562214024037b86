//! A refund as Paystack writes it: three shapes in answers, and events whose amount is now text and now a number.

use serde_json::{Value, json};

use super::{Refund, RefundStatus};
use crate::paystack::api::Call;
use crate::paystack::paging;
use crate::paystack::reply::{Outcome, Refusal, Reply};
use crate::paystack::state::{State, iso, own};
use crate::paystack::transaction::Shape;
use crate::paystack::transaction::is_within;

/// `GET /refund/{id}`.
pub(in crate::paystack) fn fetch(state: &mut State, call: &Call) -> Outcome {
    let id = own_refund(state, call)?.id;
    let body = state.refund_body(id, true).ok_or_else(Refusal::broken)?;
    Ok(Reply::ok("Refund retrieved", body))
}

/// `GET /refund`: of one charge, by its number or its reference, or of all.
pub(in crate::paystack) fn list(state: &mut State, call: &Call) -> Outcome {
    let (query, owner) = (&call.query, call.integration);
    let charge = query.text("transaction").or_else(|| query.text("reference"));
    let of_charge = charge.map(|named| {
        let by_number = || state.transactions.get(named.parse().ok()?);
        let charge = state.charge(owner, &named).or_else(by_number);
        charge.filter(|c| c.integration == owner).map(|c| c.refunds.clone()).unwrap_or_default()
    });
    let is_wanted = |refund: &&Refund| {
        refund.integration == owner
            && query.text("currency").is_none_or(|code| code == refund.currency.code())
            && is_within(refund.created_at, query)
    };
    let found: Vec<u64> = match of_charge {
        Some(ids) => {
            let refunds = ids.iter().rev().filter_map(|id| state.refunds.get(*id));
            refunds.filter(is_wanted).map(|refund| refund.id).collect()
        }
        None => state.refunds.all().rev().filter(is_wanted).map(|refund| refund.id).collect(),
    };
    let (page, mut meta) = paging::page(query, &found, |id| *id)?;
    // The specification says that it is text here, and only here.
    if let Some(per_page) = meta.get_mut("perPage") {
        *per_page = Value::String(per_page.to_string());
    }
    let bodies = page.iter().filter_map(|id| state.refund_body(*id, false)).collect();
    Ok(Reply::list("Refunds retrieved", (bodies, meta)))
}

pub(super) fn own_refund<'s>(state: &'s State, call: &Call) -> Result<&'s Refund, Refusal> {
    let id = call.param("id").parse().unwrap_or(0);
    let refund = own(&state.refunds, id, |refund| refund.integration == call.integration);
    refund.ok_or_else(|| Refusal::not_found("Refund not found"))
}

impl State {
    /// The answer to `POST /refund`, with the charge inside.
    pub(super) fn refund_created(&self, id: u64) -> Option<Value> {
        let mut body = self.refund_body(id, true)?;
        let charge = self.transactions.get(self.refunds.get(id)?.transaction)?;
        body["transaction"] = self.charge_body(charge, Shape::Fetch)?;
        body["channel"] = Value::Null;
        body["fully_deducted"] = json!(false);
        body["deducted_amount"] = json!(0);
        Some(body)
    }

    /// A refund on its own, or one of a list.
    pub(in crate::paystack) fn refund_body(&self, id: u64, alone: bool) -> Option<Value> {
        let refund = self.refunds.get(id)?;
        let charge = self.transactions.get(refund.transaction)?;
        let integration = self.integrations.get(refund.integration)?;
        let is_deducted = refund.status != RefundStatus::Pending;
        let mut body = json!({
            "id": refund.id,
            "integration": refund.integration,
            "domain": integration.domain(),
            "transaction": refund.transaction,
            "dispute": null,
            "settlement": null,
            "amount": refund.amount,
            "deducted_amount": if is_deducted { refund.amount } else { 0 },
            "fully_deducted": match (alone, is_deducted) {
                (true, is) => json!(is),
                (false, true) => json!(1),
                (false, false) => Value::Null,
            },
            "currency": refund.currency.code(),
            "channel": "card",
            "status": refund.status.word(),
            "refunded_by": "merchant@example.com",
            "refunded_at": iso(refund.updated_at),
            "expected_at": iso(refund.created_at),
            "customer_note": refund.customer_note,
            "merchant_note": refund.merchant_note,
            "bank_reference": null,
            "transaction_reference": charge.reference,
            "transaction_amount": charge.amount,
            "refund_reference": refund.reference,
        });
        let names = if alone { ["createdAt", "updatedAt"] } else { ["created_at", "updated_at"] };
        for (name, at) in names.into_iter().zip([refund.created_at, refund.updated_at]) {
            body[name] = json!(iso(at));
        }
        Some(body)
    }

    /// Tells the merchant where a refund stands.
    pub(super) fn tell_refund(&mut self, id: u64) {
        let Some((event, reference, body)) = self.refund_event(id) else { return };
        let Some(refund) = self.refunds.get(id) else { return };
        self.emit(refund.integration, &event, &reference, body);
    }

    fn refund_event(&self, id: u64) -> Option<(String, String, Value)> {
        let refund = self.refunds.get(id)?;
        let charge = self.transactions.get(refund.transaction)?;
        let integration = self.integrations.get(refund.integration)?;
        let email = &self.customers.get(charge.customer)?.email;
        let amount = match refund.status {
            RefundStatus::Failed | RefundStatus::NeedsAttention => json!(refund.amount),
            _ => json!(refund.amount.to_string()),
        };
        let has_reference = refund.status != RefundStatus::Pending;
        let mut body = json!({
            "status": refund.status.word(),
            "transaction_reference": charge.reference,
            "refund_reference": refund.reference.as_ref().filter(|_| has_reference),
            "amount": amount,
            "currency": refund.currency.code(),
            "customer": { "first_name": null, "last_name": null, "email": email },
            "integration": refund.integration,
            "domain": integration.domain(),
        });
        if refund.status == RefundStatus::NeedsAttention {
            body["id"] = json!(refund.id.to_string());
            body["customer_note"] = json!(refund.customer_note);
            body["merchant_note"] = json!(refund.merchant_note);
        } else {
            body["processor"] = json!("instant-transfer");
        }
        let event = format!("refund.{}", refund.status.word());
        Some((event, charge.reference.clone(), body))
    }
}
