//! Opening a database, and its connections.

use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use ipass_core::ports::{StoreError, Stored};
use ipass_sql_kit::unavailable;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Sqlite, Transaction};

use crate::lock::Locks;

/// Readers beside the one writer; each has a cache of its own.
const READERS: u32 = 4;

/// Rows that wait to be taken.
const ROWS: usize = 1_000;

/// A write transaction.
pub(crate) type Tx = Transaction<'static, Sqlite>;

/// Everything that the service remembers, in one `SQLite` file.
pub struct SqliteStore {
    writer: SqlitePool,
    reader: SqlitePool,
    locks: Locks,
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").finish_non_exhaustive()
    }
}

impl SqliteStore {
    /// Opens `sqlite://path`, which is created if need be, or `sqlite::memory:`.
    ///
    /// The schema is left alone: `migrate` makes it.
    pub async fn open(url: &str) -> Stored<Self> {
        let options = SqliteConnectOptions::from_str(url)
            .map_err(unavailable)?
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(10))
            // Payloads of a few kilobytes: larger pages waste less at their ends.
            .page_size(8192)
            // Rows pass from a connection's thread in lots: each wait for room is two changes of threads.
            .row_buffer_size(ROWS)
            // Per connection.
            .pragma("cache_size", "-16384")
            .pragma("temp_store", "MEMORY");
        // One writer: a second one would only wait for the first, and may time out doing so. It is
        // kept for ever, because an in-memory database lives as long as its connection.
        let writer =
            SqlitePoolOptions::new().max_connections(1).min_connections(1).idle_timeout(None).max_lifetime(None);
        if url.contains(":memory:") || url.contains("mode=memory") {
            let writer = writer.connect_with(options).await.map_err(unavailable)?;
            return Ok(Self { reader: writer.clone(), writer, locks: Locks::in_process() });
        }
        let path = options.get_filename().to_path_buf();
        create_directory_of(&path)?;
        let reader = options.clone().pragma("query_only", "ON").pragma("cache_size", "-4096");
        let writer = writer.connect_with(options).await.map_err(unavailable)?;
        let reader = SqlitePoolOptions::new().max_connections(READERS).connect_lazy_with(reader);
        Ok(Self { writer, reader, locks: Locks::beside(&path)? })
    }

    pub(crate) const fn reader(&self) -> &SqlitePool {
        &self.reader
    }

    pub(crate) const fn writer(&self) -> &SqlitePool {
        &self.writer
    }

    pub(crate) const fn locks(&self) -> &Locks {
        &self.locks
    }

    /// Opens a write transaction; it waits for the one before it.
    pub(crate) async fn begin_write(&self) -> Stored<Tx> {
        // A caller that goes away meanwhile leaves nothing open: the driver rolls back what nobody takes.
        self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(unavailable)
    }
}

fn create_directory_of(path: &Path) -> Stored<()> {
    match path.parent() {
        Some(directory) if !directory.as_os_str().is_empty() => std::fs::create_dir_all(directory)
            .map_err(|error| StoreError::Unavailable(format!("the directory of the database cannot be made: {error}"))),
        Some(_) | None => Ok(()),
    }
}
