//! Orders that are seen again.

use std::time::Duration;

use chrono::TimeDelta;
use ipass_core::job::Job;
use ipass_core::ports::{Clock as _, StageEdit, Trigger};
use ipass_core::run::RunRequest;
use ipass_core::stage::Stage;
use ipass_core::usecase::PullRange;
use ipass_sandbox::{NewOrder, WorldAction};

use crate::world::{SETTLED, WRITES, World};

/// Changes the order invisibly and pulls it in every way there is.
async fn pull_again(world: &World, po: &str) {
    world.skip(SETTLED);
    world.act(WorldAction::Touch { po: po.to_owned() });
    world.skip(Duration::from_mins(1));
    assert_eq!(world.run(Job::PullOrders).await.error, None);
    let now = world.clock.now();
    let range = PullRange { start: now - TimeDelta::days(3), end: now };
    let request = RunRequest { range: Some(range), ..RunRequest::of(Job::PullOrders, Trigger::Manual) };
    let report = world.request(request).await;
    assert_eq!(report.error, None);
    assert!(report.done.pulled.is_some_and(|pulled| pulled.seen > 0), "the range holds the order");
    world.run_po(Job::PullOrders, po).await;
}

#[tokio::test]
async fn an_order_seen_again_in_any_stage_keeps_its_stage_and_its_evidence() {
    for stage in 1..=5 {
        let (world, pos) = World::with_plain(1).await;
        world.bring(&pos, stage).await;
        let before = world.row("PO-1").await;
        pull_again(&world, "PO-1").await;
        let after = world.row("PO-1").await;
        assert_eq!((after.stage, &after.evidence), (before.stage, &before.evidence));
        assert!(after.updated_at > before.updated_at, "the change was seen in stage {stage}");
        assert_eq!(after.stage_entered_at, before.stage_entered_at);
    }
}

#[tokio::test]
async fn a_cancelled_order_seen_again_stays_cancelled() {
    let (world, _) = World::with_plain(1).await;
    world.cancel("PO-1");
    world.run(Job::PullOrders).await;
    assert_eq!(world.stage("PO-1").await, 6);
    pull_again(&world, "PO-1").await;
    assert_eq!(world.stage("PO-1").await, 6);
}

#[tokio::test]
async fn an_order_that_awaits_its_push_follows_the_channel_to_its_end() {
    let ship = WorldAction::ShipByPortal { po: "PO-1".to_owned() };
    let cancel = WorldAction::CancelAtChannel { po: "PO-1".to_owned() };
    for (act, end) in [(ship, 5), (cancel, 6)] {
        let (world, pos) = World::with_plain(1).await;
        world.bring(&pos, 1).await;
        world.act(act);
        pull_again(&world, "PO-1").await;
        assert_eq!(world.stage("PO-1").await, end);
    }
}

#[tokio::test]
async fn an_order_further_on_does_not_follow_the_channel_to_its_end() {
    for stage in 2..=4 {
        let (world, pos) = World::with_plain(1).await;
        world.bring(&pos, stage).await;
        if stage < 4 {
            world.act(WorldAction::ShipByPortal { po: "PO-1".to_owned() });
        }
        pull_again(&world, "PO-1").await;
        let row = world.row("PO-1").await;
        assert_eq!((row.stage.number(), row.channel_status.as_str()), (stage, "shipped"));
    }
}

#[tokio::test]
async fn an_order_set_back_by_a_person_walks_again_without_a_second_write() {
    for to in [Stage::AwaitingPush, Stage::AwaitingAck, Stage::AwaitingShipment, Stage::AwaitingInvoice] {
        let (world, pos) = World::with_plain(1).await;
        world.bring(&pos, 5).await;
        let before = world.row("PO-1").await;
        let edit = StageEdit {
            po: before.po.clone(),
            to,
            reason: "to see what happens".to_owned(),
            by: "tester".to_owned(),
            now: world.clock.now(),
        };
        world.store.set_stage(&world.route.name, &edit).await.expect("the order is free");
        assert_eq!(world.row("PO-1").await.evidence, before.evidence);
        world.cycles(1).await;
        let after = world.row("PO-1").await;
        assert_eq!(after.stage.number(), 5, "from {to}: {:?}", world.cause("PO-1").await);
        assert_eq!(after.evidence, before.evidence, "from {to}");
        for (_, call) in WRITES {
            assert_eq!(world.counts(call, "PO-1"), (1, 1), "from {to}, {call}");
        }
    }
}

#[tokio::test]
async fn an_order_that_becomes_visible_late_is_found_by_the_next_ordinary_pull() {
    let world = World::new().await;
    let now = world.clock.now();
    world.plant(NewOrder::new("NEWEST").created_at(now - TimeDelta::minutes(2)));
    let late = NewOrder::new("LATE").created_at(now - TimeDelta::minutes(12));
    world.plant(late.visible_at(now + TimeDelta::minutes(3)));
    world.run_scheduled(Job::PullOrders).await;
    assert_eq!(world.rows().await.into_keys().collect::<Vec<_>>(), ["NEWEST"]);
    world.skip(Duration::from_mins(5));
    world.run_scheduled(Job::PullOrders).await;
    assert_eq!(world.rows().await.into_keys().collect::<Vec<_>>(), ["LATE", "NEWEST"]);
}
