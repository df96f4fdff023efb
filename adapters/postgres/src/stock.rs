//! What stock runs saw and did: keeping it, and forgetting it.

use chrono::{DateTime, Utc};
use ipass_core::ports::{KnownStock, RouteName, RunRef, StockRecord, Stored};
use ipass_sql_kit::{Values, clean, unavailable};
use sqlx::PgConnection;

use crate::open::PostgresStore;
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
        let came: Vec<i64> = sqlx::query_scalar(
            "INSERT INTO stock_sync (route, run_id, at, warehouse_code, erp_warehouse_id, sku, erp_sku, erp_quantity,
                                     channel_quantity, result, reason, detail)
             SELECT $1, $2, r.at, r.warehouse_code, r.erp_warehouse_id, r.sku, r.erp_sku, r.erp_quantity,
                    r.channel_quantity, r.result, r.reason, r.detail
             FROM unnest($3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[],
                         $9::bigint[], $10::text[], $11::text[], $12::text[])
                  AS r (at, warehouse_code, erp_warehouse_id, sku, erp_sku, erp_quantity, channel_quantity, result,
                        reason, detail)
             RETURNING id",
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
        .fetch_all(&mut *tx)
        .await
        .map_err(unavailable)?;
        supersede(&mut tx, &run.route, &came).await?;
    }
    tx.commit().await.map_err(unavailable)
}

/// Notes when records were superseded: those that came, and the one before each.
async fn supersede(connection: &mut PgConnection, route: &RouteName, came: &[i64]) -> Stored<()> {
    sqlx::query(
        "WITH came AS (SELECT id, warehouse_code, erp_sku, at FROM stock_sync WHERE id = ANY($2)),
              touched AS (SELECT * FROM came
                          UNION ALL
                          SELECT b.* FROM came AS c CROSS JOIN LATERAL
                              (SELECT s.id, s.warehouse_code, s.erp_sku, s.at FROM stock_sync AS s
                               WHERE s.route = $1 AND s.warehouse_code = c.warehouse_code AND s.erp_sku = c.erp_sku
                                 AND (s.at, s.id) < (c.at, c.id)
                               ORDER BY s.at DESC, s.id DESC LIMIT 1) AS b)
         UPDATE stock_sync AS s SET superseded_at = n.at
         FROM touched AS t CROSS JOIN LATERAL
              (SELECT l.at FROM stock_sync AS l
               WHERE l.route = $1 AND l.warehouse_code = t.warehouse_code AND l.erp_sku = t.erp_sku
                 AND (l.at, l.id) > (t.at, t.id)
               ORDER BY l.at, l.id LIMIT 1) AS n
         WHERE s.id = t.id AND s.superseded_at <> n.at",
    )
    .bind(&route.0)
    .bind(came)
    .execute(connection)
    .await
    .map_err(unavailable)?;
    Ok(())
}

/// Leaves each key one newest record: an older version of this program adds records without superseding any.
pub(crate) async fn supersede_doubles(connection: &mut PgConnection) -> Stored<()> {
    sqlx::query(
        "UPDATE stock_sync AS s SET superseded_at = n.at
         FROM (SELECT id, route, warehouse_code, erp_sku, at,
                      count(*) OVER (PARTITION BY route, warehouse_code, erp_sku) AS newest
               FROM stock_sync WHERE superseded_at = 'infinity') AS d
              CROSS JOIN LATERAL
              (SELECT l.at FROM stock_sync AS l
               WHERE l.route = d.route AND l.warehouse_code = d.warehouse_code AND l.erp_sku = d.erp_sku
                 AND (l.at, l.id) > (d.at, d.id)
               ORDER BY l.at, l.id LIMIT 1) AS n
         WHERE d.newest > 1 AND s.id = d.id",
    )
    .execute(connection)
    .await
    .map_err(unavailable)?;
    Ok(())
}

pub(crate) async fn known(store: &PostgresStore, route: &RouteName) -> Stored<Vec<KnownStock>> {
    let rows = sqlx::query(
        "SELECT s.warehouse_code, s.erp_sku,
                coalesce(s.erp_quantity, 0) > 0 OR coalesce(s.channel_quantity, 0) > 0 AS has_units
         FROM stock_sync AS s
         WHERE s.route = $1 AND s.superseded_at = 'infinity'
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
                    AND s.superseded_at < 'infinity'
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
