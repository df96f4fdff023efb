//! What present payloads are known by.

use std::collections::HashMap;

use ipass_core::ports::{KnownPayload, PayloadDigest, RouteName, SaveOrder, Stored};
use ipass_sql_kit::{Values, unavailable};
use sqlx::{QueryBuilder, SqliteConnection};

use crate::open::SqliteStore;

/// Values of one statement: `SQLite` takes up to 32,766.
const CHUNK: usize = 1_000;

pub(crate) async fn known(
    store: &SqliteStore,
    route: &RouteName,
    digests: &[PayloadDigest],
) -> Stored<HashMap<PayloadDigest, KnownPayload>> {
    let mut known = HashMap::with_capacity(digests.len());
    for chunk in digests.chunks(CHUNK) {
        let mut query = QueryBuilder::new("WITH seen (digest) AS (");
        query.push_values(chunk, |mut row, digest| {
            row.push_bind(digest.0.to_vec());
        });
        query.push(
            ") SELECT d.digest, o.created_at, o.updated_at
             FROM seen CROSS JOIN order_digest AS d ON d.digest = seen.digest JOIN order_sync AS o ON o.id = d.order_id
             WHERE d.updated_at IS o.updated_at AND o.route = ",
        );
        query.push_bind(&route.0);
        query.push(
            " AND NOT EXISTS (SELECT 1 FROM order_unreadable AS u
                              WHERE u.route = o.route AND u.key IN (o.channel_order_id, o.po))",
        );
        for row in &query.build().fetch_all(store.reader()).await.map_err(unavailable)? {
            let values = Values::new(row, "order_digest", String::new());
            let digest: Vec<u8> = values.get("digest")?;
            // A digest of another length is none of ours.
            let Ok(digest) = digest.try_into() else { continue };
            let payload =
                KnownPayload { created_at: values.time("created_at")?, updated_at: values.time_or_none("updated_at")? };
            known.insert(PayloadDigest(digest), payload);
        }
    }
    Ok(known)
}

/// Keeps the digests of payloads that have just been stored.
pub(crate) async fn keep(
    connection: &mut SqliteConnection,
    route: &RouteName,
    stored: impl Iterator<Item = &SaveOrder>,
) -> Stored<()> {
    let stored: Vec<&SaveOrder> = stored.collect();
    for chunk in stored.chunks(CHUNK) {
        let mut query = QueryBuilder::new("WITH saved (po, digest) AS (");
        query.push_values(chunk, |mut row, save| {
            row.push_bind(save.order.po.as_str()).push_bind(PayloadDigest::of(&save.raw).0.to_vec());
        });
        query.push(
            ") INSERT INTO order_digest (order_id, digest, updated_at)
             SELECT o.id, saved.digest, o.updated_at
             FROM saved CROSS JOIN order_sync AS o ON o.po = saved.po WHERE o.route = ",
        );
        query.push_bind(&route.0);
        query.push(" ON CONFLICT (order_id) DO UPDATE SET digest = excluded.digest, updated_at = excluded.updated_at");
        query.build().execute(&mut *connection).await.map_err(unavailable)?;
    }
    Ok(())
}
