//! How many orders are in each stage: kept by the transactions that change stages.

use ipass_core::ports::{RouteName, StageCount, Stored};
use ipass_sql_kit::{Tally, rows, unavailable};
use sqlx::SqliteConnection;

use crate::open::SqliteStore;

/// Adds what a transaction changed to the totals.
pub(crate) async fn keep(connection: &mut SqliteConnection, route: &RouteName, tally: Tally) -> Stored<()> {
    for (stage, change) in tally.changes() {
        sqlx::query(
            "INSERT INTO order_total (route, stage, orders) VALUES (?1, ?2, ?3)
             ON CONFLICT (route, stage) DO UPDATE SET orders = orders + excluded.orders",
        )
        .bind(&route.0)
        .bind(stage)
        .bind(change)
        .execute(&mut *connection)
        .await
        .map_err(unavailable)?;
    }
    Ok(())
}

/// Counts all orders anew. Who changed orders by other means than this program is found out here.
pub(crate) async fn recount(store: &SqliteStore) -> Stored<()> {
    let mut tx = store.begin_write().await?;
    sqlx::query("DELETE FROM order_total").execute(&mut *tx).await.map_err(unavailable)?;
    sqlx::query(
        "INSERT INTO order_total (route, stage, orders)
         SELECT route, stage, count(*) FROM order_sync INDEXED BY order_sync_age GROUP BY route, stage",
    )
    .execute(&mut *tx)
    .await
    .map_err(unavailable)?;
    tx.commit().await.map_err(unavailable)
}

pub(crate) async fn counts(store: &SqliteStore, route: &RouteName) -> Stored<Vec<StageCount>> {
    let rows = sqlx::query(
        "SELECT t.stage, t.orders,
                (SELECT min(o.stage_entered_at) FROM order_sync AS o INDEXED BY order_sync_age
                 WHERE o.route = t.route AND o.stage = t.stage) AS oldest
         FROM order_total AS t WHERE t.route = ?",
    )
    .bind(&route.0)
    .fetch_all(store.reader())
    .await
    .map_err(unavailable)?;
    rows::stage_counts(&rows, route)
}
