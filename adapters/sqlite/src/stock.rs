//! What stock runs saw and did: keeping it, and forgetting it.

use chrono::{DateTime, Utc};
use ipass_core::ports::{KnownStock, RouteName, RunRef, StockRecord, Stored};
use serde_json::{Value, json};

use crate::error::unavailable;
use crate::events::clean;
use crate::open::SqliteStore;
use crate::row::{Values, micros};
use crate::runs::check_fence;

/// Records per statement.
const CHUNK: usize = 5_000;

pub(crate) async fn save(store: &SqliteStore, run: &RunRef, records: &[StockRecord]) -> Stored<()> {
    let mut tx = store.begin_write().await?;
    check_fence(&mut tx, run).await?;
    for chunk in records.chunks(CHUNK) {
        let rows: Vec<Value> = chunk.iter().map(values_of).collect();
        sqlx::query(
            "INSERT INTO stock_sync (route, run_id, at, warehouse_code, erp_warehouse_id, sku, erp_sku, erp_quantity,
                                     channel_quantity, result, reason, detail)
             SELECT ?1, ?2, r.value ->> 0, r.value ->> 1, r.value ->> 2, r.value ->> 3, r.value ->> 4,
                    r.value ->> 5, r.value ->> 6, r.value ->> 7, r.value ->> 8, r.value ->> 9
             FROM json_each(?3) AS r
             ORDER BY r.key",
        )
        .bind(&run.route.0)
        .bind(&run.run_id)
        .bind(Value::from(rows).to_string())
        .execute(&mut *tx)
        .await
        .map_err(unavailable)?;
    }
    tx.commit().await.map_err(unavailable)
}

fn values_of(record: &StockRecord) -> Value {
    json!([
        micros(record.at),
        clean(&record.warehouse_code),
        clean(&record.erp_warehouse_id),
        clean(&record.sku),
        clean(&record.erp_sku),
        record.erp_quantity,
        record.channel_quantity,
        record.result.as_str(),
        record.cause.as_ref().map(|cause| cause.reason.code()),
        record.cause.as_ref().map(|cause| clean(&cause.detail)),
    ])
}

pub(crate) async fn known(store: &SqliteStore, route: &RouteName) -> Stored<Vec<KnownStock>> {
    let rows = sqlx::query(
        "SELECT s.warehouse_code, s.erp_sku,
                coalesce(s.erp_quantity, 0) > 0 OR coalesce(s.channel_quantity, 0) > 0 AS has_units
         FROM stock_sync AS s
         WHERE s.id IN (SELECT id FROM (SELECT n.id, row_number() OVER (PARTITION BY n.route, n.warehouse_code, n.erp_sku
                                                                        ORDER BY n.at DESC, n.id DESC) AS place
                                        FROM stock_sync AS n INDEXED BY stock_sync_key WHERE n.route = ?)
                        WHERE place = 1)
         ORDER BY s.warehouse_code, s.erp_sku",
    )
    .bind(&route.0)
    .fetch_all(store.reader())
    .await
    .map_err(unavailable)?;
    rows.iter()
        .map(|row| {
            let values = Values::new(row, "stock_sync", &*route.0);
            Ok(KnownStock {
                warehouse_code: values.get("warehouse_code")?,
                erp_sku: values.get("erp_sku")?,
                has_units: values.get("has_units")?,
            })
        })
        .collect()
}

pub(crate) async fn forget(store: &SqliteStore, route: &RouteName, before: DateTime<Utc>) -> Stored<u64> {
    let mut forgotten = 0;
    loop {
        // By the part, each a transaction: other writers get their turn in between.
        let done = sqlx::query(
            "DELETE FROM stock_sync WHERE id IN
                 (SELECT s.id FROM stock_sync AS s INDEXED BY stock_sync_list
                  WHERE s.route = ?1 AND s.at < ?2
                    AND EXISTS (SELECT 1 FROM stock_sync AS n INDEXED BY stock_sync_key
                                WHERE n.route = s.route AND n.warehouse_code = s.warehouse_code
                                  AND n.erp_sku = s.erp_sku AND (n.at, n.id) > (s.at, s.id))
                  LIMIT 10000)",
        )
        .bind(&route.0)
        .bind(micros(before))
        .execute(store.writer())
        .await
        .map_err(unavailable)?
        .rows_affected();
        forgotten += done;
        if done == 0 {
            return Ok(forgotten);
        }
    }
}
