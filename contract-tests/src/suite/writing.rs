//! The ledger of remote writes.

use ipass_core::job::Job;
use ipass_core::ports::{Receipt, RunRef, SyncStore};
use ipass_core::write::{Intent, RemoteWrite, WriteKey, WriteKind, WriteNote, WriteState};

use super::prelude::*;

fn key(part: &str) -> WriteKey {
    WriteKey { kind: WriteKind::Ship, po: po("1"), part: part.to_owned() }
}

fn intent(part: &str) -> Intent {
    Intent { key: key(part), request_hash: format!("hash of {part}") }
}

fn note(part: &str, state: WriteState) -> WriteNote {
    WriteNote { key: key(part), state, receipt: None, message: None }
}

async fn intend(store: &dyn SyncStore, run: &RunRef, parts: &[&str], now: i64) -> Vec<String> {
    let intents: Vec<Intent> = parts.iter().map(|part| intent(part)).collect();
    let refused = store.intend(run, &intents, minute(now)).await.expect("intents are committed");
    refused.into_iter().map(|key| key.part).collect()
}

async fn tell(store: &dyn SyncStore, run: &RunRef, note: WriteNote) {
    store.note(run, &[note], minute(50)).await.expect("a note is committed");
}

async fn write(store: &dyn SyncStore, part: &str) -> RemoteWrite {
    let writes = store.writes_of(&route(), &[po("1")]).await.expect("writes");
    writes.into_iter().find(|write| write.key.part == part).expect("the write is stored")
}

/// Open or done: it has to be read back first.
pub async fn an_open_write_is_not_intended_again(store: &dyn SyncStore) {
    let run = begin(store, Job::ShipOrders, None).await;
    assert_eq!(intend(store, &run.run, &["a", "b"], 1).await, Vec::<String>::new());
    assert_eq!(intend(store, &run.run, &["a", "c"], 2).await, ["a"]);
    for state in [WriteState::Accepted, WriteState::Unknown, WriteState::Applied] {
        tell(store, &run.run, note("a", state)).await;
        assert_eq!(intend(store, &run.run, &["a"], 3).await, ["a"]);
        assert_eq!(write(store, "a").await.state, state);
    }
    let write = write(store, "a").await;
    assert_eq!((write.attempts, write.intended_at, write.request_hash.as_str()), (1, minute(1), "hash of a"));
}

/// What belongs to the earlier request is gone.
pub async fn a_rejected_write_is_intended_anew(store: &dyn SyncStore) {
    let run = begin(store, Job::ShipOrders, None).await;
    for (attempt, state) in (1..).zip([WriteState::Rejected, WriteState::Void, WriteState::Rejected]) {
        assert_eq!(intend(store, &run.run, &["a"], attempt.into()).await, Vec::<String>::new());
        let intended = write(store, "a").await;
        assert_eq!((intended.state, intended.attempts), (WriteState::Intended, attempt));
        assert_eq!((intended.receipt, intended.message), (None, None));
        assert_eq!(intended.intended_at, minute(attempt.into()));
        let receipt = Some(Receipt("r".to_owned()));
        tell(store, &run.run, WriteNote { receipt, message: Some("no".to_owned()), ..note("a", state) }).await;
    }
}

/// A slip of the caller sends nothing twice and fails nothing.
pub async fn a_key_named_twice_is_intended_once(store: &dyn SyncStore) {
    let run = begin(store, Job::ShipOrders, None).await;
    assert_eq!(intend(store, &run.run, &["a", "a"], 1).await, Vec::<String>::new());
    assert_eq!(write(store, "a").await.attempts, 1);
    let twice = [note("a", WriteState::Accepted), note("a", WriteState::Applied)];
    store.note(&run.run, &twice, minute(2)).await.expect("notes are committed");
    assert_eq!(write(store, "a").await.state, WriteState::Applied);
}

/// A receipt is given once; words are not taken back by silence.
pub async fn a_note_keeps_what_it_does_not_replace(store: &dyn SyncStore) {
    let run = begin(store, Job::ShipOrders, None).await;
    intend(store, &run.run, &["a"], 1).await;
    let receipt = Some(Receipt("r1".to_owned()));
    tell(store, &run.run, WriteNote { receipt, ..note("a", WriteState::Accepted) }).await;
    tell(store, &run.run, WriteNote { message: Some("late".to_owned()), ..note("a", WriteState::Unknown) }).await;
    tell(store, &run.run, note("a", WriteState::Applied)).await;
    let write = write(store, "a").await;
    assert_eq!((write.state, write.receipt), (WriteState::Applied, Some(Receipt("r1".to_owned()))));
    assert_eq!((write.message.as_deref(), write.attempts), (Some("late"), 1));
}

/// Only "absent beyond doubt" takes it back.
pub async fn what_is_applied_is_not_unknown_afterwards(store: &dyn SyncStore) {
    let run = begin(store, Job::ShipOrders, None).await;
    intend(store, &run.run, &["a"], 1).await;
    tell(store, &run.run, note("a", WriteState::Applied)).await;
    for state in [WriteState::Unknown, WriteState::Accepted, WriteState::Intended] {
        tell(store, &run.run, note("a", state)).await;
        assert_eq!(write(store, "a").await.state, WriteState::Applied);
    }
    tell(store, &run.run, note("a", WriteState::Void)).await;
    assert_eq!(intend(store, &run.run, &["a"], 2).await, Vec::<String>::new());
}

