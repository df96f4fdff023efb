//! What stock runs saw and did: keeping it, and forgetting it.

use chrono::{DateTime, Utc};
use ipass_core::ports::{KnownStock, RouteName, RunRef, StockRecord, Stored};
use ipass_sql_kit::{Values, clean, unavailable};
use serde_json::{Value, json};
use sqlx::SqliteConnection;

use crate::open::SqliteStore;
use crate::row::micros;
use crate::runs::check_fence;

/// Records per statement.
const CHUNK: usize = 5_000;

pub(crate) async fn save(store: &SqliteStore, run: &RunRef, records: &[StockRecord]) -> Stored<()> {
    let mut tx = store.begin_write().await?;
    check_fence(&mut tx, run).await?;
    for chunk in records.chunks(CHUNK) {
        let rows: Vec<Value> = chunk.iter().map(values_of).collect();
        let came: Vec<i64> = sqlx::query_scalar(
            "INSERT INTO stock_sync (route, run_id, at, warehouse_code, erp_warehouse_id, sku, erp_sku, erp_quantity,
                                     channel_quantity, result, reason, detail)
             SELECT ?1, ?2, r.value ->> 0, r.value ->> 1, r.value ->> 2, r.value ->> 3, r.value ->> 4,
                    r.value ->> 5, r.value ->> 6, r.value ->> 7, r.value ->> 8, r.value ->> 9
             FROM json_each(?3) AS r
             ORDER BY r.key
             RETURNING id",
        )
        .bind(&run.route.0)
        .bind(&run.run_id)
        .bind(Value::from(rows).to_string())
        .fetch_all(&mut *tx)
        .await
        .map_err(unavailable)?;
        supersede(&mut tx, &came).await?;
    }
    tx.commit().await.map_err(unavailable)
}

/// Notes when records were superseded: those that came, and the one before each.
async fn supersede(connection: &mut SqliteConnection, came: &[i64]) -> Stored<()> {
    sqlx::query(
        "UPDATE stock_sync SET superseded_at = n.at
         FROM (SELECT t.id, (SELECT l.at FROM stock_sync AS l INDEXED BY stock_sync_key
                             WHERE l.route = t.route AND l.warehouse_code = t.warehouse_code AND l.erp_sku = t.erp_sku
                               AND (l.at, l.id) > (t.at, t.id)
                             ORDER BY l.at, l.id LIMIT 1) AS at
               FROM stock_sync AS t
               WHERE t.id IN (SELECT value FROM json_each(?1)
                              UNION
                              SELECT (SELECT b.id FROM stock_sync AS b INDEXED BY stock_sync_key
                                      WHERE b.route = c.route AND b.warehouse_code = c.warehouse_code
                                        AND b.erp_sku = c.erp_sku AND (b.at, b.id) < (c.at, c.id)
                                      ORDER BY b.at DESC, b.id DESC LIMIT 1)
                              FROM stock_sync AS c WHERE c.id IN (SELECT value FROM json_each(?1)))) AS n
         WHERE stock_sync.id = n.id AND n.at IS NOT NULL AND stock_sync.superseded_at <> n.at",
    )
    .bind(Value::from(came).to_string())
    .execute(connection)
    .await
    .map_err(unavailable)?;
    Ok(())
}

/// Leaves each key one newest record: an older version of this program adds records without superseding any.
pub(crate) async fn supersede_doubles(store: &SqliteStore) -> Stored<()> {
    sqlx::query(
        "UPDATE stock_sync SET superseded_at = n.next
         FROM (SELECT d.id, (SELECT l.at FROM stock_sync AS l INDEXED BY stock_sync_key
                             WHERE l.route = d.route AND l.warehouse_code = d.warehouse_code AND l.erp_sku = d.erp_sku
                               AND (l.at, l.id) > (d.at, d.id)
                             ORDER BY l.at, l.id LIMIT 1) AS next
               FROM (SELECT id, route, warehouse_code, erp_sku, at,
                            count(*) OVER (PARTITION BY route, warehouse_code, erp_sku) AS newest
                     FROM stock_sync WHERE superseded_at = 9223372036854775807) AS d
               WHERE d.newest > 1) AS n
         WHERE stock_sync.id = n.id AND n.next IS NOT NULL",
    )
    .execute(store.writer())
    .await
    .map_err(unavailable)?;
    Ok(())
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
         FROM stock_sync AS s INDEXED BY stock_sync_newest
         WHERE s.route = ? AND s.superseded_at = 9223372036854775807
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
                    AND s.superseded_at < 9223372036854775807
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
