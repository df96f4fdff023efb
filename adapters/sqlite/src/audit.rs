//! Acts, and lists of them, page by page along the time, newest first.

use ipass_core::ports::{AuditEntry, AuditFilter, AuditPage, Stored};
use ipass_sql_kit::{Values, clean, like, place, rows, unavailable};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Sqlite};

use crate::open::SqliteStore;
use crate::row::micros;

pub(crate) async fn add(store: &SqliteStore, entry: &AuditEntry) -> Stored<()> {
    sqlx::query("INSERT INTO audit (at, who, what, route, subject, detail) VALUES (?, ?, ?, ?, ?, ?)")
        .bind(micros(entry.at))
        .bind(clean(&entry.who))
        .bind(clean(&entry.what))
        .bind(entry.route.as_ref().map(|route| clean(&route.0)))
        .bind(clean(&entry.subject))
        .bind(clean(&entry.detail))
        .execute(store.writer())
        .await
        .map_err(unavailable)?;
    Ok(())
}

pub(crate) async fn list(
    store: &SqliteStore,
    filter: &AuditFilter,
    after: Option<&str>,
    limit: u32,
) -> Stored<AuditPage> {
    let after = after.map(Place::read).transpose()?;
    let mut query = list_query("a.id, a.at, a.who, a.what, a.route, a.subject, a.detail", filter, after.as_ref());
    // One more than asked for: whether there is a next page.
    query.push(" LIMIT ").push_bind(i64::from(limit) + 1);
    let mut rows = query.build().persistent(false).fetch_all(store.reader()).await.map_err(unavailable)?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(Place::of).transpose()?.map(|place| place.write());
    Ok(AuditPage { entries: rows.iter().map(rows::audit_entry).collect::<Stored<_>>()?, next })
}

/// The statement of a list with these columns, without its end.
pub(crate) fn list_query(columns: &str, filter: &AuditFilter, after: Option<&Place>) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new(format!("SELECT {columns} FROM audit AS a WHERE true"));
    let equal =
        [("who", filter.who.as_ref()), ("what", filter.what.as_ref()), ("route", filter.route.as_ref().map(|r| &r.0))];
    for (column, value) in equal {
        if let Some(value) = value {
            query.push(format!(" AND a.{column} = ")).push_bind(clean(value));
        }
    }
    if let Some(part) = &filter.subject {
        query.push(" AND a.subject LIKE ").push_bind(like(part)).push(" ESCAPE '\\'");
    }
    if let Some(from) = filter.from {
        query.push(" AND a.at >= ").push_bind(micros(from));
    }
    if let Some(until) = filter.until {
        query.push(" AND a.at < ").push_bind(micros(until));
    }
    if let Some(place) = after {
        query.push(" AND (a.at, a.id) < (").push_bind(place.at).push(", ").push_bind(place.id).push(")");
    }
    query.push(" ORDER BY a.at DESC, a.id DESC");
    query
}

/// A place in the list: the next page starts after it.
pub(crate) struct Place {
    at: i64,
    id: i64,
}

impl Place {
    fn of(row: &SqliteRow) -> Stored<Self> {
        let values = Values::numbered(row, "audit", "id");
        Ok(Self { at: values.get("at")?, id: values.get("id")? })
    }

    fn write(&self) -> String {
        place::write([&self.at.to_string(), &self.id.to_string()])
    }

    fn read(text: &str) -> Stored<Self> {
        let [at, id] = place::read(text)?;
        let number = |text: String| text.parse().map_err(|_| place::unreadable());
        Ok(Self { at: number(at)?, id: number(id)? })
    }
}
