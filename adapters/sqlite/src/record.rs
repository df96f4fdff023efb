//! Recording how orders' parts in a run ended.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use ipass_core::order::PoNumber;
use ipass_core::ports::{Evidence, RunRef, Step, StepOutcome, Stored};
use ipass_core::reason::OutcomeKind;
use ipass_core::stage::Stage;
use ipass_core::write::WriteNote;
use serde_json::{Value, json};
use sqlx::SqliteConnection;

use crate::error::unavailable;
use crate::events::{NewEvent, append, clean, clean_option};
use crate::open::SqliteStore;
use crate::row::{Values, evidence, micros};
use crate::runs::check_fence;
use crate::tally::Tally;
use crate::writes::settle;

/// A claimed order as it stands.
struct Standing {
    id: i64,
    stage: Stage,
    /// Microseconds.
    tried_at: i64,
    /// There was news of it meanwhile.
    nudged: bool,
    evidence: Evidence,
    newest: Option<NewestEvent>,
}

/// The newest outcome or act of a person in the timeline.
struct NewestEvent {
    id: i64,
    kind: String,
    from: Option<Stage>,
    to: Option<Stage>,
    what: String,
    detail: String,
}

impl NewestEvent {
    fn equals(&self, event: &NewEvent<'_>) -> bool {
        self.kind == event.kind
            && self.from == event.from
            && self.to == event.to
            && self.what == event.what
            && self.detail == event.detail
    }
}

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
    let mut standing = claimed(&mut tx, run, steps).await?;
    let mut lost = Vec::new();
    let mut rows = Vec::new();
    let mut new_events = Vec::new();
    let mut repeated = Vec::new();
    let mut retold = Vec::new();
    let mut tally = Tally::default();
    for step in steps {
        let Some(order) = standing.remove(step.po.as_str()).filter(|order| order.stage == step.expected) else {
            lost.push(step.po.clone());
            continue;
        };
        let merged = order.evidence.grown_by(&cleaned(&step.evidence));
        if merged.tracking != order.evidence.tracking {
            retold.push(Value::from(order.id));
        }
        let event = outcome_event(run, step);
        match &order.newest {
            Some(newest) if newest.equals(&event) => repeated.push(Value::from(newest.id)),
            _ => new_events.push(event),
        }
        if let StepOutcome::Advanced { to, .. } = &step.outcome {
            tally.moved(order.stage, *to);
        }
        rows.push(new_values(&order, step, &merged, outdated));
    }
    update(&mut tx, run, rows, now).await?;
    tell_tracking(&mut tx, retold).await?;
    repeat(&mut tx, repeated, now).await?;
    append(&mut tx, &run.route, &new_events, now).await?;
    // Also of orders that are lost: what a remote did is a fact, whoever holds the order by now.
    let notes: Vec<&WriteNote> = steps.iter().flat_map(|step| &step.writes).collect();
    settle(&mut tx, run, &notes, now).await?;
    tally.keep(&mut tx, &run.route).await?;
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
    let mut standing = HashMap::with_capacity(rows.len());
    for row in &rows {
        let values = Values::new(row, "order_sync", String::new());
        let po: String = values.get("po")?;
        let values = Values::new(row, "order_sync", &*po);
        let newest = match values.get::<Option<i64>>("event")? {
            Some(id) => Some(NewestEvent {
                id,
                kind: values.get("kind")?,
                from: values.stage_or_none("from_stage")?,
                to: values.stage_or_none("to_stage")?,
                what: values.get("what")?,
                detail: values.get("detail")?,
            }),
            None => None,
        };
        let (id, stage, tried_at) = (values.get("id")?, values.stage("stage")?, values.get("tried_at")?);
        let nudged = values.get("nudged")?;
        let order = Standing { id, stage, tried_at, nudged, evidence: evidence(&values)?, newest };
        standing.insert(po, order);
    }
    Ok(standing)
}

/// The same evidence without what the database cannot hold.
fn cleaned(evidence: &Evidence) -> Evidence {
    Evidence {
        erp_order_no: clean_option(evidence.erp_order_no.as_ref()),
        tracking: clean_option(evidence.tracking.as_ref()),
        invoice_id: clean_option(evidence.invoice_id.as_ref()),
    }
}

fn outcome_event<'a>(run: &'a RunRef, step: &'a Step) -> NewEvent<'a> {
    let (to, what, detail) = match &step.outcome {
        StepOutcome::Advanced { to, note } => (Some(*to), OutcomeKind::Advanced.as_str(), note),
        StepOutcome::Stayed(cause) => (None, cause.reason.code(), &cause.detail),
    };
    NewEvent {
        po: step.po.as_str(),
        kind: "outcome",
        by: &run.run_id,
        from: Some(step.expected),
        to,
        what: what.to_owned(),
        detail: clean(detail),
    }
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

fn new_values(order: &Standing, step: &Step, merged: &Evidence, outdated: bool) -> Value {
    let Evidence { erp_order_no, tracking, invoice_id } = merged;
    match &step.outcome {
        StepOutcome::Advanced { to, .. } => {
            let kind = OutcomeKind::Advanced.as_str();
            json!([order.id, to.number(), 1, kind, null, null, null, erp_order_no, tracking, invoice_id, null])
        }
        StepOutcome::Stayed(cause) => {
            let overtaken = order.nudged || outdated && cause.reason.kind() == OutcomeKind::Blocked;
            let next = step.next_try_at.filter(|_| !overtaken).map(micros);
            let (kind, code) = (cause.reason.kind().as_str(), cause.reason.code());
            let detail = clean(&cause.detail);
            let (id, stage, tried) = (order.id, order.stage.number(), order.tried_at);
            json!([id, stage, 0, kind, code, detail, next, erp_order_no, tracking, invoice_id, tried])
        }
    }
}

async fn update(connection: &mut SqliteConnection, run: &RunRef, rows: Vec<Value>, now: DateTime<Utc>) -> Stored<()> {
    let rows = Value::from(rows).to_string();
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

/// Makes new tracking numbers findable by their parts.
async fn tell_tracking(connection: &mut SqliteConnection, ids: Vec<Value>) -> Stored<()> {
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

async fn repeat(connection: &mut SqliteConnection, events: Vec<Value>, now: DateTime<Utc>) -> Stored<()> {
    if events.is_empty() {
        return Ok(());
    }
    sqlx::query("UPDATE order_event SET times = times + 1, last_at = ? WHERE id IN (SELECT value FROM json_each(?))")
        .bind(micros(now))
        .bind(Value::from(events).to_string())
        .execute(connection)
        .await
        .map_err(unavailable)?;
    Ok(())
}
