//! The retailer changes its mind.

use std::time::Duration;

use ipass_core::job::Job;
use ipass_sandbox::{Effect, Fault, Kind, NewOrder, WorldAction};

use crate::world::{ACK, CREATE, INVOICE, SETTLED, SHIP, World};

const PO: &str = "PO-1";

async fn at_stage(stage: u8) -> World {
    at_stage_with(stage, "ask").await
}

/// `cancel.in_erp` is `ask` or `auto`.
async fn at_stage_with(stage: u8, cancel: &str) -> World {
    let world = World::builder().set("/cancel/in_erp", cancel).build().await;
    let pos = world.plant_plain(1);
    world.bring(&pos, stage).await;
    world
}

fn request_cancel(world: &World) {
    world.act(WorldAction::RequestCancel { po: PO.to_owned() });
}

fn cancel_in_erp(world: &World) {
    world.act(WorldAction::CancelInErp { po: PO.to_owned() });
}

async fn held_by(world: &World) -> (u8, &'static str) {
    (world.stage(PO).await, world.cause(PO).await.0)
}

#[tokio::test]
async fn an_order_cancelled_before_its_push_ends_cancelled_and_never_reaches_the_erp() {
    let world = at_stage(1).await;
    world.cancel(PO);
    world.run(Job::PushOrders).await;
    assert_eq!(world.stage(PO).await, 6);
    assert_eq!(world.counts(CREATE, PO), (0, 0));
    world.assert_clean();
}

#[tokio::test]
async fn an_order_that_a_push_finds_ended_at_the_channel_is_counted_in_the_report_of_the_run() {
    let shipped = WorldAction::ShipByPortal { po: PO.to_owned() };
    let cancelled = WorldAction::CancelAtChannel { po: PO.to_owned() };
    for (act, end) in [(shipped, 5), (cancelled, 6)] {
        let world = at_stage(1).await;
        world.act(act);
        let report = world.run(Job::PushOrders).await;
        assert_eq!(world.stage(PO).await, end);
        let ends: Vec<(u8, u8)> =
            report.done.outcomes.iter().map(|outcome| (outcome.before.number(), outcome.after.number())).collect();
        assert_eq!(ends, [(1, end)], "the run took {} orders", report.done.selected);
        assert!(world.row(PO).await.last_outcome.is_some(), "the look at it is stored");
    }
}

#[tokio::test]
async fn an_order_that_the_erp_holds_needs_a_decision_and_is_never_acknowledged_or_shipped() {
    for (stage, job, call) in [(2, Job::AckOrders, ACK), (3, Job::ShipOrders, SHIP)] {
        let world = at_stage(stage).await;
        world.review(PO);
        world.cancel(PO);
        for _ in 0..2 {
            world.cycles(1).await;
            assert_eq!(held_by(&world).await, (stage, "cancel_needs_decision"), "{job}");
        }
        assert_eq!(world.counts(call, PO), (0, 0), "{job}");
        world.assert_clean();
    }
}

#[tokio::test]
async fn an_order_ends_cancelled_once_the_erp_has_let_go_of_it() {
    for (stage, job) in [(2, Job::AckOrders), (3, Job::ShipOrders)] {
        let world = at_stage(stage).await;
        world.skip(SETTLED);
        world.cancel(PO);
        world.run(job).await;
        assert_eq!(held_by(&world).await, (stage, "cancel_needs_decision"), "{job}");
        cancel_in_erp(&world);
        world.run(job).await;
        assert_eq!(world.stage(PO).await, 6, "{job}");
        world.assert_clean();
    }
}

#[tokio::test]
async fn an_order_cancelled_right_after_its_push_is_not_ended_while_the_erp_is_slow_to_show_it() {
    let world = at_stage(2).await;
    world.cancel(PO);
    world.run(Job::AckOrders).await;
    assert_ne!(world.stage(PO).await, 6, "the ERP holds it and will ship it");
}

#[tokio::test]
async fn an_order_that_has_left_is_cancelled_too_late() {
    for (stage, job, call) in [(2, Job::AckOrders, ACK), (3, Job::ShipOrders, SHIP)] {
        let world = at_stage(stage).await;
        world.ship(PO);
        world.cancel(PO);
        world.skip(SETTLED);
        world.run(job).await;
        assert_eq!(held_by(&world).await, (stage, "cancelled_too_late"), "{job}");
        assert_eq!(world.counts(call, PO), (0, 0), "{job}");
        world.assert_clean();
    }
}

