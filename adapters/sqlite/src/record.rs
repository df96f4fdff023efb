//! Recording how orders' parts in a run ended.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use ipass_core::order::PoNumber;
use ipass_core::ports::{Evidence, RunRef, Step, Stored};
use ipass_core::write::WriteNote;
use ipass_sql_kit::judged::{Judged, NewValues, Standing};
use ipass_sql_kit::unavailable;
use serde_json::{Value, json};
use sqlx::SqliteConnection;

use crate::events::append;
use crate::open::SqliteStore;
use crate::row::micros;
use crate::runs::check_fence;
use crate::tally;
use crate::writes::settle;

pub(crate) async fn record(
    store: &SqliteStore,
    run: &RunRef,
    steps: &[Step],
    now: DateTime<Utc>,
) -> Stored<Vec<PoNumber>> {
    if steps.is_empty() {
        return Ok(Vec::new());
    }
    let mut tx = store.begin_write().await?;
    check_fence(&mut tx, run).await?;
    let outdated = has_old_settings(&mut tx, run).await?;
    let standing = claimed(&mut tx, run, steps).await?;
    let Judged { rows, events, repeated, retold, lost, tally } = Judged::of(run, steps, standing, outdated);
    update(&mut tx, run, &rows, now).await?;
    tell_tracking(&mut tx, &retold).await?;
    repeat(&mut tx, &repeated, now).await?;
    append(&mut tx, &run.route, &events, now).await?;
    // Also of orders that are lost: what a remote did is a fact, whoever holds the order by now.
    let notes: Vec<&WriteNote> = steps.iter().flat_map(|step| &step.writes).collect();
    settle(&mut tx, run, &notes, now).await?;
    tally::keep(&mut tx, &run.route, tally).await?;
    tx.commit().await.map_err(unavailable)?;
    Ok(lost)
}

async fn claimed(connection: &mut SqliteConnection, run: &RunRef, steps: &[Step]) -> Stored<HashMap<String, Standing>> {
    let pos: Vec<Value> = steps.iter().map(|step| step.po.as_str().into()).collect();
    // An act of a person ends a row of equal outcomes: what comes after it is news.
    let rows = sqlx::query(
        "SELECT o.po, o.id, o.stage, o.erp_order_no, o.tracking, o.invoice_id, c.tried_at, c.nudged,
                e.id AS event, e.kind, e.from_stage, e.to_stage, e.what, e.detail
         FROM json_each(?3) AS j
         CROSS JOIN order_sync AS o ON o.route = ?1 AND o.po = j.value
         CROSS JOIN order_claim AS c ON c.order_id = o.id AND c.fence = ?2
         LEFT JOIN order_event AS e ON e.id =
             (SELECT x.id FROM order_event AS x
              WHERE x.route = o.route AND x.po = o.po AND x.kind IN ('outcome', 'operator')
              ORDER BY x.id DESC LIMIT 1)",
    )
    .bind(&run.route.0)
    .bind(run.fence)
    .bind(Value::from(pos).to_string())
    .fetch_all(connection)
    .await
    .map_err(unavailable)?;
    rows.iter().map(Standing::read).collect()
}

/// Whether settings were saved during the run, by which a blocked order may not be blocked.
async fn has_old_settings(connection: &mut SqliteConnection, run: &RunRef) -> Stored<bool> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM settings_version AS v WHERE v.route = ?1
                        AND v.version > (SELECT r.settings_version FROM job_run AS r WHERE r.run_no = ?2))",
    )
    .bind(&run.route.0)
    .bind(run.fence)
    .fetch_one(connection)
    .await
    .map_err(unavailable)
}

async fn update(connection: &mut SqliteConnection, run: &RunRef, rows: &[NewValues], now: DateTime<Utc>) -> Stored<()> {
    let rows = rows.iter().map(as_json).collect::<Value>().to_string();
    sqlx::query(
        "UPDATE order_sync AS o
         SET stage = j.value ->> 1,
             stage_entered_at = CASE WHEN j.value ->> 2 THEN ?1 ELSE o.stage_entered_at END,
             attempts = CASE WHEN j.value ->> 2 THEN 0 ELSE o.attempts + 1 END,
             last_tried_at = j.value ->> 10,
             last_kind = j.value ->> 3, last_reason = j.value ->> 4, last_detail = j.value ->> 5,
             last_at = ?1, last_run_id = ?2, next_try_at = j.value ->> 6,
             erp_order_no = j.value ->> 7, tracking = j.value ->> 8, invoice_id = j.value ->> 9,
             changed_at = ?1
         FROM json_each(?3) AS j WHERE o.id = j.value ->> 0",
    )
    .bind(micros(now))
    .bind(&run.run_id)
    .bind(&rows)
    .execute(&mut *connection)
    .await
    .map_err(unavailable)?;
    sqlx::query("DELETE FROM order_claim WHERE fence = ?2 AND order_id IN (SELECT value ->> 0 FROM json_each(?1))")
        .bind(&rows)
        .bind(run.fence)
        .execute(connection)
        .await
        .map_err(unavailable)?;
    Ok(())
}

fn as_json(values: &NewValues) -> Value {
    let NewValues { id, stage, tried_at, advanced, kind, reason, detail, next_try_at, evidence } = values;
    let Evidence { erp_order_no, tracking, invoice_id } = evidence;
    json!([
        id,
        stage.number(),
        u8::from(*advanced),
        kind.as_str(),
        reason,
        detail,
        next_try_at.map(micros),
        erp_order_no,
        tracking,
        invoice_id,
        tried_at.map(micros),
    ])
}

/// Makes new tracking numbers findable by their parts.
async fn tell_tracking(connection: &mut SqliteConnection, ids: &[i64]) -> Stored<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let ids = Value::from(ids).to_string();
    sqlx::query("DELETE FROM order_text WHERE rowid IN (SELECT value FROM json_each(?))")
        .bind(&ids)
        .execute(&mut *connection)
        .await
        .map_err(unavailable)?;
    sqlx::query(
        "INSERT INTO order_text (rowid, po, tracking)
         SELECT id, po, tracking FROM order_sync WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id",
    )
    .bind(&ids)
    .execute(connection)
    .await
    .map_err(unavailable)?;
    Ok(())
}

async fn repeat(connection: &mut SqliteConnection, events: &[(&str, i64)], now: DateTime<Utc>) -> Stored<()> {
    if events.is_empty() {
        return Ok(());
    }
    sqlx::query("UPDATE order_event SET times = times + 1, last_at = ? WHERE id IN (SELECT value FROM json_each(?))")
        .bind(micros(now))
        .bind(events.iter().map(|(_, id)| *id).collect::<Value>().to_string())
        .execute(connection)
        .await
        .map_err(unavailable)?;
    Ok(())
}
