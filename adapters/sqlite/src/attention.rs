//! Which orders stay, why, and for how long.

use ipass_core::ports::{CauseGroup, RouteName, StageAge, StageLimit, Stored};
use ipass_core::reason::Reason;
use ipass_sql_kit::{rows, unavailable};
use serde_json::Value;

use crate::open::SqliteStore;
use crate::row::micros;

pub(crate) async fn causes(store: &SqliteStore, route: Option<&RouteName>) -> Stored<Vec<CauseGroup>> {
    // The index by name: it leaves out nearly all orders, which SQLite cannot know.
    let rows = sqlx::query(
        "SELECT route, stage, reason, detail, stage_entered_at AS oldest, po, sample_detail, orders FROM
             (SELECT *, row_number() OVER (PARTITION BY route, stage, reason, detail
                                           ORDER BY stage_entered_at, po) AS place,
                     count(*) OVER (PARTITION BY route, stage, reason, detail) AS orders
              FROM (SELECT route, stage, last_reason AS reason, stage_entered_at, po,
                           coalesce(last_detail, '') AS sample_detail,
                           CASE WHEN last_reason IN (SELECT value FROM json_each(?2))
                                THEN coalesce(last_detail, '') END AS detail
                    FROM order_sync INDEXED BY order_sync_kind
                    WHERE stage < 5 AND hold IS NULL AND (?1 IS NULL OR route = ?1)
                      AND last_reason IS NOT NULL AND last_kind <> 'advanced'))
         WHERE place = 1
         ORDER BY orders DESC, stage_entered_at, route, stage, reason, detail",
    )
    .bind(route.map(|route| &route.0))
    .bind(by_detail())
    .fetch_all(store.reader())
    .await
    .map_err(unavailable)?;
    rows.iter().map(rows::cause_group).collect()
}

/// Codes of the reasons whose orders are grouped by the detail, too, as a JSON array.
fn by_detail() -> String {
    let codes = Reason::ALL.iter().filter(|reason| reason.groups_by_detail()).map(|reason| reason.code());
    codes.collect::<Value>().to_string()
}

pub(crate) async fn ages(store: &SqliteStore, route: &RouteName, limits: &[StageLimit]) -> Stored<Vec<StageAge>> {
    let mut ages = Vec::with_capacity(limits.len());
    for limit in limits {
        let row = sqlx::query(
            "SELECT count(*) FILTER (WHERE stage_entered_at < ?4) AS stuck, count(*) AS late,
                    (SELECT po FROM order_sync INDEXED BY order_sync_age
                     WHERE route = ?1 AND stage = ?2 AND hold IS NULL AND stage_entered_at < max(?3, ?4)
                     ORDER BY stage_entered_at, po LIMIT 1) AS po
             FROM order_sync INDEXED BY order_sync_age
             WHERE route = ?1 AND stage = ?2 AND hold IS NULL AND stage_entered_at < max(?3, ?4)",
        )
        .bind(&route.0)
        .bind(limit.stage.number())
        .bind(micros(limit.slow_before))
        .bind(micros(limit.stuck_before))
        .fetch_one(store.reader())
        .await
        .map_err(unavailable)?;
        ages.push(rows::stage_age(&row, route, limit)?);
    }
    Ok(ages)
}
