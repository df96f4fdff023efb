//! Claiming orders for a run.

use std::collections::HashSet;

use ipass_core::order::PoNumber;
use ipass_core::ports::{OrderRow, RouteName, RunRef, Selection, Stored};
use ipass_sql_kit::{Values, order_columns, rows, unavailable};
use sqlx::{PgConnection, QueryBuilder, Row};

use crate::open::PostgresStore;
use crate::runs::check_fence;

pub(crate) async fn claim(store: &PostgresStore, run: &RunRef, selection: &Selection) -> Stored<Vec<OrderRow>> {
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
        query.push(" AND (o.next_try_at IS NULL OR o.next_try_at <= ").push_bind(selection.now).push(")");
    }
    // Never tried in this stage first.
    query
        .push(" ORDER BY o.last_tried_at NULLS FIRST, o.created_at, o.po LIMIT ")
        .push_bind(i64::from(selection.limit));
    // What another run is about to claim is skipped, not waited for.
    query.push(" FOR UPDATE SKIP LOCKED");
    // A plan of its own: the general one would not know which stage, and so not the partial index.
    let rows = query.build().persistent(false).fetch_all(&mut *tx).await.map_err(unavailable)?;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        let values = Values::new(row, "order_sync", row.try_get::<String, _>("po").unwrap_or_default());
        found.push((values.get::<i64>("id")?, rows::order(row)?));
    }
    if !found.is_empty() && !selection.peek {
        // A run that claimed one of them between the question and the lock has it.
        let claimed: HashSet<i64> = sqlx::query_scalar(
            "INSERT INTO order_claim (order_id, fence, tried_at) SELECT id, $1, $2 FROM unnest($3::bigint[]) AS f (id)
             ON CONFLICT (order_id) DO NOTHING RETURNING order_id",
        )
        .bind(run.fence)
        .bind(selection.now)
        .bind(found.iter().map(|(id, _)| *id).collect::<Vec<_>>())
        .fetch_all(&mut *tx)
        .await
        .map_err(unavailable)?
        .into_iter()
        .collect();
        found.retain(|(id, _)| claimed.contains(id));
    }
    let claimed = found.into_iter().map(|(_, row)| row).collect();
    tx.commit().await.map_err(unavailable)?;
    Ok(claimed)
}

/// Tells the runs that hold orders of a route, or this one, that there is news of them: they are due again once they
/// are let go. To be called behind whatever locks the orders.
pub(crate) async fn nudge(connection: &mut PgConnection, route: &RouteName, po: Option<&PoNumber>) -> Stored<()> {
    sqlx::query(
        "UPDATE order_claim AS c SET nudged = true
         WHERE EXISTS (SELECT 1 FROM order_sync AS o WHERE o.id = c.order_id AND o.route = $1
                       AND ($2::text IS NULL OR o.po = $2))",
    )
    .bind(&route.0)
    .bind(po.map(PoNumber::as_str))
    .execute(connection)
    .await
    .map_err(unavailable)?;
    Ok(())
}
