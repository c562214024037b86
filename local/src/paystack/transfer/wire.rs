//! A transfer as Paystack writes it, in answers and in events whose spelling has changed over the years.

use serde_json::{Value, json};

use super::{Transfer, TransferStatus};
use crate::paystack::api::Call;
use crate::paystack::paging;
use crate::paystack::recipient::IN_ANSWERS;
use crate::paystack::reply::{Outcome, Refusal, Reply};
use crate::paystack::state::{State, iso};
use crate::paystack::transaction::is_within;

/// As the older events spell the instants.
const IN_OLD_EVENTS: [&str; 2] = ["created_at", "updated_at"];

fn not_found() -> Refusal {
    Refusal::not_found("Transfer not found")
}

/// `GET /transfer/verify/{reference}`.
pub(in crate::paystack) fn verify(state: &mut State, call: &Call) -> Outcome {
    let transfer = state.transfer(call.integration, call.param("reference"));
    let transfer = transfer.ok_or_else(not_found)?;
    let body = state.transfer_body(transfer).ok_or_else(Refusal::broken)?;
    Ok(Reply::ok("Transfer retrieved", body))
}

/// `GET /transfer/{id_or_code}`.
pub(in crate::paystack) fn fetch(state: &mut State, call: &Call) -> Outcome {
    let named = call.param("id_or_code");
    let mut mine = state.transfers.all().filter(|t| t.integration == call.integration);
    let found = mine.find(|transfer| transfer.code == named || transfer.id.to_string() == named);
    let transfer = found.ok_or_else(not_found)?;
    let body = state.transfer_body(transfer).ok_or_else(Refusal::broken)?;
    Ok(Reply::ok("Transfer retrieved", body))
}

/// `GET /transfer`.
pub(in crate::paystack) fn list(state: &mut State, call: &Call) -> Outcome {
    let query = &call.query;
    let recipient = query.text("recipient");
    let recipient = recipient.map(|named| state.recipient(call.integration, &named).map(|r| r.id));
    let is_wanted = |transfer: &&Transfer| {
        transfer.integration == call.integration
            && query.text("status").is_none_or(|status| status == transfer.status.word())
            && recipient.is_none_or(|id| id == Some(transfer.recipient))
            && is_within(transfer.created_at, query)
    };
    let found: Vec<&Transfer> = state.transfers.all().rev().filter(is_wanted).collect();
    let (page, meta) = paging::page(query, &found, |transfer| transfer.id)?;
    let bodies = page.iter().filter_map(|transfer| state.transfer_body(transfer)).collect();
    Ok(Reply::list("Transfers retrieved", (bodies, meta)))
}

impl State {
    /// A transfer with its recipient inside.
    pub(in crate::paystack) fn transfer_body(&self, transfer: &Transfer) -> Option<Value> {
        let integration = self.integrations.get(transfer.integration)?;
        let recipient = self.recipients.get(transfer.recipient)?;
        Some(json!({
            "amount": transfer.amount,
            "createdAt": iso(transfer.created_at),
            "updatedAt": iso(transfer.updated_at),
            "currency": transfer.currency.code(),
            "domain": integration.domain(),
            "failures": null,
            "id": transfer.id,
            "integration": transfer.integration,
            "reason": transfer.reason,
            "reference": transfer.reference,
            "source": "balance",
            "source_details": null,
            "status": transfer.status.word(),
            "titan_code": null,
            "transfer_code": transfer.code,
            "request": transfer.id + 1_000_000,
            "transferred_at": transfer.transferred_at.map(iso),
            "recipient": recipient.body(integration.domain(), IN_ANSWERS),
            "session": { "provider": null, "id": null },
            "fee_charged": transfer.fee,
            "fees_breakdown": null,
            "gateway_response": null,
        }))
    }

    /// Tells the merchant how a transfer has ended; a few ends have no event.
    pub(super) fn tell_transfer(&mut self, id: u64) {
        let Some(transfer) = self.transfers.get(id) else { return };
        let (owner, reference, status) =
            (transfer.integration, transfer.reference.clone(), transfer.status);
        let has_event = matches!(
            status,
            TransferStatus::Success | TransferStatus::Failed | TransferStatus::Reversed
        );
        let Some(body) = self.transfer_event(transfer).filter(|_| has_event) else { return };
        self.emit(owner, &format!("transfer.{}", status.word()), &reference, body);
    }

    /// The newest spelling for a success, an older one for the rest.
    pub(in crate::paystack) fn transfer_event(&self, transfer: &Transfer) -> Option<Value> {
        let integration = self.integrations.get(transfer.integration)?;
        let recipient = self.recipients.get(transfer.recipient)?;
        let mut body = self.transfer_body(transfer)?;
        body["integration"] = json!({
            "id": integration.id,
            "is_live": integration.settings.live,
            "business_name": integration.business_name,
        });
        let is_new = transfer.status == TransferStatus::Success;
        let members = body.as_object_mut()?;
        members.remove("request");
        members.remove("fees_breakdown");
        if is_new {
            members.insert("transferred_at".to_owned(), Value::Null);
            members["integration"]["logo_path"] = Value::Null;
            return Some(body);
        }
        for name in ["fee_charged", "gateway_response"] {
            members.remove(name);
        }
        for (old, new) in IN_OLD_EVENTS.into_iter().zip(IN_ANSWERS) {
            let at = members.remove(new)?;
            members.insert(old.to_owned(), at);
        }
        let domain = integration.domain();
        members.insert("recipient".to_owned(), recipient.body(domain, IN_OLD_EVENTS));
        let session = format!("1101{:026}", transfer.id);
        members.insert("session".to_owned(), json!({ "provider": "nip", "id": session }));
        if transfer.status == TransferStatus::Failed {
            members.insert("transferred_at".to_owned(), Value::Null);
        }
        Some(body)
    }
}
