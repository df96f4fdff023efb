//! Every kind of order, to its end.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ipass_core::ports::OrderRow;
use ipass_core::reason::Reason;
use ipass_sandbox::{Expectation, Ledger, Timing};

use crate::world::{JOBS, WRITES, World};

const BETWEEN_CYCLES: Duration = Duration::from_mins(2);
const QUIET_CYCLES: usize = 3;
const MAX_CYCLES: usize = 60;

/// Cycles until nothing has moved for a while.
pub(crate) async fn until_quiet(world: &World) {
    let mut quiet = 0;
    for _ in 0..MAX_CYCLES {
        let mut moved = 0;
        for job in JOBS {
            let report = world.run_scheduled(job).await;
            assert_eq!(report.error, None, "{job}");
            let stored = report.done.pulled.map_or(0, |pulled| pulled.saved.stored);
            moved +=
                stored + report.done.outcomes.iter().filter(|outcome| outcome.after != outcome.before).count() as u64;
        }
        world.skip(BETWEEN_CYCLES);
        // What is being read back comes to another end by itself.
        let open = world.rows().await.values().any(|row| {
            let cause = row.last_outcome.as_ref().and_then(|last| last.cause.as_ref());
            !row.stage.is_final() && cause.is_some_and(|cause| cause.reason == Reason::WriteUnconfirmed)
        });
        quiet = if moved == 0 && !open { quiet + 1 } else { 0 };
        if quiet == QUIET_CYCLES {
            return;
        }
    }
    panic!("still moving after {MAX_CYCLES} cycles");
}

/// What an order came to, in the words of its expectation.
pub(crate) fn reached(expected: &Expectation, row: Option<&OrderRow>, ledger: &Ledger) -> Expectation {
    let po = expected.po.as_str();
    let cause = row.and_then(|row| row.last_outcome.as_ref()).and_then(|last| last.cause.as_ref());
    let stage = row.map_or(0, |row| row.stage.number());
    let parcels = ledger.shipments.get(po).into_iter().flat_map(BTreeMap::values);
    Expectation {
        stage,
        reason: cause.filter(|_| stage < 5).map(|cause| cause.reason.code().to_owned()),
        creates: ledger.creates.get(po).map_or(0, |record| record.applied),
        acknowledgements: ledger.acks.get(po).map_or(0, |record| record.applied),
        shipments: parcels.map(|record| record.applied).sum(),
        invoices: ledger.invoices.get(po).map_or(0, |record| record.applied),
        ..expected.clone()
    }
}

pub(crate) async fn assert_expectations(world: &World) {
    let (rows, ledger) = (world.rows().await, world.ledger());
    let (unreadable, readable): (Vec<_>, Vec<_>) =
        world.sandbox.expectations().into_iter().partition(|expected| expected.invalid);
    let wrong: Vec<String> = readable
        .iter()
        .map(|expected| (expected, reached(expected, rows.get(&expected.po), &ledger)))
        .filter(|(expected, reached)| *expected != reached)
        .map(|(expected, reached)| format!("\nexpected {expected:?}\n reached {reached:?}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.concat());
    let kept = world.store.unreadable(&world.route.name, 1000).await.expect("the store answers");
    assert_eq!(kept.len(), unreadable.len(), "{kept:?}");
    world.assert_clean();
}

async fn every_kind_ends_where_it_has_to(seed: u64) {
    let builder = World::builder().vendors(|config| {
        config.orders = 220;
        config.seed = seed;
        config.timing = Timing::default();
    });
    let world = builder.set("/jobs/push_orders/size", 500).set("/jobs/ship_orders/size", 500).build().await;
    until_quiet(&world).await;
    assert_expectations(&world).await;

    let before = attempts(&world);
    let applied_before = applied(&before);
    world.skip(Duration::from_hours(1));
    for job in JOBS {
        world.run(job).await;
    }
    let after = attempts(&world);
    assert_eq!(applied(&after), applied_before, "a further round changes nothing at the vendors");
    // What a vendor refuses is tried again, since a person may have mended it; nothing else is sent.
    let refused: BTreeSet<String> =
        world.sandbox.expectations().into_iter().filter(refused_by_vendor).map(|expected| expected.po).collect();
    let sent: BTreeSet<String> = after
        .iter()
        .filter(|(write, counts)| before.get(*write) != Some(counts))
        .map(|((_, po), _)| po.clone())
        .collect();
    assert_eq!(sent, refused, "the orders that a further round sends something for");
    world.assert_clean();
}

fn refused_by_vendor(expected: &Expectation) -> bool {
    expected.reason.as_deref().is_some_and(|reason| matches!(reason, "erp_rejected" | "channel_rejected"))
}

/// Attempts and successes per kind of write and order.
fn attempts(world: &World) -> BTreeMap<(&'static str, String), (u64, u64)> {
    let orders = world.sandbox.expectations();
    let of_order = |po: &str| WRITES.map(|(_, call)| ((call, po.to_owned()), world.counts(call, po)));
    orders.iter().flat_map(|expected| of_order(&expected.po)).collect()
}

/// What took place at the vendors in all.
fn applied(attempts: &BTreeMap<(&'static str, String), (u64, u64)>) -> u64 {
    attempts.values().map(|(_, applied)| applied).sum()
}

#[tokio::test]
async fn every_kind_of_order_ends_where_it_has_to_with_seed_1() {
    every_kind_ends_where_it_has_to(1).await;
}

#[tokio::test]
async fn every_kind_of_order_ends_where_it_has_to_with_seed_2() {
    every_kind_ends_where_it_has_to(2).await;
}

#[tokio::test]
async fn every_kind_of_order_ends_where_it_has_to_with_seed_3() {
    every_kind_ends_where_it_has_to(3).await;
}
