//! Payloads that were replaced.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ipass_core::order::PoNumber;
use ipass_core::ports::{EarlierPayload, KEPT_PAYLOADS, PayloadStore, RouteName, Stored};
use ipass_sql_kit::{Values, unavailable};
use sqlx::SqliteConnection;

use crate::open::SqliteStore;
use crate::row::micros;

/// Keeps the present payload of an order that is about to get another one.
pub(crate) async fn keep(connection: &mut SqliteConnection, id: i64, now: DateTime<Utc>) -> Stored<()> {
    sqlx::query(
        "INSERT INTO order_payload (order_id, replaced_at, raw) SELECT id, ?1, raw FROM order_sync WHERE id = ?2",
    )
    .bind(micros(now))
    .bind(id)
    .execute(&mut *connection)
    .await
    .map_err(unavailable)?;
    sqlx::query(
        "DELETE FROM order_payload
         WHERE order_id = ?1
           AND id <= (SELECT id FROM order_payload WHERE order_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
    )
    .bind(id)
    .bind(KEPT_PAYLOADS)
    .execute(connection)
    .await
    .map_err(unavailable)?;
    Ok(())
}

#[async_trait]
impl PayloadStore for SqliteStore {
    #[tracing::instrument(name = "db.payloads", level = "debug", skip_all)]
    async fn payloads(&self, route: &RouteName, po: &PoNumber) -> Stored<Vec<EarlierPayload>> {
        let rows = sqlx::query(
            "SELECT p.replaced_at, p.raw FROM order_sync AS o JOIN order_payload AS p ON p.order_id = o.id
             WHERE o.route = ? AND o.po = ? ORDER BY p.id DESC LIMIT ?",
        )
        .bind(&route.0)
        .bind(po.as_str())
        .bind(KEPT_PAYLOADS)
        .fetch_all(self.reader())
        .await
        .map_err(unavailable)?;
        rows.iter()
            .map(|row| {
                let values = Values::new(row, "order_payload", po.as_str());
                Ok(EarlierPayload { replaced_at: values.time("replaced_at")?, raw: values.get("raw")? })
            })
            .collect()
    }
}
