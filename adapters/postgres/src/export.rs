//! Whole lists, row by row, as the server copies them out: no other way is as fast.

use futures_util::TryStreamExt;
use ipass_core::ports::{AuditFilter, OrderFilter, RouteName, RowSink, StockFilter, StoreError, Stored};
use ipass_sql_kit::cells::{AUDIT_CELLS, Cell, ORDER_CELLS, STOCK_CELLS, columns};
use ipass_sql_kit::unavailable;
use sqlx::Connection;

use crate::copy::Line;
use crate::open::PostgresStore;
use crate::sql::Sql;
use crate::{audit, search, stock_list, walk};

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
