//! The messages themselves: one row each, in WAL mode, so that what was answered survives `kill -9`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use adapters::clock::Clock;
use adapters::random::Random;
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, Row, Transaction, TransactionBehavior, params};

use crate::embedded::new_id;
use crate::stream::Dice;
use crate::template::Queue;

/// How long a statement waits for another process's: `tessera redrive` opens the same file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// From so many waiting messages the next ones are chosen when their order is shuffled.
const SHUFFLED_MAX: usize = 100;
const SCHEMA: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    CREATE TABLE IF NOT EXISTS message (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        queue TEXT NOT NULL,
        id TEXT NOT NULL,
        body TEXT NOT NULL,
        sent_ms INTEGER NOT NULL,
        visible_ms INTEGER NOT NULL,
        receipts INTEGER NOT NULL DEFAULT 0,
        first_receipt_ms INTEGER,
        receipt TEXT,
        came_from TEXT
    );
    CREATE INDEX IF NOT EXISTS message_due ON message (queue, visible_ms, number);";

/// Why a queue did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum QueueError {
    #[error("the queue {0} does not exist")]
    NoSuchQueue(String),
    #[error("the queues cannot be read or written: {0}")]
    Disk(#[from] rusqlite::Error),
}

/// A message on its way in.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing<'a> {
    /// The queue's physical name.
    pub(crate) queue: &'a str,
    pub(crate) body: &'a str,
    /// How long it stays hidden; none for the queue's own delay.
    pub(crate) delay: Option<Duration>,
}

/// A message that was handed out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    number: i64,
    pub(crate) id: String,
    pub(crate) body: String,
    /// What deletes it: good until the message is handed out again.
    pub(crate) receipt: String,
    /// How often it was handed out, this time included.
    pub(crate) receipts: u32,
    pub(crate) sent_ms: i64,
    pub(crate) first_receipt_ms: i64,
    /// The ARN of the queue that it failed in, when this is a dead-letter queue.
    pub(crate) came_from: Option<String>,
}

/// Where a dead-letter queue's messages go back to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Home<'q> {
    /// Each to the queue that it failed in; what the bus put there stays, it has none.
    Origin,
    /// To this queue, what failed in it and what never was in any.
    Own(&'q Queue),
    /// To this queue, all of them.
    Everything(&'q Queue),
}

/// What a queue holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueState {
    /// The queue's logical id, for example `Payments`.
    pub queue: String,
    /// Messages that would be handed out now.
    pub waiting: u64,
    /// Messages that were handed out and not yet deleted.
    pub in_flight: u64,
    /// Messages that stay hidden for their delay.
    pub delayed: u64,
    /// Messages in its dead-letter queue; none when it has no such queue.
    pub dead: Option<u64>,
    /// How long ago the oldest of its messages was sent.
    pub oldest: Option<SignedDuration>,
}

/// All queues of the template. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Queues(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    connection: Mutex<Connection>,
    /// By physical name.
    declared: BTreeMap<String, Queue>,
    clock: Clock,
    random: Random,
}

impl Queues {
    /// Opens the file, and makes it when it is not there.
    pub(crate) fn open(
        file: &Path,
        declared: &[Queue],
        clock: Clock,
        random: Random,
    ) -> rusqlite::Result<Self> {
        let connection = Connection::open(file)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.execute_batch(SCHEMA)?;
        let declared = declared.iter().map(|queue| (queue.name.clone(), queue.clone())).collect();
        Ok(Self(Arc::new(Inner { connection: Mutex::new(connection), declared, clock, random })))
    }

    /// Hands back what the last process had in hand when it ended: nobody works on it any more.
    pub(crate) fn take_back(&self) -> rusqlite::Result<usize> {
        let now = self.now();
        self.lock().execute(
            "UPDATE message SET visible_ms = ?1 WHERE receipt IS NOT NULL AND visible_ms > ?1",
            [now],
        )
    }

    /// The queue of this physical name.
    pub(crate) fn declared(&self, name: &str) -> Result<&Queue, QueueError> {
        self.0.declared.get(name).ok_or_else(|| QueueError::NoSuchQueue(name.to_owned()))
    }

    /// The queue of this ARN.
    pub(crate) fn by_arn(&self, arn: &str) -> Result<&Queue, QueueError> {
        let found = self.0.declared.values().find(|queue| queue.arn == arn);
        found.ok_or_else(|| QueueError::NoSuchQueue(arn.to_owned()))
    }

