//! How a list of orders is ordered, and the places in it.

use ipass_core::ports::{OrderRow, OrderSort, Stored};
use ipass_sql_kit::place;
use sqlx::{QueryBuilder, Sqlite};

use crate::row::micros;

/// `ship_rank` of an order without a date.
const NO_DATE: i64 = i64::MAX;

/// What the list is ordered by before creation, PO number and route.
const fn lead(sort: OrderSort) -> Option<&'static str> {
    match sort {
        OrderSort::Newest | OrderSort::Oldest => None,
        OrderSort::ShipBy => Some("o.ship_rank"),
        OrderSort::InStage => Some("o.stage_entered_at"),
    }
}

/// Comparison of what comes later with a place, and the word of the direction.
const fn direction(sort: OrderSort) -> (&'static str, &'static str) {
    match sort {
        OrderSort::Newest => ("<", " DESC"),
        OrderSort::Oldest | OrderSort::ShipBy | OrderSort::InStage => (">", ""),
    }
}

/// Adds the order of a list; `walk` names the table with creation, PO number and route.
pub(crate) fn push_order(query: &mut QueryBuilder<Sqlite>, sort: OrderSort, walk: &str) {
    let (_, direction) = direction(sort);
    query.push(" ORDER BY ");
    if let Some(lead) = lead(sort) {
        query.push(format!("{lead}{direction}, "));
    }
    query.push(format!("{walk}.created_at{direction}, {walk}.po{direction}, {walk}.route{direction}"));
}

/// A place in a list: the next page starts after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    sort: OrderSort,
    lead: Option<i64>,
    created_at: i64,
    po: String,
    route: String,
}

impl Place {
    pub(crate) fn of(sort: OrderSort, row: &OrderRow) -> Self {
        let lead = match sort {
            OrderSort::Newest | OrderSort::Oldest => None,
            OrderSort::ShipBy => Some(row.ship_by.map_or(NO_DATE, micros)),
            OrderSort::InStage => Some(micros(row.stage_entered_at)),
        };
        let (po, route) = (row.po.as_str().to_owned(), row.route.0.clone());
        Self { sort, lead, created_at: micros(row.created_at), po, route }
    }

    pub(crate) fn write(&self) -> String {
        let lead = self.lead.map(|lead| lead.to_string()).unwrap_or_default();
        place::write([self.sort.as_str(), &lead, &self.created_at.to_string(), &self.po, &self.route])
    }

    /// The place that was written, if it is one in a list of this order.
    pub(crate) fn read(text: &str, sort: OrderSort) -> Stored<Self> {
        let [of, at, created_at, po, route] = place::read(text)?;
        if of != sort.as_str() || at.is_empty() != lead(sort).is_none() {
            return Err(place::unreadable());
        }
        let number = |text: &str| text.parse().map_err(|_| place::unreadable());
        let lead = if at.is_empty() { None } else { Some(number(&at)?) };
        Ok(Self { sort, lead, created_at: number(&created_at)?, po, route })
    }

    /// Adds the condition of all that comes after this place.
    pub(crate) fn push_after(&self, query: &mut QueryBuilder<Sqlite>, walk: &str) {
        let (later, _) = direction(self.sort);
        query.push(" AND (");
        if let Some(lead) = lead(self.sort) {
            query.push(format!("{lead}, "));
        }
        query.push(format!("{walk}.created_at, {walk}.po, {walk}.route) {later} ("));
        if let Some(lead) = self.lead {
            query.push_bind(lead).push(", ");
        }
        query.push_bind(self.created_at).push(", ").push_bind(self.po.clone()).push(", ");
        query.push_bind(self.route.clone()).push(")");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_back_in_its_own_order_only_and_nonsense_is_refused() {
        for sort in OrderSort::ALL {
            let lead = lead(sort).map(|_| NO_DATE);
            let place = Place { sort, lead, created_at: -5, po: "PO-1 é".to_owned(), route: "a_b".to_owned() };
            for other in OrderSort::ALL {
                let read = Place::read(&place.write(), other).ok();
                assert_eq!(read, (other == sort).then(|| place.clone()), "{sort:?} as {other:?}");
            }
        }
        for nonsense in ["", "-", "----", "zz-31-31", "6e6577657374--78-31-31", "6e6577657374-31-31-31-31"] {
            assert!(Place::read(nonsense, OrderSort::Newest).is_err(), "{nonsense}");
        }
        assert!(Place::read("696e5f7374616765--31-31-31", OrderSort::InStage).is_err());
    }
}
