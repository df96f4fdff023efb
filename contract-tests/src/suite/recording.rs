//! How orders' parts in a run are written down.

use ipass_core::job::Job;
use ipass_core::ports::{Evidence, LastOutcome, StepOutcome, SyncStore};
use ipass_core::reason::{Cause, OutcomeKind, Reason};
use ipass_core::stage::Stage;
use ipass_core::write::{Intent, WriteKey, WriteKind, WriteNote, WriteState};

use super::prelude::*;

const PUSH: Stage = Stage::AwaitingPush;
const ACK: Stage = Stage::AwaitingAck;

/// No attempts, no next try, a new entry time, and the note in the timeline.
pub async fn an_advanced_order_starts_anew_in_its_next_stage(store: &dyn SyncStore) {
    stored(store, &[pulled("1", 1)]).await;
    let mut step = stayed("1", PUSH, Reason::MissingShopMapping, "r");
    step.next_try_at = Some(minute(15));
    look_once(store, step, 10).await;
    let mut step = advanced("1", PUSH, ACK);
    step.outcome = StepOutcome::Advanced { to: ACK, note: "was there already".to_owned() };
    step.evidence.erp_order_no = Some("E1".to_owned());
    look_once(store, step, 20).await;
    let row = row(store, "1").await;
    assert_eq!((row.stage, row.stage_entered_at), (ACK, minute(20)));
    assert_eq!((row.attempts, row.next_try_at), (0, None));
    assert_eq!(row.evidence.erp_order_no.as_deref(), Some("E1"));
    let outcome = row.last_outcome.expect("an outcome");
    assert_eq!((outcome.kind, outcome.cause, outcome.at), (OutcomeKind::Advanced, None, minute(20)));
    let events = timeline(store, "1").await;
    let last = events.last().expect("an event");
    assert_eq!((last.kind.as_str(), last.from, last.to), ("outcome", Some(PUSH), Some(ACK)));
    assert_eq!(last.detail, "was there already");
    // Nobody has tried it there: it goes before one that was tried, however long ago.
    stored(store, &[pulled("2", 0)]).await;
    place(store, "2", ACK).await;
    look_once(store, stayed("2", ACK, Reason::ErpNotReviewed, ""), 15).await;
    let run = begin(store, Job::AckOrders, None).await;
    assert_eq!(claim(store, &run.run, &due(ACK, 9, 30)).await, ["1", "2"]);
}

/// And keeps why, when and in which run.
pub async fn an_order_that_stays_counts_its_attempts(store: &dyn SyncStore) {
    stored(store, &[pulled("1", 1)]).await;
    let entered = row(store, "1").await.stage_entered_at;
    look_once(store, stayed("1", PUSH, Reason::MissingShopMapping, "r"), 10).await;
    let run = begin(store, Job::PushOrders, None).await;
    claim(store, &run.run, &due(PUSH, 1, 20)).await;
    record(store, &run.run, &[stayed("1", PUSH, Reason::ErpUnreadable, "slow")], 21).await;
    let row = row(store, "1").await;
    assert_eq!((row.stage, row.stage_entered_at, row.attempts), (PUSH, entered, 2));
    let expected = LastOutcome {
        kind: OutcomeKind::Failed,
        cause: Some(Cause::new(Reason::ErpUnreadable, "slow")),
        at: minute(21),
        run_id: run.run.run_id.clone(),
    };
    assert_eq!(row.last_outcome, Some(expected));
    assert_eq!(timeline(store, "1").await.last().expect("an event").by, run.run.run_id);
}

/// Compare-and-set: it is answered as lost, and what the remote did for it is kept all the same.
pub async fn an_order_that_stands_elsewhere_is_not_recorded(store: &dyn SyncStore) {
    stored(store, &[pulled("1", 1), pulled("2", 2)]).await;
    let run = begin(store, Job::PushOrders, None).await;
    claim(store, &run.run, &due(PUSH, 9, 5)).await;
    let key = WriteKey::whole(WriteKind::Acknowledge, po("1"));
    let mut wrong = advanced("1", ACK, Stage::AwaitingShipment);
    wrong.evidence.tracking = Some("T".to_owned());
    wrong.writes = vec![WriteNote { key, state: WriteState::Applied, receipt: None, message: None }];
    let right = advanced("2", PUSH, ACK);
    assert_eq!(record(store, &run.run, &[wrong, right], 6).await, ["1"]);
    assert_eq!((row(store, "1").await.stage, row(store, "2").await.stage), (PUSH, ACK));
    assert_eq!(row(store, "1").await.evidence, Evidence::default());
    assert_eq!(facts(store, "1").await, ["pulled created", "write acknowledge applied"]);
    let writes = store.writes_of(&route(), &[po("1")]).await.expect("writes");
    assert_eq!(writes.iter().map(|write| write.state).collect::<Vec<_>>(), [WriteState::Applied]);
}

