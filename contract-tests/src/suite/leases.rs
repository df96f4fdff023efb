//! Limits and values that instances share. The clock is the store's own: these tests wait for nothing,
//! and ask for what holds at any speed.

use std::collections::HashSet;
use std::time::Duration;

use ipass_core::ports::{SharedValue, SlotAnswer, StoreError, SyncStore};

use super::prelude::*;

const HOUR: Duration = Duration::from_hours(1);
const NO_GAP: Duration = Duration::ZERO;

async fn take(store: &dyn SyncStore, key: &str, capacity: u32, ttl: Duration, gap: Duration) -> SlotAnswer {
    store.take_slot(key, capacity, ttl, gap).await.expect("an answer")
}

async fn taken(store: &dyn SyncStore, key: &str, capacity: u32, ttl: Duration) -> i64 {
    match take(store, key, capacity, ttl, NO_GAP).await {
        SlotAnswer::Taken(slot) => slot,
        SlotAnswer::Wait(wait) => panic!("no slot of {key} for {wait:?}"),
    }
}

async fn is_full(store: &dyn SyncStore, key: &str, capacity: u32) -> bool {
    match take(store, key, capacity, HOUR, NO_GAP).await {
        SlotAnswer::Taken(_) => false,
        SlotAnswer::Wait(wait) => {
            assert!(!wait.is_zero() && wait <= HOUR, "{wait:?}");
            true
        }
    }
}

/// Each key has its own.
pub async fn no_more_slots_are_taken_than_there_are(store: &dyn SyncStore) {
    let first = taken(store, "a", 2, HOUR).await;
    let second = taken(store, "a", 2, HOUR).await;
    assert_ne!(first, second);
    assert!(is_full(store, "a", 2).await);
    assert!(is_full(store, "a", 1).await);
    assert!(is_full(store, "none", 0).await);
    taken(store, "b", 2, HOUR).await;
    taken(store, "a", 3, HOUR).await;
}

/// Whoever frees a slot late takes nothing away from the next one.
pub async fn a_freed_slot_and_one_whose_time_is_up_are_free(store: &dyn SyncStore) {
    let first = taken(store, "a", 1, HOUR).await;
    assert!(is_full(store, "a", 1).await);
    store.free_slot(first).await.expect("a slot is freed");
    let second = taken(store, "a", 1, HOUR).await;
    store.free_slot(first).await.expect("no mistake");
    assert!(is_full(store, "a", 1).await);
    store.free_slot(second).await.expect("a slot is freed");
    let expired = taken(store, "a", 1, Duration::ZERO).await;
    let third = taken(store, "a", 1, HOUR).await;
    store.free_slot(expired).await.expect("no mistake");
    assert!(is_full(store, "a", 1).await);
    assert!(![first, second, expired].contains(&third));
    store.free_slot(i64::MAX).await.expect("no mistake");
}

/// Whoever keeps a slot late does not get it back.
pub async fn a_kept_slot_is_ours_for_longer_and_a_lost_one_stays_lost(store: &dyn SyncStore) {
    let slot = taken(store, "a", 1, HOUR).await;
    store.keep_slot(slot, Duration::ZERO).await.expect("a slot is kept");
    let next = taken(store, "a", 1, HOUR).await;
    store.keep_slot(slot, HOUR).await.expect("no mistake");
    store.free_slot(next).await.expect("a slot is freed");
    let short = taken(store, "a", 1, Duration::from_secs(5)).await;
    store.keep_slot(short, HOUR).await.expect("a slot is kept");
    assert!(is_full(store, "a", 1).await);
}

/// Counted from the newest one.
pub async fn slots_are_taken_apart_even_when_they_were_freed(store: &dyn SyncStore) {
    for ttl in [HOUR, Duration::ZERO] {
        let key = format!("{ttl:?}");
        let slot = taken(store, &key, 9, ttl).await;
        for _ in 0..2 {
            let SlotAnswer::Wait(wait) = take(store, &key, 9, HOUR, HOUR).await else {
                panic!("the gap is an hour");
            };
            assert!(wait <= HOUR && wait > HOUR / 2, "{wait:?}");
            store.free_slot(slot).await.expect("a slot is freed");
        }
        taken(store, &key, 9, HOUR).await;
    }
}

