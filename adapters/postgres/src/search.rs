//! Lists of orders, page by page, and how many orders are in them.

use std::collections::BTreeSet;

use ipass_core::ports::{OrderFilter, OrderPage, OrderRow, RouteName, Stored};
use ipass_core::reason::OutcomeKind;
use ipass_core::stage::Stage;
use ipass_sql_kit::{Values, clean, like, order_columns, rows, unavailable};

use crate::open::PostgresStore;
use crate::skus::{self, push_orders, push_table};
use crate::sorting::{Of, Place, Start, lead_column, push_order, push_start, starts};
use crate::sql::Sql;
use crate::walk::{Walk, choose};

/// What an order is found by, and a list is ordered by.
const KEY_COLUMNS: &str = "o.route, o.po, o.created_at";

/// All routes that have orders, found from one to the next.
const ALL_ROUTES: &str = "WITH RECURSIVE r (route) AS
    (SELECT min(route) FROM order_sync
     UNION ALL SELECT (SELECT min(n.route) FROM order_sync AS n WHERE n.route > r.route) FROM r WHERE r.route IS NOT NULL)
    SELECT route FROM r WHERE route IS NOT NULL";

pub(crate) async fn search(
    store: &PostgresStore,
    route: Option<&RouteName>,
    filter: &OrderFilter,
    after: Option<&str>,
    limit: u32,
) -> Stored<OrderPage> {
    let after = after.map(|text| Place::read(text, filter.sort)).transpose()?;
    let walk = choose(store, route, filter).await?;
    // One more than asked for: whether there is a next page.
    let wanted = i64::from(limit) + 1;
    let mut query = list_query(order_columns!(), route, filter, walk, after.as_ref(), Some(wanted));
    query.push(" LIMIT ").push_bind(wanted);
    let mut query = query.bound();
    // Never kept: after five runs the server would take one plan for all values, and there is none
    // that is good for a rare SKU and a frequent one.
    let rows = query.build().persistent(false).fetch_all(store.pool()).await.map_err(unavailable)?;
    let mut rows: Vec<OrderRow> = rows.iter().map(rows::order).collect::<Stored<_>>()?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|row| Place::of(filter.sort, row).write());
    Ok(OrderPage { rows, next })
}

pub(crate) async fn count(
    store: &PostgresStore,
    route: Option<&RouteName>,
    filter: &OrderFilter,
    cap: u64,
) -> Stored<u64> {
    let mut query = Sql::new("SELECT count(*) AS orders FROM (SELECT 1");
    let walk = if filter.sku.is_some() { choose(store, route, filter).await? } else { Walk::List };
    let kept = filter.sku.as_ref().is_some_and(|sku| skus::is_kept(sku));
    let of = if kept && in_list(filter) && walk != Walk::Few {
        skus::push_places(&mut query, filter);
        Of::Skus
    } else {
        match walk.of() {
            Of::Skus => push_table(&mut query, filter),
            Of::SkuOrders => push_orders(&mut query, filter),
            Of::Table | Of::Parts | Of::Keys => _ = query.push(" FROM order_sync AS o WHERE true"),
        }
        walk.of()
    };
    push_list(&mut query, route, filter, &filter.stages, of);
    query.push(" LIMIT ").push_bind(i64::try_from(cap).unwrap_or(i64::MAX)).push(") AS c");
    let mut query = query.bound();
    let row = query.build().persistent(false).fetch_one(store.pool()).await.map_err(unavailable)?;
    Values::new(&row, "order_sync", "").count("orders")
}

