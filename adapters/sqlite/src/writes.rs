//! The ledger of remote writes.

use std::collections::{BTreeSet, HashSet};

use chrono::{DateTime, Utc};
use ipass_core::order::PoNumber;
use ipass_core::ports::{RouteName, RunRef, Stored};
use ipass_core::write::{Intent, RemoteWrite, WriteKey, WriteKind, WriteNote, WriteState};
use ipass_sql_kit::settled::{Settled, settled};
use ipass_sql_kit::{rows, unavailable};
use serde_json::{Value, json};
use sqlx::SqliteConnection;

use crate::events::append;
use crate::open::SqliteStore;
use crate::row::micros;
use crate::runs::check_fence;

pub(crate) async fn writes_of(store: &SqliteStore, route: &RouteName, orders: &[PoNumber]) -> Stored<Vec<RemoteWrite>> {
    let pos: Vec<Value> = orders.iter().map(|po| po.as_str().into()).collect();
    let rows = sqlx::query(
        "SELECT kind, po, part, state, request_hash, receipt, intended_at, noted_at, attempts, message
         FROM remote_write
         WHERE route = ? AND po IN (SELECT value FROM json_each(?))
         ORDER BY po, intended_at, kind, part",
    )
    .bind(&route.0)
    .bind(Value::from(pos).to_string())
    .fetch_all(store.reader())
    .await
    .map_err(unavailable)?;
    rows.iter().map(rows::remote_write).collect()
}

pub(crate) async fn open_writes(store: &SqliteStore, route: &RouteName, kind: WriteKind) -> Stored<Vec<RemoteWrite>> {
    // The index by name: of all indexes with the route, only this one leaves out what has ended.
    let rows = sqlx::query(
        "SELECT kind, po, part, state, request_hash, receipt, intended_at, noted_at, attempts, message
         FROM remote_write INDEXED BY remote_write_open
         WHERE route = ? AND kind = ? AND state IN ('intended', 'accepted', 'unknown')
         ORDER BY po, part",
    )
    .bind(&route.0)
    .bind(kind.as_str())
    .fetch_all(store.reader())
    .await
    .map_err(unavailable)?;
    rows.iter().map(rows::remote_write).collect()
}

pub(crate) async fn intend(
    store: &SqliteStore,
    run: &RunRef,
    intents: &[Intent],
    now: DateTime<Utc>,
) -> Stored<Vec<WriteKey>> {
    if intents.is_empty() {
        return Ok(Vec::new());
    }
    let mut seen = HashSet::new();
    let rows: Vec<Value> = intents
        .iter()
        .filter(|intent| seen.insert(&intent.key))
        .map(|Intent { key, request_hash }| json!([key.kind.as_str(), key.po.as_str(), key.part, request_hash]))
        .collect();
    let mut tx = store.begin_write().await?;
    check_fence(&mut tx, run).await?;
    // A new intent is about a new request: what the remote gave for the one before says nothing of it.
    // "WHERE true" keeps the parser from taking ON for the join's.
    let committed = sqlx::query(
        "INSERT INTO remote_write (route, kind, po, part, state, request_hash, attempts, intended_at, run_no)
         SELECT ?1, j.value ->> 0, j.value ->> 1, j.value ->> 2, 'intended', j.value ->> 3, 1, ?2, ?3
         FROM json_each(?4) AS j WHERE true
         ON CONFLICT (route, kind, po, part) DO UPDATE
         SET state = 'intended', request_hash = excluded.request_hash, attempts = attempts + 1, receipt = NULL,
             message = NULL, noted_at = NULL, intended_at = excluded.intended_at, run_no = excluded.run_no
         WHERE state IN ('rejected', 'void')
            OR (state = 'applied' AND kind IN (SELECT value FROM json_each(?5)))
         RETURNING kind, po, part",
    )
    .bind(&run.route.0)
    .bind(micros(now))
    .bind(run.fence)
    .bind(Value::from(rows).to_string())
    .bind(repeating(intents))
    .fetch_all(&mut *tx)
    .await
    .map_err(unavailable)?;
    let committed: HashSet<WriteKey> = committed.iter().map(rows::write_key).collect::<Stored<_>>()?;
    tx.commit().await.map_err(unavailable)?;
    let mut refused: Vec<WriteKey> = seen.into_iter().filter(|key| !committed.contains(*key)).cloned().collect();
    refused.sort();
    Ok(refused)
}

/// The kinds among the intents of which one that was applied may follow another, as a JSON array.
fn repeating(intents: &[Intent]) -> String {
    let kinds: BTreeSet<&str> =
        intents.iter().map(|i| i.key.kind).filter(|kind| kind.repeats()).map(WriteKind::as_str).collect();
    kinds.into_iter().collect::<Value>().to_string()
}

pub(crate) async fn note(store: &SqliteStore, run: &RunRef, notes: &[WriteNote], now: DateTime<Utc>) -> Stored<()> {
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
    connection: &mut SqliteConnection,
    run: &RunRef,
    notes: &[&WriteNote],
    now: DateTime<Utc>,
) -> Stored<()> {
    if notes.is_empty() {
        return Ok(());
    }
    let states = states_before(connection, run, notes).await?;
    let (settled, events) = settled(run, notes, states);
    let rows: Value = settled
        .iter()
        .map(|(WriteKey { kind, po, part }, Settled { state, receipt, message })| {
            json!([kind.as_str(), po.as_str(), part, state.as_str(), receipt, message])
        })
        .collect();
    // A note without an intent is kept all the same: somebody else did it, and we found it.
    sqlx::query(
        "INSERT INTO remote_write (route, kind, po, part, state, request_hash, receipt, message, attempts,
                                   intended_at, noted_at, run_no)
         SELECT ?1, j.value ->> 0, j.value ->> 1, j.value ->> 2, j.value ->> 3, '', j.value ->> 4, j.value ->> 5, 0,
                ?2, ?2, ?3
         FROM json_each(?4) AS j WHERE true
         ON CONFLICT (route, kind, po, part) DO UPDATE
         SET state = excluded.state, receipt = coalesce(excluded.receipt, receipt),
             message = coalesce(excluded.message, message), noted_at = excluded.noted_at",
    )
    .bind(&run.route.0)
    .bind(micros(now))
    .bind(run.fence)
    .bind(rows.to_string())
    .execute(&mut *connection)
    .await
    .map_err(unavailable)?;
    append(connection, &run.route, &events, now).await
}

async fn states_before(
    connection: &mut SqliteConnection,
    run: &RunRef,
    notes: &[&WriteNote],
) -> Stored<Vec<(WriteKey, WriteState)>> {
    let keys: Vec<Value> = notes.iter().map(|n| json!([n.key.kind.as_str(), n.key.po.as_str(), n.key.part])).collect();
    let rows = sqlx::query(
        "SELECT w.kind, w.po, w.part, w.state
         FROM json_each(?2) AS j
         -- CROSS: the list leads; the other way round every write would scan the whole list.
         CROSS JOIN remote_write AS w
           ON w.route = ?1 AND w.kind = j.value ->> 0 AND w.po = j.value ->> 1 AND w.part = j.value ->> 2",
    )
    .bind(&run.route.0)
    .bind(Value::from(keys).to_string())
    .fetch_all(connection)
    .await
    .map_err(unavailable)?;
    rows.iter().map(rows::write_state).collect()
}
