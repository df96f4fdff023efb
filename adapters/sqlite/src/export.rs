//! Whole lists, row by row.

use std::fmt::Write as _;
use std::ops::Range;

use chrono::DateTime;
use futures_util::TryStreamExt;
use ipass_core::ports::{
    AUDIT_COLUMNS, AuditFilter, ORDER_COLUMNS, OrderFilter, RouteName, RowSink, STOCK_COLUMNS, StockFilter, StoreError,
    Stored,
};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite};

use crate::error::unavailable;
use crate::open::SqliteStore;
use crate::{audit, search, stock_list, walk};

/// A column, and how its values are written for people.
#[derive(Debug, Clone, Copy)]
enum Cell {
    /// As it is stored.
    Text(&'static str),
    /// A whole number.
    Number(&'static str),
    /// A time: RFC 3339.
    Time(&'static str),
}

/// The cells of [`ORDER_COLUMNS`].
const ORDER_CELLS: [Cell; ORDER_COLUMNS.len()] = [
    Cell::Text("o.po"),
    Cell::Text("o.route"),
    Cell::Number("o.stage"),
    Cell::Text("o.channel_order_id"),
    Cell::Time("o.created_at"),
    Cell::Time("o.updated_at"),
    Cell::Text("o.channel_status"),
    Cell::Time("o.stage_entered_at"),
    Cell::Text("o.retailer_id"),
    Cell::Text("o.warehouse_code"),
    Cell::Text("o.service_level"),
    Cell::Text("o.sku_list"),
    Cell::Time("o.ship_by"),
    Cell::Text("o.erp_order_no"),
    Cell::Text("o.tracking"),
    Cell::Text("o.invoice_id"),
    Cell::Text("o.last_kind"),
    Cell::Text("o.last_reason"),
    Cell::Text("o.last_detail"),
    Cell::Time("o.last_at"),
    Cell::Time("o.next_try_at"),
    Cell::Text("o.hold"),
];

/// The cells of [`STOCK_COLUMNS`].
const STOCK_CELLS: [Cell; STOCK_COLUMNS.len()] = [
    Cell::Time("s.at"),
    Cell::Text("s.route"),
    Cell::Text("s.run_id"),
    Cell::Text("s.warehouse_code"),
    Cell::Text("s.erp_warehouse_id"),
    Cell::Text("s.sku"),
    Cell::Text("s.erp_sku"),
    Cell::Number("s.erp_quantity"),
    Cell::Number("s.channel_quantity"),
    Cell::Number("s.difference"),
    Cell::Text("s.result"),
    Cell::Text("s.reason"),
    Cell::Text("s.detail"),
];

/// The cells of [`AUDIT_COLUMNS`].
const AUDIT_CELLS: [Cell; AUDIT_COLUMNS.len()] = [
    Cell::Time("a.at"),
    Cell::Text("a.who"),
    Cell::Text("a.what"),
    Cell::Text("a.route"),
    Cell::Text("a.subject"),
    Cell::Text("a.detail"),
];

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

fn columns(cells: &[Cell]) -> String {
    let column = |cell: &Cell| match cell {
        Cell::Text(column) | Cell::Number(column) | Cell::Time(column) => *column,
    };
    cells.iter().map(column).collect::<Vec<_>>().join(", ")
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
