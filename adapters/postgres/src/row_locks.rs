//! Locking what is looked at before it is written. Orders are locked by their PO numbers everywhere: who meets waits,
//! but never in a ring. What lies beside an order is looked at by a statement of its own, after: one that waited for
//! the lock would still see the claims, events, writes and digests of before.

use ipass_core::ports::{RouteName, RunRef, Stored};
use ipass_sql_kit::unavailable;
use sqlx::PgConnection;

use crate::lock::LockKey;

/// Locks those of the orders that are stored, and answers their ids.
pub(crate) async fn orders(connection: &mut PgConnection, route: &RouteName, numbers: &[&str]) -> Stored<Vec<i64>> {
    // By the keys, one by one: of a table that has just grown the server knows too little to find them so by itself.
    sqlx::query_scalar(
        "SELECT o.id FROM order_sync AS o
         WHERE o.id = ANY(ARRAY(
             SELECT x.id FROM unnest($2::text[]) AS n (po)
             CROSS JOIN LATERAL (SELECT id FROM order_sync AS k WHERE k.route = $1 AND k.po = n.po OFFSET 0) AS x))
         ORDER BY o.po FOR UPDATE",
    )
    .bind(&route.0)
    .bind(numbers)
    .fetch_all(connection)
    .await
    .map_err(unavailable)
}

/// Keeps everybody from saving settings of the route, until the transaction ends; answers whether the run works by
/// settings that are not live any more.
pub(crate) async fn settings(connection: &mut PgConnection, run: &RunRef) -> Stored<bool> {
    sqlx::query("SELECT pg_advisory_xact_lock_shared($1)")
        .bind(settings_key(&run.route).0)
        .execute(&mut *connection)
        .await
        .map_err(unavailable)?;
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM settings_version AS v WHERE v.route = $1
                        AND v.version > (SELECT r.settings_version FROM job_run AS r WHERE r.run_no = $2))",
    )
    .bind(&run.route.0)
    .bind(run.fence)
    .fetch_one(connection)
    .await
    .map_err(unavailable)
}

/// What whoever saves settings of a route locks.
pub(crate) fn settings_key(route: &RouteName) -> LockKey {
    LockKey::of(route, "save settings", None)
}
