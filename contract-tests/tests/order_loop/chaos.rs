//! Seeded storms over the whole loop: orders, stock and cancellations, with people at work meanwhile.
//!
//! `IPASS_CHAOS_SEEDS=1000` raises the number of seeds, `IPASS_CHAOS_SEED=7` plays one seed only.

#[path = "chaos/plan.rs"]
mod plan;
#[path = "chaos/truth.rs"]
mod truth;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use ipass_core::job::Job;
use ipass_core::ports::Clock as _;
use ipass_sandbox::{CancelPolicy, Kind, NewOrder, Timing, WorldAction};

use self::plan::{Act, Plan};
use self::truth::assert_true;
use crate::every_kind::until_quiet;
use crate::world::{JOBS, World};

/// Played by the test command.
const SEEDS: u64 = 100;
/// Orders that are there at first; others arrive during the storm.
const ORDERS: usize = 24;
/// Products beside those that orders ask for.
const STOCK_ITEMS: usize = 6;
/// Cycles in which faults strike.
const STORMY_CYCLES: usize = 4;
/// Figures that nobody can find are given so long.
const STOCK_SETTLED: Duration = Duration::from_mins(20);
/// Stock runs in which the figures have to become equal.
const STOCK_RUNS: usize = 6;

async fn survives(seed: u64) {
    let mut plan = Plan::of(seed);
    let policy = plan.policy;
    let builder = World::builder().vendors(|config| {
        config.orders = ORDERS;
        config.seed = seed;
        config.timing = Timing::default();
        config.page_size_cap = 12;
        config.stock_items = STOCK_ITEMS;
        config.streams = !seed.is_multiple_of(4);
    });
    let in_erp = if policy == CancelPolicy::Auto { "auto" } else { "ask" };
    let world = builder.set("/cancel/in_erp", in_erp).set("/jobs/sync_stock/max_zero_ratio", 1.0).build().await;
    for fault in plan.faults() {
        world.fault(fault);
    }
    let mut cancelled = Vec::new();
    for cycle in 0..STORMY_CYCLES {
        for job in JOBS.into_iter().chain([Job::SyncStock]) {
            // Whatever comes of it: nothing wrong may be sent.
            world.run_scheduled(job).await;
            for act in plan.between_runs() {
                carry_out(&world, act, &mut plan, &mut cancelled, cycle).await;
            }
        }
        if cycle % 2 == 1 {
            world.run_scheduled(Job::PullSkuPairs).await;
        }
        world.assert_clean();
        world.skip(Duration::from_mins(2));
    }
    assert!(world.ledger().faults.values().sum::<u64>() > 5, "the storm was one: {:?}", world.ledger().faults);
    world.sandbox.clear_faults();
    world.change_settings("/cancel/in_erp", in_erp).await;
    world.change_settings("/mapping/shop", world.sandbox.settings_json()["mapping"]["shop"].clone()).await;
    world.change_settings("/jobs/push_orders/size", 200).await;
    until_quiet(&world).await;
    for _ in 0..STOCK_RUNS {
        if world.sandbox.stock_differences().is_empty() {
            break;
        }
        world.skip(STOCK_SETTLED);
        assert_eq!(world.run(Job::SyncStock).await.error, None);
    }
    assert_eq!(world.run(Job::PullSkuPairs).await.error, None);
    assert_eq!(world.sandbox.stock_differences(), [], "stock");
    assert_true(&world, policy, &cancelled).await;
}

/// What people and retailers do between two runs.
async fn carry_out(world: &World, act: Act, plan: &mut Plan, cancelled: &mut Vec<String>, cycle: usize) {
    match act {
        Act::Order(kind) => {
            let po = format!("NEW-{cycle}-{}", plan.next());
            world.plant(NewOrder::new(&po).kind(kind).created_at(world.clock.now()));
        }
        Act::Cancel => {
            // What happens to one of two merged orders happens to both.
            let mut known = world.sandbox.expectations();
            known.retain(|expected| expected.kind != Kind::Merged);
            let po = known[plan.pick(known.len())].po.clone();
            world.act(WorldAction::CancelAtChannel { po: po.clone() });
            cancelled.push(po);
        }
        Act::Sell => {
            let sku = format!("STK-{:05}", 1 + plan.pick(STOCK_ITEMS));
            let quantity = i64::try_from(plan.pick(50)).expect("few");
            // Some are called otherwise in the ERP.
            let _ = world.sandbox.advance_erp(WorldAction::SetStock { wid: 33_328, sku, quantity });
        }
        Act::Size(size) => world.change_settings("/jobs/push_orders/size", size).await,
        Act::OtherPolicy(in_erp) => world.change_settings("/cancel/in_erp", in_erp).await,
        Act::ForgetShops => world.change_settings("/mapping/shop", serde_json::json!({})).await,
        Act::RememberShops => {
            world.change_settings("/mapping/shop", world.sandbox.settings_json()["mapping"]["shop"].clone()).await;
        }
    }
}

fn plays(seed: u64) -> Result<(), String> {
    let play = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(survives(seed));
    };
    catch_unwind(AssertUnwindSafe(play)).map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default();
        format!(
            "seed {seed}: {text}\nIPASS_CHAOS_SEED={seed} cargo test -p ipass-contract-tests --test order_loop chaos"
        )
    })
}

#[test]
fn any_storm_leaves_every_order_and_every_figure_where_it_has_to_end() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let (first, last) = match number("IPASS_CHAOS_SEED") {
        Some(seed) => (seed, seed),
        None => (1, number("IPASS_CHAOS_SEEDS").unwrap_or(SEEDS)),
    };
    let (next, failed) = (AtomicU64::new(first), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed > last {
                        return;
                    }
                    if let Err(failure) = plays(seed) {
                        failed.lock().expect("no panic here").push(failure);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().expect("no panic");
    assert!(failed.is_empty(), "{} of {} seeds:\n{}", failed.len(), last + 1 - first, failed.join("\n\n"));
    println!("counts: {} seeds", last + 1 - first);
}
