//! Faults on demand: what goes wrong, with which route or event, and how often.

use serde::{Deserialize, Serialize};

use super::shelf::Record;
use super::state::State;
use super::transfer::TransferStatus;

/// What transfers are called where an outcome is planned for them.
const TRANSFERS: &str = "transfer";

/// How a reply is lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lost {
    /// The connection is closed without an answer.
    #[default]
    Close,
    /// The connection stays open and nothing comes. A caller by a manual clock would wait for ever.
    Hang,
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FaultKind {
    /// A route answers 500, without effect.
    Error500,
    /// A route answers 404, without effect: it does not know what it is asked about.
    Missing,
    /// A route answers 429, without effect.
    RateLimited,
    /// Nothing happens and no reply comes.
    TimeoutBefore {
        /// How.
        #[serde(default)]
        how: Lost,
    },
    /// It happens, and the reply is lost.
    TimeoutAfter {
        /// How.
        #[serde(default)]
        how: Lost,
    },
    /// A route's answer or an event says another amount.
    WrongAmount {
        /// In minor units; one less than the right one when it is not said.
        #[serde(default)]
        amount: Option<i64>,
    },
    /// A route's answer or an event says another currency.
    WrongCurrency {
        /// Its code; `USD`, or `GHS` where that is right, when it is not said.
        #[serde(default)]
        currency: Option<String>,
    },
    /// A route's answer, or each row of it, says nothing where this field is.
    Without {
        /// The field's name.
        field: String,
    },
    /// An event comes so many more times, though it was acknowledged.
    Duplicate {
        /// How many more times.
        times: u32,
    },
    /// An event comes later.
    Delay {
        /// Milliseconds by the clock.
        ms: i64,
    },
    /// An event comes after the merchant's next one; after a minute of the clock when there is none.
    Reorder,
    /// An event never comes.
    Drop,
    /// An event waits until it is delivered by its number.
    Hold,
    /// An event's signature is wrong, once.
    BadSignature,
    /// An event's body has more blanks, rightly signed.
    Respaced,
    /// The merchant's answer to an event comes too late: the event is sent again by the schedule.
    Slow,
    /// A transfer ends in this way; an open status leaves it open. Its `on` is `transfer`.
    Transfer {
        /// How it ends.
        status: TransferStatus,
    },
}

impl FaultKind {
    /// When an event is made.
    fn is_of_event(&self) -> bool {
        matches!(
            self,
            FaultKind::WrongAmount { .. }
                | FaultKind::WrongCurrency { .. }
                | FaultKind::Duplicate { .. }
                | FaultKind::Delay { .. }
                | FaultKind::Reorder
                | FaultKind::Drop
                | FaultKind::Hold
        )
    }

    /// When an event is sent.
    fn is_of_attempt(&self) -> bool {
        matches!(self, FaultKind::BadSignature | FaultKind::Respaced | FaultKind::Slow)
    }

    /// When a route is called.
    fn is_of_route(&self) -> bool {
        matches!(
            self,
            FaultKind::Error500
                | FaultKind::Missing
                | FaultKind::RateLimited
                | FaultKind::TimeoutBefore { .. }
                | FaultKind::TimeoutAfter { .. }
                | FaultKind::WrongAmount { .. }
                | FaultKind::WrongCurrency { .. }
                | FaultKind::Without { .. }
        )
    }
}

/// A fault that waits for its occasion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// A route as `POST /refund`, an event as `charge.success`, or the beginning of either and a star.
    pub on: String,
    /// What goes wrong.
    #[serde(flatten)]
    pub kind: FaultKind,
    /// How many occasions go by before.
    #[serde(default)]
    pub skip: u32,
    /// How often; always when it is not said.
    #[serde(default)]
    pub count: Option<u32>,
    /// Only with this reference.
    #[serde(default)]
    pub reference: Option<String>,
    /// Only with the merchant of this number.
    #[serde(default)]
    pub integration: Option<u64>,
}

