//! How a list of orders is ordered, and the places in it.

use chrono::{DateTime, TimeDelta, Utc};
use ipass_core::ports::{OrderFilter, OrderRow, OrderSort, Stored};
use ipass_sql_kit::place;

use crate::sql::Sql;

/// What the list is ordered by before creation, PO number and route.
const fn lead(sort: OrderSort) -> Option<&'static str> {
    match sort {
        OrderSort::Newest | OrderSort::Oldest => None,
        OrderSort::ShipBy => Some("coalesce(o.ship_by, 'infinity')"),
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

/// `, <what the list is ordered by first> AS lead`, for the part of a statement that reads the table. Told
/// apart from [`lead`] by the server: sorted parts are merged by a column, not by an expression.
pub(crate) fn lead_column(sort: OrderSort) -> String {
    lead(sort).map(|lead| format!(", {lead} AS lead")).unwrap_or_default()
}

/// Adds the order of a list, of the table or of parts that have a [`lead_column`]. In a list of one route
/// the route says nothing, and the indexes of stages do not end with it.
pub(crate) fn push_order(query: &mut Sql, sort: OrderSort, one_route: bool, of: Of) {
    let (_, direction) = direction(sort);
    query.push(" ORDER BY ");
    if let Some(lead) = of.lead(sort) {
        query.push(format!("{lead}{direction}, "));
    }
    let key = of.key();
    query.push(format!("{key}.created_at{direction}, {key}.po{direction}"));
    if !one_route {
        query.push(format!(", {key}.route{direction}"));
    }
}

/// So long after its creation, at most, nearly every order is to be shipped, and enters its last stage: what the
/// indexes of the others say, too.
const SOON: TimeDelta = TimeDelta::days(30);

/// Where the walk of a list starts or ends, by what is known of creation and of times that come after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    /// At its beginning, and ends at its end.
    All,
    /// At the first time, of shipment or in the stage, where there is one. Where there is the second one, only what was
    /// created before, and it ends soon after.
    Within(Option<DateTime<Utc>>, Option<DateTime<Utc>>),
    /// What stands before this time although it was created later: few orders, which have an index.
    Early(DateTime<Utc>),
    /// What was created before this time, but does not stand soon after it: few orders, which have an index.
    Far(DateTime<Utc>),
    /// What was created before this time, and has no date of shipment.
    Dateless(DateTime<Utc>),
    /// What stands after the first time, where there is one, and was created since the second, but entered its stage
    /// before it was created: few orders, which have an index.
    Odd(Option<DateTime<Utc>>, DateTime<Utc>),
    /// What was created before this time.
    Before(DateTime<Utc>),
    /// What was created since this time, but entered its stage before it was created: few orders, too.
    Late(DateTime<Utc>),
}

/// Where the walks of a list start and end.
///
/// Nearly every order enters its stage, and is to be shipped, after it was created, and soon. So a list of those
/// created in some time, ordered by one of these, starts there, and not at the beginning of all orders, and ends soon
/// after; and a list by creation of those in their stage since before a day ends there. The others are parts of their
/// own.
pub(crate) fn starts(filter: &OrderFilter) -> Vec<Start> {
    let since_before = filter.in_stage_since_before;
    let (from, until) = match filter.sort {
        OrderSort::Newest | OrderSort::Oldest => {
            return since_before
                .map_or_else(|| vec![Start::All], |before| vec![Start::Before(before), Start::Late(before)]);
        }
        // Its own time in the stage ends a list by it.
        OrderSort::InStage => (filter.created_from, filter.created_until),
        OrderSort::ShipBy => (filter.created_from, filter.created_until.into_iter().chain(since_before).min()),
    };
    let Some(end) = until else {
        return from.map_or_else(|| vec![Start::All], |from| vec![Start::Within(Some(from), None), Start::Early(from)]);
    };
    // Not before the begin, or an order would be in two parts.
    let until = from.map_or(end, |from| end.max(from));
    let mut starts = vec![Start::Within(from, Some(until)), Start::Far(until)];
    starts.extend(from.map(Start::Early));
    if filter.sort == OrderSort::ShipBy {
        starts.push(Start::Dateless(until));
        if since_before == Some(end) {
            starts.push(Start::Odd(from, until));
        }
    }
    starts
}

