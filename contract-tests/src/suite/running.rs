//! Locks, fences and the history of runs.

use ipass_core::job::Job;
use ipass_core::ports::{
    Begun, RUNS_KEPT, RunEnd, RunRef, RunStart, StoreError, Stored, SyncStore, Trigger, WindowKind,
};
use ipass_core::stage::Stage;
use ipass_core::write::{Intent, WriteKey, WriteKind, WriteNote, WriteState};

use super::prelude::*;

const PUSH: Stage = Stage::AwaitingPush;

async fn is_refused(store: &dyn SyncStore, job: Job, number: Option<&str>) -> bool {
    matches!(try_begin(store, &route(), job, number).await, Begun::AlreadyRunning)
}

/// Of one route; other jobs and routes go on.
pub async fn one_run_of_a_job_at_a_time(store: &dyn SyncStore) {
    let first = begin(store, Job::PushOrders, None).await;
    assert!(is_refused(store, Job::PushOrders, None).await);
    let _ack = begin(store, Job::AckOrders, None).await;
    let Begun::Started(other) = try_begin(store, &other_route(), Job::PushOrders, None).await else {
        panic!("another route is another matter");
    };
    assert!(is_refused(store, Job::PushOrders, None).await);
    finish(store, first).await;
    let second = begin(store, Job::PushOrders, None).await;
    assert!(second.run.fence > other.run.fence);
}

/// Whatever their jobs.
pub async fn two_runs_on_one_order_exclude_each_other(store: &dyn SyncStore) {
    stored(store, &[pulled("1", 1), pulled("2", 2)]).await;
    let first = begin(store, Job::PushOrders, Some("1")).await;
    assert!(is_refused(store, Job::PushOrders, Some("1")).await);
    assert!(is_refused(store, Job::AckOrders, Some("1")).await);
    let _second = begin(store, Job::PushOrders, Some("2")).await;
    finish(store, first).await;
    assert!(!is_refused(store, Job::AckOrders, Some("1")).await);
}

/// Both ways round.
pub async fn a_run_on_one_order_does_not_wait_for_its_job(store: &dyn SyncStore) {
    stored(store, &[pulled("1", 1)]).await;
    let full = begin(store, Job::PushOrders, None).await;
    let single = begin(store, Job::PushOrders, Some("1")).await;
    finish(store, full).await;
    let _full = begin(store, Job::PushOrders, None).await;
    finish(store, single).await;
}

/// Until it is recorded, or its run has ended.
pub async fn a_run_on_an_order_that_is_worked_on_is_refused(store: &dyn SyncStore) {
    stored(store, &[pulled("1", 1), pulled("2", 2)]).await;
    let full = begin(store, Job::PushOrders, None).await;
    claim(store, &full.run, &due(PUSH, 2, 5)).await;
    assert!(is_refused(store, Job::PushOrders, Some("1")).await);
    record(store, &full.run, &[advanced("1", PUSH, Stage::AwaitingAck)], 6).await;
    finish(store, begin(store, Job::AckOrders, Some("1")).await).await;
    assert!(is_refused(store, Job::PushOrders, Some("2")).await);
    finish(store, full).await;
    finish(store, begin(store, Job::PushOrders, Some("2")).await).await;
}

/// Dropped without an end: the next run of any job finds out.
pub async fn a_dead_run_is_interrupted_and_its_orders_are_free(store: &dyn SyncStore) {
    stored(store, &[pulled("1", 1), pulled("2", 2)]).await;
    let dead = begin(store, Job::PushOrders, None).await;
    claim(store, &dead.run, &due(PUSH, 1, 5)).await;
    let living = begin(store, Job::AckOrders, None).await;
    drop(dead);
    let other = begin(store, Job::CheckOrders, None).await;
    let runs = store.runs(Some(&route()), None, 10).await.expect("runs");
    let states: Vec<_> = runs.iter().map(|run| (run.job.as_str(), run.state.as_str())).collect();
    let expected = [
        ("check_orders", "running"),
        ("ack_orders", "running"),
        ("push_orders", "interrupted"),
        ("pull_orders", "done"),
    ];
    assert_eq!(states, expected);
    assert!(runs[2].finished_at.is_some());
    assert_eq!(claim(store, &other.run, &due(PUSH, 9, 6)).await, ["2", "1"]);
    // A living one stays what it is.
    finish(store, living).await;
    // The job of the dead one can begin again.
    finish(store, begin(store, Job::PushOrders, None).await).await;
}

