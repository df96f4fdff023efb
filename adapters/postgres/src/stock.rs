//! What stock runs saw and did: keeping it, and forgetting it.

use chrono::{DateTime, Utc};
use ipass_core::ports::{KnownStock, RouteName, RunRef, StockRecord, Stored};

use crate::error::unavailable;
use crate::events::clean;
use crate::open::PostgresStore;
use crate::row::Values;
use crate::runs::check_fence;

/// Records per statement.
const CHUNK: usize = 5_000;

pub(crate) async fn save(store: &PostgresStore, run: &RunRef, records: &[StockRecord]) -> Stored<()> {
    let mut tx = store.begin_write().await?;
    check_fence(&mut tx, run).await?;
    for chunk in records.chunks(CHUNK) {
        let texts = |text: fn(&StockRecord) -> &str| chunk.iter().map(|r| clean(text(r))).collect::<Vec<_>>();
        let quantities =
            |quantity: fn(&StockRecord) -> Option<u32>| chunk.iter().map(|r| quantity(r).map(i64::from)).collect();
        let (erp_quantities, channel_quantities): (Vec<Option<i64>>, Vec<Option<i64>>) =
            (quantities(|r| r.erp_quantity), quantities(|r| r.channel_quantity));
        let causes = || chunk.iter().map(|r| r.cause.as_ref());
        sqlx::query(
            "INSERT INTO stock_sync (route, run_id, at, warehouse_code, erp_warehouse_id, sku, erp_sku, erp_quantity,
                                     channel_quantity, result, reason, detail)
             SELECT $1, $2, r.at, r.warehouse_code, r.erp_warehouse_id, r.sku, r.erp_sku, r.erp_quantity,
                    r.channel_quantity, r.result, r.reason, r.detail
             FROM unnest($3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[],
                         $9::bigint[], $10::text[], $11::text[], $12::text[])
                  AS r (at, warehouse_code, erp_warehouse_id, sku, erp_sku, erp_quantity, channel_quantity, result,
                        reason, detail)",
        )
        .bind(&run.route.0)
        .bind(&run.run_id)
        .bind(chunk.iter().map(|r| r.at).collect::<Vec<_>>())
        .bind(texts(|r| &r.warehouse_code))
        .bind(texts(|r| &r.erp_warehouse_id))
        .bind(texts(|r| &r.sku))
        .bind(texts(|r| &r.erp_sku))
        .bind(erp_quantities)
        .bind(channel_quantities)
        .bind(chunk.iter().map(|r| r.result.as_str()).collect::<Vec<_>>())
        .bind(causes().map(|cause| cause.map(|cause| cause.reason.code())).collect::<Vec<_>>())
        .bind(causes().map(|cause| cause.map(|cause| clean(&cause.detail))).collect::<Vec<_>>())
        .execute(&mut *tx)
        .await
        .map_err(unavailable)?;
    }
    tx.commit().await.map_err(unavailable)
}

pub(crate) async fn known(store: &PostgresStore, route: &RouteName) -> Stored<Vec<KnownStock>> {
    let rows = sqlx::query(
        "SELECT s.warehouse_code, s.erp_sku,
                coalesce(s.erp_quantity, 0) > 0 OR coalesce(s.channel_quantity, 0) > 0 AS has_units
         FROM stock_sync AS s
         WHERE s.id IN (SELECT DISTINCT ON (n.route, n.warehouse_code, n.erp_sku) n.id
                        FROM stock_sync AS n WHERE n.route = $1
                        ORDER BY n.route, n.warehouse_code, n.erp_sku, n.at DESC, n.id DESC)
         ORDER BY s.warehouse_code, s.erp_sku",
    )
    .bind(&route.0)
    .fetch_all(store.pool())
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

pub(crate) async fn forget(store: &PostgresStore, route: &RouteName, before: DateTime<Utc>) -> Stored<u64> {
    let mut forgotten = 0;
    loop {
        // By the part, each a transaction: one of all would exceed the patience of the pool.
        let done = sqlx::query(
            "DELETE FROM stock_sync WHERE id IN
                 (SELECT s.id FROM stock_sync AS s
                  WHERE s.route = $1 AND s.at < $2
                    -- One look along the index of keys for each, also where the server has no statistics yet.
                    AND s.id <> (SELECT n.id FROM stock_sync AS n
                                 WHERE n.route = s.route AND n.warehouse_code = s.warehouse_code
                                   AND n.erp_sku = s.erp_sku
                                 ORDER BY n.at DESC, n.id DESC LIMIT 1)
                  LIMIT 10000)",
        )
        .bind(&route.0)
        .bind(before)
        .execute(store.pool())
        .await
        .map_err(unavailable)?
        .rows_affected();
        forgotten += done;
        if done == 0 {
            return Ok(forgotten);
        }
    }
}
