//! Which pages are asked for: each list by each filter alone and by the usual pairs, in every order, at three depths.

use chrono::{Duration, NaiveDate};
use ipass_core::order::PoNumber;
use ipass_core::ports::{AuditFilter, OrderFilter, OrderSort, RouteName, StockFilter, StockResult};
use ipass_core::reason::OutcomeKind;
use ipass_core::stage::Stage;

use crate::depth::{All, audit_places, order_places, stock_places};
use crate::world::{World, now};

pub(crate) struct Request {
    pub(crate) page: &'static str,
    /// What is filtered, how it is ordered, and how deep it is.
    pub(crate) name: String,
    pub(crate) path: String,
}

impl Request {
    pub(crate) fn plain(page: &'static str, name: &str, path: &str) -> Self {
        Self { page, name: format!("{page} · {name}"), path: path.to_owned() }
    }
}

/// Filters as they stand in an address; days stand for the day so long ago.
const ORDERS: [&str; 76] = [
    "",
    "stage=1",
    "stage=2",
    "stage=3",
    "stage=4",
    "stage=5",
    "stage=6",
    "stage=1,2,3,4",
    "stage=4,5",
    "outcome=blocked",
    "outcome=failed",
    "outcome=waiting",
    "outcome=advanced",
    "reason=erp_not_shipped",
    "reason=multi_ban",
    "reason=missing_phone",
    "channel_status=completed",
    "channel_status=created",
    "channel_status=unheard_of",
    "retailer=retailer-0",
    "retailer=retailer-7",
    "retailer=retailer-new",
    "retailer=retailer-rare",
    "retailer=none",
    "warehouse=WH-0",
    "warehouse=WH-5",
    "warehouse=none",
    "level=LEVEL-0",
    "level=LEVEL-7",
    "sku=SKU-0",
    "sku=SKU-40",
    "sku=SKU-1500",
    "sku=none",
    "tracking=1Z7777",
    "tracking=none",
    "po=12345",
    "po=PO0",
    "po=99",
    "po=none",
    "invoice=PO000007919",
    "from=1",
    "from=30",
    "from=180",
    "until=180",
    "until=364",
    "from=40&until=10",
    "from=200&until=170",
    "from=180&until=180",
    "from=400&until=380",
    "held=yes",
    "held=no",
    "age=24",
    "age=4400",
    "age=8700",
    "age=80000",
    // Pairs.
    "stage=2&reason=erp_not_reviewed",
    "stage=3&outcome=waiting",
    "stage=1&retailer=retailer-0",
    "stage=5&retailer=retailer-0",
    "stage=5&retailer=retailer-new",
    "stage=6&retailer=retailer-rare",
    "stage=1,2,3&age=24",
    "stage=3&age=24",
    "stage=5&age=4400",
    "stage=5&from=40&until=10",
    "stage=6&from=200&until=170",
    "retailer=retailer-0&from=40&until=10",
    "retailer=retailer-7&from=200&until=170",
    "retailer=retailer-new&from=200&until=170",
    "channel_status=shipped&from=40&until=10",
    "stage=5&warehouse=WH-5",
    "retailer=retailer-7&warehouse=WH-0",
    "stage=5&sku=SKU-0",
    "stage=1&sku=SKU-0",
    "outcome=blocked&reason=missing_shop_mapping",
    "channel_status=created&stage=5",
];

const STOCK: [&str; 28] = [
    "",
    "warehouse=WH-0",
    "warehouse=none",
    "sku=SKU-777",
    "sku=SKU",
    "sku=none",
    "result=equal",
    "result=failed",
    "result=unconfirmed",
    "reason=sync_off",
    "reason=zero_guard",
    "band=lt-5",
    "band=-5..-1",
    "band=0",
    "band=1..5",
    "band=gt5",
    "run=stock-25",
    "run=stock-50",
    "from=3",
    "until=3",
    "until=25",
    "from=30&until=20",
    "detail=item 777",
    // Pairs.
    "warehouse=WH-0&result=failed",
    "run=stock-25&result=different",
    "from=30&until=20&result=failed",
    "warehouse=WH-0&band=gt5",
    "warehouse=WH-0&sku=SKU-777",
];

const AUDIT: [&str; 14] = [
    "",
    "who=person-3",
    "who=rare",
    "who=none",
    "what=run",
    "what=repair",
    "of_route=dsco_lingxing",
    "subject=PO12345",
    "subject=none",
    "from=30",
    "until=200",
    "who=person-3&what=login",
    "who=rare&what=run",
    "what=run&from=200&until=100",
];

