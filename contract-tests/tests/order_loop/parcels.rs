//! Orders that travel in several parcels.

use ipass_core::job::Job;
use ipass_sandbox::{Kind, NewOrder, ShipmentRecord};

use crate::world::{SETTLED, SHIP, World};

const PO: &str = "PO-1";

/// An order of two documents in stage 3.
async fn two_documents(kind: Kind, partial: &str) -> World {
    let world = World::builder().set("/jobs/ship_orders/partial", partial).build().await;
    world.plant(NewOrder::new(PO).kind(kind));
    world.bring(&[PO.to_owned()], 3).await;
    world
}

/// One more parcel leaves, and the job runs.
async fn ship_one(world: &World) {
    world.ship_next(PO);
    world.skip(SETTLED);
    world.run(Job::ShipOrders).await;
}

async fn held_by(world: &World) -> (u8, &'static str) {
    (world.stage(PO).await, world.cause(PO).await.0)
}

fn parcels(world: &World) -> Vec<ShipmentRecord> {
    world.ledger().shipments.remove(PO).unwrap_or_default().into_values().collect()
}

fn reported_once() -> ShipmentRecord {
    ShipmentRecord { attempts: 1, applied: 1, errors: Vec::new() }
}

#[tokio::test]
async fn wait_all_reports_nothing_before_everything_has_shipped_and_then_every_parcel() {
    for kind in [Kind::TwoParcels, Kind::SpannedLine, Kind::TwoSteps] {
        let world = two_documents(kind, "wait_all").await;
        ship_one(&world).await;
        assert_eq!(held_by(&world).await, (3, "not_fully_shipped"), "{kind:?}");
        assert_eq!(world.ledger().calls_of(SHIP), 0, "{kind:?}");
        ship_one(&world).await;
        assert_eq!(world.stage(PO).await, 4, "{kind:?}: {:?}", world.cause(PO).await);
        assert_eq!(parcels(&world), [reported_once(), reported_once()], "{kind:?}");
        let tracking = world.row(PO).await.evidence.tracking.expect("tracking numbers");
        assert_eq!(tracking.split(',').count(), 2, "{kind:?}");
        world.assert_clean();
    }
}

async fn each_parcel_is_reported_once(kind: Kind) {
    let world = two_documents(kind, "as_shipped").await;
    ship_one(&world).await;
    assert_eq!(held_by(&world).await, (3, "not_fully_shipped"), "{kind:?}: {:?}", world.cause(PO).await);
    assert_eq!(parcels(&world), [reported_once()], "{kind:?}");
    // Nothing has left meanwhile.
    world.run(Job::ShipOrders).await;
    assert_eq!(world.ledger().calls_of(SHIP), 1, "{kind:?}");
    ship_one(&world).await;
    assert_eq!(world.stage(PO).await, 4, "{kind:?}: {:?}", world.cause(PO).await);
    assert_eq!(parcels(&world), [reported_once(), reported_once()], "{kind:?}");
    world.run(Job::InvoiceOrders).await;
    assert_eq!(world.stage(PO).await, 5, "{kind:?}: {:?}", world.cause(PO).await);
    world.assert_clean();
}

#[tokio::test]
async fn as_shipped_reports_each_parcel_once_as_it_leaves() {
    each_parcel_is_reported_once(Kind::TwoParcels).await;
    each_parcel_is_reported_once(Kind::TwoSteps).await;
}

#[tokio::test]
async fn as_shipped_reports_a_line_in_two_parcels_once_each() {
    each_parcel_is_reported_once(Kind::SpannedLine).await;
}

#[tokio::test]
async fn a_parcel_whose_report_was_lost_is_not_reported_again_beside_the_next_one() {
    let world = two_documents(Kind::TwoParcels, "as_shipped").await;
    world.fault(ipass_sandbox::Fault::next(SHIP, ipass_sandbox::Effect::ResetAfterCommit));
    ship_one(&world).await;
    ship_one(&world).await;
    world.run(Job::ShipOrders).await;
    assert_eq!(world.stage(PO).await, 4, "{:?}", world.cause(PO).await);
    assert_eq!(parcels(&world), [reported_once(), reported_once()]);
    world.assert_clean();
}
