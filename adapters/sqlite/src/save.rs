//! Saving what was pulled.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use ipass_core::order::PoNumber;
use ipass_core::ports::{PayloadDigest, RouteName, RunRef, SaveCounts, SaveOrder, Stored, UnreadableOrder};
use ipass_core::reason::{Cause, Reason};
use ipass_core::stage::Stage;
use serde_json::{Value, json};
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection};

use crate::error::unavailable;
use crate::events::{NewEvent, append, clean, clean_option};
use crate::open::SqliteStore;
use crate::row::{Values, micros};
use crate::runs::check_fence;
use crate::tally::Tally;
use crate::{digests, payloads};

/// Orders per statement: 100 × 18 values stay far below the limit of 32,766.
const CHUNK: usize = 100;

pub(crate) async fn save_orders(
    store: &SqliteStore,
    run: &RunRef,
    orders: &[SaveOrder],
    unreadable: &[UnreadableOrder],
    now: DateTime<Utc>,
) -> Stored<SaveCounts> {
    let mut counts = SaveCounts::default();
    let mut tx = store.begin_write().await?;
    check_fence(&mut tx, run).await?;
    let mut invalid: Vec<UnreadableOrder> = unreadable.to_vec();
    let mut tally = Tally::default();
    for round in rounds(orders) {
        for chunk in round.chunks(CHUNK) {
            save_chunk(&mut tx, run, chunk, now, &mut counts, (&mut invalid, &mut tally)).await?;
        }
    }
    counts.invalid += invalid.len() as u64;
    keep_unreadable(&mut tx, &run.route, &invalid, now).await?;
    tally.keep(&mut tx, &run.route).await?;
    tx.commit().await.map_err(unavailable)?;
    Ok(counts)
}

/// Parts a page so that a PO number is in each part once: a page may repeat an order, or hold two
/// with one number, and the later one has to meet the earlier one as a stored order.
fn rounds(orders: &[SaveOrder]) -> Vec<Vec<&SaveOrder>> {
    let mut rounds: Vec<Vec<&SaveOrder>> = Vec::new();
    let mut seen: HashMap<&PoNumber, usize> = HashMap::new();
    for order in orders {
        let round = seen.entry(&order.order.po).and_modify(|round| *round += 1).or_insert(0);
        if rounds.len() <= *round {
            rounds.push(Vec::new());
        }
        rounds[*round].push(order);
    }
    rounds
}

/// What is stored of an order that is seen again.
struct Known {
    id: i64,
    channel_order_id: String,
    updated_at: Option<DateTime<Utc>>,
    channel_status: String,
    stage: Stage,
    claimed_by: Option<i64>,
    /// A create of it is open or applied.
    in_erp: bool,
    same: bool,
}

