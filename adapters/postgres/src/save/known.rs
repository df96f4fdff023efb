//! What is stored of orders that are seen again.

use std::collections::{HashMap, HashSet};

use ipass_core::ports::{PayloadDigest, RouteName, SaveOrder, Stored};
use ipass_sql_kit::seen::Known;
use ipass_sql_kit::unavailable;
use sqlx::PgConnection;

use crate::row_locks;

/// Locks what is stored of orders, and looks at it then.
pub(super) async fn lock(
    connection: &mut PgConnection,
    route: &RouteName,
    chunk: &[&SaveOrder],
) -> Stored<HashMap<String, Known>> {
    let numbers: Vec<&str> = chunk.iter().map(|save| save.order.po.as_str()).collect();
    let locked: HashSet<i64> = row_locks::orders(connection, route, &numbers).await?.into_iter().collect();
    let mut known = known(connection, route, chunk, Depth::Whole).await?;
    // One that came in between is not locked; inserting it finds it again.
    known.retain(|_, known| locked.contains(&known.id));
    Ok(known)
}

/// What is asked of a stored order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// Whether it is news.
    News,
    /// Who holds it, too: the run that works on it, and the ERP.
    Whole,
}

macro_rules! known_query {
    ($claimed_by:literal, $in_erp:literal) => {
        concat!(
            "SELECT o.po, o.id, o.channel_order_id, o.updated_at, o.channel_status, o.stage, ",
            $claimed_by,
            " AS claimed_by, ",
            $in_erp,
            " AS in_erp,
             (SELECT d.digest = seen.digest AND d.updated_at IS NOT DISTINCT FROM o.updated_at
              FROM order_digest AS d WHERE d.order_id = o.id) IS TRUE AS same
             FROM unnest($2::text[], $3::bytea[]) AS seen (po, digest)
             CROSS JOIN LATERAL (SELECT * FROM order_sync AS k WHERE k.route = $1 AND k.po = seen.po OFFSET 0) AS o"
        )
    };
}

pub(super) async fn known(
    connection: &mut PgConnection,
    route: &RouteName,
    chunk: &[&SaveOrder],
    depth: Depth,
) -> Stored<HashMap<String, Known>> {
    let query = match depth {
        Depth::News => known_query!("NULL::bigint", "false"),
        Depth::Whole => known_query!(
            "(SELECT c.fence FROM order_claim AS c WHERE c.order_id = o.id)",
            "(SELECT true FROM remote_write AS w WHERE w.route = o.route AND w.po = o.po AND w.kind = 'create'
              AND w.state IN ('intended', 'accepted', 'unknown', 'applied') LIMIT 1) IS TRUE"
        ),
    };
    let rows = sqlx::query(query)
        .bind(&route.0)
        .bind(chunk.iter().map(|save| save.order.po.as_str()).collect::<Vec<_>>())
        .bind(chunk.iter().map(|save| PayloadDigest::of(&save.raw).0.to_vec()).collect::<Vec<_>>())
        .fetch_all(connection)
        .await
        .map_err(unavailable)?;
    rows.iter().map(Known::read).collect()
}
