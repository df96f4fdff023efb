//! The timeline: appending facts, many at a time.

use chrono::{DateTime, Utc};
use ipass_core::ports::{RouteName, Stored};
use ipass_core::stage::Stage;
use serde_json::{Value, json};
use sqlx::SqliteConnection;

use crate::error::unavailable;
use crate::row::micros;

/// A fact about an order.
pub(crate) struct NewEvent<'a> {
    pub(crate) po: &'a str,
    pub(crate) kind: &'static str,
    pub(crate) by: &'a str,
    pub(crate) from: Option<Stage>,
    pub(crate) to: Option<Stage>,
    pub(crate) what: String,
    pub(crate) detail: String,
}

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

/// A text without the one character at which `SQLite` would cut it off.
pub(crate) fn clean(text: &str) -> String {
    text.replace('\0', "")
}

/// The same for a text that may be absent.
pub(crate) fn clean_option(text: Option<&String>) -> Option<String> {
    text.map(|text| clean(text))
}
