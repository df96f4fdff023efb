//! Intents of a batch are committed while the one before is on its way.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// A remote that takes a batch of one at a time, and so long for it.
fn slow(clock: &Arc<ManualClock>, takes: Duration) -> Remote {
    let clock = clock.clone();
    let send = move |_: &WriteKey| {
        clock.advance(takes);
        Ok(Effect::Applied(None))
    };
    Remote { send: Box::new(send), max_batch: 1, ..Remote::default() }
}

#[tokio::test]
async fn an_intent_that_waited_long_is_committed_anew_before_it_is_sent() {
    for (takes, log) in [
        (5_000, vec!["intend A", "intend B", "intend C"]),
        (5_001, vec!["intend A", "intend B", "note B void", "intend B", "intend C", "note C void", "intend C"]),
        // So long that nothing is sent on the strength of the first intent.
        (31_000, vec!["intend A", "intend B", "note B void", "intend B", "intend C", "note C void", "intend C"]),
    ] {
        let (clock, ledger) = (Arc::new(ManualClock::default()), Ledger::default());
        let remote = slow(&clock, Duration::from_millis(takes));
        let verdicts = run(&ledger, &remote, &clock, &[], &["A", "B", "C"]).await;
        assert!(verdicts.values().all(|verdict| matches!(verdict, Verdict::Applied(_))), "{takes}");
        assert_eq!(sent(&remote), [["A"], ["B"], ["C"]]);
        assert_eq!(*ledger.log.lock().unwrap(), log, "{takes}");
    }
}

/// Stops the run once two batches are intended.
#[derive(Default)]
struct StopsAtTheSecond(AtomicUsize);

impl RunWatch for StopsAtTheSecond {
    fn point(&self, name: &str) {
        self.0.fetch_add(usize::from(name.ends_with("intended")), Ordering::Relaxed);
    }

    fn stopping(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 1
    }
}

#[tokio::test]
async fn a_run_that_is_stopped_takes_back_what_it_intended_and_did_not_send() {
    let (clock, settings, watch) = (Arc::new(ManualClock::default()), Settings::default(), StopsAtTheSecond::default());
    let (ctx, ledger) = (context(&settings, &clock, false, &watch), Ledger::default());
    let remote = slow(&clock, Duration::ZERO);
    let verdicts = carry_out(&ctx, &ledger, &remote, &[], items(&["A", "B", "C"])).await.unwrap();
    assert_eq!(verdicts.keys().collect::<Vec<_>>(), [&key("A")]);
    assert_eq!(sent(&remote), [["A"]]);
    assert_eq!(*ledger.log.lock().unwrap(), ["intend A", "intend B", "note B void"]);
}

#[tokio::test]
async fn what_the_ledger_refuses_of_a_batch_that_waited_stays_refused() {
    let clock = Arc::new(ManualClock::default());
    let ledger = Ledger { refuse: vec![key("B")], ..Ledger::default() };
    let remote = Remote { max_batch: 2, ..slow(&clock, Duration::from_secs(6)) };
    let verdicts = run(&ledger, &remote, &clock, &[], &["A1", "A2", "B", "C"]).await;
    assert!(matches!(verdicts[&key("B")], Verdict::Unconfirmed(_)));
    assert!(matches!(verdicts[&key("C")], Verdict::Applied(_)));
    assert_eq!(sent(&remote), [vec!["A1", "A2"], vec!["C"]]);
}
