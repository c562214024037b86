//! One function that is ready, and how it is called: as Lambda would, within its time and apart from all others.

use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use adapters::environment::Environment;
use axum::body::Bytes;
use http::Response;
use http_body_util::BodyExt;
use lambda_http::RequestExt;
use serde_json::Value;
use tower::ServiceExt;

use crate::meter::Meter;
use crate::registry::{BoxError, Build, Handler};

/// A function of the stack.
#[derive(Debug)]
pub(crate) struct Running {
    /// Its folder.
    pub(crate) name: String,
    pub(crate) timeout: Duration,
    /// What the function itself has: with the table it may do what its policy says.
    pub(crate) own: Environment,
    /// The same for tools of this process and for tests, of which nothing is asked.
    pub(crate) environment: Environment,
    pub(crate) handler: RwLock<Handler>,
    /// Makes the handler anew, after its process has died.
    pub(crate) build: Build,
    /// Tells when it dies.
    pub(crate) meter: Meter,
}

/// Why a function gave no HTTP answer. The reason is in the log, as it would be in the cloud.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HttpFailure {
    /// It took too long.
    TimedOut,
    /// It panicked, or it does not answer HTTP.
    Broken,
}

/// Ends the task with it: Lambda, too, stops a function whose time is over.
struct StopOnDrop(tokio::task::AbortHandle);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Running {
    /// Calls an event function.
    pub(crate) async fn invoke(&self, payload: Value) -> Result<Value, BoxError> {
        let Handler::Event(handle) = self.handler() else {
            return Err(format!("`{}` answers HTTP requests, not events", self.name).into());
        };
        let mut deathwatch = self.meter.deathwatch();
        // A task of its own, so that a panic ends this call and not the process.
        let call = tokio::spawn(handle(payload));
        let _stop = StopOnDrop(call.abort_handle());
        let ended = tokio::select! {
            ended = tokio::time::timeout(self.timeout, call) => ended,
            () = deathwatch.died(&self.name) => {
                self.begin_anew();
                return Err(format!("`{}` died", self.name).into());
            }
        };
        match ended {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(format!("`{}` panicked", self.name).into()),
            Err(_) => Err(format!("`{}` timed out after {:?}", self.name, self.timeout).into()),
        }
    }

    fn handler(&self) -> Handler {
        self.handler.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What a process knew dies with it; the next call is a cold start.
    fn begin_anew(&self) {
        match (self.build)(&self.own) {
            Ok(fresh) => *self.handler.write().unwrap_or_else(PoisonError::into_inner) = fresh,
            Err(error) => tracing::error!("`{}` does not start again: {error}", self.name),
        }
    }

    /// Calls an HTTP function with the JSON of API Gateway's event.
    pub(crate) async fn answer_http(
        &self,
        event: String,
        request_id: String,
        at_most: Duration,
    ) -> Result<Response<Bytes>, HttpFailure> {
        let Handler::Http(router) = self.handler() else {
            tracing::error!("`{}` has a route but does not answer HTTP", self.name);
            return Err(HttpFailure::Broken);
        };
        let mut deathwatch = self.meter.deathwatch();
        // A client that goes away does not stop a function that has begun, so it is not stopped here either.
        let mut call = tokio::spawn(async move {
            let request = lambda_http::request::from_str(&event).map_err(|e| e.to_string())?;
            let mut context = lambda_http::Context::default();
            context.request_id = request_id;
            let request = request.with_lambda_context(context);
            let Ok(response) = router.oneshot(request).await;
            let (head, body) = response.into_parts();
            let body = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
            Ok::<_, String>(Response::from_parts(head, body))
        });
        let ended = tokio::select! {
            ended = tokio::time::timeout(self.timeout.min(at_most), &mut call) => ended,
            () = deathwatch.died(&self.name) => {
                call.abort();
                self.begin_anew();
                return Err(HttpFailure::Broken);
            }
        };
        match ended {
            Ok(Ok(Ok(response))) => Ok(response),
            Ok(Ok(Err(error))) => {
                tracing::error!("`{}` could not answer: {error}", self.name);
                Err(HttpFailure::Broken)
            }
            Ok(Err(error)) => {
                tracing::error!("`{}` panicked: {error}", self.name);
                Err(HttpFailure::Broken)
            }
            Err(_) => {
                call.abort();
                tracing::error!("`{}` timed out", self.name);
                Err(HttpFailure::TimedOut)
            }
        }
    }
}