/// Not one of the writes of a run goes through once another one has its lock.
pub async fn a_run_that_was_taken_over_writes_nothing(store: &dyn SyncStore) {
    stored(store, &[pulled("1", 1)]).await;
    let frozen = begin(store, Job::PushOrders, None).await;
    let old = frozen.run.clone();
    claim(store, &old, &due(PUSH, 9, 5)).await;
    drop(frozen);
    let new = begin(store, Job::PushOrders, None).await;
    assert!(new.run.fence > old.fence);
    refuses_everything(store, &old).await;
    assert_eq!(claim(store, &new.run, &due(PUSH, 9, 6)).await, ["1"]);
    refuses_everything(store, &old).await;
    let step = advanced("1", PUSH, Stage::AwaitingAck);
    assert_eq!(record(store, &new.run, &[step], 7).await, Vec::<String>::new());
}

/// Nor once it has ended.
pub async fn a_finished_run_writes_nothing(store: &dyn SyncStore) {
    stored(store, &[pulled("1", 1)]).await;
    let run = begin(store, Job::PushOrders, None).await;
    let old = run.run.clone();
    finish(store, run).await;
    refuses_everything(store, &old).await;
}

async fn refuses_everything(store: &dyn SyncStore, old: &RunRef) {
    let before = (row(store, "1").await, timeline(store, "1").await);
    let key = WriteKey::whole(WriteKind::Create, po("1"));
    let note = WriteNote { key: key.clone(), state: WriteState::Applied, receipt: None, message: None };
    let mut step = advanced("1", PUSH, Stage::AwaitingAck);
    step.writes = vec![note.clone()];
    let intent = Intent { key, request_hash: "h".to_owned() };
    refused("save_orders", &store.save_orders(old, &[pulled("9", 1)], &[], minute(9)).await);
    refused("move_mark", &store.move_mark(old, WindowKind::Created, minute(9)).await);
    refused("claim", &store.claim(old, &due(PUSH, 9, 9)).await);
    refused("record", &store.record(old, &[step], minute(9)).await);
    refused("intend", &store.intend(old, &[intent], minute(9)).await);
    refused("note", &store.note(old, &[note], minute(9)).await);
    assert_eq!((row(store, "1").await, timeline(store, "1").await), before);
    assert!(store.order(&route(), &po("9")).await.expect("an answer").is_none());
    assert_eq!(store.writes_of(&route(), &[po("1")]).await.expect("writes"), []);
    assert_eq!(store.pull_state(&route()).await.expect("a state").created_mark, None);
}

fn refused<T>(what: &str, result: &Stored<T>) {
    assert!(matches!(result, Err(StoreError::FenceLost)), "{what} was not refused");
}

/// At once, and the claims with it.
pub async fn finishing_frees_the_lock_and_the_claims(store: &dyn SyncStore) {
    stored(store, &[pulled("1", 1)]).await;
    for time in 1..=20 {
        let run = begin(store, Job::PushOrders, None).await;
        assert_eq!(claim(store, &run.run, &due(PUSH, 9, time)).await, ["1"]);
        finish(store, run).await;
    }
}

