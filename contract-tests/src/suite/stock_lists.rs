//! Lists of stock records.

use std::collections::{HashMap, HashSet};

use ipass_core::job::Job;
use ipass_core::ports::{Begun, StockFilter, StockRecord, StockResult, StoreError, SyncStore};
use ipass_core::reason::{Cause, Reason};

use super::prelude::*;
use super::stock::{figure, keep, listed};

async fn found(store: &dyn SyncStore, filter: &StockFilter) -> Vec<String> {
    let rows = listed(store, Some(&route()), filter).await;
    let everywhere = listed(store, None, filter).await;
    assert_eq!(rows, everywhere, "there is one route");
    rows.into_iter().map(|row| row.sku).collect()
}

/// Alone, and together.
pub async fn every_stock_filter_finds_its_records_and_no_others(store: &dyn SyncStore) {
    let first = begin(store, Job::SyncStock, None).await;
    let of = |at, sku: &str, erp_quantity, channel_quantity, result| StockRecord {
        erp_quantity,
        channel_quantity,
        result,
        ..figure(&first.run, at, "W1", sku, 0)
    };
    let cause = |reason, detail: &str| Some(Cause::new(reason, detail));
    let lower = StockRecord {
        cause: cause(Reason::SyncOff, "50%_off \\ x"),
        ..of(1, "LOWER", Some(2), Some(5), StockResult::Different)
    };
    let unknown = StockRecord {
        warehouse_code: "W2".to_owned(),
        cause: cause(Reason::ItemNotInChannel, "no such item"),
        ..of(2, "UNKNOWN", Some(2), None, StockResult::Skipped)
    };
    keep(store, &first.run, &[of(1, "EQUAL", Some(4), Some(4), StockResult::Equal), lower, unknown]).await;
    let first_id = first.run.run_id.clone();
    finish(store, first).await;
    let second = begin(store, Job::SyncStock, None).await;
    let higher = StockRecord {
        erp_quantity: Some(9),
        result: StockResult::Written,
        erp_sku: "other-name".to_owned(),
        ..figure(&second.run, 3, "W1", "HIGHER", 2)
    };
    keep(store, &second.run, &[higher]).await;
    let all = StockFilter::default;
    let text = |text: &str| Some(text.to_owned());
    let cases = [
        (all(), vec!["HIGHER", "UNKNOWN", "EQUAL", "LOWER"]),
        (StockFilter { from: Some(minute(2)), ..all() }, vec!["HIGHER", "UNKNOWN"]),
        (StockFilter { until: Some(minute(2)), ..all() }, vec!["EQUAL", "LOWER"]),
        (StockFilter { from: Some(minute(2)), until: Some(minute(3)), ..all() }, vec!["UNKNOWN"]),
        (StockFilter { run_id: Some(first_id.clone()), ..all() }, vec!["UNKNOWN", "EQUAL", "LOWER"]),
        (StockFilter { run_id: Some(second.run.run_id.clone()), ..all() }, vec!["HIGHER"]),
        (StockFilter { warehouse_code: text("W2"), ..all() }, vec!["UNKNOWN"]),
        (StockFilter { warehouse_code: text("W"), ..all() }, vec![]),
        (StockFilter { sku: text("owe"), ..all() }, vec!["LOWER"]),
        (StockFilter { sku: text("erp-"), ..all() }, vec!["UNKNOWN", "EQUAL", "LOWER"]),
        (StockFilter { sku: text("R-N"), ..all() }, vec!["HIGHER"]),
        (StockFilter { sku: text("_"), ..all() }, vec![]),
        (StockFilter { result: Some(StockResult::Skipped), ..all() }, vec!["UNKNOWN"]),
        (StockFilter { result: Some(StockResult::Failed), ..all() }, vec![]),
        (StockFilter { reason: text("sync_off"), ..all() }, vec!["LOWER"]),
        (StockFilter { detail: text("SUCH"), ..all() }, vec!["UNKNOWN"]),
        (StockFilter { detail: text("%_o"), ..all() }, vec!["LOWER"]),
        (StockFilter { detail: text("\\ x"), ..all() }, vec!["LOWER"]),
        (StockFilter { detail: text("o%o"), ..all() }, vec![]),
        (StockFilter { difference_from: Some(0), ..all() }, vec!["HIGHER", "EQUAL"]),
        (StockFilter { difference_to: Some(-3), ..all() }, vec!["LOWER"]),
        (StockFilter { difference_from: Some(-3), difference_to: Some(0), ..all() }, vec!["EQUAL", "LOWER"]),
        (StockFilter { difference_from: Some(8), ..all() }, vec![]),
        (StockFilter { differs: Some(true), ..all() }, vec!["HIGHER", "LOWER"]),
        (StockFilter { differs: Some(false), ..all() }, vec!["UNKNOWN", "EQUAL"]),
        (StockFilter { differs: Some(true), run_id: Some(first_id), sku: text("O"), ..all() }, vec!["LOWER"]),
    ];
    for (filter, expected) in cases {
        assert_eq!(found(store, &filter).await, expected, "{filter:?}");
        // Each key has one record.
        let newest = StockFilter { newest_only: true, ..filter };
        assert_eq!(found(store, &newest).await, expected, "{newest:?}");
    }
}

