mod ahead;
mod settling;
mod waiting;

use std::sync::Mutex;

use super::send::{batches, halves, is_one_order};
use super::*;
use crate::job::Job;
use crate::ports::{Clock as _, Effect, Outcome, RouteName, RunRef, Stored};
use crate::run::{RunWatch, Unwatched};
use crate::settings::Settings;
use crate::testing::{ManualClock, po};
use crate::write::{WriteKind, WriteNote};

/// A ledger in memory that keeps the order in which things were committed.
#[derive(Default)]
struct Ledger {
    log: Mutex<Vec<String>>,
    refuse: Vec<WriteKey>,
}

#[async_trait]
impl WriteLedger for Ledger {
    async fn writes_of(&self, _: &RouteName, _: &[crate::order::PoNumber]) -> Stored<Vec<RemoteWrite>> {
        Ok(Vec::new())
    }

    async fn open_writes(&self, _: &RouteName, _: WriteKind) -> Stored<Vec<RemoteWrite>> {
        Ok(Vec::new())
    }

    async fn intend(&self, _: &RunRef, intents: &[Intent], _: DateTime<Utc>) -> Stored<Vec<WriteKey>> {
        for intent in intents {
            self.log.lock().unwrap().push(format!("intend {}", intent.key.po));
        }
        Ok(self.refuse.clone())
    }

    async fn note(&self, _: &RunRef, notes: &[WriteNote], _: DateTime<Utc>) -> Stored<()> {
        for note in notes {
            self.log.lock().unwrap().push(format!("note {} {}", note.key.po, note.state.as_str()));
        }
        Ok(())
    }
}

type Send = Box<dyn Fn(&WriteKey) -> Result<Effect<Option<String>>, PortError> + std::marker::Send + Sync>;
type Settle = Box<dyn Fn(&PendingWrite, usize) -> Settlement + std::marker::Send + Sync>;
type Read = Box<dyn Fn(&WriteKey) -> Presence + std::marker::Send + Sync>;

/// A remote that answers as it is told, and remembers what it was sent.
struct Remote {
    send: Send,
    settle: Settle,
    read: Read,
    max_batch: usize,
    sent: Mutex<Vec<Vec<String>>>,
    settled: Mutex<usize>,
}

impl Default for Remote {
    fn default() -> Self {
        Self {
            send: Box::new(|_| Ok(Effect::Applied(None))),
            settle: Box::new(|_, _| Settlement::Silent),
            read: Box::new(|_| Presence::Absent),
            max_batch: 100,
            sent: Mutex::default(),
            settled: Mutex::default(),
        }
    }
}

#[async_trait]
impl RemoteWriter<u8> for Remote {
    async fn send(&self, items: &[&Item<u8>]) -> Batch<WriteKey, Option<String>> {
        self.sent.lock().unwrap().push(items.iter().map(|item| item.key.po.to_string()).collect());
        // A call takes its time; others go on meanwhile.
        tokio::task::yield_now().await;
        let mut outcomes = Vec::new();
        for item in items {
            let effect = (self.send)(&item.key)?;
            outcomes.push(Outcome { key: item.key.clone(), effect });
        }
        outcomes.retain(|outcome| outcome.key.po.as_str() != "FORGOTTEN");
        Ok(outcomes)
    }

    async fn settle(&self, writes: &[PendingWrite]) -> Vec<Answer<WriteKey, Settlement>> {
        let round = {
            let mut settled = self.settled.lock().unwrap();
            *settled += 1;
            *settled
        };
        let answer = |write: &PendingWrite| match write.key.po.as_str() {
            "DEAF" => Err(PortError::retryable("the log is not there")),
            _ => Ok((self.settle)(write, round)),
        };
        writes.iter().map(|write| Answer { key: write.key.clone(), result: answer(write) }).collect()
    }

    async fn read_back(&self, items: &[&Item<u8>]) -> Vec<Answer<WriteKey, Presence>> {
        items.iter().map(|item| Answer { key: item.key.clone(), result: Ok((self.read)(&item.key)) }).collect()
    }

    fn max_batch(&self) -> usize {
        self.max_batch
    }

    fn settles_within(&self) -> Duration {
        Duration::from_mins(2)
    }
}

fn key(number: &str) -> WriteKey {
    WriteKey::whole(WriteKind::Create, po(number))
}

fn items(numbers: &[&str]) -> Vec<Item<u8>> {
    numbers.iter().map(|number| Item::new(key(number), 0)).collect()
}

