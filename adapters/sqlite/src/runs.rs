//! Runs: beginning, fencing, ending, and recognising dead ones.

use std::time::Duration;

use chrono::{DateTime, Utc};
use ipass_core::order::PoNumber;
use ipass_core::ports::{
    Begun, RUNS_KEPT, RouteName, RunEnd, RunGuard, RunRecord, RunRef, RunStart, StoreError, Stored,
};
use ipass_sql_kit::{Values, rows, unavailable};
use sqlx::sqlite::SqlitePool;
use sqlx::{QueryBuilder, Row, SqliteConnection};
use tokio::task::AbortHandle;
use tokio::time::MissedTickBehavior;
use uuid::Uuid;

use crate::lock::{Held, LockKey, Locks};
use crate::open::SqliteStore;
use crate::row::micros;

/// How often a living run says so.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// What a running run holds. Members are dropped in this order: silence first, then the lock.
struct Alive {
    heartbeat: AbortHandle,
    _lock: Held,
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.heartbeat.abort();
    }
}

pub(crate) async fn begin(store: &SqliteStore, start: &RunStart) -> Stored<Begun> {
    let key = LockKey::of(&start.route, start.job.name(), start.po.as_ref());
    let Some(lock) = acquire(store.locks(), &key).await? else { return Ok(Begun::AlreadyRunning) };
    let mut tx = store.begin_write().await?;
    reap(&mut tx, store.locks(), &start.route, Some(&key), start.now).await?;
    forget(&mut tx, &start.route, start.now).await?;
    if let Some(po) = &start.po
        && is_claimed(&mut tx, &start.route, po).await?
    {
        tx.commit().await.map_err(unavailable)?;
        return Ok(Begun::AlreadyRunning);
    }
    let run_id = Uuid::now_v7().to_string();
    let fence: i64 = sqlx::query_scalar(
        "INSERT INTO job_run (run_id, route, job, \"trigger\", po, settings_version, state, lock_key, lease_until,
                              started_at)
         VALUES (?, ?, ?, ?, ?, ?, 'running', ?, CAST(unixepoch('subsec') * 1000000 AS INTEGER) + 20000000, ?)
         RETURNING run_no",
    )
    .bind(&run_id)
    .bind(&start.route.0)
    .bind(start.job.name())
    .bind(start.trigger.as_str())
    .bind(start.po.as_ref().map(PoNumber::as_str))
    .bind(start.settings_version)
    .bind(&key.0)
    .bind(micros(start.now))
    .fetch_one(&mut *tx)
    .await
    .map_err(unavailable)?;
    tx.commit().await.map_err(unavailable)?;
    let run = RunRef { route: start.route.clone(), run_id, fence };
    let heartbeat = tokio::spawn(renew_lease(store.writer().clone(), run.clone())).abort_handle();
    Ok(Begun::Started(RunGuard::new(run, Box::new(Alive { heartbeat, _lock: lock }))))
}

/// Takes the lock. Another process that looks for dead runs holds it for a blink, hence the second try.
async fn acquire(locks: &Locks, key: &LockKey) -> Stored<Option<Held>> {
    if let Some(lock) = locks.acquire(key)? {
        return Ok(Some(lock));
    }
    tokio::time::sleep(Duration::from_millis(30)).await;
    locks.acquire(key)
}

async fn renew_lease(pool: SqlitePool, run: RunRef) {
    let mut ticks = tokio::time::interval(HEARTBEAT);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first tick comes at once, and the lease is new.
    ticks.tick().await;
    loop {
        ticks.tick().await;
        let renewed = sqlx::query(
            "UPDATE job_run SET lease_until = CAST(unixepoch('subsec') * 1000000 AS INTEGER) + 20000000
             WHERE run_no = ? AND state = 'running'",
        )
        .bind(run.fence)
        .execute(&pool)
        .await;
        match renewed {
            Ok(done) if done.rows_affected() == 0 => return,
            Ok(_) => {}
            Err(error) => {
                let error = unavailable(error);
                tracing::warn!(run_id = %run.run_id, route = %run.route, %error, "the lease of a run was not renewed");
            }
        }
    }
}

/// Removes some of the route's oldest runs, if they ended longer ago than history reaches back, and some of the
/// oldest replaced payloads.
async fn forget(connection: &mut SqliteConnection, route: &RouteName, now: DateTime<Utc>) -> Stored<()> {
    sqlx::query(
        "DELETE FROM job_run WHERE run_no IN
           (SELECT run_no FROM (SELECT run_no, finished_at FROM job_run WHERE route = ? ORDER BY run_no LIMIT 50)
            WHERE finished_at < ?)",
    )
    .bind(&route.0)
    .bind(micros(now - RUNS_KEPT))
    .execute(&mut *connection)
    .await
    .map_err(unavailable)?;
    sqlx::query(
        "DELETE FROM order_payload WHERE id IN
           (SELECT id FROM (SELECT id, replaced_at FROM order_payload ORDER BY id LIMIT 200) WHERE replaced_at < ?)",
    )
    .bind(micros(now - RUNS_KEPT))
    .execute(connection)
    .await
    .map_err(unavailable)?;
    Ok(())
}

