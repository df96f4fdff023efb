//! Saving what was pulled.

mod known;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use ipass_core::ports::{RouteName, RunRef, SaveCounts, SaveOrder, Stored, UnreadableOrder};
use ipass_sql_kit::seen::{Changed, Known, Saved, Sorted, rounds, storable};
use ipass_sql_kit::{clean, clean_option, unavailable};
use sqlx::PgConnection;

use self::known::{Depth, known, lock};
use crate::events::append;
use crate::open::PostgresStore;
use crate::parts::{at_once, by_number};
use crate::row::number;
use crate::runs::check_fence;
use crate::{digests, payloads, tally};

/// Orders per statement. More are hardly faster, and their payloads have to fit into memory twice. Above what is
/// usual for a part.
const CHUNK: usize = 750;

pub(crate) async fn save_orders(
    store: &PostgresStore,
    run: &RunRef,
    orders: &[SaveOrder],
    unreadable: &[UnreadableOrder],
    now: DateTime<Utc>,
) -> Stored<SaveCounts> {
    let parts = by_number(orders).into_iter().enumerate();
    let saving = parts.map(|(at, part)| save_part(store, run, part, if at == 0 { unreadable } else { &[] }, now));
    let counts = at_once(saving.collect()).await?;
    Ok(counts.into_iter().fold(SaveCounts::default(), |sum, part| SaveCounts {
        stored: sum.stored + part.stored,
        updated: sum.updated + part.updated,
        unchanged: sum.unchanged + part.unchanged,
        invalid: sum.invalid + part.invalid,
    }))
}

async fn save_part(
    store: &PostgresStore,
    run: &RunRef,
    orders: Vec<&SaveOrder>,
    unreadable: &[UnreadableOrder],
    now: DateTime<Utc>,
) -> Stored<SaveCounts> {
    let mut tx = store.begin_write().await?;
    check_fence(&mut tx, run).await?;
    let mut saved = Saved { unreadable: unreadable.to_vec(), ..Saved::default() };
    for mut round in rounds(orders) {
        // Rows are locked in one order everywhere: who meets waits, but never in a ring.
        round.sort_by(|a, b| a.order.po.cmp(&b.order.po));
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
    connection: &mut PgConnection,
    run: &RunRef,
    chunk: &[&SaveOrder],
    now: DateTime<Utc>,
    saved: &mut Saved,
) -> Stored<()> {
    let (mut open, bad) = storable(chunk);
    saved.unreadable.extend(bad);
    // Without locks first: nearly all orders of a second look are unchanged, and a lock is a write.
    let seen = known(connection, &run.route, &open, Depth::News).await?;
    let its_own = Known::its_own(&open, &seen);
    let looked_at = open.len();
    open.retain(|save| seen.get(save.order.po.as_str()).is_none_or(|known| known.is_news(save)));
    saved.counts.unchanged += (looked_at - open.len()) as u64;
    // A round sees an order as new that another run inserts in the same moment; it comes back as known.
    while !open.is_empty() {
        open = save_locked(connection, run, open, now, saved).await?;
    }
    // Behind the locks of the orders, like what is kept unread.
    forget_unreadable(connection, &run.route, its_own.into_iter()).await
}

/// Writes what is new or changed, and answers the orders that somebody else has inserted meanwhile.
async fn save_locked<'a>(
    connection: &mut PgConnection,
    run: &'a RunRef,
    open: Vec<&'a SaveOrder>,
    now: DateTime<Utc>,
    saved: &mut Saved,
) -> Stored<Vec<&'a SaveOrder>> {
    let known = lock(connection, &run.route, &open).await?;
    let mut sorted = Sorted::of(run, &open, &known);
    let inserted = insert(connection, &run.route, &sorted.new, now).await?;
    let (new, late): (Vec<&SaveOrder>, Vec<&SaveOrder>) =
        std::mem::take(&mut sorted.new).into_iter().partition(|save| inserted.contains_key(save.order.po.as_str()));
    for save in &new {
        sorted.came(run, save);
    }
    saved.add(&mut sorted, new.len());
    let Sorted { changed, told, events, .. } = sorted;
    update(connection, run, &changed, now).await?;
    nudge_others(connection, run, &told).await?;
    let came = new.iter().filter_map(|save| Some((*inserted.get(save.order.po.as_str())?, *save)));
    digests::keep(connection, came.chain(changed.iter().map(|changed| (changed.id, changed.save)))).await?;
    append(connection, &run.route, &events, now).await?;
    Ok(late)
}

/// Names of items travel joined: arrays of arrays of different lengths do not exist.
const JOINT: &str = "\u{1f}";