/// A difference that has gone since is not found.
pub async fn the_newest_record_is_chosen_before_the_other_filters(store: &dyn SyncStore) {
    let run = begin(store, Job::SyncStock, None).await;
    let differs = |at, sku: &str| StockRecord { channel_quantity: Some(1), ..figure(&run.run, at, "W1", sku, 5) };
    keep(store, &run.run, &[differs(1, "gone"), figure(&run.run, 2, "W1", "gone", 5)]).await;
    keep(store, &run.run, &[figure(&run.run, 1, "W1", "new", 5), differs(2, "new")]).await;
    keep(store, &run.run, &[differs(1, "old"), differs(1, "twice"), figure(&run.run, 1, "W1", "twice", 5)]).await;
    let newest = || StockFilter { newest_only: true, ..StockFilter::default() };
    assert_eq!(found(store, &newest()).await, ["gone", "new", "old", "twice"]);
    assert_eq!(found(store, &StockFilter { differs: Some(true), ..newest() }).await, ["new", "old"]);
    let until = Some(minute(2));
    assert_eq!(found(store, &StockFilter { differs: Some(true), until, ..newest() }).await, ["gone", "old"]);
    let from = Some(minute(2));
    assert_eq!(found(store, &StockFilter { from, ..newest() }).await, ["gone", "new"]);
    // One that comes late is older than what is there, and the newest of its own time only.
    keep(store, &run.run, &[figure(&run.run, 0, "W1", "old", 5)]).await;
    assert_eq!(found(store, &StockFilter { differs: Some(true), ..newest() }).await, ["new", "old"]);
    assert_eq!(found(store, &StockFilter { until: Some(minute(1)), ..newest() }).await, ["old"]);
    // Of two routes, each has its own.
    let Begun::Started(other) = try_begin(store, &other_route(), Job::SyncStock, None).await else {
        panic!("nothing runs there");
    };
    keep(store, &other.run, &[figure(&other.run, 9, "W1", "gone", 5)]).await;
    assert_eq!(listed(store, None, &newest()).await.len(), 5);
    assert_eq!(listed(store, Some(&route()), &newest()).await.len(), 4);
}

