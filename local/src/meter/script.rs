//! Faults by number: the calls of a story are counted in the order in which they are made, and those that are named
//! go wrong. So a test can count the calls first and then break each of them in turn.
//!
//! Deliberately absent: retries. What a script breaks stays broken for whoever asked, as if all tries were used up:
//! the SDK would wait between them, and a thousand stories would wait with it.

use std::collections::BTreeMap;

use super::{Call, Fault};

/// What is counted, and what goes wrong.
#[derive(Clone, Debug)]
pub struct Script {
    counts: fn(&Call) -> bool,
    strikes: BTreeMap<u64, Fault>,
}

impl Script {
    /// Counts the calls for which `counts` says yes, and breaks none.
    pub fn counting(counts: fn(&Call) -> bool) -> Self {
        Self { counts, strikes: BTreeMap::new() }
    }

    /// Breaks the `nth` counted call, from 1.
    #[must_use]
    pub fn breaks(mut self, nth: u64, fault: Fault) -> Self {
        self.strikes.insert(nth, fault);
        self
    }
}

/// How far a story has come.
#[derive(Debug)]
pub(super) struct Followed {
    script: Script,
    trail: Vec<Call>,
    /// The attempt that was counted last: the SDK sends the same id with each attempt of one call.
    last_seen: Option<String>,
    /// A question to Paystack that went wrong: our client asks it once more, and that goes wrong too.
    asked_again: Option<String>,
}

impl Followed {
    pub(super) fn new(script: Script) -> Self {
        Self { script, trail: Vec::new(), last_seen: None, asked_again: None }
    }

    pub(super) fn trail(&self) -> Vec<Call> {
        self.trail.clone()
    }

    /// What is to happen to a call of AWS.
    pub(super) fn strike(&mut self, call: &Call, invocation: Option<&str>) -> Option<Fault> {
        if !(self.script.counts)(call) {
            return None;
        }
        if invocation.is_some() && self.last_seen.as_deref() == invocation {
            return None;
        }
        self.last_seen = invocation.map(str::to_owned);
        self.next(call)
    }

    /// What is to happen to a call of Paystack; `question` tells one that changes nothing from all others.
    pub(super) fn strike_paystack(&mut self, call: &Call, question: Option<&str>) -> Option<Fault> {
        if !(self.script.counts)(call) {
            return None;
        }
        let again = self.asked_again.take();
        if again.is_some() && again.as_deref() == question {
            return Some(Fault::Before);
        }
        let fault = self.next(call);
        if matches!(fault, Some(Fault::Before | Fault::LoseReply)) {
            self.asked_again = question.map(str::to_owned);
        }
        fault
    }

    fn next(&mut self, call: &Call) -> Option<Fault> {
        self.trail.push(call.clone());
        let number = u64::try_from(self.trail.len()).unwrap_or(u64::MAX);
        self.script.strikes.get(&number).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(service: &'static str, operation: &str) -> Call {
        Call { function: "payments".into(), service, operation: operation.to_owned() }
    }

    #[test]
    fn calls_are_numbered_once_however_often_they_are_tried() {
        let script = Script::counting(|call| call.service != "ssm").breaks(2, Fault::Twice);
        let mut followed = Followed::new(script);
        assert_eq!(followed.strike(&call("dynamodb", "GetItem"), Some("a")), None);
        assert_eq!(followed.strike(&call("dynamodb", "GetItem"), Some("a")), None);
        assert_eq!(followed.strike(&call("ssm", "GetParameter"), Some("b")), None);
        assert_eq!(followed.strike(&call("dynamodb", "PutItem"), Some("c")), Some(Fault::Twice));
        assert_eq!(followed.trail().len(), 2);
    }

    #[test]
    fn a_broken_question_is_broken_when_it_is_asked_again_and_only_then() {
        let script = Script::counting(|_| true).breaks(1, Fault::LoseReply);
        let mut followed = Followed::new(script);
        let verify = call("paystack", "GET /transfer/verify/{reference}");
        assert_eq!(followed.strike_paystack(&verify, Some("x")), Some(Fault::LoseReply));
        assert_eq!(followed.strike_paystack(&verify, Some("x")), Some(Fault::Before));
        assert_eq!(followed.strike_paystack(&verify, Some("x")), None);
        assert_eq!(followed.trail().len(), 2);
    }
}