async fn save_chunk(
    connection: &mut SqliteConnection,
    run: &RunRef,
    chunk: &[&SaveOrder],
    now: DateTime<Utc>,
    counts: &mut SaveCounts,
    (invalid, tally): (&mut Vec<UnreadableOrder>, &mut Tally),
) -> Stored<()> {
    let known = known(connection, &run.route, chunk).await?;
    let mut new = Vec::new();
    let mut changed = Vec::new();
    let mut told: Vec<i64> = Vec::new();
    let mut its_own = Vec::new();
    let mut events = Vec::new();
    for save in chunk {
        let order = &save.order;
        if order.po.as_str().contains('\0') {
            // No statement could name it again, and one such order would fail its whole page.
            let key = clean(&order.channel_order_id);
            let cause = Cause::new(Reason::InvalidPayload, "the PO number holds a zero character");
            invalid.push(UnreadableOrder { key, raw: save.raw.clone(), cause });
            continue;
        }
        let Some(known) = known.get(order.po.as_str()) else {
            new.push(*save);
            its_own.push(*save);
            tally.came(save.first_stage);
            events.push(NewEvent {
                po: order.po.as_str(),
                kind: "pulled",
                by: &run.run_id,
                from: None,
                to: Some(save.first_stage),
                what: order.status.as_str().to_owned(),
                detail: String::new(),
            });
            continue;
        };
        let channel_order_id = clean(&order.channel_order_id);
        let another = !known.channel_order_id.is_empty()
            && !channel_order_id.is_empty()
            && known.channel_order_id != channel_order_id;
        let outdated = order.updated_at.zip(known.updated_at).is_some_and(|(new, old)| micros(new) < micros(old));
        if another {
            invalid.push(UnreadableOrder {
                key: order.channel_order_id.clone(),
                raw: save.raw.clone(),
                cause: Cause::new(Reason::DuplicatePo, order.po.as_str()),
            });
            continue;
        }
        its_own.push(*save);
        if known.same || outdated {
            counts.unchanged += 1;
        } else {
            // Work in progress decides by what it read; it looks at the channel itself before it writes.
            // An order that the ERP may hold is push's to end: it asks the ERP first.
            let free = !known.in_erp && known.claimed_by.is_none_or(|fence| fence == run.fence);
            let to = save.at_push.filter(|to| known.stage == Stage::AwaitingPush && *to != known.stage && free);
            let status = clean(order.status.as_str());
            if known.channel_status != status {
                told.push(known.id);
            }
            if to.is_some() || known.channel_status != status {
                events.push(NewEvent {
                    po: order.po.as_str(),
                    kind: "changed",
                    by: &run.run_id,
                    from: to.map(|_| known.stage),
                    to,
                    detail: format!("{} -> {status}", known.channel_status),
                    what: status,
                });
            }
            let to = to.unwrap_or(known.stage);
            tally.moved(known.stage, to);
            changed.push((*save, known.id, to));
        }
    }
    counts.stored += new.len() as u64;
    counts.updated += changed.len() as u64;
    insert(connection, &run.route, &new, now).await?;
    update(connection, run, &changed, now).await?;
    nudge_others(connection, run, &told).await?;
    let changed = changed.iter().map(|(save, _, _)| *save);
    digests::keep(connection, &run.route, new.iter().copied().chain(changed.clone())).await?;
    add_skus(connection, &run.route, new.iter().copied().chain(changed.clone())).await?;
    forget_unreadable(connection, &run.route, its_own.into_iter()).await?;
    append(connection, &run.route, &events, now).await
}

async fn known(
    connection: &mut SqliteConnection,
    route: &RouteName,
    chunk: &[&SaveOrder],
) -> Stored<HashMap<String, Known>> {
    let mut query = QueryBuilder::new("WITH seen (po, digest) AS (");
    query.push_values(chunk, |mut row, save| {
        row.push_bind(save.order.po.as_str()).push_bind(PayloadDigest::of(&save.raw).0.to_vec());
    });
    query.push(
        ") SELECT o.po, o.id, o.channel_order_id, o.updated_at, o.channel_status, o.stage,
                 (SELECT c.fence FROM order_claim AS c WHERE c.order_id = o.id) AS claimed_by,
                 EXISTS (SELECT 1 FROM remote_write AS w WHERE w.route = o.route AND w.po = o.po AND w.kind = 'create'
                         AND w.state IN ('intended', 'accepted', 'unknown', 'applied')) AS in_erp,
                 (d.digest = seen.digest AND d.updated_at IS o.updated_at) IS TRUE AS same
         FROM seen CROSS JOIN order_sync AS o ON o.po = seen.po LEFT JOIN order_digest AS d ON d.order_id = o.id
         WHERE o.route = ",
    );
    query.push_bind(&route.0);
    let rows = query.build().fetch_all(connection).await.map_err(unavailable)?;
    rows.iter()
        .map(|row| {
            let po: String = row.try_get("po").unwrap_or_default();
            let values = Values::new(row, "order_sync", &*po);
            let known = Known {
                id: values.get("id")?,
                channel_order_id: values.get("channel_order_id")?,
                updated_at: values.time_or_none("updated_at")?,
                channel_status: values.get("channel_status")?,
                stage: values.stage("stage")?,
                claimed_by: values.get("claimed_by")?,
                in_erp: values.get("in_erp")?,
                same: values.get("same")?,
            };
            Ok((po, known))
        })
        .collect()
}

