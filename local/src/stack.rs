//! The platform, started: what `cargo run` keeps open and what a test starts for itself.
//!
//! Deliberately absent: any state of its own. What must last is in the data folder, what must be known is in the
//! template, and a stack that starts again on the same folder goes on where the last one was.

mod ahead;
mod delivery;
mod folder;
mod merchant;
mod options;
mod running;
mod services;
mod sources;
mod start;
mod store;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use adapters::clock::Clock;
use adapters::environment::{Environment, plain_http_client};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinSet;

pub(crate) use ahead::Ahead;
pub(crate) use delivery::redrive_in;
pub use delivery::{NotQuiet, RedriveError};
pub use folder::{DataFolder, reset};
pub use options::{Options, TemplateSource};
pub(crate) use running::{HttpFailure, Running};
pub(crate) use store::Store;

use crate::alarm::Alarms;
use crate::demo::{self, Demo, DemoError};
use crate::embedded::aws::Secrets;
use crate::embedded::dynamo::Dynamo;
use crate::embedded::inbox::Inbox;
use crate::meter::Meter;
use crate::paystack::Simulator;
use crate::queue::{Pump, Queues};
use crate::registry::BoxError;
use crate::schedule::Schedule;
use crate::stream::Reader;
use crate::template::{Template, TemplateError};
use folder::OpenFolder;

/// At the end the embedded services have so long to finish what they are doing.
const STOP_TIMEOUT: Duration = Duration::from_secs(12);

/// Why the platform does not start: one line for a person.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Another process listens there.
    #[error("port {0} is in use by another process; choose another with --port")]
    PortInUse(u16),
    /// The port cannot be used.
    #[error("port {port} cannot be used: {reason}")]
    Port {
        /// The port.
        port: u16,
        /// What the operating system says.
        reason: String,
    },
    /// The data folder cannot be written.
    #[error("the data folder {path} cannot be used: {reason}")]
    Unwritable {
        /// The folder.
        path: String,
        /// What the operating system says.
        reason: String,
    },
    /// Another process has the data folder open.
    #[error("the data folder {0} is in use by another process; choose another with --data")]
    InUse(String),
    /// The folder holds something else.
    #[error("the folder {0} was not made by tessera; choose an empty one with --data")]
    NotOurs(String),
    /// The template cannot be used.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A function does not fit the template.
    #[error("the function `{name}` does not start: {reason}")]
    Function {
        /// Its folder.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// An embedded service does not start.
    #[error("the embedded {service} does not start: {reason}")]
    Embedded {
        /// Which one.
        service: &'static str,
        /// Why.
        reason: String,
    },
}

/// The whole platform, running.
#[derive(Debug)]
pub struct Stack {
    base_url: String,
    public_url: String,
    template: Arc<Template>,
    functions: BTreeMap<String, Arc<Running>>,
    readers: Vec<Arc<Reader>>,
    pumps: Vec<Arc<Pump>>,
    schedules: Vec<Arc<Schedule>>,
    clock: Clock,
    meter: Meter,
    dynamo: Dynamo,
    secrets: Arc<Secrets>,
    /// Unless the real one is used.
    simulator: Option<Simulator>,
    simulator_url: Option<String>,
    paystack_key: Option<String>,
    queues: Queues,
    inbox: Inbox,
    alarms: Alarms,
    small_url: String,
    /// What runs only for its own sake: streams, queues, schedules, sweeping. Ends at once.
    background: JoinSet<()>,
    /// The gateway; ends before the services that its requests use.
    gateway: JoinSet<()>,
    /// The embedded services.
    services: JoinSet<()>,
    stop_gateway: watch::Sender<bool>,
    stop_services: watch::Sender<bool>,
    /// What the console shows, once it is made.
    demo: Arc<OnceLock<Demo>>,
    folder: OpenFolder,
}

impl Stack {
    /// Where it answers on this machine, without a slash at the end.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Where it answers for others, for example through a tunnel.
    pub fn public_url(&self) -> &str {
        &self.public_url
    }

    /// The template that it runs.
    pub fn template(&self) -> &Template {
        &self.template
    }

    /// The environment of a function, from which a test builds the same adapters.
    pub fn environment(&self, function: &str) -> Option<&Environment> {
        self.functions.get(function).map(|running| &running.environment)
    }

    /// An HTTP client for an SDK that the meter counts, and breaks, as the function's own.
    pub fn http_client(&self, function: &str) -> SharedHttpClient {
        self.meter.client(function, plain_http_client())
    }

    /// The requests that the functions make, and the faults that meet them.
    pub fn meter(&self) -> &Meter {
        &self.meter
    }

    /// The stack's time.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// A file in the data folder.
    pub fn data_path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Where it is kept how far the clock goes ahead.
    pub(crate) fn ahead(&self) -> Ahead {
        Ahead::at(self.data_path(ahead::FILE))
    }

    /// Makes what is missing of the demo: a tenant, a key, a property, a code.
    ///
    /// # Errors
    /// One line that names the step.
    pub async fn make_demo(&self) -> Result<Demo, DemoError> {
        demo::make(self).await
    }

    /// Tells the console about the demo.
    pub(crate) fn show_demo(&self, demo: Demo) {
        // Only the first one counts; a second call finds the same.
        let _already = self.demo.set(demo);
    }

    pub(crate) fn demo(&self) -> Arc<OnceLock<Demo>> {
        self.demo.clone()
    }

    pub(crate) fn schedules(&self) -> Vec<Arc<Schedule>> {
        self.schedules.clone()
    }

    /// Calls an event function with a payload, as Lambda would.
    ///
    /// # Errors
    /// What the function returned; or that there is none of this name.
    pub async fn invoke(&self, function: &str, payload: Value) -> Result<Value, BoxError> {
        let running = self.functions.get(function);
        running.ok_or_else(|| format!("no function is named `{function}`"))?.invoke(payload).await
    }

    /// Fires all schedules of a function once, now; its place in time stays.
    ///
    /// # Errors
    /// What the function returned; or that it has no schedule.
    pub async fn fire(&self, function: &str) -> Result<Value, BoxError> {
        let mut answer = Err(format!("`{function}` has no schedule").into());
        for schedule in self.schedules.iter().filter(|s| s.function() == function) {
            answer = Ok(schedule.fire(self.clock.now()).await?);
        }
        answer
    }

    /// Removes expired items, as DynamoDB does in its own time.
    pub fn sweep_expired(&self) {
        self.dynamo.sweep();
    }

    /// Stops it: requests under way finish, within a bound; nothing that was answered is lost.
    pub async fn stop(mut self) {
        self.stop_gateway.send_replace(true);
        Self::join(&mut self.gateway, "the gateway").await;
        self.background.shutdown().await;
        self.stop_services.send_replace(true);
        Self::join(&mut self.services, "the embedded services").await;
        tracing::debug!("stopped, data in {}", self.folder.join("").display());
    }

    async fn join(tasks: &mut JoinSet<()>, what: &str) {
        let all = async { while tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(STOP_TIMEOUT, all).await.is_err() {
            tracing::warn!("{what} did not stop in time");
            tasks.abort_all();
        }
    }
}
