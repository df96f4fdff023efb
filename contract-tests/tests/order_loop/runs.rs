//! Runs: one at a time, on one order, and with settings that contradict themselves.

use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};

use ipass_core::job::Job;
use ipass_core::ports::Trigger;
use ipass_core::run::{Refused, RunRequest, RunWatch, Unwatched};
use serde_json::json;

use crate::world::{CREATE, JOBS, World, number};

#[tokio::test]
async fn a_run_on_one_order_touches_only_that_order() {
    let (world, pos) = World::with_plain(3).await;
    world.run(Job::PullOrders).await;
    for (job, stage) in JOBS.into_iter().zip(1_u8..).skip(1) {
        world.staff_before(job, &pos[1..2]);
        let report = world.run_po(job, "PO-2").await;
        assert_eq!(report.done.selected, 1, "{job}");
        let stages = [world.stage("PO-1").await, world.stage("PO-2").await, world.stage("PO-3").await];
        assert_eq!(stages, [1, stage, 1], "{job}: {:?}", world.cause("PO-2").await);
    }
    let untouched = world.row("PO-1").await;
    assert_eq!((untouched.attempts, untouched.last_outcome), (0, None));
    world.assert_clean();
}

#[tokio::test]
async fn a_pull_of_one_order_stores_only_that_order() {
    let (world, _) = World::with_plain(3).await;
    world.run_po(Job::PullOrders, "PO-2").await;
    assert_eq!(world.rows().await.into_keys().collect::<Vec<_>>(), ["PO-2"]);
    // Nor does it keep the others from being pulled.
    world.run_scheduled(Job::PullOrders).await;
    assert_eq!(world.rows().await.len(), 3);
}

/// Whoever runs the service has asked it to end.
struct Stopping;

impl RunWatch for Stopping {
    fn stopping(&self) -> bool {
        true
    }
}

#[tokio::test]
async fn a_pull_that_is_stopped_is_interrupted_and_not_failed_and_the_next_one_reads_it_all() {
    let (world, _) = World::with_plain(3).await;
    let report = world.runner.run(&world.route, of(Job::PullOrders), &Stopping).await.expect("it is not refused");
    assert_eq!((report.result(), world.rows().await.len()), ("interrupted", 0), "{:?}", report.error);
    let kept = world.store.run(&report.run_id).await.expect("the store answers").expect("it is kept");
    assert_eq!(kept.state, "interrupted");
    assert!(kept.log.is_some_and(|log| log.contains("stopping") && !log.contains("failed") && !log.contains("done")));

    world.run_scheduled(Job::PullOrders).await;
    assert_eq!(world.rows().await.len(), 3);
}

/// Holds a run at a point until it is let go.
struct Gate {
    point: &'static str,
    reached: Mutex<Sender<()>>,
    go: Mutex<Receiver<()>>,
}

impl RunWatch for Gate {
    fn point(&self, name: &str) {
        if name == self.point {
            self.reached.lock().expect("one holder").send(()).expect("somebody waits");
            // A watch is not asynchronous; the other tasks of this thread must go on all the same.
            tokio::task::block_in_place(|| self.go.lock().expect("one holder").recv()).expect("somebody lets go");
        }
    }
}

/// Tries the requests while a run is held at a point, and lets it end.
async fn while_held(world: &World, held: RunRequest, point: &'static str, tries: Vec<RunRequest>) -> Vec<bool> {
    let (reached, arrival) = channel();
    let (let_go, go) = channel();
    let gate = Gate { point, reached: Mutex::new(reached), go: Mutex::new(go) };
    let (runner, route) = (world.runner.clone(), world.route.clone());
    let first = tokio::spawn(async move { runner.run(&route, held, &gate).await });
    tokio::task::spawn_blocking(move || arrival.recv()).await.expect("a thread").expect("the run gets there");
    let mut refused = Vec::new();
    for request in tries {
        let end = world.runner.run(&world.route, request, &Unwatched).await;
        refused.push(match end {
            Err(Refused::AlreadyRunning) => true,
            Err(other) => panic!("refused for another reason: {other}"),
            Ok(report) => {
                assert_eq!(report.error, None);
                false
            }
        });
    }
    let_go.send(()).expect("the run waits");
    assert_eq!(first.await.expect("no panic").expect("it ran").error, None);
    refused
}

