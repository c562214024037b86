//! `template.yaml`: the only list of routes, queues, schedules, streams and permissions.
//!
//! The local process reads the file that is deployed, so the two cannot drift. Read here: functions with their
//! events and variables, tables, buckets, queues, the bus with its rules, topics, alarms of queues, secrets, and the
//! distribution's paths. Deliberately absent: a second list of any of these, and everything that only the cloud has
//! (other alarms, subscriptions, logs, firewalls, certificates).

mod cdn;
mod function;
mod message;
mod resource;
mod scope;
mod topic;
mod yaml;

use std::path::Path;

use serde_json::{Map, Value};

pub use cdn::CdnPath;
pub use function::{
    Batching, Function, HttpRoute, QueueSource, ScheduleSource, StreamSource, Trigger,
};
pub(crate) use message::bus_name;
pub use message::{EventBus, Queue, Redrive, Rule, Target};
pub use resource::{Bucket, CorsRule, Secret, SecretText, Table};
pub use scope::Facts;
pub use topic::{QueueAlarm, Topic, Wording};

use scope::Scope;

/// A template that this process cannot use. Its text is one line for a person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// The file cannot be read.
    #[error("{path} cannot be read: {reason}")]
    Unreadable {
        /// The file.
        path: String,
        /// What the operating system says.
        reason: String,
    },
    /// It is not YAML.
    #[error("template.yaml is not usable: {0}")]
    Malformed(String),
    /// One property is wrong.
    #[error("template.yaml: {at}: {reason}")]
    Broken {
        /// The resource and property, as `Resources.Scan.Properties.Timeout`.
        at: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// A template with every reference resolved for this machine.
#[derive(Clone, Debug)]
pub struct Template {
    functions: Vec<Function>,
    tables: Vec<Table>,
    buckets: Vec<Bucket>,
    queues: Vec<Queue>,
    buses: Vec<EventBus>,
    rules: Vec<Rule>,
    queue_alarms: Vec<QueueAlarm>,
    secrets: Vec<Secret>,
    cdn_paths: Vec<CdnPath>,
    origin_headers: Vec<(String, String)>,
    root: Value,
}

impl Template {
    /// Reads the file.
    ///
    /// # Errors
    /// One line that names the file, or the resource and the property.
    pub fn read(path: &Path, facts: &Facts) -> Result<Self, TemplateError> {
        let text = std::fs::read_to_string(path).map_err(|error| TemplateError::Unreadable {
            path: path.display().to_string(),
            reason: error.to_string(),
        })?;
        Self::parse(&text, facts)
    }

    /// Reads the text of a template.
    ///
    /// # Errors
    /// One line that names the resource and the property.
    pub fn parse(text: &str, facts: &Facts) -> Result<Self, TemplateError> {
        let root = yaml::read(text).map_err(TemplateError::Malformed)?;
        let section = |name: &str| section(&root, name);
        let (parameters, conditions) = (section("Parameters")?, section("Conditions")?);
        let (mappings, resources) = (section("Mappings")?, section("Resources")?);
        let scope = Scope::new(facts, &parameters, &conditions, &mappings, &resources);
        let globals = Node::new(root.pointer("/Globals/Function"), "Globals.Function");

        let present = present(&resources, &scope)?;
        let of_kind = |kind: &'static str| present.iter().filter(move |r| r.kind == kind);
        let functions = of_kind("AWS::Serverless::Function")
            .map(|r| function::read(r, &globals, &scope))
            .collect::<Result<Vec<_>, _>>()?;
        let tables = of_kind("AWS::DynamoDB::Table")
            .map(|r| resource::table(r, &scope))
            .collect::<Result<_, _>>()?;
        let bucket_policies: Vec<_> = of_kind("AWS::S3::BucketPolicy").collect();
        let buckets = of_kind("AWS::S3::Bucket")
            .map(|r| resource::bucket(r, &bucket_policies, &scope))
            .collect::<Result<Vec<_>, _>>()?;
        let queues = of_kind("AWS::SQS::Queue")
            .map(|r| message::queue(r, &scope))
            .collect::<Result<Vec<_>, _>>()?;
        message::check_redrives(&queues)?;
        let buses = of_kind("AWS::Events::EventBus")
            .map(|r| message::bus(r, &scope))
            .collect::<Result<_, _>>()?;
        let topics = of_kind("AWS::SNS::Topic")
            .map(|r| topic::topic(r, &scope))
            .collect::<Result<Vec<_>, _>>()?;
        let rules = of_kind("AWS::Events::Rule")
            .filter_map(|r| message::rule(r, (&queues, &topics), &scope).transpose())
            .collect::<Result<_, _>>()?;
        let queue_alarms = of_kind("AWS::CloudWatch::Alarm")
            .filter_map(|r| topic::alarm(r, &topics, &scope).transpose())
            .collect::<Result<_, _>>()?;
        let secrets = of_kind("AWS::SecretsManager::Secret")
            .map(|r| resource::secret(r, &scope))
            .collect::<Result<_, _>>()?;
        let (mut cdn_paths, mut origin_headers) = (Vec::new(), Vec::new());
        for distribution in of_kind("AWS::CloudFront::Distribution") {
            cdn_paths.extend(cdn::paths(distribution, &buckets, &scope)?);
            origin_headers.extend(cdn::origin_headers(distribution, &scope)?);
        }
        function::check_references(&functions, &resources)?;
        Ok(Self {
            functions,
            tables,
            buckets,
            queues,
            buses,
            rules,
            queue_alarms,
            secrets,
            cdn_paths,
            origin_headers,
            root,
        })
    }

    /// The functions, in the order of their logical ids.
    pub fn functions(&self) -> &[Function] {
        &self.functions
    }

    /// The function of this folder.
    pub fn function(&self, name: &str) -> Option<&Function> {
        self.functions.iter().find(|function| function.name == name)
    }

    /// The DynamoDB tables.
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// The table with this logical id.
    pub fn table(&self, id: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.id == id)
    }

    /// The S3 buckets.
    pub fn buckets(&self) -> &[Bucket] {
        &self.buckets
    }

    /// The SQS queues.
    pub fn queues(&self) -> &[Queue] {
        &self.queues
    }

    /// The queue with this logical id.
    pub fn queue(&self, id: &str) -> Option<&Queue> {
        self.queues.iter().find(|queue| queue.id == id)
    }

    /// The event buses.
    pub fn buses(&self) -> &[EventBus] {
        &self.buses
    }

    /// The rules of the buses.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The alarms that watch queues.
    pub fn queue_alarms(&self) -> &[QueueAlarm] {
        &self.queue_alarms
    }

    /// The Secrets Manager secrets.
    pub fn secrets(&self) -> &[Secret] {
        &self.secrets
    }

    /// The distribution's paths, in its order.
    pub fn cdn_paths(&self) -> &[CdnPath] {
        &self.cdn_paths
    }

    /// What the distribution adds to each request to the API, with `{{resolve:…}}` as it stands.
    pub fn origin_headers(&self) -> &[(String, String)] {
        &self.origin_headers
    }

    /// The whole file in CloudFormation's long forms, with nothing resolved, for tests of the architecture.
    pub fn raw(&self) -> &Value {
        &self.root
    }
}

