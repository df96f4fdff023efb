//! Versions of settings.

use ipass_core::ports::{SettingsVersion, SyncStore};
use ipass_core::reason::Reason;
use ipass_core::stage::Stage;

use super::prelude::*;

/// 1, 2, 3 per route; the last one is live.
pub async fn every_save_is_a_version(store: &dyn SyncStore) {
    assert_eq!(store.settings(&route()).await.expect("settings"), None);
    let save = |route, document: &'static str, author: &'static str| async move {
        store.save_settings(&route, document, author, minute(5)).await.expect("settings are saved")
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
    store.save_settings(&other_route(), "{}", "ann", minute(20)).await.expect("settings are saved");
    assert_eq!(row(store, "blocked").await.next_try_at, Some(minute(500)));
    store.save_settings(&route(), "{}", "ann", minute(20)).await.expect("settings are saved");
    assert_eq!(row(store, "blocked").await.next_try_at, None);
    assert_eq!(row(store, "waiting").await.next_try_at, Some(minute(500)));
}
