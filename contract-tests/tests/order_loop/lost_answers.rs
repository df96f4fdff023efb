//! Writes whose answer is lost, after the vendor did the work and before.

use ipass_core::job::Job;
use ipass_core::ports::Clock as _;
use ipass_sandbox::{Effect, Fault};

use crate::world::{CREATE, JOBS, SETTLED, WRITES, World};

/// The stage that a job picks up.
fn stage_of(job: Job) -> u8 {
    job.stage().expect("a job of a stage").number()
}

/// Orders that stand before a job, with the staff's part done.
async fn before(job: Job, count: usize) -> (World, Vec<String>) {
    let (world, pos) = World::with_plain(count).await;
    world.bring(&pos, stage_of(job)).await;
    world.staff_before(job, &pos);
    (world, pos)
}

/// Walks the rest of the way.
async fn finish(world: &World, pos: &[String], after: Job) {
    for job in JOBS.into_iter().filter(|job| *job > after) {
        world.staff_before(job, pos);
        world.run(job).await;
    }
}

async fn assert_done_once(world: &World, pos: &[String], what: &str) {
    for po in pos {
        for (_, call) in WRITES {
            assert_eq!(world.counts(call, po), (1, 1), "{po}, {call}, {what}");
        }
        assert_eq!(world.stage(po).await, 5, "{po}, {what}: {:?}", world.cause(po).await);
    }
    world.assert_clean();
}

async fn an_answer_lost_after_the_work(effect: Effect, count: usize) {
    for (job, call) in WRITES {
        let what = format!("{effect:?} on {call}");
        let (world, pos) = before(job, count).await;
        world.fault(Fault::next(call, effect.clone()).times(1000));
        world.run(job).await;
        assert!(world.ledger().faults.get(call).is_some_and(|fired| *fired > 0), "the fault struck: {what}");
        if world.stages().await.contains_key(&stage_of(job)) {
            world.run(job).await;
        }
        for po in &pos {
            assert_eq!(world.stage(po).await, stage_of(job) + 1, "{po}, {what}: {:?}", world.cause(po).await);
        }
        world.sandbox.clear_faults();
        finish(&world, &pos, job).await;
        assert_done_once(&world, &pos, &what).await;
    }
}

#[tokio::test]
async fn a_connection_reset_after_the_work_of_100_orders_of_each_kind_sends_nothing_twice() {
    an_answer_lost_after_the_work(Effect::ResetAfterCommit, 100).await;
}

#[tokio::test]
async fn a_cut_off_answer_sends_nothing_twice() {
    an_answer_lost_after_the_work(Effect::Truncated, 4).await;
}

#[tokio::test]
async fn a_broken_body_sends_nothing_twice() {
    an_answer_lost_after_the_work(Effect::BrokenBody, 4).await;
}

#[tokio::test]
async fn a_server_error_after_the_work_sends_nothing_twice() {
    an_answer_lost_after_the_work(Effect::StatusAfterCommit(500, "{}".to_owned()), 4).await;
}

#[tokio::test]
async fn an_order_that_the_create_answer_forgets_is_read_back() {
    let (world, pos) = before(Job::PushOrders, 4).await;
    world.fault(Fault::next(CREATE, Effect::ForgetItem(1)));
    world.run(Job::PushOrders).await;
    world.run(Job::PushOrders).await;
    finish(&world, &pos, Job::PushOrders).await;
    assert_done_once(&world, &pos, "forgotten item").await;
}

#[tokio::test]
async fn a_write_that_never_arrived_is_sent_again_once_it_is_absent_beyond_doubt() {
    for (job, call) in WRITES {
        let (world, pos) = before(job, 3).await;
        let earlier = world.ledger().calls_of(call);
        let sent = |world: &World| world.ledger().calls_of(call) - earlier;
        let first_sent = world.clock.now();
        world.fault(Fault::next(call, Effect::ResetBeforeCommit));
        world.run(job).await;
        assert_eq!(sent(&world), 1, "{call}");
        for po in &pos {
            assert_eq!(world.stage(po).await, stage_of(job), "{call}");
            assert_eq!(world.counts(call, po).1, 0, "{call}");
            assert_eq!(world.cause(po).await.0, "write_unconfirmed", "{call}");
        }
        for _ in 0..5 {
            if sent(&world) > 1 {
                break;
            }
            world.run(job).await;
        }
        let waited = world.clock.now() - first_sent;
        assert!(waited.num_seconds() >= 120, "{call}: sent again after {} s", waited.num_seconds());
        for _ in 0..3 {
            for job in JOBS {
                world.skip(SETTLED);
                world.staff_before(job, &pos[..staff_may_act(&world, &pos).await]);
                world.run(job).await;
            }
        }
        assert_done_once(&world, &pos, call).await;
    }
}

/// All orders once the ERP holds them, else none.
async fn staff_may_act(world: &World, pos: &[String]) -> usize {
    if world.stage(&pos[0]).await >= 2 { pos.len() } else { 0 }
}
