//! Keeping a vendor's limit, before it has to remind us.

mod in_flight;
mod windows;

use std::sync::Arc;
use std::time::Duration;

use ipass_core::ports::Clock;

pub use in_flight::InFlight;
pub use windows::Windows;

use in_flight::Slot;

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

    /// Waits for the call's turn.
    pub(crate) async fn turn(&self, clock: &Arc<dyn Clock>) -> Turn {
        match self {
            Self::Free => Turn { slot: None },
            Self::Windows(windows) => {
                windows.wait(clock).await;
                Turn { slot: None }
            }
            Self::InFlight(in_flight) => Turn { slot: Some(in_flight.enter(clock).await) },
        }
    }
}

/// The right to make one call now. Dropping it without [`Turn::done`] means that the call was given
/// up on.
pub(crate) struct Turn {
    slot: Option<Slot>,
}

impl Turn {
    /// The remote has answered, or never saw the call.
    pub(crate) fn done(self) {
        if let Some(slot) = self.slot {
            slot.release();
        }
    }
}
