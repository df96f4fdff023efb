//! Values that orders have, and how orders moved.

use chrono::{DateTime, Utc};
use ipass_core::ports::{OrderField, RouteName, StageMoves, Stored};
use ipass_sql_kit::{rows, unavailable};
use sqlx::AssertSqlSafe;

use crate::open::PostgresStore;

/// A column that an index begins with.
const fn column(field: OrderField) -> &'static str {
    match field {
        OrderField::ChannelStatus => "channel_status",
        OrderField::RetailerId => "retailer_id",
        OrderField::WarehouseCode => "warehouse_code",
        OrderField::ServiceLevel => "service_level",
        OrderField::Reason => "last_reason",
    }
}

pub(crate) async fn values(
    store: &PostgresStore,
    route: Option<&RouteName>,
    field: OrderField,
    limit: u32,
) -> Stored<Vec<String>> {
    let column = column(field);
    // From one value to the next along the index: as many steps as values, not as orders.
    let next = format!("SELECT min({column}) FROM order_sync WHERE {column} IS NOT NULL");
    let statement = format!(
        "WITH RECURSIVE found (value) AS
             ({next} UNION ALL SELECT ({next} AND {column} > found.value) FROM found WHERE found.value IS NOT NULL)
         SELECT value FROM found
         WHERE value IS NOT NULL
           AND ($1::text IS NULL OR EXISTS (SELECT 1 FROM order_sync AS o
                                      WHERE o.{column} = found.value AND o.route = $1))
         LIMIT $2"
    );
    // Only names of this program are written in it.
    sqlx::query_scalar(AssertSqlSafe(statement))
        .bind(route.map(|route| &route.0))
        .bind(i64::from(limit))
        .fetch_all(store.pool())
        .await
        .map_err(unavailable)
}

pub(crate) async fn moves(store: &PostgresStore, route: &RouteName, since: DateTime<Utc>) -> Stored<Vec<StageMoves>> {
    // The last two conditions are those of the index.
    let rows = sqlx::query(
        "SELECT from_stage, to_stage, count(*) AS orders
         FROM order_event
         WHERE route = $1 AND at >= $2 AND to_stage IS NOT NULL AND from_stage IS DISTINCT FROM to_stage
         GROUP BY from_stage, to_stage",
    )
    .bind(&route.0)
    .bind(since)
    .fetch_all(store.pool())
    .await
    .map_err(unavailable)?;
    rows::stage_moves(&rows, route)
}