/// With what they did.
pub async fn the_history_shows_the_newest_runs_first(store: &dyn SyncStore) {
    let run = begin(store, Job::PushOrders, Some("7")).await;
    let end = RunEnd {
        result: "failed",
        now: minute(3),
        report: "{\"looked_at\":1}".to_owned(),
        log: "[{\"code\":\"failed\"}]".to_owned(),
        error: Some("the settings forbid it".to_owned()),
    };
    let run_id = run.run.run_id.clone();
    store.finish(run, &end).await.expect("a run ends");
    let Begun::Started(other) = try_begin(store, &other_route(), Job::PullOrders, None).await else {
        panic!("nothing runs there");
    };
    let all = store.runs(None, None, 10).await.expect("runs");
    assert_eq!(all.iter().map(|run| run.run_id.as_str()).collect::<Vec<_>>(), [other.run.run_id.as_str(), &run_id]);
    assert!(all[0].run_id > all[1].run_id, "run ids sort by time");
    assert_eq!(store.runs(None, None, 1).await.expect("runs").len(), 1);
    let ours = store.runs(Some(&route()), None, 10).await.expect("runs");
    assert_eq!(ours.len(), 1);
    let run = &ours[0];
    assert_eq!((run.job.as_str(), run.trigger.as_str(), run.po.as_deref()), ("push_orders", "manual", Some("7")));
    assert_eq!((run.state.as_str(), run.started_at, run.finished_at), ("failed", minute(0), Some(minute(3))));
    assert_eq!(run.report.as_deref(), Some("{\"looked_at\":1}"));
    assert_eq!(run.error.as_deref(), Some("the settings forbid it"));
    assert_eq!(run.log, None, "a list leaves it out");
    let one = store.run(&run_id).await.expect("an answer").expect("a run");
    assert_eq!(one.log.as_deref(), Some("[{\"code\":\"failed\"}]"));
}

/// By the name of its job, or by its own.
pub async fn the_runs_of_one_job_and_one_run_are_found(store: &dyn SyncStore) {
    let push = begin(store, Job::PushOrders, None).await;
    let ack = begin(store, Job::AckOrders, None).await;
    let push_id = push.run.run_id.clone();
    finish(store, push).await;
    let again = begin(store, Job::PushOrders, None).await;
    let ids = async |of: Option<&_>, job, limit| {
        let runs = store.runs(of, Some(job), limit).await.expect("runs");
        runs.into_iter().map(|run| run.run_id).collect::<Vec<_>>()
    };
    assert_eq!(ids(Some(&route()), "push_orders", 9).await, [&*again.run.run_id, &push_id]);
    assert_eq!(ids(None, "push_orders", 1).await, [&*again.run.run_id]);
    assert_eq!(ids(None, "ack_orders", 9).await, [&*ack.run.run_id]);
    assert_eq!(ids(Some(&other_route()), "push_orders", 9).await, Vec::<String>::new());
    let run = store.run(&push_id).await.expect("an answer").expect("a run");
    assert_eq!((run.run_id.as_str(), run.job.as_str(), run.state.as_str()), (&*push_id, "push_orders", "done"));
    assert_eq!(store.run("no such run").await.expect("an answer"), None);
}

/// As every start does it.
pub async fn the_schema_is_checked_and_migrating_twice_is_harmless(store: &dyn SyncStore) {
    store.check().await.expect("the schema is up to date");
    store.migrate().await.expect("nothing to do");
    store.check().await.expect("the schema is up to date");
}

/// Runs older than history reaches back go as new ones begin; a run that has not ended stays.
pub async fn the_history_of_runs_reaches_back_for_ninety_days(store: &dyn SyncStore) {
    let old = begin(store, Job::PullOrders, None).await;
    let (run_id, ended) = (old.run.run_id.clone(), minute(9000));
    finish(store, old).await;
    let later = |now| RunStart {
        route: route(),
        job: Job::PushOrders,
        trigger: Trigger::Manual,
        po: None,
        settings_version: 0,
        now,
    };
    for (now, stays) in [(ended + RUNS_KEPT, true), (ended + RUNS_KEPT + chrono::Duration::seconds(1), false)] {
        let Begun::Started(run) = store.begin(&later(now)).await.expect("a run begins") else { panic!("nobody runs") };
        assert_eq!(store.run(&run_id).await.expect("an answer").is_some(), stays);
        assert!(store.run(&run.run.run_id).await.expect("an answer").is_some());
        finish(store, run).await;
    }
}
