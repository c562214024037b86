//! Tells guards what has happened (T26, T35, T38): by SMS, mail and Web Push (X41), as each of them prefers.
//!
//! At least once delivered, at most once in effect per notice and channel: before anything is sent, the delivery is
//! claimed in the table. Deliberately absent: what a notice says about money, which was settled when it was written.

mod code;
mod delivery;
mod letter;
mod message;
mod patron;
mod push;
mod sending;
mod sms;
mod words;

use std::collections::BTreeMap;

use adapters::clock::Clock;
use adapters::environment::{Environment, EnvironmentError};
use adapters::mail::Mail;
use adapters::push::{Push, PushServices};
use adapters::sms::Sms;
use adapters::table::Table;
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use domain::failure::chain;
use domain::notice::Notice;
use futures::stream::{StreamExt, iter};
use web::{BoxError, batch};

use sending::Channels;

/// Notices that are told at the same time.
const AT_ONCE: usize = 10;

/// What telling may touch.
#[derive(Clone, Debug)]
pub struct Deps {
    table: Table,
    channels: Channels,
    clock: Clock,
    public: PublicUrl,
}

/// The address that codes lead to, without a slash at its end.
#[derive(Clone, Debug)]
struct PublicUrl(String);

impl Deps {
    /// From the function's variables.
    ///
    /// # Errors
    /// [`EnvironmentError`] names the variable that is missing.
    pub fn from_env(env: &Environment) -> Result<Self, EnvironmentError> {
        let public = env.required("PUBLIC_URL")?.trim_end_matches('/').to_owned();
        let channels = Channels {
            sms: Sms::from_env(env)?,
            mail: Mail::from_env(env)?,
            push: Push::from_env(env)?,
            services: PushServices::from_env(env)?,
        };
        Ok(Self {
            table: Table::from_env(env)?,
            channels,
            clock: env.clock.clone(),
            public: PublicUrl(public),
        })
    }
}

/// A notice, and the messages of the batch that bring it.
struct Brought {
    notice: Notice,
    messages: Vec<String>,
}

/// Tells what a batch of the queue brings. What could not be told, or not be read, comes again by itself, until the
/// queue puts it aside.
///
/// # Errors
/// A message without an id: the whole batch comes again.
pub async fn handle(deps: Deps, event: SqsEvent) -> Result<SqsBatchResponse, BoxError> {
    let (brought, mut failed) = read(&event.records)?;
    let untold = iter(brought).map(|brought| tell(&deps, brought));
    let untold: Vec<Vec<String>> = untold.buffer_unordered(AT_ONCE).collect().await;
    failed.extend(untold.into_iter().flatten());
    Ok(batch::again(failed))
}

/// The notices of a batch, and the messages that cannot be read. Copies of one notice are told once, so that they do
/// not stand in each other's way.
fn read(messages: &[SqsMessage]) -> Result<(Vec<Brought>, Vec<String>), BoxError> {
    let mut brought: BTreeMap<String, Brought> = BTreeMap::new();
    let mut unreadable = Vec::new();
    for message in messages {
        let id = message.message_id.clone().ok_or("a message has no id")?;
        match message::read(message) {
            Ok(notice) => brought
                .entry(notice.subject())
                .or_insert_with(|| Brought { notice, messages: Vec::new() })
                .messages
                .push(id),
            Err(error) => {
                tracing::error!(error = chain(&error), "a message cannot be read");
                unreadable.push(id);
            }
        }
    }
    Ok((brought.into_values().collect(), unreadable))
}

/// Tells one notice; the messages that have to come again.
async fn tell(deps: &Deps, brought: Brought) -> Vec<String> {
    let Brought { notice, messages } = brought;
    match delivery::tell(deps, &notice).await {
        Ok(()) => Vec::new(),
        Err(error) => {
            let (kind, error) = (notice.kind(), chain(&error));
            tracing::warn!(guard.id = %notice.guard, error, "a notice `{kind}` is told later");
            messages
        }
    }
}
