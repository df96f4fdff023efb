//! Which conditions people have been told of.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use ipass_core::ports::{Condition, Notice, RouteName, Stored};
use ipass_sql_kit::alerts::{Change, Known, State, changes};
use ipass_sql_kit::{clean, rows, unavailable};
use sqlx::SqliteConnection;

use crate::open::SqliteStore;
use crate::row::micros;

pub(crate) async fn claim_notices(
    store: &SqliteStore,
    route: &RouteName,
    conditions: &[Condition],
    now: DateTime<Utc>,
    claim_for: TimeDelta,
) -> Stored<Vec<Notice>> {
    let mut tx = store.begin_write().await?;
    let known = known(&mut tx, route).await?;
    let until = now + claim_for;
    let (changes, notices) = changes(route, conditions, known, now);
    for change in &changes {
        write(&mut tx, route, change, (now, until)).await?;
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
    rows.iter().map(Known::read).collect()
}

async fn write(
    connection: &mut SqliteConnection,
    route: &RouteName,
    change: &Change,
    (now, until): (DateTime<Utc>, DateTime<Utc>),
) -> Stored<()> {
    let (now, until) = (micros(now), micros(until));
    let statement = match &change.to {
        State::New(detail) => {
            sqlx::query("INSERT INTO alert (route, key, detail, since, claimed_until) VALUES (?1, ?2, ?3, ?4, ?5)")
                .bind(&route.0)
                .bind(&change.key)
                .bind(detail)
                .bind(now)
                .bind(until)
        }
        State::Lasting(detail) | State::Claimed(detail) => sqlx::query(
            "UPDATE alert SET detail = ?3, ended_at = NULL, claimed_until = coalesce(?4, claimed_until)
             WHERE route = ?1 AND key = ?2",
        )
        .bind(&route.0)
        .bind(&change.key)
        .bind(detail)
        .bind(matches!(change.to, State::Claimed(_)).then_some(until)),
        State::Over => sqlx::query(
            "UPDATE alert SET ended_at = coalesce(ended_at, ?3), claimed_until = ?4 WHERE route = ?1 AND key = ?2",
        )
        .bind(&route.0)
        .bind(&change.key)
        .bind(now)
        .bind(until),
        State::Forgotten => {
            sqlx::query("DELETE FROM alert WHERE route = ?1 AND key = ?2").bind(&route.0).bind(&change.key)
        }
    };
    statement.execute(connection).await.map_err(unavailable)?;
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
    rows.iter().map(rows::notice).collect()
}
