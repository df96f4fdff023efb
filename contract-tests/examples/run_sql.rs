//! Carries out a file of SQL on a database: `run_sql URL FILE TABLE...`.
//!
//! Indexes of the tables are taken away before and made anew afterwards, which fills a large table in a tenth of
//! the time. For measurements; the service never does this.

use std::error::Error;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, SqliteConnection, query_as, raw_sql};

/// Name and definition.
type Indexes = Vec<(String, String)>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, file, tables @ ..] = arguments.as_slice() else {
        return Err("usage: run_sql URL FILE TABLE...".into());
    };
    let sql = std::fs::read_to_string(file)?;
    if url.starts_with("sqlite:") { sqlite(url, sql, tables).await } else { postgres(url, sql, tables).await }
}

async fn postgres(url: &str, sql: String, tables: &[String]) -> Result<(), Box<dyn Error>> {
    let mut connection = PgConnection::connect(url).await?;
    let indexes: Indexes = query_as(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid)
         FROM pg_index WHERE indrelid::regclass::text = ANY($1) AND NOT indisunique",
    )
    .bind(tables)
    .fetch_all(&mut connection)
    .await?;
    let run = async |connection: &mut PgConnection, sql: String| {
        raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(drop)
    };
    for (name, _) in &indexes {
        run(&mut connection, format!("DROP INDEX {name}")).await?;
    }
    run(&mut connection, sql).await?;
    run(&mut connection, "SET maintenance_work_mem = '1GB'".to_owned()).await?;
    for (_, definition) in indexes {
        run(&mut connection, definition).await?;
    }
    run(&mut connection, "VACUUM ANALYZE".to_owned()).await?;
    Ok(connection.close().await?)
}

async fn sqlite(url: &str, sql: String, tables: &[String]) -> Result<(), Box<dyn Error>> {
    let options: SqliteConnectOptions = url.parse()?;
    let mut connection = options
        .pragma("synchronous", "OFF")
        .pragma("cache_size", "-1000000")
        .pragma("temp_store", "MEMORY")
        .connect()
        .await?;
    let indexes: Indexes =
        query_as("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN (SELECT value FROM json_each(?))")
            .bind(serde_json::to_string(tables)?)
            .fetch_all(&mut connection)
            .await?;
    let run = async |connection: &mut SqliteConnection, sql: String| {
        raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(drop)
    };
    for (name, _) in &indexes {
        run(&mut connection, format!("DROP INDEX {name}")).await?;
    }
    run(&mut connection, sql).await?;
    for (_, definition) in indexes {
        run(&mut connection, definition).await?;
    }
    Ok(connection.close().await?)
}