fn open(number: &str, state: WriteState, clock: &ManualClock, age: i64) -> RemoteWrite {
    RemoteWrite {
        key: key(number),
        state,
        request_hash: String::new(),
        receipt: None,
        intended_at: clock.now() - chrono::Duration::seconds(age),
        noted_at: (state != WriteState::Intended).then(|| clock.now() - chrono::Duration::seconds(age)),
        attempts: 1,
        message: None,
    }
}

fn context<'a>(
    settings: &'a Settings,
    clock: &'a ManualClock,
    dry_run: bool,
    watch: &'a dyn RunWatch,
) -> RunContext<'a> {
    RunContext {
        run: RunRef { route: RouteName("r".to_owned()), run_id: "run".to_owned(), fence: 1 },
        job: Job::PushOrders,
        po: None,
        manual: true,
        dry_run,
        size: 100,
        settings,
        clock,
        watch,
        report: Mutex::default(),
    }
}

async fn run(
    ledger: &Ledger,
    remote: &Remote,
    clock: &ManualClock,
    earlier: &[RemoteWrite],
    numbers: &[&str],
) -> HashMap<WriteKey, Verdict> {
    let settings = Settings::default();
    let ctx = context(&settings, clock, false, &Unwatched);
    carry_out(&ctx, ledger, remote, earlier, items(numbers)).await.unwrap()
}

fn sent(remote: &Remote) -> Vec<Vec<String>> {
    remote.sent.lock().unwrap().clone()
}

#[tokio::test]
async fn an_intent_is_committed_before_anything_is_sent() {
    let ledger = Ledger::default();
    let remote = Remote { send: Box::new(|_| Err(PortError::retryable("refused"))), ..Remote::default() };
    let verdicts = run(&ledger, &remote, &ManualClock::default(), &[], &["A"]).await;
    assert_eq!(*ledger.log.lock().unwrap(), ["intend A"]);
    assert!(matches!(verdicts[&key("A")], Verdict::NotSent(_)));
    // Nothing was sent for certain, so the ledger may learn that the key is free again.
    assert_eq!(verdicts[&key("A")].note(&key("A")).unwrap().state, WriteState::Void);
}

#[tokio::test]
async fn an_item_without_outcome_becomes_unknown_and_is_read_back() {
    let ledger = Ledger::default();
    let remote = Remote { read: Box::new(|_| Presence::Present(Some("ERP-7".to_owned()))), ..Remote::default() };
    let verdicts = run(&ledger, &remote, &ManualClock::default(), &[], &["FORGOTTEN", "B"]).await;
    assert!(matches!(&verdicts[&key("FORGOTTEN")], Verdict::Applied(Some(proof)) if proof == "ERP-7"));
    assert!(matches!(verdicts[&key("B")], Verdict::Applied(None)));
    assert!(ledger.log.lock().unwrap().contains(&"note FORGOTTEN unknown".to_owned()));
    assert_eq!(sent(&remote).len(), 1);
}

#[tokio::test]
async fn an_open_write_that_is_there_is_settled_without_sending() {
    let clock = ManualClock::default();
    for state in [WriteState::Intended, WriteState::Unknown, WriteState::Accepted, WriteState::Applied] {
        let remote = Remote { read: Box::new(|_| Presence::Present(None)), ..Remote::default() };
        let earlier = [open("A", state, &clock, 5)];
        let verdicts = run(&Ledger::default(), &remote, &clock, &earlier, &["A"]).await;
        assert!(matches!(verdicts[&key("A")], Verdict::Applied(_)), "{state:?}");
        assert!(sent(&remote).is_empty(), "{state:?}");
    }
}

#[tokio::test]
async fn an_open_write_that_is_not_visible_yet_is_not_sent_again() {
    let clock = ManualClock::default();
    let earlier = [open("A", WriteState::Unknown, &clock, 5)];
    let remote = Remote::default();
    let verdicts = run(&Ledger::default(), &remote, &clock, &earlier, &["A"]).await;
    assert!(matches!(verdicts[&key("A")], Verdict::Unconfirmed(_)));
    assert!(sent(&remote).is_empty());
}

#[tokio::test]
async fn an_open_write_absent_beyond_doubt_is_voided_and_sent_once() {
    let clock = ManualClock::default();
    let earlier = [open("A", WriteState::Unknown, &clock, 121)];
    let (ledger, remote) = (Ledger::default(), Remote::default());
    let verdicts = run(&ledger, &remote, &clock, &earlier, &["A"]).await;
    assert!(matches!(verdicts[&key("A")], Verdict::Applied(None)));
    assert_eq!(sent(&remote), [["A"]]);
    assert_eq!(*ledger.log.lock().unwrap(), ["note A void", "intend A"]);
}

