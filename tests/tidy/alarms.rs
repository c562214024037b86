//! What is given up is told: each queue that nobody empties has an alarm, and each alarm has somebody to tell.

use std::collections::BTreeSet;

use local::template::Trigger;
use serde_json::Value;

use crate::functions::crates;
use crate::sources::{none, template};

/// Its alarms show a state; the rule of the alerts has told everybody in words.
const TOLD_BY_THE_RULE: &str = "alerts_total";

#[test]
fn a_queue_that_nobody_empties_has_an_alarm() {
    let template = template();
    let triggers = template.functions().iter().flat_map(|function| &function.triggers);
    let emptied: BTreeSet<&str> = triggers
        .filter_map(|trigger| match trigger {
            Trigger::Queue(source) => Some(source.queue.as_str()),
            _ => None,
        })
        .collect();
    let rings = |queue: &str| {
        let mut alarms = template.queue_alarms().iter();
        alarms.any(|alarm| alarm.queue == queue && alarm.most == 0 && !alarm.topics.is_empty())
    };
    let lost = template.queues().iter();
    let lost = lost.filter(|queue| !emptied.contains(queue.id.as_str()) && !rings(&queue.name));
    none(lost.map(|queue| queue.id.clone()).collect(), "each of these queues needs an alarm");
}

#[test]
fn what_a_rule_of_the_bus_cannot_deliver_is_kept() {
    let template = template();
    let resources = template.raw()["Resources"].as_object().unwrap();
    let rules = resources.iter().filter(|(_, resource)| resource["Type"] == "AWS::Events::Rule");
    let targets = rules.flat_map(|(id, rule)| {
        let targets = rule["Properties"]["Targets"].as_array().into_iter().flatten();
        targets.map(move |target| (id, target))
    });
    let lost = targets.filter(|(_, target)| target["DeadLetterConfig"]["Arn"].is_null());
    none(lost.map(|(id, _)| id.clone()).collect(), "each target of these rules needs a queue");
}

#[test]
fn an_alarm_tells_somebody_and_names_functions_that_there_are() {
    let template = template();
    let resources = template.raw()["Resources"].as_object().unwrap();
    let is_alarm = |(_, resource): &(&String, &Value)| resource["Type"] == "AWS::CloudWatch::Alarm";
    let (mut wrong, functions) = (Vec::new(), crates());
    for (id, alarm) in resources.iter().filter(is_alarm) {
        let properties = &alarm["Properties"];
        let told = properties["AlarmActions"].as_array().is_some_and(|topics| !topics.is_empty());
        if !told && properties["MetricName"] != TOLD_BY_THE_RULE {
            wrong.push(format!("{id} tells nobody"));
        }
        let dimensions = properties["Dimensions"].as_array().into_iter().flatten();
        for dimension in dimensions.filter(|dimension| dimension["Name"] == "service") {
            let service = dimension["Value"].as_str().unwrap();
            if !functions.contains(service) {
                wrong.push(format!("{id}: there is no function {service}"));
            }
        }
    }
    none(wrong, "an alarm has somebody to tell");
}
