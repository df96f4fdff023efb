//! Limits that all processes keep together, by the database's clock.

use std::time::Duration;

use ipass_core::ports::{SlotAnswer, Stored};
use ipass_sql_kit::unavailable;
use sqlx::SqliteConnection;

use crate::open::SqliteStore;

/// While none is free, one may be freed at any moment: it is asked for again soon.
const SOON: i64 = 250_000;
/// One second, in microseconds.
const SECOND: i64 = 1_000_000;
/// What the database's clock tells apart.
const TICK: i64 = 1_000;

/// The database's clock; asked once it is our turn to write.
async fn now(connection: &mut SqliteConnection) -> Stored<i64> {
    sqlx::query_scalar("SELECT CAST(round(unixepoch('subsec') * 1000) AS INTEGER) * 1000")
        .fetch_one(connection)
        .await
        .map_err(unavailable)
}

fn micros(time: Duration) -> i64 {
    // A thousand years are for ever, and can be added to a time.
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX).min(i64::MAX / 300)
}

fn wait(micros: i64) -> Duration {
    Duration::from_micros(micros.unsigned_abs())
}

pub(crate) async fn take_slot(
    store: &SqliteStore,
    key: &str,
    capacity: u32,
    ttl: Duration,
    gap: Duration,
) -> Stored<SlotAnswer> {
    let mut tx = store.begin_write().await?;
    let now = now(&mut tx).await?;
    let (taken, next_free, newest): (i64, Option<i64>, Option<i64>) = sqlx::query_as(
        "SELECT count(*) FILTER (WHERE until > ?2), min(until) FILTER (WHERE until > ?2), max(taken_at)
         FROM call_slot WHERE key = ?1",
    )
    .bind(key)
    .bind(now)
    .fetch_one(&mut *tx)
    .await
    .map_err(unavailable)?;
    let full = if taken < i64::from(capacity) { 0 } else { next_free.map_or(SOON, |at| (at - now).clamp(1, SOON)) };
    let gap = micros(gap);
    let early = newest.map_or(0, |newest| (newest + gap - now).clamp(0, gap));
    if full.max(early) > 0 {
        tx.rollback().await.map_err(unavailable)?;
        return Ok(SlotAnswer::Wait(wait(full.max(early))));
    }
    sqlx::query("DELETE FROM call_slot WHERE key = ? AND until <= ?")
        .bind(key)
        .bind(now)
        .execute(&mut *tx)
        .await
        .map_err(unavailable)?;
    let slot: i64 =
        sqlx::query_scalar("INSERT INTO call_slot (key, taken_at, until) VALUES (?1, ?2, ?2 + ?3) RETURNING id")
            .bind(key)
            .bind(now)
            .bind(micros(ttl))
            .fetch_one(&mut *tx)
            .await
            .map_err(unavailable)?;
    tx.commit().await.map_err(unavailable)?;
    Ok(SlotAnswer::Taken(slot))
}

pub(crate) async fn keep_slot(store: &SqliteStore, slot: i64, ttl: Duration) -> Stored<()> {
    let mut tx = store.begin_write().await?;
    let now = now(&mut tx).await?;
    sqlx::query("UPDATE call_slot SET until = ?1 WHERE id = ?2 AND until > ?3")
        .bind(now.saturating_add(micros(ttl)))
        .bind(slot)
        .bind(now)
        .execute(&mut *tx)
        .await
        .map_err(unavailable)?;
    tx.commit().await.map_err(unavailable)
}

pub(crate) async fn free_slot(store: &SqliteStore, slot: i64) -> Stored<()> {
    let mut tx = store.begin_write().await?;
    let now = now(&mut tx).await?;
    // It stays: the next one is taken some time after the newest.
    sqlx::query("UPDATE call_slot SET until = ?1 WHERE id = ?2 AND until > ?1")
        .bind(now)
        .bind(slot)
        .execute(&mut *tx)
        .await
        .map_err(unavailable)?;
    tx.commit().await.map_err(unavailable)
}

pub(crate) async fn draw(
    store: &SqliteStore,
    key: &str,
    per_second: Option<u32>,
    per_minute: u32,
) -> Stored<Option<Duration>> {
    let mut tx = store.begin_write().await?;
    let now = now(&mut tx).await?;
    // What is as old as the window is wide still counts: its time was cut off, ours will be, too.
    sqlx::query("DELETE FROM call_drawn WHERE key = ? AND at < ?")
        .bind(key)
        .bind(now - 60 * SECOND)
        .execute(&mut *tx)
        .await
        .map_err(unavailable)?;
    let mut longest = 0;
    for (window, limit) in [(SECOND, per_second), (60 * SECOND, Some(per_minute))] {
        let Some(limit) = limit else { continue };
        longest = longest.max(wait_of(&mut tx, key, now, window, limit).await?);
    }
    if longest == 0 {
        sqlx::query("INSERT INTO call_drawn (key, at) VALUES (?, ?)")
            .bind(key)
            .bind(now)
            .execute(&mut *tx)
            .await
            .map_err(unavailable)?;
    }
    tx.commit().await.map_err(unavailable)?;
    Ok((longest > 0).then(|| wait(longest)))
}

/// Microseconds until a window has room for one more call: until the oldest of as many as it holds has
/// left it.
async fn wait_of(connection: &mut SqliteConnection, key: &str, now: i64, window: i64, limit: u32) -> Stored<i64> {
    let Some(before) = limit.checked_sub(1) else { return Ok(window) };
    let oldest: Option<i64> =
        sqlx::query_scalar("SELECT at FROM call_drawn WHERE key = ? ORDER BY at DESC LIMIT 1 OFFSET ?")
            .bind(key)
            .bind(before)
            .fetch_optional(connection)
            .await
            .map_err(unavailable)?;
    Ok(oldest.map_or(0, |oldest| (oldest + window + TICK - now).clamp(0, window + TICK)))
}
