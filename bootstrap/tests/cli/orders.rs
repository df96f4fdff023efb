//! `ipass orders`: what an operator sees and does.

use ipass_sandbox::{Kind as Story, NewOrder};
use serde_json::Value;

use crate::common::database::Kind;
use crate::common::world::{JOBS, World, quick};

#[track_caller]
fn show(world: &World, po: &str) -> Value {
    world.ipass(&["orders", "show", po, "--json"]).code(0).json()
}

#[test]
fn the_list_is_filtered_and_paged() {
    let world = World::with_orders(Kind::Sqlite);
    world.job("pull_orders");
    world.ipass(&["run", "push_orders", "--po", "PO-UNITS"]).code(0);
    let list = |arguments: &[&str]| {
        let page = world.ipass(&[&["orders", "list", "--json"], arguments].concat()).code(0).json();
        let names: Vec<String> = page["orders"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["po_number"].as_str().unwrap().to_owned())
            .collect();
        (names, page["next"].as_str().map(str::to_owned))
    };
    assert_eq!(list(&["--status", "2"]).0, ["PO-UNITS"]);
    assert_eq!(list(&["--status", "1"]).0.len(), 5);
    assert_eq!(list(&["--status", "1", "--status", "2"]).0.len(), 6);
    assert_eq!(list(&["--po", "SPLI"]).0, ["PO-SPLIT"]);
    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let arguments: Vec<&str> =
            cursor.as_deref().map_or(vec!["--limit", "4"], |at| vec!["--limit", "4", "--cursor", at]);
        let (names, next) = list(&arguments);
        seen.extend(names);
        cursor = next;
        if cursor.is_none() {
            break;
        }
    }
    seen.sort();
    assert_eq!(seen, ["PO-LINES", "PO-MAPPED", "PO-PARCELS", "PO-PLAIN", "PO-SPLIT", "PO-UNITS"]);
    let text = world.ipass(&["orders", "list", "--status", "2"]).code(0).stdout;
    assert!(text.contains("PO-UNITS") && text.contains("awaiting ack"), "{text}");
    world.ipass(&["orders", "list", "--status", "9"]).code(2);
}

