//! Orders of lists, and how many orders are in them.

use ipass_core::job::Job;
use ipass_core::ports::{Begun, OrderFilter, OrderSort, SaveOrder, StoreError, SyncStore};
use ipass_core::stage::Stage;

use super::exporting::Rows;
use super::prelude::*;

async fn sorted(store: &dyn SyncStore, sort: OrderSort) -> Vec<String> {
    let filter = OrderFilter { sort, ..OrderFilter::default() };
    let page = store.search(Some(&route()), &filter, None, 100).await.expect("a page");
    page.rows.iter().map(|row| row.po.to_string()).collect()
}

/// Ties go by creation and PO number; who has no date to be shipped at comes last.
pub async fn a_list_has_the_order_that_was_asked_for(store: &dyn SyncStore) {
    let order = |number: &str, created: i64, ship_by: Option<i64>| {
        let mut order = pulled(number, created);
        order.order.ship_by = ship_by.map(minute);
        order
    };
    let orders = [
        order("a", 3, Some(50)),
        order("b", 1, None),
        order("c", 2, Some(40)),
        order("d", 2, None),
        order("e", 0, Some(50)),
    ];
    stored(store, &orders).await;
    look_once(store, advanced("d", Stage::AwaitingPush, Stage::AwaitingAck), 300).await;
    look_once(store, advanced("a", Stage::AwaitingPush, Stage::AwaitingAck), 200).await;
    assert_eq!(sorted(store, OrderSort::Newest).await, ["a", "d", "c", "b", "e"]);
    assert_eq!(sorted(store, OrderSort::Oldest).await, ["e", "b", "c", "d", "a"]);
    assert_eq!(sorted(store, OrderSort::ShipBy).await, ["c", "e", "a", "b", "d"]);
    assert_eq!(sorted(store, OrderSort::InStage).await, ["e", "b", "c", "a", "d"]);
}

/// Orders of two routes, with many ties.
async fn crowd(store: &dyn SyncStore) {
    let orders: Vec<SaveOrder> = (0..60)
        .map(|n: i64| {
            let mut order = pulled(&format!("PO-{n:02}"), n / 7);
            order.order.ship_by = (n % 3 > 0).then(|| minute(500 - n / 10));
            order.order.retailer_id = Some(format!("retailer-{}", n % 2));
            order
        })
        .collect();
    stored(store, &orders).await;
    let Begun::Started(other) = try_begin(store, &other_route(), Job::PullOrders, None).await else {
        panic!("nothing runs there");
    };
    save(store, &other.run, &orders).await;
    finish(store, other).await;
    for n in (0..60).step_by(4) {
        look_once(store, advanced(&format!("PO-{n:02}"), Stage::AwaitingPush, Stage::AwaitingAck), 200 - n / 9).await;
    }
}

fn of_every_kind() -> Vec<OrderFilter> {
    let all = OrderFilter::default;
    let text = |text: &str| Some(text.to_owned());
    vec![
        all(),
        OrderFilter { stages: vec![Stage::AwaitingPush], ..all() },
        OrderFilter { stages: vec![Stage::AwaitingAck, Stage::AwaitingPush, Stage::AwaitingAck], ..all() },
        OrderFilter { retailer_id: text("retailer-1"), ..all() },
        OrderFilter { retailer_id: text("retailer-0"), stages: vec![Stage::AwaitingPush], ..all() },
        OrderFilter { sku: text("SKU-A"), ..all() },
        OrderFilter { po: text("PO-1"), ..all() },
        OrderFilter { created_from: Some(minute(2)), created_until: Some(minute(6)), ..all() },
        OrderFilter { in_stage_since_before: Some(minute(198)), ..all() },
        OrderFilter { pos: (0..60).step_by(3).map(|n| po(&format!("PO-{n:02}"))).collect(), ..all() },
    ]
}