/// Marks the dead runs of a route and frees their claims: those whose lock is free, whose lock the
/// caller holds by now (`own`), or whose lease ran out because their process is frozen.
pub(crate) async fn reap(
    connection: &mut SqliteConnection,
    locks: &Locks,
    route: &RouteName,
    own: Option<&LockKey>,
    now: DateTime<Utc>,
) -> Stored<()> {
    let running = sqlx::query(
        "SELECT run_no, run_id, lock_key, lease_until < CAST(unixepoch('subsec') * 1000000 AS INTEGER) AS expired
         FROM job_run WHERE route = ? AND state = 'running'",
    )
    .bind(&route.0)
    .fetch_all(&mut *connection)
    .await
    .map_err(unavailable)?;
    for row in &running {
        let values = Values::new(row, "job_run", row.try_get::<String, _>("run_id").unwrap_or_default());
        let key = LockKey(values.get("lock_key")?);
        if own == Some(&key) || values.get::<bool>("expired")? || locks.acquire(&key)?.is_some() {
            let fence: i64 = values.get("run_no")?;
            sqlx::query("UPDATE job_run SET state = 'interrupted', finished_at = ? WHERE run_no = ?")
                .bind(micros(now))
                .bind(fence)
                .execute(&mut *connection)
                .await
                .map_err(unavailable)?;
            free_claims(connection, fence).await?;
            tracing::warn!(run_id = %values.get::<String>("run_id")?, %route, "a run died; its orders are free again");
        }
    }
    Ok(())
}

async fn free_claims(connection: &mut SqliteConnection, fence: i64) -> Stored<()> {
    // They were tried: whatever ended the run, they do not lead the next one.
    sqlx::query(
        "UPDATE order_sync AS o SET last_tried_at = c.tried_at
         FROM order_claim AS c WHERE c.fence = ? AND o.id = c.order_id",
    )
    .bind(fence)
    .execute(&mut *connection)
    .await
    .map_err(unavailable)?;
    sqlx::query("DELETE FROM order_claim WHERE fence = ?")
        .bind(fence)
        .execute(connection)
        .await
        .map_err(unavailable)?;
    Ok(())
}

async fn is_claimed(connection: &mut SqliteConnection, route: &RouteName, po: &PoNumber) -> Stored<bool> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM order_sync AS o JOIN order_claim AS c ON c.order_id = o.id
                        WHERE o.route = ? AND o.po = ?)",
    )
    .bind(&route.0)
    .bind(po.as_str())
    .fetch_one(connection)
    .await
    .map_err(unavailable)
}

/// Refuses the writes of a run that was taken over; inside the transaction of the write.
pub(crate) async fn check_fence(connection: &mut SqliteConnection, run: &RunRef) -> Stored<()> {
    let alive: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM job_run WHERE run_no = ? AND run_id = ? AND route = ? AND state = 'running')",
    )
    .bind(run.fence)
    .bind(&run.run_id)
    .bind(&run.route.0)
    .fetch_one(connection)
    .await
    .map_err(unavailable)?;
    if alive { Ok(()) } else { Err(StoreError::FenceLost) }
}

pub(crate) async fn finish(store: &SqliteStore, guard: RunGuard, end: &RunEnd) -> Stored<()> {
    let mut tx = store.begin_write().await?;
    check_fence(&mut tx, &guard.run).await?;
    sqlx::query("UPDATE job_run SET state = ?, finished_at = ?, report = ?, error = ?, log = ? WHERE run_no = ?")
        .bind(end.result)
        .bind(micros(end.now))
        .bind(&end.report)
        .bind(&end.error)
        .bind(&end.log)
        .bind(guard.run.fence)
        .execute(&mut *tx)
        .await
        .map_err(unavailable)?;
    free_claims(&mut tx, guard.run.fence).await?;
    tx.commit().await.map_err(unavailable)
}

/// The columns of [`rows::run`].
const COLUMNS: &str = "run_id, route, job, \"trigger\", po, state, started_at, finished_at, report, error";

pub(crate) async fn runs(
    store: &SqliteStore,
    route: Option<&RouteName>,
    job: Option<&str>,
    limit: u32,
) -> Stored<Vec<RunRecord>> {
    let mut query = QueryBuilder::new(format!("SELECT {COLUMNS}, NULL AS log FROM job_run WHERE true"));
    if let Some(route) = route {
        query.push(" AND route = ").push_bind(&route.0);
    }
    if let Some(job) = job {
        query.push(" AND job = ").push_bind(job);
    }
    query.push(" ORDER BY run_no DESC LIMIT ").push_bind(limit);
    let rows = query.build().fetch_all(store.reader()).await.map_err(unavailable)?;
    rows.iter().map(rows::run).collect()
}

pub(crate) async fn run(store: &SqliteStore, run_id: &str) -> Stored<Option<RunRecord>> {
    let mut query = QueryBuilder::new(format!("SELECT {COLUMNS}, log FROM job_run WHERE run_id = "));
    query.push_bind(run_id);
    let row = query.build().fetch_optional(store.reader()).await.map_err(unavailable)?;
    row.as_ref().map(rows::run).transpose()
}
