//! Locks of runs: advisory locks, each on a connection of its own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ipass_core::order::PoNumber;
use ipass_core::ports::{RouteName, RunRef, Stored};
use ipass_sql_kit::unavailable;
use sha2::{Digest, Sha256};
use sqlx::{Connection, PgConnection};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use crate::open::PostgresStore;

/// How often a living run says so.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// How long saying so may take: it waits for a write of the run that is just being committed.
const PATIENCE: Duration = Duration::from_secs(14);

/// Number of a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LockKey(pub(crate) i64);

impl LockKey {
    /// The lock of a run: of its order if it is about one, else of its job.
    pub(crate) fn of(route: &RouteName, job: &str, po: Option<&PoNumber>) -> Self {
        let (kind, name) = po.map_or(("job", job), |po| ("po", po.as_str()));
        Self::named(&format!("{}\0{kind}", route.0), name)
    }

    /// A lock of something that is not a run.
    pub(crate) fn named(kind: &str, name: &str) -> Self {
        let digest = Sha256::digest(format!("ipass\0{kind}\0{name}"));
        Self(digest.iter().take(8).fold(0, |number, byte| number << 8 | i64::from(*byte)))
    }
}

/// A lock that was taken, on the connection that holds it.
pub(crate) struct Taken {
    pub(crate) connection: PgConnection,
    pub(crate) backend_pid: i32,
}

/// Takes a lock unless a living run holds it. A frozen holder is cut off.
pub(crate) async fn acquire(store: &PostgresStore, key: LockKey) -> Stored<Option<Taken>> {
    let mut connection = store.connection().await?;
    let mut patience = 4;
    loop {
        let (taken, backend_pid): (bool, i32) = sqlx::query_as("SELECT pg_try_advisory_lock($1), pg_backend_pid()")
            .bind(key.0)
            .fetch_one(&mut connection)
            .await
            .map_err(unavailable)?;
        if taken {
            return Ok(Some(Taken { connection, backend_pid }));
        }
        if cut_off_frozen(&mut connection, key).await? {
            patience = 40;
        }
        if patience == 0 {
            drop(connection.close().await);
            return Ok(None);
        }
        patience -= 1;
        // The server takes a moment to see that a connection has ended.
        tokio::time::sleep(Duration::from_millis(40)).await;
    }
}

/// A holder whose lease ran out lives on only in the network: it is frozen, or cut off from us. Another
/// job of the route may have declared its run interrupted already; the connection holds the lock all the
/// same.
async fn cut_off_frozen(connection: &mut PgConnection, key: LockKey) -> Stored<bool> {
    let cut_off = sqlx::query_scalar::<_, bool>(
        "SELECT pg_terminate_backend(r.backend_pid)
         FROM job_run AS r
         JOIN pg_locks AS l
           ON l.pid = r.backend_pid AND l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted
          AND (l.classid::bigint << 32 | l.objid::bigint) = r.lock_key
         WHERE r.lock_key = $1 AND r.state IN ('running', 'interrupted') AND r.lease_until < clock_timestamp()
           AND r.run_no = (SELECT max(newest.run_no) FROM job_run AS newest WHERE newest.lock_key = $1)",
    )
    .bind(key.0)
    .fetch_all(connection)
    .await
    .map_err(unavailable)?;
    if !cut_off.is_empty() {
        tracing::warn!("the holder of a run's lock is frozen; its connection was ended");
    }
    Ok(!cut_off.is_empty())
}

/// The tasks that hold the locks of this process's runs.
#[derive(Clone, Default)]
pub(crate) struct Holders(Arc<Mutex<HashMap<i64, Holder>>>);

/// Ends when `stop` is dropped.
struct Holder {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Holders {
    /// Keeps a lock until its run is released or the answered value is dropped.
    pub(crate) fn hold(&self, taken: Taken, run: RunRef) -> Hold {
        let fence = run.fence;
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(keep(taken.connection, run, stopped));
        self.lock().insert(fence, Holder { stop, task });
        Hold { holders: self.clone(), fence }
    }

    /// Frees the lock of a run, and returns once it is free.
    pub(crate) async fn release(&self, fence: i64) {
        let holder = self.lock().remove(&fence);
        if let Some(Holder { stop, task }) = holder {
            drop(stop);
            // A server that does not answer frees the lock by itself, later.
            drop(tokio::time::timeout(Duration::from_secs(5), task).await);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<i64, Holder>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A held lock; dropping it frees it soon.
pub(crate) struct Hold {
    holders: Holders,
    fence: i64,
}

impl Drop for Hold {
    fn drop(&mut self) {
        drop(self.holders.lock().remove(&self.fence));
    }
}

/// Renews the lease on the connection that holds the lock: neither outlives the other.
async fn keep(mut connection: PgConnection, run: RunRef, mut stopped: oneshot::Receiver<()>) {
    let mut ticks = tokio::time::interval(HEARTBEAT);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first tick comes at once, and the lease is new.
    ticks.tick().await;
    loop {
        tokio::select! {
            _ = &mut stopped => break,
            _ = ticks.tick() => {}
        }
        let renewal = sqlx::query(
            "UPDATE job_run SET lease_until = clock_timestamp() + interval '20 seconds'
             WHERE run_no = $1 AND state = 'running'",
        )
        .bind(run.fence)
        .execute(&mut connection);
        match tokio::time::timeout(PATIENCE, renewal).await {
            Ok(Ok(done)) if done.rows_affected() > 0 => {}
            Ok(Ok(_)) => break,
            Ok(Err(_)) | Err(_) => {
                // The run goes on: its fence holds until somebody takes its work over.
                tracing::warn!(run_id = %run.run_id, route = %run.route, "the lock of a run was lost");
                return;
            }
        }
    }
    // By name first: closing alone frees it only when the server sees it.
    drop(sqlx::query("SELECT pg_advisory_unlock_all()").execute(&mut connection).await);
    drop(connection.close().await);
}
