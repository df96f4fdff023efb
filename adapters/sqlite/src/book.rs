//! One order, counts, and what a person does to orders.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use ipass_core::order::PoNumber;
use ipass_core::ports::{RouteName, StageEdit, StoreError, Stored, StoredOrder, TimelineEvent};
use ipass_core::reason::{Cause, Reason};
use ipass_core::stage::Stage;
use ipass_sql_kit::{NewEvent, Tally, Values, clean, order_columns, rows, unavailable};
use sqlx::SqliteConnection;

use crate::claim::nudge;
use crate::events::append;
use crate::open::SqliteStore;
use crate::row::micros;
use crate::runs::reap;
use crate::tally;

pub(crate) async fn order(store: &SqliteStore, route: &RouteName, po: &PoNumber) -> Stored<Option<StoredOrder>> {
    let row = sqlx::query(concat!(
        "SELECT ",
        order_columns!(),
        ", o.raw FROM order_sync AS o WHERE o.route = ? AND o.po = ?"
    ))
    .bind(&route.0)
    .bind(po.as_str())
    .fetch_optional(store.reader())
    .await
    .map_err(unavailable)?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(StoredOrder { row: rows::order(&row)?, raw: Values::new(&row, "order_sync", po.as_str()).get("raw")? }))
}

pub(crate) async fn timeline(
    store: &SqliteStore,
    route: &RouteName,
    po: &PoNumber,
    limit: u32,
) -> Stored<Vec<TimelineEvent>> {
    let rows = sqlx::query(
        "SELECT at, last_at, times, kind, by, from_stage, to_stage, what, detail
         FROM order_event WHERE route = ? AND po = ?
         ORDER BY id DESC LIMIT ?",
    )
    .bind(&route.0)
    .bind(po.as_str())
    .bind(limit)
    .fetch_all(store.reader())
    .await
    .map_err(unavailable)?;
    rows.iter().rev().map(|row| rows::timeline_event(row, po)).collect()
}

pub(crate) async fn set_stage(store: &SqliteStore, route: &RouteName, edit: &StageEdit) -> Stored<()> {
    let mut tx = store.begin_write().await?;
    let (mut from, mut claimed) = standing(&mut tx, route, &edit.po).await?;
    if claimed {
        // The run may have died since somebody last looked.
        reap(&mut tx, store.locks(), route, None, edit.now).await?;
        (from, claimed) = standing(&mut tx, route, &edit.po).await?;
    }
    if claimed {
        return Err(StoreError::Conflict(format!(
            "a run is working on order {}; try again when it has ended",
            edit.po
        )));
    }
    sqlx::query(
        "UPDATE order_sync
         SET stage = ?, stage_entered_at = ?, attempts = 0, last_tried_at = NULL, next_try_at = NULL, changed_at = ?
         WHERE route = ? AND po = ?",
    )
    .bind(edit.to.number())
    .bind(micros(edit.now))
    .bind(micros(edit.now))
    .bind(&route.0)
    .bind(edit.po.as_str())
    .execute(&mut *tx)
    .await
    .map_err(unavailable)?;
    let event = NewEvent {
        po: edit.po.as_str(),
        kind: "operator",
        by: &edit.by,
        from: Some(from),
        to: Some(edit.to),
        what: "stage".to_owned(),
        detail: clean(&edit.reason),
    };
    append(&mut tx, route, &[event], edit.now).await?;
    let mut tally = Tally::default();
    tally.moved(from, edit.to);
    tally::keep(&mut tx, route, tally).await?;
    tx.commit().await.map_err(unavailable)
}

/// The stage of an order, and whether a run works on it.
async fn standing(connection: &mut SqliteConnection, route: &RouteName, po: &PoNumber) -> Stored<(Stage, bool)> {
    let row = sqlx::query(
        "SELECT stage, EXISTS (SELECT 1 FROM order_claim AS c WHERE c.order_id = o.id) AS claimed
         FROM order_sync AS o WHERE route = ? AND po = ?",
    )
    .bind(&route.0)
    .bind(po.as_str())
    .fetch_optional(connection)
    .await
    .map_err(unavailable)?
    .ok_or_else(|| not_there(route, po))?;
    let values = Values::new(&row, "order_sync", po.as_str());
    Ok((values.stage("stage")?, values.get("claimed")?))
}

pub(crate) fn not_there(route: &RouteName, po: &PoNumber) -> StoreError {
    StoreError::Conflict(format!("there is no order {po} on route {route}"))
}

pub(crate) async fn retry(
    store: &SqliteStore,
    route: &RouteName,
    po: Option<&PoNumber>,
    now: DateTime<Utc>,
) -> Stored<u64> {
    let mut tx = store.begin_write().await?;
    let done = sqlx::query(
        "UPDATE order_sync SET next_try_at = NULL
         WHERE route = ?1 AND stage < 5 AND next_try_at > ?2 AND (?3 IS NULL OR po = ?3)",
    )
    .bind(&route.0)
    .bind(micros(now))
    .bind(po.map(PoNumber::as_str))
    .execute(&mut *tx)
    .await
    .map_err(unavailable)?;
    nudge(&mut tx, route, po).await?;
    tx.commit().await.map_err(unavailable)?;
    Ok(done.rows_affected())
}

pub(crate) async fn unreadable(store: &SqliteStore, route: &RouteName, limit: u32) -> Stored<Vec<(String, Cause)>> {
    let rows = sqlx::query(
        "SELECT key, reason, detail FROM order_unreadable WHERE route = ? ORDER BY last_at DESC, key LIMIT ?",
    )
    .bind(&route.0)
    .bind(limit)
    .fetch_all(store.reader())
    .await
    .map_err(unavailable)?;
    rows.iter().map(rows::unreadable).collect()
}

pub(crate) async fn shared_numbers(store: &SqliteStore, route: &RouteName) -> Stored<HashSet<PoNumber>> {
    let reason = Reason::DuplicatePo.code();
    let numbers: Vec<String> =
        sqlx::query_scalar("SELECT DISTINCT detail FROM order_unreadable WHERE route = ?1 AND reason = ?2")
            .bind(&route.0)
            .bind(reason)
            .fetch_all(store.reader())
            .await
            .map_err(unavailable)?;
    Ok(numbers.into_iter().filter_map(PoNumber::new).collect())
}
