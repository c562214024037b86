//! POST /api/v1/properties/import: what `mongoexport` writes, one document a line. A bad line is reported with its
//! number and reason; the good ones are taken in. Importing the same file again changes nothing.

use axum::Json as Reply;
use axum::extract::{Request, State};
use domain::failure::Failure;
use domain::property::{Property, import_lines};
use serde::Serialize;
use utoipa::ToSchema;
use web::input::{self, BodyRefused};
use web::problem::ProblemBody;
use web::{Caller, Problem, may};

use crate::Deps;

/// Properties that are written in one go.
const WRITTEN_AT_ONCE: usize = 100;
/// Lines that are reported one by one; the count goes on.
const REPORTED_MAX: usize = 1000;

/// How an import went.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct ImportResponse {
    /// Properties taken in, new or changed.
    imported: usize,
    /// Lines that were not.
    failed: usize,
    /// The first thousand of those lines.
    errors: Vec<ImportError>,
}

/// One line that was not taken in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImportError {
    /// Its number in the file, from 1.
    line: usize,
    /// The stable code of the reason.
    code: &'static str,
    /// The reason, for a person.
    detail: String,
}

/// Takes properties in. The body is text of up to 4 MB.
#[utoipa::path(
    post,
    path = "/api/v1/properties/import",
    tag = "properties",
    operation_id = "import_properties",
    request_body(content = String, content_type = "application/x-ndjson", description = "What `mongoexport` writes, up to 4 MB"),
    responses(
        (status = 200, description = "How it went, line by line where it did not", body = ImportResponse),
        (status = 413, description = "More than 4 MB: send the file in parts", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["properties:write"]))
)]
pub(crate) async fn import_properties(
    State(deps): State<Deps>,
    caller: Caller<may::PropertiesWrite>,
    request: Request,
) -> Result<Reply<ImportResponse>, Problem> {
    let bytes = input::bytes(request, &deps).await?;
    let text = std::str::from_utf8(&bytes).map_err(|_| BodyRefused::NotText)?;
    let mut report = ImportResponse::default();
    let mut waiting: Vec<(usize, Property)> = Vec::with_capacity(WRITTEN_AT_ONCE);
    for (line, parsed) in import_lines(text) {
        match parsed {
            Ok(property) => waiting.push((line, property)),
            Err(error) => report.refuse(line, &error),
        }
        if waiting.len() == WRITTEN_AT_ONCE {
            report.write(&deps, &caller, &mut waiting).await?;
        }
    }
    report.write(&deps, &caller, &mut waiting).await?;
    report.errors.sort_by_key(|error| error.line);
    report.errors.truncate(REPORTED_MAX);
    tracing::info!(
        event = "properties_imported",
        imported = report.imported,
        failed = report.failed,
        "imported {} properties",
        report.imported
    );
    Ok(Reply(report))
}

impl ImportResponse {
    fn refuse(&mut self, line: usize, reason: &(impl Failure + ?Sized)) {
        self.failed += 1;
        if self.errors.len() < 2 * REPORTED_MAX {
            let (code, detail) = (reason.code(), reason.to_string());
            self.errors.push(ImportError { line, code, detail });
        }
    }

    async fn write(
        &mut self,
        deps: &Deps,
        caller: &Caller<may::PropertiesWrite>,
        waiting: &mut Vec<(usize, Property)>,
    ) -> Result<(), Problem> {
        let (lines, properties): (Vec<usize>, Vec<Property>) = waiting.drain(..).unzip();
        let taken = deps.table.commit_properties(&caller.tenant, &properties).await?;
        for (line, property) in lines.iter().zip(&properties) {
            match taken.iter().find(|taken| taken.0 == property.id) {
                Some(taken) => self.refuse(*line, taken),
                None => self.imported += 1,
            }
        }
        Ok(())
    }
}
