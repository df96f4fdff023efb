//! How fast a store is: numbers to look at, nothing to pass.

use std::fmt;
use std::time::{Duration, Instant};

use ipass_core::job::Job;
use ipass_core::order::ChannelStatus;
use ipass_core::ports::{OrderField, OrderFilter, RowSink, RunRef, SaveOrder, SyncStore};
use ipass_core::reason::{OutcomeKind, Reason};
use ipass_core::stage::Stage;

use super::prelude::*;

/// Orders of a measurement.
const ORDERS: u32 = 10_000;
/// Orders of one call: a page, a run.
const BATCH: usize = 500;

/// A number of rows, and the time that they took.
#[derive(Debug, Clone, Copy)]
pub struct Took {
    /// What was done with them.
    pub what: &'static str,
    count: u32,
    time: Duration,
}

impl Took {
    /// Rows per second.
    pub fn per_second(&self) -> f64 {
        f64::from(self.count) / self.time.as_secs_f64()
    }
}

impl fmt::Display for Took {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:24} {:10.0} rows/s   ({} in {:.2?})", self.what, self.per_second(), self.count, self.time)
    }
}

/// Saves, claims and records 10,000 orders in batches of 500.
pub async fn write(store: &dyn SyncStore) -> Vec<Took> {
    write_behind(store, 0).await
}

async fn write_behind(store: &dyn SyncStore, before: u32) -> Vec<Took> {
    let pull = begin(store, Job::PullOrders, None).await;
    let new: Vec<SaveOrder> = (before..before + ORDERS).map(|n| order_like(n, Stage::AwaitingPush)).collect();
    let mut took = vec![
        saving("save, new", store, &pull.run, &new).await,
        saving("save, unchanged", store, &pull.run, &new).await,
    ];
    let changed: Vec<SaveOrder> =
        new.iter().map(|order| changed(order, 2_000_000, ChannelStatus::ShipmentPending)).collect();
    took.push(saving("save, changed", store, &pull.run, &changed).await);
    finish(store, pull).await;
    took.extend(working(store).await);
    took
}

/// Fills a store with `before` finished orders, then measures writing and listing, a line each.
pub async fn measure(store: &dyn SyncStore, before: u32) -> Vec<String> {
    let pull = begin(store, Job::PullOrders, None).await;
    let mut lines = Vec::new();
    let start = Instant::now();
    for from in (0..before).step_by(2000) {
        let old: Vec<SaveOrder> = (from..before.min(from + 2000)).map(|n| order_like(n, Stage::Completed)).collect();
        save(store, &pull.run, &old).await;
    }
    if before > 0 {
        lines.push(rate("fill", before, start.elapsed()).to_string());
    }
    finish(store, pull).await;
    lines.extend(write_behind(store, before).await.iter().map(Took::to_string));
    lines.extend(listing(store, before).await);
    lines.extend(super::paging::pages(store, before).await);
    lines
}

fn order_like(number: u32, stage: Stage) -> SaveOrder {
    let mut order = pulled(&format!("PO{:09}", u64::from(number) * 7919 % 1_000_000_007), number.into());
    let filler = "\"consumerPrice\":\"12.50\",\"description\":\"A thing of several words\",";
    order.raw = format!("{{\"po\":\"{}\",{}\"v\":1}}", order.order.po, filler.repeat(2380 / filler.len())).into_bytes();
    order.order.retailer_id = Some(format!("retailer-{}", number % 7));
    order.sku_names = vec![format!("SKU-{}", number % 2000), format!("P-{}", number % 50)];
    order.first_stage = stage;
    order
}

const fn rate(what: &'static str, count: u32, time: Duration) -> Took {
    Took { what, count, time }
}

async fn saving(what: &'static str, store: &dyn SyncStore, run: &RunRef, orders: &[SaveOrder]) -> Took {
    let start = Instant::now();
    for page in orders.chunks(BATCH) {
        save(store, run, page).await;
    }
    rate(what, ORDERS, start.elapsed())
}

async fn working(store: &dyn SyncStore) -> Vec<Took> {
    let mut claiming = Duration::ZERO;
    let mut recording = [Duration::ZERO; 3];
    let run = begin(store, Job::PushOrders, None).await;
    let looks = ORDERS.div_ceil(500);
    for (round, recording) in (0..).zip(&mut recording) {
        for look in 0..looks {
            let now = 3_000_000 + round * 1000 + i64::from(look);
            let start = Instant::now();
            let claimed = claim(store, &run.run, &due(Stage::AwaitingPush, 500, now)).await;
            claiming += start.elapsed();
            let step = |number: &String| match round {
                2 => {
                    let mut step = advanced(number, Stage::AwaitingPush, Stage::AwaitingAck);
                    step.evidence.tracking = Some(format!("1Z{number}"));
                    step
                }
                _ => stayed(number, Stage::AwaitingPush, Reason::MissingShopMapping, "retailer-1"),
            };
            let steps: Vec<_> = claimed.iter().map(step).collect();
            let start = Instant::now();
            record(store, &run.run, &steps, now).await;
            *recording += start.elapsed();
        }
    }
    finish(store, run).await;
    vec![
        rate("claim", ORDERS * 3, claiming),
        rate("record, stayed", ORDERS, recording[0]),
        rate("record, stayed again", ORDERS, recording[1]),
        rate("record, advanced", ORDERS, recording[2]),
    ]
}

