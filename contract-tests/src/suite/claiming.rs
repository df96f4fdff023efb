//! Which orders a run gets to work on.

use std::collections::HashSet;

use ipass_core::job::Job;
use ipass_core::ports::{Begun, Selection, SyncStore};
use ipass_core::reason::Reason;
use ipass_core::stage::Stage;

use super::prelude::*;

const PUSH: Stage = Stage::AwaitingPush;

/// Oldest creation first among the never-tried; then by the last try.
pub async fn never_tried_orders_come_first_then_the_least_recently_tried(store: &dyn SyncStore) {
    stored(store, &[pulled("old", 1), pulled("b", 3), pulled("a", 3), pulled("young", 5)]).await;
    look_once(store, stayed("old", PUSH, Reason::MissingShopMapping, ""), 20).await;
    look_once(store, stayed("a", PUSH, Reason::MissingShopMapping, ""), 10).await;
    let run = begin(store, Job::PushOrders, None).await;
    assert_eq!(claim(store, &run.run, &due(PUSH, 1, 30)).await, ["b"]);
    assert_eq!(claim(store, &run.run, &due(PUSH, 9, 30)).await, ["young", "a", "old"]);
    finish(store, run).await;
    // An order that changes its stage is new there.
    place(store, "old", Stage::AwaitingAck).await;
    stored(store, &[pulled("later", 50)]).await;
    place(store, "later", Stage::AwaitingAck).await;
    let run = begin(store, Job::AckOrders, None).await;
    assert_eq!(claim(store, &run.run, &due(Stage::AwaitingAck, 9, 60)).await, ["old", "later"]);
}

/// A dry run looks at what it would take, and leaves everything as it is.
pub async fn a_look_claims_nothing(store: &dyn SyncStore) {
    stored(store, &[pulled("1", 1)]).await;
    let before = row(store, "1").await;
    let look = begin(store, Job::PushOrders, None).await;
    let selection = Selection { peek: true, ..due(PUSH, 9, 5) };
    assert_eq!(claim(store, &look.run, &selection).await, ["1"]);
    assert_eq!(claim(store, &look.run, &due(PUSH, 9, 6)).await, ["1"]);
    assert_eq!(row(store, "1").await, before);
}

/// With a run of 20, each order is looked at before any is looked at twice.
pub async fn sixty_waiting_orders_do_not_starve_twenty_ready_ones(store: &dyn SyncStore) {
    let waiting = (0..60).map(|n| pulled(&format!("waiting-{n:02}"), n));
    let ready = (0..20).map(|n| pulled(&format!("ready-{n:02}"), 100 + n));
    stored(store, &waiting.chain(ready).collect::<Vec<_>>()).await;
    let mut seen = HashSet::new();
    for round in 0..4 {
        let now = 1000 + round;
        let run = begin(store, Job::PushOrders, None).await;
        let claimed = claim(store, &run.run, &due(PUSH, 20, now)).await;
        assert_eq!(claimed.len(), 20);
        let steps: Vec<_> = claimed
            .iter()
            .map(|number| {
                if number.starts_with("ready") {
                    advanced(number, PUSH, Stage::AwaitingAck)
                } else {
                    stayed(number, PUSH, Reason::MissingShopMapping, "")
                }
            })
            .collect();
        record(store, &run.run, &steps, now).await;
        finish(store, run).await;
        seen.extend(claimed);
    }
    assert_eq!(seen.len(), 80);
    let counts = store.counts(&route()).await.expect("counts");
    assert_eq!(counts.iter().map(|count| count.orders).collect::<Vec<_>>(), [60, 20, 0, 0, 0, 0]);
}

