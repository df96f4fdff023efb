//! What goes wrong in a database, in the words of the port.

use ipass_core::ports::StoreError;
use sqlx::migrate::MigrateError;

/// The error of a failed statement. Its message names no host, no file, no URL and no value.
#[expect(clippy::needless_pass_by_value, reason = "it is made for map_err")]
#[expect(clippy::wildcard_enum_match_arm, reason = "the library may add kinds at any time")]
pub fn unavailable(error: sqlx::Error) -> StoreError {
    let message = match &error {
        sqlx::Error::Database(database) => {
            format!("{} (code {})", database.message(), database.code().unwrap_or_default())
        }
        sqlx::Error::Io(io) => io.to_string(),
        sqlx::Error::PoolTimedOut => "no connection became free in time".to_owned(),
        sqlx::Error::PoolClosed => "the store is closed".to_owned(),
        sqlx::Error::Configuration(_) => "the URL of the store cannot be used".to_owned(),
        _ => "the connection failed".to_owned(),
    };
    StoreError::Unavailable(message)
}

/// The error of a schema that cannot be brought up to date.
#[expect(clippy::needless_pass_by_value, reason = "it is made for map_err")]
#[expect(clippy::wildcard_enum_match_arm, reason = "the library may add kinds at any time")]
pub fn migration_failed(error: MigrateError) -> StoreError {
    let message = match &error {
        MigrateError::VersionMissing(version) => {
            format!("the database has schema version {version}, which this program does not know: it is too old")
        }
        MigrateError::VersionMismatch(version) => format!("schema version {version} is not the one of this program"),
        MigrateError::Dirty(version) => format!("schema version {version} was applied in part"),
        MigrateError::Execute(inner) | MigrateError::ExecuteMigration(inner, _) => {
            format!("the schema cannot be brought up to date: {inner}")
        }
        _ => "the schema cannot be brought up to date".to_owned(),
    };
    StoreError::Unavailable(message)
}
