//! Who follows a run from the outside: the shutdown, and the crash tests.

use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};

use ipass_core::run::RunWatch;
use tokio_util::sync::CancellationToken;

/// Environment variable that names the point at which the process kills itself: `push_orders:sent`,
/// or `push_orders:sent#2` for the second time that it is reached. It exists for crash tests.
pub(crate) const KILL_AT: &str = "IPASS_KILL_AT";

/// Stops runs at shutdown, and dies where a crash test wants it.
pub(crate) struct ProcessWatch {
    stop: CancellationToken,
    kill_at: Option<(String, u64)>,
    reached: AtomicU64,
}

impl ProcessWatch {
    /// Watches runs that end when `stop` is cancelled.
    pub(crate) fn new(stop: CancellationToken) -> Self {
        let kill_at =
            std::env::var(KILL_AT).ok().filter(|text| !text.is_empty()).map(|text| match text.split_once('#') {
                Some((point, nth)) => (point.to_owned(), nth.parse().unwrap_or(1)),
                None => (text, 1),
            });
        Self { stop, kill_at, reached: AtomicU64::new(0) }
    }
}

impl RunWatch for ProcessWatch {
    fn point(&self, name: &str) {
        let Some((point, nth)) = &self.kill_at else { return };
        if point == name && self.reached.fetch_add(1, Ordering::SeqCst) + 1 == *nth {
            die();
        }
    }

    fn stopping(&self) -> bool {
        self.stop.is_cancelled()
    }
}

/// SIGKILL, as a power cut would: no destructor runs, no buffer is flushed.
fn die() -> ! {
    let killed = Command::new("kill").args(["-9", &std::process::id().to_string()]).status();
    if killed.is_err() {
        std::process::abort();
    }
    loop {
        std::thread::park();
    }
}
