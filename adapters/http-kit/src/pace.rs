//! Keeping a vendor's limit, before it has to remind us.

mod in_flight;
mod windows;

use std::sync::Arc;
use std::time::Duration;

use ipass_core::ports::Clock;

pub use in_flight::InFlight;
pub use windows::Windows;

pub(crate) use in_flight::HELD;

use in_flight::Slot;

use crate::shared::{Shared, SharedSlot};

/// The limit of one kind of call. Clones share it; make one per account and limit.
#[derive(Debug, Clone)]
pub enum Pace {
    /// No limit.
    Free,
    /// At most so many calls in any second and any minute.
    Windows(Arc<Windows>),
    /// At most so many calls at the same time.
    InFlight(Arc<InFlight>),
}

impl Pace {
    /// No limit.
    #[must_use]
    pub fn free() -> Self {
        Self::Free
    }

    /// The numbers that the vendor publishes: never more than those in any second or minute,
    /// wherever it begins.
    #[must_use]
    pub fn windows(per_second: Option<u32>, per_minute: u32) -> Self {
        Self::Windows(Arc::new(Windows::new(per_second, per_minute)))
    }

    /// At most `capacity` calls at the same time, their starts at least `gap` apart.
    ///
    /// A call that was given up on keeps its place until two minutes after it began, because the
    /// vendor holds it that long.
    #[must_use]
    pub fn in_flight(capacity: usize, gap: Duration) -> Self {
        Self::InFlight(Arc::new(InFlight::new(capacity, gap)))
    }

    /// Waits for the turn of a call: among the calls of this process, then among those of all
    /// instances where the account shares its limits.
    pub(crate) async fn turn(&self, call: &str, shared: Option<&Arc<Shared>>, clock: &Arc<dyn Clock>) -> Turn {
        let place = match self {
            Self::Free => return Turn { place: Place(None), shared: None },
            Self::Windows(windows) => {
                windows.wait(clock).await;
                Place(None)
            }
            Self::InFlight(in_flight) => Place(Some(in_flight.enter(clock).await)),
        };
        let Some(shared) = shared else { return Turn { place, shared: None } };
        let slot = shared.turn(self, call, clock).await;
        Turn { place, shared: slot.map(|slot| (Arc::clone(shared), slot)) }
    }
}

/// The right to make one call now. Dropping it means that nothing was sent, or that the remote is
/// through with it.
pub(crate) struct Turn {
    place: Place,
    shared: Option<(Arc<Shared>, SharedSlot)>,
}

impl Turn {
    /// The call is on its way: from here on, dropping means that it was given up on.
    pub(crate) fn sending(mut self) -> Sending {
        Sending { slot: self.place.0.take(), shared: self.shared.take() }
    }

    /// Nothing was sent.
    pub(crate) async fn unused(self, clock: &Arc<dyn Clock>) {
        self.sending().done(clock).await;
    }
}

/// A call on its way. Dropping it without [`Sending::done`] means that the call was given up on: its
/// place, here and among all instances, stays occupied as long as the vendor holds it.
pub(crate) struct Sending {
    slot: Option<Slot>,
    shared: Option<(Arc<Shared>, SharedSlot)>,
}

impl Sending {
    /// The remote has answered, or never saw the call.
    ///
    /// The place here is freed last: whoever waits for it then finds one among all instances, too.
    pub(crate) async fn done(self, clock: &Arc<dyn Clock>) {
        let place = Place(self.slot);
        if let Some((shared, slot)) = self.shared {
            shared.free(slot, clock).await;
        }
        drop(place);
    }
}

/// A place here that dropping frees at once.
struct Place(Option<Slot>);

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(slot) = self.0.take() {
            slot.release();
        }
    }
}
