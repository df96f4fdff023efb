//! What stock runs saw and did.

use ipass_core::job::Job;
use ipass_core::ports::{KnownStock, RouteName, RunRef, StockFilter, StockRecord, StockResult, StoreError, SyncStore};
use ipass_core::reason::{Cause, Reason};

use super::prelude::*;

/// A figure that both sides agree on.
pub(super) fn figure(run: &RunRef, at: i64, warehouse: &str, sku: &str, quantity: u32) -> StockRecord {
    StockRecord {
        route: run.route.clone(),
        run_id: run.run_id.clone(),
        at: minute(at),
        warehouse_code: warehouse.to_owned(),
        erp_warehouse_id: format!("id of {warehouse}"),
        sku: sku.to_owned(),
        erp_sku: format!("ERP-{sku}"),
        erp_quantity: Some(quantity),
        channel_quantity: Some(quantity),
        result: StockResult::Equal,
        cause: None,
    }
}

/// Saves records.
pub(super) async fn keep(store: &dyn SyncStore, run: &RunRef, records: &[StockRecord]) {
    store.save_stock(run, records).await.expect("stock is saved");
}

/// The whole list of a filter.
pub(super) async fn listed(store: &dyn SyncStore, route: Option<&RouteName>, filter: &StockFilter) -> Vec<StockRecord> {
    let page = store.search_stock(route, filter, None, 100_000).await.expect("a page");
    assert_eq!(page.next, None);
    page.rows
}

/// Absent things, the largest figures and odd characters, too.
pub async fn a_stock_record_comes_back_as_it_was_saved(store: &dyn SyncStore) {
    let run = begin(store, Job::SyncStock, None).await;
    keep(store, &run.run, &[]).await;
    let mut records = Vec::new();
    for (at, result) in (1..).zip(StockResult::ALL) {
        records.push(StockRecord { result, ..figure(&run.run, at, "W1", "A", 5) });
    }
    records.push(StockRecord {
        erp_quantity: Some(u32::MAX),
        channel_quantity: None,
        cause: Some(Cause::new(Reason::ItemNotInChannel, "q\"u'o\\te\t中")),
        ..figure(&run.run, 50, "W ö", "S'K\\U", 0)
    });
    let unread = StockRecord { erp_quantity: None, channel_quantity: Some(0), ..figure(&run.run, 60, "W1", "", 0) };
    records.push(StockRecord { cause: Some(Cause::new(Reason::WarehouseUnreadable, "")), ..unread });
    keep(store, &run.run, &records).await;
    records.reverse();
    assert_eq!(listed(store, Some(&route()), &StockFilter::default()).await, records);
    assert_eq!(listed(store, Some(&other_route()), &StockFilter::default()).await, []);
}

/// Nothing of it.
pub async fn a_run_that_was_taken_over_saves_no_stock(store: &dyn SyncStore) {
    let run = begin(store, Job::SyncStock, None).await;
    let old = run.run.clone();
    finish(store, run).await;
    let refused = store.save_stock(&old, &[figure(&old, 1, "W1", "A", 5)]).await;
    assert!(matches!(refused, Err(StoreError::FenceLost)), "{refused:?}");
    assert_eq!(listed(store, None, &StockFilter::default()).await, []);
}

