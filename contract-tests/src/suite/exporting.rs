//! Whole lists, handed over row by row.

use chrono::{DateTime, TimeDelta, Utc};
use ipass_core::job::Job;
use ipass_core::order::ChannelStatus;
use ipass_core::ports::{
    Evidence, ORDER_COLUMNS, OrderFilter, RowSink, STOCK_COLUMNS, SaveOrder, StockFilter, StockRecord, StockResult,
    SyncStore,
};
use ipass_core::reason::{Cause, OutcomeKind, Reason};
use ipass_core::stage::Stage;

use super::prelude::*;
use super::stock::{figure, keep, listed};

/// Keeps all rows, until it can take no more.
pub(super) struct Rows {
    pub(super) rows: Vec<Vec<Option<String>>>,
    pub(super) room: usize,
}

impl Rows {
    pub(super) fn new() -> Self {
        Self { rows: Vec::new(), room: usize::MAX }
    }

    /// One cell of each row.
    pub(super) fn column(&self, at: usize) -> Vec<&str> {
        self.rows.iter().map(|row| row[at].as_deref().unwrap_or("(absent)")).collect()
    }
}

impl RowSink for Rows {
    fn row(&mut self, cells: &[Option<&str>]) -> bool {
        if self.rows.len() == self.room {
            return false;
        }
        self.rows.push(cells.iter().map(|cell| cell.map(str::to_owned)).collect());
        true
    }
}

async fn orders(store: &dyn SyncStore, filter: &OrderFilter) -> Rows {
    let mut rows = Rows::new();
    let count = store.export_orders(Some(&route()), filter, &mut rows).await.expect("an export");
    assert_eq!(count, rows.rows.len() as u64);
    rows
}

const ODD: &str = "t\tn\nr\rb\\N\\t q\"u'o,te \u{8}\u{b}\u{c}中é\\";

fn time(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time")
}

/// Whatever characters and fractions are in it; what is absent is not empty.
pub async fn an_exported_order_has_every_cell(store: &dyn SyncStore) {
    let mut odd = pulled("odd", 1);
    odd.order.created_at = time("2026-01-28T01:15:40.12Z");
    odd.order.updated_at = Some(time("2026-01-28T01:15:40.000001Z"));
    odd.order.ship_by = Some(time("2026-02-28T23:59:59Z"));
    odd.order.channel_order_id = ODD.into();
    odd.order.status = ChannelStatus::Other(ODD.to_owned());
    odd.order.retailer_id = Some(ODD.to_owned());
    odd.order.warehouse_code = Some("\\N".to_owned());
    odd.order.service_level = Some(String::new());
    odd.sku_list = ODD.into();
    let mut bare = pulled("bare", 0);
    bare.order.updated_at = None;
    bare.order.ship_by = None;
    bare.order.retailer_id = None;
    bare.order.warehouse_code = None;
    bare.order.service_level = None;
    stored(store, &[odd, bare]).await;
    let mut step = stayed("odd", Stage::AwaitingPush, Reason::ErpRejected, ODD);
    step.evidence = Evidence {
        erp_order_no: Some("E1,E2".to_owned()),
        tracking: Some(ODD.to_owned()),
        invoice_id: Some("I1".to_owned()),
    };
    step.next_try_at = Some(minute(20) + TimeDelta::milliseconds(5));
    look_once(store, step, 10).await;
    store.set_hold(&route(), &po("odd"), Some(ODD), "ann", minute(11)).await.expect("an order is held");
    let rows = orders(store, &OrderFilter::default()).await.rows;
    let cells = [
        ("po_number", Some("odd"), Some("bare")),
        ("route", Some("north_south"), Some("north_south")),
        ("status", Some("1"), Some("1")),
        ("channel_order_id", Some(ODD), Some("channel-bare")),
        ("created_at", Some("2026-01-28T01:15:40.12Z"), Some("2025-06-15T15:06:40Z")),
        ("updated_at", Some("2026-01-28T01:15:40.000001Z"), None),
        ("channel_status", Some(ODD), Some("created")),
        ("status_since", Some("2025-06-15T16:46:40Z"), Some("2025-06-15T16:46:40Z")),
        ("retailer_id", Some(ODD), None),
        ("warehouse_code", Some("\\N"), None),
        ("shipment", Some(""), None),
        ("skus", Some(ODD), Some("SKU-A(2)")),
        ("ship_by", Some("2026-02-28T23:59:59Z"), None),
        ("erp_order_no", Some("E1,E2"), None),
        ("tracking_no", Some(ODD), None),
        ("invoice_id", Some("I1"), None),
        ("outcome", Some("blocked"), None),
        ("reason", Some("erp_rejected"), None),
        ("detail", Some(ODD), None),
        ("outcome_at", Some("2025-06-15T15:16:40Z"), None),
        ("next_try_at", Some("2025-06-15T15:26:40.005Z"), None),
        ("hold", Some(ODD), None),
    ];
    assert_eq!(rows.len(), 2);
    assert_eq!([rows[0].len(), rows[1].len(), ORDER_COLUMNS.len()], [cells.len(); 3]);
    for (at, (name, of_odd, of_bare)) in cells.into_iter().enumerate() {
        assert_eq!(ORDER_COLUMNS[at].name, name);
        assert_eq!((rows[0][at].as_deref(), rows[1][at].as_deref()), (of_odd, of_bare), "{name}");
    }
}

