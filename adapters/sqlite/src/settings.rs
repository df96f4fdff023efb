//! Versions of settings.

use chrono::{DateTime, Utc};
use ipass_core::ports::{RouteName, SettingsVersion, StoreError, Stored};
use ipass_sql_kit::{rows, unavailable};

use crate::open::SqliteStore;
use crate::row::micros;

pub(crate) async fn settings(store: &SqliteStore, route: &RouteName) -> Stored<Option<SettingsVersion>> {
    Ok(history(store, route, 1).await?.pop())
}

pub(crate) async fn at(store: &SqliteStore, route: &RouteName, version: i64) -> Stored<Option<SettingsVersion>> {
    let row =
        sqlx::query("SELECT version, document, author, saved_at FROM settings_version WHERE route = ? AND version = ?")
            .bind(&route.0)
            .bind(version)
            .fetch_optional(store.reader())
            .await
            .map_err(unavailable)?;
    row.as_ref().map(|row| rows::settings_version(row, route)).transpose()
}

pub(crate) async fn history(store: &SqliteStore, route: &RouteName, limit: u32) -> Stored<Vec<SettingsVersion>> {
    let rows = sqlx::query(
        "SELECT version, document, author, saved_at
         FROM settings_version WHERE route = ?
         ORDER BY version DESC LIMIT ?",
    )
    .bind(&route.0)
    .bind(limit)
    .fetch_all(store.reader())
    .await
    .map_err(unavailable)?;
    rows.iter().map(|row| rows::settings_version(row, route)).collect()
}

pub(crate) async fn save_settings(
    store: &SqliteStore,
    route: &RouteName,
    document: &str,
    author: &str,
    expected: Option<i64>,
    now: DateTime<Utc>,
) -> Stored<i64> {
    let mut tx = store.begin_write().await?;
    let live: i64 = sqlx::query_scalar("SELECT coalesce(max(version), 0) FROM settings_version WHERE route = ?")
        .bind(&route.0)
        .fetch_one(&mut *tx)
        .await
        .map_err(unavailable)?;
    if expected.is_some_and(|expected| expected != live) {
        return Err(StoreError::Conflict(format!(
            "the settings of route {route} were changed meanwhile: version {live} is live"
        )));
    }
    let version = live + 1;
    sqlx::query("INSERT INTO settings_version (route, version, document, author, saved_at) VALUES (?, ?, ?, ?, ?)")
        .bind(&route.0)
        .bind(version)
        .bind(document)
        .bind(author)
        .bind(micros(now))
        .execute(&mut *tx)
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
