//! The functions that this process can run, by the name of their folder.
//!
//! Deliberately absent: routes, schedules and queues. Those are in `template.yaml` and nowhere else.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use adapters::environment::{Environment, EnvironmentError};
use futures::future::BoxFuture;
use serde_json::Value;

/// What a failed event function gives back; Lambda would retry it.
pub type BoxError = Box<dyn std::error::Error + Send + Sync + 'static>;

/// One event function: the JSON of AWS's event in, the JSON of its answer out.
pub type EventHandler =
    Arc<dyn Fn(Value) -> BoxFuture<'static, Result<Value, BoxError>> + Send + Sync>;

/// Makes a function from its environment, as its `main` would at a cold start.
pub type Build = fn(&Environment) -> Result<Handler, EnvironmentError>;

/// A function that is ready to be called.
#[derive(Clone)]
pub enum Handler {
    /// Answers HTTP requests.
    Http(axum::Router),
    /// Takes events of a stream, a queue or a schedule.
    Event(EventHandler),
}

impl Handler {
    /// An event function from a closure.
    pub fn event<F, Fut>(handle: F) -> Self
    where
        F: Fn(Value) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Value, BoxError>> + Send + 'static,
    {
        Self::Event(Arc::new(move |payload| Box::pin(handle(payload))))
    }
}

impl fmt::Debug for Handler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http(_) => "Handler::Http",
            Self::Event(_) => "Handler::Event",
        })
    }
}

/// The functions by the name of their folder, for example `scan`.
#[derive(Clone, Debug, Default)]
pub struct Registry(BTreeMap<&'static str, Build>);

impl Registry {
    /// A registry of the given functions.
    pub fn new(functions: impl IntoIterator<Item = (&'static str, Build)>) -> Self {
        Self(functions.into_iter().collect())
    }

    /// How the function of this name is made.
    pub fn build(&self, name: &str) -> Option<Build> {
        self.0.get(name).copied()
    }

    /// The names of all functions.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.keys().copied()
    }
}
