//! "n at the same time", for vendors whose bucket counts running requests.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use ipass_core::ports::Clock;
use tokio::runtime::Handle;
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};

/// How long the vendor holds the place of a call that nobody waits for any more (documented by
/// Lingxing: a token comes back on completion, on failure, or after 2 minutes).
pub(crate) const HELD: Duration = Duration::from_mins(2);

/// A number of places, and a gap between starts.
#[derive(Debug)]
pub struct InFlight {
    places: Arc<Semaphore>,
    capacity: usize,
    gap: Duration,
    last_start: Mutex<Option<DateTime<Utc>>>,
}

impl InFlight {
    pub(super) fn new(capacity: usize, gap: Duration) -> Self {
        let capacity = capacity.clamp(1, Semaphore::MAX_PERMITS);
        Self { places: Arc::new(Semaphore::new(capacity)), capacity, gap, last_start: Mutex::new(None) }
    }

    /// Calls at the same time, and the gap between their starts.
    pub(crate) fn limits(&self) -> (u32, Duration) {
        (u32::try_from(self.capacity).unwrap_or(u32::MAX), self.gap)
    }

    pub(super) async fn enter(&self, clock: &Arc<dyn Clock>) -> Slot {
        // The semaphore is never closed, so an error cannot happen; without a permit there would
        // be no limit, which is no reason to stop either.
        let permit = Arc::clone(&self.places).acquire_owned().await.ok();
        let mut last_start = self.last_start.lock().await;
        if let Some(last) = *last_start {
            // A clock that was put back makes the pause negative: then a whole gap is right.
            let passed = (clock.now() - last).to_std().unwrap_or_default();
            clock.sleep(self.gap.saturating_sub(passed)).await;
        }
        let began = clock.now();
        *last_start = Some(began);
        Slot { permit, began, clock: Arc::clone(clock) }
    }
}

/// One occupied place.
pub(super) struct Slot {
    permit: Option<OwnedSemaphorePermit>,
    began: DateTime<Utc>,
    clock: Arc<dyn Clock>,
}

impl Slot {
    /// Frees the place at once.
    pub(super) fn release(mut self) {
        self.permit = None;
    }
}

/// A call that was given up on, or whose future was dropped: the place stays occupied as long as
/// the vendor holds it.
impl Drop for Slot {
    fn drop(&mut self) {
        let Some(permit) = self.permit.take() else { return };
        // Outside of a runtime nobody is left who could make another call.
        let Ok(runtime) = Handle::try_current() else { return };
        let passed = (self.clock.now() - self.began).to_std().unwrap_or_default();
        let clock = Arc::clone(&self.clock);
        runtime.spawn(async move {
            clock.sleep(HELD.saturating_sub(passed)).await;
            drop(permit);
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::testing::RuntimeClock;

    fn clock() -> Arc<dyn Clock> {
        Arc::new(RuntimeClock::new())
    }

    #[tokio::test(start_paused = true)]
    async fn starts_are_a_gap_apart_and_never_too_many_run() {
        let (clock, limit) = (clock(), Arc::new(InFlight::new(3, Duration::from_millis(200))));
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let calls: Vec<_> = (0..12)
            .map(|_| {
                let (clock, limit) = (Arc::clone(&clock), Arc::clone(&limit));
                let (running, most) = (Arc::clone(&running), Arc::clone(&most));
                tokio::spawn(async move {
                    let slot = limit.enter(&clock).await;
                    let began = clock.now();
                    most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    clock.sleep(Duration::from_secs(1)).await;
                    running.fetch_sub(1, Ordering::SeqCst);
                    slot.release();
                    began
                })
            })
            .collect();
        let mut starts = Vec::new();
        for call in calls {
            starts.push(call.await.unwrap());
        }
        starts.sort_unstable();
        assert_eq!(most.load(Ordering::SeqCst), 3);
        assert!(starts.windows(2).all(|pair| (pair[1] - pair[0]).num_milliseconds() >= 200));
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_given_up_on_keeps_its_place_for_two_minutes_from_its_start() {
        let (clock, limit) = (clock(), InFlight::new(1, Duration::ZERO));
        let began = clock.now();
        let slot = limit.enter(&clock).await;
        clock.sleep(Duration::from_secs(30)).await;
        drop(slot);
        limit.enter(&clock).await.release();
        assert_eq!((clock.now() - began).num_seconds(), 120);
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_future_counts_as_given_up_but_a_dropped_waiter_does_not() {
        let (clock, limit) = (clock(), Arc::new(InFlight::new(1, Duration::ZERO)));
        let began = clock.now();
        let held = limit.enter(&clock).await;
        let waiting = tokio::time::timeout(Duration::from_secs(1), limit.enter(&clock)).await;
        assert!(waiting.is_err());
        held.release();
        let call = async {
            let _slot = limit.enter(&clock).await;
            clock.sleep(Duration::from_mins(10)).await;
        };
        assert!(tokio::time::timeout(Duration::from_secs(5), call).await.is_err());
        limit.enter(&clock).await.release();
        assert_eq!((clock.now() - began).num_seconds(), 121);
    }

    #[tokio::test(start_paused = true)]
    async fn a_completed_call_frees_its_place_at_once() {
        let (clock, limit) = (clock(), InFlight::new(1, Duration::ZERO));
        let began = clock.now();
        limit.enter(&clock).await.release();
        limit.enter(&clock).await.release();
        assert_eq!(clock.now(), began);
    }
}
