//! Who is logged in, and forms that are sent twice.

use chrono::{DateTime, TimeDelta, Utc};
use ipass_core::ports::{AdminSession, SyncStore};

use super::prelude::*;

const IDLE: TimeDelta = TimeDelta::minutes(30);
const ABSOLUTE: TimeDelta = TimeDelta::hours(12);

fn visit(token: &str, at: i64) -> AdminSession {
    AdminSession {
        token_hash: token.repeat(64),
        csrf: format!("csrf of {token}"),
        who: "ann".to_owned(),
        created_at: minute(at),
        seen_at: minute(at),
    }
}

async fn seen(store: &dyn SyncStore, token: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let visit = store.session(&token.repeat(64), now, IDLE, ABSOLUTE).await.expect("an answer");
    visit.map(|visit| visit.seen_at)
}

/// And nobody else's.
pub async fn a_session_is_found_by_its_hash_until_it_is_closed(store: &dyn SyncStore) {
    let (a, b) = (visit("a", 0), visit("b", 0));
    store.open_session(&a).await.expect("a session begins");
    store.open_session(&b).await.expect("a session begins");
    let found = store.session(&a.token_hash, minute(0), IDLE, ABSOLUTE).await.expect("an answer");
    assert_eq!(found, Some(a.clone()));
    assert_eq!(store.session("a", minute(0), IDLE, ABSOLUTE).await.expect("an answer"), None);
    store.close_session(&a.token_hash).await.expect("a session ends");
    store.close_session(&a.token_hash).await.expect("a session that has ended is no mistake");
    assert_eq!(seen(store, "a", minute(0)).await, None);
    assert_eq!(seen(store, "b", minute(0)).await, Some(minute(0)));
}

/// Not at every click: that would be a write for each page.
pub async fn a_use_is_noted_every_half_minute(store: &dyn SyncStore) {
    store.open_session(&visit("a", 0)).await.expect("a session begins");
    let after = |seconds| minute(0) + TimeDelta::seconds(seconds);
    assert_eq!(seen(store, "a", after(29)).await, Some(after(0)));
    assert_eq!(seen(store, "a", after(31)).await, Some(after(31)));
    assert_eq!(seen(store, "a", after(60)).await, Some(after(31)));
    assert_eq!(seen(store, "a", after(62)).await, Some(after(62)));
    // The clock of another instance is a little behind.
    assert_eq!(seen(store, "a", after(40)).await, Some(after(62)));
}

/// A use keeps it alive, but not for ever; once dead it stays dead.
pub async fn a_session_ends_when_it_is_unused_or_old(store: &dyn SyncStore) {
    store.open_session(&visit("a", 0)).await.expect("a session begins");
    store.open_session(&visit("b", 0)).await.expect("a session begins");
    assert!(seen(store, "a", minute(29)).await.is_some());
    assert!(seen(store, "a", minute(58)).await.is_some());
    assert_eq!(seen(store, "b", minute(30)).await, None);
    assert_eq!(seen(store, "b", minute(1)).await, None);
    for at in (80..=720).step_by(20) {
        assert!(seen(store, "a", minute(at)).await.is_some(), "minute {at}");
    }
    assert_eq!(seen(store, "a", minute(721)).await, None);
    assert_eq!(seen(store, "a", minute(720)).await, None);
}

/// Whoever logs in sweeps up.
pub async fn sessions_that_nobody_came_back_to_are_forgotten(store: &dyn SyncStore) {
    const WEEK: i64 = 7 * 24 * 60;
    let for_ever = TimeDelta::days(1000);
    let there = async |token: &str, now| {
        let visit = store.session(&token.repeat(64), minute(now), for_ever, for_ever).await.expect("an answer");
        visit.is_some()
    };
    store.open_session(&visit("a", 0)).await.expect("a session begins");
    store.open_session(&visit("b", 5)).await.expect("a session begins");
    store.open_session(&visit("c", WEEK + 3)).await.expect("a session begins");
    assert!(!there("a", WEEK + 3).await);
    assert!(there("b", WEEK + 3).await);
    assert!(there("c", WEEK + 3).await);
}

/// However many send it at the same time.
pub async fn a_key_is_claimed_once(store: &dyn SyncStore) {
    let claim = |key: &'static str, at| async move { store.claim_once(key, minute(at)).await.expect("an answer") };
    let (a, b, c, d) = tokio::join!(claim("k", 0), claim("k", 0), claim("k", 0), claim("other", 0));
    assert_eq!([a, b, c].iter().filter(|first| **first).count(), 1);
    assert!(d);
    assert!(!claim("k", 1).await);
    assert!(!claim("k", 24 * 60).await);
    // A day later it is a new key.
    assert!(claim("k", 24 * 60 + 1).await);
    assert!(!claim("k", 24 * 60 + 2).await);
}
