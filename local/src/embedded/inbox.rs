//! What would have gone out to people: text messages, mail, push messages and what topics were told, kept instead of
//! sent.
//!
//! Newest first, bounded, and durable in one SQLite file. Deliberately absent: the keys of push messages; their bodies
//! are kept as they came, encrypted.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use adapters::clock::Clock;
use jiff::Timestamp;
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

/// So many messages are kept; the oldest go first.
const KEPT_MAX: u32 = 1000;
const SCHEMA: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    CREATE TABLE IF NOT EXISTS received (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        at_ms INTEGER NOT NULL,
        item TEXT NOT NULL
    );";

/// The inbox of everybody. Clones share it.
#[derive(Clone, Debug)]
pub struct Inbox(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    connection: Mutex<Connection>,
    clock: Clock,
    /// What the push service answers for a subscription, where a test wants another answer than "created".
    push_answers: Mutex<BTreeMap<String, u16>>,
}

/// A message that was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// Counts up with each message.
    pub number: i64,
    /// When it came.
    pub at: Timestamp,
    /// What came.
    pub item: Item,
}

/// What came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Item {
    /// A text message.
    Sms(TextMessage),
    /// Mail.
    Mail(Letter),
    /// A push message.
    Push(PushMessage),
    /// What everybody hears who listens to a topic.
    Topic(TopicMessage),
}

/// What everybody hears who listens to a topic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopicMessage {
    /// The topic's logical id, for example `OpsTopic`.
    pub topic: String,
    /// One line, where there is one.
    pub subject: Option<String>,
    /// Its words.
    pub text: String,
}

/// A text message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextMessage {
    /// The telephone number, in E.164.
    pub to: String,
    /// Its words.
    pub text: String,
}

/// Mail, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// The sender as it was given, with a name or without.
    pub from: String,
    /// The addresses that it goes to.
    pub to: Vec<String>,
    /// One line.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The page, where there is one.
    pub html: Option<String>,
    /// Further header fields.
    pub headers: Vec<(String, String)>,
    /// Files.
    pub attachments: Vec<File>,
}

/// A file in a letter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Its name.
    pub name: String,
    /// What it is, for example `application/pdf`.
    pub content_type: String,
    /// Its bytes.
    #[serde(with = "as_base64")]
    pub bytes: Vec<u8>,
}

/// A push message as the push service gets it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushMessage {
    /// The last part of the endpoint's path.
    pub subscription: String,
    /// The request's headers, their names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The encrypted body (RFC 8188).
    #[serde(with = "as_base64")]
    pub body: Vec<u8>,
}

impl Inbox {
    /// Opens the file, and makes it when it is not there.
    pub(crate) fn open(file: &Path, clock: Clock) -> rusqlite::Result<Self> {
        let connection = Connection::open(file)?;
        connection.execute_batch(SCHEMA)?;
        let connection = Mutex::new(connection);
        Ok(Self(Arc::new(Inner { connection, clock, push_answers: Mutex::default() })))
    }

    /// Keeps a message; gives its number.
    pub(crate) fn keep(&self, item: &Item) -> Result<i64, String> {
        let text = serde_json::to_string(item).map_err(|error| error.to_string())?;
        let at = self.0.clock.now().as_millisecond();
        let connection = self.lock();
        let kept = connection
            .execute("INSERT INTO received (at_ms, item) VALUES (?1, ?2)", params![at, text])
            .and_then(|_| {
                let number = connection.last_insert_rowid();
                let bound = number - i64::from(KEPT_MAX);
                connection.execute("DELETE FROM received WHERE number <= ?1", [bound])?;
                Ok(number)
            });
        kept.map_err(|error| error.to_string())
    }

    /// The newest messages, at most so many, the newest first.
    pub fn newest(&self, most: usize) -> Vec<Received> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        self.read(most).unwrap_or_else(|error| {
            tracing::error!("the inbox cannot be read: {error}");
            Vec::new()
        })
    }

    /// The text messages to this number, the newest first.
    pub fn texts_to(&self, phone: &str) -> Vec<TextMessage> {
        self.pick(|item| match item {
            Item::Sms(message) if message.to == phone => Some(message),
            _ => None,
        })
    }

    /// The letters to this address, the newest first.
    pub fn letters_to(&self, address: &str) -> Vec<Letter> {
        self.pick(|item| match item {
            Item::Mail(letter) if letter.to.iter().any(|to| to == address) => Some(letter),
            _ => None,
        })
    }

    /// The push messages to this subscription, the newest first.
    pub fn pushes_to(&self, subscription: &str) -> Vec<PushMessage> {
        self.pick(|item| match item {
            Item::Push(message) if message.subscription == subscription => Some(message),
            _ => None,
        })
    }

    /// What the topic with this logical id was told, the newest first.
    pub fn told(&self, topic: &str) -> Vec<TopicMessage> {
        self.pick(|item| match item {
            Item::Topic(message) if message.topic == topic => Some(message),
            _ => None,
        })
    }

    /// Lets the push service answer so for a subscription from now on, for example 410 when it is gone.
    pub fn answer_pushes(&self, subscription: &str, status: u16) {
        let mut answers = self.0.push_answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.insert(subscription.to_owned(), status);
    }

    pub(super) fn push_answer(&self, subscription: &str) -> Option<u16> {
        let answers = self.0.push_answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.get(subscription).copied()
    }

    fn pick<T>(&self, wanted: impl Fn(Item) -> Option<T>) -> Vec<T> {
        let all = self.newest(KEPT_MAX as usize);
        all.into_iter().filter_map(|received| wanted(received.item)).collect()
    }

    fn read(&self, most: i64) -> Result<Vec<Received>, Box<dyn std::error::Error>> {
        let connection = self.lock();
        let mut statement = connection
            .prepare("SELECT number, at_ms, item FROM received ORDER BY number DESC LIMIT ?1")?;
        let rows = statement.query_map([most], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, String>(2)?))
        })?;
        let mut received = Vec::new();
        for row in rows {
            let (number, at, item) = row?;
            let at = Timestamp::from_millisecond(at)?;
            received.push(Received { number, at, item: serde_json::from_str(&item)? });
        }
        Ok(received)
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.0.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Bytes within JSON.
mod as_base64 {
    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&BASE64_STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(from)?;
        BASE64_STANDARD.decode(text).map_err(serde::de::Error::custom)
    }
}