pub(crate) fn requests(world: &World) -> Vec<Request> {
    let of_route = |path: &str| format!("{path}{}route=dsco_lingxing", if path.contains('?') { '&' } else { '?' });
    let mut requests = Vec::new();
    for (page, path) in [
        ("overview", "/admin/overview"),
        ("causes", "/admin/causes"),
        ("jobs", "/admin/jobs"),
        ("settings", "/admin/settings"),
        ("runs", "/admin/jobs/runs"),
        ("runs", "/admin/jobs/runs?job=ship_orders"),
        ("runs", "/admin/jobs/runs?job=sync_stock"),
        ("order", "/admin/orders/dsco_lingxing/PO000007919"),
    ] {
        requests.push(Request::plain(page, path, &of_route(path)));
    }
    let mut all = All::default();
    for query in ORDERS {
        for sort in OrderSort::ALL {
            let filter = OrderFilter { sort, ..orders(query) };
            for (depth, after) in order_places(world, &mut all, &filter) {
                let path = of_route(&format!("/admin/orders?{}&sort={}{after}", written(query), sort.as_str()));
                requests.push(Request::plain("orders", &format!("{query} · {} · {depth}", sort.as_str()), &path));
            }
        }
    }
    let many = many_numbers(world);
    for sort in OrderSort::ALL {
        let path = of_route(&format!("/admin/orders?pos={many}&sort={}", sort.as_str()));
        requests.push(Request::plain("orders", &format!("500 numbers · {} · first", sort.as_str()), &path));
    }
    for query in STOCK {
        for records in ["newest", "all"] {
            let filter = StockFilter { newest_only: records == "newest", ..stock(query) };
            for (depth, after) in stock_places(world, &filter) {
                let path = of_route(&format!("/admin/stock?{}&records={records}{after}", written(query)));
                requests.push(Request::plain("stock", &format!("{query} · {records} · {depth}"), &path));
            }
        }
    }
    for query in AUDIT {
        for (depth, after) in audit_places(world, &audit(query)) {
            let path = of_route(&format!("/admin/audit?{}{after}", written(query)));
            requests.push(Request::plain("audit", &format!("{query} · {depth}"), &path));
        }
    }
    requests
}

pub(crate) fn route() -> RouteName {
    RouteName("dsco_lingxing".to_owned())
}

/// The numbers of orders from all over the list.
fn many_numbers(world: &World) -> String {
    let few = OrderFilter { sku: Some("SKU-1000".to_owned()), ..OrderFilter::default() };
    let found = world.runtime.block_on(world.store.search(Some(&route()), &few, None, 500)).expect("a list");
    found.rows.iter().map(|row| row.po.as_str()).collect::<Vec<_>>().join(",")
}

fn pairs(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query.split('&').filter_map(|pair| pair.split_once('='))
}

fn day(ago: &str) -> NaiveDate {
    now().date_naive() - Duration::days(ago.parse().expect("days"))
}

/// The query with its days as dates.
fn written(query: &str) -> String {
    let pair = |(name, value): (&str, &str)| match name {
        "from" | "until" => format!("{name}={}", day(value)),
        _ => format!("{name}={}", value.replace(' ', "+")),
    };
    pairs(query).map(pair).collect::<Vec<_>>().join("&")
}

fn orders(query: &str) -> OrderFilter {
    let mut filter = OrderFilter::default();
    for (name, value) in pairs(query) {
        let text = Some(value.to_owned());
        match name {
            "stage" => {
                let stage = |number: &str| Stage::from_number(number.parse().expect("a number")).expect("a stage");
                filter.stages = value.split(',').map(stage).collect();
            }
            "outcome" => filter.outcome = OutcomeKind::parse(value),
            "reason" => filter.reason = text,
            "channel_status" => filter.channel_status = text,
            "retailer" => filter.retailer_id = text,
            "warehouse" => filter.warehouse_code = text,
            "level" => filter.service_level = text,
            "sku" => filter.sku = text,
            "tracking" => filter.tracking = text,
            "po" => filter.po = text,
            "invoice" => filter.invoice_id = text,
            "from" => filter.created_from = Some(day(value).and_hms_opt(0, 0, 0).expect("midnight").and_utc()),
            "until" => {
                let next = day(value) + Duration::days(1);
                filter.created_until = Some(next.and_hms_opt(0, 0, 0).expect("midnight").and_utc());
            }
            "held" => filter.held = Some(value == "yes"),
            "age" => filter.in_stage_since_before = Some(now() - Duration::hours(value.parse().expect("hours"))),
            "pos" => filter.pos = value.split(',').filter_map(PoNumber::new).collect(),
            _ => panic!("{name} is no filter of orders"),
        }
    }
    filter
}

fn stock(query: &str) -> StockFilter {
    let mut filter = StockFilter::default();
    for (name, value) in pairs(query) {
        let text = Some(value.to_owned());
        match name {
            "from" => filter.from = Some(day(value).and_hms_opt(0, 0, 0).expect("midnight").and_utc()),
            "until" => {
                let next = day(value) + Duration::days(1);
                filter.until = Some(next.and_hms_opt(0, 0, 0).expect("midnight").and_utc());
            }
            "run" => filter.run_id = text,
            "warehouse" => filter.warehouse_code = text,
            "sku" => filter.sku = text,
            "result" => filter.result = StockResult::parse(value),
            "reason" => filter.reason = text,
            "detail" => filter.detail = text,
            "band" => {
                (filter.difference_from, filter.difference_to) = match value {
                    "lt-5" => (None, Some(-6)),
                    "-5..-1" => (Some(-5), Some(-1)),
                    "0" => (Some(0), Some(0)),
                    "1..5" => (Some(1), Some(5)),
                    _ => (Some(6), None),
                };
            }
            _ => panic!("{name} is no filter of stock"),
        }
    }
    filter
}

fn audit(query: &str) -> AuditFilter {
    let mut filter = AuditFilter::default();
    for (name, value) in pairs(query) {
        let text = Some(value.to_owned());
        match name {
            "from" => filter.from = Some(day(value).and_hms_opt(0, 0, 0).expect("midnight").and_utc()),
            "until" => {
                let next = day(value) + Duration::days(1);
                filter.until = Some(next.and_hms_opt(0, 0, 0).expect("midnight").and_utc());
            }
            "who" => filter.who = text,
            "what" => filter.what = text,
            "of_route" => filter.route = Some(route()),
            "subject" => filter.subject = text,
            _ => panic!("{name} is no filter of acts"),
        }
    }
    filter
}
