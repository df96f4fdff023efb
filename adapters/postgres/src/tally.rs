//! How many orders are in each stage: kept by the transactions that change stages.

use ipass_core::ports::{RouteName, StageCount, Stored};
use ipass_sql_kit::{Tally, rows, unavailable};
use sqlx::{Connection, PgConnection};

use crate::open::PostgresStore;

/// Adds what a transaction changed to the totals. Nothing may be locked after it in its transaction, and stages are
/// locked in order: so whoever meets waits for one commit, never in a ring.
pub(crate) async fn keep(connection: &mut PgConnection, route: &RouteName, tally: Tally) -> Stored<()> {
    let (stages, changes): (Vec<i16>, Vec<i64>) =
        tally.changes().map(|(stage, change)| (i16::from(stage), change)).unzip();
    if stages.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO order_total AS t (route, stage, shard, orders)
         SELECT $1, n.stage, pg_backend_pid() % 16, n.change
         FROM unnest($2::smallint[], $3::bigint[]) AS n (stage, change)
         ORDER BY n.stage
         ON CONFLICT (route, stage, shard) DO UPDATE SET orders = t.orders + excluded.orders",
    )
    .bind(&route.0)
    .bind(stages)
    .bind(changes)
    .execute(connection)
    .await
    .map_err(unavailable)?;
    Ok(())
}

/// Counts all orders anew. Who changed orders by other means than this program, or by an older version of
/// it, is found out here.
///
/// Exact beside any number of writers: whoever has added to the totals is waited for, so its orders are
/// seen by the count; whoever has still to add waits, and its orders are not seen yet.
pub(crate) async fn recount(connection: &mut PgConnection) -> Stored<()> {
    let mut tx = connection.begin().await.map_err(unavailable)?;
    for statement in [
        "LOCK TABLE order_total IN EXCLUSIVE MODE",
        "DELETE FROM order_total",
        "INSERT INTO order_total (route, stage, shard, orders)
         SELECT route, stage, 0, count(*) FROM order_sync GROUP BY route, stage",
    ] {
        sqlx::query(statement).execute(&mut *tx).await.map_err(unavailable)?;
    }
    tx.commit().await.map_err(unavailable)
}

pub(crate) async fn counts(store: &PostgresStore, route: &RouteName) -> Stored<Vec<StageCount>> {
    let rows = sqlx::query(
        "SELECT t.stage, t.orders,
                (SELECT min(o.stage_entered_at) FROM order_sync AS o WHERE o.route = $1 AND o.stage = t.stage) AS oldest
         FROM (SELECT stage, sum(orders)::bigint AS orders FROM order_total WHERE route = $1 GROUP BY stage) AS t",
    )
    .bind(&route.0)
    .fetch_all(store.pool())
    .await
    .map_err(unavailable)?;
    rows::stage_counts(&rows, route)
}