async fn insert(
    connection: &mut SqliteConnection,
    route: &RouteName,
    new: &[&SaveOrder],
    now: DateTime<Utc>,
) -> Stored<()> {
    if new.is_empty() {
        return Ok(());
    }
    let mut query = QueryBuilder::<Sqlite>::new(
        "INSERT INTO order_sync (route, po, channel_order_id, created_at, updated_at, channel_status, stage,
                                 stage_entered_at, retailer_id, warehouse_code, service_level, sku_list, sku_names,
                                 ship_by, stored_at, changed_at, raw) ",
    );
    query.push_values(new, |mut row, save| {
        let order = &save.order;
        row.push_bind(&route.0)
            .push_bind(order.po.as_str())
            .push_bind(clean(&order.channel_order_id))
            .push_bind(micros(order.created_at))
            .push_bind(order.updated_at.map(micros))
            .push_bind(clean(order.status.as_str()))
            .push_bind(save.first_stage.number())
            .push_bind(micros(now))
            .push_bind(clean_option(order.retailer_id.as_ref()))
            .push_bind(clean_option(order.warehouse_code.as_ref()))
            .push_bind(clean_option(order.service_level.as_ref()))
            .push_bind(clean(&save.sku_list))
            .push_bind(names(save).to_string())
            .push_bind(order.ship_by.map(micros))
            .push_bind(micros(now))
            .push_bind(micros(now))
            .push_bind(save.raw.as_slice());
    });
    query.build().execute(&mut *connection).await.map_err(unavailable)?;
    let pos: Vec<Value> = new.iter().map(|save| save.order.po.as_str().into()).collect();
    sqlx::query(
        "INSERT INTO order_text (rowid, po)
         SELECT o.id, o.po FROM json_each(?2) AS j CROSS JOIN order_sync AS o ON o.route = ?1 AND o.po = j.value
         ORDER BY o.id",
    )
    .bind(&route.0)
    .bind(Value::from(pos).to_string())
    .execute(connection)
    .await
    .map_err(unavailable)?;
    Ok(())
}

/// A run that holds one of these orders has read it before; it is to look again.
async fn nudge_others(connection: &mut SqliteConnection, run: &RunRef, orders: &[i64]) -> Stored<()> {
    if orders.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "UPDATE order_claim SET nudged = 1 WHERE order_id IN (SELECT value FROM json_each(?1)) AND fence <> ?2",
    )
    .bind(Value::from(orders).to_string())
    .bind(run.fence)
    .execute(connection)
    .await
    .map_err(unavailable)?;
    Ok(())
}

async fn update(
    connection: &mut SqliteConnection,
    run: &RunRef,
    changed: &[(&SaveOrder, i64, Stage)],
    now: DateTime<Utc>,
) -> Stored<()> {
    for (save, id, stage) in changed {
        let order = &save.order;
        payloads::keep(connection, *id, now).await?;
        sqlx::query(
            "DELETE FROM order_sku WHERE (sku, created_at, po, route) IN
                 (SELECT j.value, o.created_at, o.po, o.route
                  FROM order_sync AS o, json_each(o.sku_names) AS j WHERE o.id = ?)",
        )
        .bind(id)
        .execute(&mut *connection)
        .await
        .map_err(unavailable)?;
        sqlx::query(
            "UPDATE order_sync
             SET stage_entered_at = CASE WHEN stage = ?1 THEN stage_entered_at ELSE ?2 END,
                 attempts = CASE WHEN stage = ?1 THEN attempts ELSE 0 END,
                 last_tried_at = CASE WHEN stage = ?1 THEN last_tried_at END,
                 -- News of the channel, a cancellation above all, do not wait for the back-off.
                 next_try_at = CASE WHEN stage = ?1 AND channel_status = ?5 THEN next_try_at END,
                 -- What was said of the stage before is not said of this one.
                 last_kind = CASE WHEN stage = ?1 THEN last_kind ELSE 'advanced' END,
                 last_reason = CASE WHEN stage = ?1 THEN last_reason END,
                 last_detail = CASE WHEN stage = ?1 THEN last_detail END,
                 last_at = CASE WHEN stage = ?1 THEN last_at ELSE ?2 END,
                 last_run_id = CASE WHEN stage = ?1 THEN last_run_id ELSE ?15 END,
                 stage = ?1, changed_at = ?2, created_at = ?3, updated_at = ?4, channel_status = ?5,
                 channel_order_id = CASE WHEN ?6 = '' THEN channel_order_id ELSE ?6 END,
                 retailer_id = ?7, warehouse_code = ?8, service_level = ?9, sku_list = ?10, sku_names = ?11,
                 ship_by = ?12, raw = ?13
             WHERE id = ?14",
        )
        .bind(stage.number())
        .bind(micros(now))
        .bind(micros(order.created_at))
        .bind(order.updated_at.map(micros))
        .bind(clean(order.status.as_str()))
        .bind(clean(&order.channel_order_id))
        .bind(clean_option(order.retailer_id.as_ref()))
        .bind(clean_option(order.warehouse_code.as_ref()))
        .bind(clean_option(order.service_level.as_ref()))
        .bind(clean(&save.sku_list))
        .bind(names(save).to_string())
        .bind(order.ship_by.map(micros))
        .bind(save.raw.as_slice())
        .bind(id)
        .bind(&run.run_id)
        .execute(&mut *connection)
        .await
        .map_err(unavailable)?;
    }
    Ok(())
}

