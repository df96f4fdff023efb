//! Lists of stock records, page by page along (time, warehouse, SKU), newest first.

use ipass_core::ports::{RouteName, StockFilter, StockPage, StockResult, Stored};
use ipass_sql_kit::{Values, clean, like, place, rows, unavailable};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Sqlite};

use crate::open::SqliteStore;
use crate::row::micros;

/// The columns of [`Place`] and of [`rows::stock`].
const COLUMNS: &str = "s.id, s.route, s.run_id, s.at, s.warehouse_code, s.erp_warehouse_id, s.sku, s.erp_sku, \
                       s.erp_quantity, s.channel_quantity, s.result, s.reason, s.detail";

pub(crate) async fn search(
    store: &SqliteStore,
    route: Option<&RouteName>,
    filter: &StockFilter,
    after: Option<&str>,
    limit: u32,
) -> Stored<StockPage> {
    let after = after.map(Place::read).transpose()?;
    // One more than asked for: whether there is a next page.
    let wanted = i64::from(limit) + 1;
    let mut query = match &after {
        Some(place) => rest_query(route, filter, place, wanted),
        None => list_query(COLUMNS, route, filter),
    };
    query.push(" LIMIT ").push_bind(wanted);
    // Never kept: no one plan is good for all values.
    let mut rows = query.build().persistent(false).fetch_all(store.reader()).await.map_err(unavailable)?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(Place::of).transpose()?.map(|place| place.write());
    Ok(StockPage { rows: rows.iter().map(rows::stock).collect::<Stored<_>>()?, next })
}

const ORDER: &str = " ORDER BY s.at DESC, s.route, s.warehouse_code, s.sku, s.id";

/// The statement of a list with these columns, without its end.
pub(crate) fn list_query(columns: &str, route: Option<&RouteName>, filter: &StockFilter) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new("");
    push_list(&mut query, columns, route, filter);
    query.push(ORDER);
    query
}

/// At most so many records after a place. The rest of its time and all earlier times are two parts: each begins
/// where an index has it, while both together would begin with a whole run of records that are before the place.
fn rest_query(route: Option<&RouteName>, filter: &StockFilter, place: &Place, wanted: i64) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new("SELECT * FROM (SELECT * FROM (");
    push_list(&mut query, COLUMNS, route, filter);
    query.push(" AND s.at = ").push_bind(place.at);
    // In a list of one route an index does not have the route between time and warehouse.
    if route.is_some_and(|route| route.0 == place.route) {
        query.push(" AND (s.warehouse_code, s.sku, s.id) > (");
    } else {
        query.push(" AND (s.route, s.warehouse_code, s.sku, s.id) > (").push_bind(place.route.clone()).push(", ");
    }
    query.push_bind(place.warehouse_code.clone()).push(", ").push_bind(place.sku.clone()).push(", ");
    query.push_bind(place.id).push(")").push(ORDER).push(" LIMIT ").push_bind(wanted);
    query.push(") UNION ALL SELECT * FROM (");
    push_list(&mut query, COLUMNS, route, filter);
    query.push(" AND s.at < ").push_bind(place.at).push(ORDER).push(" LIMIT ").push_bind(wanted);
    query.push(")) AS s").push(ORDER);
    query
}

/// The index that is walked. By name: left to itself `SQLite` prefers any index on the route, and sorts what it
/// finds.
fn walked_index(route: Option<&RouteName>, filter: &StockFilter) -> &'static str {
    let newest = filter.newest_only && filter.until.is_none();
    match (route, &filter.run_id) {
        (_, Some(_)) => "stock_sync_run",
        (Some(_), None) if newest => "stock_sync_newest",
        (_, None) if filter.reason.is_some() => "stock_sync_reason",
        (_, None) if filter.result.is_some_and(|result| result != StockResult::Equal) => "stock_sync_result",
        (Some(_), None) if differs(filter) => "stock_sync_difference",
        (Some(_), None) => "stock_sync_list",
        (None, None) => "stock_sync_all",
    }
}

