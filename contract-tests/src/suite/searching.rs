//! Lists and counts.

use std::collections::HashSet;

use ipass_core::job::Job;
use ipass_core::order::ChannelStatus;
use ipass_core::ports::{Begun, Evidence, OrderFilter, OrderSort, SaveOrder, StoreError, SyncStore};
use ipass_core::reason::{OutcomeKind, Reason};
use ipass_core::stage::Stage;

use super::prelude::*;

async fn found(store: &dyn SyncStore, filter: &OrderFilter) -> Vec<String> {
    let page = store.search(Some(&route()), filter, None, 100).await.expect("a page");
    assert_eq!(page.next, None);
    page.rows.iter().map(|row| row.po.to_string()).collect()
}

/// Alone, and together.
pub async fn every_filter_finds_its_orders_and_no_others(store: &dyn SyncStore) {
    let mut odd = pulled("ODD-77", 50);
    odd.order.status = ChannelStatus::ShipmentPending;
    odd.order.retailer_id = Some("retailer-2".to_owned());
    odd.order.warehouse_code = Some("W2".to_owned());
    odd.order.service_level = Some("AIR".to_owned());
    odd.sku_names = vec!["SKU-B".to_owned(), "SKU-C".to_owned(), "SKU-B".to_owned()];
    stored(store, &[pulled("PO-1", 1), pulled("PO-2", 2), odd]).await;
    let mut step = stayed("ODD-77", Stage::AwaitingPush, Reason::MissingShopMapping, "r");
    step.evidence = Evidence {
        erp_order_no: None,
        tracking: Some("1Z999,1Z888".to_owned()),
        invoice_id: Some("INV-77".to_owned()),
    };
    look_once(store, step, 60).await;
    let mut step = stayed("PO-1", Stage::AwaitingPush, Reason::ErpUnreadable, "r");
    step.evidence.tracking = Some("1Z777".to_owned());
    look_once(store, step, 60).await;
    look_once(store, advanced("PO-1", Stage::AwaitingPush, Stage::AwaitingAck), 61).await;
    let all = OrderFilter::default;
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(found(store, &all()).await, ["ODD-77", "PO-2", "PO-1"]);
    let of_odd = [
        OrderFilter { po: text("D-7"), ..all() },
        OrderFilter { po: text("odd"), ..all() },
        OrderFilter { po: text("77"), ..all() },
        OrderFilter { outcome: Some(OutcomeKind::Blocked), ..all() },
        OrderFilter { reason: text("missing_shop_mapping"), ..all() },
        OrderFilter { channel_status: text("shipment_pending"), ..all() },
        OrderFilter { retailer_id: text("retailer-2"), ..all() },
        OrderFilter { warehouse_code: text("W2"), ..all() },
        OrderFilter { service_level: text("AIR"), ..all() },
        OrderFilter { sku: text("SKU-B"), ..all() },
        OrderFilter { sku: text("SKU-C"), po: text("ODD"), tracking: text("1Z"), ..all() },
        OrderFilter { tracking: text("Z88"), ..all() },
        OrderFilter { tracking: text("1Z999"), po: text("ODD-77"), ..all() },
        OrderFilter { invoice_id: text("INV-77"), ..all() },
        OrderFilter { created_from: Some(minute(50)), ..all() },
    ];
    for filter in of_odd {
        assert_eq!(found(store, &filter).await, ["ODD-77"], "{filter:?}");
    }
    let of_others = [
        (OrderFilter { outcome: Some(OutcomeKind::Advanced), ..all() }, vec!["PO-1"]),
        (OrderFilter { created_until: Some(minute(50)), ..all() }, vec!["PO-2", "PO-1"]),
        (OrderFilter { created_from: Some(minute(2)), created_until: Some(minute(50)), ..all() }, vec!["PO-2"]),
        (OrderFilter { stages: vec![Stage::AwaitingAck], ..all() }, vec!["PO-1"]),
        (
            OrderFilter { stages: vec![Stage::AwaitingAck, Stage::AwaitingPush], ..all() },
            vec!["ODD-77", "PO-2", "PO-1"],
        ),
        (OrderFilter { stages: vec![Stage::AwaitingPush], sku: text("SKU-A"), ..all() }, vec!["PO-2"]),
        (OrderFilter { sku: text("SKU-A"), created_until: Some(minute(2)), ..all() }, vec!["PO-1"]),
        (OrderFilter { tracking: text("1z"), ..all() }, vec!["ODD-77", "PO-1"]),
        (OrderFilter { held: Some(false), ..all() }, vec!["ODD-77", "PO-2", "PO-1"]),
        (OrderFilter { held: Some(true), ..all() }, vec![]),
        (OrderFilter { sku: text("SKU"), ..all() }, vec![]),
        (OrderFilter { po: text("nowhere"), ..all() }, vec![]),
        (OrderFilter { outcome: Some(OutcomeKind::Waiting), ..all() }, vec![]),
    ];
    for (filter, expected) in of_others {
        assert_eq!(found(store, &filter).await, expected, "{filter:?}");
    }
    // A changed order is found by its new SKUs only.
    let mut after = changed(&pulled("PO-2", 2), 70, ChannelStatus::Created);
    after.sku_names = vec!["SKU-D".to_owned()];
    stored(store, &[after]).await;
    assert_eq!(found(store, &OrderFilter { sku: text("SKU-D"), ..all() }).await, ["PO-2"]);
    assert_eq!(found(store, &OrderFilter { sku: text("SKU-A"), ..all() }).await, ["PO-1"]);
}

