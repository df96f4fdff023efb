//! What a person decides about an order: hold, release, cancel in the ERP; and why orders stay.

use ipass_sandbox::{Kind as Story, NewOrder, WorldAction};
use serde_json::{Value, json};

use crate::common::database::Kind;
use crate::common::world::{World, quick};

#[track_caller]
fn show(world: &World, po: &str) -> Value {
    world.ipass(&["orders", "show", po, "--json"]).code(0).json()
}

/// What people did to an order, as `(who, what, detail)`.
#[track_caller]
fn acts(world: &World, po: &str) -> Vec<(Value, Value, Value)> {
    let row = show(world, po);
    let events = row["timeline"].as_array().expect("a history").iter();
    let mut acts: Vec<_> = events
        .filter(|event| event["kind"] == "operator")
        .map(|event| (event["by"].clone(), event["what"].clone(), event["detail"].clone()))
        .collect();
    acts.sort_by_key(|act| act.1.to_string());
    acts
}

fn a_held_order_is_left_alone_until_it_is_released(store: Kind) {
    let world = World::with_orders(store);
    world.job("pull_orders");
    world.ipass(&["orders", "hold", "PO-PLAIN"]).code(2);
    world.ipass(&["orders", "hold", "PO-PLAIN", "--reason", " "]).code(2);
    let unknown = world.ipass(&["orders", "hold", "PO-NEVER", "--reason", "x"]).code(1);
    assert!(unknown.stderr.contains("PO-NEVER"), "{unknown:?}");
    assert_eq!(world.ipass(&["orders", "list", "--held", "--json"]).code(0).json()["orders"], json!([]));

    let told = world.ipass(&["orders", "hold", "PO-PLAIN", "--reason", "buyer called", "--by", "mia"]).code(0);
    assert!(told.stdout.contains("PO-PLAIN is on hold"), "{told:?}");
    assert_eq!(show(&world, "PO-PLAIN")["hold"], "buyer called");
    let held = world.ipass(&["orders", "list", "--held", "--json"]).code(0).json();
    assert_eq!(held["orders"].as_array().map(Vec::len), Some(1), "{held}");
    let report = world.job("push_orders");
    assert_eq!(report["counts"]["selected"], 5, "{report}");
    assert_eq!(world.stages()["PO-PLAIN"], 1);
    assert!(!world.sandbox.ledger().creates.contains_key("PO-PLAIN"));

    let released = world.ipass(&["orders", "release", "PO-PLAIN", "--by", "tom", "--json"]).code(0).json();
    assert_eq!(released, json!({"result": "done", "po_number": "PO-PLAIN"}));
    assert_eq!(show(&world, "PO-PLAIN")["hold"], Value::Null);
    assert_eq!(world.job("push_orders")["counts"]["advanced"], 1);
    let expected = [(json!("mia"), json!("hold"), json!("buyer called")), (json!("tom"), json!("release"), json!(""))];
    assert_eq!(acts(&world, "PO-PLAIN"), expected);
}

#[test]
fn a_held_order_is_left_alone_until_it_is_released_on_sqlite() {
    a_held_order_is_left_alone_until_it_is_released(Kind::Sqlite);
}

#[test]
fn a_held_order_is_left_alone_until_it_is_released_on_postgres() {
    a_held_order_is_left_alone_until_it_is_released(Kind::Postgres);
}

