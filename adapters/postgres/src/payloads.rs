//! Payloads that were replaced.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ipass_core::order::PoNumber;
use ipass_core::ports::{EarlierPayload, KEPT_PAYLOADS, PayloadStore, RouteName, Stored};
use ipass_sql_kit::{Values, unavailable};
use sqlx::PgConnection;

use crate::open::PostgresStore;

/// Keeps the present payloads of orders that are about to get others.
pub(crate) async fn keep(connection: &mut PgConnection, ids: &[i64], now: DateTime<Utc>) -> Stored<()> {
    sqlx::query(
        "INSERT INTO order_payload (order_id, replaced_at, raw)
         SELECT id, $1, raw FROM order_sync WHERE id = ANY ($2)",
    )
    .bind(now)
    .bind(ids)
    .execute(&mut *connection)
    .await
    .map_err(unavailable)?;
    sqlx::query(
        "DELETE FROM order_payload AS p
         USING (SELECT id, row_number() OVER (PARTITION BY order_id ORDER BY id DESC) AS place
                FROM order_payload WHERE order_id = ANY ($1)) AS n
         WHERE p.id = n.id AND n.place > $2",
    )
    .bind(ids)
    .bind(i64::from(KEPT_PAYLOADS))
    .execute(connection)
    .await
    .map_err(unavailable)?;
    Ok(())
}

#[async_trait]
impl PayloadStore for PostgresStore {
    #[tracing::instrument(name = "db.payloads", level = "debug", skip_all)]
    async fn payloads(&self, route: &RouteName, po: &PoNumber) -> Stored<Vec<EarlierPayload>> {
        let rows = sqlx::query(
            "SELECT p.replaced_at, p.raw FROM order_sync AS o JOIN order_payload AS p ON p.order_id = o.id
             WHERE o.route = $1 AND o.po = $2 ORDER BY p.id DESC LIMIT $3",
        )
        .bind(&route.0)
        .bind(po.as_str())
        .bind(i64::from(KEPT_PAYLOADS))
        .fetch_all(self.pool())
        .await
        .map_err(unavailable)?;
        rows.iter()
            .map(|row| {
                let values = Values::new(row, "order_payload", po.as_str());
                Ok(EarlierPayload { replaced_at: values.get("replaced_at")?, raw: values.get("raw")? })
            })
            .collect()
    }
}
