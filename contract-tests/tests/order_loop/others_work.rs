//! What somebody else did in the channel's portal, and what the operator holds back.

use ipass_core::job::Job;
use ipass_sandbox::{Effect, Fault, Kind, NewOrder, WorldAction};

use crate::world::{ACK, INVOICE, SHIP, World};

const PO: &str = "PO-1";
const PORTAL_INVOICE: &str = "INV-PORTAL-7";

fn portal(world: &World, act: fn(String) -> WorldAction) {
    world.act(act(PO.to_owned()));
}

fn plant_invoice(po: String) -> WorldAction {
    WorldAction::PlantInvoice { po, id: PORTAL_INVOICE.to_owned() }
}

#[tokio::test]
async fn an_order_shipped_in_the_portal_moves_on_without_a_report_and_with_its_tracking_number() {
    let (world, pos) = World::with_plain(1).await;
    world.bring(&pos, 3).await;
    portal(&world, |po| WorldAction::ShipByPortal { po });
    world.run(Job::ShipOrders).await;
    let row = world.row(PO).await;
    assert_eq!(row.stage.number(), 4, "{:?}", world.cause(PO).await);
    assert!(row.evidence.tracking.is_some_and(|tracking| tracking.starts_with("7888")));
    assert_eq!(world.ledger().calls_of(SHIP), 0);
}

#[tokio::test]
async fn an_order_invoiced_in_the_portal_is_completed_with_that_invoice_and_no_other() {
    // Shipped by us, and shipped in the portal.
    for by_us in [true, false] {
        let (world, pos) = World::with_plain(1).await;
        world.bring(&pos, if by_us { 4 } else { 3 }).await;
        if !by_us {
            portal(&world, |po| WorldAction::ShipByPortal { po });
            world.run(Job::ShipOrders).await;
        }
        portal(&world, plant_invoice);
        world.skip(crate::world::SETTLED);
        world.run(Job::InvoiceOrders).await;
        let row = world.row(PO).await;
        assert_eq!(row.stage.number(), 5, "by us: {by_us}, {:?}", world.cause(PO).await);
        assert_eq!(row.evidence.invoice_id.as_deref(), Some(PORTAL_INVOICE), "by us: {by_us}");
        assert_eq!(world.ledger().calls_of(INVOICE), 0, "by us: {by_us}");
    }
}

#[tokio::test]
async fn one_order_of_many_invoiced_in_the_portal_gets_no_second_invoice() {
    let (world, pos) = World::with_plain(12).await;
    world.bring(&pos, 4).await;
    portal(&world, plant_invoice);
    world.skip(crate::world::SETTLED);
    world.run(Job::InvoiceOrders).await;
    assert_eq!(world.stages().await, [(5, 12)].into());
    assert_eq!(world.row(PO).await.evidence.invoice_id.as_deref(), Some(PORTAL_INVOICE));
    assert_eq!(world.counts(INVOICE, PO).1, 0);
    assert_eq!(world.counts(INVOICE, "PO-2"), (1, 1));
}

#[tokio::test]
async fn an_order_that_the_channel_accepted_by_itself_reaches_the_erp_if_the_settings_say_so() {
    let world = World::builder().set("/jobs/pull_orders/shipment_pending_enters", 1).build().await;
    world.plant(NewOrder::new(PO).kind(Kind::PendingNotInErp));
    world.bring(&[PO.to_owned()], 5).await;
    assert_eq!(world.ledger().calls_of(ACK), 0);
    world.assert_clean();
}

/// A job with its switch, its call, and what somebody may do in the portal instead.
type Ban = (Job, &'static str, &'static str, fn(String) -> WorldAction);

const BANS: [Ban; 3] = [
    (Job::AckOrders, "/jobs/ack_orders/multi_ban", ACK, |po| WorldAction::AcknowledgeByPortal { po }),
    (Job::ShipOrders, "/jobs/ship_orders/multi_ban", SHIP, |po| WorldAction::ShipByPortal { po }),
    (Job::InvoiceOrders, "/jobs/invoice_orders/multi_ban", INVOICE, plant_invoice),
];

#[tokio::test]
async fn multi_ban_holds_orders_of_several_units_back_until_the_portal_shows_them_further() {
    for (job, switch, call, by_portal) in BANS {
        for kind in [Kind::MultiLine, Kind::MultiQuantity] {
            let stage = job.stage().expect("a stage").number();
            let world = World::builder().set(switch, true).build().await;
            world.plant(NewOrder::new(PO).kind(kind));
            let pos = [PO.to_owned()];
            world.bring(&pos, stage).await;
            world.staff_before(job, &pos);
            world.run(job).await;
            assert_eq!((world.stage(PO).await, world.cause(PO).await.0), (stage, "multi_ban"), "{job} {kind:?}");
            portal(&world, by_portal);
            world.run(job).await;
            assert_eq!(world.stage(PO).await, stage + 1, "{job} {kind:?}: {:?}", world.cause(PO).await);
            assert_eq!(world.ledger().calls_of(call), 0, "{job} {kind:?}");
        }
    }
}

#[tokio::test]
async fn multi_ban_lets_a_single_unit_pass() {
    let mut builder = World::builder();
    for (_, switch, ..) in BANS {
        builder = builder.set(switch, true);
    }
    let world = builder.build().await;
    let pos = world.plant_plain(2);
    world.bring(&pos, 5).await;
    world.assert_clean();
}

#[tokio::test]
async fn a_status_that_nobody_knows_or_that_is_gone_holds_no_order_back() {
    let world = World::builder().build().await;
    let orders = [("NEW-WORD", "on_hold"), ("NO-STATUS", "")];
    for (po, status) in orders {
        world.plant(NewOrder::new(po).first_status(status));
    }
    world.bring(&orders.map(|(po, _)| po.to_owned()), 5).await;
    for (po, _) in orders {
        assert_eq!(world.stage(po).await, 5, "{po}");
    }
    assert_eq!(world.sandbox.ledger().violations(), Vec::<String>::new());
}

#[tokio::test]
async fn what_the_channel_shows_in_words_that_nobody_knows_is_not_created_in_the_erp() {
    let (world, _) = World::with_plain(1).await;
    world.fault(Fault::random("GET /order/page", 1.0, 1000, Effect::UnknownWords));
    world.fault(Fault::random("GET /order/", 1.0, 1000, Effect::UnknownWords));
    world.run(Job::PullOrders).await;
    world.run(Job::PushOrders).await;
    assert_eq!((world.stage(PO).await, world.cause(PO).await.0), (1, "channel_not_ready"));
    assert_eq!(world.ledger().creates.len(), 0);
    world.sandbox.clear_faults();
    world.bring(&[PO.to_owned()], 5).await;
    assert_eq!(world.stage(PO).await, 5);
}
