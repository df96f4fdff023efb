//! Every kind ends where its expectation says, and leaves no violation.

use std::collections::BTreeMap;

use super::client::Client;
use super::model::{End, Model};
use crate::{Kind, SandboxConfig, Timing};

async fn every_kind_ends(timing: Timing, seed: u64) {
    let config =
        SandboxConfig { seed, orders: 70, timing, limits: false, page_size_cap: 25, ..SandboxConfig::default() };
    let client = Client::start(config).await;
    let settings = client.sandbox.settings_json();
    let model = Model { client, settings };
    model.client.clock.advance(30);
    let mut found = model.pull().await;
    model.client.clock.advance(120);
    found.extend(model.pull().await);
    let mut ends: BTreeMap<String, End> = BTreeMap::new();
    for (po, order) in &found {
        ends.insert(po.clone(), model.walk(order).await);
    }
    model.client.clock.advance(1200);
    let mut model = model;
    model.client.renew().await;
    for (po, end) in &mut ends {
        if *end == (2, None) {
            *end = model.release(po).await;
        }
    }
    model.client.clock.advance(200);
    for (po, end) in &mut ends {
        if *end == (3, None) {
            *end = model.finish(po).await;
        }
    }
    let expected = model.client.sandbox.expectations();
    assert_eq!(expected.len(), found.len());
    let ledger = model.client.sandbox.ledger();
    for expectation in expected {
        let (stage, reason) = ends[&expectation.po];
        let what = format!("{} {:?}", expectation.po, expectation.kind);
        assert_eq!((stage, reason), (expectation.stage, expectation.reason.as_deref()), "{what}");
        let creates = ledger.creates.get(&expectation.po).map_or(0, |record| record.applied);
        let acks = ledger.acks.get(&expectation.po).map_or(0, |record| record.applied);
        let parcels = ledger
            .shipments
            .get(&expectation.po)
            .map_or(0, |parcels| parcels.values().map(|record| record.applied).sum());
        let invoices = ledger.invoices.get(&expectation.po).map_or(0, |record| record.applied);
        let cancels = ledger.cancels.values().filter(|record| record.pos.contains(&expectation.po));
        let cancels: u64 = cancels.map(|record| record.applied).sum();
        let counts = [expectation.creates, expectation.acknowledgements, expectation.shipments, expectation.invoices];
        assert_eq!([creates, acks, parcels, invoices], counts, "{what}");
        assert_eq!(cancels, expectation.cancels, "{what}");
        if expectation.kind == Kind::ForeignSku {
            assert_eq!(parcels, 0);
        }
    }
    assert_eq!(ledger.violations(), Vec::<String>::new());
    model.client.sandbox.stop().await;
}

#[tokio::test]
async fn every_kind_can_end_where_it_must() {
    for seed in 1..=5 {
        every_kind_ends(Timing::default(), seed).await;
    }
}

#[tokio::test]
async fn every_kind_can_end_where_it_must_without_delays() {
    every_kind_ends(Timing::instant(), 11).await;
}
