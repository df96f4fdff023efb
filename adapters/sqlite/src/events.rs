//! The timeline: appending facts, many at a time.

use chrono::{DateTime, Utc};
use ipass_core::ports::{RouteName, Stored};
use ipass_core::stage::Stage;
use ipass_sql_kit::{NewEvent, clean, unavailable};
use serde_json::{Value, json};
use sqlx::SqliteConnection;

use crate::row::micros;

pub(crate) async fn append(
    connection: &mut SqliteConnection,
    route: &RouteName,
    events: &[NewEvent<'_>],
    now: DateTime<Utc>,
) -> Stored<()> {
    if events.is_empty() {
        return Ok(());
    }
    let number = |stage: Option<Stage>| stage.map(Stage::number);
    let rows: Vec<Value> = events
        .iter()
        .map(|e| json!([e.po, e.kind, e.by, number(e.from), number(e.to), clean(&e.what), clean(&e.detail)]))
        .collect();
    sqlx::query(
        "INSERT INTO order_event (route, po, at, last_at, kind, by, from_stage, to_stage, what, detail)
         SELECT ?1, e.value ->> 0, ?2, ?2, e.value ->> 1, e.value ->> 2, e.value ->> 3, e.value ->> 4,
                e.value ->> 5, e.value ->> 6
         FROM json_each(?3) AS e
         ORDER BY e.key",
    )
    .bind(&route.0)
    .bind(micros(now))
    .bind(Value::from(rows).to_string())
    .execute(connection)
    .await
    .map_err(unavailable)?;
    Ok(())
}
