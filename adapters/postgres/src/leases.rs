//! Limits that all instances keep together, by the server's clock.

use std::time::Duration;

use ipass_core::ports::{SlotAnswer, Stored};
use ipass_sql_kit::unavailable;
use sqlx::PgConnection;

use crate::lock::LockKey;
use crate::open::PostgresStore;

/// While none is free, one may be freed at any moment: it is asked for again soon.
const SOON: i64 = 250_000;
/// One second, in microseconds.
const SECOND: i64 = 1_000_000;

/// Waits for the others that are about to take something of a key; free at the end of the transaction.
async fn queue(connection: &mut PgConnection, what: &str, key: &str) -> Stored<()> {
    sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .bind(LockKey::named(what, key).0)
        .execute(connection)
        .await
        .map_err(unavailable)?;
    Ok(())
}

fn micros(time: Duration) -> i64 {
    // A thousand years are for ever, and can be added to a time.
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX).min(i64::MAX / 300)
}

fn wait(micros: i64) -> Duration {
    Duration::from_micros(micros.unsigned_abs())
}

pub(crate) async fn take_slot(
    store: &PostgresStore,
    key: &str,
    capacity: u32,
    ttl: Duration,
    gap: Duration,
) -> Stored<SlotAnswer> {
    let mut tx = store.begin_write().await?;
    queue(&mut tx, "slot", key).await?;
    // In a statement of its own after the lock: the clock is read once it is our turn.
    let (taken, next_free, since): (i64, Option<i64>, Option<i64>) = sqlx::query_as(
        "SELECT count(*) FILTER (WHERE until > c.now),
                (extract(epoch FROM min(until) FILTER (WHERE until > c.now) - c.now) * 1000000)::bigint,
                (extract(epoch FROM c.now - max(taken_at)) * 1000000)::bigint
         FROM (SELECT clock_timestamp() AS now) AS c
         LEFT JOIN call_slot ON key = $1
         GROUP BY c.now",
    )
    .bind(key)
    .fetch_one(&mut *tx)
    .await
    .map_err(unavailable)?;
    let full = if taken < i64::from(capacity) { 0 } else { next_free.unwrap_or(SOON).clamp(1, SOON) };
    let gap = micros(gap);
    let early = since.map_or(0, |since| gap.saturating_sub(since).clamp(0, gap));
    if full.max(early) > 0 {
        tx.rollback().await.map_err(unavailable)?;
        return Ok(SlotAnswer::Wait(wait(full.max(early))));
    }
    let slot: i64 = sqlx::query_scalar(
        "WITH gone AS (DELETE FROM call_slot WHERE key = $1 AND until <= clock_timestamp())
         INSERT INTO call_slot (key, taken_at, until)
         SELECT $1, now, now + $2 * interval '1 microsecond' FROM (SELECT clock_timestamp() AS now) AS c
         RETURNING id",
    )
    .bind(key)
    .bind(micros(ttl))
    .fetch_one(&mut *tx)
    .await
    .map_err(unavailable)?;
    tx.commit().await.map_err(unavailable)?;
    Ok(SlotAnswer::Taken(slot))
}

pub(crate) async fn keep_slot(store: &PostgresStore, slot: i64, ttl: Duration) -> Stored<()> {
    sqlx::query(
        "UPDATE call_slot SET until = clock_timestamp() + $2 * interval '1 microsecond'
         WHERE id = $1 AND until > clock_timestamp()",
    )
    .bind(slot)
    .bind(micros(ttl))
    .execute(store.pool())
    .await
    .map_err(unavailable)?;
    Ok(())
}

pub(crate) async fn free_slot(store: &PostgresStore, slot: i64) -> Stored<()> {
    // It stays: the next one is taken some time after the newest.
    sqlx::query("UPDATE call_slot SET until = clock_timestamp() WHERE id = $1 AND until > clock_timestamp()")
        .bind(slot)
        .execute(store.pool())
        .await
        .map_err(unavailable)?;
    Ok(())
}

pub(crate) async fn draw(
    store: &PostgresStore,
    key: &str,
    per_second: Option<u32>,
    per_minute: u32,
) -> Stored<Option<Duration>> {
    let mut tx = store.begin_write().await?;
    queue(&mut tx, "draw", key).await?;
    // What is as old as the window is wide still counts: its time was cut off, ours will be, too.
    let now: i64 = sqlx::query_scalar(
        "WITH gone AS (DELETE FROM call_drawn WHERE key = $1 AND at < clock_timestamp() - interval '60 seconds')
         SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint",
    )
    .bind(key)
    .fetch_one(&mut *tx)
    .await
    .map_err(unavailable)?;
    let mut longest = 0;
    for (window, limit) in [(SECOND, per_second), (60 * SECOND, Some(per_minute))] {
        let Some(limit) = limit else { continue };
        longest = longest.max(wait_of(&mut tx, key, now, window, limit).await?);
    }
    if longest > 0 {
        tx.commit().await.map_err(unavailable)?;
        return Ok(Some(wait(longest)));
    }
    sqlx::query("INSERT INTO call_drawn (key, at) VALUES ($1, to_timestamp(0) + $2 * interval '1 microsecond')")
        .bind(key)
        .bind(now)
        .execute(&mut *tx)
        .await
        .map_err(unavailable)?;
    tx.commit().await.map_err(unavailable)?;
    Ok(None)
}

/// Microseconds until a window has room for one more call: until the oldest of as many as it holds has
/// left it.
async fn wait_of(connection: &mut PgConnection, key: &str, now: i64, window: i64, limit: u32) -> Stored<i64> {
    let Some(before) = limit.checked_sub(1) else { return Ok(window) };
    let oldest: Option<i64> = sqlx::query_scalar(
        "SELECT (extract(epoch FROM at) * 1000000)::bigint FROM call_drawn WHERE key = $1
         ORDER BY at DESC OFFSET $2 LIMIT 1",
    )
    .bind(key)
    .bind(i64::from(before))
    .fetch_optional(connection)
    .await
    .map_err(unavailable)?;
    Ok(oldest.map_or(0, |oldest| (oldest + window + 1 - now).clamp(0, window + 1)))
}
