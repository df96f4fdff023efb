//! What the simulated vendors have to have seen in the end.

use std::collections::BTreeSet;

use super::world::World;

/// Every order is stored, completed and proven; every remote write was sent once and applied once.
#[track_caller]
pub(crate) fn assert_done_once(world: &World) {
    let ledger = world.sandbox.ledger();
    assert_eq!(ledger.violations(), Vec::<String>::new());
    let orders = world.orders();
    let expected = world.sandbox.expectations();
    let names: BTreeSet<&String> = expected.iter().map(|order| &order.po).collect();
    assert_eq!(orders.keys().collect::<BTreeSet<_>>(), names, "an order was lost");
    for order in &expected {
        let po = order.po.as_str();
        let row = &orders[po];
        assert_eq!(row["status"], 5, "{po}: {row}");
        assert_eq!(row["invoice_id"], po, "{po}: {row}");
        assert!(row["erp_order_no"].is_string(), "{po}: {row}");
        let parcels = &ledger.shipments[po];
        let reported: BTreeSet<&str> = row["tracking"].as_str().unwrap_or_default().split(',').collect();
        assert_eq!(reported, parcels.keys().map(String::as_str).collect(), "{po}: tracking numbers");
        assert_eq!(parcels.len() as u64, order.shipments, "{po}: {parcels:?}");

        let create = &ledger.creates[po];
        assert_eq!((create.attempts, create.applied), (1, 1), "{po}: {create:?}");
        let ack = &ledger.acks[po];
        assert_eq!((ack.attempts, ack.applied), (1, 1), "{po}: {ack:?}");
        for (tracking, parcel) in parcels {
            assert_eq!((parcel.attempts, parcel.applied), (1, 1), "{po}: {tracking} {parcel:?}");
        }
        let invoice = &ledger.invoices[po];
        assert_eq!((invoice.attempts, invoice.applied), (1, 1), "{po}: {invoice:?}");
    }
}