/// Whatever the filter holds.
pub async fn an_export_has_the_orders_of_the_list_in_its_order(store: &dyn SyncStore) {
    let names = ["50%_A", "q'u\"o\\te", "it''s", "$1", "E'\\\\'", "PO-6"];
    let saved: Vec<SaveOrder> = (0..60)
        .map(|n: i64| {
            let name = names[usize::try_from(n % 6).expect("small")];
            let mut order = pulled(&format!("{name} {n:02}"), n / 7);
            order.order.retailer_id = Some(name.to_owned());
            order.sku_names = vec![name.to_owned(), format!("S{}", n % 4)];
            order
        })
        .collect();
    stored(store, &saved).await;
    look_once(store, stayed("PO-6 05", Stage::AwaitingPush, Reason::ErpRejected, "x"), 10).await;
    look_once(store, advanced("PO-6 11", Stage::AwaitingPush, Stage::AwaitingAck), 10).await;
    let all = OrderFilter::default;
    let mut filters = vec![
        all(),
        OrderFilter { stages: vec![Stage::AwaitingPush], ..all() },
        OrderFilter { stages: vec![Stage::AwaitingPush, Stage::AwaitingAck], ..all() },
        OrderFilter { outcome: Some(OutcomeKind::Blocked), ..all() },
        OrderFilter { reason: Some("erp_rejected".to_owned()), ..all() },
        OrderFilter { created_from: Some(minute(3)), created_until: Some(minute(5)), ..all() },
        OrderFilter { held: Some(false), ..all() },
        OrderFilter { sku: Some("S3".to_owned()), ..all() },
        OrderFilter { po: Some("zero \0 character".to_owned()), ..all() },
    ];
    for name in names {
        let text = Some(name.to_owned());
        filters.push(OrderFilter { po: text.clone(), ..all() });
        filters.push(OrderFilter { retailer_id: text.clone(), ..all() });
        filters.push(OrderFilter { sku: text.clone(), po: text, ..all() });
    }
    for filter in &filters {
        let list = store.search(Some(&route()), filter, None, 1000).await.expect("a page").rows;
        let list: Vec<&str> = list.iter().map(|row| row.po.as_str()).collect();
        assert_eq!(orders(store, filter).await.column(0), list, "{filter:?}");
        assert_eq!(list.is_empty(), filter.po.as_deref().is_some_and(|po| po.contains('\0')), "{filter:?}");
        let mut everywhere = Rows::new();
        store.export_orders(None, filter, &mut everywhere).await.expect("an export");
        assert_eq!(everywhere.column(0), list, "{filter:?}");
    }
    let mut none = Rows::new();
    assert_eq!(store.export_orders(Some(&other_route()), &all(), &mut none).await.expect("an export"), 0);
}