#[tokio::test]
async fn an_order_reported_as_shipped_and_cancelled_then_is_not_invoiced() {
    let world = at_stage(4).await;
    world.cancel(PO);
    world.run(Job::InvoiceOrders).await;
    assert_eq!(held_by(&world).await, (4, "cancelled_too_late"));
    assert_eq!(world.counts(INVOICE, PO), (0, 0));
    world.assert_clean();
}

#[tokio::test]
async fn a_cancel_request_holds_the_push_until_it_is_withdrawn() {
    let world = at_stage(1).await;
    request_cancel(&world);
    world.run(Job::PushOrders).await;
    assert_eq!(held_by(&world).await, (1, "cancel_requested"));
    assert_eq!(world.counts(CREATE, PO), (0, 0));
    world.act(WorldAction::WithdrawCancelRequest { po: PO.to_owned() });
    world.run(Job::PushOrders).await;
    assert_eq!(world.stage(PO).await, 2);
}

#[tokio::test]
async fn a_cancel_request_holds_the_acknowledgement_as_well() {
    let world = at_stage(2).await;
    world.review(PO);
    request_cancel(&world);
    world.run(Job::AckOrders).await;
    assert_eq!(held_by(&world).await, (2, "cancel_requested"));
    assert_eq!(world.counts(ACK, PO), (0, 0));
}

/// The create's answer is lost, the ERP is slow to show the order, and the retailer cancels meanwhile.
async fn cancelled_while_the_create_is_open() -> World {
    let world = World::builder().vendors(|config| config.timing.erp_visible_delay = chrono::TimeDelta::minutes(10));
    let world = world.build().await;
    let pos = world.plant_plain(1);
    world.bring(&pos, 1).await;
    world.fault(ipass_sandbox::Fault::next(CREATE, ipass_sandbox::Effect::ResetAfterCommit));
    world.run(Job::PushOrders).await;
    assert_eq!(held_by(&world).await, (1, "write_unconfirmed"));
    world.cancel(PO);
    world
}

#[tokio::test]
async fn an_order_that_the_erp_may_hold_is_not_ended_as_cancelled_by_a_pull() {
    let world = cancelled_while_the_create_is_open().await;
    world.skip(SETTLED);
    world.run(Job::PullOrders).await;
    assert_ne!(world.stage(PO).await, 6, "the ERP holds it and will ship it");
}

#[tokio::test]
async fn an_order_that_the_erp_may_hold_is_not_ended_as_cancelled_by_a_push() {
    let world = cancelled_while_the_create_is_open().await;
    world.run(Job::PushOrders).await;
    assert_ne!(world.stage(PO).await, 6, "the ERP holds it and will ship it");
}

#[tokio::test]
async fn an_order_cancelled_before_its_push_that_the_erp_holds_already_needs_a_decision() {
    let world = at_stage(1).await;
    world.act(WorldAction::EnterByHand { po: PO.to_owned() });
    world.cancel(PO);
    world.run(Job::PushOrders).await;
    assert_ne!(world.stage(PO).await, 6, "the ERP holds it and will ship it");
    assert_eq!(world.counts(CREATE, PO), (0, 0));
}

/// An order of which the second document is not needed any more once `cancelled` units of a line are
/// cancelled; brought to stage 3.
async fn two_documents(kind: Kind) -> World {
    let world = World::new().await;
    let line = |sku: &str, quantity| ipass_sandbox::NewLine::new(sku, quantity, 1250);
    let order = NewOrder::new(PO).kind(kind).line(line("SKU-AAA-01", 3));
    world.plant(if kind == Kind::TwoParcels { order.line(line("SKU-BBB-02", 2)) } else { order });
    world.bring(&[PO.to_owned()], 3).await;
    world
}

fn money(text: &str) -> rust_decimal::Decimal {
    text.parse().expect("an amount")
}

#[tokio::test]
async fn units_cancelled_after_the_push_are_neither_shipped_nor_invoiced() {
    // A whole line, and one unit of three.
    for (kind, line, cancelled, units) in [(Kind::TwoParcels, 2, 2, 3), (Kind::SpannedLine, 1, 1, 2)] {
        let world = two_documents(kind).await;
        world.act(WorldAction::PartlyCancel { po: PO.to_owned(), line, quantity: cancelled });
        world.ship_next(PO);
        world.skip(SETTLED);
        world.run(Job::ShipOrders).await;
        assert_eq!(world.stage(PO).await, 4, "{kind:?}: {:?}", world.cause(PO).await);
        world.run(Job::InvoiceOrders).await;
        assert_eq!(world.stage(PO).await, 5, "{kind:?}: {:?}", world.cause(PO).await);
        let ledger = world.ledger();
        let sum = |of: fn(&ipass_sandbox::UnitRecord) -> u32| ledger.units.values().map(of).sum::<u32>();
        assert_eq!((sum(|u| u.expected), sum(|u| u.shipped), sum(|u| u.invoiced)), (units, units, units), "{kind:?}");
        assert_eq!(money(&ledger.invoices[PO].total), money(&ledger.invoices[PO].expected_total), "{kind:?}");
        world.assert_clean();
    }
}

