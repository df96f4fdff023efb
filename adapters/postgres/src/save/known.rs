//! What is stored of orders that are seen again.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use ipass_core::ports::{PayloadDigest, RouteName, SaveOrder, Stored};
use ipass_core::stage::Stage;
use sqlx::{PgConnection, Row};

use crate::error::unavailable;
use crate::events::clean;
use crate::row::Values;

/// What is stored of an order that is seen again.
pub(super) struct Known {
    pub(super) id: i64,
    pub(super) channel_order_id: String,
    pub(super) updated_at: Option<DateTime<Utc>>,
    pub(super) channel_status: String,
    pub(super) stage: Stage,
    /// The run that works on it.
    pub(super) claimed_by: Option<i64>,
    /// A create of it is open or applied.
    pub(super) in_erp: bool,
    pub(super) same: bool,
}

impl Known {
    /// Whether a seen order is one to be written down, as a change or as a second one of its number.
    pub(super) fn is_news(&self, save: &SaveOrder) -> bool {
        let outdated = save.order.updated_at.zip(self.updated_at).is_some_and(|(new, old)| {
            // The store keeps microseconds.
            new.timestamp_micros() < old.timestamp_micros()
        });
        self.is_another(save) || !(self.same || outdated)
    }

    pub(super) fn is_another(&self, save: &SaveOrder) -> bool {
        let (old, new) = (&self.channel_order_id, clean(&save.order.channel_order_id));
        !old.is_empty() && !new.is_empty() && *old != new
    }
}

/// Locks what is stored of orders, and looks at it then: a statement that waited for the locks would still see the
/// claims, writes and digests of before.
pub(super) async fn lock(
    connection: &mut PgConnection,
    route: &RouteName,
    chunk: &[&SaveOrder],
) -> Stored<HashMap<String, Known>> {
    let locked: HashSet<i64> =
        sqlx::query_scalar("SELECT id FROM order_sync WHERE route = $1 AND po = ANY($2) ORDER BY po FOR UPDATE")
            .bind(&route.0)
            .bind(chunk.iter().map(|save| save.order.po.as_str()).collect::<Vec<_>>())
            .fetch_all(&mut *connection)
            .await
            .map_err(unavailable)?
            .into_iter()
            .collect();
    let mut known = known(connection, route, chunk).await?;
    // One that came in between is not locked; inserting it finds it again.
    known.retain(|_, known| locked.contains(&known.id));
    Ok(known)
}

pub(super) async fn known(
    connection: &mut PgConnection,
    route: &RouteName,
    chunk: &[&SaveOrder],
) -> Stored<HashMap<String, Known>> {
    let query = "SELECT o.po, o.id, o.channel_order_id, o.updated_at, o.channel_status, o.stage,
                        (SELECT c.fence FROM order_claim AS c WHERE c.order_id = o.id) AS claimed_by,
                 EXISTS (SELECT 1 FROM remote_write AS w WHERE w.route = o.route AND w.po = o.po AND w.kind = 'create'
                         AND w.state IN ('intended', 'accepted', 'unknown', 'applied')) AS in_erp,
                 EXISTS (SELECT 1 FROM order_digest AS d WHERE d.order_id = o.id AND d.digest = seen.digest
                         AND d.updated_at IS NOT DISTINCT FROM o.updated_at) AS same
             FROM unnest($2::text[], $3::bytea[]) AS seen (po, digest)
             JOIN order_sync AS o ON o.route = $1 AND o.po = seen.po";
    let rows = sqlx::query(query)
        .bind(&route.0)
        .bind(chunk.iter().map(|save| save.order.po.as_str()).collect::<Vec<_>>())
        .bind(chunk.iter().map(|save| PayloadDigest::of(&save.raw).0.to_vec()).collect::<Vec<_>>())
        .fetch_all(connection)
        .await
        .map_err(unavailable)?;
    rows.iter()
        .map(|row| {
            let po: String = row.try_get("po").unwrap_or_default();
            let values = Values::new(row, "order_sync", &*po);
            let known = Known {
                id: values.get("id")?,
                channel_order_id: values.get("channel_order_id")?,
                updated_at: values.get("updated_at")?,
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
