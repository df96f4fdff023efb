//! Claiming orders for a run.

use ipass_core::order::PoNumber;
use ipass_core::ports::{OrderRow, RouteName, RunRef, Selection, Stored};
use ipass_sql_kit::{Values, order_columns, rows, unavailable};
use serde_json::Value;
use sqlx::{QueryBuilder, Row, SqliteConnection};

use crate::open::SqliteStore;
use crate::row::micros;
use crate::runs::check_fence;

pub(crate) async fn claim(store: &SqliteStore, run: &RunRef, selection: &Selection) -> Stored<Vec<OrderRow>> {
    let mut tx = store.begin_write().await?;
    check_fence(&mut tx, run).await?;
    let mut query = QueryBuilder::new(concat!(
        "SELECT o.id, ",
        order_columns!(),
        " FROM order_sync AS o
          WHERE NOT EXISTS (SELECT 1 FROM order_claim AS c WHERE c.order_id = o.id) AND o.route = "
    ));
    query.push_bind(&run.route.0);
    // The stage as a literal: a bound one would not prove that the partial index holds all of them.
    query.push(format!(" AND o.stage = {}", selection.stage.number()));
    if let Some(po) = &selection.po {
        query.push(" AND o.po = ").push_bind(po.as_str());
    } else {
        query.push(" AND o.hold IS NULL");
    }
    if !selection.ignore_next_try {
        query.push(" AND (o.next_try_at IS NULL OR o.next_try_at <= ").push_bind(micros(selection.now)).push(")");
    }
    // NULL sorts first: orders never tried in this stage lead.
    query.push(" ORDER BY o.last_tried_at, o.created_at, o.po LIMIT ").push_bind(selection.limit);
    let rows = query.build().fetch_all(&mut *tx).await.map_err(unavailable)?;
    let mut ids = Vec::with_capacity(rows.len());
    let mut claimed = Vec::with_capacity(rows.len());
    for row in &rows {
        let values = Values::new(row, "order_sync", row.try_get::<String, _>("po").unwrap_or_default());
        ids.push(Value::from(values.get::<i64>("id")?));
        claimed.push(rows::order(row)?);
    }
    if !ids.is_empty() && !selection.peek {
        sqlx::query("INSERT INTO order_claim (order_id, fence, tried_at) SELECT j.value, ?, ? FROM json_each(?) AS j")
            .bind(run.fence)
            .bind(micros(selection.now))
            .bind(Value::from(ids).to_string())
            .execute(&mut *tx)
            .await
            .map_err(unavailable)?;
    }
    tx.commit().await.map_err(unavailable)?;
    Ok(claimed)
}

/// Tells the runs that hold orders of a route, or this one, that there is news of them: they are due again once they
/// are let go.
pub(crate) async fn nudge(connection: &mut SqliteConnection, route: &RouteName, po: Option<&PoNumber>) -> Stored<()> {
    sqlx::query(
        "UPDATE order_claim SET nudged = 1
         WHERE EXISTS (SELECT 1 FROM order_sync AS o WHERE o.id = order_claim.order_id AND o.route = ?1
                       AND (?2 IS NULL OR o.po = ?2))",
    )
    .bind(&route.0)
    .bind(po.map(PoNumber::as_str))
    .execute(connection)
    .await
    .map_err(unavailable)?;
    Ok(())
}
