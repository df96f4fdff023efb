//! Saving what was pulled.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use ipass_core::ports::{PayloadDigest, RouteName, RunRef, SaveCounts, SaveOrder, Stored, UnreadableOrder};
use ipass_sql_kit::seen::{Changed, Known, Saved, Sorted, rounds, storable};
use ipass_sql_kit::{clean, clean_option, unavailable};
use serde_json::{Value, json};
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

use crate::events::append;
use crate::open::SqliteStore;
use crate::row::micros;
use crate::runs::check_fence;
use crate::{digests, payloads, tally};

/// Orders per statement: 100 × 18 values stay far below the limit of 32,766.
const CHUNK: usize = 100;

pub(crate) async fn save_orders(
    store: &SqliteStore,
    run: &RunRef,
    orders: &[SaveOrder],
    unreadable: &[UnreadableOrder],
    now: DateTime<Utc>,
) -> Stored<SaveCounts> {
    let mut tx = store.begin_write().await?;
    check_fence(&mut tx, run).await?;
    let mut saved = Saved { unreadable: unreadable.to_vec(), ..Saved::default() };
    for round in rounds(orders) {
        for chunk in round.chunks(CHUNK) {
            save_chunk(&mut tx, run, chunk, now, &mut saved).await?;
        }
    }
    let Saved { counts, unreadable, tally } = saved;
    keep_unreadable(&mut tx, &run.route, &unreadable, now).await?;
    tally::keep(&mut tx, &run.route, tally).await?;
    tx.commit().await.map_err(unavailable)?;
    Ok(SaveCounts { invalid: unreadable.len() as u64, ..counts })
}

async fn save_chunk(
    connection: &mut SqliteConnection,
    run: &RunRef,
    chunk: &[&SaveOrder],
    now: DateTime<Utc>,
    saved: &mut Saved,
) -> Stored<()> {
    let (chunk, bad) = storable(chunk);
    saved.unreadable.extend(bad);
    let known = known(connection, &run.route, &chunk).await?;
    let its_own = Known::its_own(&chunk, &known);
    let mut sorted = Sorted::of(run, &chunk, &known);
    let new = std::mem::take(&mut sorted.new);
    for save in &new {
        sorted.came(run, save);
    }
    saved.add(&mut sorted, new.len());
    let Sorted { changed, told, events, .. } = sorted;
    insert(connection, &run.route, &new, now).await?;
    update(connection, run, &changed, now).await?;
    nudge_others(connection, run, &told).await?;
    let written = || new.iter().copied().chain(changed.iter().map(|changed| changed.save));
    digests::keep(connection, &run.route, written()).await?;
    add_skus(connection, &run.route, written()).await?;
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
    rows.iter().map(Known::read).collect()
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
    changed: &[Changed<'_>],
    now: DateTime<Utc>,
) -> Stored<()> {
    if changed.is_empty() {
        return Ok(());
    }
    let ids: Value = changed.iter().map(|changed| changed.id).collect();
    payloads::keep(connection, &ids.to_string(), now).await?;
    forget_skus(connection, changed).await?;
    let mut query = QueryBuilder::<Sqlite>::new(
        "WITH n (id, stage, created_at, updated_at, channel_status, channel_order_id, retailer_id, warehouse_code,
                 service_level, sku_list, sku_names, ship_by, raw) AS (",
    );
    query.push_values(changed, |mut row, Changed { save, id, stage }| {
        let order = &save.order;
        row.push_bind(id)
            .push_bind(stage.number())
            .push_bind(micros(order.created_at))
            .push_bind(order.updated_at.map(micros))
            .push_bind(clean(order.status.as_str()))
            .push_bind(clean(&order.channel_order_id))
            .push_bind(clean_option(order.retailer_id.as_ref()))
            .push_bind(clean_option(order.warehouse_code.as_ref()))
            .push_bind(clean_option(order.service_level.as_ref()))
            .push_bind(clean(&save.sku_list))
            .push_bind(names(save).to_string())
            .push_bind(order.ship_by.map(micros))
            .push_bind(save.raw.as_slice());
    });
    query.push(
        ") UPDATE order_sync AS o
         SET attempts = CASE WHEN o.stage = n.stage THEN o.attempts ELSE 0 END,
             last_tried_at = CASE WHEN o.stage = n.stage THEN o.last_tried_at END,
             -- News of the channel, a cancellation above all, do not wait for the back-off.
             next_try_at = CASE WHEN o.stage = n.stage AND o.channel_status = n.channel_status THEN o.next_try_at END,
             -- What was said of the stage before is not said of this one.
             last_kind = CASE WHEN o.stage = n.stage THEN o.last_kind ELSE 'advanced' END,
             last_reason = CASE WHEN o.stage = n.stage THEN o.last_reason END,
             last_detail = CASE WHEN o.stage = n.stage THEN o.last_detail END,
             last_run_id = CASE WHEN o.stage = n.stage THEN o.last_run_id ELSE ",
    );
    query.push_bind(&run.run_id).push(" END, last_at = CASE WHEN o.stage = n.stage THEN o.last_at ELSE ");
    query
        .push_bind(micros(now))
        .push(" END, stage_entered_at = CASE WHEN o.stage = n.stage THEN o.stage_entered_at ELSE ");
    query.push_bind(micros(now)).push(" END, changed_at = ").push_bind(micros(now)).push(
        ", stage = n.stage, created_at = n.created_at, updated_at = n.updated_at, channel_status = n.channel_status,
             channel_order_id = CASE WHEN n.channel_order_id = '' THEN o.channel_order_id ELSE n.channel_order_id END,
             retailer_id = n.retailer_id, warehouse_code = n.warehouse_code, service_level = n.service_level,
             sku_list = n.sku_list, sku_names = n.sku_names, ship_by = n.ship_by, raw = n.raw
         FROM n WHERE o.id = n.id",
    );
    query.build().execute(connection).await.map_err(unavailable)?;
    Ok(())
}

/// Forgets the items of orders that have others by now, or another time of creation.
async fn forget_skus(connection: &mut SqliteConnection, changed: &[Changed<'_>]) -> Stored<()> {
    let now: Value = changed
        .iter()
        .map(|Changed { save, id, .. }| json!([id, micros(save.order.created_at), names(save).to_string()]))
        .collect();
    sqlx::query(
        "DELETE FROM order_sku WHERE (sku, created_at, po, route) IN
             (SELECT j.value, o.created_at, o.po, o.route
              FROM json_each(?) AS n CROSS JOIN order_sync AS o ON o.id = n.value ->> 0
              CROSS JOIN json_each(o.sku_names) AS j
              WHERE o.created_at <> n.value ->> 1 OR o.sku_names <> n.value ->> 2)",
    )
    .bind(now.to_string())
    .execute(connection)
    .await
    .map_err(unavailable)?;
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
