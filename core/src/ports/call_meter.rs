use std::collections::BTreeMap;
use std::time::Duration;

/// Remote calls made so far by the run in whose task it is asked.
///
/// Remote calls are the scarce thing, so every run report shows them. The key is the call's kind,
/// method and path template, for example `GET /order/page`.
pub trait CallMeter: Send + Sync {
    /// Calls per kind since the run began.
    fn calls(&self) -> BTreeMap<String, u64>;

    /// How long its calls have waited for their turn under the remotes' limits, all together.
    fn waited(&self) -> Duration {
        Duration::ZERO
    }
}

/// A meter for runs that talk to no remote system.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoCalls;

impl CallMeter for NoCalls {
    fn calls(&self) -> BTreeMap<String, u64> {
        BTreeMap::new()
    }
}