    /// Keeps all of them, or none; gives their ids in the same order.
    pub(crate) fn send(&self, messages: &[Outgoing<'_>]) -> Result<Vec<String>, QueueError> {
        let now = self.now();
        let mut connection = self.lock();
        let transaction = begin(&mut connection)?;
        let mut ids = Vec::with_capacity(messages.len());
        for message in messages {
            let delay = message.delay.unwrap_or(self.declared(message.queue)?.delay);
            let id = new_id(&self.0.random);
            transaction.execute(
                "INSERT INTO message (queue, id, body, sent_ms, visible_ms) \
                 VALUES (?1, ?2, ?3, ?4, ?5)",
                params![message.queue, id, message.body, now, after(now, delay)],
            )?;
            ids.push(id);
        }
        transaction.commit()?;
        Ok(ids)
    }

    /// Hands out up to `most` messages and hides them; with dice, in any order.
    pub(crate) fn receive(
        &self,
        name: &str,
        most: usize,
        hidden_for: Option<Duration>,
        dice: Option<&mut Dice>,
    ) -> Result<Vec<Message>, QueueError> {
        let queue = self.declared(name)?;
        let now = self.now();
        let until = after(now, hidden_for.unwrap_or(queue.visibility));
        let mut connection = self.lock();
        // A queue is asked many times a second and seldom holds anything: looking takes no lock.
        if waiting(&connection, name, now, 1)?.is_empty() {
            return Ok(Vec::new());
        }
        let transaction = begin(&mut connection)?;
        self.clear_away(&transaction, queue, now)?;
        let window = if dice.is_some() { most.max(SHUFFLED_MAX) } else { most };
        let mut numbers = waiting(&transaction, name, now, window)?;
        if let Some(dice) = dice {
            dice.shuffle(&mut numbers);
        }
        numbers.truncate(most);
        let mut messages = Vec::with_capacity(numbers.len());
        for number in numbers {
            let receipt = format!("{number}-{}", hex::encode(self.0.random.bytes::<16>()));
            messages.push(transaction.query_row(
                "UPDATE message SET visible_ms = ?2, receipt = ?3, receipts = receipts + 1, \
                 first_receipt_ms = COALESCE(first_receipt_ms, ?4) WHERE number = ?1 RETURNING *",
                params![number, until, receipt, now],
                read,
            )?);
        }
        transaction.commit()?;
        Ok(messages)
    }

    /// Removes what is too old, and what was handed out too often.
    fn clear_away(&self, on: &Transaction<'_>, queue: &Queue, now: i64) -> Result<(), QueueError> {
        on.execute(
            "DELETE FROM message WHERE queue = ?1 AND sent_ms < ?2",
            params![queue.name, now.saturating_sub(millis(queue.retention))],
        )?;
        let Some(redrive) = &queue.redrive else {
            return Ok(());
        };
        let dead = self.by_arn(&redrive.to)?;
        let moved = on.execute(
            "UPDATE message SET queue = ?3, came_from = ?4, receipts = 0, receipt = NULL, \
             first_receipt_ms = NULL, visible_ms = ?2 \
             WHERE queue = ?1 AND visible_ms <= ?2 AND receipts >= ?5",
            params![queue.name, now, dead.name, queue.arn, redrive.receipts_max],
        )?;
        if moved > 0 {
            let (from, to) = (&queue.id, &dead.id);
            tracing::warn!("{moved} messages of `{from}` failed too often and are in `{to}`");
        }
        Ok(())
    }

    /// Deletes what the receipt stands for; says whether it was still good.
    pub(crate) fn delete(&self, queue: &str, receipt: &str) -> Result<bool, QueueError> {
        let number = number_of(receipt);
        let deleted = self.lock().execute(
            "DELETE FROM message WHERE number = ?1 AND queue = ?2 AND receipt = ?3",
            params![number, queue, receipt],
        )?;
        Ok(deleted > 0)
    }

    /// Hides it for so long from now; zero hands it back. Says whether the receipt was still good.
    pub(crate) fn hide(
        &self,
        queue: &str,
        receipt: &str,
        hidden_for: Duration,
    ) -> Result<bool, QueueError> {
        let changed = self.lock().execute(
            "UPDATE message SET visible_ms = ?4 WHERE number = ?1 AND queue = ?2 AND receipt = ?3",
            params![number_of(receipt), queue, receipt, after(self.now(), hidden_for)],
        )?;
        Ok(changed > 0)
    }

    /// As if it had never been handed out: what a test breaks must not end in the dead-letter queue.
    pub(crate) fn give_back(&self, queue: &str, message: &Message) -> Result<(), QueueError> {
        self.lock().execute(
            "UPDATE message SET visible_ms = ?3, receipts = receipts - 1 \
             WHERE number = ?1 AND queue = ?2 AND receipt = ?4",
            params![message.number, queue, self.now(), message.receipt],
        )?;
        Ok(())
    }

    /// Deletes everything in it.
    pub(crate) fn purge(&self, queue: &str) -> Result<usize, QueueError> {
        Ok(self.lock().execute("DELETE FROM message WHERE queue = ?1", [queue])?)
    }

    /// Sends a dead-letter queue's messages back, as new ones; says how many.
    pub(crate) fn move_back(&self, dead: &str, home: Home<'_>) -> Result<usize, QueueError> {
        let now = self.now();
        let mut connection = self.lock();
        let transaction = begin(&mut connection)?;
        let rows: Vec<(i64, Option<String>)> = transaction
            .prepare("SELECT number, came_from FROM message WHERE queue = ?1 ORDER BY number")?
            .query_map([dead], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        let mut moved = 0;
        for (number, came_from) in rows {
            let home = match (home, came_from) {
                (Home::Everything(queue), _) | (Home::Own(queue), None) => queue,
                (Home::Own(queue), Some(arn)) if arn == queue.arn => queue,
                (Home::Origin, Some(arn)) => self.by_arn(&arn)?,
                (Home::Own(_), Some(_)) | (Home::Origin, None) => continue,
            };
            moved += transaction.execute(
                "UPDATE message SET queue = ?2, id = ?3, sent_ms = ?4, visible_ms = ?4, \
                 receipts = 0, receipt = NULL, first_receipt_ms = NULL, came_from = NULL \
                 WHERE number = ?1",
                params![number, home.name, new_id(&self.0.random), now],
            )?;
        }
        transaction.commit()?;
        Ok(moved)
    }

    /// When the next hidden message shows itself.
    pub(crate) fn next_due(&self, queue: &str) -> Result<Option<Timestamp>, QueueError> {
        let due: Option<i64> = self.lock().query_row(
            "SELECT MIN(visible_ms) FROM message WHERE queue = ?1 AND visible_ms > ?2",
            params![queue, self.now()],
            |row| row.get(0),
        )?;
        Ok(due.and_then(|due| Timestamp::from_millisecond(due).ok()))
    }

    /// What each queue of the template holds, in the order of their names.
    pub(crate) fn states(&self) -> Result<Vec<QueueState>, QueueError> {
        self.0.declared.values().map(|queue| self.state(queue)).collect()
    }

    /// What one queue holds.
    pub(crate) fn state(&self, queue: &Queue) -> Result<QueueState, QueueError> {
        let now = self.now();
        let connection = self.lock();
        let count = "SELECT COUNT(*) FROM message WHERE queue = ?1";
        let counted = |name: &str, further: &str| -> Result<u64, QueueError> {
            let statement = format!("{count} AND {further}");
            let count: i64 = connection.query_row(&statement, params![name, now], |r| r.get(0))?;
            Ok(u64::try_from(count).unwrap_or(0))
        };
        let dead = match &queue.redrive {
            Some(redrive) => Some(counted(&self.by_arn(&redrive.to)?.name, "?2 IS NOT NULL")?),
            None => None,
        };
        let oldest = "SELECT MIN(sent_ms) FROM message WHERE queue = ?1";
        let oldest: Option<i64> = connection.query_row(oldest, [&queue.name], |row| row.get(0))?;
        Ok(QueueState {
            queue: queue.id.clone(),
            waiting: counted(&queue.name, "visible_ms <= ?2")?,
            in_flight: counted(&queue.name, "visible_ms > ?2 AND receipt IS NOT NULL")?,
            delayed: counted(&queue.name, "visible_ms > ?2 AND receipt IS NULL")?,
            dead,
            oldest: oldest.map(|sent| SignedDuration::from_millis(now.saturating_sub(sent))),
        })
    }

    fn now(&self) -> i64 {
        self.0.clock.now().as_millisecond()
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.0.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Two processes may write, so a transaction takes the lock before it reads.
fn begin(connection: &mut Connection) -> rusqlite::Result<Transaction<'_>> {
    connection.transaction_with_behavior(TransactionBehavior::Immediate)
}

fn waiting(on: &Connection, queue: &str, now: i64, most: usize) -> rusqlite::Result<Vec<i64>> {
    let mut statement = on.prepare_cached(
        "SELECT number FROM message WHERE queue = ?1 AND visible_ms <= ?2 \
         ORDER BY visible_ms, number LIMIT ?3",
    )?;
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    statement.query_map(params![queue, now, most], |row| row.get(0))?.collect()
}

fn read(row: &Row<'_>) -> rusqlite::Result<Message> {
    let receipt: Option<String> = row.get("receipt")?;
    let first_receipt_ms: Option<i64> = row.get("first_receipt_ms")?;
    Ok(Message {
        number: row.get("number")?,
        id: row.get("id")?,
        body: row.get("body")?,
        receipt: receipt.unwrap_or_default(),
        receipts: row.get("receipts")?,
        sent_ms: row.get("sent_ms")?,
        first_receipt_ms: first_receipt_ms.unwrap_or_default(),
        came_from: row.get("came_from")?,
    })
}

/// The row that a receipt is for; a receipt that nobody was given has none.
fn number_of(receipt: &str) -> i64 {
    receipt.split_once('-').and_then(|(number, _)| number.parse().ok()).unwrap_or(-1)
}

fn after(now: i64, wait: Duration) -> i64 {
    now.saturating_add(millis(wait))
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