/// Neither by the same run nor by another, nor when it is named.
pub async fn a_claimed_order_is_not_claimed_again(store: &dyn SyncStore) {
    stored(store, &[pulled("1", 1), pulled("2", 2)]).await;
    let push = begin(store, Job::PushOrders, None).await;
    assert_eq!(claim(store, &push.run, &due(PUSH, 1, 5)).await, ["1"]);
    let check = begin(store, Job::CheckOrders, None).await;
    let named = Selection { po: Some(po("1")), ignore_next_try: true, ..due(PUSH, 9, 6) };
    assert_eq!(claim(store, &check.run, &named).await, Vec::<String>::new());
    assert_eq!(claim(store, &check.run, &due(PUSH, 9, 6)).await, ["2"]);
    assert_eq!(claim(store, &push.run, &due(PUSH, 9, 6)).await, Vec::<String>::new());
}

/// Whatever the moment.
pub async fn claims_at_the_same_time_never_share_an_order(store: &dyn SyncStore) {
    let orders: Vec<_> = (0..200).map(|n| pulled(&format!("{n}"), n)).collect();
    stored(store, &orders).await;
    let (push, ack) = (begin(store, Job::PushOrders, None).await, begin(store, Job::AckOrders, None).await);
    let (check, stock) = (begin(store, Job::CheckOrders, None).await, begin(store, Job::SyncStock, None).await);
    let selection = due(PUSH, 70, 300);
    let (a, b, c, d) = tokio::join!(
        claim(store, &push.run, &selection),
        claim(store, &ack.run, &selection),
        claim(store, &check.run, &selection),
        claim(store, &stock.run, &selection),
    );
    let all: Vec<&String> = [&a, &b, &c, &d].into_iter().flatten().collect();
    let distinct: HashSet<_> = all.iter().collect();
    assert_eq!(distinct.len(), all.len());
    // Claims that meet skip what the others hold; nothing is left for long.
    let rest = claim(store, &push.run, &due(PUSH, 200, 300)).await;
    assert_eq!(all.len() + rest.len(), 200);
}

/// Unless the run is told to ignore it, or the time has come.
pub async fn an_order_whose_next_try_is_to_come_is_left_alone(store: &dyn SyncStore) {
    stored(store, &[pulled("1", 1)]).await;
    let mut step = stayed("1", PUSH, Reason::MissingShopMapping, "");
    step.next_try_at = Some(minute(60));
    look_once(store, step, 10).await;
    assert_eq!(row(store, "1").await.next_try_at, Some(minute(60)));
    let run = begin(store, Job::PushOrders, None).await;
    assert_eq!(claim(store, &run.run, &due(PUSH, 9, 59)).await, Vec::<String>::new());
    assert_eq!(claim(store, &run.run, &due(PUSH, 9, 60)).await, ["1"]);
    finish(store, run).await;
    let run = begin(store, Job::PushOrders, None).await;
    let anyway = Selection { ignore_next_try: true, ..due(PUSH, 9, 20) };
    assert_eq!(claim(store, &run.run, &anyway).await, ["1"]);
}

/// With its payload.
pub async fn an_order_is_claimed_by_its_po(store: &dyn SyncStore) {
    stored(store, &[pulled("1", 1), pulled("2", 2)]).await;
    let run = begin(store, Job::PushOrders, Some("2")).await;
    let named = Selection { po: Some(po("2")), ..due(PUSH, 9, 6) };
    let claimed = store.claim(&run.run, &named).await.expect("orders are claimed");
    assert_eq!(claimed.len(), 1);
    assert_eq!(claimed[0], row(store, "2").await);
}

/// Neither other stages nor other routes.
pub async fn a_claim_is_about_one_stage_of_one_route(store: &dyn SyncStore) {
    stored(store, &[pulled("1", 1), pulled("2", 2)]).await;
    place(store, "2", Stage::AwaitingShipment).await;
    let Begun::Started(other) = try_begin(store, &other_route(), Job::PushOrders, None).await else {
        panic!("nothing runs there");
    };
    assert_eq!(claim(store, &other.run, &due(PUSH, 9, 6)).await, Vec::<String>::new());
    let run = begin(store, Job::PushOrders, None).await;
    assert_eq!(claim(store, &run.run, &due(PUSH, 9, 6)).await, ["1"]);
}
