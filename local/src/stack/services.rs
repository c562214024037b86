//! The embedded services of a stack: opened on its folder, listening, and then serving.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::StartError;
use super::folder::OpenFolder;
use super::options::Options;
use super::start::{listen, port_error, stopped};
use crate::alarm::Alarms;
use crate::bus::Bus;
use crate::embedded::aws::{Keys, Parameters, Secrets, SmallServices, Sqs};
use crate::embedded::dynamo::Dynamo;
use crate::embedded::inbox::Inbox;
use crate::embedded::s3::Objects;
use crate::embedded::{self, ACCESS_KEY_ID};
use crate::queue::Queues;
use crate::template::{Facts, Template};

/// The file that keeps the queues' messages.
pub(super) const QUEUES_FILE: &str = "queues.sqlite";
/// The variable that names keys in KMS; without it there are none.
const VOUCHER_KEYS: &str = "VOUCHER_KEY_IDS";
/// The services behind the small port, as `AWS_ENDPOINT_URL_…` names them.
const SMALL_SERVICES: [&str; 7] =
    ["SSM", "SECRETS_MANAGER", "KMS", "SQS", "SNS", "SESV2", "EVENTBRIDGE"];

/// The embedded services, opened and listening but not yet serving.
pub(super) struct Services {
    pub(super) dynamo: Dynamo,
    pub(super) objects: Objects,
    pub(super) small: SmallServices,
    pub(super) alarms: Alarms,
    /// Where the small services answer.
    pub(super) small_url: String,
    listeners: [TcpListener; 3],
    /// What every function is told on top of the template.
    pub(super) variables: BTreeMap<String, String>,
}

impl Services {
    pub(super) fn open(
        options: &Options,
        template: &Template,
        folder: &OpenFolder,
        facts: &Facts,
        secret: &str,
    ) -> Result<Self, StartError> {
        let dynamo = Dynamo::open(&folder.join("table.sqlite"))
            .map_err(|error| broken("DynamoDB", &error))?;
        for table in template.tables() {
            dynamo.ensure(table).map_err(|error| broken("DynamoDB", &error))?;
        }
        dynamo.finish().map_err(|error| broken("DynamoDB", &error))?;
        let objects = Objects::open(&folder.folder("objects")?, template.buckets(), secret);
        let objects = objects.map_err(|reason| broken("S3", &reason))?;
        let small = open_small(options, template, folder, facts)?;
        folder.close_databases()?;
        let (queues, inbox) = (small.sqs.queues.clone(), small.inbox.clone());
        let alarms = Alarms::new(template.queue_alarms(), queues, inbox);

        let listeners = [listen(0)?, listen(0)?, listen(0)?];
        let [of_dynamo, of_objects, of_small] = listeners
            .each_ref()
            .map(|l| embedded::url_of(l).map_err(|error| port_error(0, &error)));
        let small_url = of_small?;
        let mut variables = BTreeMap::from_iter([
            ("AWS_REGION".to_owned(), facts.region.clone()),
            ("AWS_ACCESS_KEY_ID".to_owned(), ACCESS_KEY_ID.to_owned()),
            ("AWS_SECRET_ACCESS_KEY".to_owned(), secret.to_owned()),
            ("AWS_ENDPOINT_URL_DYNAMODB".to_owned(), of_dynamo?),
            ("AWS_ENDPOINT_URL_S3".to_owned(), of_objects?),
        ]);
        for service in SMALL_SERVICES {
            variables.insert(format!("AWS_ENDPOINT_URL_{service}"), small_url.clone());
        }
        // Browsers whose messages this machine keeps subscribe at the small port.
        variables.insert("PUSH_SERVICE_URL".to_owned(), small_url.clone());
        variables.extend(options.variables.clone());
        Ok(Self { dynamo, objects, small, alarms, small_url, listeners, variables })
    }

    pub(super) fn serve(self, tasks: &mut JoinSet<()>, stops: &watch::Receiver<bool>) {
        let [of_dynamo, of_objects, of_small] = self.listeners;
        tasks.spawn(self.dynamo.serve(of_dynamo, stopped(stops.clone())));
        let stop = stopped(stops.clone());
        tasks.spawn(self.objects.serve(of_objects, stop));
        tasks.spawn(self.small.serve(of_small, stopped(stops.clone())));
    }
}

fn open_small(
    options: &Options,
    template: &Template,
    folder: &OpenFolder,
    facts: &Facts,
) -> Result<SmallServices, StartError> {
    let (clock, random) = (options.clock.clone(), options.random.clone());
    let parameters = Parameters::open(&folder.join("parameters.json"), clock.clone())
        .map_err(|error| broken("Systems Manager", &error))?;
    let secrets = Secrets::open(&folder.join("secrets.json"), clock.clone(), random.clone())
        .map_err(|error| broken("Secrets Manager", &error))?;
    secrets.ensure(template.secrets()).map_err(|reason| broken("Secrets Manager", &reason))?;
    let keys = Keys::open(&folder.join("keys.json"), random.clone())
        .map_err(|error| broken("KMS", &error))?;
    let ids = options.variables.get(VOUCHER_KEYS).map(String::as_str).unwrap_or_default();
    let ids = ids.split(',').map(str::trim).filter(|id| !id.is_empty());
    keys.ensure(ids).map_err(|reason| broken("KMS", &reason))?;
    let file = folder.join(QUEUES_FILE);
    let queues = Queues::open(&file, template.queues(), clock.clone(), random.clone())
        .map_err(|error| broken("SQS", &error))?;
    queues.take_back().map_err(|error| broken("SQS", &error))?;
    let inbox = Inbox::open(&folder.join("inbox.sqlite"), clock.clone())
        .map_err(|error| broken("inbox", &error))?;
    let place = (facts.account_id.as_str(), facts.region.as_str());
    let behind = (queues.clone(), inbox.clone());
    let bus = Bus::new(template, behind, (clock, random.clone()), place);
    let sqs = Sqs { queues, account_id: facts.account_id.clone() };
    let (parameters, secrets) = (Arc::new(parameters), Arc::new(secrets));
    let keys = Arc::new(keys);
    Ok(SmallServices { parameters, secrets, keys, sqs, bus, inbox, random })
}

fn broken(service: &'static str, reason: &impl ToString) -> StartError {
    StartError::Embedded { service, reason: reason.to_string() }
}
