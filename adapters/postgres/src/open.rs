//! Opening a database, and its connections.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use ipass_core::ports::{StoreError, Stored};
use ipass_sql_kit::unavailable;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions, Connection as _, PgConnection, Postgres, Transaction};

use crate::choices::Choices;
use crate::lock::Holders;

/// A connection that was used so lately is not asked whether it lives: a page takes several, one after the other.
const FRESH: Duration = Duration::from_millis(500);

/// A write transaction.
pub(crate) type Tx = Transaction<'static, Postgres>;

/// Everything that the service remembers, in `PostgreSQL`.
pub struct PostgresStore {
    pool: PgPool,
    options: PgConnectOptions,
    holders: Holders,
    choices: Choices,
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore").finish_non_exhaustive()
    }
}

impl PostgresStore {
    /// Connects to `postgres://user:password@host/database`.
    ///
    /// The schema is left alone: `migrate` makes it.
    pub async fn connect(url: &str) -> Stored<Self> {
        let options = PgConnectOptions::from_str(url).map_err(unavailable)?.application_name("ipass");
        // A transaction that its process forgot, frozen in the middle, must be gone before the
        // patience of those who wait for its rows.
        let limited = options.clone().options([
            ("statement_timeout", "30s"),
            ("lock_timeout", "20s"),
            ("idle_in_transaction_session_timeout", "10s"),
            // Compiling a statement takes longer than any of ours.
            ("jit", "off"),
            // So does starting processes that help: of what a page reads, none needs them.
            ("max_parallel_workers_per_gather", "0"),
            // The first thousand of something in a list are taken for found soon in the whole table; they are
            // where they are, and an index knows.
            ("enable_seqscan", "off"),
        ]);
        // The pool would try for its whole patience and forget why: a first connection of its own fails at
        // once, with the reason.
        match tokio::time::timeout(Duration::from_secs(10), options.connect()).await {
            Ok(first) => drop(first.map_err(unavailable)?.close().await),
            Err(_) => return Err(StoreError::Unavailable("no connection was made in time".to_owned())),
        }
        let pool = PgPoolOptions::new()
            .max_connections(10)
            .acquire_timeout(Duration::from_secs(10))
            .test_before_acquire(false)
            .before_acquire(|connection, meta| {
                Box::pin(async move {
                    if meta.idle_for > FRESH {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .connect_with(limited)
            .await
            .map_err(unavailable)?;
        Ok(Self { pool, options, holders: Holders::default(), choices: Choices::default() })
    }

    pub(crate) const fn pool(&self) -> &PgPool {
        &self.pool
    }

    pub(crate) const fn holders(&self) -> &Holders {
        &self.holders
    }

    pub(crate) const fn choices(&self) -> &Choices {
        &self.choices
    }

    /// A connection beside the pool, without limits of time: for a lock, a migration, or a whole list.
    pub(crate) async fn connection(&self) -> Stored<PgConnection> {
        match tokio::time::timeout(Duration::from_secs(10), self.options.connect()).await {
            Ok(connection) => connection.map_err(unavailable),
            Err(_) => Err(StoreError::Unavailable("no connection was made in time".to_owned())),
        }
    }

    /// Opens a transaction.
    pub(crate) async fn begin_write(&self) -> Stored<Tx> {
        let pool = self.pool.clone();
        // In a task of its own, which is not cut short; a transaction that nobody takes is rolled back.
        tokio::spawn(async move { pool.begin().await })
            .await
            .map_err(|_| StoreError::Unavailable("the service is stopping".to_owned()))?
            .map_err(unavailable)
    }
}
