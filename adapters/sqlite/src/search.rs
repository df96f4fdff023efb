//! Lists of orders, page by page, and how many orders are in them.

use ipass_core::ports::{OrderFilter, OrderPage, OrderRow, OrderSort, RouteName, Stored};
use ipass_core::reason::OutcomeKind;
use ipass_sql_kit::{Values, clean, like, order_columns, rows, unavailable};
use serde_json::Value;
use sqlx::{QueryBuilder, Sqlite};

use crate::open::SqliteStore;
use crate::row::micros;
use crate::sorting::{Place, push_order};
use crate::walk::{Walk, choose};

/// All routes that have orders, found from one to the next.
const ALL_ROUTES: &str = "WITH RECURSIVE r (route) AS
    (SELECT min(route) FROM order_sync
     UNION ALL SELECT (SELECT min(n.route) FROM order_sync AS n WHERE n.route > r.route) FROM r WHERE r.route IS NOT NULL)
    SELECT route FROM r WHERE route IS NOT NULL";

pub(crate) async fn search(
    store: &SqliteStore,
    route: Option<&RouteName>,
    filter: &OrderFilter,
    after: Option<&str>,
    limit: u32,
) -> Stored<OrderPage> {
    let after = after.map(|text| Place::read(text, filter.sort)).transpose()?;
    let walk = choose(store, route, filter, filter.sort).await?;
    let mut query = list_query(order_columns!(), route, filter, &walk, after.as_ref());
    // One more than asked for: whether there is a next page.
    query.push(" LIMIT ").push_bind(i64::from(limit) + 1);
    // Every filter is a statement of its own: kept ones would push the few hot ones out of the cache.
    let rows = query.build().persistent(false).fetch_all(store.reader()).await.map_err(unavailable)?;
    let mut rows: Vec<OrderRow> = rows.iter().map(rows::order).collect::<Stored<_>>()?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|row| Place::of(filter.sort, row).write());
    Ok(OrderPage { rows, next })
}

pub(crate) async fn count(
    store: &SqliteStore,
    route: Option<&RouteName>,
    filter: &OrderFilter,
    cap: u64,
) -> Stored<u64> {
    // By creation, whatever the list is ordered by: those are the most narrow indexes.
    let walk = choose(store, route, filter, OrderSort::Newest).await?;
    let mut query = QueryBuilder::new("SELECT count(*) AS orders FROM (SELECT 1");
    push_list(&mut query, route, filter, &walk);
    query.push(" LIMIT ").push_bind(i64::try_from(cap).unwrap_or(i64::MAX)).push(")");
    let row = query.build().persistent(false).fetch_one(store.reader()).await.map_err(unavailable)?;
    Values::new(&row, "order_sync", "").count("orders")
}

/// The statement of a list with these columns, without its end.
pub(crate) fn list_query(
    columns: &str,
    route: Option<&RouteName>,
    filter: &OrderFilter,
    walk: &Walk,
    after: Option<&Place>,
) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new(format!("SELECT {columns}"));
    push_list(&mut query, route, filter, walk);
    if let Some(place) = after {
        place.push_after(&mut query, walk.table());
    }
    push_order(&mut query, filter.sort, walk.table());
    query
}

/// From where, and which.
fn push_list(query: &mut QueryBuilder<Sqlite>, route: Option<&RouteName>, filter: &OrderFilter, walk: &Walk) {
    let table = walk.table();
    match walk {
        // CROSS JOIN keeps the order of the walk.
        Walk::Sku => query
            .push(" FROM order_sku AS k CROSS JOIN order_sync AS o ON o.route = k.route AND o.po = k.po WHERE true"),
        Walk::Ids(ids) => query
            .push(" FROM order_sync AS o NOT INDEXED WHERE o.id IN (SELECT value FROM json_each(")
            .push_bind(ids.clone())
            .push("))"),
        Walk::Index(index) => query.push(format!(" FROM order_sync AS o INDEXED BY {index} WHERE true")),
    };
    match (&filter.sku, walk) {
        (Some(sku), Walk::Sku) => query.push(" AND k.sku = ").push_bind(clean(sku)),
        (Some(sku), Walk::Ids(_) | Walk::Index(_)) => query
            .push(" AND EXISTS (SELECT 1 FROM order_sku AS k WHERE k.created_at = o.created_at AND k.po = o.po")
            .push(" AND k.route = o.route AND k.sku = ")
            .push_bind(clean(sku))
            .push(")"),
        (None, _) => query,
    };
    if let Some(route) = route {
        query.push(format!(" AND {table}.route = ")).push_bind(route.0.clone());
    }
    if !filter.pos.is_empty() {
        let pos: Value = filter.pos.iter().map(|po| Value::from(po.as_str())).collect();
        query.push(" AND o.po IN (SELECT value FROM json_each(").push_bind(pos.to_string()).push("))");
        if route.is_none() {
            query.push(" AND o.route IN (").push(ALL_ROUTES).push(")");
        }
    }
    if let [stage] = filter.stages.as_slice() {
        query.push(format!(" AND o.stage = {}", stage.number()));
    } else if !filter.stages.is_empty() {
        let numbers: Vec<String> = filter.stages.iter().map(|stage| stage.number().to_string()).collect();
        query.push(format!(" AND o.stage IN ({})", numbers.join(", ")));
    }
    if let Some(kind) = filter.outcome {
        // Literal: only so does the partial index prove that it holds all of them.
        query.push(format!(" AND o.last_kind = '{}'", kind.as_str()));
        if kind != OutcomeKind::Advanced {
            query.push(" AND o.last_kind <> 'advanced'");
        }
    }
    let equal = [
        ("last_reason", &filter.reason),
        ("last_detail", &filter.detail),
        ("channel_status", &filter.channel_status),
        ("retailer_id", &filter.retailer_id),
        ("warehouse_code", &filter.warehouse_code),
        ("service_level", &filter.service_level),
        ("invoice_id", &filter.invoice_id),
    ];
    for (column, value) in equal {
        if let Some(value) = value {
            query.push(format!(" AND o.{column} = ")).push_bind(clean(value));
        }
    }
    for (column, part) in [("po", &filter.po), ("tracking", &filter.tracking)] {
        if let Some(part) = part {
            query.push(format!(" AND o.{column} LIKE ")).push_bind(like(part)).push(" ESCAPE '\\'");
        }
    }
    if let Some(from) = filter.created_from {
        query.push(format!(" AND {table}.created_at >= ")).push_bind(micros(from));
    }
    if let Some(until) = filter.created_until {
        query.push(format!(" AND {table}.created_at < ")).push_bind(micros(until));
    }
    if let Some(before) = filter.in_stage_since_before {
        query.push(" AND o.stage_entered_at < ").push_bind(micros(before));
    }
    match filter.held {
        Some(true) => query.push(" AND o.hold IS NOT NULL"),
        Some(false) => query.push(" AND o.hold IS NULL"),
        None => query,
    };
}
