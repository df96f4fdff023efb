//! Which orders stay, why, and for how long.

use ipass_core::ports::{CauseGroup, RouteName, StageAge, StageLimit, Stored};
use ipass_core::reason::Reason;
use ipass_sql_kit::{rows, unavailable};

use crate::open::PostgresStore;

pub(crate) async fn causes(store: &PostgresStore, route: Option<&RouteName>) -> Stored<Vec<CauseGroup>> {
    // The last two conditions are those of the index that leaves out nearly all orders. The oldest order of a
    // group is looked up by its time: finding it among all takes as long as all the rest.
    let rows = sqlx::query(
        "SELECT g.route, g.stage, g.reason, g.detail, g.oldest, g.orders, first.po, first.sample_detail FROM
             (SELECT route, stage, last_reason AS reason,
                     CASE WHEN last_reason = ANY($2) THEN coalesce(last_detail, '') END COLLATE \"C\" AS detail,
                     min(stage_entered_at) AS oldest, count(*) AS orders
              FROM order_sync
              WHERE stage < 5 AND hold IS NULL AND ($1::text IS NULL OR route = $1)
                AND last_reason IS NOT NULL AND last_kind <> 'advanced'
              GROUP BY 1, 2, 3, 4) AS g
         CROSS JOIN LATERAL
             (SELECT f.po, f.sample_detail FROM
                  (SELECT po, coalesce(last_detail, '') AS sample_detail FROM order_sync AS o
                   WHERE o.route = g.route AND o.stage = g.stage AND o.stage_entered_at = g.oldest
                     AND o.hold IS NULL AND o.last_reason = g.reason AND o.last_kind <> 'advanced'
                     AND (g.detail IS NULL OR coalesce(o.last_detail, '') = g.detail)
                   -- The orders of that time, and not the first of all by number.
                   OFFSET 0) AS f
              ORDER BY f.po LIMIT 1) AS first
         ORDER BY g.orders DESC, g.oldest, g.route, g.stage, g.reason, g.detail",
    )
    .bind(route.map(|route| &route.0))
    .bind(by_detail())
    .fetch_all(store.pool())
    .await
    .map_err(unavailable)?;
    rows.iter().map(rows::cause_group).collect()
}

/// Codes of the reasons whose orders are grouped by the detail, too.
fn by_detail() -> Vec<&'static str> {
    Reason::ALL.iter().filter(|reason| reason.groups_by_detail()).map(|reason| reason.code()).collect()
}

pub(crate) async fn ages(store: &PostgresStore, route: &RouteName, limits: &[StageLimit]) -> Stored<Vec<StageAge>> {
    let mut ages = Vec::with_capacity(limits.len());
    for limit in limits {
        let row = sqlx::query(
            "SELECT count(*) FILTER (WHERE stage_entered_at < $4) AS stuck, count(*) AS late,
                    (SELECT po FROM order_sync
                     WHERE route = $1 AND stage = $2 AND hold IS NULL AND stage_entered_at < greatest($3, $4)
                     ORDER BY stage_entered_at, po LIMIT 1) AS po
             FROM order_sync
             WHERE route = $1 AND stage = $2 AND hold IS NULL AND stage_entered_at < greatest($3, $4)",
        )
        .bind(&route.0)
        .bind(crate::row::number(limit.stage))
        .bind(limit.slow_before)
        .bind(limit.stuck_before)
        .fetch_one(store.pool())
        .await
        .map_err(unavailable)?;
        ages.push(rows::stage_age(&row, route, limit)?);
    }
    Ok(ages)
}
