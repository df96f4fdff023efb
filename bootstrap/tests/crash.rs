//! The real binary, killed at named points and started again: nothing is lost, nothing is sent twice.

#[path = "crash/cancelling.rs"]
mod cancelling;
#[path = "crash/case.rs"]
mod case;
#[path = "common/harness.rs"]
mod common;
#[path = "crash/reading.rs"]
mod reading;
#[path = "crash/restore.rs"]
mod restore;
#[path = "crash/stock.rs"]
mod stock;

use chrono::{DateTime, Duration, Utc};
use ipass_sandbox::{Effect, Fault, SandboxConfig, Timing};

use case::{Case, at, die_at, everywhere, lost, twice};
use common::database::Kind;
use common::ledger::assert_done_once;
use common::process::{run, start, until};
use common::world::{JOBS, World, now, quick};

const CREATE: &str = "POST /pb/mp/order/v2/create";
const ACKNOWLEDGE: &str = "POST /order/acknowledge";
const SHIP: &str = "POST /order/shipment/batch/small";
const INVOICE: &str = "POST /invoice/batch/small";

/// Cycles after which everything has to be settled.
const CYCLES: usize = 3;

const CASES: [Case; 36] = [
    at("pull_orders:page_stored"),
    at("pull_orders:page_stored#2"),
    at("pull_orders:page_stored#3"),
    at("pull_orders:mark_moved"),
    at("pull_orders:mark_moved#2"),
    twice("pull_orders:page_stored", "pull_orders:mark_moved"),
    at("push_orders:claimed"),
    at("push_orders:intended"),
    at("push_orders:sent"),
    at("push_orders:recorded"),
    Case { point: "push_orders:accepted", fault: Some((CREATE, Effect::ForgetItem(1))), again: None },
    lost(CREATE, "push_orders:sent"),
    lost(CREATE, "push_orders:accepted"),
    twice("push_orders:sent", "push_orders:recorded"),
    twice("push_orders:intended", "push_orders:intended"),
    at("ack_orders:claimed"),
    at("ack_orders:intended"),
    at("ack_orders:sent"),
    at("ack_orders:accepted"),
    at("ack_orders:recorded"),
    lost(ACKNOWLEDGE, "ack_orders:accepted"),
    twice("ack_orders:sent", "ack_orders:claimed"),
    at("ship_orders:claimed"),
    at("ship_orders:intended"),
    at("ship_orders:sent"),
    at("ship_orders:accepted"),
    at("ship_orders:recorded"),
    lost(SHIP, "ship_orders:accepted"),
    twice("ship_orders:accepted", "ship_orders:recorded"),
    at("invoice_orders:claimed"),
    at("invoice_orders:intended"),
    at("invoice_orders:sent"),
    at("invoice_orders:accepted"),
    at("invoice_orders:recorded"),
    lost(INVOICE, "invoice_orders:accepted"),
    twice("invoice_orders:intended", "invoice_orders:intended"),
];

#[test]
fn a_crash_at_any_point_loses_and_repeats_nothing_on_sqlite() {
    everywhere(&CASES, |case| crash(case, Kind::Sqlite));
}

#[test]
fn a_crash_at_any_point_loses_and_repeats_nothing_on_postgres() {
    everywhere(&CASES, |case| crash(case, Kind::Postgres));
}

#[test]
fn a_killed_run_does_not_block_the_next_one_on_sqlite() {
    the_lock_dies_with_its_holder(Kind::Sqlite);
}

#[test]
fn a_killed_run_does_not_block_the_next_one_on_postgres() {
    the_lock_dies_with_its_holder(Kind::Postgres);
}

/// How long an accepted write takes to have its effect: longer than the next run takes to look, and
/// shorter than what the configuration calls consistent.
const MOMENT: Duration = Duration::milliseconds(600);

/// A world in which writes are seen late, and pages are short.
fn world(case: &Case, store: Kind) -> World {
    // A run that finds an open create waits for it; jobs after a finished push do not.
    let open_create = ["push_orders:sent", "push_orders:accepted"].contains(&case.point);
    let erp_visible_delay = if open_create { MOMENT } else { Duration::zero() };
    // An invoice is seen after both of its delays.
    let invoice_visible_delay = MOMENT / 4;
    let timing = Timing { log_delay: MOMENT, invoice_visible_delay, erp_visible_delay, ..Timing::instant() };
    let world = World::new(SandboxConfig { page_size_cap: 2, timing, ..quick() }, store);
    world.add_orders();
    world
}

fn crash(case: &Case, store: Kind) {
    let world = world(case, store);
    for job in JOBS.iter().take_while(|job| !case.point.starts_with(*job)) {
        let report = world.job(job);
        assert!(*job == "pull_orders" || report["counts"]["advanced"] == 6, "{report}");
    }
    case.strike(&world);
    let mut cycles = 0;
    while !world.is_finished() {
        assert!(cycles < CYCLES, "not final after {CYCLES} cycles: {:?}", world.orders());
        cycles += 1;
        for job in JOBS {
            world.job(job);
        }
    }
    assert_done_once(&world);
}

/// Killed at a named point, and from outside in the middle of a remote call.
fn the_lock_dies_with_its_holder(store: Kind) {
    let world = World::with_orders(store);
    world.job("pull_orders");
    die_at(&world, "push_orders:claimed");
    starts_at_once(&world, 6);

    let late = Effect::Late(std::time::Duration::from_mins(1));
    world.sandbox.fault(Fault::next("GET /order/page", late));
    let holder = start(&mut world.command(&["run", "ack_orders"]));
    until("the run is in the middle of its work", 30, || {
        world.sandbox.ledger().faults.contains_key("GET /order/page").then_some(())
    });
    let refused = world.ipass(&["run", "ack_orders"]).code(3);
    assert!(refused.stderr.contains("already running"), "{refused:?}");
    holder.signal("KILL");
    holder.wait(std::time::Duration::from_secs(5)).killed();
    let report = run(&mut world.command(&["run", "ack_orders", "--json"])).code(0).json();
    assert_eq!(report["counts"]["advanced"], 6, "{report}");
}

/// The next run of the job begins right now, and takes the dead run's orders.
fn starts_at_once(world: &World, orders: u64) {
    let before = now();
    let report = world.job("push_orders");
    let started: DateTime<Utc> = report["started_at"].as_str().and_then(|text| text.parse().ok()).expect("a time");
    let waited = started - before;
    assert!(waited < Duration::seconds(3), "it waited {waited}");
    assert_eq!(report["counts"]["advanced"], orders, "{report}");
}
