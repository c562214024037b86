//! The table of a data folder, opened without the gateway: for a command that writes one thing and ends.

use adapters::environment::Environment;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::StartError;
use super::folder::OpenFolder;
use super::options::Options;
use super::services::Services;
use super::start::{facts, functions, template};
use crate::meter::Meter;

/// The embedded services on a folder, and nothing that calls them by itself.
#[derive(Debug)]
pub(crate) struct Store {
    environment: Environment,
    services: JoinSet<()>,
    stop: watch::Sender<bool>,
    _folder: OpenFolder,
}

impl Store {
    /// Opens the folder with the environment of the function `function`, which says what may be touched.
    pub(crate) fn open(options: &Options, function: &str) -> Result<Self, StartError> {
        let public_url = options.public_url.as_deref().unwrap_or("http://127.0.0.1");
        let facts = facts(options, public_url, None);
        let template = template(options, &facts)?;
        let folder = OpenFolder::open(&options.data)?;
        let secret = hex::encode(options.random.bytes::<16>());
        let embedded = Services::open(options, &template, &folder, &facts, &secret)?;
        let functions = functions(options, &template, &embedded.variables, &Meter::default())?;
        let environment = functions.get(function).map(|running| running.environment.clone());
        let environment = environment.ok_or_else(|| StartError::Function {
            name: function.to_owned(),
            reason: "template.yaml does not name it".to_owned(),
        })?;
        let (stop, stops) = watch::channel(false);
        let mut services = JoinSet::new();
        embedded.serve(&mut services, &stops);
        Ok(Self { environment, services, stop, _folder: folder })
    }

    /// What the function would find around it.
    pub(crate) fn environment(&self) -> &Environment {
        &self.environment
    }

    /// Lets the services finish. What was answered is on the disk already.
    pub(crate) async fn close(mut self) {
        self.stop.send_replace(true);
        self.services.shutdown().await;
    }
}
