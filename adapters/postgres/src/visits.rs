//! Who is logged in, and which forms were sent.

use chrono::{DateTime, TimeDelta, Utc};
use ipass_core::ports::{AdminSession, Stored};
use ipass_sql_kit::{Values, clean, unavailable};

use crate::open::PostgresStore;

/// Nobody comes back to one that was unused for so long, whatever the limits are.
const FORGOTTEN: TimeDelta = TimeDelta::days(7);
/// A use is noted so long after the one before.
const NOTED: TimeDelta = TimeDelta::seconds(30);
/// How long a key is known.
const KNOWN: TimeDelta = TimeDelta::days(1);

pub(crate) async fn open(store: &PostgresStore, session: &AdminSession) -> Stored<()> {
    let mut tx = store.begin_write().await?;
    sqlx::query("DELETE FROM admin_session WHERE seen_at < $1")
        .bind(session.created_at - FORGOTTEN)
        .execute(&mut *tx)
        .await
        .map_err(unavailable)?;
    sqlx::query("INSERT INTO admin_session (token_hash, csrf, who, created_at, seen_at) VALUES ($1, $2, $3, $4, $5)")
        .bind(&session.token_hash)
        .bind(&session.csrf)
        .bind(clean(&session.who))
        .bind(session.created_at)
        .bind(session.seen_at)
        .execute(&mut *tx)
        .await
        .map_err(unavailable)?;
    tx.commit().await.map_err(unavailable)
}

pub(crate) async fn find(
    store: &PostgresStore,
    token_hash: &str,
    now: DateTime<Utc>,
    idle: TimeDelta,
    absolute: TimeDelta,
) -> Stored<Option<AdminSession>> {
    let row = sqlx::query("SELECT csrf, who, created_at, seen_at FROM admin_session WHERE token_hash = $1")
        .bind(token_hash)
        .fetch_optional(store.pool())
        .await
        .map_err(unavailable)?;
    let Some(row) = row else { return Ok(None) };
    // Not by its key: a hash that opens a door is in no message.
    let values = Values::new(&row, "admin_session", "(hidden)");
    let mut session = AdminSession {
        token_hash: token_hash.to_owned(),
        csrf: values.get("csrf")?,
        who: values.get("who")?,
        created_at: values.get("created_at")?,
        seen_at: values.get("seen_at")?,
    };
    if now - session.seen_at >= idle || now - session.created_at > absolute {
        // Unless it was used in this moment.
        sqlx::query("DELETE FROM admin_session WHERE token_hash = $1 AND (seen_at <= $2 OR created_at < $3)")
            .bind(token_hash)
            .bind(now - idle)
            .bind(now - absolute)
            .execute(store.pool())
            .await
            .map_err(unavailable)?;
        return Ok(None);
    }
    if now - session.seen_at >= NOTED {
        sqlx::query("UPDATE admin_session SET seen_at = $1 WHERE token_hash = $2 AND seen_at < $1")
            .bind(now)
            .bind(token_hash)
            .execute(store.pool())
            .await
            .map_err(unavailable)?;
        session.seen_at = now;
    }
    Ok(Some(session))
}

pub(crate) async fn close(store: &PostgresStore, token_hash: &str) -> Stored<()> {
    sqlx::query("DELETE FROM admin_session WHERE token_hash = $1")
        .bind(token_hash)
        .execute(store.pool())
        .await
        .map_err(unavailable)?;
    Ok(())
}

pub(crate) async fn claim_once(store: &PostgresStore, key: &str, now: DateTime<Utc>) -> Stored<bool> {
    let known_since = now - KNOWN;
    // One statement decides. A key that is older is as good as forgotten.
    let claimed = sqlx::query(
        "INSERT INTO once_key (key, at) VALUES ($1, $2)
         ON CONFLICT (key) DO UPDATE SET at = excluded.at WHERE once_key.at < $3",
    )
    .bind(key)
    .bind(now)
    .bind(known_since)
    .execute(store.pool())
    .await
    .map_err(unavailable)?;
    sqlx::query("DELETE FROM once_key WHERE at < $1")
        .bind(known_since)
        .execute(store.pool())
        .await
        .map_err(unavailable)?;
    Ok(claimed.rows_affected() > 0)
}
