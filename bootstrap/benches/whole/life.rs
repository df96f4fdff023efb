//! The whole life of an order: pulled, pushed, acknowledged, shipped, invoiced.

use std::time::Duration;

use crate::table::{Table, number};
use crate::world::{Store, Vendors, World};

const JOBS: [&str; 5] = ["pull_orders", "push_orders", "ack_orders", "ship_orders", "invoice_orders"];

/// What one life of all orders took.
pub(crate) struct Life {
    /// From the first process's start to the last one's end.
    wall: Duration,
    /// What the runs themselves say.
    worked: Duration,
    /// The same of the run that sends orders to the ERP.
    pub(crate) pushed: Duration,
    cpu: Duration,
    peak: u64,
    calls: u64,
}

pub(crate) fn live(world: &World, orders: usize) -> Life {
    let [wall, worked, pushed, cpu] = [Duration::ZERO; 4];
    let mut life = Life { wall, worked, pushed, cpu, peak: 0, calls: 0 };
    for job in JOBS {
        let (used, report) = world.job(job, orders);
        let done = &report["counts"][if job == "pull_orders" { "stored" } else { "advanced" }];
        assert_eq!(done.as_u64(), Some(orders as u64), "{job}: {}", report["counts"]);
        let worked = Duration::from_millis(report["duration_ms"].as_u64().unwrap_or_default());
        let calls: u64 = report["calls"].as_object().into_iter().flatten().filter_map(|(_, n)| n.as_u64()).sum();
        eprintln!(
            "  {job}: {:.2} s, run {:.2} s, CPU {:.2} s, {} calls, {} MB",
            used.wall.as_secs_f64(),
            worked.as_secs_f64(),
            used.cpu.as_secs_f64(),
            calls,
            used.peak >> 20
        );
        life.wall += used.wall;
        life.worked += worked;
        if job == "push_orders" {
            life.pushed = worked;
        }
        life.cpu += used.cpu;
        life.peak = life.peak.max(used.peak);
        life.calls += calls;
    }
    assert_eq!(world.sandbox.ledger().violations(), Vec::<String>::new());
    life
}

fn per_second(orders: usize, time: Duration) -> f64 {
    number(orders as u64) / time.as_secs_f64()
}

const FREE: Vendors = Vendors { latency: Duration::ZERO, limits: false };

pub(crate) fn without_latency(table: &mut Table) {
    for store in [Store::Sqlite, Store::Postgres] {
        let life = live(&World::new(1000, store, FREE), 1000);
        let what = format!("full life of 1,000 orders, {}, 0 ms, limits off", store.name());
        table.goal(&what, per_second(1000, life.worked), "orders/s", "≥ 1,000");
        table.row(format!("{what}, with the start of five processes"), per_second(1000, life.wall), "orders/s");
    }
}

pub(crate) fn with_latency_and_limits(table: &mut Table) {
    let vendors = Vendors { latency: Duration::from_millis(50), limits: true };
    let world = World::new(1000, Store::Postgres, vendors);
    let life = live(&world, 1000);
    table.goal(
        "full life of 1,000 orders, PostgreSQL, 50 ms per call, the vendors' limits on",
        per_second(1000, life.worked),
        "orders/s",
        "≥ 50",
    );
    table.goal("… calls that were throttled", throttled(&world), "", "0");
}

pub(crate) fn ten_thousand(table: &mut Table) {
    const ORDERS: usize = 10_000;
    let life = live(&World::new(ORDERS, Store::Postgres, FREE), ORDERS);
    let steps = number((ORDERS * JOBS.len()) as u64);
    let what = "full life of 10,000 orders, PostgreSQL, 0 ms";
    table.row(what, per_second(ORDERS, life.worked), "orders/s");
    table.goal("… our processor time per order and stage", life.cpu.as_secs_f64() * 1000.0 / steps, "ms", "≤ 1");
    table.goal("… remote calls per order and stage", number(life.calls) / steps, "", "≤ 0.10");
    table.goal("… most memory", megabytes(life.peak), "MB", "≤ 200");
}

pub(crate) fn megabytes(bytes: u64) -> f64 {
    number(bytes >> 10) * 1024.0 / 1e6
}

pub(crate) fn throttled(world: &World) -> f64 {
    number(world.sandbox.ledger().throttled_total())
}