#[test]
fn why_tells_the_cause_in_both_languages_and_who_acts() {
    let world = World::new(quick(), Kind::Sqlite);
    world.sandbox.add_order(NewOrder::new("PO-X").kind(Story::UnmappedShop));
    world.job("pull_orders");
    let fresh = world.ipass(&["orders", "why", "PO-X"]).code(0).stdout;
    assert!(fresh.contains("has not been looked at") && fresh.contains("尚未处理"), "{fresh}");
    world.job("push_orders");
    let text = world.ipass(&["orders", "why", "PO-X"]).code(0).stdout;
    for part in ["1000099999", "映射", "mapping", "since", "next try", "who acts"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let why = world.ipass(&["orders", "why", "PO-X", "--json"]).code(0).json();
    assert_eq!((&why["reason"], &why["status"]), (&"missing_shop_mapping".into(), &1.into()), "{why}");
    assert!(why["sentence"]["en"].as_str().unwrap().contains("1000099999"), "{why}");
    assert!(why["sentence"]["zh"].as_str().unwrap().contains("映射"), "{why}");
    assert!(why["next_try_at"].is_string() && why["who_acts"]["zh"].is_string(), "{why}");
    let unknown = world.ipass(&["orders", "why", "PO-NEVER"]).code(1);
    assert!(unknown.stderr.contains("PO-NEVER") && unknown.stderr.contains("pull_orders"), "{unknown:?}");
}

#[test]
fn retry_makes_an_order_due_at_once() {
    let world = World::new(quick(), Kind::Sqlite);
    for po in ["PO-A", "PO-B"] {
        world.sandbox.add_order(NewOrder::new(po).kind(Story::UnmappedShop));
    }
    world.job("pull_orders");
    world.job("push_orders");
    assert!(show(&world, "PO-A")["why"]["next_try_at"].is_string());
    let told = world.ipass(&["orders", "retry", "PO-A", "--json"]).code(0).json();
    assert_eq!((&told["result"], &told["due"]), (&"done".into(), &1.into()), "{told}");
    assert!(show(&world, "PO-A")["why"]["next_try_at"].is_null());
    assert!(show(&world, "PO-B")["why"]["next_try_at"].is_string());
    // The other one is all that was not due yet.
    assert_eq!(world.ipass(&["orders", "retry", "--all", "--json"]).code(0).json()["due"], 1);
    assert!(show(&world, "PO-B")["why"]["next_try_at"].is_null());
    world.ipass(&["orders", "retry"]).code(2);
}

fn an_edit_needs_a_reason_and_keeps_the_evidence(store: Kind) {
    let world = World::with_orders(store);
    for job in JOBS {
        world.job(job);
    }
    let po = "PO-PARCELS";
    let done = show(&world, po);
    let evidence = |row: &Value| ["erp_order_no", "tracking", "invoice_id"].map(|key| row[key].clone());
    assert!(evidence(&done).iter().all(Value::is_string), "{done}");

    world.ipass(&["orders", "set-status", po, "3"]).code(2);
    world.ipass(&["orders", "set-status", po, "3", "--reason", "  "]).code(2);
    world.ipass(&["orders", "set-status", po, "7", "--reason", "x"]).code(2);
    world.ipass(&["orders", "set-status", "PO-NEVER", "3", "--reason", "x"]).code(1);
    assert_eq!(show(&world, po), done, "a refused edit changes nothing");

    let edit = ["orders", "set-status", po, "3", "--reason", "parcel came back", "--by", "mia", "--json"];
    assert_eq!(world.ipass(&edit).code(0).json()["status"], 3);
    let row = show(&world, po);
    assert_eq!(row["status"], 3);
    assert_eq!(evidence(&row), evidence(&done));
    let events = row["timeline"].as_array().expect("a history");
    let event = events.iter().find(|event| event["by"] == "mia").unwrap_or_else(|| panic!("no edit in {events:?}"));
    assert!(event.to_string().contains("parcel came back"), "{event}");
    assert_eq!((&event["from"], &event["to"]), (&5.into(), &3.into()), "{event}");
    let text = world.ipass(&["orders", "show", po]).code(0).stdout;
    assert!(text.contains("parcel came back") && text.contains("mia"), "{text}");

    // The channel is asked, and nothing is sent a second time.
    world.job("ship_orders");
    world.job("invoice_orders");
    assert_eq!(show(&world, po)["status"], 5);
    crate::common::ledger::assert_done_once(&world);
}

#[test]
fn an_edit_needs_a_reason_and_keeps_the_evidence_on_sqlite() {
    an_edit_needs_a_reason_and_keeps_the_evidence(Kind::Sqlite);
}

#[test]
fn an_edit_needs_a_reason_and_keeps_the_evidence_on_postgres() {
    an_edit_needs_a_reason_and_keeps_the_evidence(Kind::Postgres);
}

#[test]
fn show_tells_the_story_of_an_order() {
    let world = World::with_orders(Kind::Sqlite);
    for job in JOBS {
        world.job(job);
    }
    let row = show(&world, "PO-SPLIT");
    let events = row["timeline"].as_array().unwrap();
    let kinds: Vec<&str> = events.iter().filter_map(|event| event["kind"].as_str()).collect();
    assert!(["pulled", "outcome", "write"].iter().all(|kind| kinds.contains(kind)), "{kinds:?}");
    let text = world.ipass(&["orders", "show", "PO-SPLIT"]).code(0).stdout;
    for part in ["PO-SPLIT", "completed", "完成", row["tracking"].as_str().unwrap(), "acknowledge applied"] {
        assert!(text.contains(part), "{part} in {text}");
    }
}
