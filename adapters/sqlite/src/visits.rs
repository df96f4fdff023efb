//! Who is logged in, and which forms were sent.

use chrono::{DateTime, TimeDelta, Utc};
use ipass_core::ports::{AdminSession, Stored};
use ipass_sql_kit::{Values, clean, unavailable};

use crate::open::SqliteStore;
use crate::row::micros;

/// Nobody comes back to one that was unused for so long, whatever the limits are.
const FORGOTTEN: TimeDelta = TimeDelta::days(7);
/// A use is noted so long after the one before.
const NOTED: TimeDelta = TimeDelta::seconds(30);
/// How long a key is known.
const KNOWN: TimeDelta = TimeDelta::days(1);

pub(crate) async fn open(store: &SqliteStore, session: &AdminSession) -> Stored<()> {
    let mut tx = store.begin_write().await?;
    sqlx::query("DELETE FROM admin_session WHERE seen_at < ?")
        .bind(micros(session.created_at - FORGOTTEN))
        .execute(&mut *tx)
        .await
        .map_err(unavailable)?;
    sqlx::query("INSERT INTO admin_session (token_hash, csrf, who, created_at, seen_at) VALUES (?, ?, ?, ?, ?)")
        .bind(&session.token_hash)
        .bind(&session.csrf)
        .bind(clean(&session.who))
        .bind(micros(session.created_at))
        .bind(micros(session.seen_at))
        .execute(&mut *tx)
        .await
        .map_err(unavailable)?;
    tx.commit().await.map_err(unavailable)
}

pub(crate) async fn find(
    store: &SqliteStore,
    token_hash: &str,
    now: DateTime<Utc>,
    idle: TimeDelta,
    absolute: TimeDelta,
) -> Stored<Option<AdminSession>> {
    let row = sqlx::query("SELECT csrf, who, created_at, seen_at FROM admin_session WHERE token_hash = ?")
        .bind(token_hash)
        .fetch_optional(store.reader())
        .await
        .map_err(unavailable)?;
    let Some(row) = row else { return Ok(None) };
    // Not by its key: a hash that opens a door is in no message.
    let values = Values::new(&row, "admin_session", "(hidden)");
    let mut session = AdminSession {
        token_hash: token_hash.to_owned(),
        csrf: values.get("csrf")?,
        who: values.get("who")?,
        created_at: values.time("created_at")?,
        seen_at: values.time("seen_at")?,
    };
    if now - session.seen_at >= idle || now - session.created_at > absolute {
        // Unless it was used in this moment.
        sqlx::query("DELETE FROM admin_session WHERE token_hash = ? AND (seen_at <= ? OR created_at < ?)")
            .bind(token_hash)
            .bind(micros(now - idle))
            .bind(micros(now - absolute))
            .execute(store.writer())
            .await
            .map_err(unavailable)?;
        return Ok(None);
    }
    if now - session.seen_at >= NOTED {
        sqlx::query("UPDATE admin_session SET seen_at = ?1 WHERE token_hash = ?2 AND seen_at < ?1")
            .bind(micros(now))
            .bind(token_hash)
            .execute(store.writer())
            .await
            .map_err(unavailable)?;
        session.seen_at = now;
    }
    Ok(Some(session))
}

pub(crate) async fn close(store: &SqliteStore, token_hash: &str) -> Stored<()> {
    sqlx::query("DELETE FROM admin_session WHERE token_hash = ?")
        .bind(token_hash)
        .execute(store.writer())
        .await
        .map_err(unavailable)?;
    Ok(())
}

pub(crate) async fn claim_once(store: &SqliteStore, key: &str, now: DateTime<Utc>) -> Stored<bool> {
    let known_since = micros(now - KNOWN);
    // One statement decides. A key that is older is as good as forgotten.
    let claimed = sqlx::query(
        "INSERT INTO once_key (key, at) VALUES (?1, ?2)
         ON CONFLICT (key) DO UPDATE SET at = excluded.at WHERE once_key.at < ?3",
    )
    .bind(key)
    .bind(micros(now))
    .bind(known_since)
    .execute(store.writer())
    .await
    .map_err(unavailable)?;
    sqlx::query("DELETE FROM once_key WHERE at < ?")
        .bind(known_since)
        .execute(store.writer())
        .await
        .map_err(unavailable)?;
    Ok(claimed.rows_affected() > 0)
}
