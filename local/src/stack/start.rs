//! Starting a stack: port, folder, template, services, functions, and then the door.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use adapters::environment::{Environment, plain_http_client};
use http::{HeaderName, HeaderValue};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::folder::OpenFolder;
use super::options::{Options, TemplateSource};
use super::running::Running;
use super::services::Services;
use super::sources::{pumps, readers, schedules, triggers};
use super::{Stack, StartError};
use crate::console::Console;
use crate::embedded;
use crate::embedded::dynamo::Dynamo;
use crate::gateway::{self, Cdn, Gateway, RouteTable};
use crate::meter::Meter;
use crate::paystack::{INLINE_SCRIPT_PATH, Simulator};
use crate::permission::TablePermissions;
use crate::prometheus;
use crate::schedule;
use crate::stream::Reader;
use crate::template::{Facts, Function, Template, TemplateError, Trigger};

/// How often expired items are removed, read stream records are forgotten and alarms look at their queues.
const SWEEP_PERIOD: Duration = Duration::from_secs(10);

impl Stack {
    /// Starts the platform.
    ///
    /// # Errors
    /// One line for a person: the port, the folder, the template or a function.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        embedded::raise_file_limit();
        let listener = listen(options.port)?;
        let address = listener.local_addr();
        let address = address.map_err(|error| port_error(options.port, &error))?;
        let base_url = format!("http://{address}");
        let public_url = options.public_url.clone().unwrap_or_else(|| base_url.clone());
        let public_url = public_url.trim_end_matches('/').to_owned();
        let at_simulator = simulator_listener(&options)?;
        let simulator_url = at_simulator.as_ref().map(|(_, url)| url.clone());
        let facts = facts(&options, &public_url, simulator_url.as_deref());
        let template = Arc::new(template(&options, &facts)?);
        let folder = OpenFolder::open(&options.data)?;
        let simulator =
            at_simulator.as_ref().map(|(_, url)| open_simulator(&options, &folder, url));
        let simulator = simulator.transpose()?;
        let secret = hex::encode(options.random.bytes::<16>());
        let services = Services::open(&options, &template, &folder, &facts, &secret)?;
        let meter = Meter::default();
        if let Some(simulator) = &simulator {
            simulator.count_in(meter.clone());
        }
        let functions = functions(&options, &template, &services.variables, &meter)?;
        let readers = readers(&options, &template, &functions, &services, &folder, &facts)?;
        let pumps = pumps(&options, &template, &functions, &services, &facts);
        let schedules = schedules(&options, &template, &functions, &services, &facts);
        let mut gateway = gateway(&options, &template, &functions, &services, &facts)?;
        prometheus::install();

        let (stop_gateway, gateway_stops) = watch::channel(false);
        let (stop_services, services_stop) = watch::channel(false);
        let mut stack = Self {
            base_url,
            public_url,
            template,
            functions,
            readers,
            pumps,
            schedules,
            clock: options.clock.clone(),
            meter,
            dynamo: services.dynamo.clone(),
            secrets: services.small.secrets.clone(),
            simulator,
            simulator_url,
            paystack_key: options.paystack_key.clone(),
            queues: services.small.sqs.queues.clone(),
            inbox: services.small.inbox.clone(),
            alarms: services.alarms.clone(),
            small_url: services.small_url.clone(),
            background: JoinSet::new(),
            gateway: JoinSet::new(),
            services: JoinSet::new(),
            stop_gateway,
            stop_services,
            demo: Arc::default(),
            folder,
        };
        gateway.console = Some(Console::of(&stack));
        stack.background.spawn(prometheus::keep_up());
        if let (Some(simulator), Some((listener, _))) = (&stack.simulator, at_simulator) {
            let stop = stopped(services_stop.clone());
            stack.services.spawn(simulator.clone().serve(listener, stop));
        }
        services.serve(&mut stack.services, &services_stop);
        stack.gateway.spawn(gateway::serve(Arc::new(gateway), listener, stopped(gateway_stops)));
        if options.background {
            stack.run_background();
        }
        Ok(stack)
    }

    fn run_background(&mut self) {
        for reader in &self.readers {
            let reader = reader.clone();
            self.background.spawn(async move { reader.run().await });
        }
        if let Some(simulator) = &self.simulator {
            self.background.spawn(simulator.clone().run());
        }
        for pump in &self.pumps {
            for _ in 0..pump.calls_at_once() {
                let pump = pump.clone();
                self.background.spawn(async move { pump.run().await });
            }
        }
        for schedule in &self.schedules {
            self.background.spawn(schedule::run(schedule.clone(), self.clock.clone()));
        }
        let (dynamo, readers) = (self.dynamo.clone(), self.readers.clone());
        let alarms = self.alarms.clone();
        self.background.spawn(async move {
            loop {
                tokio::time::sleep(SWEEP_PERIOD).await;
                alarms.look();
                sweep(&dynamo, &readers).await;
            }
        });
    }
}

