//! The embedded DynamoDB: dynoxide on a SQLite file.
//!
//! The file is in WAL mode with SQLite's own `synchronous` setting, so a write that was answered survives `kill -9`.
//! Deliberately absent: a memory database. Its stream could not be given the index that keeps it fast.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use dynoxide::Database;
use dynoxide::actions::create_table::CreateTableRequest;
use dynoxide::actions::describe_table::DescribeTableRequest;
use dynoxide::actions::update_time_to_live::{TimeToLiveSpecification, UpdateTimeToLiveRequest};
use rusqlite::Connection;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::template::Table;

/// How long a write waits for the other connection to the same file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// A stored sequence number is the public one less this.
const SEQUENCE_OFFSET: u128 = 100_000_000_000_000_000_000;

/// The embedded database.
#[derive(Clone)]
pub(crate) struct Dynamo {
    database: Database,
    file: PathBuf,
}

/// Why the database cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DynamoError {
    #[error("the table {name} cannot be made: {reason}")]
    Table { name: String, reason: String },
    #[error("the table {0} in the data folder differs from template.yaml; start with --reset")]
    Outdated(String),
    #[error("the database cannot be opened: {0}")]
    Open(String),
}

impl Dynamo {
    /// Opens the file, and makes it when it is not there. One that was never [finished](Self::finish) is made anew:
    /// nobody can have written into it.
    pub(crate) fn open(file: &Path) -> Result<Self, DynamoError> {
        let path = file.to_str().ok_or_else(|| DynamoError::Open("its path is not text".into()))?;
        begin(file).map_err(|error| DynamoError::Open(error.to_string()))?;
        let database = Database::new(path).map_err(|e| DynamoError::Open(e.to_string()))?;
        let dynamo = Self { database, file: file.to_path_buf() };
        // Without it each write scans all stream records: 95 transactions a second after 1,200 records, not 2,500.
        let index = "CREATE INDEX IF NOT EXISTS stream_seq \
                     ON _stream_records(table_name, CAST(sequence_number AS INTEGER))";
        let made = dynamo.connect().and_then(|connection| connection.execute_batch(index));
        made.map_err(|error| DynamoError::Open(error.to_string()))?;
        Ok(dynamo)
    }

    /// Makes the table as the template declares it, unless it is there already.
    pub(crate) fn ensure(&self, table: &Table) -> Result<(), DynamoError> {
        let failed = |reason: String| DynamoError::Table { name: table.name.clone(), reason };
        let request = DescribeTableRequest { table_name: table.name.clone() };
        if let Ok(there) = self.database.describe_table(request) {
            let there = serde_json::to_value(there).map_err(|e| failed(e.to_string()))?;
            return if same_shape(&there, &table.create) {
                Ok(())
            } else {
                Err(DynamoError::Outdated(table.name.clone()))
            };
        }
        let request: CreateTableRequest = serde_json::from_value(table.create.clone())
            .map_err(|e| failed(e.to_string().replace("VALIDATION:", "")))?;
        self.database.create_table(request).map_err(|e| failed(e.to_string()))?;
        if let Some(attribute_name) = &table.ttl_attribute {
            let time_to_live_specification =
                TimeToLiveSpecification { attribute_name: attribute_name.clone(), enabled: true };
            let table_name = table.name.clone();
            let request = UpdateTimeToLiveRequest { table_name, time_to_live_specification };
            self.database.update_time_to_live(request).map_err(|e| failed(e.to_string()))?;
        }
        Ok(())
    }

    /// All tables are there: from now on the file is kept.
    pub(crate) fn finish(&self) -> Result<(), DynamoError> {
        match fs::remove_file(unfinished(&self.file)) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(DynamoError::Open(error.to_string()))
            }
            _ => Ok(()),
        }
    }

    /// Answers the SDK until `stop` resolves.
    pub(crate) async fn serve(
        self,
        listener: TcpListener,
        stop: impl Future<Output = ()> + Send + 'static,
    ) {
        if let Err(error) =
            dynoxide::server::serve_with_shutdown(listener, self.database, stop).await
        {
            tracing::error!("the embedded DynamoDB stopped: {error}");
        }
    }

    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    /// Removes expired items, as DynamoDB does in its own time.
    pub(crate) fn sweep(&self) {
        match self.database.sweep_ttl() {
            Ok(0) => {}
            Ok(count) => tracing::debug!(count, "removed {count} expired items"),
            Err(error) => tracing::warn!("expired items were not removed: {error}"),
        }
    }

    /// Forgets the stream records up to `sequence`, which every reader has passed.
    pub(crate) fn forget_stream(&self, table: &str, sequence: &str) -> rusqlite::Result<usize> {
        let stored = sequence.parse::<u128>().ok().and_then(|s| s.checked_sub(SEQUENCE_OFFSET));
        let Some(stored) = stored.and_then(|stored| i64::try_from(stored).ok()) else {
            return Ok(0);
        };
        // The last record stays: a new sequence number is made from the highest one.
        self.connect()?.execute(
            "DELETE FROM _stream_records \
             WHERE table_name = ?1 AND CAST(sequence_number AS INTEGER) < ?2",
            rusqlite::params![table, stored],
        )
    }

    fn connect(&self) -> rusqlite::Result<Connection> {
        let connection = Connection::open(&self.file)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        Ok(connection)
    }
}

