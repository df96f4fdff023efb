//! What a person does to an order.

use ipass_core::job::Job;
use ipass_core::ports::{Selection, StageEdit, Step, StoreError, SyncStore};
use ipass_core::reason::Reason;
use ipass_core::stage::Stage;

use super::prelude::*;

const PUSH: Stage = Stage::AwaitingPush;

fn edit(number: &str, to: Stage) -> StageEdit {
    StageEdit { po: po(number), to, reason: "checked by phone".to_owned(), by: "ann".to_owned(), now: minute(70) }
}

/// It is said who, and why; the outcome before stays to be seen.
pub async fn a_person_moves_an_order_in_any_direction(store: &dyn SyncStore) {
    stored(store, &[pulled("1", 1)]).await;
    let mut step = stayed("1", PUSH, Reason::MissingShopMapping, "r");
    step.next_try_at = Some(minute(500));
    look_once(store, step, 10).await;
    let before = row(store, "1").await;
    for (from, to) in [(PUSH, Stage::Completed), (Stage::Completed, Stage::AwaitingAck)] {
        store.set_stage(&route(), &edit("1", to)).await.expect("an order is moved");
        let row = row(store, "1").await;
        assert_eq!((row.stage, row.stage_entered_at), (to, minute(70)));
        assert_eq!((row.attempts, row.next_try_at), (0, None));
        assert_eq!(row.last_outcome, before.last_outcome);
        let events = timeline(store, "1").await;
        let last = events.last().expect("an event");
        assert_eq!(
            (last.kind.as_str(), last.by.as_str(), last.detail.as_str()),
            ("operator", "ann", "checked by phone")
        );
        assert_eq!((last.from, last.to), (Some(from), Some(to)));
    }
}

/// The run goes on undisturbed.
pub async fn an_order_in_work_is_not_moved_by_a_person(store: &dyn SyncStore) {
    stored(store, &[pulled("1", 1)]).await;
    let run = begin(store, Job::PushOrders, None).await;
    claim(store, &run.run, &due(PUSH, 1, 5)).await;
    let refused = store.set_stage(&route(), &edit("1", Stage::Completed)).await;
    assert!(matches!(refused, Err(StoreError::Conflict(_))));
    assert_eq!(record(store, &run.run, &[advanced("1", PUSH, Stage::AwaitingAck)], 6).await, Vec::<String>::new());
    store.set_stage(&route(), &edit("1", Stage::Completed)).await.expect("an order is moved");
}

