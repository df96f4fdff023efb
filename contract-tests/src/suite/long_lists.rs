//! Lists of more orders than a store finds and sorts: they are walked in parts, of which none may be missing.

use std::cmp::Reverse;

use chrono::{DateTime, TimeDelta, Utc};
use ipass_core::job::Job;
use ipass_core::ports::{OrderFilter, OrderSort, SyncStore};

use super::prelude::*;

/// Orders that are created, one in ten minutes.
const ORDERS: i64 = 15_000;
/// Orders of a run that enter their stage at one time.
const AT_ONCE: i64 = 500;
const PAGE: u32 = 3000;

/// What a list is ordered by.
struct Known {
    po: String,
    created: DateTime<Utc>,
    ship_by: Option<DateTime<Utc>>,
    entered: DateTime<Utc>,
}

/// Orders that are to be shipped soon, late, at no date or before they were created; those of a batch entered their
/// stage soon, late, or before they were created.
async fn crowd(store: &dyn SyncStore) -> Vec<Known> {
    let pull = begin(store, Job::PullOrders, None).await;
    let mut all = Vec::new();
    for batch in 0..ORDERS / AT_ONCE {
        let (first, end) = (batch * AT_ONCE, (batch + 1) * AT_ONCE);
        let entered = match batch % 4 {
            0 => minute(end * 10) + TimeDelta::days(40),
            1 => minute(first * 10) - TimeDelta::days(2),
            _ => minute(end * 10),
        };
        let mut orders = Vec::new();
        for n in first..end {
            let mut order = pulled(&format!("PO-{:05}", n * 7919 % ORDERS), n * 10);
            let created = order.order.created_at;
            order.order.ship_by = match n % 10 {
                0 => None,
                1 => Some(created + TimeDelta::days(60)),
                2 => Some(created - TimeDelta::days(3)),
                days => Some(created + TimeDelta::days(days)),
            };
            let po = order.order.po.to_string();
            all.push(Known { po, created, ship_by: order.order.ship_by, entered });
            orders.push(order);
        }
        store.save_orders(&pull.run, &orders, &[], entered).await.expect("orders are saved");
    }
    finish(store, pull).await;
    all
}

fn filters() -> Vec<OrderFilter> {
    let all = OrderFilter::default;
    let (early, late) = (Some(minute(10 * 10)), Some(minute((ORDERS - 1000) * 10)));
    let sku = || Some("SKU-A".to_owned());
    vec![
        all(),
        OrderFilter { created_until: late, ..all() },
        OrderFilter { created_from: early, created_until: late, ..all() },
        OrderFilter { in_stage_since_before: late, ..all() },
        OrderFilter { in_stage_since_before: late, created_from: early, ..all() },
        OrderFilter { in_stage_since_before: late, created_from: early, created_until: late, ..all() },
        OrderFilter { sku: sku(), ..all() },
        OrderFilter { sku: sku(), created_from: early, created_until: late, ..all() },
        OrderFilter { sku: sku(), in_stage_since_before: late, ..all() },
    ]
}

/// The list as it has to be.
fn expected<'k>(known: &'k [Known], filter: &OrderFilter) -> Vec<&'k str> {
    let mut list: Vec<&Known> = known
        .iter()
        .filter(|order| filter.created_from.is_none_or(|from| order.created >= from))
        .filter(|order| filter.created_until.is_none_or(|until| order.created < until))
        .filter(|order| filter.in_stage_since_before.is_none_or(|before| order.entered < before))
        .collect();
    match filter.sort {
        OrderSort::Newest => list.sort_by_key(|order| Reverse((order.created, order.po.clone()))),
        OrderSort::Oldest => list.sort_by_key(|order| (order.created, order.po.clone())),
        OrderSort::ShipBy => {
            list.sort_by_key(|order| (order.ship_by.is_none(), order.ship_by, order.created, order.po.clone()));
        }
        OrderSort::InStage => list.sort_by_key(|order| (order.entered, order.created, order.po.clone())),
    }
    list.iter().map(|order| order.po.as_str()).collect()
}

/// In every order, and with whatever is asked of their times.
pub async fn a_list_of_very_many_orders_is_walked_to_its_end(store: &dyn SyncStore) {
    let known = crowd(store).await;
    for filter in filters() {
        for sort in OrderSort::ALL {
            let filter = OrderFilter { sort, ..filter.clone() };
            let expected = expected(&known, &filter);
            assert!(expected.len() > 10_000, "{filter:?} is a list of {}", expected.len());
            let mut walked = Vec::new();
            let mut after = None;
            loop {
                let page = store.search(Some(&route()), &filter, after.as_deref(), PAGE).await.expect("a page");
                walked.extend(page.rows.iter().map(|row| row.po.to_string()));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            assert!(walked == expected, "{filter:?}: {} instead of {}", walked.len(), expected.len());
            let counted = store.count_orders(Some(&route()), &filter, u64::MAX).await.expect("a count");
            assert_eq!(counted, expected.len() as u64, "{filter:?}");
        }
    }
}
