//! Recording how orders' parts in a run ended.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use ipass_core::order::PoNumber;
use ipass_core::ports::{RouteName, RunRef, Step, Stored};
use ipass_core::write::WriteNote;
use ipass_sql_kit::judged::{Judged, NewValues, Standing};
use ipass_sql_kit::unavailable;
use sqlx::PgConnection;

use crate::events::append;
use crate::open::PostgresStore;
use crate::parts::{at_once, parts};
use crate::row::number;
use crate::row_locks;
use crate::runs::check_fence;
use crate::tally;
use crate::writes::settle;

pub(crate) async fn record(
    store: &PostgresStore,
    run: &RunRef,
    steps: &[Step],
    now: DateTime<Utc>,
) -> Stored<Vec<PoNumber>> {
    if steps.is_empty() {
        return Ok(Vec::new());
    }
    let size = steps.len().div_ceil(parts(steps.len()));
    let lost = at_once(steps.chunks(size).map(|part| record_part(store, run, part, now)).collect()).await?;
    Ok(lost.concat())
}

async fn record_part(store: &PostgresStore, run: &RunRef, steps: &[Step], now: DateTime<Utc>) -> Stored<Vec<PoNumber>> {
    let mut tx = store.begin_write().await?;
    check_fence(&mut tx, run).await?;
    let outdated = row_locks::settings(&mut tx, run).await?;
    let standing = claimed(&mut tx, run, steps).await?;
    // Parts of tracking numbers have an index of their own here, which keeps itself.
    let Judged { rows, events, repeated, lost, tally, retold: _ } = Judged::of(run, steps, standing, outdated);
    update(&mut tx, run, &rows, now).await?;
    repeat(&mut tx, &run.route, &repeated, now).await?;
    append(&mut tx, &run.route, &events, now).await?;
    // Also of orders that are lost: what a remote did is a fact, whoever holds the order by now.
    let notes: Vec<&WriteNote> = steps.iter().flat_map(|step| &step.writes).collect();
    settle(&mut tx, run, &notes, now).await?;
    tally::keep(&mut tx, &run.route, tally).await?;
    tx.commit().await.map_err(unavailable)?;
    Ok(lost)
}

async fn claimed(connection: &mut PgConnection, run: &RunRef, steps: &[Step]) -> Stored<HashMap<String, Standing>> {
    let numbers: Vec<&str> = steps.iter().map(|step| step.po.as_str()).collect();
    let locked = row_locks::orders(connection, &run.route, &numbers).await?;
    // An act of a person ends a row of equal outcomes: what comes after it is news.
    let rows = sqlx::query(
        "SELECT o.po, o.id, o.stage, o.erp_order_no, o.tracking, o.invoice_id, c.tried_at, c.nudged,
                e.id AS event, e.kind, e.from_stage, e.to_stage, e.what, e.detail
         FROM order_sync AS o
         JOIN order_claim AS c ON c.order_id = o.id AND c.fence = $2
         LEFT JOIN LATERAL
             (SELECT * FROM order_event AS x
              WHERE x.route = o.route AND x.po = o.po AND x.kind IN ('outcome', 'operator')
              ORDER BY x.id DESC LIMIT 1) AS e ON true
         WHERE o.id = ANY($1)",
    )
    .bind(locked)
    .bind(run.fence)
    .fetch_all(connection)
    .await
    .map_err(unavailable)?;
    rows.iter().map(Standing::read).collect()
}

async fn update(connection: &mut PgConnection, run: &RunRef, rows: &[NewValues], now: DateTime<Utc>) -> Stored<()> {
    sqlx::query(
        "UPDATE order_sync AS o
         SET stage = n.stage,
             stage_entered_at = CASE WHEN n.advanced THEN $1 ELSE o.stage_entered_at END,
             attempts = CASE WHEN n.advanced THEN 0 ELSE o.attempts + 1 END,
             last_tried_at = n.tried_at,
             last_kind = n.kind, last_reason = n.reason, last_detail = n.detail,
             last_at = $1, last_run_id = $2, next_try_at = n.next_try_at,
             erp_order_no = n.erp_order_no, tracking = n.tracking, invoice_id = n.invoice_id,
             changed_at = $1
         FROM unnest($3::bigint[], $4::smallint[], $5::boolean[], $6::text[], $7::text[], $8::text[],
                     $9::timestamptz[], $10::text[], $11::text[], $12::text[], $13::timestamptz[])
              AS n (id, stage, advanced, kind, reason, detail, next_try_at, erp_order_no, tracking, invoice_id, tried_at)
         WHERE o.id = n.id",
    )
    .bind(now)
    .bind(&run.run_id)
    .bind(rows.iter().map(|row| row.id).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| number(row.stage)).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.advanced).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.kind.as_str()).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.reason).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.detail.as_deref()).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.next_try_at).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.evidence.erp_order_no.as_deref()).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.evidence.tracking.as_deref()).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.evidence.invoice_id.as_deref()).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.tried_at).collect::<Vec<_>>())
    .execute(&mut *connection)
    .await
    .map_err(unavailable)?;
    sqlx::query("DELETE FROM order_claim WHERE order_id = ANY($1) AND fence = $2")
        .bind(rows.iter().map(|row| row.id).collect::<Vec<_>>())
        .bind(run.fence)
        .execute(connection)
        .await
        .map_err(unavailable)?;
    Ok(())
}

async fn repeat(
    connection: &mut PgConnection,
    route: &RouteName,
    events: &[(&str, i64)],
    now: DateTime<Utc>,
) -> Stored<()> {
    if events.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "UPDATE order_event AS e SET times = times + 1, last_at = $2
         FROM unnest($3::text[], $4::bigint[]) AS n (po, id)
         WHERE e.route = $1 AND e.po = n.po AND e.id = n.id",
    )
    .bind(&route.0)
    .bind(now)
    .bind(events.iter().map(|(po, _)| *po).collect::<Vec<_>>())
    .bind(events.iter().map(|(_, id)| *id).collect::<Vec<_>>())
    .execute(connection)
    .await
    .map_err(unavailable)?;
    Ok(())
}