fn causes_group_orders_and_name_the_remedy(store: Kind) {
    let world = World::new(quick(), store);
    let none = world.ipass(&["orders", "causes"]).code(0).stdout;
    assert!(none.contains("No unfinished order"), "{none}");
    for (po, kind) in [
        ("PO-A", Story::UnmappedShop),
        ("PO-B", Story::UnmappedShop),
        ("PO-C", Story::MissingCity),
        ("PO-D", Story::Single),
    ] {
        world.sandbox.add_order(NewOrder::new(po).kind(kind));
    }
    world.job("pull_orders");
    world.job("push_orders");
    let causes = world.ipass(&["orders", "causes", "--json"]).code(0).json();
    let groups = causes["causes"].as_array().expect("groups");
    assert_eq!(groups.len(), 2, "{causes}");
    let shop = groups.iter().find(|group| group["reason"] == "missing_shop_mapping").expect("a group");
    assert_eq!((&shop["orders"], &shop["status"], &shop["outcome"]), (&json!(2), &json!(1), &json!("blocked")));
    assert_eq!((&shop["detail"], &shop["route"]), (&json!("1000099999"), &json!("dsco_lingxing")));
    assert!(["PO-A", "PO-B"].map(Value::from).contains(&shop["sample"]), "{shop}");
    for language in ["en", "zh"] {
        assert!(shop["sentence"][language].as_str().is_some_and(|text| text.contains("1000099999")), "{shop}");
        assert!(shop["who_acts"][language].is_string());
    }
    assert_eq!(causes["unreadable"], json!([]));
    let text = world.ipass(&["orders", "causes", "--route", "dsco_lingxing"]).code(0).stdout;
    for part in ["2 orders", "1 orders", "1000099999", "who acts", "映射"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    world.ipass(&["orders", "causes", "--route", "other"]).code(2);
    // An order that no stage has does not move either.
    world.sandbox.add_order(NewOrder::new("PO-A"));
    world.job("pull_orders");
    let causes = world.ipass(&["orders", "causes", "--json"]).code(0).json();
    assert_eq!(causes["causes"].as_array().map(Vec::len), Some(2), "{causes}");
    let unread = &causes["unreadable"][0];
    assert_eq!((&unread["reason"], &unread["orders"]), (&json!("duplicate_po"), &json!(1)), "{causes}");
    assert!(unread["sentence"]["zh"].as_str().is_some_and(|text| text.contains("PO-A")), "{causes}");
    let text = world.ipass(&["orders", "causes"]).code(0).stdout;
    for part in ["1 orders that could not be read", "PO-A", "ipass orders unreadable --route dsco_lingxing"] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn causes_group_orders_and_name_the_remedy_on_sqlite() {
    causes_group_orders_and_name_the_remedy(Kind::Sqlite);
}

#[test]
fn causes_group_orders_and_name_the_remedy_on_postgres() {
    causes_group_orders_and_name_the_remedy(Kind::Postgres);
}

fn a_cancelled_order_is_cancelled_in_the_erp_once_a_person_says_so(store: Kind) {
    let world = World::bare(quick(), store);
    let mut settings = world.sandbox.settings_json();
    settings["cancel"]["in_erp"] = "ask".into();
    world.import(&settings).code(0);
    world.sandbox.add_order(NewOrder::new("PO-X").kind(Story::NeverReviewed));
    world.job("pull_orders");
    world.job("push_orders");
    world.sandbox.advance_erp(WorldAction::CancelAtChannel { po: "PO-X".to_owned() }).expect("it is there");
    let report = world.job("ack_orders");
    assert_eq!(report["outcomes"][0]["reason"], "cancel_needs_decision", "{report}");
    assert!(world.sandbox.ledger().cancels.is_empty());
    let why = world.ipass(&["orders", "why", "PO-X"]).code(0).stdout;
    assert!(why.contains("who acts"), "{why}");

    world.ipass(&["orders", "cancel-in-erp", "PO-NEVER"]).code(1);
    let told = world.ipass(&["orders", "cancel-in-erp", "PO-X", "--by", "mia"]).code(0);
    assert!(told.stdout.contains("PO-X may be cancelled"), "{told:?}");
    assert_eq!(acts(&world, "PO-X"), [(json!("mia"), json!("cancel_in_erp"), json!(""))]);
    for _ in 0..3 {
        world.job("ack_orders");
    }
    assert_eq!(world.stages()["PO-X"], 6, "{}", show(&world, "PO-X"));
    let ledger = world.sandbox.ledger();
    let cancels: Vec<(u64, u64)> = ledger.cancels.values().map(|one| (one.attempts, one.applied)).collect();
    assert_eq!(cancels, [(1, 1)]);
    assert_eq!(ledger.violations(), Vec::<String>::new());
}

#[test]
fn a_cancelled_order_is_cancelled_in_the_erp_once_a_person_says_so_on_sqlite() {
    a_cancelled_order_is_cancelled_in_the_erp_once_a_person_says_so(Kind::Sqlite);
}

#[test]
fn a_cancelled_order_is_cancelled_in_the_erp_once_a_person_says_so_on_postgres() {
    a_cancelled_order_is_cancelled_in_the_erp_once_a_person_says_so(Kind::Postgres);
}
