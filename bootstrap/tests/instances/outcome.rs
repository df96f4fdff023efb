//! Where the orders are in the end, by the store and by the vendors.

use std::collections::BTreeMap;

use ipass_sandbox::{Expectation, Ledger};
use serde_json::Value;

use crate::common::world::World;

/// Every order is where the simulated vendors say that it has to end.
pub(crate) fn is_settled(world: &World) -> bool {
    let (orders, ledger) = (world.orders(), world.sandbox.ledger());
    world
        .sandbox
        .expectations()
        .iter()
        .all(|expected| reached(expected, orders.get(&expected.po), &ledger) == *expected)
}

/// The same with the differences told, and no write was sent twice.
#[track_caller]
pub(crate) fn assert_as_expected(world: &World) {
    let (orders, ledger) = (world.orders(), world.sandbox.ledger());
    assert_eq!(ledger.violations(), Vec::<String>::new());
    let expected = world.sandbox.expectations();
    assert_eq!(orders.len(), expected.len(), "an order was lost");
    for one in &expected {
        assert_eq!(reached(one, orders.get(&one.po), &ledger), *one, "{}", orders[&one.po]);
    }
    for (po, create) in &ledger.creates {
        assert_eq!((create.attempts, create.applied), (1, 1), "{po}: {create:?}");
    }
    for (po, invoice) in &ledger.invoices {
        assert_eq!((invoice.attempts, invoice.applied), (1, 1), "{po}: {invoice:?}");
    }
    for (po, parcels) in &ledger.shipments {
        assert!(parcels.values().all(|parcel| (parcel.attempts, parcel.applied) == (1, 1)), "{po}: {parcels:?}");
    }
    for (po, ack) in &ledger.acks {
        assert_eq!((ack.attempts, ack.applied), (1, 1), "{po}: {ack:?}");
    }
}

/// What an order came to, in the words of its expectation.
fn reached(expected: &Expectation, row: Option<&Value>, ledger: &Ledger) -> Expectation {
    let po = expected.po.as_str();
    let stage = row.and_then(|row| row["status"].as_u64()).and_then(|stage| u8::try_from(stage).ok()).unwrap_or(0);
    let reason = row.and_then(|row| row["why"]["reason"].as_str()).filter(|_| stage < 5);
    let parcels = ledger.shipments.get(po).into_iter().flat_map(BTreeMap::values);
    Expectation {
        stage,
        reason: reason.map(str::to_owned),
        creates: ledger.creates.get(po).map_or(0, |record| record.applied),
        acknowledgements: ledger.acks.get(po).map_or(0, |record| record.applied),
        shipments: parcels.map(|record| record.applied).sum(),
        invoices: ledger.invoices.get(po).map_or(0, |record| record.applied),
        ..expected.clone()
    }
}
