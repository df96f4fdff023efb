//! `ipass check`: what differs between the store and both sides, and its repair.

use ipass_sandbox::{Effect, Fault, NewOrder};
use serde_json::{Value, json};

use crate::common::database::Kind;
use crate::common::ledger::assert_done_once;
use crate::common::process::{Ended, until};
use crate::common::world::{JOBS, World};

const ALWAYS: [&str; 4] = ["--start", "2020-01-01T00:00:00Z", "--end", "2100-01-01T00:00:00Z"];

/// Six completed orders, one of them by hand and without its invoice, and one order that was never pulled.
fn world(store: Kind) -> World {
    let world = World::with_orders(store);
    for job in &JOBS[..4] {
        world.job(job);
    }
    world.ipass(&["orders", "set-status", "PO-PLAIN", "5", "--reason", "a slip of the hand"]).code(0);
    world.job("invoice_orders");
    assert!(world.is_finished());
    world.sandbox.add_order(NewOrder::new("PO-LOST"));
    world
}

#[track_caller]
fn check(world: &World, arguments: &[&str]) -> Ended {
    world.ipass(&[&["check"], arguments].concat())
}

/// The check of everything, once nothing is too young to be judged.
#[track_caller]
fn settled(world: &World) -> Value {
    until("nothing is too young to be judged", 30, || {
        let report = check(world, &[&ALWAYS[..], &["--json"]].concat()).code(0).json();
        (report["counts"]["skipped"] == 0).then_some(report)
    })
}

/// PO number, kind, repair and its stage.
fn findings(report: &Value) -> Vec<[Value; 4]> {
    let all = report["findings"].as_array().expect("findings");
    all.iter().map(|one| ["po_number", "kind", "repair", "repair_status"].map(|key| one[key].clone())).collect()
}

fn what_is_missing_is_found_and_repaired(store: Kind) {
    let world = world(store);
    let report = settled(&world);
    let expected = [
        [json!("PO-LOST"), json!("missing_local_record"), json!("pull"), json!(null)],
        [json!("PO-PLAIN"), json!("no_invoice"), json!("set_stage"), json!(4)],
    ];
    assert_eq!(findings(&report), expected, "{report}");
    assert_eq!(report["counts"], json!({"checked": 6, "skipped": 0, "findings": 2, "incomplete": 0}));
    assert_eq!((&report["job"], &report["incomplete"]), (&json!("check_orders"), &json!([])));
    let text = check(&world, &ALWAYS).code(0).stdout;
    for part in ["6 orders", "2 findings", "PO-LOST", "pull it", "PO-PLAIN", "set stage 4", "发票", "--repair"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert_eq!(world.stages().len(), 6, "a check changes nothing");

    let repaired = check(&world, &[&ALWAYS[..], &["--repair", "--by", "mia"]].concat()).code(0);
    for part in ["PO-LOST: pulled", "PO-PLAIN: set to stage 4"] {
        assert!(repaired.stderr.contains(part), "{part} in {repaired:?}");
    }
    let stages = world.stages();
    assert_eq!((stages["PO-LOST"], stages["PO-PLAIN"]), (1, 4));
    let history = world.ipass(&["orders", "show", "PO-PLAIN"]).code(0).stdout;
    assert!(history.contains("by mia") && history.contains("no_invoice"), "{history}");
    for job in JOBS {
        world.job(job);
    }
    assert!(world.is_finished());
    assert_eq!(findings(&settled(&world)), Vec::<[Value; 4]>::new());
    let text = check(&world, &ALWAYS).code(0).stdout;
    assert!(text.contains("0 findings") && text.contains("read completely") && !text.contains("--repair"), "{text}");
    assert_done_once(&world);
}

#[test]
fn what_is_missing_is_found_and_repaired_on_sqlite() {
    what_is_missing_is_found_and_repaired(Kind::Sqlite);
}

#[test]
fn what_is_missing_is_found_and_repaired_on_postgres() {
    what_is_missing_is_found_and_repaired(Kind::Postgres);
}

#[test]
fn one_order_is_checked_by_its_number() {
    let world = world(Kind::Sqlite);
    settled(&world);
    let one = |po: &str| findings(&check(&world, &["--po", po, "--json"]).code(0).json());
    assert_eq!(one("PO-LINES"), Vec::<[Value; 4]>::new());
    assert_eq!(one("PO-PLAIN")[0][1], "no_invoice");
    assert_eq!(one("PO-LOST")[0][1], "missing_local_record");
    check(&world, &["--po", "PO-LOST", "--repair"]).code(0);
    assert_eq!(world.stages()["PO-LOST"], 1);
    assert_eq!(world.stages()["PO-PLAIN"], 5, "only the order that was named is repaired");
}

#[test]
fn a_check_that_could_not_read_everything_says_so_and_exits_1() {
    let world = world(Kind::Sqlite);
    settled(&world);
    world.sandbox.fault(Fault::next("GET /order/page", Effect::Status(500, String::new())).times(1000));
    let report = check(&world, &[&ALWAYS[..], &["--json"]].concat()).code(1).json();
    assert_eq!(report["incomplete"].as_array().map(Vec::len), Some(1), "{report}");
    let text = check(&world, &ALWAYS).code(1);
    assert!(text.stdout.contains("not read:") && text.stderr.contains("incomplete"), "{text:?}");
    assert!(!text.stdout.contains("PO-LOST"), "nothing is concluded from what was not read: {text:?}");
}

#[test]
fn a_check_needs_an_order_or_a_range() {
    let world = World::with_orders(Kind::Sqlite);
    for wrong in [
        &[][..],
        &ALWAYS[..2],
        &ALWAYS[2..],
        &["--po", "PO-1", "--start", "2020-01-01T00:00:00Z", "--end", "2100-01-01T00:00:00Z"],
        &["--po", ""],
        &["--start", "2100-01-01T00:00:00Z", "--end", "2020-01-01T00:00:00Z"],
        &["--start", "yesterday", "--end", "2100-01-01T00:00:00Z"],
    ] {
        let refused = check(&world, wrong).code(2);
        assert_eq!(refused.stdout, "", "{wrong:?}");
    }
}
