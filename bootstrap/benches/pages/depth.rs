//! Where the first, the middle and the last page of a list start.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use ipass_core::ports::{
    AUDIT_COLUMNS, AuditFilter, ExportColumn, ORDER_COLUMNS, OrderFilter, OrderSort, RowSink, STOCK_COLUMNS,
    StockFilter,
};

use crate::lists::route;
use crate::options::Store;
use crate::world::World;

/// Rows that the last page has.
const REST: usize = 25;
/// Shorter lists have one page.
const SHORT: usize = 110;

/// Names of depths, and the field of the address that leads there.
type Places = Vec<(&'static str, String)>;

/// Keeps of each row what its place is made of.
struct Keys<'a> {
    columns: &'a [usize],
    rows: Vec<Box<str>>,
}

impl RowSink for Keys<'_> {
    fn row(&mut self, cells: &[Option<&str>]) -> bool {
        let cells = self.columns.iter().map(|column| cells[*column].unwrap_or_default());
        self.rows.push(cells.collect::<Vec<_>>().join("\n").into());
        true
    }
}

/// The place of a list is written as the stores write it: hexadecimal parts.
fn places<const N: usize>(rows: &[Box<str>], place: impl Fn(&[&str]) -> [String; N]) -> Places {
    let mut places = vec![("first", String::new())];
    if rows.len() > SHORT {
        for (depth, at) in [("middle", rows.len() / 2), ("last", rows.len() - REST)] {
            let parts = place(&rows[at - 1].split('\n').collect::<Vec<_>>());
            let hex = |part: String| part.bytes().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
            places.push((depth, format!("&after={}", parts.map(hex).join("-"))));
        }
    }
    places
}

fn column(columns: &[ExportColumn], name: &str) -> usize {
    columns.iter().position(|column| column.name == name).expect("a column")
}

fn micros(time: &str) -> String {
    time.parse::<DateTime<Utc>>().expect("a time").timestamp_micros().to_string()
}

/// Lists of more orders than these have their places where the list of all orders has them: reading each to its end
/// would take longer than all that is measured.
const LONG: u64 = 100_000;

/// One in so many orders of the list of all is kept.
const STEP: usize = 40;

/// The keys of all orders, by the order of the list.
#[derive(Default)]
pub(crate) struct All(HashMap<OrderSort, Vec<Box<str>>>);

pub(crate) fn order_places(world: &World, all: &mut All, filter: &OrderFilter) -> Places {
    let route = route();
    let count = world.store.count_orders(Some(&route), filter, LONG + 1);
    let long = world.runtime.block_on(count).expect("a count") > LONG;
    let keys = if long {
        let every = OrderFilter { sort: filter.sort, ..OrderFilter::default() };
        all.0.entry(filter.sort).or_insert_with(|| order_keys(world, &every).into_iter().step_by(STEP).collect())
    } else {
        &order_keys(world, filter)
    };
    places(keys, |row| {
        let lead = match (filter.sort, row[0]) {
            (OrderSort::InStage, _) => micros(row[1]),
            (OrderSort::ShipBy, "") if world.kind == Store::Sqlite => i64::MAX.to_string(),
            (OrderSort::Newest | OrderSort::Oldest, _) | (OrderSort::ShipBy, "") => String::new(),
            (OrderSort::ShipBy, at) => micros(at),
        };
        [filter.sort.as_str().to_owned(), lead, micros(row[2]), row[3].to_owned(), route.0.clone()]
    })
}

fn order_keys(world: &World, filter: &OrderFilter) -> Vec<Box<str>> {
    let columns = ["ship_by", "status_since", "created_at", "po_number"].map(|name| column(&ORDER_COLUMNS, name));
    let mut keys = Keys { columns: &columns, rows: Vec::new() };
    world.runtime.block_on(world.store.export_orders(Some(&route()), filter, &mut keys)).expect("a list");
    keys.rows
}

pub(crate) fn stock_places(world: &World, filter: &StockFilter) -> Places {
    let columns = ["at", "warehouse_code", "sku"].map(|name| column(&STOCK_COLUMNS, name));
    let mut keys = Keys { columns: &columns, rows: Vec::new() };
    world.runtime.block_on(world.store.export_stock(Some(&route()), filter, &mut keys)).expect("a list");
    places(&keys.rows, |row| [micros(row[0]), route().0, row[1].to_owned(), row[2].to_owned(), "0".to_owned()])
}

pub(crate) fn audit_places(world: &World, filter: &AuditFilter) -> Places {
    let columns = [column(&AUDIT_COLUMNS, "at")];
    let mut keys = Keys { columns: &columns, rows: Vec::new() };
    world.runtime.block_on(world.store.export_audit(filter, &mut keys)).expect("a list");
    places(&keys.rows, |row| [micros(row[0]), "0".to_owned()])
}
