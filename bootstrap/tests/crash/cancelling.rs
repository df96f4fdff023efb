//! Orders that the retailer cancelled while the ERP holds them: taken back and cancelled there, once.

use ipass_sandbox::{SandboxConfig, Timing, WorldAction};

use crate::case::{Case, at, everywhere, lost, twice};
use crate::common::database::Kind;
use crate::common::world::{STORIES, World, quick};

const CANCEL: &str = "POST /pb/mp/order/v2/cancelOrder";
const RECALL: &str = "POST /basicOpen/wmsOrder/cancel";

/// Orders that wait for review: one call ends them.
const WAITING: [Case; 6] = [
    at("ack_orders:intended"),
    at("ack_orders:sent"),
    at("ack_orders:recorded"),
    lost(CANCEL, "ack_orders:sent"),
    twice("ack_orders:intended", "ack_orders:sent"),
    twice("ack_orders:sent", "ack_orders:recorded"),
];

/// Orders that the warehouse holds: recalled first.
const RELEASED: [Case; 8] = [
    at("ack_orders:intended"),
    at("ack_orders:sent"),
    at("ack_orders:recorded"),
    at("ack_orders:intended#2"),
    at("ack_orders:sent#2"),
    lost(RECALL, "ack_orders:sent"),
    lost(CANCEL, "ack_orders:sent#2"),
    twice("ack_orders:sent", "ack_orders:sent"),
];

#[test]
fn a_crash_while_orders_are_cancelled_in_the_erp_repeats_nothing_on_sqlite() {
    everywhere(&WAITING, |case| crash(case, Kind::Sqlite, false));
    everywhere(&RELEASED, |case| crash(case, Kind::Sqlite, true));
}

#[test]
fn a_crash_while_orders_are_cancelled_in_the_erp_repeats_nothing_on_postgres() {
    everywhere(&WAITING, |case| crash(case, Kind::Postgres, false));
    everywhere(&RELEASED, |case| crash(case, Kind::Postgres, true));
}

fn crash(case: &Case, store: Kind, released: bool) {
    let never = chrono::Duration::days(1000);
    let timing = Timing { review_after: never, second_review_after: never, ship_after: never, ..Timing::instant() };
    let world = World::new(SandboxConfig { timing, ..quick() }, store);
    world.add_orders();
    world.job("pull_orders");
    world.job("push_orders");
    for (po, _) in STORIES {
        let po = po.to_owned();
        if released {
            world.sandbox.advance_erp(WorldAction::Review { po: po.clone() }).expect("the ERP has it");
        }
        world.sandbox.advance_erp(WorldAction::CancelAtChannel { po }).expect("the channel has it");
    }
    case.strike(&world);
    let mut cycles = 0;
    while world.stages().values().any(|stage| *stage != 6) {
        assert!(cycles < crate::CYCLES, "not final after {cycles} cycles: {:?}", world.orders());
        cycles += 1;
        world.job("ack_orders");
    }
    let ledger = world.sandbox.ledger();
    assert_eq!(ledger.violations(), Vec::<String>::new());
    assert!(ledger.acks.is_empty() && ledger.shipments.is_empty() && ledger.invoices.is_empty(), "{ledger:?}");
    for (order, record) in &ledger.cancels {
        assert_eq!(record.applied, 1, "{order}: {record:?}");
        assert_eq!(record.recalls, u64::from(released), "{order}: {record:?}");
    }
    let cancelled: std::collections::BTreeSet<&String> = ledger.cancels.values().flat_map(|one| &one.pos).collect();
    assert_eq!(cancelled.len(), STORIES.len(), "each was cancelled in the ERP");
}
