//! How far pulling has come.

use chrono::{DateTime, Utc};
use ipass_core::ports::{PullState, RouteName, RunRef, Stored, WindowKind};
use ipass_sql_kit::{Values, unavailable};

use crate::open::SqliteStore;
use crate::row::micros;
use crate::runs::check_fence;

pub(crate) async fn pull_state(store: &SqliteStore, route: &RouteName) -> Stored<PullState> {
    let row = sqlx::query(
        "SELECT (SELECT mark FROM pull_mark WHERE route = ?1 AND kind = 'created') AS created_mark,
                (SELECT mark FROM pull_mark WHERE route = ?1 AND kind = 'updated') AS updated_mark,
                (SELECT max(created_at) FROM order_sync WHERE route = ?1) AS newest_created",
    )
    .bind(&route.0)
    .fetch_one(store.reader())
    .await
    .map_err(unavailable)?;
    let values = Values::new(&row, "pull_mark", &*route.0);
    Ok(PullState {
        created_mark: values.time_or_none("created_mark")?,
        updated_mark: values.time_or_none("updated_mark")?,
        newest_created: values.time_or_none("newest_created")?,
    })
}

pub(crate) async fn move_mark(store: &SqliteStore, run: &RunRef, kind: WindowKind, to: DateTime<Utc>) -> Stored<()> {
    let kind = match kind {
        WindowKind::Created => "created",
        WindowKind::Updated => "updated",
    };
    let mut tx = store.begin_write().await?;
    check_fence(&mut tx, run).await?;
    sqlx::query(
        "INSERT INTO pull_mark (route, kind, mark) VALUES (?, ?, ?)
         ON CONFLICT (route, kind) DO UPDATE SET mark = excluded.mark WHERE excluded.mark > mark",
    )
    .bind(&run.route.0)
    .bind(kind)
    .bind(micros(to))
    .execute(&mut *tx)
    .await
    .map_err(unavailable)?;
    tx.commit().await.map_err(unavailable)
}
