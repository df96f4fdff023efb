//! Versions of settings.

use ipass_core::job::Job;
use ipass_core::ports::{Selection, SettingsVersion, Step, StoreError, SyncStore};
use ipass_core::reason::Reason;
use ipass_core::stage::Stage;

use super::prelude::*;

/// 1, 2, 3 per route; the last one is live.
pub async fn every_save_is_a_version(store: &dyn SyncStore) {
    assert_eq!(store.settings(&route()).await.expect("settings"), None);
    let save = |route, document: &'static str, author: &'static str| async move {
        store.save_settings(&route, document, author, None, minute(5)).await.expect("settings are saved")
    };
    assert_eq!(save(route(), "{\"a\":1}", "ann").await, 1);
    assert_eq!(save(other_route(), "{}", "bob").await, 1);
    assert_eq!(save(route(), "{ \"a\": \"中\" }", "bob").await, 2);
    let expected = SettingsVersion {
        version: 2,
        document: "{ \"a\": \"中\" }".to_owned(),
        author: "bob".to_owned(),
        saved_at: minute(5),
    };
    assert_eq!(store.settings(&route()).await.expect("settings"), Some(expected));
    let (a, b) = tokio::join!(save(route(), "{}", "ann"), save(route(), "{}", "bob"));
    assert_eq!([a.min(b), a.max(b)], [3, 4]);
}

/// Of this route only; waiting ones wait on.
pub async fn saving_makes_blocked_orders_due(store: &dyn SyncStore) {
    stored(store, &[pulled("blocked", 1), pulled("waiting", 2)]).await;
    for (number, reason) in [("blocked", Reason::MissingShopMapping), ("waiting", Reason::ChannelNotReady)] {
        let mut step = stayed(number, Stage::AwaitingPush, reason, "");
        step.next_try_at = Some(minute(500));
        look_once(store, step, 10).await;
    }
    store.save_settings(&other_route(), "{}", "ann", None, minute(20)).await.expect("settings are saved");
    assert_eq!(row(store, "blocked").await.next_try_at, Some(minute(500)));
    store.save_settings(&route(), "{}", "ann", None, minute(20)).await.expect("settings are saved");
    assert_eq!(row(store, "blocked").await.next_try_at, None);
    assert_eq!(row(store, "waiting").await.next_try_at, Some(minute(500)));
}

/// The run that holds it works by the settings of before; what waits for something else waits on.
pub async fn saving_makes_an_order_due_that_a_run_blocks_afterwards(store: &dyn SyncStore) {
    stored(store, &[pulled("blocked", 1), pulled("waiting", 2)]).await;
    let push = begin(store, Job::PushOrders, None).await;
    for (minutes, expected) in [(10, [true, true]), (20, [false, true])] {
        let selection = Selection { ignore_next_try: true, ..due(Stage::AwaitingPush, 9, minutes) };
        assert_eq!(claim(store, &push.run, &selection).await.len(), 2);
        if minutes == 20 {
            store.save_settings(&other_route(), "{}", "ann", None, minute(20)).await.expect("settings are saved");
            store.save_settings(&route(), "{}", "ann", None, minute(20)).await.expect("settings are saved");
        }
        let reasons = [("blocked", Reason::MissingShopMapping), ("waiting", Reason::ChannelNotReady)];
        let steps = reasons.map(|(number, reason)| Step {
            next_try_at: Some(minute(500)),
            ..stayed(number, Stage::AwaitingPush, reason, "")
        });
        assert_eq!(record(store, &push.run, &steps, minutes).await, Vec::<String>::new());
        let waits = [row(store, "blocked").await, row(store, "waiting").await].map(|row| row.next_try_at.is_some());
        assert_eq!(waits, expected, "{minutes}");
    }
}

/// The live one, and those before it.
pub async fn every_version_can_be_read_again(store: &dyn SyncStore) {
    for (document, author) in [("{\"a\":1}", "ann"), ("{\"a\":2}", "bob"), ("{\"a\":3}", "cy")] {
        store.save_settings(&route(), document, author, None, minute(5)).await.expect("settings are saved");
    }
    store.save_settings(&other_route(), "{}", "dan", None, minute(6)).await.expect("settings are saved");
    let second = store.settings_at(&route(), 2).await.expect("settings").expect("a version");
    assert_eq!((second.version, second.document.as_str(), second.author.as_str()), (2, "{\"a\":2}", "bob"));
    assert_eq!(store.settings_at(&route(), 4).await.expect("settings"), None);
    assert_eq!(store.settings_at(&other_route(), 2).await.expect("settings"), None);
    let history = store.settings_history(&route(), 2).await.expect("a history");
    assert_eq!(history.iter().map(|version| version.version).collect::<Vec<_>>(), [3, 2]);
    assert_eq!(history[1], second);
    assert_eq!(store.settings_history(&route(), 9).await.expect("a history").len(), 3);
}

/// Whoever edited an older version is told which one is live, and nothing is changed.
pub async fn a_save_on_top_of_another_version_is_refused(store: &dyn SyncStore) {
    let save = async |expected| store.save_settings(&route(), "{}", "ann", expected, minute(5)).await;
    assert!(matches!(save(Some(1)).await, Err(StoreError::Conflict(_))));
    assert_eq!(save(Some(0)).await.expect("settings are saved"), 1);
    assert!(matches!(save(Some(0)).await, Err(StoreError::Conflict(_))));
    assert_eq!(save(Some(1)).await.expect("settings are saved"), 2);
    let refused = save(Some(1)).await;
    assert!(matches!(&refused, Err(StoreError::Conflict(words)) if words.contains("version 2 is live")), "{refused:?}");
    assert_eq!(store.settings_history(&route(), 9).await.expect("a history").len(), 2);
    let (a, b) = tokio::join!(save(Some(2)), save(Some(2)));
    assert_ne!(a.is_ok(), b.is_ok(), "{a:?} {b:?}");
}
