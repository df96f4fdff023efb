//! Tells people about conditions, once each, and when they have ended.

use std::sync::Arc;
use std::time::Duration;

use ipass_core::ports::{Notifier, SyncStore};
use ipass_core::run::{Route, Runner};
use ipass_core::usecase::conditions;
use tokio_util::sync::CancellationToken;

/// Time between looks.
const EVERY: Duration = Duration::from_secs(30);
/// A message that was claimed and not delivered is due again after this time.
const CLAIM: chrono::Duration = chrono::Duration::minutes(2);

/// Looks until `stop`; without anybody to tell it ends at once.
pub(crate) async fn run(
    runner: Arc<Runner>,
    store: Arc<dyn SyncStore>,
    routes: Vec<Arc<Route>>,
    notifiers: Vec<(String, Arc<dyn Notifier>)>,
    stop: CancellationToken,
) {
    if notifiers.is_empty() {
        return;
    }
    while !stop.is_cancelled() {
        for route in &routes {
            if let Err(error) = look(&runner, &*store, route, &notifiers).await {
                tracing::warn!(route = %route.name, error, "alerts could not be looked at");
            }
        }
        tokio::select! {
            () = runner.clock.sleep(EVERY) => {}
            () = stop.cancelled() => {}
        }
    }
}

/// One look at one route.
async fn look(
    runner: &Runner,
    store: &dyn SyncStore,
    route: &Route,
    notifiers: &[(String, Arc<dyn Notifier>)],
) -> Result<(), String> {
    let (settings, _) = runner.settings(route).await.map_err(|error| error.to_string())?;
    let now = runner.clock.now();
    let found = conditions(store, &route.name, &settings, now).await.map_err(|error| error.to_string())?;
    let notices = store.claim_notices(&route.name, &found, now, CLAIM).await.map_err(|error| error.to_string())?;
    for notice in notices {
        let mut delivered = false;
        for (name, notifier) in notifiers {
            match notifier.notify(&notice).await {
                Ok(()) => delivered = true,
                Err(error) => tracing::warn!(alert = %name, key = %notice.key, %error, "an alert was not delivered"),
            }
        }
        // One receiver that is down must not make the others hear everything again and again.
        if delivered {
            store.notice_sent(&notice, runner.clock.now()).await.map_err(|error| error.to_string())?;
        }
    }
    Ok(())
}
