//! `ipass run sync_stock` and `ipass stock list`: what is compared, what is sent, what is shown.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use ipass_sandbox::{SandboxConfig, WorldAction};
use serde_json::{Value, json};

use crate::common::database::Kind;
use crate::common::world::{World, now, quick};
use crate::service::{client, send};

/// The keys of a record.
const RECORD: [&str; 13] = [
    "route",
    "run_id",
    "at",
    "warehouse_code",
    "erp_warehouse_id",
    "sku",
    "erp_sku",
    "erp_quantity",
    "channel_quantity",
    "difference",
    "result",
    "reason",
    "detail",
];

fn world(store: Kind) -> World {
    World::new(SandboxConfig { stock_items: 30, ..quick() }, store)
}

/// All records that fit, newest first.
#[track_caller]
pub(super) fn list(world: &World, filters: &[&str]) -> Vec<Value> {
    let arguments = [&["stock", "list", "--limit", "1000", "--json"], filters].concat();
    let page = world.ipass(&arguments).code(0).json();
    assert_eq!(page["next"], Value::Null, "a thousand are enough");
    page["stock"].as_array().expect("records").clone()
}

/// Warehouse and SKU of everything that differs in the world, also of items that the mapping knows by the
/// retailer's SKU only.
#[track_caller]
fn planted(world: &World) -> BTreeSet<(String, String)> {
    let (_, text) = send(client().get(format!("{}/stock", world.sandbox.control_base_url()))).expect("an answer");
    let stock: Value = serde_json::from_str(&text).expect("JSON");
    let lists = ["differences", "unnamed"].map(|list| stock[list].as_array().expect("a list").clone());
    let name = |one: &Value, key: &str| one[key].as_str().expect("a name").to_owned();
    lists.iter().flatten().map(|one| (name(one, "warehouse"), name(one, "sku"))).collect()
}

fn key(record: &Value) -> (&str, &str) {
    (record["warehouse_code"].as_str().expect("a code"), record["sku"].as_str().expect("a SKU"))
}

/// Every record that fits by the filters is one that fits by itself, and the other way round.
#[track_caller]
fn chosen(world: &World, all: &[Value], filters: &[&str], fits: impl Fn(&Value) -> bool) {
    let expected: Vec<&Value> = all.iter().filter(|record| fits(record)).collect();
    assert!(!expected.is_empty() && expected.len() < all.len(), "{filters:?} chooses some of all");
    let found = list(world, filters);
    let unordered = |records: Vec<&Value>| records.into_iter().map(Value::to_string).collect::<BTreeSet<_>>();
    assert_eq!(unordered(found.iter().collect()), unordered(expected), "{filters:?}");
}

#[test]
fn a_dry_run_compares_and_neither_sends_nor_stores() {
    let world = world(Kind::Sqlite);
    let planted = planted(&world);
    assert!(!planted.is_empty());
    let report = world.ipass(&["run", "sync_stock", "--dry-run", "--json"]).code(0).json();
    let seen: BTreeSet<(String, String)> = report["stock"]
        .as_array()
        .expect("records")
        .iter()
        .filter(|record| record["result"] == "different")
        .map(|record| (key(record).0.to_owned(), key(record).1.to_owned()))
        .collect();
    assert_eq!(seen, planted);
    assert_eq!(report["counts"]["different"], planted.len(), "{report}");
    assert!(world.sandbox.ledger().stock.is_empty());
    assert_eq!(list(&world, &[]), Vec::<Value>::new());
    let none = world.ipass(&["stock", "list"]).code(0).stdout;
    assert!(none.contains("No record") && none.contains("--dry-run"), "{none}");
}

fn differences_are_written_once_and_shown(store: Kind) {
    let world = world(store);
    let planted = planted(&world).len();
    let report = world.job("sync_stock");
    assert_eq!(report["counts"]["written"], planted, "{report}");
    assert_eq!(self::planted(&world), BTreeSet::new());
    let again = world.job("sync_stock");
    assert_eq!((&again["counts"]["different"], &again["counts"]["written"]), (&json!(0), &json!(0)), "{again}");
    let ledger = world.sandbox.ledger();
    assert_eq!(ledger.violations(), Vec::<String>::new());
    assert!(ledger.stock.values().all(|item| (item.attempts, item.applied) == (1, 1)), "{:?}", ledger.stock);

    let records = list(&world, &[]);
    assert!(records.iter().all(|record| RECORD.iter().all(|key| record.get(key).is_some())), "{:?}", records[0]);
    let times: Vec<DateTime<Utc>> = records.iter().map(|record| time(&record["at"])).collect();
    assert!(times.is_sorted_by(|newer, older| newer >= older), "newest first");
    let written = list(&world, &["--result", "written"]);
    assert_eq!(written.len(), planted);
    for record in written {
        let units = |side: &str| record[side].as_i64().expect("units");
        let difference = units("erp_quantity") - units("channel_quantity");
        assert!(difference != 0 && record["difference"] == difference, "{record}");
        assert_eq!(record["run_id"], report["run_id"]);
    }
}

