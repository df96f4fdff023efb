//! A limit that the instances of the service keep together.

use std::fmt::Display;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use ipass_core::ports::{Clock, LeaseStore, SlotAnswer, Stored};
use sha2::{Digest, Sha256};
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::pace::{HELD, Pace};

/// A store that takes longer counts as failed: a hanging database must not stop the calls.
const PATIENCE: Duration = Duration::from_secs(3);

/// The shortest wait before the store is asked again, whatever it said.
const SHORTEST_WAIT: Duration = Duration::from_millis(10);

/// A failing store is spoken of once in so long.
const SILENCE: TimeDelta = TimeDelta::minutes(1);

/// A slot that nobody keeps any more is free after this: its holder died, and its connections with it.
const ALIVE: Duration = Duration::from_secs(20);

/// How often a call on its way keeps its slot.
const KEEP_EVERY: Duration = Duration::from_secs(6);

/// The part of an account's limits that all instances share.
pub(crate) struct Shared {
    leases: Arc<dyn LeaseStore>,
    account: Arc<str>,
    scope: String,
    warned_at: Mutex<Option<DateTime<Utc>>>,
}

impl Shared {
    /// Limits of whoever uses this credential at this base URL.
    pub(crate) fn new(leases: Arc<dyn LeaseStore>, account: Arc<str>, base: &str, credential: &str) -> Self {
        Self { leases, account, scope: scope(base, credential), warned_at: Mutex::new(None) }
    }

    /// Waits for the call's turn among all instances; `None` where there is nothing to give back.
    ///
    /// Dropped at any point, it leaves at most one slot behind, which the store frees when its time is
    /// up: two minutes after a call that was given up on, because the vendor holds it that long, and
    /// soon after the death of the process.
    pub(crate) async fn turn(&self, pace: &Pace, call: &str, clock: &Arc<dyn Clock>) -> Option<SharedSlot> {
        let key = format!("{}|{call}", self.scope);
        loop {
            let wait = match pace {
                Pace::Free => return None,
                Pace::Windows(windows) => {
                    let (per_second, per_minute) = windows.shared_limits();
                    // No answer, and a call that was counted: both end the wait.
                    self.ask(self.leases.draw(&key, per_second, per_minute), clock).await??
                }
                Pace::InFlight(in_flight) => {
                    let (capacity, gap) = in_flight.limits();
                    match self.ask(self.leases.take_slot(&key, capacity, ALIVE, gap), clock).await? {
                        SlotAnswer::Taken(slot) => return Some(SharedSlot::kept(slot, &self.leases)),
                        SlotAnswer::Wait(wait) => wait,
                    }
                }
            };
            clock.sleep(wait.max(SHORTEST_WAIT)).await;
        }
    }

    /// Gives a slot back; one that cannot be given back frees itself when its time is up.
    pub(crate) async fn free(&self, slot: SharedSlot, clock: &Arc<dyn Clock>) {
        let SharedSlot { slot, ended } = slot;
        // Its keeper may have gone with the runtime.
        let _ = ended.send(());
        let _ = self.ask(self.leases.free_slot(slot), clock).await;
    }

    /// The store's answer; `None` when it has none and the own limit has to do.
    async fn ask<T>(&self, question: impl Future<Output = Stored<T>>, clock: &Arc<dyn Clock>) -> Option<T> {
        match tokio::time::timeout(PATIENCE, question).await {
            Ok(Ok(answer)) => return Some(answer),
            Ok(Err(error)) => self.warn(&error, clock.now()),
            Err(elapsed) => self.warn(&elapsed, clock.now()),
        }
        None
    }

    fn warn(&self, error: &dyn Display, now: DateTime<Utc>) {
        if self.may_warn(now) {
            tracing::warn!(account = &*self.account, %error, "shared limits are not kept: only this instance's own are");
        }
    }

    fn may_warn(&self, now: DateTime<Utc>) -> bool {
        let mut warned_at = self.warned_at.lock().unwrap_or_else(PoisonError::into_inner);
        let due = warned_at.is_none_or(|at| now - at >= SILENCE || now < at);
        if due {
            *warned_at = Some(now);
        }
        due
    }
}

/// A slot of the store that is ours, and kept for as long as this lives.
#[derive(Debug)]
pub(crate) struct SharedSlot {
    slot: i64,
    /// Told when the call has its answer; dropped, the call was given up on.
    ended: oneshot::Sender<()>,
}

impl SharedSlot {
    fn kept(slot: i64, leases: &Arc<dyn LeaseStore>) -> Self {
        let (ended, end) = oneshot::channel();
        tokio::spawn(keep(slot, Arc::clone(leases), end));
        Self { slot, ended }
    }
}

/// Keeps a slot until its call has ended, and a given-up one for as long as the vendor does.
async fn keep(slot: i64, leases: Arc<dyn LeaseStore>, mut end: oneshot::Receiver<()>) {
    let began = Instant::now();
    loop {
        let kept = tokio::select! {
            answered = &mut end => {
                if answered.is_err() {
                    drop(leases.keep_slot(slot, HELD.saturating_sub(began.elapsed())).await);
                }
                return;
            }
            () = tokio::time::sleep(KEEP_EVERY) => leases.keep_slot(slot, ALIVE).await,
        };
        // The next time will do; if there is none, the slot is freed early, and the own limit holds.
        drop(kept);
    }
}

/// The same for every instance with the same credential, and no way back to it: the first 16
/// hexadecimal digits of its SHA-256.
fn scope(base: &str, credential: &str) -> String {
    let hash = Sha256::digest(credential.as_bytes());
    let short = hash.iter().take(8).fold(0_u64, |short, byte| (short << 8) | u64::from(*byte));
    format!("{base}#{short:016x}")
}

#[cfg(test)]
mod tests;
