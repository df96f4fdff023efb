//! Lists of stock records, page by page along (time, warehouse, SKU), newest first.

use chrono::{DateTime, Utc};
use ipass_core::ports::{RouteName, StockFilter, StockPage, StockRecord, StockResult, Stored};
use ipass_core::reason::Cause;
use sqlx::Row;
use sqlx::postgres::PgRow;

use crate::error::unavailable;
use crate::events::clean;
use crate::open::PostgresStore;
use crate::place;
use crate::row::Values;
use crate::search::like;
use crate::sql::Sql;

/// The columns of [`Place`] and of [`stock_record`].
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
    let mut query = list_query(COLUMNS, route, filter, after.as_ref());
    // One more than asked for: whether there is a next page.
    query.push(" LIMIT ").push_bind(i64::from(limit) + 1);
    // Never kept: no one plan is good for all values.
    let mut query = query.bound();
    let mut rows = query.build().persistent(false).fetch_all(store.pool()).await.map_err(unavailable)?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(Place::of).transpose()?.map(|place| place.write());
    Ok(StockPage { rows: rows.iter().map(stock_record).collect::<Stored<_>>()?, next })
}

fn values_of(row: &PgRow) -> Values<'_> {
    Values::new(row, "stock_sync", row.try_get::<i64, _>("id").unwrap_or_default().to_string())
}

fn stock_record(row: &PgRow) -> Stored<StockRecord> {
    let values = values_of(row);
    let quantity = |column| match values.get::<Option<i64>>(column)? {
        Some(number) => u32::try_from(number).map(Some).map_err(|_| values.corrupt(column)),
        None => Ok(None),
    };
    let cause = match values.get::<Option<String>>("reason")? {
        Some(_) => {
            let detail: Option<String> = values.get("detail")?;
            Some(Cause::new(values.reason("reason")?, detail.unwrap_or_default()))
        }
        None => None,
    };
    Ok(StockRecord {
        route: RouteName(values.get("route")?),
        run_id: values.get("run_id")?,
        at: values.get("at")?,
        warehouse_code: values.get("warehouse_code")?,
        erp_warehouse_id: values.get("erp_warehouse_id")?,
        sku: values.get("sku")?,
        erp_sku: values.get("erp_sku")?,
        erp_quantity: quantity("erp_quantity")?,
        channel_quantity: quantity("channel_quantity")?,
        result: StockResult::parse(values.get("result")?).ok_or_else(|| values.corrupt("result"))?,
        cause,
    })
}

/// The statement of a list with these columns, without its end.
pub(crate) fn list_query(columns: &str, route: Option<&RouteName>, filter: &StockFilter, after: Option<&Place>) -> Sql {
    let mut query = Sql::new(format!("SELECT {columns} FROM stock_sync AS s WHERE true"));
    if filter.newest_only {
        // Chosen by id along the index of keys, which holds all that the choice needs.
        query.push(" AND s.id IN (SELECT DISTINCT ON (n.route, n.warehouse_code, n.erp_sku) n.id");
        query.push(" FROM stock_sync AS n WHERE true");
        push_range(&mut query, "n", route, filter);
        query.push(" ORDER BY n.route, n.warehouse_code, n.erp_sku, n.at DESC, n.id DESC)");
    } else {
        push_range(&mut query, "s", route, filter);
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
    match filter.differs {
        Some(true) => query.push(" AND s.difference <> 0"),
        Some(false) => query.push(" AND coalesce(s.difference, 0) = 0"),
        None => &mut query,
    };
    if let Some(place) = after {
        // The first condition says nothing new, but an index can begin there.
        query.push(" AND s.at <= ").push_bind(place.at).push(" AND (s.at < ").push_bind(place.at);
        query.push(" OR (s.route, s.warehouse_code, s.sku, s.id) > (").push_bind(place.route.clone()).push(", ");
        query.push_bind(place.warehouse_code.clone()).push(", ").push_bind(place.sku.clone()).push(", ");
        query.push_bind(place.id).push("))");
    }
    query.push(" ORDER BY s.at DESC, s.route, s.warehouse_code, s.sku, s.id");
    query
}

/// Which records the newest are chosen from.
fn push_range(query: &mut Sql, table: &str, route: Option<&RouteName>, filter: &StockFilter) {
    if let Some(route) = route {
        query.push(format!(" AND {table}.route = ")).push_bind(route.0.clone());
    }
    if let Some(from) = filter.from {
        query.push(format!(" AND {table}.at >= ")).push_bind(from);
    }
    if let Some(until) = filter.until {
        query.push(format!(" AND {table}.at < ")).push_bind(until);
    }
}

/// A place in the list: the next page starts after it.
pub(crate) struct Place {
    at: DateTime<Utc>,
    route: String,
    warehouse_code: String,
    sku: String,
    id: i64,
}

impl Place {
    fn of(row: &PgRow) -> Stored<Self> {
        let values = values_of(row);
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