pub(super) fn listen(port: u16) -> Result<TcpListener, StartError> {
    embedded::listen(port).map_err(|error| port_error(port, &error))
}

pub(super) fn port_error(port: u16, error: &std::io::Error) -> StartError {
    if error.kind() == ErrorKind::AddrInUse {
        StartError::PortInUse(port)
    } else {
        StartError::Port { port, reason: error.to_string() }
    }
}

/// Where the simulator of Paystack is to listen, and the address of that.
fn simulator_listener(options: &Options) -> Result<Option<(TcpListener, String)>, StartError> {
    if options.paystack_key.is_some() {
        return Ok(None);
    }
    let listener = listen(0)?;
    let url = embedded::url_of(&listener).map_err(|error| port_error(0, &error))?;
    Ok(Some((listener, url)))
}

fn open_simulator(
    options: &Options,
    folder: &OpenFolder,
    url: &str,
) -> Result<Simulator, StartError> {
    let (clock, random) = (options.clock.clone(), options.random.clone());
    let simulator = Simulator::open(&folder.join(""), clock, random);
    let simulator = simulator.map_err(|error| StartError::Embedded {
        service: "Paystack simulator",
        reason: error.to_string(),
    })?;
    // Another port at each start; what an earlier run has answered leads to the new one too.
    simulator.set_base_url(url);
    Ok(simulator)
}

/// The parameters that only this process knows: where it answers, and where the simulator does.
pub(super) fn facts(options: &Options, public_url: &str, simulator_url: Option<&str>) -> Facts {
    let mut facts = Facts { public_url: public_url.to_owned(), ..Facts::default() };
    for name in ["PublicUrl", "CdnBaseUrl"] {
        facts.parameters.insert(name.to_owned(), public_url.to_owned());
    }
    if let Some(url) = simulator_url {
        for name in ["PaystackUrl", "CheckoutOrigin"] {
            facts.parameters.insert(name.to_owned(), url.to_owned());
        }
        facts.parameters.insert("InlineScriptUrl".to_owned(), format!("{url}{INLINE_SCRIPT_PATH}"));
    }
    facts.parameters.extend(options.parameters.clone());
    facts
}

pub(super) fn template(options: &Options, facts: &Facts) -> Result<Template, TemplateError> {
    match &options.template {
        TemplateSource::File(path) => Template::read(path, facts),
        TemplateSource::Text(text) => Template::parse(text, facts),
    }
}