/// The names of an order's items, as a JSON array.
fn names(save: &SaveOrder) -> Value {
    save.sku_names.iter().map(|name| Value::from(clean(name))).collect()
}

async fn add_skus<'a>(
    connection: &mut SqliteConnection,
    route: &RouteName,
    saved: impl Iterator<Item = &'a SaveOrder>,
) -> Stored<()> {
    let rows: Vec<Value> = saved
        .flat_map(|save| {
            let order = &save.order;
            save.sku_names.iter().map(|sku| json!([clean(sku), micros(order.created_at), order.po.as_str()]))
        })
        .collect();
    sqlx::query(
        "INSERT OR IGNORE INTO order_sku (sku, created_at, po, route)
         SELECT j.value ->> 0, j.value ->> 1, j.value ->> 2, ? FROM json_each(?) AS j",
    )
    .bind(&route.0)
    .bind(Value::from(rows).to_string())
    .execute(connection)
    .await
    .map_err(unavailable)?;
    Ok(())
}

/// An order that can be read by now is not listed as unreadable any more, under its id or, where that could not be
/// read, under its PO number.
async fn forget_unreadable<'a>(
    connection: &mut SqliteConnection,
    route: &RouteName,
    saved: impl Iterator<Item = &'a SaveOrder>,
) -> Stored<()> {
    let names = |save: &SaveOrder| [clean(&save.order.channel_order_id), clean(save.order.po.as_str())];
    let keys: Vec<Value> = saved.flat_map(names).map(Value::from).collect();
    if keys.is_empty() {
        return Ok(());
    }
    sqlx::query("DELETE FROM order_unreadable WHERE route = ? AND key IN (SELECT value FROM json_each(?))")
        .bind(&route.0)
        .bind(Value::from(keys).to_string())
        .execute(connection)
        .await
        .map_err(unavailable)?;
    Ok(())
}

async fn keep_unreadable(
    connection: &mut SqliteConnection,
    route: &RouteName,
    unreadable: &[UnreadableOrder],
    now: DateTime<Utc>,
) -> Stored<()> {
    for UnreadableOrder { key, raw, cause } in unreadable {
        sqlx::query(
            "INSERT INTO order_unreadable (route, key, reason, detail, first_at, last_at, raw)
             VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6)
             ON CONFLICT (route, key) DO UPDATE
             SET reason = excluded.reason, detail = excluded.detail, last_at = excluded.last_at, raw = excluded.raw
             WHERE (raw, reason, detail) IS NOT (excluded.raw, excluded.reason, excluded.detail)",
        )
        .bind(&route.0)
        .bind(clean(key))
        .bind(cause.reason.code())
        .bind(clean(&cause.detail))
        .bind(micros(now))
        .bind(raw.as_slice())
        .execute(&mut *connection)
        .await
        .map_err(unavailable)?;
    }
    Ok(())
}