/// On one side is enough; what was there before does not matter.
pub async fn known_stock_has_units_on_either_side_in_its_newest_record(store: &dyn SyncStore) {
    assert_eq!(store.known_stock(&route()).await.expect("stock"), []);
    let run = begin(store, Job::SyncStock, None).await;
    let of = |at, warehouse: &str, sku: &str, erp_quantity, channel_quantity| StockRecord {
        erp_quantity,
        channel_quantity,
        ..figure(&run.run, at, warehouse, sku, 0)
    };
    keep(
        store,
        &run.run,
        &[
            of(2, "W1", "gone", Some(0), Some(0)),
            of(1, "W1", "gone", Some(9), Some(9)),
            of(1, "W1", "both", Some(1), Some(1)),
            of(1, "W2", "in the ERP", Some(1), None),
            of(1, "W1", "at the channel", None, Some(1)),
            of(1, "W2", "at the channel", Some(0), Some(0)),
            of(1, "W1", "nowhere", None, None),
            of(1, "W1", "came", Some(0), None),
            of(2, "W1", "came", Some(3), None),
            // Twice in one run: what was said last counts.
            of(2, "W1", "corrected", Some(3), None),
            of(2, "W1", "corrected", Some(0), None),
        ],
    )
    .await;
    let known = |warehouse: &str, sku: &str, has_units| KnownStock {
        warehouse_code: warehouse.to_owned(),
        erp_sku: format!("ERP-{sku}"),
        has_units,
    };
    assert_eq!(
        store.known_stock(&route()).await.expect("stock"),
        [
            known("W1", "at the channel", true),
            known("W1", "both", true),
            known("W1", "came", true),
            known("W1", "corrected", false),
            known("W1", "gone", false),
            known("W1", "nowhere", false),
            known("W2", "at the channel", false),
            known("W2", "in the ERP", true),
        ]
    );
    assert_eq!(store.known_stock(&other_route()).await.expect("stock"), []);
}

/// However old it is.
pub async fn forgetting_stock_keeps_the_newest_of_each_key(store: &dyn SyncStore) {
    let run = begin(store, Job::SyncStock, None).await;
    for at in [1, 2, 3] {
        keep(store, &run.run, &[figure(&run.run, at, "W1", "A", 5), figure(&run.run, at, "W2", "A", 5)]).await;
    }
    keep(store, &run.run, &[figure(&run.run, 1, "W1", "gone", 5), figure(&run.run, 1, "W1", "gone", 6)]).await;
    assert_eq!(store.forget_stock(&other_route(), minute(100)).await.expect("stock is forgotten"), 0);
    assert_eq!(store.forget_stock(&route(), minute(1)).await.expect("stock is forgotten"), 0);
    assert_eq!(store.forget_stock(&route(), minute(2)).await.expect("stock is forgotten"), 3);
    assert_eq!(store.forget_stock(&route(), minute(2)).await.expect("stock is forgotten"), 0);
    let left = async || {
        let rows = listed(store, Some(&route()), &StockFilter::default()).await;
        rows.iter()
            .map(|row| (row.at, row.warehouse_code.clone(), row.sku.clone(), row.erp_quantity))
            .collect::<Vec<_>>()
    };
    let of =
        |at, warehouse: &str, sku: &str, quantity| (minute(at), warehouse.to_owned(), sku.to_owned(), Some(quantity));
    assert_eq!(
        left().await,
        [of(3, "W1", "A", 5), of(3, "W2", "A", 5), of(2, "W1", "A", 5), of(2, "W2", "A", 5), of(1, "W1", "gone", 6)]
    );
    assert_eq!(store.forget_stock(&route(), minute(100)).await.expect("stock is forgotten"), 2);
    assert_eq!(left().await, [of(3, "W1", "A", 5), of(3, "W2", "A", 5), of(1, "W1", "gone", 6)]);
}

/// More than one statement takes.
pub async fn much_stock_is_saved_and_forgotten_at_once(store: &dyn SyncStore) {
    let run = begin(store, Job::SyncStock, None).await;
    let of = |at| (0..10_050).map(|n| figure(&run.run, at, "W1", &format!("SKU-{n:05}"), 5)).collect::<Vec<_>>();
    for at in [1, 2] {
        keep(store, &run.run, &of(at)).await;
    }
    assert_eq!(store.known_stock(&route()).await.expect("stock").len(), 10_050);
    assert_eq!(store.forget_stock(&route(), minute(100)).await.expect("stock is forgotten"), 10_050);
    let left = listed(store, Some(&route()), &StockFilter::default()).await;
    assert_eq!(left, of(2));
}
