//! Which orders stay, why, and for how long.

use ipass_core::job::Job;
use ipass_core::ports::{Begun, CauseGroup, OrderFilter, SaveOrder, StageAge, StageLimit, SyncStore};
use ipass_core::reason::Reason;
use ipass_core::stage::Stage;

use super::prelude::*;

const PUSH: Stage = Stage::AwaitingPush;

async fn causes(store: &dyn SyncStore) -> Vec<CauseGroup> {
    store.causes(Some(&route())).await.expect("causes")
}

/// Saves orders that came at the given minutes, and lets each stay for a reason.
async fn staying(store: &dyn SyncStore, orders: &[(&str, i64, Reason, &str)]) {
    let pull = begin(store, Job::PullOrders, None).await;
    for (number, came, _, _) in orders {
        store.save_orders(&pull.run, &[pulled(number, 1)], &[], minute(*came)).await.expect("orders are saved");
    }
    finish(store, pull).await;
    for (number, _, reason, detail) in orders {
        look_once(store, stayed(number, PUSH, *reason, detail), 500).await;
    }
}

/// With the order that waits longest, whatever its number.
pub async fn orders_that_stay_are_grouped_by_why_the_largest_group_first(store: &dyn SyncStore) {
    assert_eq!(causes(store).await, []);
    staying(
        store,
        &[
            ("1", 30, Reason::MissingShopMapping, "r1"),
            ("2", 10, Reason::ErpRejected, "words of 2"),
            ("3", 40, Reason::MissingShopMapping, "r1"),
            ("4", 20, Reason::MissingShopMapping, "r1"),
            ("5", 15, Reason::ErpRejected, "words of 5"),
        ],
    )
    .await;
    look_once(store, advanced("3", PUSH, Stage::AwaitingAck), 600).await;
    look_once(store, stayed("3", Stage::AwaitingAck, Reason::ErpNotReviewed, "status 4"), 610).await;
    stored(store, &[pulled("never tried", 1)]).await;
    let group = |stage, reason, detail: Option<&str>, orders, oldest, sample: (&str, &str)| CauseGroup {
        route: route(),
        stage,
        reason,
        detail: detail.map(str::to_owned),
        orders,
        oldest: minute(oldest),
        sample: po(sample.0),
        sample_detail: sample.1.to_owned(),
    };
    assert_eq!(
        causes(store).await,
        [
            group(PUSH, Reason::ErpRejected, None, 2, 10, ("2", "words of 2")),
            group(PUSH, Reason::MissingShopMapping, Some("r1"), 2, 20, ("4", "r1")),
            group(Stage::AwaitingAck, Reason::ErpNotReviewed, None, 1, 600, ("3", "status 4")),
        ]
    );
}

/// An id in the detail would make a group of each order.
pub async fn only_reasons_with_one_remedy_are_grouped_by_their_detail(store: &dyn SyncStore) {
    let orders: Vec<(String, Reason)> =
        Reason::ALL.iter().flat_map(|reason| (0..2).map(move |n| (format!("{reason}-{n}"), *reason))).collect();
    stored(store, &orders.iter().map(|(number, _)| pulled(number, 1)).collect::<Vec<SaveOrder>>()).await;
    let run = begin(store, Job::PushOrders, None).await;
    claim(store, &run.run, &due(PUSH, 1000, 200)).await;
    let steps: Vec<_> = orders.iter().map(|(number, reason)| stayed(number, PUSH, *reason, number)).collect();
    record(store, &run.run, &steps, 201).await;
    let causes = causes(store).await;
    for reason in Reason::ALL {
        let groups: Vec<&CauseGroup> = causes.iter().filter(|group| group.reason == *reason).collect();
        assert_eq!(groups.len(), if reason.groups_by_detail() { 2 } else { 1 }, "{reason}");
        for group in groups {
            assert_eq!(group.detail, reason.groups_by_detail().then(|| group.sample_detail.clone()), "{reason}");
            let filter = OrderFilter {
                stages: vec![group.stage],
                reason: Some(reason.code().to_owned()),
                detail: group.detail.clone(),
                held: Some(false),
                ..OrderFilter::default()
            };
            let listed = store.count_orders(Some(&group.route), &filter, 100).await.expect("a count");
            assert_eq!(listed, group.orders, "{reason}: the list of a group has its orders");
        }
    }
}

