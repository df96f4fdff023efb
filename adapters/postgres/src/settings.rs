//! Versions of settings.

use chrono::{DateTime, Utc};
use ipass_core::ports::{RouteName, SettingsVersion, StoreError, Stored};
use ipass_sql_kit::{rows, unavailable};

use crate::open::PostgresStore;
use crate::row_locks::settings_key;

pub(crate) async fn settings(store: &PostgresStore, route: &RouteName) -> Stored<Option<SettingsVersion>> {
    Ok(history(store, route, 1).await?.pop())
}

pub(crate) async fn at(store: &PostgresStore, route: &RouteName, version: i64) -> Stored<Option<SettingsVersion>> {
    let row = sqlx::query(
        "SELECT version, document, author, saved_at FROM settings_version WHERE route = $1 AND version = $2",
    )
    .bind(&route.0)
    .bind(version)
    .fetch_optional(store.pool())
    .await
    .map_err(unavailable)?;
    row.as_ref().map(|row| rows::settings_version(row, route)).transpose()
}

pub(crate) async fn history(store: &PostgresStore, route: &RouteName, limit: u32) -> Stored<Vec<SettingsVersion>> {
    let rows = sqlx::query(
        "SELECT version, document, author, saved_at
         FROM settings_version WHERE route = $1
         ORDER BY version DESC LIMIT $2",
    )
    .bind(&route.0)
    .bind(i64::from(limit))
    .fetch_all(store.pool())
    .await
    .map_err(unavailable)?;
    rows.iter().map(|row| rows::settings_version(row, route)).collect()
}

pub(crate) async fn save_settings(
    store: &PostgresStore,
    route: &RouteName,
    document: &str,
    author: &str,
    expected: Option<i64>,
    now: DateTime<Utc>,
) -> Stored<i64> {
    let mut tx = store.begin_write().await?;
    // Two saves at once get two numbers, one after the other; and no run records its steps meanwhile.
    sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .bind(settings_key(route).0)
        .execute(&mut *tx)
        .await
        .map_err(unavailable)?;
    let live: i64 = sqlx::query_scalar("SELECT coalesce(max(version), 0) FROM settings_version WHERE route = $1")
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
    sqlx::query(
        "INSERT INTO settings_version (route, version, document, author, saved_at) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(&route.0)
    .bind(version)
    .bind(document)
    .bind(author)
    .bind(now)
    .execute(&mut *tx)
    .await
    .map_err(unavailable)?;
    sqlx::query(
        "WITH due AS (SELECT id FROM order_sync
                      WHERE route = $1 AND stage < 5 AND last_kind = 'blocked' AND next_try_at IS NOT NULL
                      ORDER BY po FOR UPDATE)
         UPDATE order_sync AS o SET next_try_at = NULL FROM due WHERE o.id = due.id",
    )
    .bind(&route.0)
    .execute(&mut *tx)
    .await
    .map_err(unavailable)?;
    tx.commit().await.map_err(unavailable)?;
    Ok(version)
}
