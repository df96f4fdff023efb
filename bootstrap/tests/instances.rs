//! Two services on one `PostgreSQL`, one of them killed, the other frozen for longer than its lease: nothing
//! is lost, nothing is sent twice, and the work goes on.
//!
//! `IPASS_INSTANCES_LONG=1` makes it long: 500 orders, three minutes, two kills and a freeze.

#[path = "common/harness.rs"]
#[expect(dead_code, reason = "not every test file needs all of it")]
mod common;
#[path = "common/query.rs"]
mod query;
#[path = "common/service.rs"]
#[expect(dead_code, reason = "not every test file needs all of it")]
mod service;

#[path = "instances/instance.rs"]
mod instance;
#[path = "instances/outcome.rs"]
mod outcome;

use std::time::{Duration, Instant};

use ipass_sandbox::{Effect, Fault, Kind as Story, NewOrder};

use common::database::Kind;
use common::process::until;
use common::world::{JOBS, World, quick};
use instance::{Instance, hand_over, owner, running};
use outcome::{assert_as_expected, is_settled};

const CREATE: &str = "POST /pb/mp/order/v2/create";
const ACKNOWLEDGE: &str = "POST /order/acknowledge";
const SHIP: &str = "POST /order/shipment/batch/small";
const INVOICE: &str = "POST /invoice/batch/small";

/// A hand-over takes no longer than this.
const LONGEST: chrono::Duration = chrono::Duration::seconds(30);
/// A holder's lease is 20 seconds, by the server's clock.
const FROZEN: Duration = Duration::from_secs(24);

/// Stories of orders that end by themselves, or stay where only a person helps.
const STORIES: [Story; 16] = [
    Story::Single,
    Story::MultiLine,
    Story::TwoParcels,
    Story::Single,
    Story::Split,
    Story::MultiQuantity,
    Story::UnmappedShop,
    Story::SameSkuTwice,
    Story::Single,
    Story::SpannedLine,
    Story::MappedSku,
    Story::MissingCity,
    Story::RepeatedTracking,
    Story::CancelledAtFirst,
    Story::AlreadyInErp,
    Story::Bundle,
];

/// What happens to whoever is in the middle of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Blow {
    Kill,
    Freeze,
}

struct Plan {
    orders: usize,
    /// Orders arrive for so long.
    length: Duration,
    blows: &'static [(&'static str, &'static str, Blow)],
}

const SHORT: Plan = Plan {
    orders: 60,
    length: Duration::from_secs(10),
    blows: &[("ack_orders", ACKNOWLEDGE, Blow::Kill), ("ship_orders", SHIP, Blow::Freeze)],
};

/// Who dies in a call to the ERP leaves its place in flight taken for two minutes, as the ERP itself does; so
/// that comes last.
const LONG: Plan = Plan {
    orders: 500,
    length: Duration::from_mins(3),
    blows: &[
        ("invoice_orders", INVOICE, Blow::Kill),
        ("ship_orders", SHIP, Blow::Freeze),
        ("push_orders", CREATE, Blow::Kill),
    ],
};

/// Orders that arrive while the services work.
struct Arrivals<'a> {
    world: &'a World,
    plan: &'a Plan,
    begun: Instant,
    made: usize,
}

impl Arrivals<'_> {
    /// Lets all orders come that are due by now, and some more if asked to.
    fn come(&mut self, more: usize) {
        let due = self.plan.orders as u128 * self.begun.elapsed().as_millis() / self.plan.length.as_millis();
        let due = usize::try_from(due).unwrap_or(self.plan.orders);
        // A blow needs somebody to be at work: it gets orders beyond the plan.
        let until = due.min(self.plan.orders).max(self.made + more);
        for n in self.made..until {
            let order = NewOrder::new(&format!("PO-{n:04}")).kind(STORIES[n % STORIES.len()]);
            self.world.sandbox.add_order(order);
        }
        self.made = until.max(self.made);
    }

    fn are_over(&self) -> bool {
        self.made >= self.plan.orders
    }
}

/// Every job every two seconds, stock included.
fn settings(world: &World) -> serde_json::Value {
    let mut settings = world.sandbox.settings_json();
    for job in JOBS.into_iter().chain(["sync_stock"]) {
        settings["jobs"][job]["cron"] = "*/2 * * * * *".into();
        settings["jobs"][job]["size"] = 1000.into();
    }
    settings["jobs"]["pull_orders"]["lookback_minutes"] = 60.into();
    settings
}

