//! Where a process dies, and what is the same for every kind of work.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use ipass_sandbox::{Effect, Fault};

use crate::common::process::run;
use crate::common::world::World;

/// Cases at a time: they wait more than they compute.
const WORKERS: usize = 4;

/// Where a process dies.
#[derive(Debug)]
pub(crate) struct Case {
    /// The point; `#2` is the second time that it is reached.
    pub(crate) point: &'static str,
    /// The call whose answer is lost, or whose answer forgets an order, before that.
    pub(crate) fault: Option<(&'static str, Effect)>,
    /// Where the run after it dies as well.
    pub(crate) again: Option<&'static str>,
}

pub(crate) const fn at(point: &'static str) -> Case {
    Case { point, fault: None, again: None }
}

pub(crate) const fn lost(call: &'static str, point: &'static str) -> Case {
    Case { point, fault: Some((call, Effect::ResetAfterCommit)), again: None }
}

pub(crate) const fn twice(point: &'static str, again: &'static str) -> Case {
    Case { point, fault: None, again: Some(again) }
}

impl Case {
    /// Lets the case's fault strike, and the process die where the case says, once or twice.
    pub(crate) fn strike(&self, world: &World) {
        if let Some((call, effect)) = &self.fault {
            world.sandbox.fault(Fault::next(call, effect.clone()));
        }
        for point in [Some(self.point), self.again].into_iter().flatten() {
            die_at(world, point);
        }
    }
}

/// Runs the job of a point (`job:point`) until it dies there.
pub(crate) fn die_at(world: &World, point: &str) {
    let (job, _) = point.split_once(':').expect("job:point");
    run(world.command(&["run", job]).env("IPASS_KILL_AT", point)).killed();
}

/// All cases, some at a time; each failing one is named.
pub(crate) fn everywhere(cases: &[Case], crash: impl Fn(&Case) + Sync) {
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::SeqCst)) {
                    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| crash(case))) {
                        let why = panic.downcast_ref::<String>().cloned().unwrap_or_default();
                        failures.lock().expect("no case holds it").push(format!("{case:?}\n{why}\n"));
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().expect("no case holds it");
    assert!(failures.is_empty(), "{} of {} cases:\n\n{}", failures.len(), cases.len(), failures.join("\n"));
    println!("counts: {} kills", cases.len());
}
