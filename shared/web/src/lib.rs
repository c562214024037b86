//! The HTTP edge: how a function is served, who may enter, what comes in, how failures and pages go out.
//!
//! Deliberately absent: any product's rule, and any route. What a product's functions show alike (`tip`) is here,
//! because no function may use another.

#![deny(missing_docs)]

pub mod assets;
pub mod batch;
pub mod counted;
pub mod csv;
pub mod customer;
pub mod desk;
pub mod edge;
pub mod finance;
pub mod guard;
pub mod idempotency;
pub mod input;
pub mod limit;
pub mod loyalty;
pub mod openapi;
pub mod page;
pub mod principal;
pub mod problem;
pub mod seal;
mod serve;
pub mod session;
pub mod telemetry;
pub mod till;
pub mod tip;
pub mod visitor;
pub mod wallet;

pub use edge::{TraceId, router};
pub use idempotency::{Held, Once, Repeatable, Stopped};
pub use principal::{BusinessReader, Caller, GuardReader, may};
pub use problem::Problem;
pub use serve::{Exit, serve, serve_events};

/// The routes of a function, with their OpenAPI descriptions.
pub type Routes = utoipa_axum::router::OpenApiRouter;
/// Any error, for `main` and for event functions.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
