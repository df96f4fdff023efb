//! Lists of orders, page by page along (creation, PO number), newest first.

use chrono::{DateTime, Utc};
use ipass_core::ports::{OrderFilter, OrderPage, OrderRow, RouteName, StoreError, Stored};
use ipass_core::reason::OutcomeKind;
use sqlx::{Postgres, QueryBuilder};

use crate::error::unavailable;
use crate::events::clean;
use crate::open::PostgresStore;
use crate::row::{order_columns, order_row};

pub(crate) async fn search(
    store: &PostgresStore,
    route: Option<&RouteName>,
    filter: &OrderFilter,
    after: Option<&str>,
    limit: u32,
) -> Stored<OrderPage> {
    let after = after.map(Place::read).transpose()?;
    let mut query = list_query(route, filter, after.as_ref());
    // One more than asked for: whether there is a next page.
    query.push(" LIMIT ").push_bind(i64::from(limit) + 1);
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

fn list_query(route: Option<&RouteName>, filter: &OrderFilter, after: Option<&Place>) -> QueryBuilder<Postgres> {
    let mut query = QueryBuilder::new(concat!("SELECT ", order_columns!(), " FROM order_sync AS o WHERE true"));
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
fn like(part: &str) -> String {
    let part = clean(part).replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{part}%")
}

/// A place in the list: the next page starts after it.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    created_at: DateTime<Utc>,
    po: String,
    route: String,
}

impl Place {
    fn of(row: &OrderRow) -> Self {
        Self { created_at: row.created_at, po: row.po.as_str().to_owned(), route: row.route.0.clone() }
    }

    /// Letters and digits only, so that it fits anywhere in a URL.
    fn write(&self) -> String {
        let digit = |four_bits: u8| char::from_digit(four_bits.into(), 16);
        let hex = |text: &str| {
            text.bytes().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).flatten().collect::<String>()
        };
        format!("{}-{}-{}", hex(&self.created_at.timestamp_micros().to_string()), hex(&self.po), hex(&self.route))
    }

    fn read(text: &str) -> Stored<Self> {
        let unhex = |text: &str| -> Option<String> {
            let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
            let bytes: Option<Vec<u8>> = text
                .as_bytes()
                .chunks(2)
                .map(|pair| match pair {
                    [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
                    _ => None,
                })
                .collect();
            String::from_utf8(bytes?).ok()
        };
        let read = || {
            let [created_at, po, route] = <[&str; 3]>::try_from(text.split('-').collect::<Vec<_>>()).ok()?;
            let created_at = DateTime::from_timestamp_micros(unhex(created_at)?.parse().ok()?)?;
            Some(Self { created_at, po: unhex(po)?, route: unhex(route)? })
        };
        read().ok_or_else(|| StoreError::Conflict("the mark of the next page cannot be read".to_owned()))
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
        for nonsense in ["", "-", "--", "1-2-3", "zz-zz-zz", "31-31-31-31"] {
            assert!(Place::read(nonsense).is_err(), "{nonsense}");
        }
    }

    #[test]
    fn wildcards_are_letters() {
        assert_eq!(like(r"50%_\"), r"%50\%\_\\%");
    }
}
