//! Lists of orders, page by page along (creation, PO number), newest first.

use ipass_core::ports::{OrderFilter, OrderPage, OrderRow, RouteName, Stored};
use ipass_core::reason::OutcomeKind;
use serde_json::Value;
use sqlx::{QueryBuilder, Sqlite};

use crate::error::unavailable;
use crate::events::clean;
use crate::open::SqliteStore;
use crate::place;
use crate::row::{micros, order_columns, order_row};

/// A part of a PO or tracking number that more orders than this have is found faster by walking the
/// list: one in a few of its rows fits.
const RARE: u32 = 2000;

pub(crate) async fn search(
    store: &SqliteStore,
    route: Option<&RouteName>,
    filter: &OrderFilter,
    after: Option<&str>,
    limit: u32,
) -> Stored<OrderPage> {
    let after = after.map(Place::read).transpose()?;
    let ids = rare_ids(store, filter).await?;
    let mut query = list_query(order_columns!(), route, filter, ids, after.as_ref());
    // One more than asked for: whether there is a next page.
    query.push(" LIMIT ").push_bind(i64::from(limit) + 1);
    // Every filter is a statement of its own: kept ones would push the few hot ones out of the cache.
    let rows = query.build().persistent(false).fetch_all(store.reader()).await.map_err(unavailable)?;
    let mut rows: Vec<OrderRow> = rows.iter().map(order_row).collect::<Stored<_>>()?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|row| Place::of(row).write());
    Ok(OrderPage { rows, next })
}

/// The orders that have the wanted parts of PO and tracking numbers, if trigrams can tell and they are few.
pub(crate) async fn rare_ids(store: &SqliteStore, filter: &OrderFilter) -> Stored<Option<String>> {
    let part = |column: &str, text: &Option<String>| {
        let text = text.as_deref().map(clean).filter(|text| text.chars().count() >= 3)?;
        Some(format!("{column} : \"{}\"", text.replace('"', "\"\"")))
    };
    let parts: Vec<String> =
        [part("po", &filter.po), part("tracking", &filter.tracking)].into_iter().flatten().collect();
    if parts.is_empty() {
        return Ok(None);
    }
    let ids: Vec<i64> = sqlx::query_scalar("SELECT rowid FROM order_text WHERE order_text MATCH ? LIMIT ?")
        .bind(parts.join(" AND "))
        .bind(RARE + 1)
        .fetch_all(store.reader())
        .await
        .map_err(unavailable)?;
    Ok((ids.len() <= RARE as usize).then(|| Value::from(ids).to_string()))
}

/// The index that the list walks: of the rarest thing that is asked for. Left to itself `SQLite` prefers
/// any index on `route`, which tells nothing where there is one route.
fn walked_index(route: Option<&RouteName>, filter: &OrderFilter) -> &'static str {
    let unusual = filter.outcome.is_some_and(|kind| kind != OutcomeKind::Advanced);
    match (route, filter.stages.as_slice()) {
        _ if filter.invoice_id.is_some() => "order_sync_invoice",
        _ if filter.reason.is_some() => "order_sync_reason",
        _ if filter.held == Some(true) => "order_sync_held",
        _ if unusual => "order_sync_kind",
        (Some(_), [_]) => "order_sync_stage_list",
        (Some(_), _) => "order_sync_list",
        (None, _) => "order_sync_all",
    }
}

/// The statement of a list with these columns, without its end.
pub(crate) fn list_query(
    columns: &str,
    route: Option<&RouteName>,
    filter: &OrderFilter,
    ids: Option<String>,
    after: Option<&Place>,
) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new(format!("SELECT {columns} FROM "));
    // Where the list walks: along one SKU, or through the orders. CROSS JOIN keeps that order.
    let walk = if filter.sku.is_some() { "k" } else { "o" };
    match (&ids, &filter.sku) {
        (None, Some(_)) => query.push("order_sku AS k CROSS JOIN order_sync AS o ON o.route = k.route AND o.po = k.po"),
        (Some(_), Some(_)) => query.push(
            "order_sync AS o NOT INDEXED CROSS JOIN order_sku AS k
             ON k.created_at = o.created_at AND k.po = o.po AND k.route = o.route",
        ),
        (Some(_), None) => query.push("order_sync AS o NOT INDEXED"),
        (None, None) => query.push("order_sync AS o INDEXED BY ").push(walked_index(route, filter)),
    };
    query.push(" WHERE true");
    if let Some(ids) = ids {
        query.push(" AND o.id IN (SELECT value FROM json_each(").push_bind(ids).push("))");
    }
    if let Some(sku) = &filter.sku {
        query.push(" AND k.sku = ").push_bind(clean(sku));
    }
    if let Some(route) = route {
        query.push(format!(" AND {walk}.route = ")).push_bind(route.0.clone());
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
        query.push(format!(" AND {walk}.created_at >= ")).push_bind(micros(from));
    }
    if let Some(until) = filter.created_until {
        query.push(format!(" AND {walk}.created_at < ")).push_bind(micros(until));
    }
    match filter.held {
        Some(true) => query.push(" AND o.hold IS NOT NULL"),
        Some(false) => query.push(" AND o.hold IS NULL"),
        None => &mut query,
    };
    if let Some(place) = after {
        query.push(format!(" AND ({walk}.created_at, {walk}.po, {walk}.route) < ("));
        query.push_bind(place.created_at).push(", ").push_bind(place.po.clone()).push(", ");
        query.push_bind(place.route.clone()).push(")");
    }
    query.push(format!(" ORDER BY {walk}.created_at DESC, {walk}.po DESC, {walk}.route DESC"));
    query
}

/// A pattern for "has this part".
pub(crate) fn like(part: &str) -> String {
    let part = clean(part).replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{part}%")
}

/// A place in the list: the next page starts after it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Place {
    created_at: i64,
    po: String,
    route: String,
}

impl Place {
    fn of(row: &OrderRow) -> Self {
        Self { created_at: micros(row.created_at), po: row.po.as_str().to_owned(), route: row.route.0.clone() }
    }

    fn write(&self) -> String {
        place::write([&self.created_at.to_string(), &self.po, &self.route])
    }

    fn read(text: &str) -> Stored<Self> {
        let [created_at, po, route] = place::read(text)?;
        Ok(Self { created_at: created_at.parse().map_err(|_| place::unreadable())?, po, route })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_back_and_nonsense_is_refused() {
        let place = Place { created_at: -5, po: "PO-1 é".to_owned(), route: "a_b".to_owned() };
        assert_eq!(Place::read(&place.write()).unwrap(), place);
        for nonsense in ["", "-", "--", "zz-31-31", "78-31-31"] {
            assert!(Place::read(nonsense).is_err(), "{nonsense}");
        }
    }

    #[test]
    fn wildcards_are_letters() {
        assert_eq!(like(r"50%_\"), r"%50\%\_\\%");
    }
}
