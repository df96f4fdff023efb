//! What is asked about a write of which the end is not known, and what may be concluded.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

const DAY: i64 = 86_400;

/// A remote that counts how often it is asked about an object, and answers so.
fn asked_about(presence: Presence) -> (Remote, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    let read = move |_: &WriteKey| {
        counted.fetch_add(1, Ordering::Relaxed);
        presence.clone()
    };
    (Remote { read: Box::new(read), ..Remote::default() }, count)
}

#[tokio::test]
async fn what_was_applied_once_is_believed_by_its_object_and_the_log_is_not_asked() {
    let clock = ManualClock::default();
    let earlier = [open("A", WriteState::Applied, &clock, 1000)];
    for (presence, n_sent) in [(Presence::Present(None), 0), (Presence::Absent, 1)] {
        let (remote, _) = asked_about(presence);
        let verdicts = run(&Ledger::default(), &remote, &clock, &earlier, &["A"]).await;
        assert!(matches!(verdicts[&key("A")], Verdict::Applied(None)));
        assert_eq!((sent(&remote).len(), *remote.settled.lock().unwrap()), (n_sent, 0));
    }
}

#[tokio::test]
async fn a_log_that_cannot_be_read_leaves_the_word_to_the_object_only_once_it_has_forgotten() {
    let clock = ManualClock::default();
    for (age, n_sent) in [(14 * DAY - 100, 0), (14 * DAY + 1, 1)] {
        let remote = Remote::default();
        let earlier = [open("DEAF", WriteState::Unknown, &clock, age)];
        let verdicts = run(&Ledger::default(), &remote, &clock, &earlier, &["DEAF"]).await;
        assert_eq!(sent(&remote).len(), n_sent, "{age}");
        assert_eq!(matches!(verdicts[&key("DEAF")], Verdict::Unconfirmed(_)), n_sent == 0);
    }
}

#[tokio::test]
async fn a_write_is_absent_beyond_doubt_from_the_moment_on_at_which_it_had_to_show() {
    let clock = ManualClock::default();
    for (age, n_sent) in [(120, 1), (10, 0)] {
        let (remote, _) = asked_about(Presence::Absent);
        let earlier = [open("A", WriteState::Unknown, &clock, age)];
        run(&Ledger::default(), &remote, &clock, &earlier, &["A"]).await;
        assert_eq!(sent(&remote).len(), n_sent, "{age}");
    }
}

#[tokio::test]
async fn the_object_is_asked_about_at_once_and_late_and_what_was_just_sent_only_late() {
    let clock = ManualClock::default();
    let (remote, asked) = asked_about(Presence::Absent);
    run(&Ledger::default(), &remote, &clock, &[open("A", WriteState::Unknown, &clock, 1)], &["A"]).await;
    assert_eq!(asked.load(Ordering::Relaxed), 5, "at once, and after each of the last four pauses");

    let (mut remote, asked) = asked_about(Presence::Absent);
    remote.send = Box::new(|_| Ok(Effect::Unknown(PortError::retryable("no answer"))));
    run(&Ledger::default(), &remote, &clock, &[], &["A"]).await;
    assert_eq!(asked.load(Ordering::Relaxed), 4);

    let (mut remote, asked) = asked_about(Presence::Absent);
    remote.settle = Box::new(|_, _| Settlement::Pending);
    run(&Ledger::default(), &remote, &clock, &[open("A", WriteState::Accepted, &clock, 1000)], &["A"]).await;
    assert_eq!(asked.load(Ordering::Relaxed), 1, "what is in work, once in the end");
}

#[tokio::test]
async fn a_dry_run_notes_nothing() {
    let (clock, settings, ledger) = (ManualClock::default(), Settings::default(), Ledger::default());
    let ctx = context(&settings, &clock, true, &Unwatched);
    let earlier = [open("A", WriteState::Unknown, &clock, 1000)];
    let verdicts = carry_out(&ctx, &ledger, &Remote::default(), &earlier, items(&["A"])).await.unwrap();
    assert!(matches!(verdicts[&key("A")], Verdict::WouldSend));
    assert_eq!(*ledger.log.lock().unwrap(), Vec::<String>::new());
}
