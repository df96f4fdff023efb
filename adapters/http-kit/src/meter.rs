//! Remote calls of one run, counted in the task that makes them.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ipass_core::ports::CallMeter;

#[derive(Debug, Default)]
struct Counted {
    calls: BTreeMap<String, u64>,
    waited: Duration,
}

type Counters = Arc<Mutex<Counted>>;

tokio::task_local! {
    static COUNTERS: Counters;
}

/// Runs `future` with counters of its own, starting at zero.
///
/// Calls made by tasks that `future` spawns are not counted.
pub async fn metered<F: Future>(future: F) -> F::Output {
    COUNTERS.scope(Counters::default(), future).await
}

/// Counts one attempt; outside of a scope it counts nothing.
pub(crate) fn count(call: &str) {
    // An error means that no scope is open, which is a legitimate place to call from.
    let _ = COUNTERS.try_with(|counters| {
        let mut counters = counters.lock().unwrap_or_else(PoisonError::into_inner);
        *counters.calls.entry(call.to_owned()).or_default() += 1;
    });
}

/// Adds what a call waited for its turn.
pub(crate) fn waited(time: Duration) {
    let _ = COUNTERS.try_with(|counters| {
        counters.lock().unwrap_or_else(PoisonError::into_inner).waited += time;
    });
}

/// Reads the counters of the scope in which it is asked; empty outside of any.
#[derive(Debug, Clone, Copy, Default)]
pub struct TaskMeter;

impl CallMeter for TaskMeter {
    fn calls(&self) -> BTreeMap<String, u64> {
        let read = |counters: &Counters| counters.lock().unwrap_or_else(PoisonError::into_inner).calls.clone();
        COUNTERS.try_with(read).unwrap_or_default()
    }

    fn waited(&self) -> Duration {
        let read = |counters: &Counters| counters.lock().unwrap_or_else(PoisonError::into_inner).waited;
        COUNTERS.try_with(read).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_scope_counts_for_itself() {
        metered(async {
            count("GET /a");
            count("GET /a");
            metered(async {
                count("GET /b");
                waited(Duration::from_secs(2));
                waited(Duration::from_secs(3));
                assert_eq!(TaskMeter.waited(), Duration::from_secs(5));
                assert_eq!(TaskMeter.calls(), BTreeMap::from([("GET /b".to_owned(), 1)]));
            })
            .await;
            assert_eq!(TaskMeter.calls(), BTreeMap::from([("GET /a".to_owned(), 2)]));
            assert_eq!(TaskMeter.waited(), Duration::ZERO);
        })
        .await;
    }

    #[tokio::test]
    async fn outside_of_a_scope_nothing_is_counted() {
        count("GET /a");
        assert!(TaskMeter.calls().is_empty());
    }
}