fn time(value: &Value) -> DateTime<Utc> {
    value.as_str().and_then(|text| text.parse().ok()).expect("a time")
}

#[test]
fn differences_are_written_once_and_shown_on_sqlite() {
    differences_are_written_once_and_shown(Kind::Sqlite);
}

#[test]
fn differences_are_written_once_and_shown_on_postgres() {
    differences_are_written_once_and_shown(Kind::Postgres);
}

#[test]
fn every_filter_of_the_list_chooses_what_it_says() {
    let world = world(Kind::Sqlite);
    let first = world.job("sync_stock");
    let between = now().to_rfc3339();
    world
        .sandbox
        .advance_erp(WorldAction::SetStock { wid: 33328, sku: "STK-00001".to_owned(), quantity: 900 })
        .expect("the product is there");
    let second = world.job("sync_stock");
    let all = list(&world, &[]);
    let text = |record: &Value, key: &str| record[key].as_str().unwrap_or_default().to_owned();
    chosen(&world, &all, &["--warehouse", "WH-NJ"], |record| record["warehouse_code"] == "WH-NJ");
    chosen(&world, &all, &["--sku", "0001"], |record| {
        text(record, "sku").contains("0001") || text(record, "erp_sku").contains("0001")
    });
    for result in ["written", "equal", "skipped"] {
        chosen(&world, &all, &["--result", result], |record| record["result"] == result);
    }
    chosen(&world, &all, &["--reason", "item_not_in_channel"], |record| record["reason"] == "item_not_in_channel");
    let difference = |record: &Value| record["difference"].as_i64();
    chosen(&world, &all, &["--min-difference", "1"], |record| difference(record).is_some_and(|units| units >= 1));
    chosen(&world, &all, &["--max-difference", "-1"], |record| difference(record).is_some_and(|units| units <= -1));
    chosen(&world, &all, &["--differs"], |record| difference(record).is_some_and(|units| units != 0));
    chosen(&world, &all, &["--start", &between], |record| record["run_id"] == second["run_id"]);
    chosen(&world, &all, &["--start", "2020-01-01T00:00:00Z", "--end", &between], |record| {
        record["run_id"] == first["run_id"]
    });
    chosen(&world, &all, &["--newest"], |record| record["run_id"] == second["run_id"]);
    // The newest is chosen first: what the second run found equal is not shown as written by the first.
    let newest = list(&world, &["--newest", "--result", "written"]);
    assert_eq!(newest.iter().map(key).collect::<Vec<_>>(), [("WH-CA", "STK-00001")]);
    for wrong in [["--result", "maybe"], ["--min-difference", "much"], ["--start", "yesterday"]] {
        world.ipass(&["stock", "list", wrong[0], wrong[1]]).code(2);
    }
}

#[test]
fn the_list_is_paged_and_readable() {
    let world = world(Kind::Sqlite);
    world.job("sync_stock");
    let all = list(&world, &[]);
    let (mut seen, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let mut arguments = vec!["stock", "list", "--limit", "50", "--json"];
        arguments.extend(cursor.iter().flat_map(|cursor| ["--cursor", cursor]));
        let page = world.ipass(&arguments).code(0).json();
        let rows = page["stock"].as_array().expect("records").clone();
        assert!((1..=50).contains(&rows.len()));
        seen.extend(rows);
        cursor = page["next"].as_str().map(str::to_owned);
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, all);
    let ended = world.ipass(&["stock", "list", "--limit", "5", "--result", "written"]).code(0);
    assert_eq!(ended.stdout.lines().count(), 5, "{ended:?}");
    for line in ended.stdout.lines() {
        for part in ["WH-", "ERP ", "channel ", "written"] {
            assert!(line.contains(part), "{part} in {line}");
        }
    }
    assert!(ended.stderr.contains("--cursor"), "{ended:?}");
}
