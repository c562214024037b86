//! What calls the functions beside the gateway: streams, queues and time, as the template says.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::StartError;
use super::folder::OpenFolder;
use super::options::Options;
use super::running::Running;
use super::services::Services;
use crate::queue::{Consuming, DeadLetters, Pump};
use crate::schedule::Schedule;
use crate::stream::{Reader, Reading};
use crate::template::{Facts, Template, Trigger};

pub(super) fn readers(
    options: &Options,
    template: &Template,
    functions: &BTreeMap<String, Arc<Running>>,
    services: &Services,
    folder: &OpenFolder,
    facts: &Facts,
) -> Result<Vec<Arc<Reader>>, StartError> {
    let checkpoints = folder.folder("checkpoints")?;
    let mut readers = Vec::new();
    for (running, trigger) in triggers(template, functions) {
        let Trigger::Stream(source) = trigger else {
            continue;
        };
        let table = template.table(&source.table).map(|table| table.name.clone());
        let name = running.name.clone();
        let reading = Reading {
            running,
            source: source.clone(),
            dynamo: services.dynamo.clone(),
            table: table.unwrap_or_default(),
            region: facts.region.clone(),
            deliveries: options.deliveries.clone(),
            dead_letters: dead_letters(source.dead_letters.as_ref(), services),
        };
        let reader = Reader::open(reading, &checkpoints);
        let reader =
            reader.map_err(|error| StartError::Function { name, reason: error.to_string() })?;
        readers.push(Arc::new(reader));
    }
    Ok(readers)
}

pub(super) fn pumps(
    options: &Options,
    template: &Template,
    functions: &BTreeMap<String, Arc<Running>>,
    services: &Services,
    facts: &Facts,
) -> Vec<Arc<Pump>> {
    triggers(template, functions)
        .filter_map(|(running, trigger)| {
            let Trigger::Queue(source) = trigger else {
                return None;
            };
            let consuming = Consuming {
                running,
                source: source.clone(),
                queues: services.small.sqs.queues.clone(),
                queue: template.queue(&source.queue)?.clone(),
                account_id: facts.account_id.clone(),
                region: facts.region.clone(),
                deliveries: options.deliveries.clone(),
            };
            Some(Arc::new(Pump::new(consuming)))
        })
        .collect()
}

/// The queue of this ARN, where given-up work goes.
fn dead_letters(arn: Option<&String>, services: &Services) -> Option<DeadLetters> {
    arn.map(|arn| DeadLetters { queues: services.small.sqs.queues.clone(), arn: arn.clone() })
}

pub(super) fn schedules(
    options: &Options,
    template: &Template,
    functions: &BTreeMap<String, Arc<Running>>,
    services: &Services,
    facts: &Facts,
) -> Vec<Arc<Schedule>> {
    triggers(template, functions)
        .filter_map(|(running, trigger)| {
            let Trigger::Schedule(source) = trigger else {
                return None;
            };
            let place = (facts.account_id.clone(), facts.region.clone());
            let function = template.function(&running.name);
            let dead = function.and_then(|function| function.dead_letters.as_ref());
            let dead = dead_letters(dead, services);
            Some(Arc::new(Schedule::new(running, source.clone(), place, options.clock.now(), dead)))
        })
        .collect()
}

/// Each trigger with its function.
pub(super) fn triggers<'t>(
    template: &'t Template,
    functions: &'t BTreeMap<String, Arc<Running>>,
) -> impl Iterator<Item = (Arc<Running>, &'t Trigger)> {
    template.functions().iter().flat_map(|function| {
        let running = functions.get(&function.name);
        function.triggers.iter().filter_map(move |trigger| Some((running?.clone(), trigger)))
    })
}
