//! What a person decides about one order, beside its stage.

use chrono::{DateTime, Utc};
use ipass_core::order::PoNumber;
use ipass_core::ports::{RouteName, Stored};
use ipass_sql_kit::{NewEvent, clean, unavailable};
use sqlx::PgConnection;

use crate::book::not_there;
use crate::claim::nudge;
use crate::events::append;
use crate::open::PostgresStore;

pub(crate) async fn set_hold(
    store: &PostgresStore,
    route: &RouteName,
    po: &PoNumber,
    hold: Option<&str>,
    by: &str,
    now: DateTime<Utc>,
) -> Stored<()> {
    let hold = hold.map(clean);
    let mut tx = store.begin_write().await?;
    let done = sqlx::query(
        "UPDATE order_sync
         SET hold = $1, next_try_at = CASE WHEN $1::text IS NULL THEN NULL ELSE next_try_at END, changed_at = $2
         WHERE route = $3 AND po = $4",
    )
    .bind(&hold)
    .bind(now)
    .bind(&route.0)
    .bind(po.as_str())
    .execute(&mut *tx)
    .await
    .map_err(unavailable)?;
    if done.rows_affected() == 0 {
        return Err(not_there(route, po));
    }
    if hold.is_none() {
        nudge(&mut tx, route, Some(po)).await?;
    }
    let what = if hold.is_some() { "hold" } else { "release" };
    tell(&mut tx, route, po, (what, hold.unwrap_or_default()), by, now).await?;
    tx.commit().await.map_err(unavailable)
}

pub(crate) async fn approve_cancel(
    store: &PostgresStore,
    route: &RouteName,
    po: &PoNumber,
    by: &str,
    now: DateTime<Utc>,
) -> Stored<()> {
    let mut tx = store.begin_write().await?;
    let done = sqlx::query(
        "UPDATE order_sync SET cancel_by = $1, next_try_at = NULL, changed_at = $2 WHERE route = $3 AND po = $4",
    )
    .bind(clean(by))
    .bind(now)
    .bind(&route.0)
    .bind(po.as_str())
    .execute(&mut *tx)
    .await
    .map_err(unavailable)?;
    if done.rows_affected() == 0 {
        return Err(not_there(route, po));
    }
    nudge(&mut tx, route, Some(po)).await?;
    tell(&mut tx, route, po, ("cancel_in_erp", String::new()), by, now).await?;
    tx.commit().await.map_err(unavailable)
}

async fn tell(
    connection: &mut PgConnection,
    route: &RouteName,
    po: &PoNumber,
    (what, detail): (&str, String),
    by: &str,
    now: DateTime<Utc>,
) -> Stored<()> {
    let event = NewEvent { po: po.as_str(), kind: "operator", by, from: None, to: None, what: what.to_owned(), detail };
    append(connection, route, &[event], now).await
}
