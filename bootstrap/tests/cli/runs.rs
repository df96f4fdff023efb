//! `ipass run`: the report, aliases, and who may run beside whom.

use std::time::Duration;

use chrono::DateTime;
use ipass_sandbox::{Effect, Fault};
use serde_json::Value;

use crate::common::database::Kind;
use crate::common::ledger::assert_done_once;
use crate::common::process::{Running, run, start, until};
use crate::common::world::{JOBS, STORIES, World};

/// The keys of a report; `pull_orders` counts other things.
const REPORT: [&str; 12] = [
    "run_id",
    "route",
    "job",
    "trigger",
    "started_at",
    "finished_at",
    "duration_ms",
    "result",
    "counts",
    "outcomes",
    "calls",
    "error",
];
const PULLED: [&str; 4] = ["seen", "stored", "unchanged", "invalid"];
const COUNTED: [&str; 5] = ["selected", "advanced", "waiting", "blocked", "failed"];
const OUTCOME: [&str; 6] = ["po_number", "outcome", "reason", "detail", "status_before", "status_after"];

#[test]
fn every_job_reports_one_json_document_of_the_promised_shape() {
    let world = World::with_orders(Kind::Sqlite);
    for (index, job) in JOBS.into_iter().enumerate() {
        let ended = run(world.command(&["run", job, "--json"]).env("RUST_LOG", "info")).code(0);
        assert!(ended.stderr.contains("task begin"), "logs belong on stderr: {}", ended.stderr);
        let report = ended.json();
        assert_report(&report, job);
        let counts = &report["counts"];
        if index == 0 {
            assert_eq!((&counts["seen"], &counts["stored"]), (&6.into(), &6.into()), "{report}");
        } else {
            assert_eq!((&counts["selected"], &counts["advanced"]), (&6.into(), &6.into()), "{report}");
            let outcomes = report["outcomes"].as_array().unwrap();
            assert_eq!(outcomes.len(), 6);
            for outcome in outcomes {
                assert_eq!(outcome["outcome"], "advanced");
                assert_eq!((&outcome["status_before"], &outcome["status_after"]), (&index.into(), &(index + 1).into()));
            }
        }
    }
    assert_done_once(&world);
}

fn assert_report(report: &Value, job: &str) {
    assert_keys(report, &REPORT, true);
    assert_eq!((&report["job"], &report["route"]), (&job.into(), &"dsco_lingxing".into()));
    assert_eq!((&report["trigger"], &report["result"]), (&"manual".into(), &"done".into()));
    assert!(report["run_id"].as_str().is_some_and(|id| id.len() == 36), "{report}");
    for time in ["started_at", "finished_at"] {
        let text = report[time].as_str().expect("a time");
        assert!(text.ends_with('Z') && DateTime::parse_from_rfc3339(text).is_ok(), "{time}: {text}");
    }
    assert!(report["duration_ms"].is_u64() && report["error"].is_null(), "{report}");
    assert_keys(&report["counts"], if job == "pull_orders" { &PULLED } else { &COUNTED }, false);
    assert!(report["counts"].as_object().expect("counts").values().all(Value::is_u64), "{report}");
    let calls = report["calls"].as_object().expect("calls");
    assert!(!calls.is_empty() && calls.values().all(Value::is_u64), "{report}");
    for outcome in report["outcomes"].as_array().expect("outcomes") {
        assert_keys(outcome, &OUTCOME, true);
    }
}

/// All these keys, and with `only` no other.
fn assert_keys(value: &Value, keys: &[&str], only: bool) {
    let object = value.as_object().unwrap_or_else(|| panic!("an object: {value}"));
    assert!(keys.iter().all(|key| object.contains_key(*key)), "{keys:?} in {value}");
    assert!(!only || object.len() == keys.len(), "{keys:?} and no more in {value}");
}

#[test]
fn a_failed_run_exits_1_and_still_reports() {
    let world = World::with_orders(Kind::Sqlite);
    world.sandbox.fault(Fault::next("GET /order/page", Effect::Status(500, "out of order".to_owned())).times(1000));
    let ended = world.ipass(&["run", "pull_orders", "--json"]).code(1);
    let report = ended.json();
    assert_keys(&report, &REPORT, true);
    assert_eq!(report["result"], "failed");
    assert!(report["error"].as_str().is_some_and(|error| error.contains("500")), "{report}");
    let ended = world.ipass(&["run", "pull_orders"]).code(1);
    assert!(ended.stderr.contains("500"), "{ended:?}");
}

#[test]
fn a_waiting_order_has_its_reason_in_the_report() {
    let world = World::new(crate::common::world::quick(), Kind::Sqlite);
    world.sandbox.add_order(ipass_sandbox::NewOrder::new("PO-X").kind(ipass_sandbox::Kind::UnmappedShop));
    world.job("pull_orders");
    let report = world.job("push_orders");
    let outcome = &report["outcomes"][0];
    assert_keys(outcome, &OUTCOME, true);
    assert_eq!((&outcome["outcome"], &outcome["reason"]), (&"blocked".into(), &"missing_shop_mapping".into()));
    assert_eq!((&outcome["status_before"], &outcome["status_after"]), (&1.into(), &1.into()));
    assert!(outcome["detail"].is_string(), "{outcome}");
}

