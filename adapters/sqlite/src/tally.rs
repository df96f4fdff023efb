//! How many orders are in each stage: kept by the transactions that change stages.

use std::collections::BTreeMap;

use ipass_core::ports::{RouteName, StageCount, Stored};
use ipass_core::stage::Stage;
use sqlx::{Row, SqliteConnection};

use crate::error::unavailable;
use crate::open::SqliteStore;
use crate::row::Values;

/// What a transaction changes of the totals of a route.
#[derive(Debug, Default)]
pub(crate) struct Tally(BTreeMap<u8, i64>);

impl Tally {
    pub(crate) fn came(&mut self, to: Stage) {
        *self.0.entry(to.number()).or_default() += 1;
    }

    pub(crate) fn moved(&mut self, from: Stage, to: Stage) {
        *self.0.entry(from.number()).or_default() -= 1;
        self.came(to);
    }

    pub(crate) async fn keep(self, connection: &mut SqliteConnection, route: &RouteName) -> Stored<()> {
        for (stage, change) in self.0.into_iter().filter(|(_, change)| *change != 0) {
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
    let mut counts = Stage::ALL.map(|stage| StageCount { stage, orders: 0, oldest: None });
    for row in &rows {
        let stage = row.try_get::<i64, _>("stage").unwrap_or_default();
        let values = Values::new(row, "order_total", format!("{route} {stage}"));
        let stage = values.stage("stage")?;
        if let Some(count) = counts.iter_mut().find(|count| count.stage == stage) {
            count.orders = values.count("orders")?;
            count.oldest = values.time_or_none("oldest")?;
        }
    }
    Ok(counts.into())
}
