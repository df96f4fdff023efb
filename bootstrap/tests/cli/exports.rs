//! `ipass export`: files that a spreadsheet opens and nothing in them runs.

use std::path::Path;

use chrono::{DateTime, SecondsFormat, Utc};
use ipass_core::ports::{ORDER_COLUMNS, STOCK_COLUMNS};
use ipass_sandbox::{Kind as Story, NewOrder};
use serde_json::Value;

use crate::common::database::Kind;
use crate::common::world::{World, quick};
use crate::csv::Table;

/// What a spreadsheet would take for a formula.
const FORMULA: &str = "=HYPERLINK(\"http://x\",\"y\")";

/// Orders at several stages, with reasons, a hold and formulas among them.
fn world(store: Kind) -> World {
    let world = World::with_orders(store);
    world.sandbox.add_order(NewOrder::new("=PO+1").kind(Story::UnmappedShop).retailer("@1000099999"));
    world.sandbox.add_order(NewOrder::new("PO, \"quoted\"").kind(Story::UnmappedWarehouse).warehouse("-WH,2"));
    world.job("pull_orders");
    for job in ["push_orders", "ack_orders"] {
        world.job(job);
    }
    world.ipass(&["run", "ship_orders", "--po", "PO-PARCELS"]).code(0);
    world.ipass(&["orders", "hold", "PO-PLAIN", "--reason", FORMULA]).code(0);
    world
}

/// A cell as the file shows it: foreign text that would run is made inert.
fn cell(value: &Value, foreign: bool) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) if foreign && text.starts_with(['=', '+', '-', '@', '\t', '\r']) => format!("'{text}"),
        Value::String(text) => text.clone(),
        other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => other.to_string(),
    }
}

/// Where `orders list --json` shows what a column holds.
fn place(column: &str) -> String {
    let name = match column {
        "shipment" => "service_level",
        "tracking_no" => "tracking",
        "outcome" | "reason" | "detail" | "next_try_at" => return format!("/why/{column}"),
        "outcome_at" => "why/last_try_at",
        other => other,
    };
    format!("/{name}")
}

/// The same moment in whole seconds, or the text itself.
fn seconds(text: &str) -> String {
    let time = text.parse::<DateTime<Utc>>();
    time.map_or_else(|_| text.to_owned(), |time| time.to_rfc3339_opts(SecondsFormat::Secs, true))
}

#[track_caller]
fn export(world: &World, arguments: &[&str]) -> Table {
    let told = world.ipass(&[&["export"], arguments, &["--out", "out.csv", "--force", "--json"]].concat()).code(0);
    let table = Table::read(&world.path().join("out.csv"));
    let told = told.json();
    assert_eq!((&told["result"], &told["rows"]), (&"done".into(), &table.rows.len().into()), "{told}");
    assert!(!world.path().join("out.csv.part").exists());
    table
}

fn an_export_of_orders_is_the_list(store: Kind) {
    let world = world(store);
    let table = export(&world, &["orders"]);
    assert_eq!(table.columns, ORDER_COLUMNS.map(|column| column.name));
    let list = world.ipass(&["orders", "list", "--limit", "1000", "--json"]).code(0).json();
    let rows = list["orders"].as_array().expect("orders");
    assert_eq!((rows.len(), table.rows.len()), (8, 8));
    for (row, line) in rows.iter().zip(&table.rows) {
        for (column, found) in ORDER_COLUMNS.iter().zip(line) {
            let value = row.pointer(&place(column.name)).unwrap_or_else(|| panic!("{} in {row}", column.name));
            let expected = cell(value, column.foreign);
            let equal = if column.name.ends_with("_at") || ["status_since", "ship_by"].contains(&column.name) {
                seconds(found) == seconds(&expected)
            } else {
                *found == expected
            };
            assert!(equal, "{}: {found:?}, and the list says {expected:?}", column.name);
        }
    }
    for (column, inert) in [
        ("po_number", "'=PO+1"),
        ("retailer_id", "'@1000099999"),
        ("warehouse_code", "'-WH,2"),
        ("hold", &format!("'{FORMULA}")),
    ] {
        assert!(table.column(column).contains(&inert), "{inert} in {:?}", table.column(column));
    }
    assert!(table.column("po_number").contains(&"PO, \"quoted\""));
    let chosen = export(&world, &["orders", "--status", "1", "--reason", "missing_shop_mapping"]);
    assert_eq!(chosen.column("po_number"), ["'=PO+1"]);
    assert_eq!(export(&world, &["orders", "--held"]).column("po_number"), ["PO-PLAIN"]);
    assert!(export(&world, &["orders", "--po", "nobody"]).rows.is_empty());
}

#[test]
fn an_export_of_orders_is_the_list_on_sqlite() {
    an_export_of_orders_is_the_list(Kind::Sqlite);
}

#[test]
fn an_export_of_orders_is_the_list_on_postgres() {
    an_export_of_orders_is_the_list(Kind::Postgres);
}

fn an_export_of_stock_is_the_list(store: Kind) {
    let world = World::new(quick(), store);
    world.job("sync_stock");
    let table = export(&world, &["stock"]);
    assert_eq!(table.columns, STOCK_COLUMNS.map(|column| column.name));
    let records = super::stock::list(&world, &[]);
    assert!(records.len() > 50);
    assert_eq!(records.len(), table.rows.len());
    for (record, line) in records.iter().zip(&table.rows) {
        for (column, found) in STOCK_COLUMNS.iter().zip(line) {
            let expected = cell(&record[column.name], column.foreign);
            let equal = if column.name == "at" { seconds(found) == seconds(&expected) } else { *found == expected };
            assert!(equal, "{}: {found:?}, and the list says {expected:?}", column.name);
        }
    }
    // A difference below zero is a number and stays one.
    assert!(table.column("difference").iter().any(|units| units.parse::<i64>().is_ok_and(|units| units < 0)));
    let chosen = export(&world, &["stock", "--warehouse", "WH-NJ", "--differs"]);
    assert!(!chosen.rows.is_empty() && chosen.rows.len() < table.rows.len());
    assert!(chosen.column("warehouse_code").iter().all(|code| *code == "WH-NJ"));
}

#[test]
fn an_export_of_stock_is_the_list_on_sqlite() {
    an_export_of_stock_is_the_list(Kind::Sqlite);
}

#[test]
fn an_export_of_stock_is_the_list_on_postgres() {
    an_export_of_stock_is_the_list(Kind::Postgres);
}

#[test]
fn a_file_that_is_there_is_replaced_only_when_asked_to() {
    let world = World::with_orders(Kind::Sqlite);
    world.job("pull_orders");
    let out = world.write("mine.csv", "precious");
    let refused = world.ipass(&["export", "orders", "--out", "mine.csv"]).code(2);
    assert!(refused.stderr.contains("mine.csv") && refused.stderr.contains("already"), "{refused:?}");
    assert_eq!(text(&out), "precious");
    world.ipass(&["export", "orders", "--out", "no-such-folder/mine.csv"]).code(2);
    world.ipass(&["export", "orders"]).code(2);
    let told = world.ipass(&["export", "orders", "--out", "mine.csv", "--force"]).code(0);
    assert!(told.stdout.contains("6 rows") && told.stdout.contains("mine.csv"), "{told:?}");
    assert_eq!(Table::read(&out).rows.len(), 6);
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).expect("the file is there")
}
