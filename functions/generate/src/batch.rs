//! POST /api/v1/qr/batch-generate: up to 1,000 codes in one request (P24, P50). One bad item harms none; what is not
//! begun in time is said so and may be sent again.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use axum::Json as Reply;
use axum::extract::State;
use domain::failure::{FieldError, InvalidFields};
use domain::id::PropertyId;
use domain::limit::{BATCH_BUDGET_S, BATCH_MAX};
use domain::property::Property;
use futures::stream::{StreamExt, iter};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::problem::ProblemBody;
use web::{Caller, Problem, Repeatable, Stopped, TraceId, may};

use crate::Deps;
use crate::commit::{Generated, NoProperty, Order, generate};
use crate::draw::{Studio, studio};
use crate::generate::GenerateRequest;
use crate::metadata::Metadata;

/// Codes that are made at the same time.
const AT_ONCE: usize = 8;

/// Which properties, and how their codes are to look.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BatchRequest {
    /// 1 to 1,000 ObjectIds.
    property_ids: Vec<String>,
    /// The same for all of them.
    #[serde(default)]
    options: GenerateRequest,
}

/// How a batch went.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BatchResponse {
    /// Codes that are there now.
    succeeded: usize,
    /// Items with an error.
    failed: usize,
    /// Items to send again.
    not_started: usize,
    /// One result per item, in the request's order.
    results: Vec<BatchResult>,
}

/// How one item went.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct BatchResult {
    /// The item, as it was sent.
    property_id: String,
    /// What became of it.
    status: BatchStatus,
    /// The code, when it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    qr: Option<Metadata>,
    /// Why not, when it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ProblemBody>)]
    error: Option<serde_json::Value>,
}

/// What became of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BatchStatus {
    /// A new version was made.
    Generated,
    /// The code was like this already.
    Unchanged,
    /// See `error`.
    Failed,
    /// Time was up: send it again.
    NotStarted,
}

/// Makes the codes of many properties.
#[utoipa::path(
    post,
    path = "/api/v1/qr/batch-generate",
    tag = "codes",
    operation_id = "generate_batch",
    params(("Idempotency-Key" = Option<String>, Header, description = "Optional: the operation is repeatable by itself")),
    request_body = BatchRequest,
    responses(
        (status = 200, description = "How each item went", body = BatchResponse),
        (status = 422, description = "No ids, or more than 1,000", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["codes:write"]))
)]
pub(crate) async fn generate_batch(
    State(deps): State<Deps>,
    axum::Extension(TraceId(trace_id)): axum::Extension<TraceId>,
    caller: Caller<may::CodesWrite>,
    Repeatable(request): Repeatable<BatchRequest>,
) -> Result<Reply<BatchResponse>, Stopped> {
    let started = Instant::now();
    if request.property_ids.is_empty() || request.property_ids.len() > BATCH_MAX {
        let detail = format!("send 1 to {BATCH_MAX} ids");
        let errors = vec![FieldError::new("property_ids", "out_of_range", detail)];
        return Err(InvalidFields(errors).into());
    }
    let order = request.options.order(deps.clock.now(), false)?;
    let ids: BTreeMap<&str, Result<PropertyId, Problem>> = request
        .property_ids
        .iter()
        .map(|text| (text.as_str(), PropertyId::parse(text).map_err(Problem::from)))
        .collect();
    let valid: BTreeSet<PropertyId> =
        ids.values().filter_map(|id| id.as_ref().ok().cloned()).collect();
    let properties = deps.table.properties(&caller.tenant, &valid).await?;
    let studio = studio(&deps, &caller.tenant).await?;

    let made: BTreeMap<PropertyId, Option<Result<Generated, Problem>>> = iter(valid)
        .map(|id| {
            let (deps, property) = (&deps, properties.get(&id));
            let (studio, order) = (studio.clone(), &order);
            async move {
                let late = started.elapsed() >= Duration::from_secs(BATCH_BUDGET_S);
                (id, if late { None } else { Some(make(deps, studio, property, order).await) })
            }
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;

    let results: Vec<BatchResult> = request
        .property_ids
        .iter()
        .map(|text| match &ids[text.as_str()] {
            Err(problem) => failed(text, problem, &trace_id),
            Ok(id) => result(&deps, text, made.get(id).and_then(Option::as_ref), &trace_id),
        })
        .collect();
    Ok(Reply(summary(results)))
}

async fn make(
    deps: &Deps,
    mut studio: Studio,
    property: Option<&Property>,
    order: &Order,
) -> Result<Generated, Problem> {
    let property = property.ok_or(NoProperty)?;
    generate(deps, &mut studio, property, order).await
}

fn result(
    deps: &Deps,
    text: &str,
    made: Option<&Result<Generated, Problem>>,
    trace_id: &str,
) -> BatchResult {
    let blank =
        |status| BatchResult { property_id: text.to_owned(), status, qr: None, error: None };
    match made {
        None => blank(BatchStatus::NotStarted),
        Some(Err(problem)) => failed(text, problem, trace_id),
        Some(Ok(Generated { code, changed })) => {
            let status = if *changed { BatchStatus::Generated } else { BatchStatus::Unchanged };
            BatchResult { qr: Some(Metadata::of(code, &deps.images)), ..blank(status) }
        }
    }
}

fn failed(text: &str, problem: &Problem, trace_id: &str) -> BatchResult {
    problem.log();
    BatchResult {
        property_id: text.to_owned(),
        status: BatchStatus::Failed,
        qr: None,
        error: serde_json::to_value(problem.body(trace_id)).ok(),
    }
}

fn summary(results: Vec<BatchResult>) -> BatchResponse {
    let count = |wanted: &[BatchStatus]| {
        results.iter().filter(|result| wanted.contains(&result.status)).count()
    };
    BatchResponse {
        succeeded: count(&[BatchStatus::Generated, BatchStatus::Unchanged]),
        failed: count(&[BatchStatus::Failed]),
        not_started: count(&[BatchStatus::NotStarted]),
        results,
    }
}
