//! What present payloads are known by.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use ipass_core::ports::{KnownPayload, PayloadDigest, RouteName, SaveOrder, Stored};
use ipass_sql_kit::{Values, unavailable};
use sqlx::PgConnection;

use crate::open::PostgresStore;

pub(crate) async fn known(
    store: &PostgresStore,
    route: &RouteName,
    digests: &[PayloadDigest],
) -> Stored<HashMap<PayloadDigest, KnownPayload>> {
    let rows = sqlx::query(
        // One by one through the indexes, whatever the server knows of tables that have just grown: another plan
        // would read a whole table for each page.
        "SELECT seen.digest, o.created_at, o.updated_at
         FROM unnest($2::bytea[]) AS seen (digest)
         CROSS JOIN LATERAL
             (SELECT d.order_id, d.updated_at FROM order_digest AS d WHERE d.digest = seen.digest OFFSET 0) AS d
         CROSS JOIN LATERAL
             (SELECT x.route, x.po, x.channel_order_id, x.created_at, x.updated_at
              FROM order_sync AS x WHERE x.id = d.order_id OFFSET 0) AS o
         WHERE o.route = $1 AND d.updated_at IS NOT DISTINCT FROM o.updated_at
           AND NOT EXISTS (SELECT 1 FROM order_unreadable AS u
                           WHERE u.route = $1 AND u.key IN (o.channel_order_id, o.po))",
    )
    .bind(&route.0)
    .bind(digests.iter().map(|digest| digest.0.as_slice()).collect::<Vec<_>>())
    .fetch_all(store.pool())
    .await
    .map_err(unavailable)?;
    rows.iter()
        .map(|row| {
            let values = Values::new(row, "order_digest", String::new());
            let digest: Vec<u8> = values.get("digest")?;
            let known = KnownPayload { created_at: values.get("created_at")?, updated_at: values.get("updated_at")? };
            Ok((digest.try_into().ok().map(PayloadDigest), known))
        })
        // A digest of another length is none of ours.
        .filter_map(|row: Stored<_>| row.map(|(digest, known)| digest.map(|digest| (digest, known))).transpose())
        .collect()
}

/// Keeps the digests of payloads that have just been stored.
pub(crate) async fn keep<'a>(
    connection: &mut PgConnection,
    stored: impl Iterator<Item = (i64, &'a SaveOrder)>,
) -> Stored<()> {
    let mut ids: Vec<i64> = Vec::new();
    let mut digests: Vec<[u8; 32]> = Vec::new();
    let mut updated: Vec<Option<DateTime<Utc>>> = Vec::new();
    for (id, save) in stored {
        ids.push(id);
        digests.push(PayloadDigest::of(&save.raw).0);
        updated.push(save.order.updated_at);
    }
    sqlx::query(
        "INSERT INTO order_digest (order_id, digest, updated_at)
         SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::timestamptz[])
         ON CONFLICT (order_id) DO UPDATE SET digest = excluded.digest, updated_at = excluded.updated_at",
    )
    .bind(ids)
    .bind(digests.iter().map(<[u8; 32]>::as_slice).collect::<Vec<_>>())
    .bind(updated)
    .execute(connection)
    .await
    .map_err(unavailable)?;
    Ok(())
}
