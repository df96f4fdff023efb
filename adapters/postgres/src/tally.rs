//! How many orders are in each stage: kept by the transactions that change stages.

use std::collections::BTreeMap;

use ipass_core::ports::{RouteName, StageCount, Stored};
use ipass_core::stage::Stage;
use sqlx::{Connection, PgConnection, Row};

use crate::error::unavailable;
use crate::open::PostgresStore;
use crate::row::{Values, number};

/// What a transaction changes of the totals of a route.
#[derive(Debug, Default)]
pub(crate) struct Tally(BTreeMap<i16, i64>);

impl Tally {
    pub(crate) fn came(&mut self, to: Stage) {
        *self.0.entry(number(to)).or_default() += 1;
    }

    pub(crate) fn moved(&mut self, from: Stage, to: Stage) {
        *self.0.entry(number(from)).or_default() -= 1;
        self.came(to);
    }

    /// Adds the changes to the totals. Nothing may be locked after it in its transaction, and stages are
    /// locked in order: so whoever meets waits for one commit, never in a ring.
    pub(crate) async fn keep(self, connection: &mut PgConnection, route: &RouteName) -> Stored<()> {
        let (stages, changes): (Vec<i16>, Vec<i64>) = self.0.into_iter().filter(|(_, change)| *change != 0).unzip();
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
    let mut counts = Stage::ALL.map(|stage| StageCount { stage, orders: 0, oldest: None });
    for row in &rows {
        let stage = row.try_get::<i16, _>("stage").unwrap_or_default();
        let values = Values::new(row, "order_total", format!("{route} {stage}"));
        let stage = values.stage("stage")?;
        if let Some(count) = counts.iter_mut().find(|count| count.stage == stage) {
            count.orders = values.count("orders")?;
            count.oldest = values.get("oldest")?;
        }
    }
    Ok(counts.into())
}
