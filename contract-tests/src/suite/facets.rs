//! Values that orders have, how orders moved, and totals.

use ipass_core::job::Job;
use ipass_core::order::ChannelStatus;
use ipass_core::ports::{Begun, OrderField, OrderFilter, SyncStore};
use ipass_core::reason::Reason;
use ipass_core::stage::Stage;

use super::prelude::*;

/// Each once, in the order of their bytes; of a route, or of all.
pub async fn the_stored_values_of_a_member_are_offered(store: &dyn SyncStore) {
    let order = |number: i64, retailer: Option<&str>| {
        let mut order = pulled(&format!("{number}"), number);
        order.order.retailer_id = retailer.map(str::to_owned);
        order.order.warehouse_code = None;
        order.order.service_level = retailer.map(|_| "AIR".to_owned());
        order
    };
    let here = [order(1, Some("b")), order(2, Some("a")), order(3, None), order(4, Some("b")), order(5, Some("Z"))];
    stored(store, &here).await;
    let Begun::Started(other) = try_begin(store, &other_route(), Job::PullOrders, None).await else {
        panic!("nothing runs there");
    };
    let mut there = order(1, Some("c"));
    there.order.status = ChannelStatus::Shipped;
    save(store, &other.run, &[there, order(2, Some("a"))]).await;
    look_once(store, stayed("1", Stage::AwaitingPush, Reason::MissingShopMapping, "b"), 200).await;
    let values = async |everywhere: bool, field, limit| {
        let of = (!everywhere).then(route);
        store.values(of.as_ref(), field, limit).await.expect("values")
    };
    assert_eq!(values(false, OrderField::RetailerId, 9).await, ["Z", "a", "b"]);
    assert_eq!(values(true, OrderField::RetailerId, 9).await, ["Z", "a", "b", "c"]);
    assert_eq!(values(true, OrderField::RetailerId, 2).await, ["Z", "a"]);
    assert_eq!(values(false, OrderField::RetailerId, 0).await, Vec::<String>::new());
    assert_eq!(values(true, OrderField::WarehouseCode, 9).await, Vec::<String>::new());
    assert_eq!(values(false, OrderField::ServiceLevel, 9).await, ["AIR"]);
    assert_eq!(values(false, OrderField::ChannelStatus, 9).await, ["created"]);
    assert_eq!(values(true, OrderField::ChannelStatus, 9).await, ["created", "shipped"]);
    assert_eq!(values(false, OrderField::Reason, 9).await, ["missing_shop_mapping"]);
    look_once(store, advanced("1", Stage::AwaitingPush, Stage::AwaitingAck), 201).await;
    assert_eq!(values(false, OrderField::Reason, 9).await, Vec::<String>::new());
}

async fn moves(store: &dyn SyncStore, since: i64) -> Vec<(u64, u64)> {
    let moves = store.moves(&route(), minute(since)).await.expect("moves");
    assert_eq!(moves.iter().map(|moved| moved.stage).collect::<Vec<_>>(), Stage::ALL);
    moves.iter().map(|moved| (moved.entered, moved.left)).collect()
}

/// By runs, by the channel and by people; a look that ends where it began is no move.
pub async fn moves_are_counted_where_orders_came_and_left(store: &dyn SyncStore) {
    let none = (0, 0);
    assert_eq!(moves(store, 0).await, [none; 6]);
    // At minute 100.
    let mut done = pulled("3", 3);
    done.first_stage = Stage::Completed;
    let open = pulled("2", 2);
    stored(store, &[pulled("1", 1), open.clone(), done]).await;
    assert_eq!(moves(store, 100).await, [(2, 0), none, none, none, (1, 0), none]);
    assert_eq!(moves(store, 101).await, [none; 6]);
    look_once(store, stayed("1", Stage::AwaitingPush, Reason::MissingShopMapping, "r"), 150).await;
    look_once(store, advanced("1", Stage::AwaitingPush, Stage::AwaitingAck), 200).await;
    assert_eq!(moves(store, 101).await, [(0, 1), (1, 0), none, none, none, none]);
    // At minute 50: before all others.
    place(store, "1", Stage::AwaitingInvoice).await;
    assert_eq!(moves(store, 51).await, [(2, 1), (1, 0), none, none, (1, 0), none]);
    assert_eq!(moves(store, 50).await, [(2, 1), (1, 1), none, (1, 0), (1, 0), none]);
    // At minute 100: the channel has cancelled it.
    let mut cancelled = changed(&open, 90, ChannelStatus::Cancelled);
    cancelled.at_push = Some(Stage::Cancelled);
    stored(store, &[cancelled]).await;
    assert_eq!(moves(store, 51).await, [(2, 2), (1, 0), none, none, (1, 0), (1, 0)]);
    assert_eq!(store.moves(&other_route(), minute(0)).await.expect("moves").iter().map(|m| m.entered).sum::<u64>(), 0);
}

async fn totals_agree(store: &dyn SyncStore) {
    for route in [route(), other_route()] {
        for count in store.counts(&route).await.expect("counts") {
            let filter = OrderFilter { stages: vec![count.stage], ..OrderFilter::default() };
            let orders = store.count_orders(Some(&route), &filter, u64::MAX).await.expect("a count");
            assert_eq!(count.orders, orders, "{route} {:?}", count.stage);
            assert_eq!(count.oldest.is_some(), orders > 0, "{route} {:?}", count.stage);
        }
    }
}

/// Whatever moves orders, or fails to.
pub async fn totals_are_what_counting_gives(store: &dyn SyncStore) {
    totals_agree(store).await;
    let orders: Vec<_> = (0..40)
        .map(|n| {
            let mut order = pulled(&format!("{n:02}"), n);
            order.first_stage = Stage::ALL[usize::try_from(n).expect("small") % 6];
            order
        })
        .collect();
    stored(store, &orders).await;
    stored(store, &orders).await;
    totals_agree(store).await;
    let pull = begin(store, Job::PullOrders, None).await;
    let Begun::Started(other) = try_begin(store, &other_route(), Job::PullOrders, None).await else {
        panic!("nothing runs there");
    };
    let twice: Vec<_> = [&orders[..], &orders[..]].concat();
    let more: Vec<_> = (40..300).map(|n| pulled(&format!("{n:02}"), n)).collect();
    tokio::join!(save(store, &other.run, &twice), save(store, &pull.run, &more), save(store, &pull.run, &more));
    totals_agree(store).await;
    let cancelled: Vec<_> = orders
        .iter()
        .map(|order| {
            let mut order = changed(order, 500, ChannelStatus::Cancelled);
            order.at_push = Some(Stage::Cancelled);
            order
        })
        .collect();
    save(store, &pull.run, &cancelled).await;
    totals_agree(store).await;
    let run = begin(store, Job::PushOrders, None).await;
    let mut steps = Vec::new();
    for (n, number) in claim(store, &run.run, &due(Stage::AwaitingPush, 50, 600)).await.iter().enumerate() {
        steps.push(match n % 3 {
            0 => stayed(number, Stage::AwaitingPush, Reason::MissingShopMapping, "r"),
            1 => advanced(number, Stage::AwaitingPush, Stage::AwaitingAck),
            // Lost: it stands elsewhere.
            _ => advanced(number, Stage::AwaitingAck, Stage::Completed),
        });
    }
    record(store, &run.run, &steps, 601).await;
    totals_agree(store).await;
    finish(store, run).await;
    place(store, "04", Stage::AwaitingPush).await;
    place(store, "04", Stage::AwaitingPush).await;
    totals_agree(store).await;
    store.migrate().await.expect("the schema is there");
    totals_agree(store).await;
}
