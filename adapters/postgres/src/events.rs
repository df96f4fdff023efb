//! The timeline: appending facts, many at a time.

use chrono::{DateTime, Utc};
use ipass_core::ports::{RouteName, Stored};
use ipass_sql_kit::{NewEvent, clean, unavailable};
use sqlx::PgConnection;

use crate::row::number;

pub(crate) async fn append(
    connection: &mut PgConnection,
    route: &RouteName,
    events: &[NewEvent<'_>],
    now: DateTime<Utc>,
) -> Stored<()> {
    if events.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO order_event (route, po, at, last_at, kind, by, from_stage, to_stage, what, detail)
         SELECT $1, e.po, $2, $2, e.kind, e.by, e.from_stage, e.to_stage, e.what, e.detail
         FROM unnest($3::text[], $4::text[], $5::text[], $6::smallint[], $7::smallint[], $8::text[], $9::text[])
              WITH ORDINALITY AS e (po, kind, by, from_stage, to_stage, what, detail, position)
         ORDER BY e.position",
    )
    .bind(&route.0)
    .bind(now)
    .bind(events.iter().map(|event| event.po).collect::<Vec<_>>())
    .bind(events.iter().map(|event| event.kind).collect::<Vec<_>>())
    .bind(events.iter().map(|event| event.by).collect::<Vec<_>>())
    .bind(events.iter().map(|event| event.from.map(number)).collect::<Vec<_>>())
    .bind(events.iter().map(|event| event.to.map(number)).collect::<Vec<_>>())
    .bind(events.iter().map(|event| clean(&event.what)).collect::<Vec<_>>())
    .bind(events.iter().map(|event| clean(&event.detail)).collect::<Vec<_>>())
    .execute(connection)
    .await
    .map_err(unavailable)?;
    Ok(())
}
