//! Orders that wait do not starve those that could move.

use std::time::Duration;

use chrono::TimeDelta;
use ipass_core::job::Job;
use ipass_core::ports::{Clock as _, Trigger};
use ipass_core::run::RunRequest;
use ipass_sandbox::NewOrder;

use crate::world::World;

/// 60 older orders and 20 younger ones in the ERP; the names of the younger ones. Runs take 50.
async fn crowd() -> (World, Vec<String>) {
    let world = World::builder().set("/jobs/ack_orders/size", 50).build().await;
    let now = world.clock.now();
    let plant = |name: String, age: TimeDelta| {
        world.plant(NewOrder::new(&name).created_at(now - age));
        name
    };
    for n in 0..60 {
        plant(format!("OLD-{n}"), TimeDelta::minutes(120 - n));
    }
    let ready: Vec<String> = (0..20).map(|n| plant(format!("READY-{n}"), TimeDelta::minutes(30 - n))).collect();
    for job in [Job::PullOrders, Job::PushOrders] {
        assert_eq!(world.run(job).await.error, None);
    }
    assert_eq!(world.stages().await, [(2, 80)].into());
    world.skip(Duration::from_mins(1));
    (world, ready)
}

async fn assert_ready_advance_within_two_runs(world: &World, ready: &[String]) {
    for po in ready {
        world.review(po);
    }
    for _ in 0..2 {
        let report = world.run_scheduled(Job::AckOrders).await;
        assert!(report.done.selected <= 50);
        world.skip(Duration::from_mins(1));
    }
    for po in ready {
        assert_eq!(world.stage(po).await, 3, "{po}");
    }
    world.assert_clean();
}

#[tokio::test]
async fn sixty_waiting_orders_do_not_delay_twenty_new_ones() {
    let (world, ready) = crowd().await;
    assert_ready_advance_within_two_runs(&world, &ready).await;
}

#[tokio::test]
async fn sixty_waiting_orders_do_not_delay_twenty_that_waited_as_well() {
    let (world, ready) = crowd().await;
    for _ in 0..4 {
        world.run_scheduled(Job::AckOrders).await;
        world.skip(Duration::from_mins(20));
    }
    assert_eq!(world.stages().await, [(2, 80)].into());
    assert_ready_advance_within_two_runs(&world, &ready).await;
}

#[tokio::test]
async fn the_schedule_leaves_a_waiting_order_alone_for_a_while_and_a_person_does_not() {
    let (world, pos) = World::with_plain(1).await;
    world.bring(&pos, 2).await;
    for _ in 0..8 {
        world.run(Job::AckOrders).await;
    }
    assert_eq!(world.run_scheduled(Job::AckOrders).await.done.selected, 0);
    assert_eq!(world.run(Job::AckOrders).await.done.selected, 1);
    world.skip(Duration::from_hours(1));
    assert_eq!(world.run_scheduled(Job::AckOrders).await.done.selected, 1);
}

#[tokio::test]
async fn a_run_takes_the_size_that_it_is_told() {
    let (world, _) = World::with_plain(7).await;
    world.run(Job::PullOrders).await;
    let request = RunRequest { size: Some(3), ..RunRequest::of(Job::PushOrders, Trigger::Manual) };
    assert_eq!(world.request(request).await.done.selected, 3);
    assert_eq!(world.stages().await, [(1, 4), (2, 3)].into());
}