impl Fault {
    /// This goes wrong once, with this route or event.
    pub fn once(on: &str, kind: FaultKind) -> Self {
        Self { count: Some(1), ..Self::always(on, kind) }
    }

    /// This goes wrong each time, with this route or event.
    pub fn always(on: &str, kind: FaultKind) -> Self {
        let on = on.to_owned();
        Self { on, kind, skip: 0, count: None, reference: None, integration: None }
    }

    fn meets(&self, occasion: &Occasion<'_>) -> bool {
        let is_on = match self.on.strip_suffix('*') {
            Some(beginning) => occasion.on.starts_with(beginning),
            None => self.on == occasion.on,
        };
        let wanted = self.reference.as_deref();
        is_on
            && wanted.is_none_or(|wanted| Some(wanted) == occasion.reference)
            && self.integration.is_none_or(|wanted| wanted == occasion.integration)
    }
}

/// A fault, as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Planned {
    pub(super) id: u64,
    pub(super) fault: Fault,
}

impl Record for Planned {
    const KIND: &'static str = "fault";
    const FIRST: u64 = 1;

    fn id(&self) -> u64 {
        self.id
    }
}

/// What a fault may strike.
struct Occasion<'o> {
    on: &'o str,
    integration: u64,
    reference: Option<&'o str>,
}

impl State {
    /// What goes wrong with a request.
    pub(super) fn route_faults(
        &mut self,
        integration: u64,
        route: &str,
        reference: Option<&str>,
    ) -> Vec<FaultKind> {
        self.strike(&Occasion { on: route, integration, reference }, FaultKind::is_of_route)
    }

    /// What goes wrong with an event that is made.
    pub(super) fn event_faults(
        &mut self,
        integration: u64,
        event: &str,
        reference: &str,
    ) -> Vec<FaultKind> {
        let reference = Some(reference);
        self.strike(&Occasion { on: event, integration, reference }, FaultKind::is_of_event)
    }

    /// What goes wrong with an event that is sent.
    pub(super) fn attempt_faults(
        &mut self,
        integration: u64,
        event: &str,
        reference: &str,
    ) -> Vec<FaultKind> {
        let reference = Some(reference);
        self.strike(&Occasion { on: event, integration, reference }, FaultKind::is_of_attempt)
    }

    /// How a transfer is to end, where that is planned.
    pub(super) fn transfer_outcome(
        &mut self,
        integration: u64,
        reference: &str,
    ) -> Option<TransferStatus> {
        let occasion = Occasion { on: TRANSFERS, integration, reference: Some(reference) };
        let is_outcome = |kind: &FaultKind| matches!(kind, FaultKind::Transfer { .. });
        self.strike(&occasion, is_outcome).into_iter().find_map(|kind| match kind {
            FaultKind::Transfer { status } => Some(status),
            _ => None,
        })
    }

    /// Each fault that meets the occasion counts it.
    fn strike(
        &mut self,
        occasion: &Occasion<'_>,
        fits: impl Fn(&FaultKind) -> bool,
    ) -> Vec<FaultKind> {
        let meets = |planned: &&Planned| fits(&planned.fault.kind) && planned.fault.meets(occasion);
        let ids: Vec<u64> = self.faults.all().filter(meets).map(|planned| planned.id).collect();
        let mut kinds = Vec::new();
        for id in ids {
            let Some(planned) = self.faults.edit(id) else { continue };
            if planned.fault.skip > 0 {
                planned.fault.skip -= 1;
                continue;
            }
            kinds.push(planned.fault.kind.clone());
            if let Some(count) = &mut planned.fault.count {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    self.faults.remove(id);
                }
            }
        }
        kinds
    }

    /// Plans a fault.
    pub(super) fn plan(&mut self, fault: Fault) -> u64 {
        let id = self.faults.next_id();
        if fault.count != Some(0) {
            self.faults.put(Planned { id, fault });
        }
        id
    }
}