/// Numbers of cancellations that the ERP carried out, and of goods that its warehouse gave back.
fn cancels(world: &World) -> (u64, u64) {
    let ledger = world.ledger();
    (
        ledger.cancels.values().map(|cancel| cancel.applied).sum(),
        ledger.cancels.values().map(|cancel| cancel.recalls).sum(),
    )
}

#[tokio::test]
async fn an_order_that_waits_for_review_is_cancelled_in_the_erp_and_ends_when_that_was_read() {
    for (stage, job) in [(2, Job::AckOrders), (3, Job::ShipOrders)] {
        let world = at_stage_with(stage, "auto").await;
        world.skip(SETTLED);
        world.cancel(PO);
        world.run(job).await;
        assert_eq!(world.stage(PO).await, 6, "{job}: {:?}", world.row(PO).await.last_outcome);
        assert_eq!(cancels(&world).0, 1);
        world.assert_clean();
    }
}

#[tokio::test]
async fn an_order_that_the_warehouse_has_is_taken_back_first() {
    let world = at_stage_with(2, "auto").await;
    world.review(PO);
    world.cancel(PO);
    for _ in 0..3 {
        world.skip(SETTLED);
        world.run(Job::AckOrders).await;
    }
    assert_eq!(world.stage(PO).await, 6, "{:?}", world.row(PO).await.last_outcome);
    assert_eq!(cancels(&world), (1, 1));
    assert_eq!(world.counts(ACK, PO), (0, 0));
    world.assert_clean();
}

#[tokio::test]
async fn a_warehouse_that_gives_nothing_back_is_asked_a_few_times_and_then_a_person_has_to() {
    let world = at_stage_with(2, "auto").await;
    world.review(PO);
    world.act(WorldAction::RefuseRecall { po: PO.to_owned() });
    world.cancel(PO);
    for _ in 0..12 {
        world.skip(SETTLED);
        world.run(Job::AckOrders).await;
    }
    assert_eq!(held_by(&world).await, (2, "cancel_refused"));
    assert_eq!(cancels(&world).0, 0);
    assert!(world.ledger().calls_of("POST /basicOpen/wmsOrder/cancel") <= 3);
    world.assert_clean();
}

#[tokio::test]
async fn a_person_lets_the_service_cancel_one_order() {
    let world = at_stage(2).await;
    world.skip(SETTLED);
    world.cancel(PO);
    world.run(Job::AckOrders).await;
    assert_eq!(held_by(&world).await, (2, "cancel_needs_decision"));
    world.approve_cancel(PO).await;
    world.run_scheduled(Job::AckOrders).await;
    assert_eq!(world.stage(PO).await, 6, "it was due at once");
    assert_eq!(cancels(&world).0, 1);
    world.assert_clean();
}

#[tokio::test]
async fn an_answer_to_a_cancellation_that_is_lost_cancels_once() {
    for effect in [Effect::ResetAfterCommit, Effect::ResetBeforeCommit, Effect::StatusAfterCommit(502, String::new())] {
        let world = at_stage_with(2, "auto").await;
        world.skip(SETTLED);
        world.cancel(PO);
        world.fault(Fault::nth("POST /pb/mp/order/v2/cancelOrder", 1, effect));
        for _ in 0..3 {
            world.run(Job::AckOrders).await;
            world.skip(SETTLED);
        }
        assert_eq!(world.stage(PO).await, 6);
        assert_eq!(cancels(&world).0, 1);
        world.assert_clean();
    }
}

#[tokio::test]
async fn a_cancellation_is_worked_on_at_once_whatever_the_order_waited_for() {
    let world = at_stage_with(3, "auto").await;
    for _ in 0..6 {
        world.run_scheduled(Job::ShipOrders).await;
        world.skip(Duration::from_mins(10));
    }
    world.run_scheduled(Job::ShipOrders).await;
    assert!(world.row(PO).await.next_try_at.is_some(), "it waits for its next try");
    world.cancel(PO);
    world.skip(Duration::from_secs(30));
    world.run_scheduled(Job::PullOrders).await;
    world.run_scheduled(Job::ShipOrders).await;
    assert_eq!(world.stage(PO).await, 6);
}
