//! Recording how orders' parts in a run ended.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use ipass_core::order::PoNumber;
use ipass_core::ports::{Evidence, RouteName, RunRef, Step, StepOutcome, Stored};
use ipass_core::reason::OutcomeKind;
use ipass_core::stage::Stage;
use ipass_core::write::WriteNote;
use sqlx::PgConnection;

use crate::error::unavailable;
use crate::events::{NewEvent, append, clean, clean_option};
use crate::open::PostgresStore;
use crate::parts::{at_once, parts};
use crate::row::{Values, evidence, number};
use crate::row_locks;
use crate::runs::check_fence;
use crate::tally::Tally;
use crate::writes::settle;

/// A claimed order as it stands.
struct Standing {
    id: i64,
    stage: Stage,
    tried_at: DateTime<Utc>,
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
    let mut standing = claimed(&mut tx, run, steps).await?;
    let mut lost = Vec::new();
    let mut rows = Vec::new();
    let mut new_events = Vec::new();
    let mut repeated = Vec::new();
    let mut tally = Tally::default();
    for step in steps {
        let Some(order) = standing.remove(step.po.as_str()).filter(|order| order.stage == step.expected) else {
            lost.push(step.po.clone());
            continue;
        };
        let merged = order.evidence.grown_by(&cleaned(&step.evidence));
        let event = outcome_event(run, step);
        match &order.newest {
            Some(newest) if newest.equals(&event) => repeated.push((event.po, newest.id)),
            _ => new_events.push(event),
        }
        if let StepOutcome::Advanced { to, .. } = &step.outcome {
            tally.moved(order.stage, *to);
        }
        rows.push(NewValues::of(&order, step, merged, outdated));
    }
    update(&mut tx, run, &rows, now).await?;
    repeat(&mut tx, &run.route, &repeated, now).await?;
    append(&mut tx, &run.route, &new_events, now).await?;
    // Also of orders that are lost: what a remote did is a fact, whoever holds the order by now.
    let notes: Vec<&WriteNote> = steps.iter().flat_map(|step| &step.writes).collect();
    settle(&mut tx, run, &notes, now).await?;
    tally.keep(&mut tx, &run.route).await?;
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

/// What is to be stored of one order.
struct NewValues {
    id: i64,
    stage: Stage,
    /// `None`: not yet in its stage.
    tried_at: Option<DateTime<Utc>>,
    advanced: bool,
    kind: OutcomeKind,
    reason: Option<&'static str>,
    detail: Option<String>,
    next_try_at: Option<DateTime<Utc>>,
    evidence: Evidence,
}

impl NewValues {
    /// `outdated`: new settings were saved during the run, by which a blocked order may not be blocked.
    fn of(order: &Standing, step: &Step, evidence: Evidence, outdated: bool) -> Self {
        match &step.outcome {
            StepOutcome::Advanced { to, .. } => Self {
                id: order.id,
                stage: *to,
                tried_at: None,
                advanced: true,
                kind: OutcomeKind::Advanced,
                reason: None,
                detail: None,
                next_try_at: None,
                evidence,
            },
            StepOutcome::Stayed(cause) => Self {
                id: order.id,
                stage: order.stage,
                tried_at: Some(order.tried_at),
                advanced: false,
                kind: cause.reason.kind(),
                reason: Some(cause.reason.code()),
                detail: Some(clean(&cause.detail)),
                next_try_at: step
                    .next_try_at
                    .filter(|_| !(order.nudged || outdated && cause.reason.kind() == OutcomeKind::Blocked)),
                evidence,
            },
        }
    }
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