async fn pages(store: &dyn SyncStore, filter: &OrderFilter, everywhere: bool, size: u32) -> Vec<Vec<(String, String)>> {
    let route = route();
    let mut pages = Vec::new();
    let mut after = None;
    loop {
        let of = (!everywhere).then_some(&route);
        let page = store.search(of, filter, after.as_deref(), size).await.expect("a page");
        pages.push(page.rows.iter().map(|row| (row.route.to_string(), row.po.to_string())).collect());
        match page.next {
            Some(next) => {
                // A place stays where it is: reading it again gives the same page.
                let again = store.search(of, filter, Some(&next), size).await.expect("a page");
                assert!(!again.rows.is_empty(), "a place promises another page");
                after = Some(next);
            }
            None => return pages,
        }
    }
}

/// With equal creation times, equal PO numbers on two routes, and orders that come in meanwhile.
pub async fn a_list_is_walked_to_its_end_without_repeats(store: &dyn SyncStore) {
    let orders: Vec<SaveOrder> = (0..60).map(|n| pulled(&format!("PO-{n:02}"), n / 7)).collect();
    stored(store, &orders).await;
    let Begun::Started(other) = try_begin(store, &other_route(), Job::PullOrders, None).await else {
        panic!("nothing runs there");
    };
    save(store, &other.run, &orders).await;
    let sku = Some("SKU-A".to_owned());
    let filters = [
        OrderFilter::default(),
        OrderFilter { sku: sku.clone(), ..OrderFilter::default() },
        OrderFilter { stages: vec![Stage::AwaitingPush], ..OrderFilter::default() },
        OrderFilter { po: Some("PO-".to_owned()), ..OrderFilter::default() },
        OrderFilter { po: Some("PO-".to_owned()), sku, ..OrderFilter::default() },
    ];
    for filter in &filters {
        for everywhere in [false, true] {
            let whole = pages(store, filter, everywhere, 1000).await.concat();
            assert_eq!(whole.len(), if everywhere { 120 } else { 60 });
            assert_eq!(whole.iter().collect::<HashSet<_>>().len(), whole.len());
            assert!(whole.first().is_some_and(|(_, po)| po == "PO-59"));
            assert!(whole.is_sorted_by_key(|(_, po)| std::cmp::Reverse(po.clone())));
            for size in [1, 7, 60] {
                assert_eq!(pages(store, filter, everywhere, size).await.concat(), whole, "pages of {size}");
            }
        }
    }
    let first = store.search(Some(&route()), &filters[0], None, 10).await.expect("a page");
    stored(store, &[pulled("NEW", 100)]).await;
    let second = store.search(Some(&route()), &filters[0], first.next.as_deref(), 10).await.expect("a page");
    assert_eq!(second.rows[0].po, po("PO-49"));
}

