//! The `main` of every function: telemetry, the environment, the function's `Deps`, then Lambda's loop.

use std::future::Future;
use std::process::{ExitCode, Termination};

use adapters::environment::{Environment, EnvironmentError};
use lambda_runtime::{LambdaEvent, service_fn};
use metrics_cloudwatch_embedded::Collector;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tower::ServiceExt;
use tracing::Instrument;

use crate::{BoxError, Routes, router, telemetry};

/// How a function's process ends: zero when Lambda asked for it, else one line that says why.
#[derive(Debug)]
pub struct Exit(Result<(), BoxError>);

impl Termination for Exit {
    fn report(self) -> ExitCode {
        match self.0 {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                tracing::error!(%error, "the function cannot start");
                ExitCode::FAILURE
            }
        }
    }
}

/// Runs a function behind the HTTP API.
pub fn serve<D>(
    service: &'static str,
    from_env: fn(&Environment) -> Result<D, EnvironmentError>,
    routes: fn(D) -> Routes,
) -> Exit {
    run(service, from_env, |deps, collector| async move {
        let router = router(service, routes(deps));
        let handler = lambda_http::service_fn(move |request: lambda_http::Request| {
            let router = router.clone();
            async move {
                let answer = router.oneshot(request.map(axum::body::Body::new)).await;
                flush(collector);
                answer
            }
        });
        lambda_http::run(handler).await
    })
}

/// Runs a function behind a queue, a stream or a schedule.
pub fn serve_events<D, E, R, F>(
    service: &'static str,
    from_env: fn(&Environment) -> Result<D, EnvironmentError>,
    handle: fn(D, E) -> F,
) -> Exit
where
    D: Clone,
    E: DeserializeOwned,
    R: Serialize,
    F: Future<Output = Result<R, BoxError>>,
{
    run(service, from_env, |deps, collector| async move {
        let handler = service_fn(move |event: LambdaEvent<E>| {
            let trace_id = event.context.request_id;
            let span = tracing::info_span!("invocation", trace_id, service);
            let work = handle(deps.clone(), event.payload);
            let reported = async move {
                let report = work.await;
                flush(collector);
                report
            };
            reported.instrument(span)
        });
        lambda_runtime::run(handler).await
    })
}

fn run<D, F>(
    service: &'static str,
    from_env: fn(&Environment) -> Result<D, EnvironmentError>,
    work: impl FnOnce(D, Option<&'static Collector>) -> F,
) -> Exit
where
    F: Future<Output = Result<(), lambda_runtime::Error>>,
{
    telemetry::init_logs();
    let collector = telemetry::init_metrics(service);
    let outcome = || {
        let deps = from_env(&Environment::of_process()?)?;
        // One request at a time is what Lambda sends: one thread is enough.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(work(deps, collector))
    };
    Exit(outcome())
}

fn flush(collector: Option<&'static Collector>) {
    if let Some(collector) = collector
        && let Err(error) = collector.flush(std::io::stdout())
    {
        tracing::warn!(%error, "the metrics of an invocation were not written");
    }
}