/// Adds the table that a part of a list is from, as `o`, and the begin of its conditions.
pub(crate) fn push_start(query: &mut Sql, sort: OrderSort, start: Start) {
    let time = lead(sort).unwrap_or("o.created_at");
    // The few are found before anything else is asked: the server takes them for a third of all orders.
    match start {
        Start::All => _ = query.push(" FROM order_sync AS o WHERE true"),
        Start::Within(from, until) => {
            query.push(" FROM order_sync AS o WHERE true");
            if let Some(from) = from {
                query.push(format!(" AND {time} >= ")).push_bind(from);
            }
            if let Some(until) = until {
                query.push(format!(" AND {time} < ")).push_bind(until + SOON);
                query.push(" AND o.created_at < ").push_bind(until);
            }
        }
        Start::Early(from) => {
            query.push(format!(" FROM (SELECT o.* FROM order_sync AS o WHERE {time} < o.created_at AND {time} < "));
            query.push_bind(from).push(" OFFSET 0) AS o WHERE true");
        }
        Start::Far(until) => {
            let column = if sort == OrderSort::ShipBy { "o.ship_by" } else { time };
            query.push(format!(" FROM order_sync AS o WHERE {time} >= ")).push_bind(until + SOON);
            query.push(format!(
                " AND ({column} AT TIME ZONE 'UTC' > o.created_at AT TIME ZONE 'UTC' + interval '30 days') IS TRUE"
            ));
            query.push(" AND o.created_at < ").push_bind(until);
        }
        Start::Dateless(until) => {
            query.push(format!(" FROM order_sync AS o WHERE {time} = 'infinity' AND o.created_at < ")).push_bind(until);
        }
        Start::Odd(from, until) => {
            query.push(" FROM (SELECT o.* FROM order_sync AS o WHERE o.stage_entered_at < o.created_at");
            query.push(" AND o.created_at >= ").push_bind(until);
            if let Some(from) = from {
                query.push(format!(" AND {time} >= ")).push_bind(from);
            }
            query.push(" OFFSET 0) AS o WHERE true");
        }
        Start::Before(before) => {
            query.push(" FROM order_sync AS o WHERE o.created_at < ").push_bind(before);
        }
        Start::Late(before) => {
            query.push(" FROM (SELECT o.* FROM order_sync AS o WHERE o.stage_entered_at < o.created_at");
            query.push(" AND o.created_at >= ").push_bind(before).push(" OFFSET 0) AS o WHERE true");
        }
    }
}

/// What has the columns that a list is ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Of {
    /// The table, named `o`.
    Table,
    /// Names of items, named `k`, beside the table.
    Skus,
    /// The orders of one name of an item, named `o`.
    SkuOrders,
    /// A statement that reads it, named `o`.
    Parts,
    /// One that found what orders are found by, named `k`.
    Keys,
}

impl Of {
    fn lead(self, sort: OrderSort) -> Option<&'static str> {
        match self {
            Self::Table | Self::Skus | Self::SkuOrders => lead(sort),
            Self::Parts => lead(sort).map(|_| "o.lead"),
            Self::Keys => lead(sort).map(|_| "k.lead"),
        }
    }

    /// The name of what has creation, PO number and route.
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::Table | Self::SkuOrders | Self::Parts => "o",
            Self::Skus | Self::Keys => "k",
        }
    }
}

/// A place in a list: the next page starts after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    sort: OrderSort,
    /// Absent also where the order has no date: it comes after all dates.
    lead: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    po: String,
    route: String,
}

impl Place {
    pub(crate) fn of(sort: OrderSort, row: &OrderRow) -> Self {
        let lead = match sort {
            OrderSort::Newest | OrderSort::Oldest => None,
            OrderSort::ShipBy => row.ship_by,
            OrderSort::InStage => Some(row.stage_entered_at),
        };
        let (po, route) = (row.po.as_str().to_owned(), row.route.0.clone());
        Self { sort, lead, created_at: row.created_at, po, route }
    }

    pub(crate) fn write(&self) -> String {
        let micros = |time: DateTime<Utc>| time.timestamp_micros().to_string();
        let lead = self.lead.map(micros).unwrap_or_default();
        place::write([self.sort.as_str(), &lead, &micros(self.created_at), &self.po, &self.route])
    }

