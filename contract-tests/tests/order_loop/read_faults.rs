//! Reads that fail: nothing is lost, nothing moves wrongly, the next run recovers.

use ipass_core::job::Job;
use ipass_core::ports::Clock as _;
use ipass_core::reason::{Actor, Reason};
use ipass_core::settings::Settings;
use ipass_core::usecase::conditions;
use ipass_sandbox::{Effect, Fault, Kind, NewOrder};

use crate::world::{ACK, CREATE, JOBS, SETTLED, WRITES, World};

const PAGE: &str = "GET /order/page";
const SINGLE: &str = "GET /order/";
const FIND: &str = "POST /pb/mp/order/v2/list";
const DOCUMENTS: &str = "POST /erp/sc/routing/wms/order/wmsOrderList";
const TOKEN: &str = "POST /api/auth-server/oauth/access-token";
/// Every call that only reads, with the number of orders that makes the service use it.
const READS: [(&str, usize); 8] = [
    (PAGE, 5),
    (SINGLE, 2),
    ("GET /order/log", 5),
    ("GET /invoice", 2),
    ("GET /invoice/log", 5),
    (FIND, 5),
    (DOCUMENTS, 5),
    (TOKEN, 2),
];

fn effects(call: &str) -> Vec<Effect> {
    let mut effects = vec![
        Effect::Status(500, r#"{"message":"internal"}"#.to_owned()),
        Effect::Status(429, "slow down".to_owned()),
        Effect::RetryAfter(3600),
        Effect::Html,
        Effect::Truncated,
        Effect::ResetBeforeCommit,
    ];
    if [FIND, DOCUMENTS, TOKEN].contains(&call) {
        effects.push(Effect::VendorCode("3001008".to_owned()));
        effects.push(Effect::VendorCode("103".to_owned()));
    }
    effects
}

async fn stages_of(world: &World, pos: &[String]) -> Vec<u8> {
    let rows = world.rows().await;
    pos.iter().map(|po| rows.get(po).map_or(0, |row| row.stage.number())).collect()
}

/// Every job meets the fault for the whole of one run, and has one sound run after it.
async fn walk_with_faults(call: &str, count: usize, effect: &Effect) -> u64 {
    let what = format!("{effect:?} on {call}");
    let (world, pos) = World::with_plain(count).await;
    for (job, done) in JOBS.into_iter().zip(1_u8..) {
        world.staff_before(job, &pos);
        world.fault(Fault::next(call, effect.clone()).times(1000));
        world.run(job).await;
        let reached = stages_of(&world, &pos).await;
        assert!(reached.iter().all(|stage| (done - 1..=done).contains(stage)), "{job}, {what}: {reached:?}");
        world.assert_clean();
        world.sandbox.clear_faults();
        world.skip(SETTLED);
        world.run(job).await;
        let reached = stages_of(&world, &pos).await;
        assert!(reached.iter().all(|stage| *stage == done), "{job} recovers from {what}: {reached:?}");
    }
    for po in &pos {
        for (_, call) in WRITES {
            assert_eq!(world.counts(call, po), (1, 1), "{po}, {call}, {what}");
        }
    }
    world.assert_clean();
    world.ledger().faults.get(call).copied().unwrap_or(0)
}

async fn every_effect_on(call: &str) {
    let (call, count) = *READS.iter().find(|(known, _)| *known == call).expect("a known read");
    for effect in effects(call) {
        let fired = walk_with_faults(call, count, &effect).await;
        assert!(fired > 0, "{call} is used with {count} orders");
    }
}

#[tokio::test]
async fn a_page_of_orders_that_cannot_be_read_loses_no_order() {
    every_effect_on(PAGE).await;
}

#[tokio::test]
async fn a_single_order_that_cannot_be_read_is_not_moved() {
    every_effect_on(SINGLE).await;
}

#[tokio::test]
async fn an_order_log_that_cannot_be_read_leads_to_no_second_write() {
    every_effect_on("GET /order/log").await;
}

#[tokio::test]
async fn an_invoice_that_cannot_be_read_leads_to_no_second_one() {
    every_effect_on("GET /invoice").await;
}

#[tokio::test]
async fn an_invoice_log_that_cannot_be_read_leads_to_no_second_invoice() {
    every_effect_on("GET /invoice/log").await;
}

#[tokio::test]
async fn an_erp_list_that_cannot_be_read_moves_no_order() {
    every_effect_on(FIND).await;
}

#[tokio::test]
async fn outbound_documents_that_cannot_be_read_report_no_parcel() {
    every_effect_on(DOCUMENTS).await;
}

#[tokio::test]
async fn a_token_that_cannot_be_had_moves_no_order() {
    every_effect_on(TOKEN).await;
}

#[tokio::test]
async fn a_failed_look_into_the_erp_never_leads_to_a_create() {
    for effect in effects(FIND).into_iter().chain([Effect::HalfPage, Effect::EmptyPage]) {
        let (world, pos) = World::with_plain(6).await;
        world.bring(&pos, 1).await;
        for po in &pos {
            world.act(ipass_sandbox::WorldAction::EnterByHand { po: po.clone() });
        }
        world.fault(Fault::next(FIND, effect.clone()).times(1000));
        world.run(Job::PushOrders).await;
        assert_eq!(world.ledger().calls_of(CREATE), 0, "{effect:?}");
        world.sandbox.clear_faults();
        world.skip(SETTLED);
        world.run(Job::PushOrders).await;
        assert_eq!(world.stages().await, [(2, 6)].into(), "{effect:?}");
        assert_eq!(world.ledger().calls_of(CREATE), 0, "{effect:?}");
    }
}

#[tokio::test]
async fn a_failed_look_at_the_channel_never_leads_to_an_acknowledgement() {
    for (call, count) in [(PAGE, 5), (SINGLE, 2)] {
        for effect in effects(call) {
            let (world, pos) = World::with_plain(count).await;
            world.bring(&pos, 2).await;
            world.staff_before(Job::AckOrders, &pos);
            world.cancel(&pos[0]);
            world.fault(Fault::next("GET /order/*", effect.clone()).times(1000));
            world.run(Job::AckOrders).await;
            assert_eq!(world.ledger().calls_of(ACK), 0, "{effect:?} on {call}");
            assert_eq!(world.stages().await, [(2, count)].into(), "{effect:?} on {call}");
        }
    }
}

#[tokio::test]
async fn one_unreadable_order_among_a_hundred_stops_nobody() {
    let world = World::new().await;
    let pos = world.plant_plain(99);
    world.plant(NewOrder::new("POISON").kind(Kind::Unparsable));
    world.bring(&pos, 2).await;
    assert_eq!(world.stages().await, [(2, 99)].into());
    let unreadable = world.store.unreadable(&world.route.name, 10).await.expect("the store answers");
    assert_eq!(unreadable.len(), 1);
    assert_eq!(unreadable[0].1.reason.code(), "invalid_payload");
    world.assert_clean();
}

#[tokio::test]
async fn a_token_taken_by_another_program_is_renewed_in_the_middle_of_a_run() {
    for call in [FIND, CREATE, DOCUMENTS] {
        let (world, pos) = World::with_plain(4).await;
        world.fault(Fault::next(call, Effect::TokenReplaced).times(2));
        for job in JOBS {
            world.staff_before(job, &pos);
            for _ in 0..2 {
                world.run(job).await;
            }
        }
        assert_eq!(world.stages().await, [(5, 4)].into(), "{call}");
        for po in &pos {
            assert_eq!(world.counts(CREATE, po), (1, 1), "{call}");
        }
        world.assert_clean();
    }
}

#[tokio::test]
async fn a_channel_token_that_is_refused_is_renewed_in_the_middle_of_a_run() {
    for call in [PAGE, ACK, "GET /order/log"] {
        let world = World::builder().oauth().build().await;
        let pos = world.plant_plain(4);
        world.fault(Fault::next(call, Effect::TokenReplaced));
        world.bring(&pos, 5).await;
        assert_eq!(world.ledger().calls_of("POST /oauth2/token"), 2, "{call}");
        for po in &pos {
            assert_eq!(world.counts(ACK, po), (1, 1), "{call}");
        }
        world.assert_clean();
    }
}

#[tokio::test]
async fn tokens_that_expire_in_the_middle_of_runs_are_renewed() {
    let builder = World::builder().oauth().vendors(|config| {
        config.oauth_expires_in = 20;
        config.erp_token_expires_in = 20;
        config.erp_token_replaced = true;
        config.page_size_cap = 10;
    });
    let world = builder.build().await;
    let pos = world.plant_plain(45);
    world.bring(&pos, 5).await;
    let ledger = world.ledger();
    assert!(ledger.calls_of("POST /oauth2/token") > 1, "the channel's token was renewed");
    let erp = ledger.calls.iter().filter(|(call, _)| call.contains("access-token") || call.contains("refresh"));
    assert!(erp.map(|(_, count)| count).sum::<u64>() > 1, "the ERP's token was renewed: {:?}", ledger.calls);
    world.assert_clean();
}

#[tokio::test]
async fn a_wrong_clock_names_whoever_can_set_it_right_and_loses_nothing() {
    let (world, pos) = World::with_plain(2).await;
    world.bring(&pos, 1).await;
    for call in [FIND, CREATE] {
        world.fault(Fault::next(call, Effect::VendorCode("2001007".to_owned())).times(1000));
        world.run(Job::PushOrders).await;
        world.sandbox.clear_faults();
        let row = world.row("PO-1").await;
        let cause = row.last_outcome.and_then(|last| last.cause).expect("a cause");
        assert_eq!((row.stage.number(), cause.reason), (1, Reason::ClockWrong), "{call}: {}", cause.detail);
        assert_eq!(cause.reason.actor(), Actor::Engineer);
        let (settings, now) = (Settings::default(), world.clock.now());
        let conditions = conditions(&*world.store, &world.route.name, &settings, now).await.expect("conditions");
        let keys: Vec<String> = conditions.into_iter().map(|one| one.key).collect();
        assert!(keys.contains(&"clock".to_owned()), "{call}: {keys:?}");
    }
    world.skip(SETTLED);
    world.run(Job::PushOrders).await;
    assert_eq!(stages_of(&world, &pos).await, [2, 2]);
    world.assert_clean();
}