/// The statement of a list with these columns, without its end. Among the columns are all that a list is
/// ordered by. `wanted` is how many rows are read of it, if not all.
pub(crate) fn list_query(
    columns: &str,
    route: Option<&RouteName>,
    filter: &OrderFilter,
    walk: Walk,
    after: Option<&Place>,
    wanted: Option<i64>,
) -> Sql {
    let stages: BTreeSet<Stage> = filter.stages.iter().copied().collect();
    let stages: Vec<Vec<Stage>> = match walk {
        Walk::Stages => stages.into_iter().map(|stage| vec![stage]).collect(),
        Walk::List | Walk::Sku | Walk::Few | Walk::FewOfSku => vec![stages.into_iter().collect()],
    };
    let starts = match walk {
        Walk::List | Walk::Stages if wanted.is_some() => starts(filter),
        Walk::List | Walk::Stages | Walk::Sku | Walk::Few | Walk::FewOfSku => vec![Start::All],
    };
    let merged = stages.len() * starts.len() > 1;
    // Only what orders are found by, and are ordered by: of the few that are sorted most are not shown, and a part of a
    // PO number is compared with many numbers before it is found, along an index that has the number.
    let keys_first = wanted.is_some() && (walk.is_few() || (filter.po.is_some() && in_list(filter)));
    let (whole, columns) = (columns, if keys_first { KEY_COLUMNS } else { columns });
    let mut query = Sql::new("");
    if keys_first {
        let lead = if lead_column(filter.sort).is_empty() { "" } else { ", o.lead" };
        query.push(format!("SELECT {whole} FROM (SELECT {columns}{lead} FROM ("));
    } else {
        query.push(format!("SELECT {columns} FROM ("));
    }
    for (at, (stages, start)) in stages.iter().flat_map(|stages| starts.iter().map(move |s| (stages, s))).enumerate() {
        query.push(if at == 0 { "(" } else { " UNION ALL (" });
        query.push(format!("SELECT {columns}{}", lead_column(filter.sort)));
        match walk.of() {
            Of::Skus => push_table(&mut query, filter),
            Of::SkuOrders => push_orders(&mut query, filter),
            Of::Table | Of::Parts | Of::Keys => push_start(&mut query, filter.sort, *start),
        }
        push_list(&mut query, route, filter, stages, walk.of());
        if let Some(place) = after.filter(|_| !walk.is_few()) {
            place.push_after(&mut query, walk.of());
        }
        match walk {
            Walk::List if !merged => {}
            // The server does not see that the whole list would come in the order of the names.
            Walk::Sku if wanted.is_none() => {}
            Walk::List | Walk::Stages | Walk::Sku => {
                push_order(&mut query, filter.sort, route.is_some(), walk.of());
                // Each part says it, or the server plans each for being read to its end.
                if let Some(wanted) = wanted {
                    query.push(" LIMIT ").push_bind(wanted);
                }
            }
            // The few are found and sorted, whatever the server thinks of walking the list for them.
            Walk::Few | Walk::FewOfSku => _ = query.push(" OFFSET 0"),
        }
        query.push(")");
    }
    query.push(") AS o WHERE true");
    if let Some(place) = after.filter(|_| walk.is_few()) {
        place.push_after(&mut query, Of::Parts);
    }
    push_order(&mut query, filter.sort, route.is_some(), Of::Parts);
    if let Some(wanted) = wanted.filter(|_| keys_first) {
        query
            .push(" LIMIT ")
            .push_bind(wanted)
            .push(") AS k JOIN order_sync AS o ON o.route = k.route AND o.po = k.po");
        push_order(&mut query, filter.sort, route.is_some(), Of::Keys);
    }
    query
}

/// Whether all that is asked for is in the indexes that have the order of a list.
fn in_list(filter: &OrderFilter) -> bool {
    let OrderFilter { outcome, reason, detail, tracking, invoice_id, held, .. } = filter;
    let texts = [reason, detail, tracking, invoice_id];
    outcome.is_none() && held.is_none() && texts.iter().all(|text| text.is_none())
}

/// Which orders.
fn push_list(query: &mut Sql, route: Option<&RouteName>, filter: &OrderFilter, stages: &[Stage], of: Of) {
    let key = of.key();
    if let Some(sku) = filter.sku.as_ref().filter(|_| !matches!(of, Of::Skus | Of::SkuOrders)) {
        query.push(" AND o.sku_names @> ").push_bind(vec![clean(sku)]);
    }
    if let Some(route) = route {
        query.push(format!(" AND {key}.route = ")).push_bind(route.0.clone());
    }
    if !filter.pos.is_empty() {
        let pos: Vec<String> = filter.pos.iter().map(ToString::to_string).filter(|po| !po.contains('\0')).collect();
        query.push(" AND o.po = ANY(").push_bind(pos).push(")");
        if route.is_none() {
            // Both columns of the key, so that it is found along the key.
            query.push(" AND o.route = ANY(ARRAY(").push(ALL_ROUTES).push("))");
        }
    }
    if let [stage] = stages {
        query.push(format!(" AND o.stage = {}", stage.number()));
    } else if !stages.is_empty() {
        let numbers: Vec<String> = stages.iter().map(|stage| stage.number().to_string()).collect();
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
            push_has(query, &format!("o.{column}"), part);
        }
    }
    if let Some(from) = filter.created_from {
        query.push(format!(" AND {key}.created_at >= ")).push_bind(from);
    }
    if let Some(until) = filter.created_until {
        query.push(format!(" AND {key}.created_at < ")).push_bind(until);
    }
    if let Some(before) = filter.in_stage_since_before {
        query.push(" AND o.stage_entered_at < ").push_bind(before);
    }
    match filter.held {
        Some(true) => query.push(" AND o.hold IS NOT NULL"),
        Some(false) => query.push(" AND o.hold IS NULL"),
        None => query,
    };
}

/// Adds the condition that a column has this part, in whatever case: without letters there is none, and comparing is
/// many times as fast.
pub(crate) fn push_has(query: &mut Sql, column: &str, part: &str) {
    let no_letters = part.chars().all(|letter| letter.is_ascii() && !letter.is_ascii_alphabetic());
    let has = if no_letters { "LIKE" } else { "ILIKE" };
    query.push(format!(" AND {column} {has} ")).push_bind(like(part));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_without_letters_has_no_case() {
        for (part, has) in [("0-9", "LIKE"), ("PO0", "ILIKE"), ("é", "ILIKE")] {
            let mut query = Sql::new("");
            push_has(&mut query, "o.po", part);
            assert_eq!(query.written().unwrap(), format!(" AND o.po {has} '%{part}%'"));
        }
    }
}
