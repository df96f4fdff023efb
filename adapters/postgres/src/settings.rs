//! Versions of settings.

use chrono::{DateTime, Utc};
use ipass_core::ports::{RouteName, SettingsVersion, Stored};

use crate::error::unavailable;
use crate::lock::LockKey;
use crate::open::PostgresStore;
use crate::row::Values;

pub(crate) async fn settings(store: &PostgresStore, route: &RouteName) -> Stored<Option<SettingsVersion>> {
    let row = sqlx::query(
        "SELECT version, document, author, saved_at
         FROM settings_version WHERE route = $1
         ORDER BY version DESC LIMIT 1",
    )
    .bind(&route.0)
    .fetch_optional(store.pool())
    .await
    .map_err(unavailable)?;
    let Some(row) = row else { return Ok(None) };
    let values = Values::new(&row, "settings_version", &*route.0);
    Ok(Some(SettingsVersion {
        version: values.get("version")?,
        document: values.get("document")?,
        author: values.get("author")?,
        saved_at: values.get("saved_at")?,
    }))
}

pub(crate) async fn save_settings(
    store: &PostgresStore,
    route: &RouteName,
    document: &str,
    author: &str,
    now: DateTime<Utc>,
) -> Stored<i64> {
    let mut tx = store.begin_write().await?;
    // Two saves at once get two numbers, one after the other.
    sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .bind(LockKey::of(route, "save settings", None).0)
        .execute(&mut *tx)
        .await
        .map_err(unavailable)?;
    let version: i64 = sqlx::query_scalar(
        "INSERT INTO settings_version (route, version, document, author, saved_at)
         SELECT $1, coalesce(max(version), 0) + 1, $2, $3, $4 FROM settings_version WHERE route = $1
         RETURNING version",
    )
    .bind(&route.0)
    .bind(document)
    .bind(author)
    .bind(now)
    .fetch_one(&mut *tx)
    .await
    .map_err(unavailable)?;
    sqlx::query(
        "UPDATE order_sync SET next_try_at = NULL
         WHERE route = $1 AND stage < 5 AND last_kind = 'blocked' AND next_try_at IS NOT NULL",
    )
    .bind(&route.0)
    .execute(&mut *tx)
    .await
    .map_err(unavailable)?;
    tx.commit().await.map_err(unavailable)?;
    Ok(version)
}
