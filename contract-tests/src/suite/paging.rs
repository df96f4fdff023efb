//! How fast the pages of lists are: numbers to look at, nothing to pass.

use std::time::{Duration, Instant};

use ipass_core::ports::{OrderFilter, OrderSort, SyncStore};
use ipass_core::reason::OutcomeKind;
use ipass_core::stage::Stage;

use super::prelude::*;

/// Rows of a page.
const PAGE: u32 = 50;
/// How often each page is read; the first time, nothing is in memory.
const TIMES: u32 = 5;
/// No place is looked for farther in a list than this.
const FAR: u64 = 100_000;

/// Each order of the list, with single filters and pairs: the first page, one in the middle and the last
/// one, a line for each list, and the quantiles of all pages.
pub async fn pages(store: &dyn SyncStore, before: u32) -> Vec<String> {
    let mut lines = Vec::new();
    let mut all = Vec::new();
    for sort in OrderSort::ALL {
        for (what, filter) in filters(before) {
            let filter = OrderFilter { sort, ..filter };
            let mut times = Vec::new();
            for place in places(store, &filter).await {
                for _ in 0..TIMES {
                    let start = Instant::now();
                    store.search(Some(&route()), &filter, place.as_deref(), PAGE).await.expect("a page");
                    times.push(start.elapsed());
                }
            }
            lines.push(format!("pages {:8} {what:28} {}", sort.as_str(), quantiles(&mut times)));
            all.extend(times);
        }
    }
    lines.push(format!("all pages {:32} {}", all.len(), quantiles(&mut all)));
    lines
}

fn quantiles(times: &mut [Duration]) -> String {
    times.sort();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100];
    format!("p50 {:9.2?}  p95 {:9.2?}  p99 {:9.2?}", at(50), at(95), at(99))
}

/// Where the first, the middle and the last page start.
async fn places(store: &dyn SyncStore, filter: &OrderFilter) -> Vec<Option<String>> {
    let orders = store.count_orders(Some(&route()), filter, FAR).await.expect("a count");
    let mut places = vec![None];
    for skipped in [orders / 2, orders.saturating_sub(u64::from(PAGE))] {
        if let Some(limit) = u32::try_from(skipped).ok().filter(|limit| *limit > 0) {
            places.push(store.search(Some(&route()), filter, None, limit).await.expect("a page").next);
        }
    }
    places
}

fn filters(before: u32) -> Vec<(&'static str, OrderFilter)> {
    let all = OrderFilter::default;
    let text = |text: &str| Some(text.to_owned());
    let stage = |stage| OrderFilter { stages: vec![stage], ..all() };
    let range = |of: OrderFilter| OrderFilter {
        created_from: Some(minute(i64::from(before) * 2 / 3)),
        created_until: Some(minute(i64::from(before) * 3 / 4)),
        ..of
    };
    let retailer = |name: &str| OrderFilter { retailer_id: text(name), ..all() };
    vec![
        ("all", all()),
        ("stage ack", stage(Stage::AwaitingAck)),
        ("stage completed", stage(Stage::Completed)),
        ("unfinished stages", OrderFilter { stages: OPEN_STAGES.to_vec(), ..all() }),
        ("two stages", OrderFilter { stages: vec![Stage::AwaitingAck, Stage::Completed], ..all() }),
        ("blocked", OrderFilter { outcome: Some(OutcomeKind::Blocked), ..all() }),
        ("advanced", OrderFilter { outcome: Some(OutcomeKind::Advanced), ..all() }),
        ("reason", OrderFilter { reason: text("missing_shop_mapping"), ..all() }),
        ("status", OrderFilter { channel_status: text("shipment_pending"), ..all() }),
        ("no such status", OrderFilter { channel_status: text("none"), ..all() }),
        ("retailer", retailer("retailer-3")),
        ("no such retailer", retailer("none")),
        ("warehouse", OrderFilter { warehouse_code: text("W1"), ..all() }),
        ("service level", OrderFilter { service_level: text("GROUND"), ..all() }),
        ("rare SKU", OrderFilter { sku: text("SKU-7"), ..all() }),
        ("frequent SKU", OrderFilter { sku: text("P-7"), ..all() }),
        ("created in a range", range(all())),
        ("in stage for long", OrderFilter { in_stage_since_before: Some(minute(200)), ..all() }),
        ("held", OrderFilter { held: Some(true), ..all() }),
        ("stage, created in a range", range(stage(Stage::Completed))),
        ("stage, reason", OrderFilter { reason: text("missing_shop_mapping"), ..stage(Stage::AwaitingPush) }),
        ("stage, retailer", OrderFilter { retailer_id: text("retailer-3"), ..stage(Stage::Completed) }),
        ("stage, warehouse", OrderFilter { warehouse_code: text("W1"), ..stage(Stage::AwaitingAck) }),
        ("retailer, created in a range", range(retailer("retailer-3"))),
        ("SKU, stage", OrderFilter { sku: text("P-7"), ..stage(Stage::AwaitingAck) }),
        ("outcome, stage", OrderFilter { outcome: Some(OutcomeKind::Advanced), ..stage(Stage::AwaitingAck) }),
    ]
}