/// With records of one time, of one key, and of two routes.
pub async fn a_stock_list_is_walked_to_its_end_without_repeats(store: &dyn SyncStore) {
    for of in [route(), other_route()] {
        let Begun::Started(run) = try_begin(store, &of, Job::SyncStock, None).await else {
            panic!("nothing runs there");
        };
        for at in [1, 2] {
            let skus = (0..9).rev().map(|n| format!("S{}", n % 8));
            let records: Vec<_> = skus.map(|sku| figure(&run.run, at, &format!("W{}", sku.len()), &sku, 5)).collect();
            keep(store, &run.run, &records).await;
        }
        keep(store, &run.run, &[figure(&run.run, 2, "A", "Z", 5)]).await;
    }
    let newest = StockFilter { newest_only: true, ..StockFilter::default() };
    let ours = route();
    for (filter, count) in [(StockFilter::default(), 19), (newest, 9)] {
        for (of, count) in [(Some(&ours), count), (None, count * 2)] {
            let whole = listed(store, of, &filter).await;
            assert_eq!(whole.len(), count);
            assert!(whole.is_sorted_by_key(|row| {
                (std::cmp::Reverse(row.at), row.route.clone(), row.warehouse_code.clone(), row.sku.clone())
            }));
            for size in [1, 4, 19] {
                let mut rows = Vec::new();
                let mut after: Option<String> = None;
                let mut places = HashSet::new();
                loop {
                    let page = store.search_stock(of, &filter, after.as_deref(), size).await.expect("a page");
                    assert!(page.rows.len() <= size as usize && !page.rows.is_empty());
                    rows.extend(page.rows);
                    let Some(next) = page.next else { break };
                    assert!(places.insert(next.clone()), "a place comes once");
                    after = Some(next);
                }
                assert_eq!(rows, whole, "pages of {size}");
            }
        }
    }
}

/// A record is the newest of its key until the next one comes, for an hour, for days or to this day.
pub async fn the_newest_records_of_a_past_day_are_walked_to_their_end(store: &dyn SyncStore) {
    const DAY: i64 = 24 * 60;
    let run = begin(store, Job::SyncStock, None).await;
    for day in 0..8 {
        let skus = (0..12).filter(|n| *n < 4 || day % (n - 2) == 0).map(|n| format!("S{n:02}"));
        let records: Vec<_> = skus.map(|sku| figure(&run.run, day * DAY, "W1", &sku, 5)).collect();
        keep(store, &run.run, &records).await;
        keep(store, &run.run, &[figure(&run.run, day * DAY + 60, "W1", "S00", 5)]).await;
    }
    let all = listed(store, None, &StockFilter::default()).await;
    for until in [1, DAY, DAY + 1, 3 * DAY, 5 * DAY + 30, 7 * DAY + 61, 99 * DAY].map(minute) {
        let mut expected: HashMap<String, _> = HashMap::new();
        for record in all.iter().rev().filter(|record| record.at < until) {
            expected.insert(record.sku.clone(), record.at);
        }
        let filter = StockFilter { newest_only: true, until: Some(until), ..StockFilter::default() };
        for of in [Some(&route()), None] {
            for size in [1, 5, 100] {
                let mut rows = Vec::new();
                let mut after: Option<String> = None;
                loop {
                    let page = store.search_stock(of, &filter, after.as_deref(), size).await.expect("a page");
                    rows.extend(page.rows);
                    after = page.next;
                    if after.is_none() {
                        break;
                    }
                }
                assert!(rows.is_sorted_by_key(|row| (std::cmp::Reverse(row.at), row.sku.clone())));
                let found: HashMap<String, _> = rows.iter().map(|row| (row.sku.clone(), row.at)).collect();
                assert_eq!((rows.len(), &found), (expected.len(), &expected), "until {until}, pages of {size}");
            }
        }
    }
}

/// With a word, not with a crash.
pub async fn a_place_in_a_stock_list_that_is_nonsense_is_refused(store: &dyn SyncStore) {
    for nonsense in ["", "1", "x-y-z", "3131", "é", "78-31-31-31-31", "31-31-31-31-78"] {
        let page = store.search_stock(None, &StockFilter::default(), Some(nonsense), 10).await;
        assert!(matches!(page, Err(StoreError::Conflict(_))), "{nonsense}");
    }
}
