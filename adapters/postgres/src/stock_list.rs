//! Lists of stock records, page by page along (time, warehouse, SKU), newest first.

use chrono::{DateTime, TimeDelta, Utc};
use ipass_core::ports::{RouteName, StockFilter, StockPage, StockResult, Stored};
use ipass_sql_kit::{Values, clean, like, place, rows, unavailable};
use sqlx::postgres::PgRow;

use crate::open::PostgresStore;
use crate::sql::Sql;

/// The columns of [`Place`] and of [`rows::stock`].
const COLUMNS: &str = "s.id, s.route, s.run_id, s.at, s.warehouse_code, s.erp_warehouse_id, s.sku, s.erp_sku, \
                       s.erp_quantity, s.channel_quantity, s.result, s.reason, s.detail";

pub(crate) async fn search(
    store: &PostgresStore,
    route: Option<&RouteName>,
    filter: &StockFilter,
    after: Option<&str>,
    limit: u32,
) -> Stored<StockPage> {
    let after = after.map(Place::read).transpose()?;
    // One more than asked for: whether there is a next page.
    let wanted = i64::from(limit) + 1;
    let mut query = page_query(route, filter, after.as_ref(), wanted);
    query.push(" LIMIT ").push_bind(wanted);
    // Never kept: no one plan is good for all values.
    let mut query = query.bound();
    let mut rows = query.build().persistent(false).fetch_all(store.pool()).await.map_err(unavailable)?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(Place::of).transpose()?.map(|place| place.write());
    Ok(StockPage { rows: rows.iter().map(rows::stock).collect::<Stored<_>>()?, next })
}

const ORDER: &str = " ORDER BY s.at DESC, s.route, s.warehouse_code, s.sku, s.id";

/// The statement of a list with these columns, without its end.
pub(crate) fn list_query(columns: &str, route: Option<&RouteName>, filter: &StockFilter) -> Sql {
    let mut query = list_of(columns, route, filter);
    query.push(ORDER);
    query
}

/// Records that were the newest of their keys at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// All that are asked for.
    All,
    /// Those of the day before the time.
    OfDay(DateTime<Utc>),
    /// Earlier ones that are the newest to this day.
    Newest(DateTime<Utc>),
    /// Earlier ones that were the newest for longer than a day: few, which have an index.
    Outlived(DateTime<Utc>),
}

impl Part {
    /// The parts of a list. The newest records of a time are nearly all of the day before it; the others are found
    /// without a look at all earlier ones.
    fn of(filter: &StockFilter) -> Vec<Self> {
        match filter.until.filter(|_| filter.newest_only).map(|until| until - TimeDelta::days(1)) {
            Some(day) => vec![Self::OfDay(day), Self::Newest(day), Self::Outlived(day)],
            None => vec![Self::All],
        }
    }

    fn push(self, query: &mut Sql) {
        match self {
            Self::All => {}
            Self::OfDay(day) => _ = query.push(" AND s.at >= ").push_bind(day),
            Self::Newest(day) => {
                query.push(" AND s.superseded_at = 'infinity' AND s.at < ").push_bind(day);
            }
            Self::Outlived(day) => {
                query.push(" AND s.superseded_at < 'infinity'");
                query.push(
                    " AND (s.superseded_at AT TIME ZONE 'UTC' > s.at AT TIME ZONE 'UTC' + interval '1 day') IS TRUE",
                );
                query.push(" AND s.at < ").push_bind(day);
            }
        }
    }
}