#[tokio::test]
async fn a_failed_read_back_is_unknown_never_absent() {
    let clock = ManualClock::default();
    let earlier = [open("A", WriteState::Unknown, &clock, 100_000)];
    let remote = Remote { read: Box::new(|_| Presence::CannotTell(PortError::retryable("down"))), ..Remote::default() };
    let verdicts = run(&Ledger::default(), &remote, &clock, &earlier, &["A"]).await;
    assert!(matches!(&verdicts[&key("A")], Verdict::Unconfirmed(hint) if hint == "down"));
    assert!(sent(&remote).is_empty());
}

#[tokio::test]
async fn a_write_that_stays_unknown_is_not_sent_twice_in_one_run() {
    let clock = ManualClock::default();
    let remote = Remote { send: Box::new(|_| Ok(Effect::Unknown(PortError::retryable("reset")))), ..Remote::default() };
    let earlier = [open("A", WriteState::Unknown, &clock, 121)];
    let verdicts = run(&Ledger::default(), &remote, &clock, &earlier, &["A"]).await;
    assert!(matches!(verdicts[&key("A")], Verdict::Unconfirmed(_)));
    assert_eq!(sent(&remote).len(), 1);
}

#[tokio::test]
async fn accepted_is_not_applied_until_the_log_says_so() {
    let ledger = Ledger::default();
    let remote = Remote {
        send: Box::new(|_| Ok(Effect::Accepted(Receipt("R".to_owned())))),
        settle: Box::new(|write, round| match (write.key.po.as_str(), round) {
            (_, 1) => Settlement::Pending,
            ("A", _) => Settlement::Applied,
            _ => Settlement::Rejected(PortError::rejected("Ship carrier is required")),
        }),
        ..Remote::default()
    };
    let verdicts = run(&ledger, &remote, &ManualClock::default(), &[], &["A", "B"]).await;
    assert!(matches!(verdicts[&key("A")], Verdict::Applied(None)));
    assert!(matches!(&verdicts[&key("B")], Verdict::Rejected(error) if error.message() == "Ship carrier is required"));
    // The receipts were committed before anybody asked about them.
    let log = ledger.log.lock().unwrap();
    assert_eq!(*log, ["intend A", "intend B", "note A accepted", "note B accepted"]);
}

#[tokio::test]
async fn a_silent_log_leaves_the_word_to_the_object() {
    let remote = Remote {
        send: Box::new(|_| Ok(Effect::Accepted(Receipt("R".to_owned())))),
        read: Box::new(|_| Presence::Present(None)),
        ..Remote::default()
    };
    let verdicts = run(&Ledger::default(), &remote, &ManualClock::default(), &[], &["A"]).await;
    assert!(matches!(verdicts[&key("A")], Verdict::Applied(None)));
}

#[tokio::test]
async fn a_batch_refused_as_a_whole_is_split_until_the_bad_one_stands_alone() {
    let remote = Remote {
        send: Box::new(|key| {
            if key.po.as_str() == "C" { Err(PortError::rejected("bad")) } else { Ok(Effect::Applied(None)) }
        }),
        ..Remote::default()
    };
    let verdicts = run(&Ledger::default(), &remote, &ManualClock::default(), &[], &["A", "B", "C", "D", "E"]).await;
    for good in ["A", "B", "D", "E"] {
        assert!(matches!(verdicts[&key(good)], Verdict::Applied(_)), "{good}");
    }
    assert!(matches!(verdicts[&key("C")], Verdict::Rejected(_)));
}

#[tokio::test]
async fn a_refusal_of_something_that_is_there_means_applied() {
    let remote = Remote {
        send: Box::new(|_| Ok(Effect::NotApplied(PortError::rejected("exists")))),
        read: Box::new(|_| Presence::Present(Some("103".to_owned()))),
        ..Remote::default()
    };
    let verdicts = run(&Ledger::default(), &remote, &ManualClock::default(), &[], &["A"]).await;
    assert!(matches!(&verdicts[&key("A")], Verdict::Applied(Some(proof)) if proof == "103"));
}

#[tokio::test]
async fn a_throttled_batch_ends_sending_and_frees_the_rest() {
    let remote =
        Remote { send: Box::new(|_| Err(PortError::throttled("slow down", None))), max_batch: 1, ..Remote::default() };
    let ledger = Ledger::default();
    let verdicts = run(&ledger, &remote, &ManualClock::default(), &[], &["A", "B", "C"]).await;
    assert!(verdicts.values().all(|verdict| matches!(verdict, Verdict::NotSent(_))));
    assert_eq!(sent(&remote).len(), 1);
    // Not sent is a verdict that goes with the order's step, so the intent of B does not stay open.
    assert_eq!(*ledger.log.lock().unwrap(), ["intend A", "intend B"]);
}

