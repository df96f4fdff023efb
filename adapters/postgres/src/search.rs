//! Lists of orders, page by page along (creation, PO number), newest first.

use chrono::{DateTime, Utc};
use ipass_core::ports::{OrderFilter, OrderPage, OrderRow, RouteName, Stored};
use ipass_core::reason::OutcomeKind;

use crate::error::unavailable;
use crate::events::clean;
use crate::open::PostgresStore;
use crate::place;
use crate::row::{order_columns, order_row};
use crate::sql::Sql;

pub(crate) async fn search(
    store: &PostgresStore,
    route: Option<&RouteName>,
    filter: &OrderFilter,
    after: Option<&str>,
    limit: u32,
) -> Stored<OrderPage> {
    let after = after.map(Place::read).transpose()?;
    let mut query = list_query(order_columns!(), route, filter, after.as_ref());
    // One more than asked for: whether there is a next page.
    query.push(" LIMIT ").push_bind(i64::from(limit) + 1);
    let mut query = query.bound();
    // Never kept: after five runs the server would take one plan for all values, and there is none
    // that is good for a rare SKU and a frequent one.
    let rows = query.build().persistent(false).fetch_all(store.pool()).await.map_err(unavailable)?;
    let mut rows: Vec<OrderRow> = rows.iter().map(order_row).collect::<Stored<_>>()?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|row| Place::of(row).write());
    Ok(OrderPage { rows, next })
}

/// The statement of a list with these columns, without its end.
pub(crate) fn list_query(columns: &str, route: Option<&RouteName>, filter: &OrderFilter, after: Option<&Place>) -> Sql {
    let mut query = Sql::new(format!("SELECT {columns} FROM order_sync AS o WHERE true"));
    if let Some(sku) = &filter.sku {
        query.push(" AND o.sku_names @> ").push_bind(vec![clean(sku)]);
    }
    if let Some(route) = route {
        query.push(" AND o.route = ").push_bind(route.0.clone());
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
            query.push(format!(" AND o.{column} ILIKE ")).push_bind(like(part));
        }
    }
    if let Some(from) = filter.created_from {
        query.push(" AND o.created_at >= ").push_bind(from);
    }
    if let Some(until) = filter.created_until {
        query.push(" AND o.created_at < ").push_bind(until);
    }
    match filter.held {
        Some(true) => query.push(" AND o.hold IS NOT NULL"),
        Some(false) => query.push(" AND o.hold IS NULL"),
        None => &mut query,
    };
    if let Some(place) = after {
        query.push(" AND (o.created_at, o.po, o.route) < (").push_bind(place.created_at).push(", ");
        query.push_bind(place.po.clone()).push(", ").push_bind(place.route.clone()).push(")");
    }
    query.push(" ORDER BY o.created_at DESC, o.po DESC, o.route DESC");
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
    created_at: DateTime<Utc>,
    po: String,
    route: String,
}

impl Place {
    fn of(row: &OrderRow) -> Self {
        Self { created_at: row.created_at, po: row.po.as_str().to_owned(), route: row.route.0.clone() }
    }

    fn write(&self) -> String {
        place::write([&self.created_at.timestamp_micros().to_string(), &self.po, &self.route])
    }

    fn read(text: &str) -> Stored<Self> {
        let [created_at, po, route] = place::read(text)?;
        let created_at = created_at.parse().ok().and_then(DateTime::from_timestamp_micros);
        Ok(Self { created_at: created_at.ok_or_else(place::unreadable)?, po, route })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_back_and_nonsense_is_refused() {
        let place = Place {
            created_at: DateTime::from_timestamp_micros(-5).unwrap(),
            po: "PO-1 é".to_owned(),
            route: "a_b".to_owned(),
        };
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
