//! The ledger of remote writes.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use chrono::{DateTime, Utc};
use ipass_core::order::PoNumber;
use ipass_core::ports::{RouteName, RunRef, Stored};
use ipass_core::write::{Intent, RemoteWrite, WriteKey, WriteKind, WriteNote, WriteState};
use ipass_sql_kit::settled::settled;
use ipass_sql_kit::{rows, unavailable};
use sqlx::PgConnection;

use crate::events::append;
use crate::open::PostgresStore;
use crate::runs::check_fence;

pub(crate) async fn writes_of(
    store: &PostgresStore,
    route: &RouteName,
    orders: &[PoNumber],
) -> Stored<Vec<RemoteWrite>> {
    let rows = sqlx::query(
        "SELECT kind, po, part, state, request_hash, receipt, intended_at, noted_at, attempts, message
         FROM remote_write
         WHERE route = $1 AND po = ANY($2)
         ORDER BY po, intended_at, kind, part",
    )
    .bind(&route.0)
    .bind(orders.iter().map(PoNumber::as_str).collect::<Vec<_>>())
    .fetch_all(store.pool())
    .await
    .map_err(unavailable)?;
    rows.iter().map(rows::remote_write).collect()
}

pub(crate) async fn open_writes(store: &PostgresStore, route: &RouteName, kind: WriteKind) -> Stored<Vec<RemoteWrite>> {
    let rows = sqlx::query(
        "SELECT kind, po, part, state, request_hash, receipt, intended_at, noted_at, attempts, message
         FROM remote_write
         WHERE route = $1 AND kind = $2 AND state IN ('intended', 'accepted', 'unknown')
         ORDER BY po, part",
    )
    .bind(&route.0)
    .bind(kind.as_str())
    .fetch_all(store.pool())
    .await
    .map_err(unavailable)?;
    rows.iter().map(rows::remote_write).collect()
}

pub(crate) async fn intend(
    store: &PostgresStore,
    run: &RunRef,
    intents: &[Intent],
    now: DateTime<Utc>,
) -> Stored<Vec<WriteKey>> {
    if intents.is_empty() {
        return Ok(Vec::new());
    }
    // Each key once, and all in one order: two runs that meet wait for each other, but never in a ring.
    let intents: BTreeMap<&WriteKey, &str> =
        intents.iter().rev().map(|intent| (&intent.key, intent.request_hash.as_str())).collect();
    let repeating: BTreeSet<&str> =
        intents.keys().map(|key| key.kind).filter(|kind| kind.repeats()).map(WriteKind::as_str).collect();
    let repeating: Vec<&str> = repeating.into_iter().collect();
    let mut tx = store.begin_write().await?;
    check_fence(&mut tx, run).await?;
    // A new intent is about a new request: what the remote gave for the one before says nothing of it.
    let committed = sqlx::query(
        "INSERT INTO remote_write AS w (route, kind, po, part, state, request_hash, attempts, intended_at, run_no)
         SELECT $1, i.kind, i.po, i.part, 'intended', i.request_hash, 1, $2, $3
         FROM unnest($4::text[], $5::text[], $6::text[], $7::text[]) AS i (kind, po, part, request_hash)
         ON CONFLICT (route, kind, po, part) DO UPDATE
         SET state = 'intended', request_hash = excluded.request_hash, attempts = w.attempts + 1, receipt = NULL,
             message = NULL, noted_at = NULL, intended_at = excluded.intended_at, run_no = excluded.run_no
         WHERE w.state IN ('rejected', 'void') OR (w.state = 'applied' AND w.kind = ANY($8))
         RETURNING kind, po, part",
    )
    .bind(&run.route.0)
    .bind(now)
    .bind(run.fence)
    .bind(intents.keys().map(|key| key.kind.as_str()).collect::<Vec<_>>())
    .bind(intents.keys().map(|key| key.po.as_str()).collect::<Vec<_>>())
    .bind(intents.keys().map(|key| key.part.as_str()).collect::<Vec<_>>())
    .bind(intents.values().copied().collect::<Vec<_>>())
    .bind(repeating)
    .fetch_all(&mut *tx)
    .await
    .map_err(unavailable)?;
    let committed: HashSet<WriteKey> = committed.iter().map(rows::write_key).collect::<Stored<_>>()?;
    tx.commit().await.map_err(unavailable)?;
    Ok(intents.into_keys().filter(|key| !committed.contains(*key)).cloned().collect())
}

