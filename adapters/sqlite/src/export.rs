//! Whole lists, row by row.

use std::fmt::Write as _;
use std::ops::Range;

use chrono::DateTime;
use futures_util::TryStreamExt;
use ipass_core::ports::{AuditFilter, OrderFilter, RouteName, RowSink, StockFilter, StoreError, Stored};
use ipass_sql_kit::cells::{AUDIT_CELLS, Cell, ORDER_CELLS, STOCK_CELLS, columns};
use ipass_sql_kit::unavailable;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite};

use crate::open::SqliteStore;
use crate::{audit, search, stock_list, walk};

pub(crate) async fn orders(
    store: &SqliteStore,
    route: Option<&RouteName>,
    filter: &OrderFilter,
    sink: &mut dyn RowSink,
) -> Stored<u64> {
    let walk = walk::choose(store, route, filter, filter.sort).await?;
    hand_over(store, search::list_query(&columns(&ORDER_CELLS), route, filter, &walk, None), &ORDER_CELLS, sink).await
}

pub(crate) async fn stock(
    store: &SqliteStore,
    route: Option<&RouteName>,
    filter: &StockFilter,
    sink: &mut dyn RowSink,
) -> Stored<u64> {
    hand_over(store, stock_list::list_query(&columns(&STOCK_CELLS), route, filter), &STOCK_CELLS, sink).await
}

pub(crate) async fn audit(store: &SqliteStore, filter: &AuditFilter, sink: &mut dyn RowSink) -> Stored<u64> {
    hand_over(store, audit::list_query(&columns(&AUDIT_CELLS), filter, None), &AUDIT_CELLS, sink).await
}

async fn hand_over<const N: usize>(
    store: &SqliteStore,
    mut list: QueryBuilder<Sqlite>,
    cells: &[Cell; N],
    sink: &mut dyn RowSink,
) -> Stored<u64> {
    let mut rows = list.build().persistent(false).fetch(store.reader());
    let mut line = Line::<N>::new();
    let mut count = 0;
    let mut wanted = true;
    while wanted && let Some(row) = rows.try_next().await.map_err(unavailable)? {
        let values = line
            .read(&row, cells)
            .ok_or_else(|| StoreError::Unavailable("a row of the list cannot be written".to_owned()))?;
        wanted = sink.row(&values);
        count += u64::from(wanted);
    }
    Ok(count)
}

/// The values of one row after the other, in memory that is used again.
struct Line<const N: usize> {
    text: String,
    values: [Option<Range<usize>>; N],
}

impl<const N: usize> Line<N> {
    const fn new() -> Self {
        Self { text: String::new(), values: [const { None }; N] }
    }

    /// The values of a row; `None` if one is not what its cell says.
    fn read(&mut self, row: &SqliteRow, cells: &[Cell; N]) -> Option<[Option<&str>; N]> {
        self.text.clear();
        for ((at, cell), value) in cells.iter().enumerate().zip(&mut self.values) {
            let start = self.text.len();
            let number = |at| row.try_get::<Option<i64>, _>(at).ok();
            let there = match cell {
                Cell::Text(_) => row.try_get::<Option<&str>, _>(at).ok()?.map(|text| self.text.push_str(text)),
                Cell::Number(_) => number(at)?.map(|number| write!(self.text, "{number}")).transpose().ok()?,
                Cell::Time(_) => {
                    number(at)?.map(|micros| push_time(&mut self.text, micros).ok_or(())).transpose().ok()?
                }
            };
            *value = there.map(|()| start..self.text.len());
        }
        Some(std::array::from_fn(|at| self.values.get(at)?.clone().and_then(|range| self.text.get(range))))
    }
}

/// RFC 3339 in UTC, without the zeros at the end of a fraction.
fn push_time(text: &mut String, micros: i64) -> Option<()> {
    let time = DateTime::from_timestamp_micros(micros)?.naive_utc();
    write!(text, "{}", time.format("%Y-%m-%dT%H:%M:%S")).ok()?;
    let fraction = micros.rem_euclid(1_000_000);
    if fraction > 0 {
        let fraction = format!(".{fraction:06}");
        text.push_str(fraction.trim_end_matches('0'));
    }
    text.push('Z');
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_as_precise_as_it_is_stored() {
        for (micros, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (1_769_562_940_123_000, "2026-01-28T01:15:40.123Z"),
            (-1, "1969-12-31T23:59:59.999999Z"),
        ] {
            let mut text = String::new();
            push_time(&mut text, micros).unwrap();
            assert_eq!(text, expected);
        }
    }
}