/// Whatever the moment.
pub async fn callers_at_the_same_time_never_share_a_slot(store: &dyn SyncStore) {
    let mut slots = HashSet::new();
    for _ in 0..5 {
        let (a, b, c, d) = tokio::join!(
            take(store, "a", 7, HOUR, NO_GAP),
            take(store, "a", 7, HOUR, NO_GAP),
            take(store, "a", 7, HOUR, NO_GAP),
            take(store, "a", 7, HOUR, NO_GAP),
        );
        slots.extend([a, b, c, d].into_iter().filter_map(|answer| match answer {
            SlotAnswer::Taken(slot) => Some(slot),
            SlotAnswer::Wait(_) => None,
        }));
    }
    assert_eq!(slots.len(), 7);
}

async fn draw(store: &dyn SyncStore, key: &str, per_second: Option<u32>, per_minute: u32) -> Option<Duration> {
    store.draw(key, per_second, per_minute).await.expect("an answer")
}

/// And says when there is room again.
pub async fn a_minute_holds_no_more_calls_than_allowed(store: &dyn SyncStore) {
    for _ in 0..3 {
        assert_eq!(draw(store, "a", None, 3).await, None);
    }
    for _ in 0..2 {
        let wait = draw(store, "a", None, 3).await.expect("the minute is full");
        assert!(wait > Duration::from_secs(20) && wait <= Duration::from_millis(60_001), "{wait:?}");
    }
    assert_eq!(draw(store, "b", None, 3).await, None, "another key is another matter");
    // A refused call does not count, and a higher limit has room.
    assert_eq!(draw(store, "a", None, 4).await, None);
    assert!(draw(store, "a", None, 4).await.is_some());
    assert!(draw(store, "none", None, 0).await.is_some());
}

/// However fast the caller is.
pub async fn a_second_holds_no_more_calls_than_allowed(store: &dyn SyncStore) {
    for _ in 0..100 {
        if let Some(wait) = draw(store, "a", Some(1), 1000).await {
            assert!(!wait.is_zero() && wait <= Duration::from_millis(1_001), "{wait:?}");
            return;
        }
    }
    panic!("a hundred calls were allowed, one in a second");
}

/// Whatever the moment.
pub async fn callers_at_the_same_time_never_share_a_call(store: &dyn SyncStore) {
    let mut counted = 0;
    for _ in 0..5 {
        let (a, b, c, d) = tokio::join!(
            draw(store, "a", None, 7),
            draw(store, "a", None, 7),
            draw(store, "a", None, 7),
            draw(store, "a", None, 7),
        );
        counted += [a, b, c, d].iter().filter(|wait| wait.is_none()).count();
    }
    assert_eq!(counted, 7);
}

async fn share(store: &dyn SyncStore, expected: Option<i64>, sealed: &[u8], renew: i64) -> SharedValue {
    store.share("token", expected, sealed, minute(renew)).await.expect("a value is shared")
}

/// Everybody else learns what is there.
pub async fn a_shared_value_is_replaced_by_whoever_knows_its_version(store: &dyn SyncStore) {
    assert_eq!(store.shared("token").await.expect("an answer"), None);
    let refused = store.share("token", Some(3), b"x", minute(1)).await;
    assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
    let first = share(store, None, b"one\0\xff", 10).await;
    assert_eq!((first.sealed.as_slice(), first.renew_at), (&b"one\0\xff"[..], minute(10)));
    assert_eq!(store.shared("token").await.expect("an answer"), Some(first.clone()));
    assert_eq!(share(store, None, b"two", 20).await, first);
    let second = share(store, Some(first.version), b"two", 20).await;
    assert!(second.version > first.version);
    assert_eq!((second.sealed.as_slice(), second.renew_at), (&b"two"[..], minute(20)));
    assert_eq!(share(store, Some(first.version), b"three", 30).await, second);
    assert_eq!(store.shared("token").await.expect("an answer"), Some(second));
    assert_eq!(store.shared("another").await.expect("an answer"), None);
}

/// And both know who.
pub async fn of_two_who_share_at_once_one_wins(store: &dyn SyncStore) {
    let mut expected = None;
    for round in 0..5 {
        let (a, b) = tokio::join!(share(store, expected, b"a", round), share(store, expected, b"b", round));
        assert_eq!(a, b);
        assert!(expected.is_none_or(|before| a.version > before));
        expected = Some(a.version);
    }
}
