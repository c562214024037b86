//! What CloudFormation's intrinsic functions mean on this machine.
//!
//! References resolve to the names, addresses and ARNs that the embedded parts answer to. Deliberately absent:
//! guessing. What cannot be resolved is an error that says so.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Intrinsic functions may nest this deep; a condition that names itself ends here.
const NESTING_MAX: usize = 32;

/// What this machine knows that the template leaves open.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Values of the template's parameters; they win over its defaults.
    pub parameters: BTreeMap<String, String>,
    /// `AWS::Region`.
    pub region: String,
    /// `AWS::AccountId`.
    pub account_id: String,
    /// `AWS::StackName`; physical names begin with it.
    pub stack_name: String,
    /// Where the platform answers; the distribution's and the API's address.
    pub public_url: String,
    /// What a queue's URL begins with.
    pub queues_url: String,
}

impl Default for Facts {
    fn default() -> Self {
        Self {
            parameters: BTreeMap::new(),
            region: "us-east-1".to_owned(),
            account_id: "000000000000".to_owned(),
            stack_name: "tessera-local".to_owned(),
            public_url: "http://127.0.0.1:9000".to_owned(),
            queues_url: "http://127.0.0.1:9324".to_owned(),
        }
    }
}

/// The template's parameters, conditions, mappings and resources, for looking things up.
#[derive(Debug)]
pub(super) struct Scope<'t> {
    facts: &'t Facts,
    parameters: BTreeMap<&'t str, Option<String>>,
    conditions: &'t Map<String, Value>,
    mappings: &'t Map<String, Value>,
    resources: &'t Map<String, Value>,
}

impl<'t> Scope<'t> {
    pub(super) fn new(
        facts: &'t Facts,
        parameters: &'t Map<String, Value>,
        conditions: &'t Map<String, Value>,
        mappings: &'t Map<String, Value>,
        resources: &'t Map<String, Value>,
    ) -> Self {
        let parameters = parameters
            .iter()
            .map(|(name, declaration)| {
                let given = facts.parameters.get(name).cloned();
                let value = given.or_else(|| declaration.get("Default").and_then(text_of));
                (name.as_str(), value)
            })
            .collect();
        Self { facts, parameters, conditions, mappings, resources }
    }

    /// The value with every intrinsic function replaced; `Null` where CloudFormation would leave it out.
    pub(super) fn resolve(&self, value: &Value) -> Result<Value, String> {
        Ok(self.value(value, 0)?.unwrap_or(Value::Null))
    }

    /// The value as text, as environment variables are.
    pub(super) fn text(&self, value: &Value) -> Result<String, String> {
        let resolved = self.resolve(value)?;
        text_of(&resolved).ok_or_else(|| format!("`{value}` is not text"))
    }

    /// Whether a resource with this `Condition` is there.
    pub(super) fn holds(&self, condition: &str) -> Result<bool, String> {
        self.condition(condition, 0)
    }

    /// The physical name of a resource: the one it declares, else one made of the stack's name and its own.
    pub(super) fn physical_name(&self, id: &str, property: &str) -> Result<String, String> {
        let declared = self.resources.get(id).and_then(|r| r.get("Properties")?.get(property));
        match declared {
            Some(name) => self.text(name),
            None => Ok(format!("{}-{id}", self.facts.stack_name)),
        }
    }

    fn value(&self, value: &Value, depth: usize) -> Result<Option<Value>, String> {
        if depth > NESTING_MAX {
            return Err("intrinsic functions are nested too deep".to_owned());
        }
        match value {
            Value::Object(object) => match intrinsic(object) {
                Some((name, argument)) => self.apply(name, argument, depth + 1),
                None => {
                    let mut resolved = Map::with_capacity(object.len());
                    for (key, item) in object {
                        if let Some(item) = self.value(item, depth + 1)? {
                            resolved.insert(key.clone(), item);
                        }
                    }
                    Ok(Some(Value::Object(resolved)))
                }
            },
            Value::Array(items) => {
                let items = items.iter().filter_map(|item| self.value(item, depth + 1).transpose());
                Ok(Some(Value::Array(items.collect::<Result<_, _>>()?)))
            }
            plain => Ok(Some(plain.clone())),
        }
    }