/// Only records whose figures differ can be in the list.
fn differs(filter: &StockFilter) -> bool {
    filter.differs == Some(true)
        || filter.difference_from.is_some_and(|least| least > 0)
        || filter.difference_to.is_some_and(|most| most < 0)
}

/// From where, and which.
fn push_list(query: &mut QueryBuilder<Sqlite>, columns: &str, route: Option<&RouteName>, filter: &StockFilter) {
    query.push(format!("SELECT {columns} FROM stock_sync AS s INDEXED BY {} WHERE true", walked_index(route, filter)));
    if let Some(route) = route {
        query.push(" AND s.route = ").push_bind(route.0.clone());
    }
    if let Some(from) = filter.from {
        query.push(" AND s.at >= ").push_bind(micros(from));
    }
    if let Some(until) = filter.until {
        query.push(" AND s.at < ").push_bind(micros(until));
    }
    // Literals here and below: only so does a partial index prove that it holds all of them.
    match filter.until.filter(|_| filter.newest_only) {
        Some(until) => query.push(" AND s.superseded_at >= ").push_bind(micros(until)),
        None if filter.newest_only => query.push(" AND s.superseded_at = 9223372036854775807"),
        None => query,
    };
    if filter.result.is_some_and(|result| result != StockResult::Equal) {
        query.push(" AND s.result <> 'equal'");
    }
    if filter.reason.is_some() {
        query.push(" AND s.reason IS NOT NULL");
    }
    if differs(filter) {
        query.push(" AND s.difference <> 0");
    }
    let equal = [
        ("run_id", filter.run_id.as_deref()),
        ("warehouse_code", filter.warehouse_code.as_deref()),
        ("result", filter.result.map(StockResult::as_str)),
        ("reason", filter.reason.as_deref()),
    ];
    for (column, value) in equal {
        if let Some(value) = value {
            query.push(format!(" AND s.{column} = ")).push_bind(clean(value));
        }
    }
    if let Some(part) = &filter.sku {
        query.push(" AND (s.sku LIKE ").push_bind(like(part)).push(" ESCAPE '\\'");
        query.push(" OR s.erp_sku LIKE ").push_bind(like(part)).push(" ESCAPE '\\')");
    }
    if let Some(part) = &filter.detail {
        query.push(" AND s.detail LIKE ").push_bind(like(part)).push(" ESCAPE '\\'");
    }
    if let Some(least) = filter.difference_from {
        query.push(" AND s.difference >= ").push_bind(least);
    }
    if let Some(most) = filter.difference_to {
        query.push(" AND s.difference <= ").push_bind(most);
    }
    if filter.differs == Some(false) {
        query.push(" AND coalesce(s.difference, 0) = 0");
    }
}

/// A place in the list: the next page starts after it.
struct Place {
    at: i64,
    route: String,
    warehouse_code: String,
    sku: String,
    id: i64,
}

impl Place {
    fn of(row: &SqliteRow) -> Stored<Self> {
        let values = Values::numbered(row, "stock_sync", "id");
        Ok(Self {
            at: values.get("at")?,
            route: values.get("route")?,
            warehouse_code: values.get("warehouse_code")?,
            sku: values.get("sku")?,
            id: values.get("id")?,
        })
    }

    fn write(&self) -> String {
        let (at, id) = (self.at.to_string(), self.id.to_string());
        place::write([&at, &self.route, &self.warehouse_code, &self.sku, &id])
    }

    fn read(text: &str) -> Stored<Self> {
        let [at, route, warehouse_code, sku, id] = place::read(text)?;
        let at = at.parse().map_err(|_| place::unreadable())?;
        let id = id.parse().map_err(|_| place::unreadable())?;
        Ok(Self { at, route, warehouse_code, sku, id })
    }
}
