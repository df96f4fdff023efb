//! Runs: beginning, fencing, ending, and recognising dead ones.

use chrono::{DateTime, Utc};
use ipass_core::order::PoNumber;
use ipass_core::ports::{
    Begun, RUNS_KEPT, RouteName, RunEnd, RunGuard, RunRecord, RunRef, RunStart, StoreError, Stored,
};
use ipass_sql_kit::{clean, rows, unavailable};
use sqlx::{PgConnection, QueryBuilder};
use uuid::Uuid;

use crate::lock::{LockKey, acquire};
use crate::open::PostgresStore;

pub(crate) async fn begin(store: &PostgresStore, start: &RunStart) -> Stored<Begun> {
    let key = LockKey::of(&start.route, start.job.name(), start.po.as_ref());
    let Some(lock) = acquire(store, key).await? else { return Ok(Begun::AlreadyRunning) };
    let mut tx = store.begin_write().await?;
    reap(&mut tx, &start.route, Some(key), start.now).await?;
    forget(&mut tx, &start.route, start.now).await?;
    if let Some(po) = &start.po
        && is_claimed(&mut tx, &start.route, po).await?
    {
        tx.commit().await.map_err(unavailable)?;
        return Ok(Begun::AlreadyRunning);
    }
    let run_id = Uuid::now_v7().to_string();
    let fence: i64 = sqlx::query_scalar(
        "INSERT INTO job_run (run_id, route, job, trigger, po, settings_version, state, lock_key, backend_pid,
                              lease_until, started_at)
         VALUES ($1, $2, $3, $4, $5, $6, 'running', $7, $8, clock_timestamp() + interval '20 seconds', $9)
         RETURNING run_no",
    )
    .bind(&run_id)
    .bind(&start.route.0)
    .bind(start.job.name())
    .bind(start.trigger.as_str())
    .bind(start.po.as_ref().map(PoNumber::as_str))
    .bind(start.settings_version)
    .bind(key.0)
    .bind(lock.backend_pid)
    .bind(start.now)
    .fetch_one(&mut *tx)
    .await
    .map_err(unavailable)?;
    tx.commit().await.map_err(unavailable)?;
    let run = RunRef { route: start.route.clone(), run_id, fence };
    let hold = store.holders().hold(lock, run.clone());
    Ok(Begun::Started(RunGuard::new(run, Box::new(hold))))
}

/// Removes some of the route's oldest runs, if they ended longer ago than history reaches back, and some of the
/// oldest replaced payloads.
async fn forget(connection: &mut PgConnection, route: &RouteName, now: DateTime<Utc>) -> Stored<()> {
    sqlx::query(
        "DELETE FROM job_run WHERE run_no IN
           (SELECT run_no FROM (SELECT run_no, finished_at FROM job_run WHERE route = $1 ORDER BY run_no LIMIT 50) AS oldest
            WHERE finished_at < $2)",
    )
    .bind(&route.0)
    .bind(now - RUNS_KEPT)
    .execute(&mut *connection)
    .await
    .map_err(unavailable)?;
    sqlx::query(
        "DELETE FROM order_payload WHERE id IN
           (SELECT id FROM (SELECT id, replaced_at FROM order_payload ORDER BY id LIMIT 200) AS oldest
            WHERE replaced_at < $1)",
    )
    .bind(now - RUNS_KEPT)
    .execute(connection)
    .await
    .map_err(unavailable)?;
    Ok(())
}

/// Marks the dead runs of a route and frees their claims: those whose lock the caller holds by now
/// (`own`), whose lease ran out, or whose server process holds the lock no more.
pub(crate) async fn reap(
    connection: &mut PgConnection,
    route: &RouteName,
    own: Option<LockKey>,
    now: DateTime<Utc>,
) -> Stored<()> {
    let dead: Vec<(i64, String)> = sqlx::query_as(
        "UPDATE job_run AS r SET state = 'interrupted', finished_at = $3
         WHERE r.route = $1 AND r.state = 'running'
           AND (r.lock_key = $2 OR r.lease_until < clock_timestamp() OR NOT EXISTS
                (SELECT 1 FROM pg_locks AS l
                 WHERE l.pid = r.backend_pid AND l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted
                   AND (l.classid::bigint << 32 | l.objid::bigint) = r.lock_key))
         RETURNING r.run_no, r.run_id",
    )
    .bind(&route.0)
    .bind(own.map(|key| key.0))
    .bind(now)
    .fetch_all(&mut *connection)
    .await
    .map_err(unavailable)?;
    for (fence, run_id) in dead {
        free_claims(connection, fence).await?;
        tracing::warn!(%run_id, %route, "a run died; its orders are free again");
    }
    Ok(())
}