/// Nor is one that does not exist, nor the same one twice.
pub async fn an_order_that_is_not_claimed_is_not_recorded(store: &dyn SyncStore) {
    stored(store, &[pulled("1", 1), pulled("2", 2)]).await;
    let run = begin(store, Job::PushOrders, None).await;
    assert_eq!(claim(store, &run.run, &due(PUSH, 1, 5)).await, ["1"]);
    let step = |number| advanced(number, PUSH, ACK);
    assert_eq!(record(store, &run.run, &[step("2"), step("3"), step("1"), step("1")], 6).await, ["2", "3", "1"]);
    assert_eq!((row(store, "1").await.stage, row(store, "2").await.stage), (ACK, PUSH));
}

/// Another run may have it while the first one goes on.
pub async fn a_recorded_order_is_free_again(store: &dyn SyncStore) {
    stored(store, &[pulled("1", 1)]).await;
    let run = begin(store, Job::PushOrders, None).await;
    claim(store, &run.run, &due(PUSH, 1, 5)).await;
    record(store, &run.run, &[advanced("1", PUSH, ACK)], 6).await;
    let ack = begin(store, Job::AckOrders, None).await;
    assert_eq!(claim(store, &ack.run, &due(ACK, 1, 7)).await, ["1"]);
}

/// A new value must hold every element of the old one.
pub async fn evidence_may_grow_but_never_change(store: &dyn SyncStore) {
    stored(store, &[pulled("1", 1)]).await;
    let mut expected = Evidence::default();
    let values = [
        (Some("A"), "A"),
        (None, "A"),
        (Some("B"), "A"),
        (Some("AB"), "A"),
        (Some("A,B"), "A,B"),
        (Some("B"), "A,B"),
        (Some("C,B,A"), "C,B,A"),
    ];
    for (time, (new, kept)) in (10..).zip(values) {
        let mut step = stayed("1", PUSH, Reason::MissingShopMapping, "");
        let new = new.map(str::to_owned);
        step.evidence = Evidence { erp_order_no: new.clone(), tracking: new.clone(), invoice_id: new };
        look_once(store, step, time).await;
        let kept = Some(kept.to_owned());
        expected = Evidence { erp_order_no: kept.clone(), tracking: kept.clone(), invoice_id: kept };
        assert_eq!(row(store, "1").await.evidence, expected);
    }
    place(store, "1", Stage::AwaitingShipment).await;
    assert_eq!(row(store, "1").await.evidence, expected);
}

/// Equal in everything that a person reads.
pub async fn equal_outcomes_in_a_row_are_one_event(store: &dyn SyncStore) {
    let first = pulled("1", 1);
    stored(store, std::slice::from_ref(&first)).await;
    let step = |detail| stayed("1", PUSH, Reason::MissingShopMapping, detail);
    for time in 10..15 {
        look_once(store, step("r1"), time).await;
    }
    look_once(store, step("r2"), 20).await;
    look_once(store, step("r1"), 30).await;
    let outcomes: Vec<_> = timeline(store, "1")
        .await
        .into_iter()
        .filter(|event| event.kind == "outcome")
        .map(|event| (event.detail, event.times, event.at, event.last_at))
        .collect();
    let expected = [
        ("r1".to_owned(), 5, minute(10), minute(14)),
        ("r2".to_owned(), 1, minute(20), minute(20)),
        ("r1".to_owned(), 1, minute(30), minute(30)),
    ];
    assert_eq!(outcomes, expected);
    assert_eq!(row(store, "1").await.attempts, 7);
}

/// Or else the timeline would tell it before the act.
pub async fn an_outcome_after_an_act_of_a_person_is_news(store: &dyn SyncStore) {
    stored(store, &[pulled("1", 1)]).await;
    look_once(store, stayed("1", PUSH, Reason::MissingShopMapping, ""), 10).await;
    place(store, "1", PUSH).await;
    look_once(store, stayed("1", PUSH, Reason::MissingShopMapping, ""), 60).await;
    let facts = facts(store, "1").await;
    assert_eq!(facts[1..], ["outcome missing_shop_mapping", "operator stage", "outcome missing_shop_mapping"]);
}

/// Stage, evidence and the end of the write, together.
pub async fn writes_are_settled_with_their_order(store: &dyn SyncStore) {
    stored(store, &[pulled("1", 1)]).await;
    let run = begin(store, Job::PushOrders, None).await;
    claim(store, &run.run, &due(PUSH, 1, 5)).await;
    let key = WriteKey::whole(WriteKind::Create, po("1"));
    let intent = Intent { key: key.clone(), request_hash: "h".to_owned() };
    assert_eq!(store.intend(&run.run, &[intent], minute(6)).await.expect("intents"), []);
    let mut step = advanced("1", PUSH, ACK);
    step.writes = vec![WriteNote { key, state: WriteState::Applied, receipt: None, message: Some("ok".to_owned()) }];
    record(store, &run.run, &[step], 7).await;
    let writes = store.writes_of(&route(), &[po("1")]).await.expect("writes");
    assert_eq!((writes[0].state, writes[0].message.as_deref()), (WriteState::Applied, Some("ok")));
    assert_eq!(facts(store, "1").await, ["pulled created", "outcome advanced", "write create applied"]);
}
