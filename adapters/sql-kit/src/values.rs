//! Columns of a row, and what they mean in the domain.

use chrono::{DateTime, Utc};
use ipass_core::order::PoNumber;
use ipass_core::ports::{StoreError, Stored};
use ipass_core::reason::Reason;
use ipass_core::stage::Stage;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{ColumnIndex, Decode, Row, Type, TypeInfo as _, ValueRef as _};

/// A server's row, as far as servers differ in how they keep a value. `None` is a null.
pub trait SqlRow: Row + Sized {
    /// A text.
    fn text(&self, column: &str) -> sqlx::Result<Option<String>>;
    /// A truth value.
    fn flag(&self, column: &str) -> sqlx::Result<Option<bool>>;
    /// A whole number of any width.
    fn whole(&self, column: &str) -> sqlx::Result<Option<i64>>;
    /// A time, to the microsecond, UTC.
    fn time(&self, column: &str) -> sqlx::Result<Option<DateTime<Utc>>>;
}

impl SqlRow for SqliteRow {
    fn text(&self, column: &str) -> sqlx::Result<Option<String>> {
        self.try_get(column)
    }

    fn flag(&self, column: &str) -> sqlx::Result<Option<bool>> {
        self.try_get(column)
    }

    fn whole(&self, column: &str) -> sqlx::Result<Option<i64>> {
        self.try_get(column)
    }

    /// Whole microseconds since 1970.
    fn time(&self, column: &str) -> sqlx::Result<Option<DateTime<Utc>>> {
        let Some(micros) = self.try_get::<Option<i64>, _>(column)? else { return Ok(None) };
        DateTime::from_timestamp_micros(micros).map(Some).ok_or_else(|| sqlx::Error::Decode("year".into()))
    }
}

impl SqlRow for PgRow {
    fn text(&self, column: &str) -> sqlx::Result<Option<String>> {
        self.try_get(column)
    }

    fn flag(&self, column: &str) -> sqlx::Result<Option<bool>> {
        self.try_get(column)
    }

    fn whole(&self, column: &str) -> sqlx::Result<Option<i64>> {
        let value = self.try_get_raw(column)?;
        let kind = value.type_info();
        Ok(match kind.name() {
            "INT2" => self.try_get::<Option<i16>, _>(column)?.map(i64::from),
            "INT4" => self.try_get::<Option<i32>, _>(column)?.map(i64::from),
            _ => self.try_get(column)?,
        })
    }

    fn time(&self, column: &str) -> sqlx::Result<Option<DateTime<Utc>>> {
        self.try_get(column)
    }
}

/// One row, with enough to name it when a value of it cannot be read.
pub struct Values<'r, R> {
    row: &'r R,
    table: &'static str,
    key: String,
}

impl<'r, R: SqlRow> Values<'r, R> {
    /// `key` is what a person would look the row up by.
    pub fn new(row: &'r R, table: &'static str, key: impl Into<String>) -> Self {
        Self { row, table, key: key.into() }
    }

    /// The same for a row that has its key in a column, or its keys in several.
    pub fn keyed(row: &'r R, table: &'static str, columns: &[&str]) -> Self {
        let part = |column: &&str| row.text(column).ok().flatten().unwrap_or_default();
        Self::new(row, table, columns.iter().map(part).collect::<Vec<_>>().join(" "))
    }

    /// The same for a row that has a number for its key.
    pub fn numbered(row: &'r R, table: &'static str, column: &str) -> Self {
        Self::new(row, table, row.whole(column).ok().flatten().unwrap_or_default().to_string())
    }

    /// The error of a column that holds something that nobody can have stored.
    pub fn corrupt(&self, column: &'static str) -> StoreError {
        StoreError::Corrupt { table: self.table, column, key: self.key.clone() }
    }

    /// A value of any type that the server of the row knows.
    pub fn get<T>(&self, column: &'static str) -> Stored<T>
    where
        T: Decode<'r, R::Database> + Type<R::Database>,
        &'static str: ColumnIndex<R>,
    {
        self.row.try_get(column).map_err(|_| self.corrupt(column))
    }

    fn read<T>(&self, column: &'static str, value: sqlx::Result<Option<T>>) -> Stored<T> {
        value.ok().flatten().ok_or_else(|| self.corrupt(column))
    }

    /// A text that is there.
    pub fn text(&self, column: &'static str) -> Stored<String> {
        self.read(column, self.row.text(column))
    }

    /// A text that may be missing.
    pub fn text_or_none(&self, column: &'static str) -> Stored<Option<String>> {
        self.row.text(column).map_err(|_| self.corrupt(column))
    }

    /// A truth value.
    pub fn flag(&self, column: &'static str) -> Stored<bool> {
        self.read(column, self.row.flag(column))
    }

    /// A whole number.
    pub fn whole(&self, column: &'static str) -> Stored<i64> {
        self.read(column, self.row.whole(column))
    }

    /// A whole number that may be missing.
    pub fn whole_or_none(&self, column: &'static str) -> Stored<Option<i64>> {
        self.row.whole(column).map_err(|_| self.corrupt(column))
    }

    /// A number that is never negative.
    pub fn number(&self, column: &'static str) -> Stored<u32> {
        u32::try_from(self.whole(column)?).map_err(|_| self.corrupt(column))
    }

    /// The same, which may be missing.
    pub fn number_or_none(&self, column: &'static str) -> Stored<Option<u32>> {
        let Some(number) = self.whole_or_none(column)? else { return Ok(None) };
        u32::try_from(number).map(Some).map_err(|_| self.corrupt(column))
    }

    /// A count of rows.
    pub fn count(&self, column: &'static str) -> Stored<u64> {
        u64::try_from(self.whole(column)?).map_err(|_| self.corrupt(column))
    }

    /// A time, UTC.
    pub fn time(&self, column: &'static str) -> Stored<DateTime<Utc>> {
        self.read(column, self.row.time(column))
    }

    /// A time that may be missing, UTC.
    pub fn time_or_none(&self, column: &'static str) -> Stored<Option<DateTime<Utc>>> {
        self.row.time(column).map_err(|_| self.corrupt(column))
    }

    /// A stage.
    pub fn stage(&self, column: &'static str) -> Stored<Stage> {
        self.stage_or_none(column)?.ok_or_else(|| self.corrupt(column))
    }

    /// A stage that may be missing.
    pub fn stage_or_none(&self, column: &'static str) -> Stored<Option<Stage>> {
        let Some(number) = self.whole_or_none(column)? else { return Ok(None) };
        Stage::from_number(number).map(Some).ok_or_else(|| self.corrupt(column))
    }

    /// The order's number, in a column `po`.
    pub fn po(&self) -> Stored<PoNumber> {
        PoNumber::new(self.text("po")?).ok_or_else(|| self.corrupt("po"))
    }

    /// A reason, by its code.
    pub fn reason(&self, column: &'static str) -> Stored<Reason> {
        Reason::from_code(&self.text(column)?).ok_or_else(|| self.corrupt(column))
    }
}