fn joined(names: &[String]) -> String {
    names.iter().map(|name| clean(name).replace(JOINT, "")).collect::<Vec<_>>().join(JOINT)
}

/// Inserts orders and answers those that were not there, with their ids.
async fn insert(
    connection: &mut PgConnection,
    route: &RouteName,
    new: &[&SaveOrder],
    now: DateTime<Utc>,
) -> Stored<HashMap<String, i64>> {
    if new.is_empty() {
        return Ok(HashMap::new());
    }
    let orders = || new.iter().map(|save| &save.order);
    let inserted: Vec<(String, i64)> = sqlx::query_as(
        "INSERT INTO order_sync (route, po, channel_order_id, created_at, updated_at, channel_status, stage,
                                 stage_entered_at, retailer_id, warehouse_code, service_level, sku_list, sku_names,
                                 ship_by, stored_at, changed_at, raw)
         SELECT $1, n.po, n.channel_order_id, n.created_at, n.updated_at, n.channel_status, n.stage, $2,
                n.retailer_id, n.warehouse_code, n.service_level, n.sku_list, string_to_array(n.sku_names, chr(31)),
                n.ship_by, $2, $2, n.raw
         FROM unnest($3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::text[], $8::smallint[],
                     $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::timestamptz[],
                     $15::bytea[])
              AS n (po, channel_order_id, created_at, updated_at, channel_status, stage, retailer_id,
                    warehouse_code, service_level, sku_list, sku_names, ship_by, raw)
         ON CONFLICT (route, po) DO NOTHING
         RETURNING po, id",
    )
    .bind(&route.0)
    .bind(now)
    .bind(orders().map(|order| order.po.as_str()).collect::<Vec<_>>())
    .bind(orders().map(|order| clean(&order.channel_order_id)).collect::<Vec<_>>())
    .bind(orders().map(|order| order.created_at).collect::<Vec<_>>())
    .bind(orders().map(|order| order.updated_at).collect::<Vec<_>>())
    .bind(orders().map(|order| clean(order.status.as_str())).collect::<Vec<_>>())
    .bind(new.iter().map(|save| number(save.first_stage)).collect::<Vec<_>>())
    .bind(orders().map(|order| clean_option(order.retailer_id.as_ref())).collect::<Vec<_>>())
    .bind(orders().map(|order| clean_option(order.warehouse_code.as_ref())).collect::<Vec<_>>())
    .bind(orders().map(|order| clean_option(order.service_level.as_ref())).collect::<Vec<_>>())
    .bind(new.iter().map(|save| clean(&save.sku_list)).collect::<Vec<_>>())
    .bind(new.iter().map(|save| joined(&save.sku_names)).collect::<Vec<_>>())
    .bind(orders().map(|order| order.ship_by).collect::<Vec<_>>())
    .bind(new.iter().map(|save| save.raw.as_slice()).collect::<Vec<_>>())
    .fetch_all(connection)
    .await
    .map_err(unavailable)?;
    Ok(inserted.into_iter().collect())
}

/// A run that holds one of these orders has read it before; it is to look again.
async fn nudge_others(connection: &mut PgConnection, run: &RunRef, orders: &[i64]) -> Stored<()> {
    if orders.is_empty() {
        return Ok(());
    }
    sqlx::query("UPDATE order_claim SET nudged = true WHERE order_id = ANY($1) AND fence <> $2")
        .bind(orders)
        .bind(run.fence)
        .execute(connection)
        .await
        .map_err(unavailable)?;
    Ok(())
}

