//! Answers that no vendor describes, and documents that nobody would write: nothing panics, nothing runs for
//! ever, every input is answered once, and one bad record takes no neighbour with it.
//!
//! The inputs are recorded answers with places changed, from fixed seeds; a failure names its seed.
//! `IPASS_FUZZ_TIMES=20` tries twenty times as many.

#![expect(clippy::unwrap_used, reason = "a helper that cannot build its double fails its test")]

#[cfg(test)]
#[path = "fuzz/channel.rs"]
mod channel;
#[cfg(test)]
#[path = "fuzz/erp.rs"]
mod erp;
#[path = "fuzz/mutate.rs"]
mod mutate;
#[cfg(test)]
#[path = "fuzz/texts.rs"]
mod texts;
#[path = "fuzz/vendor.rs"]
mod vendor;

use std::collections::HashSet;
use std::fmt::Debug;
use std::hash::Hash;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use ipass_contract_tests::replay::ManualClock;
use ipass_core::ports::{Answer, Clock};
use ipass_http_kit::Http;
use rand::prelude::*;

/// What every clock here shows at first.
const NOW: &str = "2026-01-28T03:00:00Z";
/// Nothing that reads an answer takes so long.
const PATIENCE: Duration = Duration::from_secs(20);

/// So many inputs of one kind.
fn seeds(count: u64) -> std::ops::Range<u64> {
    let times: u64 = std::env::var("IPASS_FUZZ_TIMES").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    println!("counts: {} inputs", count * times);
    0..count * times
}

fn random(seed: u64) -> StdRng {
    StdRng::seed_from_u64(seed)
}

fn http() -> Http {
    Http::new(Arc::new(ManualClock::at(NOW)) as Arc<dyn Clock>).unwrap()
}

/// The result of some work, which has to come to an end without a panic.
async fn survives<T>(what: &str, seed: u64, input: &[u8], work: impl Future<Output = T>) -> T {
    let told = || format!("{what}, seed {seed}: {}", String::from_utf8_lossy(&input[..input.len().min(2000)]));
    match tokio::time::timeout(PATIENCE, AssertUnwindSafe(work).catch_unwind()).await {
        Ok(Ok(result)) => result,
        Ok(Err(panic)) => panic!("{panic:?} in {}", told()),
        Err(late) => panic!("{late}: no end of {}", told()),
    }
}

/// Nothing is answered that was not asked, and nothing twice.
fn assert_asked<K: Eq + Hash + Debug + Clone, V>(what: &str, seed: u64, asked: &[K], answers: &[Answer<K, V>]) {
    let mut left: HashSet<&K> = asked.iter().collect();
    for answer in answers {
        assert!(left.remove(&answer.key), "{what}, seed {seed}: {:?} was not asked, or answered before", answer.key);
    }
}
