//! What the loop costs.

use std::collections::BTreeMap;
use std::time::Duration;

use ipass_core::job::Job;
use ipass_core::ports::Clock as _;
use ipass_sandbox::{NewOrder, Timing};

use crate::world::{JOBS, World};

const ORDERS: usize = 200;
const BUDGET: u64 = 50;

/// The staff needs two minutes to review and another two to ship.
fn quick_staff() -> Timing {
    let minutes = chrono::TimeDelta::minutes;
    Timing { review_after: minutes(2), ship_after: minutes(4), ..Timing::default() }
}

#[tokio::test]
async fn the_whole_life_of_200_orders_costs_at_most_50_remote_calls() {
    let world = World::builder().vendors(|config| config.timing = quick_staff()).build().await;
    let newest = world.clock.now() - chrono::TimeDelta::minutes(2);
    for (n, age) in (0..ORDERS).zip((0..).map(|n| chrono::TimeDelta::minutes(6 * n))) {
        world.plant(NewOrder::new(&format!("PO-{n}")).created_at(newest - age));
    }
    let mut calls: BTreeMap<String, u64> = BTreeMap::new();
    for job in JOBS {
        if matches!(job, Job::AckOrders | Job::ShipOrders | Job::InvoiceOrders) {
            world.skip(Duration::from_mins(3));
        }
        let report = world.run(job).await;
        assert_eq!(report.error, None, "{job}");
        let made: u64 = report.calls.values().sum();
        println!("{job}: {made} calls {:?}", report.calls);
        for (call, count) in report.calls {
            *calls.entry(call).or_default() += count;
        }
    }
    let total: u64 = calls.values().sum();
    for (call, count) in &calls {
        println!("{count:>4}  {call}");
    }
    println!("{total:>4}  in all");
    assert_eq!(world.stages().await, BTreeMap::from([(5, ORDERS)]));
    world.assert_clean();
    assert_eq!(calls, world.ledger().calls, "the reports and the vendors count alike");
    assert!(total <= BUDGET, "{total} calls for {ORDERS} orders");
}