async fn update(
    connection: &mut PgConnection,
    run: &RunRef,
    changed: &[Changed<'_>],
    now: DateTime<Utc>,
) -> Stored<()> {
    if changed.is_empty() {
        return Ok(());
    }
    let orders = || changed.iter().map(|changed| &changed.save.order);
    let ids: Vec<i64> = changed.iter().map(|changed| changed.id).collect();
    payloads::keep(connection, &ids, now).await?;
    sqlx::query(
        "UPDATE order_sync AS o
         SET stage_entered_at = CASE WHEN o.stage = n.stage THEN o.stage_entered_at ELSE $1 END,
             attempts = CASE WHEN o.stage = n.stage THEN o.attempts ELSE 0 END,
             last_tried_at = CASE WHEN o.stage = n.stage THEN o.last_tried_at END,
             -- News of the channel, a cancellation above all, do not wait for the back-off.
             next_try_at = CASE WHEN o.stage = n.stage AND o.channel_status = n.channel_status THEN o.next_try_at END,
             -- What was said of the stage before is not said of this one.
             last_kind = CASE WHEN o.stage = n.stage THEN o.last_kind ELSE 'advanced' END,
             last_reason = CASE WHEN o.stage = n.stage THEN o.last_reason END,
             last_detail = CASE WHEN o.stage = n.stage THEN o.last_detail END,
             last_at = CASE WHEN o.stage = n.stage THEN o.last_at ELSE $1 END,
             last_run_id = CASE WHEN o.stage = n.stage THEN o.last_run_id ELSE $15 END,
             stage = n.stage, changed_at = $1, created_at = n.created_at, updated_at = n.updated_at,
             channel_status = n.channel_status,
             channel_order_id = coalesce(nullif(n.channel_order_id, ''), o.channel_order_id),
             retailer_id = n.retailer_id, warehouse_code = n.warehouse_code, service_level = n.service_level,
             sku_list = n.sku_list, sku_names = string_to_array(n.sku_names, chr(31)), ship_by = n.ship_by,
             raw = n.raw
         FROM unnest($2::bigint[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::text[], $7::smallint[],
                     $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::timestamptz[],
                     $14::bytea[])
              AS n (id, channel_order_id, created_at, updated_at, channel_status, stage, retailer_id,
                    warehouse_code, service_level, sku_list, sku_names, ship_by, raw)
         WHERE o.id = n.id",
    )
    .bind(now)
    .bind(&ids)
    .bind(orders().map(|order| clean(&order.channel_order_id)).collect::<Vec<_>>())
    .bind(orders().map(|order| order.created_at).collect::<Vec<_>>())
    .bind(orders().map(|order| order.updated_at).collect::<Vec<_>>())
    .bind(orders().map(|order| clean(order.status.as_str())).collect::<Vec<_>>())
    .bind(changed.iter().map(|changed| number(changed.stage)).collect::<Vec<_>>())
    .bind(orders().map(|order| clean_option(order.retailer_id.as_ref())).collect::<Vec<_>>())
    .bind(orders().map(|order| clean_option(order.warehouse_code.as_ref())).collect::<Vec<_>>())
    .bind(orders().map(|order| clean_option(order.service_level.as_ref())).collect::<Vec<_>>())
    .bind(changed.iter().map(|changed| clean(&changed.save.sku_list)).collect::<Vec<_>>())
    .bind(changed.iter().map(|changed| joined(&changed.save.sku_names)).collect::<Vec<_>>())
    .bind(orders().map(|order| order.ship_by).collect::<Vec<_>>())
    .bind(changed.iter().map(|changed| changed.save.raw.as_slice()).collect::<Vec<_>>())
    .bind(&run.run_id)
    .execute(connection)
    .await
    .map_err(unavailable)?;
    Ok(())
}

/// An order that can be read by now is not listed as unreadable any more, under its id or, where that could not be
/// read, under its PO number.
async fn forget_unreadable<'a>(
    connection: &mut PgConnection,
    route: &RouteName,
    saved: impl Iterator<Item = &'a SaveOrder>,
) -> Stored<()> {
    let names = |save: &SaveOrder| [clean(&save.order.channel_order_id), clean(save.order.po.as_str())];
    let keys: Vec<String> = saved.flat_map(names).collect();
    if keys.is_empty() {
        return Ok(());
    }
    sqlx::query("DELETE FROM order_unreadable WHERE route = $1 AND key = ANY($2)")
        .bind(&route.0)
        .bind(keys)
        .execute(connection)
        .await
        .map_err(unavailable)?;
    Ok(())
}

async fn keep_unreadable(
    connection: &mut PgConnection,
    route: &RouteName,
    unreadable: &[UnreadableOrder],
    now: DateTime<Utc>,
) -> Stored<()> {
    for UnreadableOrder { key, raw, cause } in unreadable {
        sqlx::query(
            "INSERT INTO order_unreadable AS u (route, key, reason, detail, first_at, last_at, raw)
             VALUES ($1, $2, $3, $4, $5, $5, $6)
             ON CONFLICT (route, key) DO UPDATE
             SET reason = excluded.reason, detail = excluded.detail, last_at = excluded.last_at, raw = excluded.raw
             WHERE (u.raw, u.reason, u.detail) IS DISTINCT FROM (excluded.raw, excluded.reason, excluded.detail)",
        )
        .bind(&route.0)
        .bind(clean(key))
        .bind(cause.reason.code())
        .bind(clean(&cause.detail))
        .bind(now)
        .bind(raw.as_slice())
        .execute(&mut *connection)
        .await
        .map_err(unavailable)?;
    }
    Ok(())
}
