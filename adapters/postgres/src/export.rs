//! Whole lists, row by row, as the server copies them out: no other way is as fast.

use futures_util::TryStreamExt;
use ipass_core::ports::{
    AUDIT_COLUMNS, AuditFilter, ORDER_COLUMNS, OrderFilter, RouteName, RowSink, STOCK_COLUMNS, StockFilter, StoreError,
    Stored,
};
use sqlx::Connection;

use crate::copy::{Cell, Line};
use crate::error::unavailable;
use crate::open::PostgresStore;
use crate::sql::Sql;
use crate::{audit, search, stock_list, walk};

/// The cells of [`ORDER_COLUMNS`].
const ORDER_CELLS: [Cell; ORDER_COLUMNS.len()] = [
    Cell::Text("o.po"),
    Cell::Text("o.route"),
    Cell::Text("o.stage"),
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
    Cell::Text("s.erp_quantity"),
    Cell::Text("s.channel_quantity"),
    Cell::Text("s.difference"),
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
    store: &PostgresStore,
    route: Option<&RouteName>,
    filter: &OrderFilter,
    sink: &mut dyn RowSink,
) -> Stored<u64> {
    let walk = walk::choose(store, route, filter).await?;
    copy_out(store, search::list_query(&columns(&ORDER_CELLS), route, filter, walk, None, None), &ORDER_CELLS, sink)
        .await
}

pub(crate) async fn stock(
    store: &PostgresStore,
    route: Option<&RouteName>,
    filter: &StockFilter,
    sink: &mut dyn RowSink,
) -> Stored<u64> {
    copy_out(store, stock_list::list_query(&columns(&STOCK_CELLS), route, filter), &STOCK_CELLS, sink).await
}

pub(crate) async fn audit(store: &PostgresStore, filter: &AuditFilter, sink: &mut dyn RowSink) -> Stored<u64> {
    copy_out(store, audit::list_query(&columns(&AUDIT_CELLS), filter, None), &AUDIT_CELLS, sink).await
}

fn columns(cells: &[Cell]) -> String {
    cells.iter().map(|cell| cell.column()).collect::<Vec<_>>().join(", ")
}

async fn copy_out<const N: usize>(
    store: &PostgresStore,
    list: Sql,
    cells: &[Cell; N],
    sink: &mut dyn RowSink,
) -> Stored<u64> {
    let statement = format!("COPY ({}) TO STDOUT", list.written()?);
    // Beside the pool: a long list must not exceed a limit of time, nor keep a connection from the rest.
    let mut connection = store.connection().await?;
    // Literals and times have one meaning. Sorting a million rows would write them to the disk first; the
    // indexes of the lists have them in order, and a guess that reading along one is dear must not win.
    sqlx::raw_sql(
        "SET standard_conforming_strings = on; SET datestyle = 'ISO'; SET timezone = 'UTC';
         SET random_page_cost = 1.1; SET jit = off",
    )
    .execute(&mut connection)
    .await
    .map_err(unavailable)?;
    let mut rows = connection.copy_out_raw(&statement).await.map_err(unavailable)?;
    let mut line = Line::<N>::new();
    let mut count = 0;
    let mut wanted = true;
    while wanted && let Some(row) = rows.try_next().await.map_err(unavailable)? {
        let values = line
            .read(&row, cells)
            .ok_or_else(|| StoreError::Unavailable("the server copied out a row that cannot be read".to_owned()))?;
        wanted = sink.row(&values);
        count += u64::from(wanted);
    }
    drop(rows);
    if wanted {
        connection.close().await.map_err(unavailable)?;
    } else {
        // Not politely: the rest of the list would have to be read first.
        drop(connection.close_hard().await);
    }
    Ok(count)
}
