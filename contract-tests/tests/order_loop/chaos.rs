//! Seeded mixes of faults over the whole loop; a failing seed is named and replays.

use std::time::Duration;

use ipass_sandbox::{Effect, Fault, Timing};

use crate::every_kind::{assert_expectations, until_quiet};
use crate::world::{JOBS, World};

/// Raised by `IPASS_CHAOS_SEEDS` for a long run.
const SEEDS: u64 = 6;
/// Cycles in which faults strike.
const STORMY_CYCLES: usize = 6;

fn faults() -> Vec<Fault> {
    let any = |call: &str, effect| Fault::random(call, 0.06, 1000, effect);
    vec![
        any("*", Effect::Status(500, String::new())),
        any("*", Effect::Status(503, "<html>busy</html>".to_owned())),
        any("*", Effect::RetryAfter(20)),
        any("*", Effect::ResetBeforeCommit),
        any("*", Effect::ResetAfterCommit),
        any("*", Effect::BrokenBody),
        any("*", Effect::Truncated),
        any("*", Effect::StatusAfterCommit(502, String::new())),
        any("*", Effect::Html),
        any("POST /pb/*", Effect::VendorCode("3001008".to_owned())),
        any("POST /pb/*", Effect::TokenReplaced),
        any("POST /pb/mp/order/v2/list", Effect::HalfPage),
        any("POST /pb/mp/order/v2/create", Effect::ForgetItem(0)),
        any("GET /order/page", Effect::ScrollExpired),
        any("GET /order/page", Effect::HalfPage),
        any("GET /order/page", Effect::DuplicatePage),
        any("POST /order/*", Effect::LogSilent { applied: true, item: Some(0) }),
        any("POST /order/*", Effect::LogSilent { applied: false, item: None }),
        any("POST /order/*", Effect::LogFails { reason: "not today".to_owned(), item: Some(1) }),
        any("POST /invoice/batch/small", Effect::LogSilent { applied: false, item: None }),
    ]
}

async fn survives(seed: u64) {
    let builder = World::builder().vendors(|config| {
        config.orders = 90;
        config.seed = seed;
        config.timing = Timing::default();
        config.page_size_cap = 20;
    });
    let world = builder.build().await;
    for fault in faults() {
        world.fault(fault);
    }
    for _ in 0..STORMY_CYCLES {
        for job in JOBS {
            // Whatever comes of it: nothing wrong may be sent.
            world.run_scheduled(job).await;
        }
        world.assert_clean();
        world.skip(Duration::from_mins(2));
    }
    assert!(world.ledger().faults.values().sum::<u64>() > 20, "the storm was one: {:?}", world.ledger().faults);
    world.sandbox.clear_faults();
    until_quiet(&world).await;
    assert_expectations(&world).await;
}

#[tokio::test]
async fn any_mix_of_faults_leaves_every_order_where_it_has_to_end() {
    let seeds = std::env::var("IPASS_CHAOS_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(SEEDS);
    for seed in 1..=seeds {
        println!("seed {seed}");
        survives(seed).await;
    }
}