pub(crate) async fn note(store: &PostgresStore, run: &RunRef, notes: &[WriteNote], now: DateTime<Utc>) -> Stored<()> {
    if notes.is_empty() {
        return Ok(());
    }
    let mut tx = store.begin_write().await?;
    check_fence(&mut tx, run).await?;
    let notes: Vec<&WriteNote> = notes.iter().collect();
    settle(&mut tx, run, &notes, now).await?;
    tx.commit().await.map_err(unavailable)
}

/// Writes down what became known, within a transaction.
pub(crate) async fn settle(
    connection: &mut PgConnection,
    run: &RunRef,
    notes: &[&WriteNote],
    now: DateTime<Utc>,
) -> Stored<()> {
    if notes.is_empty() {
        return Ok(());
    }
    let states = states_before(connection, run, notes).await?;
    let (settled, events) = settled(run, notes, states);
    // A note without an intent is kept all the same: somebody else did it, and we found it.
    sqlx::query(
        "INSERT INTO remote_write AS w (route, kind, po, part, state, request_hash, receipt, message, attempts,
                                        intended_at, noted_at, run_no)
         SELECT $1, n.kind, n.po, n.part, n.state, '', n.receipt, n.message, 0, $2, $2, $3
         FROM unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[])
              AS n (kind, po, part, state, receipt, message)
         ON CONFLICT (route, kind, po, part) DO UPDATE
         SET state = excluded.state, receipt = coalesce(excluded.receipt, w.receipt),
             message = coalesce(excluded.message, w.message), noted_at = excluded.noted_at",
    )
    .bind(&run.route.0)
    .bind(now)
    .bind(run.fence)
    .bind(settled.keys().map(|key| key.kind.as_str()).collect::<Vec<_>>())
    .bind(settled.keys().map(|key| key.po.as_str()).collect::<Vec<_>>())
    .bind(settled.keys().map(|key| key.part.as_str()).collect::<Vec<_>>())
    .bind(settled.values().map(|settled| settled.state.as_str()).collect::<Vec<_>>())
    .bind(settled.values().map(|settled| settled.receipt.as_deref()).collect::<Vec<_>>())
    .bind(settled.values().map(|settled| settled.message.as_deref()).collect::<Vec<_>>())
    .execute(&mut *connection)
    .await
    .map_err(unavailable)?;
    append(connection, &run.route, &events, now).await
}

async fn states_before(
    connection: &mut PgConnection,
    run: &RunRef,
    notes: &[&WriteNote],
) -> Stored<Vec<(WriteKey, WriteState)>> {
    let rows = sqlx::query(
        "SELECT w.kind, w.po, w.part, w.state
         FROM remote_write AS w
         WHERE w.route = $1
           AND (w.kind, w.po, w.part) IN
               (SELECT n.kind, n.po, n.part FROM unnest($2::text[], $3::text[], $4::text[]) AS n (kind, po, part))
         ORDER BY w.kind, w.po, w.part
         FOR UPDATE OF w",
    )
    .bind(&run.route.0)
    .bind(notes.iter().map(|note| note.key.kind.as_str()).collect::<Vec<_>>())
    .bind(notes.iter().map(|note| note.key.po.as_str()).collect::<Vec<_>>())
    .bind(notes.iter().map(|note| note.key.part.as_str()).collect::<Vec<_>>())
    .fetch_all(connection)
    .await
    .map_err(unavailable)?;
    rows.iter().map(rows::write_state).collect()
}