async fn free_claims(connection: &mut PgConnection, fence: i64) -> Stored<()> {
    // The orders are locked first, as whoever else writes to both does.
    sqlx::query(
        "SELECT 1 FROM order_claim AS c JOIN order_sync AS o ON o.id = c.order_id WHERE c.fence = $1
         ORDER BY o.po FOR UPDATE OF o",
    )
    .bind(fence)
    .execute(&mut *connection)
    .await
    .map_err(unavailable)?;
    // They were tried: whatever ended the run, they do not lead the next one.
    sqlx::query(
        "WITH freed AS (DELETE FROM order_claim WHERE fence = $1 RETURNING order_id, tried_at)
         UPDATE order_sync AS o SET last_tried_at = freed.tried_at FROM freed WHERE o.id = freed.order_id",
    )
    .bind(fence)
    .execute(connection)
    .await
    .map_err(unavailable)?;
    Ok(())
}

async fn is_claimed(connection: &mut PgConnection, route: &RouteName, po: &PoNumber) -> Stored<bool> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM order_sync AS o JOIN order_claim AS c ON c.order_id = o.id
                        WHERE o.route = $1 AND o.po = $2)",
    )
    .bind(&route.0)
    .bind(po.as_str())
    .fetch_one(connection)
    .await
    .map_err(unavailable)
}

/// Refuses the writes of a run that was taken over; inside the transaction of the write. The share
/// lock makes whoever declares the run dead wait until the transaction has ended.
pub(crate) async fn check_fence(connection: &mut PgConnection, run: &RunRef) -> Stored<()> {
    let alive = sqlx::query(
        "SELECT 1 FROM job_run
         WHERE run_no = $1 AND run_id = $2 AND route = $3 AND state = 'running'
         FOR SHARE",
    )
    .bind(run.fence)
    .bind(&run.run_id)
    .bind(&run.route.0)
    .fetch_optional(connection)
    .await
    .map_err(unavailable)?;
    if alive.is_some() { Ok(()) } else { Err(StoreError::FenceLost) }
}

pub(crate) async fn finish(store: &PostgresStore, guard: RunGuard, end: &RunEnd) -> Stored<()> {
    let fence = guard.run.fence;
    let mut tx = store.begin_write().await?;
    let ended = sqlx::query(
        "UPDATE job_run SET state = $1, finished_at = $2, report = $3, error = $4, log = $6
         WHERE run_no = $5 AND state = 'running'",
    )
    .bind(end.result)
    .bind(end.now)
    .bind(clean(&end.report))
    .bind(end.error.as_deref().map(clean))
    .bind(fence)
    .bind(clean(&end.log))
    .execute(&mut *tx)
    .await
    .map_err(unavailable)?;
    if ended.rows_affected() == 0 {
        return Err(StoreError::FenceLost);
    }
    free_claims(&mut tx, fence).await?;
    tx.commit().await.map_err(unavailable)?;
    // Free when this returns, so that the next run of the job can begin at once.
    store.holders().release(fence).await;
    drop(guard);
    Ok(())
}

/// The columns of [`rows::run`].
const COLUMNS: &str = "run_id, route, job, trigger, po, state, started_at, finished_at, report, error";

pub(crate) async fn runs(
    store: &PostgresStore,
    route: Option<&RouteName>,
    job: Option<&str>,
    limit: u32,
) -> Stored<Vec<RunRecord>> {
    let mut query = QueryBuilder::new(format!("SELECT {COLUMNS}, NULL::text AS log FROM job_run WHERE true"));
    if let Some(route) = route {
        query.push(" AND route = ").push_bind(&route.0);
    }
    if let Some(job) = job {
        query.push(" AND job = ").push_bind(job);
    }
    query.push(" ORDER BY run_no DESC LIMIT ").push_bind(i64::from(limit));
    let rows = query.build().fetch_all(store.pool()).await.map_err(unavailable)?;
    rows.iter().map(rows::run).collect()
}

pub(crate) async fn run(store: &PostgresStore, run_id: &str) -> Stored<Option<RunRecord>> {
    let mut query = QueryBuilder::new(format!("SELECT {COLUMNS}, log FROM job_run WHERE run_id = "));
    query.push_bind(run_id);
    let row = query.build().fetch_optional(store.pool()).await.map_err(unavailable)?;
    row.as_ref().map(rows::run).transpose()
}
