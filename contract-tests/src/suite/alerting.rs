//! Which conditions people are told of.

use chrono::TimeDelta;
use ipass_core::ports::{Condition, Notice, SyncStore};

use super::prelude::*;

/// The conditions that hold at a minute; messages are claimed for five minutes.
async fn look(store: &dyn SyncStore, now: i64, keys: &[&str]) -> Vec<Notice> {
    let conditions: Vec<Condition> =
        keys.iter().map(|key| Condition { key: (*key).to_owned(), detail: format!("{key} as of {now}") }).collect();
    store.claim_notices(&route(), &conditions, minute(now), TimeDelta::minutes(5)).await.expect("notices")
}

async fn sent(store: &dyn SyncStore, notices: &[Notice], now: i64) {
    for notice in notices {
        store.notice_sent(notice, minute(now)).await.expect("a notice is sent");
    }
}

fn notice(key: &str, seen: i64, since: i64, recovered: bool) -> Notice {
    let (key, detail) = (key.to_owned(), format!("{key} as of {seen}"));
    Notice { route: route(), key, detail, since: minute(since), recovered }
}

/// For as long as it lasts.
pub async fn a_new_condition_gives_one_message(store: &dyn SyncStore) {
    assert_eq!(look(store, 0, &[]).await, []);
    let first = look(store, 1, &["b", "a", "a"]).await;
    assert_eq!(first, [notice("a", 1, 1, false), notice("b", 1, 1, false)]);
    assert_eq!(look(store, 2, &["a", "b", "c"]).await, [notice("c", 2, 2, false)]);
    sent(store, &first, 3).await;
    for now in [4, 100, 100_000] {
        assert!(!look(store, now, &["a", "b", "c"]).await.iter().any(|notice| notice.key != "c"));
    }
    let elsewhere = [Condition { key: "a".to_owned(), detail: String::new() }];
    let there = store.claim_notices(&other_route(), &elsewhere, minute(5), TimeDelta::minutes(5)).await;
    assert_eq!(there.expect("notices").len(), 1, "another route is another matter");
}

/// With the newest detail, and the time at which it began.
pub async fn a_message_that_was_not_sent_is_due_again(store: &dyn SyncStore) {
    assert_eq!(look(store, 1, &["a"]).await.len(), 1);
    assert_eq!(look(store, 5, &["a"]).await, []);
    let again = look(store, 6, &["a"]).await;
    assert_eq!(again, [notice("a", 6, 1, false)]);
    assert_eq!(look(store, 10, &["a"]).await, []);
    sent(store, &again, 10).await;
    // Its end, too.
    assert_eq!(look(store, 20, &[]).await.len(), 1);
    assert_eq!(look(store, 24, &[]).await, []);
    assert_eq!(look(store, 25, &[]).await, [notice("a", 10, 1, true)]);
}

/// A condition that comes back is a new one.
pub async fn an_end_is_told_once_and_then_forgotten(store: &dyn SyncStore) {
    sent(store, &look(store, 1, &["a", "b"]).await, 2).await;
    let ended = look(store, 10, &["b"]).await;
    assert_eq!(ended, [notice("a", 1, 1, true)]);
    sent(store, &ended, 11).await;
    assert_eq!(look(store, 100, &["b"]).await, []);
    assert_eq!(look(store, 101, &["a", "b"]).await, [notice("a", 101, 101, false)]);
}

/// People are not told of the end of what they never heard of.
pub async fn a_condition_that_ends_untold_gives_no_message(store: &dyn SyncStore) {
    assert_eq!(look(store, 1, &["a"]).await.len(), 1);
    assert_eq!(look(store, 2, &[]).await, []);
    assert_eq!(look(store, 100, &[]).await, []);
    assert_eq!(look(store, 101, &["a"]).await, [notice("a", 101, 101, false)]);
}

/// People believe that it holds, and so it does.
pub async fn a_condition_that_is_back_before_its_end_was_told_is_the_same(store: &dyn SyncStore) {
    sent(store, &look(store, 1, &["a"]).await, 2).await;
    assert_eq!(look(store, 10, &[]).await.len(), 1);
    assert_eq!(look(store, 100, &["a"]).await, []);
    assert_eq!(store.alerts(None).await.expect("alerts"), [notice("a", 100, 1, false)]);
    assert_eq!(look(store, 110, &[]).await, [notice("a", 100, 1, true)]);
}

/// They were just told that it has ended.
pub async fn a_condition_that_is_back_while_its_end_is_told_is_told_anew(store: &dyn SyncStore) {
    sent(store, &look(store, 1, &["a"]).await, 2).await;
    let ended = look(store, 10, &[]).await;
    assert_eq!(look(store, 11, &["a"]).await, []);
    sent(store, &ended, 12).await;
    let anew = look(store, 13, &["a"]).await;
    assert_eq!(anew, [notice("a", 13, 1, false)]);
    sent(store, &anew, 14).await;
    assert_eq!(look(store, 100, &["a"]).await, []);
}

/// It was delivered after all.
pub async fn a_message_on_its_way_when_its_condition_ends_is_followed_by_its_end(store: &dyn SyncStore) {
    let on_its_way = look(store, 1, &["a"]).await;
    assert_eq!(look(store, 2, &[]).await, []);
    sent(store, &on_its_way, 3).await;
    assert_eq!(store.alerts(None).await.expect("alerts"), []);
    let ended = look(store, 4, &[]).await;
    assert_eq!(ended, [notice("a", 1, 1, true)]);
    sent(store, &ended, 5).await;
    assert_eq!(look(store, 100, &[]).await, []);
}

/// At its beginning and at its end.
pub async fn of_callers_at_the_same_time_one_gets_the_message(store: &dyn SyncStore) {
    for conditions in [&["a"][..], &[]] {
        let (a, b, c, d) = tokio::join!(
            look(store, 1, conditions),
            look(store, 1, conditions),
            look(store, 1, conditions),
            look(store, 1, conditions),
        );
        let all: Vec<Notice> = [a, b, c, d].concat();
        assert_eq!(all.len(), 1);
        sent(store, &all, 2).await;
    }
}

/// Told or not, those that began first leading.
pub async fn alerts_are_the_conditions_that_hold(store: &dyn SyncStore) {
    sent(store, &look(store, 1, &["z"]).await, 2).await;
    look(store, 3, &["z", "y"]).await;
    let elsewhere = [Condition { key: "x".to_owned(), detail: "there".to_owned() }];
    store.claim_notices(&other_route(), &elsewhere, minute(2), TimeDelta::minutes(5)).await.expect("notices");
    let there =
        Notice { route: other_route(), key: "x".to_owned(), detail: "there".to_owned(), ..notice("x", 2, 2, false) };
    let (z, y) = (notice("z", 3, 1, false), notice("y", 3, 3, false));
    assert_eq!(store.alerts(None).await.expect("alerts"), [z.clone(), there, y.clone()]);
    assert_eq!(store.alerts(Some(&route())).await.expect("alerts"), [z, y.clone()]);
    look(store, 10, &["y"]).await;
    let left = store.alerts(Some(&route())).await.expect("alerts");
    assert_eq!(left, [notice("y", 10, 3, false)]);
}
