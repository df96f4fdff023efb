//! Which conditions people have been told of.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use ipass_core::ports::{Condition, Notice, RouteName, Stored};
use sqlx::{Row, SqliteConnection};

use crate::error::unavailable;
use crate::events::clean;
use crate::open::SqliteStore;
use crate::row::{Values, micros};

/// A condition as it is stored.
struct Known {
    key: String,
    detail: String,
    since: DateTime<Utc>,
    told: bool,
    ended: bool,
    claimed_until: Option<DateTime<Utc>>,
}

impl Known {
    /// Nobody is sending its message.
    fn free(&self, now: DateTime<Utc>) -> bool {
        self.claimed_until.is_none_or(|until| until <= now)
    }
}

pub(crate) async fn claim_notices(
    store: &SqliteStore,
    route: &RouteName,
    conditions: &[Condition],
    now: DateTime<Utc>,
    claim_for: TimeDelta,
) -> Stored<Vec<Notice>> {
    let conditions: BTreeMap<String, String> =
        conditions.iter().map(|condition| (clean(&condition.key), clean(&condition.detail))).collect();
    let mut tx = store.begin_write().await?;
    let known = known(&mut tx, route).await?;
    let until = now + claim_for;
    let mut notices = Vec::new();
    for (key, detail) in &conditions {
        let known = known.get(key);
        let due = known.is_none_or(|known| !known.told && known.free(now));
        match known {
            Some(known) => hold(&mut tx, route, known, detail, due.then_some(until)).await?,
            None => insert(&mut tx, route, key, detail, (now, until)).await?,
        }
        if due {
            let since = known.map_or(now, |known| known.since);
            let (key, detail) = (key.clone(), detail.clone());
            notices.push(Notice { route: route.clone(), key, detail, since, recovered: false });
        }
    }
    for known in known.into_values().filter(|known| !conditions.contains_key(&known.key)) {
        if !known.told {
            forget(&mut tx, route, &known.key).await?;
        } else if known.free(now) || !known.ended {
            end(&mut tx, route, &known.key, (now, until)).await?;
            let Known { key, detail, since, .. } = known;
            notices.push(Notice { route: route.clone(), key, detail, since, recovered: true });
        }
    }
    tx.commit().await.map_err(unavailable)?;
    Ok(notices)
}

async fn known(connection: &mut SqliteConnection, route: &RouteName) -> Stored<BTreeMap<String, Known>> {
    let rows = sqlx::query("SELECT key, detail, since, told_at, ended_at, claimed_until FROM alert WHERE route = ?1")
        .bind(&route.0)
        .fetch_all(connection)
        .await
        .map_err(unavailable)?;
    rows.iter()
        .map(|row| {
            let key: String = row.try_get("key").unwrap_or_default();
            let values = Values::new(row, "alert", &*key);
            let known = Known {
                detail: values.get("detail")?,
                since: values.time("since")?,
                told: values.time_or_none("told_at")?.is_some(),
                ended: values.time_or_none("ended_at")?.is_some(),
                claimed_until: values.time_or_none("claimed_until")?,
                key: key.clone(),
            };
            Ok((key, known))
        })
        .collect()
}

async fn insert(
    connection: &mut SqliteConnection,
    route: &RouteName,
    key: &str,
    detail: &str,
    (now, until): (DateTime<Utc>, DateTime<Utc>),
) -> Stored<()> {
    sqlx::query("INSERT INTO alert (route, key, detail, since, claimed_until) VALUES (?1, ?2, ?3, ?4, ?5)")
        .bind(&route.0)
        .bind(key)
        .bind(detail)
        .bind(micros(now))
        .bind(micros(until))
        .execute(connection)
        .await
        .map_err(unavailable)?;
    Ok(())
}

async fn hold(
    connection: &mut SqliteConnection,
    route: &RouteName,
    known: &Known,
    detail: &str,
    claim: Option<DateTime<Utc>>,
) -> Stored<()> {
    if claim.is_none() && !known.ended && known.detail == detail {
        return Ok(());
    }
    sqlx::query(
        "UPDATE alert SET detail = ?1, ended_at = NULL, claimed_until = coalesce(?2, claimed_until)
         WHERE route = ?3 AND key = ?4",
    )
    .bind(detail)
    .bind(claim.map(micros))
    .bind(&route.0)
    .bind(&known.key)
    .execute(connection)
    .await
    .map_err(unavailable)?;
    Ok(())
}

async fn end(
    connection: &mut SqliteConnection,
    route: &RouteName,
    key: &str,
    (now, until): (DateTime<Utc>, DateTime<Utc>),
) -> Stored<()> {
    sqlx::query("UPDATE alert SET ended_at = coalesce(ended_at, ?1), claimed_until = ?2 WHERE route = ?3 AND key = ?4")
        .bind(micros(now))
        .bind(micros(until))
        .bind(&route.0)
        .bind(key)
        .execute(connection)
        .await
        .map_err(unavailable)?;
    Ok(())
}

async fn forget(connection: &mut SqliteConnection, route: &RouteName, key: &str) -> Stored<()> {
    sqlx::query("DELETE FROM alert WHERE route = ?1 AND key = ?2")
        .bind(&route.0)
        .bind(key)
        .execute(connection)
        .await
        .map_err(unavailable)?;
    Ok(())
}

pub(crate) async fn notice_sent(store: &SqliteStore, notice: &Notice, now: DateTime<Utc>) -> Stored<()> {
    let mut tx = store.begin_write().await?;
    let statement = if notice.recovered {
        // Back before its end was told: people have to be told of it anew.
        sqlx::query("DELETE FROM alert WHERE route = ?1 AND key = ?2 AND ended_at IS NOT NULL")
            .bind(&notice.route.0)
            .bind(clean(&notice.key))
            .execute(&mut *tx)
            .await
            .map_err(unavailable)?;
        sqlx::query(
            "UPDATE alert SET told_at = NULL, claimed_until = NULL WHERE route = ?1 AND key = ?2 AND since = ?3",
        )
        .bind(&notice.route.0)
        .bind(clean(&notice.key))
        .bind(micros(notice.since))
    } else {
        // Ended and forgotten while its message was on its way: people were told, and have to know.
        sqlx::query(
            "INSERT INTO alert (route, key, detail, since, told_at, ended_at) VALUES (?1, ?2, ?3, ?4, ?5, ?5)
             ON CONFLICT (route, key) DO UPDATE SET told_at = excluded.told_at, claimed_until = NULL
             WHERE alert.told_at IS NULL",
        )
        .bind(&notice.route.0)
        .bind(clean(&notice.key))
        .bind(clean(&notice.detail))
        .bind(micros(notice.since))
        .bind(micros(now))
    };
    statement.execute(&mut *tx).await.map_err(unavailable)?;
    tx.commit().await.map_err(unavailable)
}

pub(crate) async fn alerts(store: &SqliteStore, route: Option<&RouteName>) -> Stored<Vec<Notice>> {
    let rows = sqlx::query(
        "SELECT route, key, detail, since FROM alert
         WHERE ended_at IS NULL AND (?1 IS NULL OR route = ?1)
         ORDER BY since, route, key",
    )
    .bind(route.map(|route| &route.0))
    .fetch_all(store.reader())
    .await
    .map_err(unavailable)?;
    rows.iter()
        .map(|row| {
            let values = Values::new(row, "alert", row.try_get::<String, _>("key").unwrap_or_default());
            Ok(Notice {
                route: RouteName(values.get("route")?),
                key: values.get("key")?,
                detail: values.get("detail")?,
                since: values.time("since")?,
                recovered: false,
            })
        })
        .collect()
}