/// Nobody has to do anything about them.
pub async fn held_finished_and_advanced_orders_have_no_cause(store: &dyn SyncStore) {
    staying(
        store,
        &[
            ("held", 10, Reason::MissingShopMapping, "r"),
            ("finished", 11, Reason::MissingShopMapping, "r"),
            ("cancelled", 12, Reason::MissingShopMapping, "r"),
            ("advanced", 13, Reason::MissingShopMapping, "r"),
            ("stays", 14, Reason::MissingShopMapping, "r"),
        ],
    )
    .await;
    store.set_hold(&route(), &po("held"), Some("why not"), "ann", minute(600)).await.expect("an order is held");
    place(store, "finished", Stage::Completed).await;
    place(store, "cancelled", Stage::Cancelled).await;
    look_once(store, advanced("advanced", PUSH, Stage::AwaitingAck), 600).await;
    let left = causes(store).await;
    assert_eq!((left.len(), left[0].orders, left[0].sample.as_str()), (1, 1, "stays"));
    store.set_hold(&route(), &po("held"), None, "ann", minute(601)).await.expect("an order is released");
    let left = causes(store).await;
    assert_eq!((left[0].orders, left[0].sample.as_str()), (2, "held"));
}

/// Routes are groups of their own.
pub async fn causes_are_those_of_a_route_or_of_all(store: &dyn SyncStore) {
    staying(store, &[("1", 10, Reason::MissingShopMapping, "r")]).await;
    let Begun::Started(other) = try_begin(store, &other_route(), Job::PullOrders, None).await else {
        panic!("nothing runs there");
    };
    save(store, &other.run, &[pulled("1", 1), pulled("2", 2)]).await;
    claim(store, &other.run, &due(PUSH, 9, 200)).await;
    let steps = ["1", "2"].map(|number| stayed(number, PUSH, Reason::MissingShopMapping, "r"));
    record(store, &other.run, &steps, 201).await;
    let all = store.causes(None).await.expect("causes");
    let all: Vec<_> = all.iter().map(|group| (group.route.clone(), group.orders)).collect();
    assert_eq!(all, [(other_route(), 2), (route(), 1)]);
    let one = causes(store).await;
    assert_eq!((one.len(), one[0].route.clone(), one[0].orders), (1, route(), 1));
}

/// To the microsecond; held ones and other stages do not count.
pub async fn slow_and_stuck_orders_are_counted_apart(store: &dyn SyncStore) {
    let pull = begin(store, Job::PullOrders, None).await;
    for came in [10, 20, 21, 30, 31, 40] {
        let order = pulled(&format!("came {came}"), 1);
        store.save_orders(&pull.run, &[order], &[], minute(came)).await.expect("orders are saved");
    }
    store.set_hold(&route(), &po("came 10"), Some("why not"), "ann", minute(50)).await.expect("an order is held");
    let limit = |stage, stuck, slow| StageLimit { stage, stuck_before: minute(stuck), slow_before: minute(slow) };
    let limits = [limit(PUSH, 21, 31), limit(Stage::AwaitingAck, 21, 31), limit(PUSH, 5, 15)];
    let ages = store.ages(&route(), &limits).await.expect("ages");
    let age = |stage, stuck, slow, oldest: Option<&str>| StageAge { stage, slow, stuck, oldest: oldest.map(po) };
    let none = [age(Stage::AwaitingAck, 0, 0, None), age(PUSH, 0, 0, None)];
    assert_eq!(ages, [age(PUSH, 1, 2, Some("came 20")), none[0].clone(), none[1].clone()]);
    assert_eq!(store.ages(&route(), &[]).await.expect("ages"), []);
    let elsewhere = store.ages(&other_route(), &limits).await.expect("ages");
    assert!(elsewhere.iter().all(|age| age.oldest.is_none() && age.slow + age.stuck == 0));
}