    /// The place that was written, if it is one in a list of this order.
    pub(crate) fn read(text: &str, sort: OrderSort) -> Stored<Self> {
        let [of, lead, created_at, po, route] = place::read(text)?;
        let lead_fits = match sort {
            OrderSort::Newest | OrderSort::Oldest => lead.is_empty(),
            OrderSort::ShipBy => true,
            OrderSort::InStage => !lead.is_empty(),
        };
        if of != sort.as_str() || !lead_fits {
            return Err(place::unreadable());
        }
        let lead = if lead.is_empty() { None } else { Some(place::time(&lead)?) };
        Ok(Self { sort, lead, created_at: place::time(&created_at)?, po, route })
    }

    /// Adds the condition of all that comes after this place.
    pub(crate) fn push_after(&self, query: &mut Sql, of: Of) {
        let (later, _) = direction(self.sort);
        query.push(" AND (");
        if let Some(lead) = of.lead(self.sort) {
            query.push(format!("{lead}, "));
        }
        let key = of.key();
        query.push(format!("{key}.created_at, {key}.po, {key}.route) {later} ("));
        match self.lead {
            Some(lead) => query.push_bind(lead).push(", "),
            None if lead(self.sort).is_some() => query.push("timestamptz 'infinity', "),
            None => query,
        };
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
            let time = |micros| DateTime::from_timestamp_micros(micros).unwrap();
            let lead = lead(sort).map(|_| time(7));
            let place = Place { sort, lead, created_at: time(-5), po: "PO-1 é".to_owned(), route: "a_b".to_owned() };
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

    #[test]
    fn the_parts_of_a_list_hold_every_order_once() {
        let time = DateTime::from_timestamp_micros(0).unwrap();
        let written = |sort, start| {
            let mut query = Sql::new("");
            push_start(&mut query, sort, start);
            query
                .written()
                .unwrap()
                .replace("'1970-01-01T00:00:00.000000Z'::timestamptz", "T")
                .replace("'1970-01-31T00:00:00.000000Z'::timestamptz", "SOON")
        };
        assert_eq!(
            written(OrderSort::InStage, Start::Within(Some(time), Some(time))),
            " FROM order_sync AS o WHERE true AND o.stage_entered_at >= T AND o.stage_entered_at < SOON \
             AND o.created_at < T"
        );
        // Whoever is not at or after T and was created since T stands before its creation.
        assert_eq!(
            written(OrderSort::InStage, Start::Early(time)),
            " FROM (SELECT o.* FROM order_sync AS o WHERE o.stage_entered_at < o.created_at \
             AND o.stage_entered_at < T OFFSET 0) AS o WHERE true"
        );
        assert_eq!(written(OrderSort::Newest, Start::Before(time)), " FROM order_sync AS o WHERE o.created_at < T");
        // Whoever was created before T and is not to be shipped soon after it has no date, or one that is not soon.
        assert_eq!(
            written(OrderSort::ShipBy, Start::Far(time)),
            " FROM order_sync AS o WHERE coalesce(o.ship_by, 'infinity') >= SOON AND (o.ship_by AT TIME ZONE 'UTC' > \
             o.created_at AT TIME ZONE 'UTC' + interval '30 days') IS TRUE AND o.created_at < T"
        );
        assert_eq!(
            written(OrderSort::ShipBy, Start::Dateless(time)),
            " FROM order_sync AS o WHERE coalesce(o.ship_by, 'infinity') = 'infinity' AND o.created_at < T"
        );
        // Whoever entered its stage before T was created before T, or later than it entered.
        assert_eq!(
            written(OrderSort::ShipBy, Start::Odd(Some(time), time)),
            " FROM (SELECT o.* FROM order_sync AS o WHERE o.stage_entered_at < o.created_at AND o.created_at >= T \
             AND coalesce(o.ship_by, 'infinity') >= T OFFSET 0) AS o WHERE true"
        );
        // Whoever entered its stage before T and was created since T did so before its creation.
        assert_eq!(
            written(OrderSort::Newest, Start::Late(time)),
            " FROM (SELECT o.* FROM order_sync AS o WHERE o.stage_entered_at < o.created_at \
             AND o.created_at >= T OFFSET 0) AS o WHERE true"
        );
    }
}
