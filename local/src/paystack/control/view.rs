//! The lists that a test or a person sees.

use serde_json::{Value, json};

use crate::paystack::Simulator;
use crate::paystack::fields::Fields;
use crate::paystack::integration::Integration;
use crate::paystack::state::State;
use crate::paystack::transaction::{Shape, Transaction};

/// Items of a list at most, the newest first, when nothing else is said.
const SHOWN: usize = 200;

fn bound(query: &Fields) -> usize {
    query.number("limit").and_then(|limit| usize::try_from(limit).ok()).unwrap_or(SHOWN)
}

impl Simulator {
    pub(super) fn shown_charges(&self, query: &Fields) -> Value {
        let one = |state: &State, charge: &Transaction| {
            let mut body = state.charge_body(charge, Shape::Verify)?;
            body["access_code"] = json!(charge.access_code);
            body["integration"] = json!(charge.integration);
            Some(body)
        };
        self.read(|state| {
            let fits =
                |charge: &&Transaction| wants(query, charge.status.word(), &charge.reference);
            let found = state.transactions.all().rev().filter(fits).take(bound(query));
            Value::Array(found.filter_map(|charge| one(state, charge)).collect())
        })
    }

    pub(super) fn shown_refunds(&self, query: &Fields) -> Value {
        self.read(|state| {
            let bodies = state.refunds.all().rev().filter_map(|r| state.refund_body(r.id, true));
            let fits = |body: &Value| wants_body(query, body, "transaction_reference");
            Value::Array(bodies.filter(fits).take(bound(query)).collect())
        })
    }

    pub(super) fn shown_disputes(&self, query: &Fields) -> Value {
        self.read(|state| {
            let all = state.disputes.all().rev();
            let bodies = all.filter_map(|dispute| state.dispute_body(dispute.id, false));
            let fits = |body: &Value| wants_body(query, body, "transaction_reference");
            Value::Array(bodies.filter(fits).take(bound(query)).collect())
        })
    }

    pub(super) fn shown_transfers(&self, query: &Fields) -> Value {
        self.read(|state| {
            let all = state.transfers.all().rev();
            let bodies = all.filter_map(|transfer| state.transfer_body(transfer));
            let fits = |body: &Value| wants_body(query, body, "reference");
            Value::Array(bodies.filter(fits).take(bound(query)).collect())
        })
    }

    pub(super) fn shown_webhooks(&self, query: &Fields) -> Value {
        self.read(|state| {
            let fits = |delivery: &&crate::paystack::webhook::Delivery| {
                let status = serde_json::to_value(delivery.status).unwrap_or_default();
                wants(query, status.as_str().unwrap_or_default(), &delivery.reference)
                    && query.text("event").is_none_or(|event| event == delivery.event)
            };
            let found = state.deliveries.all().rev().filter(fits).take(bound(query));
            json!(found.map(|delivery| delivery.shown()).collect::<Vec<_>>())
        })
    }

    /// The merchants, without their keys.
    pub(super) fn shown_merchants(&self) -> Value {
        let one = |integration: &Integration| {
            json!({
                "integration": integration.id,
                "business_name": integration.business_name,
                "webhook_url": integration.webhook_url,
                "approval_url": integration.approval_url,
                "currencies": integration.currencies,
                "settings": integration.settings,
            })
        };
        self.read(|state| Value::Array(state.integrations.all().map(one).collect()))
    }
}

fn wants(query: &Fields, status: &str, reference: &str) -> bool {
    query.text("status").is_none_or(|wanted| wanted == status)
        && query.text("reference").is_none_or(|wanted| wanted == reference)
}

fn wants_body(query: &Fields, body: &Value, reference: &str) -> bool {
    let text = |name: &str| body[name].as_str().unwrap_or_default();
    wants(query, text("status"), text(reference))
}