#[tokio::test]
async fn what_the_ledger_refuses_to_intend_is_not_sent() {
    let ledger = Ledger { refuse: vec![key("A")], ..Ledger::default() };
    let remote = Remote::default();
    let verdicts = run(&ledger, &remote, &ManualClock::default(), &[], &["A", "B"]).await;
    assert!(matches!(verdicts[&key("A")], Verdict::Unconfirmed(_)));
    assert_eq!(sent(&remote), [["B"]]);
}

#[tokio::test]
async fn parts_of_one_order_travel_in_one_batch() {
    let part = |number: &str, part: &str| {
        Item::new(WriteKey { kind: WriteKind::Ship, po: po(number), part: part.to_owned() }, 0)
    };
    let tracks: Vec<Track<u8>> = [part("A", "1"), part("A", "2"), part("B", "1"), part("B", "2"), part("C", "1")]
        .into_iter()
        .map(|item| Track {
            item,
            progress: Progress::Ready,
            sent_in_this_run: false,
            in_ledger: false,
            applied_before: false,
        })
        .collect();
    assert_eq!(batches(&tracks, &[0, 1, 2, 3, 4], 3), [vec![0, 1], vec![2, 3, 4]]);
    assert_eq!(halves(&tracks, &[0, 1, 2, 3, 4]), (vec![0, 1], vec![2, 3, 4]));
    assert_eq!(halves(&tracks, &[0, 1, 4]), (vec![0, 1], vec![4]));
    assert!(is_one_order(&tracks, &[2, 3]) && !is_one_order(&tracks, &[1, 2]));
}

#[tokio::test]
async fn a_bare_intent_of_a_run_that_died_is_given_its_time_from_now_on() {
    let clock = ManualClock::default();
    // Intended long ago, but sent perhaps at the last moment of that run.
    let earlier = [open("A", WriteState::Intended, &clock, 10_000)];
    let (ledger, remote) = (Ledger::default(), Remote::default());
    let verdicts = run(&ledger, &remote, &clock, &earlier, &["A"]).await;
    assert!(matches!(verdicts[&key("A")], Verdict::Unconfirmed(_)));
    assert!(sent(&remote).is_empty());
    assert_eq!(*ledger.log.lock().unwrap(), ["note A unknown"]);
}

#[tokio::test]
async fn what_the_remote_is_still_working_on_is_never_absent() {
    let clock = ManualClock::default();
    let earlier = [open("A", WriteState::Accepted, &clock, 100_000)];
    let remote = Remote { settle: Box::new(|_, _| Settlement::Pending), ..Remote::default() };
    let verdicts = run(&Ledger::default(), &remote, &clock, &earlier, &["A"]).await;
    assert!(matches!(verdicts[&key("A")], Verdict::Unconfirmed(_)));
    assert!(sent(&remote).is_empty());
}

#[tokio::test]
async fn what_is_sent_late_in_a_run_is_confirmed_in_the_same_run() {
    let clock = ManualClock::default();
    // Turns old enough in the last round.
    let earlier = [open("A", WriteState::Unknown, &clock, 65)];
    let remote = Remote {
        send: Box::new(|_| Ok(Effect::Accepted(Receipt("R".to_owned())))),
        settle: Box::new(|write, _| if write.receipt.is_some() { Settlement::Applied } else { Settlement::Silent }),
        ..Remote::default()
    };
    let verdicts = run(&Ledger::default(), &remote, &clock, &earlier, &["A"]).await;
    assert!(matches!(verdicts[&key("A")], Verdict::Applied(None)));
    assert_eq!(sent(&remote).len(), 1);
}

#[tokio::test]
async fn a_write_that_is_only_to_be_settled_is_never_sent() {
    let clock = ManualClock::default();
    let (ledger, remote) = (Ledger::default(), Remote::default());
    let settings = Settings::default();
    let ctx = context(&settings, &clock, false, &Unwatched);
    let earlier = [open("A", WriteState::Unknown, &clock, 1000)];
    // The second was never sent at all.
    let items = vec![Item::to_settle(key("A"), 0), Item::to_settle(key("B"), 0)];
    let verdicts = carry_out(&ctx, &ledger, &remote, &earlier, items).await.unwrap();
    assert!(matches!(verdicts[&key("A")], Verdict::NotSent(_)));
    assert!(matches!(verdicts[&key("B")], Verdict::NotSent(_)));
    assert!(sent(&remote).is_empty());
}