    fn apply(&self, name: &str, argument: &Value, depth: usize) -> Result<Option<Value>, String> {
        let done = match name {
            "Ref" if argument == "AWS::NoValue" => return Ok(None),
            "Ref" => self.reference(plain_text(argument, "Ref")?)?,
            "Fn::GetAtt" => self.attribute_of(argument, depth)?,
            "Fn::Sub" => Value::String(self.substitute(argument, depth)?),
            "Fn::If" => {
                let [condition, yes, no] = arguments::<3>(argument, name)?;
                let holds = self.condition(plain_text(condition, name)?, depth)?;
                return self.value(if holds { yes } else { no }, depth);
            }
            "Fn::Join" => {
                let [separator, items] = arguments::<2>(argument, name)?;
                let items = self.texts(items, depth)?;
                Value::String(items.join(plain_text(separator, name)?))
            }
            "Fn::Select" => {
                let [index, items] = arguments::<2>(argument, name)?;
                let index = text_of(index).and_then(|text| text.parse::<usize>().ok());
                let items = self.texts(items, depth)?;
                let item = index.and_then(|index| items.into_iter().nth(index));
                Value::String(
                    item.ok_or_else(|| format!("Fn::Select {argument} has no such item"))?,
                )
            }
            "Fn::Split" => {
                let [separator, text] = arguments::<2>(argument, name)?;
                let text = self.value(text, depth)?.as_ref().and_then(text_of).unwrap_or_default();
                text.split(plain_text(separator, name)?).map(Value::from).collect()
            }
            "Fn::FindInMap" => {
                let path = arguments::<3>(argument, name)?;
                self.mapped(path, depth)?
            }
            "Fn::Equals" | "Fn::And" | "Fn::Or" | "Fn::Not" | "Condition" => {
                let node = Map::from_iter([(name.to_owned(), argument.clone())]);
                Value::Bool(self.truth(&Value::Object(node), depth)?)
            }
            other => return Err(format!("{other} cannot be resolved on this machine")),
        };
        Ok(Some(done))
    }

    fn texts(&self, list: &Value, depth: usize) -> Result<Vec<String>, String> {
        let resolved = self.value(list, depth)?.unwrap_or(Value::Null);
        let items = resolved.as_array().ok_or_else(|| format!("`{list}` is not a list"))?;
        items.iter().map(|item| text_of(item).ok_or(format!("`{item}` is not text"))).collect()
    }

    fn mapped(&self, path: [&Value; 3], depth: usize) -> Result<Value, String> {
        let [map, top, second] = path.map(|part| {
            let part = self.value(part, depth)?.unwrap_or(Value::Null);
            text_of(&part).ok_or_else(|| "Fn::FindInMap wants three texts".to_owned())
        });
        let (map, top, second) = (map?, top?, second?);
        let found = self.mappings.get(&map).and_then(|m| m.get(&top)?.get(&second));
        found.cloned().ok_or_else(|| format!("the mapping {map}.{top}.{second} does not exist"))
    }

    fn substitute(&self, argument: &Value, depth: usize) -> Result<String, String> {
        let (pattern, own) = match argument {
            Value::String(pattern) => (pattern.as_str(), None),
            list => {
                let [pattern, own] = arguments::<2>(list, "Fn::Sub")?;
                (plain_text(pattern, "Fn::Sub")?, own.as_object())
            }
        };
        let mut text = String::with_capacity(pattern.len());
        let mut rest = pattern;
        while let Some((before, after)) = rest.split_once("${") {
            let Some((name, tail)) = after.split_once('}') else {
                return Err(format!("`{pattern}` has a `${{` without an end"));
            };
            text.push_str(before);
            text.push_str(&self.substituted(name.trim(), own, depth)?);
            rest = tail;
        }
        text.push_str(rest);
        Ok(text)
    }

    fn substituted(
        &self,
        name: &str,
        own: Option<&Map<String, Value>>,
        depth: usize,
    ) -> Result<String, String> {
        if let Some(literal) = name.strip_prefix('!') {
            return Ok(format!("${{{literal}}}"));
        }
        let value = match (own.and_then(|own| own.get(name)), name.split_once('.')) {
            (Some(value), _) => self.value(value, depth)?.unwrap_or(Value::Null),
            (None, Some((resource, attribute))) => self.attribute(resource, attribute)?,
            (None, None) => self.reference(name)?,
        };
        text_of(&value).ok_or_else(|| format!("${{{name}}} is not text"))
    }

