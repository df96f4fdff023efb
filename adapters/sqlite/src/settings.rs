//! Versions of settings.

use chrono::{DateTime, Utc};
use ipass_core::ports::{RouteName, SettingsVersion, Stored};

use crate::error::unavailable;
use crate::open::SqliteStore;
use crate::row::{Values, micros};

pub(crate) async fn settings(store: &SqliteStore, route: &RouteName) -> Stored<Option<SettingsVersion>> {
    let row = sqlx::query(
        "SELECT version, document, author, saved_at
         FROM settings_version WHERE route = ?
         ORDER BY version DESC LIMIT 1",
    )
    .bind(&route.0)
    .fetch_optional(store.reader())
    .await
    .map_err(unavailable)?;
    let Some(row) = row else { return Ok(None) };
    let values = Values::new(&row, "settings_version", &*route.0);
    Ok(Some(SettingsVersion {
        version: values.get("version")?,
        document: values.get("document")?,
        author: values.get("author")?,
        saved_at: values.time("saved_at")?,
    }))
}

pub(crate) async fn save_settings(
    store: &SqliteStore,
    route: &RouteName,
    document: &str,
    author: &str,
    now: DateTime<Utc>,
) -> Stored<i64> {
    let mut tx = store.begin_write().await?;
    let version: i64 = sqlx::query_scalar(
        "INSERT INTO settings_version (route, version, document, author, saved_at)
         SELECT ?1, coalesce(max(version), 0) + 1, ?2, ?3, ?4 FROM settings_version WHERE route = ?1
         RETURNING version",
    )
    .bind(&route.0)
    .bind(document)
    .bind(author)
    .bind(micros(now))
    .fetch_one(&mut *tx)
    .await
    .map_err(unavailable)?;
    sqlx::query(
        "UPDATE order_sync SET next_try_at = NULL
         WHERE route = ? AND stage < 5 AND last_kind = 'blocked' AND next_try_at IS NOT NULL",
    )
    .bind(&route.0)
    .execute(&mut *tx)
    .await
    .map_err(unavailable)?;
    tx.commit().await.map_err(unavailable)?;
    Ok(version)
}