/// At most so many records, after a place if there is one. The rest of its time and all earlier times are two parts:
/// each begins where an index has it, while both together would begin with a whole run of records that are before the
/// place.
fn page_query(route: Option<&RouteName>, filter: &StockFilter, after: Option<&Place>, wanted: i64) -> Sql {
    let mut parts = Vec::new();
    for part in Part::of(filter) {
        let list = || {
            let mut list = list_of(COLUMNS, route, filter);
            part.push(&mut list);
            list
        };
        match after {
            Some(place) => parts.extend([same_time(list(), route, place), earlier(list(), place)]),
            None => parts.push(list()),
        }
    }
    if parts.len() == 1 {
        return list_query(COLUMNS, route, filter);
    }
    let mut query = Sql::new("SELECT * FROM (");
    for (at, part) in parts.into_iter().enumerate() {
        query.push(if at == 0 { "(" } else { " UNION ALL (" });
        query.append(part).push(ORDER).push(" LIMIT ").push_bind(wanted).push(")");
    }
    query.push(") AS s").push(ORDER);
    query
}

/// The rest of the time of a place.
fn same_time(mut list: Sql, route: Option<&RouteName>, place: &Place) -> Sql {
    list.push(" AND s.at = ").push_bind(place.at);
    // In a list of one route an index does not have the route between time and warehouse.
    let one_route = route.is_some_and(|route| route.0 == place.route);
    if one_route {
        list.push(" AND (s.warehouse_code, s.sku, s.id) > (");
    } else {
        list.push(" AND (s.route, s.warehouse_code, s.sku, s.id) > (").push_bind(place.route.clone()).push(", ");
    }
    list.push_bind(place.warehouse_code.clone()).push(", ").push_bind(place.sku.clone()).push(", ");
    list.push_bind(place.id).push(")");
    list
}

/// All times before the one of a place.
fn earlier(mut list: Sql, place: &Place) -> Sql {
    list.push(" AND s.at < ").push_bind(place.at);
    list
}

/// Which records.
fn list_of(columns: &str, route: Option<&RouteName>, filter: &StockFilter) -> Sql {
    let mut query = Sql::new(format!("SELECT {columns} FROM stock_sync AS s WHERE true"));
    if let Some(route) = route {
        query.push(" AND s.route = ").push_bind(route.0.clone());
    }
    if let Some(from) = filter.from {
        query.push(" AND s.at >= ").push_bind(from);
    }
    if let Some(until) = filter.until {
        query.push(" AND s.at < ").push_bind(until);
    }
    // Literals here and below: only so does a partial index prove that it holds all of them.
    match filter.until.filter(|_| filter.newest_only) {
        Some(until) => query.push(" AND s.superseded_at >= ").push_bind(until),
        None if filter.newest_only => query.push(" AND s.superseded_at = 'infinity'"),
        None => &mut query,
    };
    if filter.result.is_some_and(|result| result != StockResult::Equal) {
        query.push(" AND s.result <> 'equal'");
    }
    if filter.reason.is_some() {
        query.push(" AND s.reason IS NOT NULL");
    }
    if filter.differs == Some(true)
        || filter.difference_from.is_some_and(|least| least > 0)
        || filter.difference_to.is_some_and(|most| most < 0)
    {
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
        query.push(" AND (s.sku ILIKE ").push_bind(like(part));
        query.push(" OR s.erp_sku ILIKE ").push_bind(like(part)).push(")");
    }
    if let Some(part) = &filter.detail {
        query.push(" AND s.detail ILIKE ").push_bind(like(part));
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
    query
}

/// A place in the list: the next page starts after it.
struct Place {
    at: DateTime<Utc>,
    route: String,
    warehouse_code: String,
    sku: String,
    id: i64,
}

impl Place {
    fn of(row: &PgRow) -> Stored<Self> {
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
        let (at, id) = (self.at.timestamp_micros().to_string(), self.id.to_string());
        place::write([&at, &self.route, &self.warehouse_code, &self.sku, &id])
    }

    fn read(text: &str) -> Stored<Self> {
        let [at, route, warehouse_code, sku, id] = place::read(text)?;
        let at = place::time(&at)?;
        let id = id.parse().map_err(|_| place::unreadable())?;
        Ok(Self { at, route, warehouse_code, sku, id })
    }
}