/// People paste what they have.
pub async fn wildcards_are_ordinary_characters(store: &dyn SyncStore) {
    stored(store, &[pulled("50%_A", 1), pulled("50xyA", 2), pulled("q\"u'o\\te", 3)]).await;
    for part in ["50%_A", "%_", "0%"] {
        assert_eq!(found(store, &OrderFilter { po: Some(part.to_owned()), ..OrderFilter::default() }).await, ["50%_A"]);
    }
    for part in ["q\"u'", "o\\t", "\\", "\""] {
        let filter = OrderFilter { po: Some(part.to_owned()), ..OrderFilter::default() };
        assert_eq!(found(store, &filter).await, ["q\"u'o\\te"]);
    }
}

/// Also by a name that is too long for an index, and after the order's time of creation was put right.
pub async fn orders_are_found_by_the_items_that_they_have_now(store: &dyn SyncStore) {
    let long = "long".repeat(600);
    let mut order = pulled("1", 1);
    order.sku_names = vec!["OLD".to_owned(), "SAME".to_owned(), "SAME".to_owned(), long.clone()];
    stored(store, &[order.clone(), pulled("2", 2)]).await;
    let mut later = changed(&order, 5, ChannelStatus::Created);
    later.order.created_at = minute(3);
    later.sku_names = vec!["SAME".to_owned(), "NEW".to_owned()];
    let found = async |sku: &str, sort| {
        let filter = OrderFilter { sku: Some(sku.to_owned()), sort, ..OrderFilter::default() };
        let rows = store.search(Some(&route()), &filter, None, 9).await.expect("a page").rows;
        assert_eq!(store.count_orders(None, &filter, 9).await.expect("a count"), rows.len() as u64);
        rows.iter().map(|row| row.po.to_string()).collect::<Vec<_>>()
    };
    for sort in OrderSort::ALL {
        let one = vec!["1".to_owned()];
        assert_eq!([found("OLD", sort).await, found("SAME", sort).await, found(&long, sort).await], [&*one; 3]);
    }
    stored(store, &[later]).await;
    for sort in OrderSort::ALL {
        assert_eq!((found("NEW", sort).await, found("SAME", sort).await), (vec!["1".to_owned()], vec!["1".to_owned()]));
        assert_eq!((found("OLD", sort).await, found(&long, sort).await), (Vec::new(), Vec::new()));
    }
    let newest = OrderFilter { sku: Some("SAME".to_owned()), created_from: Some(minute(3)), ..OrderFilter::default() };
    assert_eq!(store.count_orders(None, &newest, 9).await.expect("a count"), 1);
}

/// With a word, not with a crash.
pub async fn a_place_that_is_nonsense_is_refused(store: &dyn SyncStore) {
    for nonsense in ["", "1", "x-y-z", "3131", "é"] {
        let page = store.search(None, &OrderFilter::default(), Some(nonsense), 10).await;
        assert!(matches!(page, Err(StoreError::Conflict(_))), "{nonsense}");
    }
}

/// Also the stages without orders.
pub async fn counts_know_every_stage_and_who_waits_longest(store: &dyn SyncStore) {
    let counts = store.counts(&route()).await.expect("counts");
    assert_eq!(counts.iter().map(|count| count.stage).collect::<Vec<_>>(), Stage::ALL);
    assert!(counts.iter().all(|count| count.orders == 0 && count.oldest.is_none()));
    stored(store, &[pulled("1", 1), pulled("2", 2), pulled("3", 3)]).await;
    look_once(store, advanced("2", Stage::AwaitingPush, Stage::AwaitingAck), 200).await;
    look_once(store, advanced("3", Stage::AwaitingPush, Stage::AwaitingAck), 150).await;
    let counts = store.counts(&route()).await.expect("counts");
    let counts: Vec<_> = counts.iter().map(|count| (count.orders, count.oldest)).collect();
    let none = (0, None);
    assert_eq!(counts, [(1, Some(minute(100))), (2, Some(minute(150))), none, none, none, none]);
    assert!(store.counts(&other_route()).await.expect("counts").iter().all(|count| count.orders == 0));
}