/// The difference, too.
pub async fn an_exported_stock_record_has_every_cell(store: &dyn SyncStore) {
    let run = begin(store, Job::SyncStock, None).await;
    let run_id = run.run.run_id.clone();
    let odd = StockRecord {
        at: time("2026-01-28T01:15:40.5Z"),
        erp_sku: ODD.to_owned(),
        erp_quantity: Some(0),
        channel_quantity: Some(u32::MAX),
        result: StockResult::Failed,
        cause: Some(Cause::new(Reason::ChannelRejected, ODD)),
        ..figure(&run.run, 0, "W1", ODD, 0)
    };
    let bare = StockRecord { erp_quantity: None, channel_quantity: None, ..figure(&run.run, 0, "W2", "B", 0) };
    keep(store, &run.run, &[odd, bare]).await;
    let mut rows = Rows::new();
    let count = store.export_stock(Some(&route()), &StockFilter::default(), &mut rows).await.expect("an export");
    assert_eq!(count, 2);
    let cells = [
        ("at", Some("2026-01-28T01:15:40.5Z"), Some("2025-06-15T15:06:40Z")),
        ("route", Some("north_south"), Some("north_south")),
        ("run_id", Some(&*run_id), Some(&*run_id)),
        ("warehouse_code", Some("W1"), Some("W2")),
        ("erp_warehouse_id", Some("id of W1"), Some("id of W2")),
        ("sku", Some(ODD), Some("B")),
        ("erp_sku", Some(ODD), Some("ERP-B")),
        ("erp_quantity", Some("0"), None),
        ("channel_quantity", Some("4294967295"), None),
        ("difference", Some("-4294967295"), None),
        ("result", Some("failed"), Some("equal")),
        ("reason", Some("channel_rejected"), None),
        ("detail", Some(ODD), None),
    ];
    assert_eq!(STOCK_COLUMNS.len(), cells.len());
    for (at, (name, of_odd, of_bare)) in cells.into_iter().enumerate() {
        assert_eq!(STOCK_COLUMNS[at].name, name);
        assert_eq!((rows.rows[0][at].as_deref(), rows.rows[1][at].as_deref()), (of_odd, of_bare), "{name}");
    }
}

/// Whatever the filter holds.
pub async fn an_export_has_the_stock_records_of_the_list_in_its_order(store: &dyn SyncStore) {
    let run = begin(store, Job::SyncStock, None).await;
    for at in [1, 2, 3] {
        let records: Vec<StockRecord> = (0..20)
            .map(|n| StockRecord {
                channel_quantity: Some(n % 3),
                ..figure(&run.run, at, &format!("W{}", n % 2), &format!("o'Ne\\l_{n}"), 1)
            })
            .collect();
        keep(store, &run.run, &records).await;
    }
    let all = StockFilter::default;
    let filters = [
        all(),
        StockFilter { newest_only: true, ..all() },
        StockFilter { newest_only: true, differs: Some(true), until: Some(minute(3)), ..all() },
        StockFilter { run_id: Some(run.run.run_id.clone()), from: Some(minute(2)), ..all() },
        StockFilter { sku: Some("O'N".to_owned()), warehouse_code: Some("W1".to_owned()), ..all() },
        StockFilter { sku: Some("e\\l_1".to_owned()), difference_from: Some(-1), difference_to: Some(0), ..all() },
        StockFilter { result: Some(StockResult::Equal), ..all() },
    ];
    for filter in &filters {
        let list = listed(store, Some(&route()), filter).await;
        assert!(!list.is_empty(), "{filter:?}");
        let list: Vec<&str> = list.iter().map(|record| record.sku.as_str()).collect();
        for of in [Some(&route()), None] {
            let mut rows = Rows::new();
            store.export_stock(of, filter, &mut rows).await.expect("an export");
            assert_eq!(rows.column(5), list, "{filter:?}");
        }
    }
}

/// At once, and the store goes on.
pub async fn a_sink_that_cannot_go_on_ends_the_export(store: &dyn SyncStore) {
    stored(store, &(0..1000).map(|n| pulled(&format!("{n:04}"), n)).collect::<Vec<_>>()).await;
    for room in [0, 1, 500] {
        let mut rows = Rows { room, ..Rows::new() };
        let count = store.export_orders(None, &OrderFilter::default(), &mut rows).await.expect("an export");
        assert_eq!((count, rows.rows.len()), (room as u64, room));
    }
    assert_eq!(orders(store, &OrderFilter::default()).await.rows.len(), 1000);
}