impl std::fmt::Debug for Dynamo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Dynamo")
    }
}

/// Marks a file whose tables are not all there yet. A table takes many writes to make, and a start that is killed
/// between them leaves half of one.
fn unfinished(file: &Path) -> PathBuf {
    file.with_extension("unfinished")
}

/// Marks a file that is about to be made, and takes away what an earlier start has left of one.
fn begin(file: &Path) -> std::io::Result<()> {
    let mark = unfinished(file);
    if file.exists() && !mark.exists() {
        return Ok(());
    }
    File::create(mark)?;
    for extension in ["sqlite", "sqlite-wal", "sqlite-shm"] {
        match fs::remove_file(file.with_extension(extension)) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Whether a table that is there has the keys, indexes and stream that the template asks for.
fn same_shape(there: &Value, wanted: &Value) -> bool {
    let shape = |table: &Value| {
        let indexes = table["GlobalSecondaryIndexes"].as_array().cloned().unwrap_or_default();
        let indexes: BTreeMap<String, [Value; 2]> = indexes
            .iter()
            .map(|i| {
                let parts = [i["KeySchema"].clone(), i["Projection"]["ProjectionType"].clone()];
                (i["IndexName"].to_string(), parts)
            })
            .collect();
        let view = table["StreamSpecification"]["StreamViewType"].clone();
        (table["KeySchema"].clone(), indexes, view)
    };
    shape(&there["Table"]) == shape(wanted)
}

#[cfg(test)]
mod tests {
    use dynoxide::actions::put_item::PutItemRequest;
    use serde_json::json;

    use super::*;

    fn records(dynamo: &Dynamo) -> Vec<String> {
        let statement = "SELECT sequence_number FROM _stream_records ORDER BY 1";
        let connection = dynamo.connect().unwrap();
        let mut statement = connection.prepare(statement).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    }

    fn put(dynamo: &Dynamo, name: &str) {
        let request = json!({"TableName": "toys", "Item": {"PK": {"S": name}}});
        let request: PutItemRequest = serde_json::from_value(request).unwrap();
        dynamo.database().put_item(request).unwrap();
    }

    fn table() -> Table {
        let create = json!({
            "TableName": "toys",
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "PK", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "PK", "KeyType": "HASH"}],
            "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "NEW_IMAGE"},
        });
        let (id, name) = ("Toys".to_owned(), "toys".to_owned());
        Table { id, name, create, stream_view: None, ttl_attribute: None }
    }

    #[test]
    fn a_file_that_was_never_finished_is_made_anew_and_another_one_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("table.sqlite");
        let mut half = table();
        half.create["StreamSpecification"] = json!({"StreamEnabled": false});
        Dynamo::open(&file).unwrap().ensure(&half).unwrap();
        // Whoever made it was killed; the next one does not find half a table.
        let dynamo = Dynamo::open(&file).unwrap();
        dynamo.ensure(&table()).unwrap();
        dynamo.finish().unwrap();
        put(&dynamo, "a");
        drop(dynamo);
        let dynamo = Dynamo::open(&file).unwrap();
        dynamo.ensure(&table()).unwrap();
        dynamo.finish().unwrap();
        assert_eq!(records(&dynamo).len(), 1, "what was written stays");
        assert!(matches!(dynamo.ensure(&half), Err(DynamoError::Outdated(_))));
    }

    #[test]
    fn read_stream_records_are_forgotten_and_new_ones_still_come_after_them() {
        let folder = tempfile::tempdir().unwrap();
        let dynamo = Dynamo::open(&folder.path().join("table.sqlite")).unwrap();
        let table = table();
        dynamo.ensure(&table).unwrap();
        dynamo.ensure(&table).unwrap();
        ["a", "b", "c", "d"].iter().for_each(|name| put(&dynamo, name));
        let before = records(&dynamo);
        let third = before[2].parse::<u128>().unwrap() + SEQUENCE_OFFSET;
        assert_eq!(dynamo.forget_stream("toys", &third.to_string()).unwrap(), 2);
        assert_eq!(records(&dynamo), before[2..]);
        assert_eq!(dynamo.forget_stream("toys", "nonsense").unwrap(), 0);
        put(&dynamo, "e");
        assert!(records(&dynamo)[2] > before[3]);
    }
}