/// Strikes whoever is in the middle of the call, and answers how long the work stood still.
fn strike(
    instances: &mut [Instance; 2],
    arrivals: &mut Arrivals<'_>,
    &(job, call, blow): &(&str, &str, Blow),
) -> chrono::Duration {
    let world = arrivals.world;
    let hits = || world.sandbox.ledger().faults.get(call).copied().unwrap_or(0);
    let before = hits();
    world.sandbox.fault(Fault::next(call, Effect::Late(Duration::from_secs(5))));
    // An earlier blow may have left a place at the ERP taken; the orders wait for it.
    let victim = until(&format!("somebody is in the middle of {job}"), 200, || {
        arrivals.come(usize::from(hits() == before));
        (hits() > before).then(|| running(world, job)).flatten().and_then(|run| owner(instances, &run))
    });
    let signal = if blow == Blow::Kill { "KILL" } else { "STOP" };
    let struck = instances[victim].service.process.signalled(signal);
    let mut come = || arrivals.come(0);
    let taken = hand_over(world, job, &instances[1 - victim], struck, &mut come);
    let waited = taken - struck;
    println!("{blow:?} of {} in {job}: taken over after {} ms", instances[victim].name, waited.num_milliseconds());
    match blow {
        Blow::Kill => instances[victim].restart(world),
        Blow::Freeze => {
            let asleep = Instant::now();
            until("it is frozen for longer than its lease", 60, || {
                arrivals.come(0);
                let slept = (common::world::now() - struck).to_std().unwrap_or_default();
                (slept >= FROZEN).then_some(())
            });
            println!("woken {} ms after that", asleep.elapsed().as_millis());
            let begun = instances[victim].begun().len();
            instances[victim].service.process.signalled("CONT");
            until("whoever was frozen works again", 60, || (instances[victim].begun().len() > begun).then_some(()));
        }
    }
    waited
}

#[test]
fn a_killed_and_a_frozen_instance_lose_and_repeat_nothing() {
    let plan = if std::env::var_os("IPASS_INSTANCES_LONG").is_some() { LONG } else { SHORT };
    let log_delay = chrono::Duration::milliseconds(400);
    let timing = ipass_sandbox::Timing { log_delay, ..ipass_sandbox::Timing::instant() };
    let config = ipass_sandbox::SandboxConfig { timing, stock_differs_per_mille: 100, ..quick() };
    let world = World::bare(config, Kind::Postgres);
    world.import(&settings(&world)).code(0);
    let mut instances = ["first", "second"].map(|name| Instance::start(&world, name));
    let begun = Instant::now();
    let mut arrivals = Arrivals { world: &world, plan: &plan, begun, made: 0 };
    arrivals.come(plan.orders / 4);

    let mut longest = chrono::Duration::zero();
    let mut turn = Duration::ZERO;
    for blow in plan.blows {
        until("its turn has come", 600, || {
            arrivals.come(0);
            (begun.elapsed() >= turn).then_some(())
        });
        turn += plan.length / 3;
        let waited = strike(&mut instances, &mut arrivals, blow);
        assert!(waited <= LONGEST, "{blow:?}: {waited}");
        longest = longest.max(waited);
    }
    until("all orders have come", 600, || {
        arrivals.come(1);
        arrivals.are_over().then_some(())
    });
    until("every order is where it belongs", 240, || {
        // Who was put off by the blows waits for minutes; an operator would not.
        world.ipass(&["orders", "retry", "--all"]).code(0);
        is_settled(&world).then_some(())
    });
    until("the channel shows the ERP's stock", 120, || world.sandbox.stock_differences().is_empty().then_some(()));
    let shares = instances.each_ref().map(|instance| instance.begun().len());
    for instance in instances {
        instance.service.stop();
    }
    assert_as_expected(&world);
    assert!(shares.iter().all(|runs| *runs > 0), "both have worked: {shares:?}");
    println!(
        "counts: {} orders, {} blows, {} and {} runs, longest hand-over {} ms, {} s in all",
        plan.orders,
        plan.blows.len(),
        shares[0],
        shares[1],
        longest.num_milliseconds(),
        begun.elapsed().as_secs()
    );
}
