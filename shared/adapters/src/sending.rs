//! What is known of a message to a person after a failure: surely not sent, now or ever, or nobody can tell.
//!
//! The difference matters because such a message cannot be taken back: what may have been sent is not sent again.
//! That is why the senders switch the SDK's own retries off.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::display::DisplayErrorContext;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

/// How SNS and SES say that what was wrong is the address or the text itself.
const IMPOSSIBLE: [&str; 3] = ["InvalidParameter", "InvalidParameterValue", "BadRequestException"];

/// A private cause.
type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why a message is not known to be sent.
#[derive(Debug, thiserror::Error)]
pub enum NotSent {
    /// It was surely not sent; a later try does no harm.
    #[error("the message was not accepted")]
    Refused(#[source] Cause),
    /// It was not sent and never will be: the address does not work.
    #[error("the message can never be delivered")]
    Impossible(#[source] Cause),
    /// It may be on its way; another try could send it twice.
    #[error("whether the message was sent is not known")]
    Unknown(#[source] Cause),
}

impl NotSent {
    /// Whether another try is safe.
    pub fn is_refused(&self) -> bool {
        matches!(self, Self::Refused(_))
    }

    /// What an SDK's error says: a 4xx of the service is a refusal, a request that was never made too. Of what a
    /// service says only its code is kept: its sentences repeat addresses.
    pub(crate) fn of<E>(error: SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let SdkError::ServiceError(answer) = &error else {
            let refused = matches!(error, SdkError::ConstructionFailure(_));
            let cause = format!("{}", DisplayErrorContext(error)).into();
            return if refused { Self::Refused(cause) } else { Self::Unknown(cause) };
        };
        let (code, status) = (answer.err().code().unwrap_or_default(), answer.raw().status());
        let cause = format!("{code}, status {}", status.as_u16()).into();
        match (status.is_client_error(), IMPOSSIBLE.contains(&code)) {
            (true, true) => Self::Impossible(cause),
            (true, false) => Self::Refused(cause),
            (false, _) => Self::Unknown(cause),
        }
    }

    /// We refuse to send it ourselves.
    pub(crate) fn ours(reason: &str) -> Self {
        Self::Refused(reason.into())
    }
}