/// Makes each function of the template, as its `main` would at a cold start.
pub(super) fn functions(
    options: &Options,
    template: &Template,
    common: &BTreeMap<String, String>,
    meter: &Meter,
) -> Result<BTreeMap<String, Arc<Running>>, StartError> {
    let mut running = BTreeMap::new();
    for function in template.functions() {
        let broken = |reason: String| StartError::Function { name: function.name.clone(), reason };
        let build = options.registry.build(&function.name);
        let build =
            build.ok_or_else(|| broken("template.yaml names it, and it is not built in".into()))?;
        let permissions = TablePermissions::of(function.policies());
        let held = meter.held_client(&function.name, Some(permissions), plain_http_client());
        let open = meter.client(&function.name, plain_http_client());
        let environment = |http| {
            let (clock, random) = (options.clock.clone(), options.random.clone());
            Environment::new(variables_of(function, common), http, clock, random)
        };
        let (own, environment) = (environment(held), environment(open));
        let handler = build(&own).map_err(|error| broken(error.to_string()))?;
        let (name, timeout) = (function.name.clone(), function.timeout);
        let (handler, meter) = (handler.into(), meter.clone());
        let one = Arc::new(Running { name, timeout, own, environment, handler, build, meter });
        if running.insert(function.name.clone(), one).is_some() {
            return Err(broken("template.yaml names it twice".to_owned()));
        }
    }
    Ok(running)
}

/// This process's own variables win: the template's are for the cloud where the two differ.
fn variables_of(
    function: &Function,
    common: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let mut variables = function.variables.clone();
    variables.extend(common.clone());
    variables.insert("AWS_LAMBDA_FUNCTION_NAME".to_owned(), function.name.clone());
    let memory = function.memory_mib.to_string();
    variables.insert("AWS_LAMBDA_FUNCTION_MEMORY_SIZE".to_owned(), memory);
    variables
}

fn gateway(
    options: &Options,
    template: &Template,
    functions: &BTreeMap<String, Arc<Running>>,
    services: &Services,
    facts: &Facts,
) -> Result<Gateway, StartError> {
    let mut routes = RouteTable::default();
    for (running, trigger) in triggers(template, functions) {
        let Trigger::Http(route) = trigger else {
            continue;
        };
        let name = running.name.clone();
        let added = routes.add(route, running);
        added.map_err(|reason| StartError::Function { name, reason })?;
    }
    Ok(Gateway {
        routes,
        cdn: Cdn::new(template.cdn_paths().to_vec(), services.objects.clone()),
        origin_headers: origin_headers(template, services)?,
        clock: options.clock.clone(),
        random: options.random.clone(),
        account_id: facts.account_id.clone(),
        console: None,
    })
}

/// What the distribution adds to each request; the secret that it sends is one of the embedded ones.
fn origin_headers(
    template: &Template,
    services: &Services,
) -> Result<Vec<(HeaderName, HeaderValue)>, StartError> {
    let header = |(name, text): &(String, String)| {
        let value = services.small.secrets.resolve(text)?;
        Some((HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?))
    };
    let headers = template.origin_headers().iter().map(|named| {
        header(named).ok_or_else(|| StartError::Embedded {
            service: "gateway",
            reason: format!("the distribution's header {} has no usable value", named.0),
        })
    });
    headers.collect()
}

/// Removes expired items, and the stream records that every reader of their table has passed.
async fn sweep(dynamo: &Dynamo, readers: &[Arc<Reader>]) {
    let mut passed: BTreeMap<&str, Option<String>> = BTreeMap::new();
    for reader in readers {
        let place = reader.passed().await;
        passed
            .entry(reader.table())
            .and_modify(|least| *least = place.clone().min(least.take()))
            .or_insert(place);
    }
    let passed: Vec<(String, String)> =
        passed.into_iter().filter_map(|(table, place)| Some((table.to_owned(), place?))).collect();
    let dynamo = dynamo.clone();
    // SQLite waits for its lock, which must not hold up a thread that answers requests.
    let swept = tokio::task::spawn_blocking(move || {
        dynamo.sweep();
        for (table, place) in passed {
            if let Err(error) = dynamo.forget_stream(&table, &place) {
                tracing::warn!("read stream records were not forgotten: {error}");
            }
        }
    });
    if let Err(error) = swept.await {
        tracing::warn!("sweeping ended: {error}");
    }
}

pub(super) async fn stopped(mut stops: watch::Receiver<bool>) {
    // An error means that the stack is gone, which is a stop too.
    let _gone = stops.wait_for(|stop| *stop).await;
}
