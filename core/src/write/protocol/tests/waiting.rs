//! When a run waits for the end of a write, and when it does not.

use super::*;

/// The moments, after the last sending, at which a remote is asked that takes so many milliseconds for its calls.
async fn asked_after(takes: [u64; 2]) -> Vec<chrono::Duration> {
    let clock = std::sync::Arc::new(ManualClock::default());
    let asked = std::sync::Arc::new(Mutex::new(Vec::new()));
    let (sending, asking) = (clock.clone(), (clock.clone(), asked.clone()));
    let remote = Remote {
        max_batch: 1,
        send: Box::new(move |key| {
            sending.advance(Duration::from_millis(takes[usize::from(key.po.as_str() == "B")]));
            Ok(Effect::Accepted(Receipt("R".to_owned())))
        }),
        settle: Box::new(move |write, round| {
            if write.key.po.as_str() == "B" {
                asking.1.lock().unwrap().push(asking.0.now() - write.sent_at);
            }
            if round == 3 { Settlement::Applied } else { Settlement::Pending }
        }),
        ..Remote::default()
    };
    run(&Ledger::default(), &remote, &clock, &[], &["A", "B"]).await;
    let asked = asked.lock().unwrap();
    asked.clone()
}

#[tokio::test]
async fn a_remote_that_answers_fast_is_asked_soon_and_a_slow_one_after_the_first_pause() {
    let ms = chrono::Duration::milliseconds;
    assert_eq!(asked_after([20, 20]).await, [ms(100), ms(2_100), ms(5_100)]);
    // A call that took longer may have waited for a limit of ours.
    assert_eq!(asked_after([20, 300]).await, [ms(100), ms(2_100), ms(5_100)]);
    assert_eq!(asked_after([400, 400]).await, [ms(2_000), ms(5_000), ms(10_000)]);
}

struct Stopping;

impl RunWatch for Stopping {
    fn stopping(&self) -> bool {
        true
    }
}

/// How long a run waits that finds one write open and may send another.
async fn waited(dry_run: bool, watch: &dyn RunWatch, remote: &Remote) -> chrono::Duration {
    let (clock, settings) = (ManualClock::default(), Settings::default());
    let ctx = context(&settings, &clock, dry_run, watch);
    let (earlier, begun) = ([open("OPEN", WriteState::Unknown, &clock, 10)], clock.now());
    carry_out(&ctx, &Ledger::default(), remote, &earlier, items(&["OPEN", "NEW"])).await.unwrap();
    clock.now() - begun
}

#[tokio::test]
async fn only_a_run_that_may_go_on_waits_for_an_open_write() {
    let a_minute = chrono::Duration::seconds(PAUSES.iter().sum::<u64>().try_into().unwrap());
    assert_eq!(waited(false, &Unwatched, &Remote::default()).await, a_minute);
    assert_eq!(waited(true, &Unwatched, &Remote::default()).await, chrono::Duration::zero());
    assert_eq!(waited(false, &Stopping, &Remote::default()).await, chrono::Duration::zero());
}

#[tokio::test]
async fn nobody_waits_when_nothing_is_open() {
    let clock = ManualClock::default();
    let sending = std::sync::Arc::new(clock);
    let takes = sending.clone();
    let remote = Remote {
        send: Box::new(move |_| {
            takes.advance(Duration::from_millis(30));
            Ok(Effect::Applied(None))
        }),
        ..Remote::default()
    };
    let begun = sending.now();
    run(&Ledger::default(), &remote, &sending, &[], &["A"]).await;
    assert_eq!(sending.now() - begun, chrono::Duration::milliseconds(30));
}

/// A ledger during whose commit of an intent the process stands still.
struct Freezing<'a> {
    clock: &'a ManualClock,
    stands: Duration,
}

#[async_trait]
impl WriteLedger for Freezing<'_> {
    async fn writes_of(&self, _: &RouteName, _: &[crate::order::PoNumber]) -> Stored<Vec<RemoteWrite>> {
        Ok(Vec::new())
    }

    async fn open_writes(&self, _: &RouteName, _: WriteKind) -> Stored<Vec<RemoteWrite>> {
        Ok(Vec::new())
    }

    async fn intend(&self, _: &RunRef, _: &[Intent], _: DateTime<Utc>) -> Stored<Vec<WriteKey>> {
        self.clock.advance(self.stands);
        Ok(Vec::new())
    }

    async fn note(&self, _: &RunRef, _: &[WriteNote], _: DateTime<Utc>) -> Stored<()> {
        Ok(())
    }
}

/// Whether anything is sent when so much time passes between the intent and the sending.
async fn sent_after(stands: Duration) -> (bool, Verdict) {
    let (clock, settings, remote) = (ManualClock::default(), Settings::default(), Remote::default());
    let ctx = context(&settings, &clock, false, &Unwatched);
    let ledger = Freezing { clock: &clock, stands };
    let mut verdicts = carry_out(&ctx, &ledger, &remote, &[], items(&["A"])).await.unwrap();
    (!sent(&remote).is_empty(), verdicts.remove(&key("A")).unwrap())
}

#[tokio::test]
async fn a_process_that_stood_still_after_its_intent_sends_nothing() {
    let (sent, verdict) = sent_after(Duration::from_secs(30)).await;
    assert!(sent && matches!(verdict, Verdict::Applied(_)));
    // Whoever took over meanwhile may have read the intent back as absent, and sent it.
    let (sent, verdict) = sent_after(Duration::from_millis(30_001)).await;
    assert!(!sent && matches!(verdict, Verdict::NotSent(_)));
}
