//! Records by number: in memory, with a list of what has changed since it was last written down.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, Transaction, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Something that lasts.
pub(super) trait Record: Serialize + DeserializeOwned {
    /// What it is, in the file.
    const KIND: &'static str;
    /// The number of the first one.
    const FIRST: u64;
    /// Its number.
    fn id(&self) -> u64;
}

/// All records of one kind.
#[derive(Debug)]
pub(super) struct Shelf<T> {
    rows: BTreeMap<u64, T>,
    changed: BTreeSet<u64>,
}

impl<T: Record> Shelf<T> {
    /// Reads them all.
    pub(super) fn load(db: &Connection) -> rusqlite::Result<Self> {
        let mut select = db.prepare("SELECT body FROM records WHERE kind = ?1 ORDER BY id")?;
        let mut rows = BTreeMap::new();
        let bodies = select.query_map([T::KIND], |row| row.get::<_, String>(0))?;
        for body in bodies {
            let record: T = serde_json::from_str(&body?).map_err(|error| {
                rusqlite::Error::FromSqlConversionFailure(
                    0,
                    rusqlite::types::Type::Text,
                    error.into(),
                )
            })?;
            rows.insert(record.id(), record);
        }
        Ok(Self { rows, changed: BTreeSet::new() })
    }

    /// Writes what has changed.
    pub(super) fn write(&self, db: &Transaction<'_>) -> rusqlite::Result<()> {
        if self.changed.is_empty() {
            return Ok(());
        }
        const REPLACE: &str = "INSERT OR REPLACE INTO records (kind, id, body) VALUES (?1, ?2, ?3)";
        const REMOVE: &str = "DELETE FROM records WHERE kind = ?1 AND id = ?2";
        let (mut replace, mut remove) = (db.prepare_cached(REPLACE)?, db.prepare_cached(REMOVE)?);
        for id in &self.changed {
            let number = i64::try_from(*id).unwrap_or(i64::MAX);
            match self.rows.get(id).map(serde_json::to_string) {
                Some(Ok(body)) => replace.execute(params![T::KIND, number, body])?,
                Some(Err(error)) => {
                    return Err(rusqlite::Error::ToSqlConversionFailure(error.into()));
                }
                None => remove.execute(params![T::KIND, number])?,
            };
        }
        Ok(())
    }

    /// What has changed is in the file.
    pub(super) fn written(&mut self) {
        self.changed.clear();
    }

    /// Whether something has changed.
    pub(super) fn is_changed(&self) -> bool {
        !self.changed.is_empty()
    }

    /// The number of the next one.
    pub(super) fn next_id(&self) -> u64 {
        self.rows.last_key_value().map_or(T::FIRST, |(last, _)| last + 1)
    }

    /// Puts a new one here, or a whole new version of an old one.
    pub(super) fn put(&mut self, record: T) {
        self.changed.insert(record.id());
        self.rows.insert(record.id(), record);
    }

    pub(super) fn remove(&mut self, id: u64) -> Option<T> {
        let removed = self.rows.remove(&id)?;
        self.changed.insert(id);
        Some(removed)
    }

    pub(super) fn get(&self, id: u64) -> Option<&T> {
        self.rows.get(&id)
    }

    /// For a change.
    pub(super) fn edit(&mut self, id: u64) -> Option<&mut T> {
        let record = self.rows.get_mut(&id)?;
        self.changed.insert(id);
        Some(record)
    }

    /// All, the oldest first.
    pub(super) fn all(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.rows.values()
    }
}