/// A resource that its condition leaves in.
pub(crate) struct Resource<'t> {
    id: &'t str,
    kind: &'t str,
    properties: Node<'t>,
}

/// A part of the template that knows where it stands, so that an error can say so.
#[derive(Clone)]
pub(crate) struct Node<'t> {
    value: &'t Value,
    at: String,
}

impl<'t> Node<'t> {
    fn new(value: Option<&'t Value>, at: impl Into<String>) -> Self {
        Self { value: value.unwrap_or(&Value::Null), at: at.into() }
    }

    fn get(&self, name: &str) -> Node<'t> {
        Node::new(self.value.get(name), format!("{}.{name}", self.at))
    }

    fn is_missing(&self) -> bool {
        self.value.is_null()
    }

    fn items(&self) -> impl Iterator<Item = Node<'t>> {
        let items = self.value.as_array().map(Vec::as_slice).unwrap_or_default();
        let at = self.at.clone();
        items.iter().enumerate().map(move |(n, item)| Node::new(Some(item), format!("{at}[{n}]")))
    }

    fn entries(&self) -> impl Iterator<Item = (&'t str, Node<'t>)> {
        let at = self.at.clone();
        self.value.as_object().into_iter().flatten().map(move |(name, value)| {
            (name.as_str(), Node::new(Some(value), format!("{at}.{name}")))
        })
    }

    fn broken(&self, reason: impl Into<String>) -> TemplateError {
        TemplateError::Broken { at: self.at.clone(), reason: reason.into() }
    }

    fn resolved(&self, scope: &Scope<'_>) -> Result<Value, TemplateError> {
        scope.resolve(self.value).map_err(|reason| self.broken(reason))
    }

    fn text(&self, scope: &Scope<'_>) -> Result<String, TemplateError> {
        if self.is_missing() {
            return Err(self.broken("it is missing"));
        }
        scope.text(self.value).map_err(|reason| self.broken(reason))
    }

    fn optional_text(&self, scope: &Scope<'_>) -> Result<Option<String>, TemplateError> {
        if self.is_missing() { Ok(None) } else { self.text(scope).map(Some) }
    }

    fn number(&self, scope: &Scope<'_>) -> Result<Option<u32>, TemplateError> {
        let Some(text) = self.optional_text(scope)? else {
            return Ok(None);
        };
        text.parse().map(Some).map_err(|_| self.broken(format!("`{text}` is not a whole number")))
    }

    fn truth(&self, scope: &Scope<'_>) -> Result<bool, TemplateError> {
        match self.optional_text(scope)?.as_deref() {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(other) => Err(self.broken(format!("`{other}` is neither true nor false"))),
        }
    }
}

fn section(root: &Value, name: &str) -> Result<Map<String, Value>, TemplateError> {
    match root.get(name) {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(entries)) => Ok(entries.clone()),
        Some(_) => Err(TemplateError::Malformed(format!("{name} is not a mapping"))),
    }
}

fn present<'t>(
    resources: &'t Map<String, Value>,
    scope: &Scope<'_>,
) -> Result<Vec<Resource<'t>>, TemplateError> {
    let mut present = Vec::with_capacity(resources.len());
    for (id, resource) in resources {
        let at = Node::new(Some(resource), format!("Resources.{id}"));
        if let Some(condition) = resource.get("Condition").and_then(Value::as_str)
            && !scope.holds(condition).map_err(|reason| at.get("Condition").broken(reason))?
        {
            continue;
        }
        let kind = resource.get("Type").and_then(Value::as_str);
        let kind = kind.ok_or_else(|| at.get("Type").broken("it is missing"))?;
        present.push(Resource { id, kind, properties: at.get("Properties") });
    }
    Ok(present)
}