async fn listing(store: &dyn SyncStore, before: u32) -> Vec<String> {
    let text = |text: &str| Some(text.to_owned());
    let all = OrderFilter::default;
    let middle = minute(i64::from(before / 2));
    let some_po = order_like(before / 2, Stage::Completed).order.po;
    let filters = [
        ("all", all()),
        ("one stage", OrderFilter { stages: vec![Stage::AwaitingAck], ..all() }),
        ("old ones", OrderFilter { created_until: Some(middle), ..all() }),
        (
            "two stages, old",
            OrderFilter { stages: vec![Stage::AwaitingAck, Stage::Completed], created_until: Some(middle), ..all() },
        ),
        ("whole PO", OrderFilter { po: Some(some_po.to_string()), ..all() }),
        ("part of few POs", OrderFilter { po: Some(some_po.as_str()[4..9].to_owned()), ..all() }),
        ("part of all POs", OrderFilter { po: text("PO0"), ..all() }),
        ("two characters of a PO", OrderFilter { po: text("99"), ..all() }),
        ("rare SKU", OrderFilter { sku: text("SKU-7"), ..all() }),
        ("frequent SKU", OrderFilter { sku: text("P-7"), ..all() }),
        ("frequent SKU, stage", OrderFilter { sku: text("P-7"), stages: vec![Stage::Completed], ..all() }),
        ("tracking", OrderFilter { tracking: Some(format!("1Z{some_po}")), ..all() }),
        ("invoice", OrderFilter { invoice_id: text("none"), ..all() }),
        ("reason", OrderFilter { reason: text("missing_shop_mapping"), ..all() }),
        ("blocked", OrderFilter { outcome: Some(OutcomeKind::Blocked), ..all() }),
        ("failed", OrderFilter { outcome: Some(OutcomeKind::Failed), ..all() }),
        ("retailer", OrderFilter { retailer_id: text("retailer-3"), ..all() }),
        ("no such retailer", OrderFilter { retailer_id: text("none"), ..all() }),
        ("held", OrderFilter { held: Some(true), ..all() }),
    ];
    let mut lines = Vec::new();
    for (what, filter) in filters {
        for (where_, route) in [("", Some(route())), (", all routes", None)] {
            let mut times = Vec::new();
            let mut rows = 0;
            for _ in 0..20 {
                let start = Instant::now();
                let first = store.search(route.as_ref(), &filter, None, 50).await.expect("a page");
                times.push(start.elapsed());
                rows = first.rows.len();
                if let Some(next) = first.next {
                    let start = Instant::now();
                    store.search(route.as_ref(), &filter, Some(&next), 50).await.expect("a page");
                    times.push(start.elapsed());
                }
            }
            times.sort();
            let middle = times[times.len() / 2];
            let slowest = times[times.len() - 1];
            lines.push(format!(
                "list {:36} {rows:3} rows  {middle:10.2?} (slowest {slowest:.2?})",
                format!("{what}{where_}")
            ));
        }
    }
    let start = Instant::now();
    store.counts(&route()).await.expect("counts");
    lines.push(format!("counts {:.2?}", start.elapsed()));
    for field in [OrderField::RetailerId, OrderField::Reason] {
        let start = Instant::now();
        store.values(Some(&route()), field, 100).await.expect("values");
        lines.push(format!("values {field:?} {:.2?}", start.elapsed()));
    }
    let start = Instant::now();
    store.moves(&route(), minute(0)).await.expect("moves");
    lines.push(format!("moves {:.2?}", start.elapsed()));
    let start = Instant::now();
    store.count_orders(None, &OrderFilter::default(), 10_000).await.expect("a count");
    lines.push(format!("count up to 10,000 {:.2?}", start.elapsed()));
    let start = Instant::now();
    let groups = store.causes(None).await.expect("causes");
    lines.push(format!("causes {:.2?} ({} groups)", start.elapsed(), groups.len()));
    for (what, route) in [("export", Some(route())), ("export, all routes", None)] {
        let start = Instant::now();
        let mut bytes = Bytes(0);
        let count = store.export_orders(route.as_ref(), &OrderFilter::default(), &mut bytes).await.expect("an export");
        let count = u32::try_from(count).expect("few enough");
        lines.push(format!("{}, {} bytes", rate(what, count, start.elapsed()), bytes.0));
    }
    lines
}

/// Counts what it is given.
struct Bytes(usize);

impl RowSink for Bytes {
    fn row(&mut self, cells: &[Option<&str>]) -> bool {
        self.0 += cells.iter().flatten().map(|cell| cell.len()).sum::<usize>();
        true
    }
}