/// Nobody has to begin another run first.
pub async fn an_order_of_a_dead_run_is_moved_by_a_person(store: &dyn SyncStore) {
    stored(store, &[pulled("1", 1)]).await;
    let run = begin(store, Job::PushOrders, None).await;
    claim(store, &run.run, &due(PUSH, 1, 5)).await;
    drop(run);
    // The lock of a dropped run is freed soon, not at once.
    for _ in 0..100 {
        match store.set_stage(&route(), &edit("1", Stage::Completed)).await {
            Ok(()) => break,
            Err(StoreError::Conflict(_)) => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(row(store, "1").await.stage, Stage::Completed);
    assert_eq!(store.runs(Some(&route()), None, 1).await.expect("runs")[0].state, "interrupted");
}

/// And nothing is written.
pub async fn an_order_that_is_not_there_is_not_moved(store: &dyn SyncStore) {
    let refused = store.set_stage(&route(), &edit("1", Stage::Completed)).await;
    assert!(matches!(refused, Err(StoreError::Conflict(_))));
    assert_eq!(timeline(store, "1").await, []);
    assert!(store.order(&route(), &po("1")).await.expect("an answer").is_none());
}

/// One, or all that are unfinished; those that are due already do not count.
pub async fn retrying_makes_orders_due(store: &dyn SyncStore) {
    stored(store, &[pulled("1", 1), pulled("2", 2), pulled("3", 3), pulled("4", 4)]).await;
    for number in ["1", "2", "3"] {
        let mut step = stayed(number, PUSH, Reason::MissingShopMapping, "");
        step.next_try_at = Some(minute(500));
        look_once(store, step, 10).await;
    }
    assert_eq!(store.retry(&other_route(), None, minute(20)).await.expect("a retry"), 0);
    assert_eq!(store.retry(&route(), Some(&po("2")), minute(20)).await.expect("a retry"), 1);
    assert_eq!(row(store, "2").await.next_try_at, None);
    assert_eq!(row(store, "1").await.next_try_at, Some(minute(500)));
    assert_eq!(store.retry(&route(), None, minute(20)).await.expect("a retry"), 2);
    let run = begin(store, Job::PushOrders, None).await;
    assert_eq!(claim(store, &run.run, &due(PUSH, 9, 21)).await, ["4", "1", "2", "3"]);
}

/// A retry, a release, an approval: the run looked at the order before, and sends it into a back-off.
pub async fn an_act_of_a_person_outlives_the_run_that_holds_the_order(store: &dyn SyncStore) {
    stored(store, &[pulled("1", 1), pulled("2", 2)]).await;
    let push = begin(store, Job::PushOrders, None).await;
    let number = po("1");
    for act in ["none", "retry one", "retry all", "release", "approve", "hold"] {
        let selection = Selection { ignore_next_try: true, ..due(PUSH, 9, 5) };
        assert_eq!(claim(store, &push.run, &selection).await.len(), 2);
        let (route, now) = (route(), minute(20));
        match act {
            "retry one" => _ = store.retry(&route, Some(&number), now).await.expect("a retry"),
            "retry all" => _ = store.retry(&route, None, now).await.expect("a retry"),
            "release" => store.set_hold(&route, &number, None, "ann", now).await.expect("a release"),
            "approve" => store.approve_cancel(&route, &number, "ann", now).await.expect("an approval"),
            "hold" => store.set_hold(&route, &number, Some("wait"), "ann", now).await.expect("a hold"),
            _ => {}
        }
        let steps = ["1", "2"].map(|number| Step {
            next_try_at: Some(minute(500)),
            ..stayed(number, PUSH, Reason::MissingShopMapping, "")
        });
        assert_eq!(record(store, &push.run, &steps, 30).await, Vec::<String>::new());
        let waits = [row(store, "1").await, row(store, "2").await].map(|row| row.next_try_at.is_some());
        let expected = match act {
            "none" | "hold" => [true, true],
            "retry all" => [false, false],
            _ => [false, true],
        };
        assert_eq!(waits, expected, "{act}");
    }
}

/// And no more than asked for.
pub async fn the_timeline_gives_the_newest_facts_oldest_first(store: &dyn SyncStore) {
    stored(store, &[pulled("1", 1)]).await;
    for stage in OPEN_STAGES {
        place(store, "1", stage).await;
    }
    let stages: Vec<_> = timeline(store, "1").await.iter().map(|event| event.to.map(Stage::number)).collect();
    assert_eq!(stages, [Some(1), Some(1), Some(2), Some(3), Some(4)]);
    let newest = store.timeline(&route(), &po("1"), 2).await.expect("a timeline");
    assert_eq!(newest.iter().map(|event| event.to.map(Stage::number)).collect::<Vec<_>>(), [Some(3), Some(4)]);
}

/// By the schedule; a run on the order itself takes it.
pub async fn a_held_order_is_left_alone_until_it_is_released(store: &dyn SyncStore) {
    stored(store, &[pulled("1", 1), pulled("2", 2)]).await;
    let mut step = stayed("1", PUSH, Reason::MissingShopMapping, "r");
    step.next_try_at = Some(minute(500));
    look_once(store, step, 10).await;
    let holding =
        async |text| store.set_hold(&route(), &po("1"), text, "ann", minute(70)).await.expect("an order is held");
    holding(Some("asked the retailer")).await;
    let held = row(store, "1").await;
    assert_eq!((held.hold.as_deref(), held.next_try_at), (Some("asked the retailer"), Some(minute(500))));
    let run = begin(store, Job::PushOrders, None).await;
    let anyway = Selection { ignore_next_try: true, peek: true, ..due(PUSH, 9, 600) };
    assert_eq!(claim(store, &run.run, &anyway).await, ["2"]);
    let named = Selection { po: Some(po("1")), ..anyway.clone() };
    assert_eq!(claim(store, &run.run, &named).await, ["1"]);
    holding(None).await;
    let released = row(store, "1").await;
    assert_eq!((released.hold, released.next_try_at), (None, None));
    assert_eq!((released.stage, released.attempts, released.last_outcome), (held.stage, 1, held.last_outcome));
    assert_eq!(claim(store, &run.run, &due(PUSH, 9, 71)).await, ["2", "1"]);
}

/// Who, and what was typed.
pub async fn holding_and_releasing_are_in_the_timeline(store: &dyn SyncStore) {
    stored(store, &[pulled("1", 1)]).await;
    store.set_hold(&route(), &po("1"), Some("wait"), "ann", minute(70)).await.expect("an order is held");
    store.set_hold(&route(), &po("1"), None, "bob", minute(71)).await.expect("an order is released");
    let events = timeline(store, "1").await;
    let told: Vec<_> = events[1..]
        .iter()
        .map(|event| (event.kind.as_str(), event.what.as_str(), event.detail.as_str(), event.by.as_str(), event.at))
        .collect();
    assert_eq!(told, [("operator", "hold", "wait", "ann", minute(70)), ("operator", "release", "", "bob", minute(71))]);
}

/// It is due, and it is known who decided.
pub async fn a_person_lets_the_service_cancel_in_the_erp(store: &dyn SyncStore) {
    stored(store, &[pulled("1", 1), pulled("2", 2)]).await;
    let mut step = stayed("1", PUSH, Reason::CancelNeedsDecision, "r");
    step.next_try_at = Some(minute(500));
    look_once(store, step, 10).await;
    assert_eq!(row(store, "1").await.cancel_by, None);
    store.approve_cancel(&route(), &po("1"), "ann", minute(70)).await.expect("a decision is stored");
    let decided = row(store, "1").await;
    assert_eq!((decided.cancel_by.as_deref(), decided.next_try_at), (Some("ann"), None));
    let events = timeline(store, "1").await;
    let last = events.last().expect("an event");
    assert_eq!((last.kind.as_str(), last.what.as_str(), last.by.as_str()), ("operator", "cancel_in_erp", "ann"));
    assert_eq!((last.detail.as_str(), last.from, last.to), ("", None, None));
    let run = begin(store, Job::PushOrders, None).await;
    let claimed = store.claim(&run.run, &due(PUSH, 9, 71)).await.expect("orders are claimed");
    let decided: Vec<_> = claimed.iter().map(|order| order.cancel_by.as_deref()).collect();
    assert_eq!(decided, [None, Some("ann")]);
}

/// And it is said which one.
pub async fn an_order_that_is_not_there_is_neither_held_nor_cancelled(store: &dyn SyncStore) {
    stored(store, &[pulled("1", 1)]).await;
    for (route, number) in [(route(), "2"), (other_route(), "1")] {
        let held = store.set_hold(&route, &po(number), Some("x"), "ann", minute(70)).await;
        let released = store.set_hold(&route, &po(number), None, "ann", minute(70)).await;
        let decided = store.approve_cancel(&route, &po(number), "ann", minute(70)).await;
        for refused in [held, released, decided] {
            assert!(matches!(&refused, Err(StoreError::Conflict(words)) if words.contains(number)), "{refused:?}");
        }
        assert_eq!(store.timeline(&route, &po(number), 9).await.expect("a timeline"), []);
    }
}