/// Whatever it is about; the export has the same order.
pub async fn every_order_of_a_list_is_walked_to_its_end_without_repeats(store: &dyn SyncStore) {
    crowd(store).await;
    let route = route();
    for sort in OrderSort::ALL {
        for filter in of_every_kind() {
            let filter = OrderFilter { sort, ..filter };
            for of in [Some(&route), None] {
                let key = |row: &ipass_core::ports::OrderRow| (row.route.to_string(), row.po.to_string());
                let whole = store.search(of, &filter, None, 1000).await.expect("a page");
                assert_eq!(whole.next, None);
                let expected: Vec<_> = whole.rows.iter().map(key).collect();
                assert!(expected.len() >= 10, "{filter:?}");
                let keys = whole.rows.iter().map(|row| {
                    let lead = match sort {
                        OrderSort::Newest | OrderSort::Oldest => None,
                        OrderSort::ShipBy => Some(row.ship_by.unwrap_or(minute(9_999_999))),
                        OrderSort::InStage => Some(row.stage_entered_at),
                    };
                    (lead, row.created_at, row.po.to_string(), row.route.to_string())
                });
                let keys: Vec<_> = keys.collect();
                let in_order = match sort {
                    OrderSort::Newest => keys.is_sorted_by(|a, b| a > b),
                    OrderSort::Oldest | OrderSort::ShipBy | OrderSort::InStage => keys.is_sorted_by(|a, b| a < b),
                };
                assert!(in_order, "{filter:?}");
                for size in [1, 7] {
                    let mut walked = Vec::new();
                    let mut after = None;
                    loop {
                        let page = store.search(of, &filter, after.as_deref(), size).await.expect("a page");
                        walked.extend(page.rows.iter().map(key));
                        after = page.next;
                        if after.is_none() {
                            break;
                        }
                    }
                    assert_eq!(walked, expected, "{filter:?} in pages of {size}");
                }
                let mut rows = Rows::new();
                store.export_orders(of, &filter, &mut rows).await.expect("an export");
                let pos: Vec<&str> = expected.iter().map(|(_, po)| po.as_str()).collect();
                assert_eq!(rows.column(0), pos, "{filter:?}");
            }
        }
    }
}

/// It would start somewhere, and nobody would see that orders are missing.
pub async fn a_place_in_a_list_of_another_order_is_refused(store: &dyn SyncStore) {
    stored(store, &[pulled("1", 1), pulled("2", 2)]).await;
    for sort in OrderSort::ALL {
        let filter = OrderFilter { sort, ..OrderFilter::default() };
        let place = store.search(None, &filter, None, 1).await.expect("a page").next.expect("another page");
        for other in OrderSort::ALL {
            let page = store.search(None, &OrderFilter { sort: other, ..filter.clone() }, Some(&place), 1).await;
            assert_eq!(matches!(page, Err(StoreError::Conflict(_))), other != sort, "{sort:?} as {other:?}");
        }
    }
}

/// A thousand at once; a number that is nowhere is no mistake.
pub async fn orders_are_found_by_a_list_of_whole_po_numbers(store: &dyn SyncStore) {
    stored(store, &(0..1200).map(|n| pulled(&format!("{n:04}"), n)).collect::<Vec<_>>()).await;
    let found = async |pos: Vec<_>, stages: Vec<Stage>| {
        let filter = OrderFilter { pos, stages, sort: OrderSort::Oldest, ..OrderFilter::default() };
        let of_route = store.search(Some(&route()), &filter, None, 2000).await.expect("a page").rows;
        let of_all = store.search(None, &filter, None, 2000).await.expect("a page").rows;
        assert_eq!(of_route, of_all);
        of_all.iter().map(|row| row.po.to_string()).collect::<Vec<_>>()
    };
    let thousand: Vec<_> = (0..1000).map(|n| po(&format!("{n:04}"))).collect();
    assert_eq!(found(thousand.clone(), Vec::new()).await, thousand.iter().map(ToString::to_string).collect::<Vec<_>>());
    let some = vec![po("0007"), po("000"), po("0003"), po("nowhere"), po("0007"), po("o'\\%"), po("0003\u{0}")];
    assert_eq!(found(some.clone(), Vec::new()).await, ["0003", "0007"]);
    assert_eq!(found(some, vec![Stage::AwaitingAck]).await, Vec::<String>::new());
    assert_eq!(found(vec![po("nowhere")], Vec::new()).await, Vec::<String>::new());
}

/// Strictly before.
pub async fn orders_are_found_by_how_long_they_are_in_their_stage(store: &dyn SyncStore) {
    stored(store, &[pulled("1", 1), pulled("2", 2)]).await;
    look_once(store, advanced("2", Stage::AwaitingPush, Stage::AwaitingAck), 200).await;
    for (before, expected) in [(100, vec![]), (101, vec!["1"]), (200, vec!["1"]), (201, vec!["2", "1"])] {
        let filter = OrderFilter { in_stage_since_before: Some(minute(before)), ..OrderFilter::default() };
        let page = store.search(Some(&route()), &filter, None, 9).await.expect("a page");
        let found: Vec<&str> = page.rows.iter().map(|row| row.po.as_str()).collect();
        assert_eq!(found, expected, "before {before}");
    }
}

/// No further than asked for.
pub async fn orders_are_counted_up_to_a_cap(store: &dyn SyncStore) {
    crowd(store).await;
    for sort in OrderSort::ALL {
        for filter in of_every_kind() {
            let filter = OrderFilter { sort, ..filter };
            for of in [Some(&route()), None] {
                let all = store.search(of, &filter, None, 1000).await.expect("a page").rows.len() as u64;
                for cap in [0, 1, all - 1, all, all + 1, u64::MAX] {
                    let counted = store.count_orders(of, &filter, cap).await.expect("a count");
                    assert_eq!(counted, all.min(cap), "{filter:?}");
                }
            }
        }
    }
}
