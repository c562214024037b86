//! How a stack is started.

use std::collections::BTreeMap;
use std::path::PathBuf;

use adapters::clock::Clock;
use adapters::random::Random;

use super::DataFolder;
use crate::registry::Registry;
use crate::stream::Deliveries;

/// How a stack is started.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the gateway listens; 0 takes a free port.
    pub port: u16,
    /// What must last.
    pub data: DataFolder,
    /// Where others reach it, when that differs from 127.0.0.1 and the port.
    pub public_url: Option<String>,
    /// What to run.
    pub template: TemplateSource,
    /// The functions that the template names.
    pub registry: Registry,
    /// Values of the template's parameters. `PublicUrl` and `CdnBaseUrl` are given unless they are here.
    pub parameters: BTreeMap<String, String>,
    /// Variables given to every function on top of the template's, for example an external service's address.
    pub variables: BTreeMap<String, String>,
    /// The demo tenant's secret key at the real Paystack; without one, the simulator takes its place.
    pub paystack_key: Option<String>,
    /// Tells the time.
    pub clock: Clock,
    /// Hands out random bytes.
    pub random: Random,
    /// Whether streams, queues and schedules run by themselves. A test that wants each step in its own hand says no,
    /// and then calls `quiet`, `fire` and `advance`.
    pub background: bool,
    /// How unkind the streams and queues are.
    pub deliveries: Deliveries,
}

/// Where the template comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplateSource {
    /// A file.
    File(PathBuf),
    /// Its text, for a test.
    Text(String),
}

impl Options {
    /// A stack for a test: a free port, a temporary folder, nothing in the background.
    pub fn for_test(template: TemplateSource, registry: Registry) -> Self {
        Self {
            port: 0,
            data: DataFolder::Temporary,
            public_url: None,
            template,
            registry,
            parameters: BTreeMap::new(),
            variables: BTreeMap::new(),
            paystack_key: None,
            clock: Clock::system(),
            random: Random::system(),
            background: false,
            deliveries: Deliveries::default(),
        }
    }
}
