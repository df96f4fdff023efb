//! Values that instances share.

use chrono::{DateTime, Utc};
use ipass_core::ports::{SharedValue, StoreError, Stored};
use ipass_sql_kit::{Values, unavailable};

use crate::open::SqliteStore;
use crate::row::micros;

pub(crate) async fn shared(store: &SqliteStore, name: &str) -> Stored<Option<SharedValue>> {
    let row = sqlx::query("SELECT version, sealed, renew_at FROM shared_value WHERE name = ?1")
        .bind(name)
        .fetch_optional(store.reader())
        .await
        .map_err(unavailable)?;
    let Some(row) = row else { return Ok(None) };
    let values = Values::new(&row, "shared_value", name);
    Ok(Some(SharedValue {
        version: values.get("version")?,
        sealed: values.get("sealed")?,
        renew_at: values.time("renew_at")?,
    }))
}

pub(crate) async fn share(
    store: &SqliteStore,
    name: &str,
    expected: Option<i64>,
    sealed: &[u8],
    renew_at: DateTime<Utc>,
) -> Stored<SharedValue> {
    // One statement decides; whoever was slower changes nothing.
    let change = if expected.is_some() {
        "UPDATE shared_value SET version = version + 1, sealed = ?2, renew_at = ?3 WHERE name = ?1 AND version = ?4
         RETURNING version"
    } else {
        "INSERT INTO shared_value (name, version, sealed, renew_at) VALUES (?1, 1, ?2, ?3)
         ON CONFLICT (name) DO NOTHING
         RETURNING version"
    };
    let version: Option<i64> = sqlx::query_scalar(change)
        .bind(name)
        .bind(sealed)
        .bind(micros(renew_at))
        .bind(expected)
        .fetch_optional(store.writer())
        .await
        .map_err(unavailable)?;
    match version {
        Some(version) => Ok(SharedValue { version, sealed: sealed.to_vec(), renew_at }),
        None => shared(store, name)
            .await?
            .ok_or_else(|| StoreError::Conflict(format!("nothing is shared under the name {name}"))),
    }
}