/// Once each; intents and receipts are no news for a person.
pub async fn ends_and_doubts_are_in_the_timeline(store: &dyn SyncStore) {
    stored(store, &[pulled("1", 1)]).await;
    let run = begin(store, Job::ShipOrders, None).await;
    intend(store, &run.run, &["a"], 1).await;
    for state in [
        WriteState::Accepted,
        WriteState::Unknown,
        WriteState::Unknown,
        WriteState::Rejected,
        WriteState::Void,
        WriteState::Applied,
        WriteState::Applied,
    ] {
        tell(store, &run.run, WriteNote { message: Some("words".to_owned()), ..note("a", state) }).await;
    }
    let facts = facts(store, "1").await;
    assert_eq!(facts[1..], ["write ship unknown", "write ship rejected", "write ship applied"]);
    let events = timeline(store, "1").await;
    assert_eq!((events[1].detail.as_str(), events[1].by.as_str()), ("a: words", run.run.run_id.as_str()));
}

/// Somebody else did it, and we found it.
pub async fn a_note_without_an_intent_is_kept(store: &dyn SyncStore) {
    let run = begin(store, Job::ShipOrders, None).await;
    tell(store, &run.run, note("a", WriteState::Applied)).await;
    let write = write(store, "a").await;
    assert_eq!((write.state, write.attempts), (WriteState::Applied, 0));
    assert_eq!(intend(store, &run.run, &["a"], 2).await, ["a"]);
}

/// The same PO number on another route is another order.
pub async fn writes_belong_to_their_route(store: &dyn SyncStore) {
    let run = begin(store, Job::ShipOrders, None).await;
    intend(store, &run.run, &["a"], 1).await;
    let mut elsewhere = run.run.clone();
    elsewhere.route = other_route();
    assert!(store.intend(&elsewhere, &[intent("a")], minute(1)).await.is_err(), "a run is of one route");
    assert_eq!(store.writes_of(&other_route(), &[po("1")]).await.expect("writes"), []);
    assert_eq!(store.writes_of(&route(), &[po("1"), po("2")]).await.expect("writes").len(), 1);
    assert_eq!(store.writes_of(&route(), &[]).await.expect("writes"), []);
}

/// Figures are replaced; what was done for an order is done for good.
pub async fn a_stock_figure_may_follow_one_that_was_applied(store: &dyn SyncStore) {
    let run = begin(store, Job::SyncStock, None).await;
    let stock = |sku: &str| Intent { key: WriteKey::whole(WriteKind::Stock, po(sku)), request_hash: "h".to_owned() };
    let tell = async |sku: &str, state| {
        let note = WriteNote { key: stock(sku).key, state, receipt: Some(Receipt("r".to_owned())), message: None };
        store.note(&run.run, &[note], minute(50)).await.expect("a note is committed");
    };
    for attempt in 1..=3 {
        let intents = [stock("SKU-1"), intent("a")];
        let refused = store.intend(&run.run, &intents, minute(attempt)).await.expect("intents are committed");
        assert_eq!(refused, if attempt == 1 { vec![] } else { vec![key("a")] });
        let writes = store.writes_of(&route(), &[po("SKU-1")]).await.expect("writes");
        assert_eq!((writes.len(), writes[0].state, &writes[0].receipt), (1, WriteState::Intended, &None));
        assert_eq!(i64::from(writes[0].attempts), attempt);
        for state in [WriteState::Accepted, WriteState::Unknown] {
            tell("SKU-1", state).await;
            let refused = store.intend(&run.run, &[stock("SKU-1")], minute(40)).await.expect("an answer");
            assert_eq!(refused, [stock("SKU-1").key], "an open figure is not sent again");
        }
        tell("SKU-1", WriteState::Applied).await;
        store.note(&run.run, &[note("a", WriteState::Applied)], minute(50)).await.expect("a note is committed");
    }
}

/// It is about an item; an order may have the same name.
pub async fn stock_figures_are_in_no_timeline(store: &dyn SyncStore) {
    stored(store, &[pulled("1", 1)]).await;
    let run = begin(store, Job::SyncStock, None).await;
    let key = WriteKey::whole(WriteKind::Stock, po("1"));
    for state in [WriteState::Unknown, WriteState::Rejected, WriteState::Applied] {
        let intent = Intent { key: key.clone(), request_hash: "h".to_owned() };
        store.intend(&run.run, &[intent], minute(1)).await.expect("intents are committed");
        tell(store, &run.run, WriteNote { key: key.clone(), state, receipt: None, message: Some("m".to_owned()) })
            .await;
    }
    assert_eq!(facts(store, "1").await, ["pulled created"]);
}

/// Of one kind and one route; what has ended is not among them.
pub async fn open_writes_are_those_without_an_end(store: &dyn SyncStore) {
    let run = begin(store, Job::ShipOrders, None).await;
    let parts = ["intended", "accepted", "unknown", "applied", "rejected", "void"];
    intend(store, &run.run, &parts, 1).await;
    for (part, state) in parts.into_iter().zip([
        WriteState::Intended,
        WriteState::Accepted,
        WriteState::Unknown,
        WriteState::Applied,
        WriteState::Rejected,
        WriteState::Void,
    ]) {
        tell(store, &run.run, note(part, state)).await;
    }
    let other = Intent { key: WriteKey::whole(WriteKind::Invoice, po("1")), request_hash: "h".to_owned() };
    store.intend(&run.run, &[other], minute(1)).await.expect("intents are committed");
    let open = store.open_writes(&route(), WriteKind::Ship).await.expect("writes");
    assert_eq!(
        open.iter().map(|write| write.key.part.as_str()).collect::<Vec<_>>(),
        ["accepted", "intended", "unknown"]
    );
    assert_eq!(open[1], write(store, "intended").await);
    assert_eq!(store.open_writes(&route(), WriteKind::Invoice).await.expect("writes").len(), 1);
    assert_eq!(store.open_writes(&route(), WriteKind::Stock).await.expect("writes"), []);
    assert_eq!(store.open_writes(&other_route(), WriteKind::Ship).await.expect("writes"), []);
}