    fn reference(&self, name: &str) -> Result<Value, String> {
        let facts = self.facts;
        let text = match name {
            "AWS::Region" => facts.region.clone(),
            "AWS::AccountId" => facts.account_id.clone(),
            "AWS::StackName" => facts.stack_name.clone(),
            "AWS::Partition" => "aws".to_owned(),
            "AWS::URLSuffix" => "amazonaws.com".to_owned(),
            "AWS::StackId" => self.arn("cloudformation", &format!("stack/{}", facts.stack_name)),
            _ => match self.parameters.get(name) {
                Some(Some(value)) => value.clone(),
                Some(None) => return Err(format!("the parameter {name} has no value")),
                None => self.resource_reference(name)?,
            },
        };
        Ok(Value::String(text))
    }

    fn resource_reference(&self, id: &str) -> Result<String, String> {
        match self.kind_of(id)? {
            "AWS::DynamoDB::Table" => self.physical_name(id, "TableName"),
            "AWS::S3::Bucket" => Ok(self.bucket_name(id)?),
            "AWS::SQS::Queue" => self.queue_url(id),
            "AWS::SecretsManager::Secret" => self.secret_arn(id),
            "AWS::SSM::Parameter" | "AWS::Events::EventBus" => self.physical_name(id, "Name"),
            "AWS::SNS::Topic" => self.topic_arn(id),
            "AWS::Serverless::Function" => self.physical_name(id, "FunctionName"),
            _ => Ok(format!("{}-{id}", self.facts.stack_name)),
        }
    }

    fn attribute_of(&self, argument: &Value, depth: usize) -> Result<Value, String> {
        let [resource, attribute] = arguments::<2>(argument, "Fn::GetAtt")?;
        let attribute = self.value(attribute, depth)?.as_ref().and_then(text_of);
        let attribute = attribute.ok_or_else(|| format!("Fn::GetAtt {argument} is not text"))?;
        self.attribute(plain_text(resource, "Fn::GetAtt")?, &attribute)
    }

    fn attribute(&self, id: &str, attribute: &str) -> Result<Value, String> {
        let text = match (self.kind_of(id)?, attribute) {
            ("AWS::DynamoDB::Table", "Arn") => self.table_arn(id)?,
            ("AWS::DynamoDB::Table", "StreamArn") => {
                format!("{}/stream/local", self.table_arn(id)?)
            }
            ("AWS::S3::Bucket", "Arn") => format!("arn:aws:s3:::{}", self.bucket_name(id)?),
            ("AWS::S3::Bucket", "RegionalDomainName" | "DomainName") => {
                format!("{}.s3.{}.amazonaws.com", self.bucket_name(id)?, self.facts.region)
            }
            ("AWS::SQS::Queue", "Arn") => self.queue_arn(id)?,
            ("AWS::SQS::Queue", "QueueName") => self.physical_name(id, "QueueName")?,
            ("AWS::SQS::Queue", "QueueUrl") => self.queue_url(id)?,
            ("AWS::Serverless::Function", "Arn") => {
                let name = self.physical_name(id, "FunctionName")?;
                self.arn("lambda", &format!("function:{name}"))
            }
            ("AWS::Events::EventBus", "Arn") => {
                self.arn("events", &format!("event-bus/{}", self.physical_name(id, "Name")?))
            }
            ("AWS::Events::Rule", "Arn") => {
                self.arn("events", &format!("rule/{}", self.physical_name(id, "Name")?))
            }
            ("AWS::SNS::Topic", "TopicArn" | "Arn") => self.topic_arn(id)?,
            ("AWS::SNS::Topic", "TopicName") => self.physical_name(id, "TopicName")?,
            ("AWS::CloudFront::Distribution", "DomainName") => {
                without_scheme(&self.facts.public_url)
            }
            ("AWS::Serverless::HttpApi", "ApiEndpoint") => self.facts.public_url.clone(),
            (_, "Arn") => self.arn("local", id),
            (_, "Id") => id.to_owned(),
            (kind, _) => return Err(format!("{id}.{attribute} of a {kind} is unknown here")),
        };
        Ok(Value::String(text))
    }

    fn kind_of(&self, id: &str) -> Result<&str, String> {
        let resource = self.resources.get(id);
        // SAM makes the API by this name when functions have HttpApi events and no API is declared.
        if resource.is_none() && id == "ServerlessHttpApi" {
            return Ok("AWS::Serverless::HttpApi");
        }
        let resource = resource.ok_or_else(|| format!("no parameter or resource is named {id}"))?;
        resource.get("Type").and_then(Value::as_str).ok_or_else(|| format!("{id} has no Type"))
    }

