//! Faults on the way to AWS: before the effect, after it, and twice.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;

use super::Call;

/// What goes wrong with a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection breaks before anything happened.
    Before,
    /// It happens, and the reply is lost.
    LoseReply,
    /// It happens twice; the second reply is what the function sees.
    Twice,
    /// It happens, and no reply ever comes: drop the call to see the process die right after the effect. In a
    /// [`Script`](super::Script) the process dies by itself.
    NeverReply,
    /// Nothing happens; this is answered, for example a throttling error.
    Answer {
        /// The HTTP status.
        status: u16,
        /// The JSON body; AWS names the error in `__type`.
        body: String,
    },
}

impl Fault {
    /// DynamoDB's throttling, which the embedded database cannot do.
    pub fn throttled() -> Self {
        Self::dynamodb("ProvisionedThroughputExceededException", "injected")
    }

    /// Two transactions met on one item, which the embedded database cannot do.
    pub fn transaction_conflict() -> Self {
        let body = r#"{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","message":"injected","CancellationReasons":[{"Code":"TransactionConflict","Message":"injected"}]}"#;
        Self::Answer { status: 400, body: body.to_owned() }
    }

    fn dynamodb(kind: &str, message: &str) -> Self {
        let kind = format!("com.amazonaws.dynamodb.v20120810#{kind}");
        let body = serde_json::json!({"__type": kind, "message": message}).to_string();
        Self::Answer { status: 400, body }
    }
}

/// Which calls are meant; what is left open matches all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    function: Option<String>,
    service: Option<String>,
    operation: Option<String>,
}

impl Filter {
    /// Every call.
    pub fn any() -> Self {
        Self::default()
    }

    /// Only of this function.
    #[must_use]
    pub fn function(self, name: &str) -> Self {
        Self { function: Some(name.to_owned()), ..self }
    }

    /// Only of this service, for example `dynamodb`.
    #[must_use]
    pub fn service(self, name: &str) -> Self {
        Self { service: Some(name.to_owned()), ..self }
    }

    /// Only this operation, for example `PutItem`.
    #[must_use]
    pub fn operation(self, name: &str) -> Self {
        Self { operation: Some(name.to_owned()), ..self }
    }

    pub(super) fn matches(&self, call: &Call) -> bool {
        let fits = |wanted: &Option<String>, is: &str| wanted.as_ref().is_none_or(|w| w == is);
        fits(&self.function, &call.function)
            && fits(&self.service, call.service)
            && fits(&self.operation, &call.operation)
    }
}

/// What the meter does with one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Before,
    LoseReply,
    Twice,
    NeverReply,
    Answer {
        status: u16,
        body: String,
    },
    /// What a script says: there is no other try.
    Final(Fault),
}

#[derive(Default)]
pub(super) struct Faults(Vec<Plan>);

struct Plan {
    filter: Filter,
    fault: Fault,
    /// Calls that still go by before it strikes.
    left: u64,
    and_retries: bool,
    /// The calls that were counted: the SDK sends the same id with each attempt of one call.
    last_seen: Option<String>,
    struck: Option<String>,
}

impl Faults {
    pub(super) fn add(&mut self, nth: u64, filter: Filter, fault: Fault, and_retries: bool) {
        let left = nth.max(1);
        self.0.push(Plan { filter, fault, left, and_retries, last_seen: None, struck: None });
    }

    pub(super) fn clear(&mut self) -> usize {
        let waiting = self.0.iter().filter(|plan| plan.left > 0).count();
        self.0.clear();
        waiting
    }

    pub(super) fn strike(&mut self, call: &Call, invocation: Option<&str>) -> Option<Verdict> {
        self.0
            .iter_mut()
            .filter(|plan| plan.filter.matches(call))
            .filter_map(|plan| plan.strike(invocation))
            .fold(None, |first, verdict| first.or(Some(verdict)))
    }
}

impl Plan {
    fn strike(&mut self, invocation: Option<&str>) -> Option<Verdict> {
        if self.left == 0 {
            let again =
                self.and_retries && invocation.is_some() && self.struck.as_deref() == invocation;
            return again.then(|| self.verdict_for_retry());
        }
        let same_call = invocation.is_some() && self.last_seen.as_deref() == invocation;
        if same_call {
            return None;
        }
        self.last_seen = invocation.map(str::to_owned);
        self.left -= 1;
        if self.left > 0 {
            return None;
        }
        self.struck = invocation.map(str::to_owned);
        Some(self.verdict())
    }

    fn verdict(&self) -> Verdict {
        match &self.fault {
            Fault::Before => Verdict::Before,
            Fault::LoseReply => Verdict::LoseReply,
            Fault::Twice => Verdict::Twice,
            Fault::NeverReply => Verdict::NeverReply,
            Fault::Answer { status, body } => {
                Verdict::Answer { status: *status, body: body.clone() }
            }
        }
    }

    /// After a lost reply the retries must not have an effect of their own.
    fn verdict_for_retry(&self) -> Verdict {
        match &self.fault {
            Fault::Answer { status, body } => {
                Verdict::Answer { status: *status, body: body.clone() }
            }
            Fault::Before | Fault::LoseReply | Fault::Twice | Fault::NeverReply => Verdict::Before,
        }
    }
}

pub(super) fn lost_before() -> ConnectorError {
    ConnectorError::io("injected: the connection broke before the request was sent".into())
}

pub(super) fn lost_reply() -> ConnectorError {
    ConnectorError::io("injected: the connection broke before the reply came".into())
}

/// All tries were used up. The SDK tries no error of this kind again.
pub(super) fn given_up() -> ConnectorError {
    ConnectorError::user("injected: there was no reply, however often it was tried".into())
}

pub(super) fn answer(status: u16, body: String) -> Result<HttpResponse, ConnectorError> {
    let status =
        StatusCode::try_from(status).map_err(|error| ConnectorError::user(error.into()))?;
    let mut response = HttpResponse::new(status, SdkBody::from(body));
    response.headers_mut().insert("content-type", "application/x-amz-json-1.0");
    Ok(response)
}