fn of(job: Job) -> RunRequest {
    RunRequest::of(job, Trigger::Manual)
}

fn on(job: Job, po: &str) -> RunRequest {
    RunRequest { po: Some(number(po)), ..of(job) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_run_of_the_same_job_is_refused_while_the_first_is_at_work() {
    let (world, _) = World::with_plain(3).await;
    world.run(Job::PullOrders).await;
    let tries = vec![of(Job::PushOrders), of(Job::AckOrders)];
    let refused = while_held(&world, of(Job::PushOrders), "push_orders:intended", tries).await;
    assert_eq!(refused, [true, false]);
    assert_eq!(world.stages().await, [(2, 3)].into());
    for po in ["PO-1", "PO-2", "PO-3"] {
        assert_eq!(world.counts(CREATE, po), (1, 1));
    }
    // The lock is free again.
    world.run(Job::PushOrders).await;
    world.assert_clean();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_run_on_the_same_order_is_refused_and_one_on_another_is_not() {
    let (world, _) = World::with_plain(2).await;
    world.run(Job::PullOrders).await;
    let tries = vec![on(Job::PushOrders, "PO-1"), on(Job::PushOrders, "PO-2")];
    let refused = while_held(&world, on(Job::PushOrders, "PO-1"), "push_orders:intended", tries).await;
    assert_eq!(refused, [true, false]);
    for po in ["PO-1", "PO-2"] {
        assert_eq!(world.stage(po).await, 2, "{po}: {:?}", world.cause(po).await);
    }
    world.assert_clean();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_that_a_run_works_on_is_not_worked_on_by_another() {
    let (world, _) = World::with_plain(1).await;
    world.run(Job::PullOrders).await;
    while_held(&world, of(Job::PushOrders), "push_orders:intended", vec![on(Job::PushOrders, "PO-1")]).await;
    assert_eq!(world.counts(CREATE, "PO-1"), (1, 1));
    assert_eq!(world.stages().await, [(2, 1)].into());
    world.assert_clean();
}

#[tokio::test]
async fn two_names_for_one_erp_sku_stop_the_way_back_and_not_the_push() {
    let world = World::builder()
        .set("/jobs/ship_orders/enabled", false)
        .set("/jobs/invoice_orders/enabled", false)
        .set("/jobs/sync_stock/enabled", false)
        .set("/mapping/sku", json!({ "RET-7": "LX-7", "RET-8": "LX-7" }))
        .build()
        .await;
    let pos = world.plant_plain(2);
    world.bring(&pos, 3).await;
    world.staff_before(Job::ShipOrders, &pos);
    let report = world.run(Job::ShipOrders).await;
    let error = report.error.expect("the run is refused");
    assert!(["LX-7", "RET-7", "RET-8"].iter().all(|name| error.contains(name)), "{error}");
    assert_eq!(world.stages().await, [(3, 2)].into());
    assert!(world.ledger().shipments.is_empty());
}

#[tokio::test]
async fn a_dry_run_sends_and_stores_nothing() {
    let (world, pos) = World::with_plain(2).await;
    for (job, stage) in JOBS.into_iter().zip(0_u8..) {
        let before = (world.rows().await, world.ledger().calls_of(CREATE));
        world.staff_before(job, &pos[..if stage >= 2 { 2 } else { 0 }]);
        let report = world.request(RunRequest { dry_run: true, ..of(job) }).await;
        assert_eq!(report.error, None, "{job}");
        assert_eq!((world.rows().await, world.ledger().calls_of(CREATE)), before, "{job}");
        world.run(job).await;
    }
    assert_eq!(world.stages().await, [(5, 2)].into());
    world.assert_clean();
}
