//! The versions of the schema.

use std::collections::HashSet;

use ipass_core::ports::{StoreError, Stored};
use ipass_sql_kit::{migration_failed, unavailable};
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{Connection, Row, SqlSafeStr};

use crate::open::PostgresStore;
use crate::{stock, tally};

/// Forward only: what stands here is never edited, only followed.
const VERSIONS: [(i64, &str, &str); 17] = [
    (1, "orders", include_str!("../../../migrations/postgres/0001_orders.sql")),
    (2, "runs", include_str!("../../../migrations/postgres/0002_runs.sql")),
    (3, "writes", include_str!("../../../migrations/postgres/0003_writes.sql")),
    (4, "settings", include_str!("../../../migrations/postgres/0004_settings.sql")),
    (5, "attention", include_str!("../../../migrations/postgres/0005_attention.sql")),
    (6, "stock", include_str!("../../../migrations/postgres/0006_stock.sql")),
    (7, "leases", include_str!("../../../migrations/postgres/0007_leases.sql")),
    (8, "views", include_str!("../../../migrations/postgres/0008_views.sql")),
    (9, "admin", include_str!("../../../migrations/postgres/0009_admin.sql")),
    (10, "payload_view", include_str!("../../../migrations/postgres/0010_payload_view.sql")),
    (11, "page_speed", include_str!("../../../migrations/postgres/0011_page_speed.sql")),
    (12, "payloads", include_str!("../../../migrations/postgres/0012_payloads.sql")),
    (13, "run_log", include_str!("../../../migrations/postgres/0013_run_log.sql")),
    (14, "list_speed", include_str!("../../../migrations/postgres/0014_list_speed.sql")),
    (16, "payload_digest", include_str!("../../../migrations/postgres/0016_payload_digest.sql")),
    (17, "claims", include_str!("../../../migrations/postgres/0017_claims.sql")),
    (18, "writes_and_nudges", include_str!("../../../migrations/postgres/0018_writes_and_nudges.sql")),
];

pub(crate) async fn migrate(store: &PostgresStore) -> Stored<()> {
    let versions = VERSIONS.map(|(version, name, sql)| {
        Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    });
    // Beside the pool, whose time limits a large index would exceed.
    let mut connection = store.connection().await?;
    Migrator::with_migrations(versions.into())
        .run_direct(None, &mut connection, false)
        .await
        .map_err(migration_failed)?;
    tally::recount(&mut connection).await?;
    stock::supersede_doubles(&mut connection).await?;
    connection.close().await.map_err(unavailable)
}

pub(crate) async fn check(store: &PostgresStore) -> Stored<()> {
    let not_ready = || StoreError::Unavailable("the schema is not up to date".to_owned());
    let rows = sqlx::query("SELECT version FROM _sqlx_migrations WHERE success")
        .fetch_all(store.pool())
        .await
        .map_err(|error| if matches!(error, sqlx::Error::Database(_)) { not_ready() } else { unavailable(error) })?;
    let applied: HashSet<i64> = rows.iter().filter_map(|row| row.try_get(0).ok()).collect();
    if VERSIONS.iter().all(|(version, _, _)| applied.contains(version)) { Ok(()) } else { Err(not_ready()) }
}
