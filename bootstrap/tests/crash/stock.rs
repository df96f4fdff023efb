//! Stock figures: whatever died, the channel shows the ERP's sums in the end, and no figure was sent twice.

use ipass_sandbox::{Effect, SandboxConfig, Timing};

use crate::MOMENT;
use crate::case::{Case, at, everywhere, lost, twice};
use crate::common::database::Kind;
use crate::common::world::{World, quick};

const WRITE: &str = "POST /inventory/batch/small";

const CASES: [Case; 12] = [
    at("sync_stock:erp_read"),
    at("sync_stock:channel_read"),
    at("sync_stock:intended"),
    at("sync_stock:sent"),
    at("sync_stock:accepted"),
    at("sync_stock:recorded"),
    lost(WRITE, "sync_stock:sent"),
    lost(WRITE, "sync_stock:accepted"),
    Case {
        point: "sync_stock:accepted",
        fault: Some((WRITE, Effect::LogSilent { applied: true, item: None })),
        again: None,
    },
    twice("sync_stock:intended", "sync_stock:channel_read"),
    twice("sync_stock:sent", "sync_stock:erp_read"),
    twice("sync_stock:channel_read", "sync_stock:sent"),
];

#[test]
fn a_crash_in_the_stock_run_leaves_every_figure_right_on_sqlite() {
    everywhere(&CASES, |case| crash(case, Kind::Sqlite));
}

#[test]
fn a_crash_in_the_stock_run_leaves_every_figure_right_on_postgres() {
    everywhere(&CASES, |case| crash(case, Kind::Postgres));
}

fn crash(case: &Case, store: Kind) {
    let timing = Timing { log_delay: MOMENT, ..Timing::instant() };
    let config = SandboxConfig { stock_items: 20, stock_differs_per_mille: 400, timing, ..quick() };
    let world = World::new(config, store);
    assert!(!world.sandbox.stock_differences().is_empty(), "there is something to send");
    case.strike(&world);
    let mut runs = 0;
    while !world.sandbox.stock_differences().is_empty() {
        // Each looks for a while; what may still be under way is left alone for a little longer than an order.
        assert!(runs < 2 * crate::CYCLES, "still different after {runs} runs");
        runs += 1;
        world.job("sync_stock");
    }
    world.job("sync_stock");
    assert_eq!(world.sandbox.stock_differences(), Vec::new());
    let ledger = world.sandbox.ledger();
    assert_eq!(ledger.violations(), Vec::<String>::new());
    for (sku, record) in &ledger.stock {
        assert_eq!((record.attempts, record.applied), (1, 1), "{sku}: {record:?}");
    }
}