    /// A bucket's name is part of host names, so it is in lower case.
    pub(super) fn bucket_name(&self, id: &str) -> Result<String, String> {
        Ok(self.physical_name(id, "BucketName")?.to_lowercase())
    }

    /// The URL that a function sends messages to.
    pub(super) fn queue_url(&self, id: &str) -> Result<String, String> {
        let name = self.physical_name(id, "QueueName")?;
        Ok(format!("{}/{}/{name}", self.facts.queues_url, self.facts.account_id))
    }

    /// The ARN by which event sources and rules name the queue.
    pub(super) fn queue_arn(&self, id: &str) -> Result<String, String> {
        Ok(self.arn("sqs", &self.physical_name(id, "QueueName")?))
    }

    /// The ARN by which rules and alarms name the topic.
    pub(super) fn topic_arn(&self, id: &str) -> Result<String, String> {
        Ok(self.arn("sns", &self.physical_name(id, "TopicName")?))
    }

    /// The ARN by which a function asks for the secret.
    pub(super) fn secret_arn(&self, id: &str) -> Result<String, String> {
        let name = self.physical_name(id, "Name")?;
        Ok(self.arn("secretsmanager", &format!("secret:{name}")))
    }

    fn table_arn(&self, id: &str) -> Result<String, String> {
        Ok(self.arn("dynamodb", &format!("table/{}", self.physical_name(id, "TableName")?)))
    }

    fn arn(&self, service: &str, rest: &str) -> String {
        format!("arn:aws:{service}:{}:{}:{rest}", self.facts.region, self.facts.account_id)
    }

    fn condition(&self, name: &str, depth: usize) -> Result<bool, String> {
        let condition = self.conditions.get(name);
        let condition = condition.ok_or_else(|| format!("no condition is named {name}"))?;
        self.truth(condition, depth + 1)
    }

    fn truth(&self, node: &Value, depth: usize) -> Result<bool, String> {
        if depth > NESTING_MAX {
            return Err("conditions are nested too deep".to_owned());
        }
        let object = node.as_object().and_then(intrinsic);
        let (name, argument) = object.ok_or_else(|| format!("`{node}` is not a condition"))?;
        let list = argument.as_array().map(Vec::as_slice).unwrap_or_default();
        match name {
            "Condition" => self.condition(plain_text(argument, name)?, depth),
            "Fn::Equals" => {
                let [left, right] = arguments::<2>(argument, name)?;
                let left = self.value(left, depth)?.as_ref().and_then(text_of);
                Ok(left == self.value(right, depth)?.as_ref().and_then(text_of))
            }
            "Fn::Not" => {
                let [inner] = arguments::<1>(argument, name)?;
                Ok(!self.truth(inner, depth + 1)?)
            }
            "Fn::And" => list.iter().try_fold(true, |all, c| Ok(all && self.truth(c, depth + 1)?)),
            "Fn::Or" => list.iter().try_fold(false, |any, c| Ok(any || self.truth(c, depth + 1)?)),
            other => Err(format!("{other} is not a condition")),
        }
    }
}

/// Text of a plain value; CloudFormation reads numbers and booleans as text where text is wanted.
pub(super) fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

fn intrinsic(object: &Map<String, Value>) -> Option<(&str, &Value)> {
    let (name, argument) = object.iter().next().filter(|_| object.len() == 1)?;
    let known =
        name.starts_with("Fn::") || name == "Ref" || (name == "Condition" && argument.is_string());
    known.then_some((name.as_str(), argument))
}

fn plain_text<'v>(value: &'v Value, of: &str) -> Result<&'v str, String> {
    value.as_str().ok_or_else(|| format!("{of} wants text, not `{value}`"))
}

fn arguments<'v, const N: usize>(value: &'v Value, of: &str) -> Result<[&'v Value; N], String> {
    let list: Vec<&Value> = value.as_array().map(|list| list.iter().collect()).unwrap_or_default();
    list.try_into().map_err(|_| format!("{of} wants a list of {N}, not `{value}`"))
}

fn without_scheme(url: &str) -> String {
    url.split_once("://").map_or(url, |(_, rest)| rest).trim_end_matches('/').to_owned()
}