#[test]
fn the_names_that_operators_know_run_the_same_jobs() {
    let world = World::with_orders(Kind::Sqlite);
    let aliases = ["pull_dsco_orders", "push_to_lingxing", "ack_to_dsco", "ship_to_dsco", "invoice_to_dsco"];
    for (alias, job) in aliases.into_iter().zip(JOBS) {
        assert_eq!(world.job(alias)["job"], job);
    }
    assert!(world.is_finished());
}

#[test]
fn a_dry_run_says_what_it_would_do_and_does_nothing() {
    let world = World::with_orders(Kind::Sqlite);
    world.job("pull_orders");
    let report = world.ipass(&["run", "push_orders", "--dry-run", "--json"]).code(0).json();
    assert_eq!(report["outcomes"].as_array().unwrap().len(), 6, "{report}");
    assert_eq!(report["outcomes"][0]["outcome"], "would_send");
    assert_eq!(world.sandbox.ledger().creates.len(), 0);
    assert!(world.stages().values().all(|stage| *stage == 1));
    assert_eq!(world.job("push_orders")["counts"]["advanced"], 6, "a dry run takes nothing from the next run");
}

#[test]
fn a_range_is_pulled_alone() {
    let world = World::with_orders(Kind::Sqlite);
    let before = ["run", "pull_orders", "--start", "2020-01-01T00:00:00Z", "--end", "2020-01-02T00:00:00Z", "--json"];
    assert_eq!(world.ipass(&before).code(0).json()["counts"]["seen"], 0);
    let all = ["run", "pull_orders", "--start", "2020-01-01T00:00:00Z", "--end", "2100-01-01T00:00:00Z", "--json"];
    assert_eq!(world.ipass(&all).code(0).json()["counts"]["stored"], 6);
    let backwards = ["run", "pull_orders", "--start", "2020-01-02T00:00:00Z", "--end", "2020-01-01T00:00:00Z"];
    world.ipass(&backwards).code(2);
    world.ipass(&["run", "pull_orders", "--start", "yesterday", "--end", "2020-01-01T00:00:00Z"]).code(2);
}

/// Holds a run in the middle of its first look at the channel.
fn held(world: &World, arguments: &[&str]) -> Running {
    world.sandbox.fault(Fault::next("GET /order/*", Effect::Late(Duration::from_mins(1))));
    let run = start(&mut world.command(arguments));
    until("the run asks the channel", 30, || (!world.sandbox.ledger().faults.is_empty()).then_some(()));
    run
}

fn kill(run: Running) {
    run.signal("KILL");
    run.wait(Duration::from_secs(10)).killed();
}

fn a_second_run_of_a_job_is_refused(store: Kind) {
    let world = World::with_orders(store);
    world.job("pull_orders");
    let first = held(&world, &["run", "push_orders"]);
    let second = world.ipass(&["run", "push_orders", "--json"]).code(3);
    assert!(second.stderr.contains("already running"), "{second:?}");
    world.ipass(&["run", "push_to_lingxing"]).code(3);
    assert_eq!(world.job("pull_orders")["result"], "done", "another job is not in the way");
    kill(first);
    world.job("push_orders");
}

#[test]
fn a_second_run_of_a_job_is_refused_on_sqlite() {
    a_second_run_of_a_job_is_refused(Kind::Sqlite);
}

#[test]
fn a_second_run_of_a_job_is_refused_on_postgres() {
    a_second_run_of_a_job_is_refused(Kind::Postgres);
}

fn one_order_runs_beside_a_full_run(store: Kind) {
    let world = World::with_orders(store);
    world.job("pull_orders");
    let first = held(&world, &["run", "push_orders", "--size", "1"]);
    // The full run holds one of the orders; exactly that one is refused.
    let codes: Vec<(&str, i32)> = STORIES
        .iter()
        .map(|(po, _)| {
            let ended = world.ipass(&["run", "push_orders", "--po", po, "--json"]);
            let code = if ended.stderr.contains("already running") { 3 } else { 0 };
            ended.code(code);
            (*po, code)
        })
        .collect();
    assert_eq!(codes.iter().filter(|(_, code)| *code == 3).count(), 1, "{codes:?}");
    let stages = world.stages();
    for (po, code) in codes {
        assert_eq!(stages[po], if code == 3 { 1 } else { 2 }, "{po}");
    }
    kill(first);
    world.job("push_orders");
    assert!(world.stages().values().all(|stage| *stage == 2));
    assert!(world.sandbox.ledger().creates.values().all(|create| create.attempts == 1));
}

#[test]
fn one_order_runs_beside_a_full_run_on_sqlite() {
    one_order_runs_beside_a_full_run(Kind::Sqlite);
}

#[test]
fn one_order_runs_beside_a_full_run_on_postgres() {
    one_order_runs_beside_a_full_run(Kind::Postgres);
}

#[test]
fn one_order_is_carried_through_alone() {
    let world = World::with_orders(Kind::Sqlite);
    for job in JOBS {
        world.ipass(&["run", job, "--po", "PO-SPLIT", "--json"]).code(0);
    }
    assert_eq!(world.stages().into_iter().collect::<Vec<_>>(), [("PO-SPLIT".to_owned(), 5)]);
    assert_eq!(world.sandbox.ledger().creates.keys().collect::<Vec<_>>(), ["PO-SPLIT"]);
}
