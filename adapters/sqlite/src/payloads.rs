//! Payloads that were replaced.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ipass_core::order::PoNumber;
use ipass_core::ports::{EarlierPayload, KEPT_PAYLOADS, PayloadStore, RouteName, Stored};
use ipass_sql_kit::{Values, unavailable};
use sqlx::SqliteConnection;

use crate::open::SqliteStore;
use crate::row::micros;

/// Keeps the present payloads of orders that are about to get others; `ids` is a JSON array.
pub(crate) async fn keep(connection: &mut SqliteConnection, ids: &str, now: DateTime<Utc>) -> Stored<()> {
    sqlx::query(
        "INSERT INTO order_payload (order_id, replaced_at, raw)
         SELECT o.id, ?1, o.raw FROM json_each(?2) AS j CROSS JOIN order_sync AS o ON o.id = j.value",
    )
    .bind(micros(now))
    .bind(ids)
    .execute(&mut *connection)
    .await
    .map_err(unavailable)?;
    sqlx::query(
        "DELETE FROM order_payload WHERE id IN
             (SELECT id FROM (SELECT p.id, row_number() OVER (PARTITION BY p.order_id ORDER BY p.id DESC) AS place
                              FROM json_each(?1) AS j CROSS JOIN order_payload AS p ON p.order_id = j.value)
              WHERE place > ?2)",
    )
    .bind(ids)
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
