//! Topics that people listen to, the words in which a rule tells them of an event, and the alarms that watch queues.
//!
//! Deliberately absent: subscriptions, which this machine has none of (its inbox shows what every topic got), and
//! alarms of any other metric, which only the cloud has.

use serde_json::Value;

use super::resource::named;
use super::scope::Scope;
use super::{Node, Resource, TemplateError};

/// The only metric that is watched here: the messages that wait in a queue.
const WAITING: &str = "ApproximateNumberOfMessagesVisible";

/// An SNS topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    /// Its logical id.
    pub id: String,
    /// What rules and alarms name.
    pub arn: String,
}

/// How an event is told: `InputTransformer`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wording {
    /// Names and where their values stand in the event, as names of members from its root.
    paths: Vec<(String, Vec<String>)>,
    /// The text, with `<name>` for each value.
    template: String,
}

/// An alarm that rings while more messages wait in a queue than it allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueAlarm {
    /// Its logical id.
    pub id: String,
    /// What it tells people.
    pub description: String,
    /// The physical name of the queue.
    pub queue: String,
    /// It rings beyond so many messages.
    pub most: u64,
    /// The logical ids of the topics that hear of it.
    pub topics: Vec<String>,
}

impl Wording {
    /// The event in these words. A value that is not there is left empty.
    pub(crate) fn of(&self, event: &Value) -> String {
        self.paths.iter().fold(self.template.clone(), |text, (name, path)| {
            let value = path.iter().try_fold(event, |value, member| value.get(member));
            let value = match value {
                Some(Value::String(text)) => text.clone(),
                None | Some(Value::Null) => String::new(),
                Some(other) => other.to_string(),
            };
            text.replace(&format!("<{name}>"), &value)
        })
    }
}

pub(super) fn topic(resource: &Resource<'_>, scope: &Scope<'_>) -> Result<Topic, TemplateError> {
    let arn = scope.topic_arn(resource.id).map_err(|reason| resource.properties.broken(reason))?;
    named(resource, "TopicName", scope)?;
    Ok(Topic { id: resource.id.to_owned(), arn })
}

/// What a rule's target says about words; nothing where it tells the whole event.
pub(super) fn wording(
    target: &Node<'_>,
    scope: &Scope<'_>,
) -> Result<Option<Wording>, TemplateError> {
    let transformer = target.get("InputTransformer");
    if transformer.is_missing() {
        return Ok(None);
    }
    let template = transformer.get("InputTemplate").text(scope)?;
    let mut paths = Vec::new();
    for (name, path) in transformer.get("InputPathsMap").entries() {
        let text = path.text(scope)?;
        let members = text.strip_prefix("$.").filter(|members| !members.contains(['[', '*']));
        let members = members.ok_or_else(|| path.broken("only members are known: `$.a.b`"))?;
        paths.push((name.to_owned(), members.split('.').map(str::to_owned).collect()));
    }
    let unknown = |name: &&str| !paths.iter().any(|(known, _)| known == name);
    let names = template.split('<').skip(1).filter_map(|rest| rest.split_once('>'));
    if let Some(name) = names.map(|(name, _)| name).find(unknown) {
        let template = transformer.get("InputTemplate");
        return Err(template.broken(format!("`<{name}>` is not in its InputPathsMap")));
    }
    Ok(Some(Wording { paths, template }))
}

/// An alarm that watches a queue and tells topics; nothing for one of another kind.
pub(super) fn alarm(
    resource: &Resource<'_>,
    topics: &[Topic],
    scope: &Scope<'_>,
) -> Result<Option<QueueAlarm>, TemplateError> {
    let properties = &resource.properties;
    let said = |name: &str| properties.get(name).optional_text(scope);
    if said("Namespace")?.as_deref() != Some("AWS/SQS")
        || said("MetricName")?.as_deref() != Some(WAITING)
    {
        return Ok(None);
    }
    let mut queue = None;
    for dimension in properties.get("Dimensions").items() {
        if dimension.get("Name").text(scope)? == "QueueName" {
            queue = Some(dimension.get("Value").text(scope)?);
        }
    }
    let queue =
        queue.ok_or_else(|| properties.get("Dimensions").broken("it names no QueueName"))?;
    let comparison = properties.get("ComparisonOperator");
    if comparison.text(scope)? != "GreaterThanThreshold" {
        return Err(comparison.broken("only GreaterThanThreshold is known for a queue here"));
    }
    let mut told = Vec::new();
    for action in properties.get("AlarmActions").items() {
        let arn = action.text(scope)?;
        let topic = topics.iter().find(|topic| topic.arn == arn);
        let topic = topic.ok_or_else(|| action.broken("it is not a topic of this template"))?;
        told.push(topic.id.clone());
    }
    Ok(Some(QueueAlarm {
        id: resource.id.to_owned(),
        description: said("AlarmDescription")?.unwrap_or_default(),
        queue,
        most: properties.get("Threshold").number(scope)?.unwrap_or(0).into(),
        topics: told,
    }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_event_is_told_in_the_words_of_its_rule() {
        let path = |text: &str| text.split('.').map(str::to_owned).collect();
        let paths = [("what", "detail.sentence"), ("n", "detail.n"), ("none", "detail.x.y")];
        let paths = paths.map(|(name, at)| (name.to_owned(), path(at))).to_vec();
        let wording = Wording { paths, template: "\"<what> (<n><none>)\"".to_owned() };
        let event = json!({ "detail": { "sentence": "It burns.", "n": 3 } });
        assert_eq!(wording.of(&event), "\"It burns. (3)\"");
    }
}
